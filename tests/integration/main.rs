//! Everything over HTTP, on a real Postgres, laid out as the addresses are.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::print_stdout,
    reason = "a broken expectation fails the test"
)]

#[path = "../support/mod.rs"]
mod support;
use support::made;

mod account_limits;
mod account_pages;
mod activity;
mod api;
mod api_account;
mod api_actors;
mod api_batch;
mod api_certificates;
mod api_client;
mod api_client_others;
mod api_description;
mod api_domains;
mod api_others;
mod api_records;
mod api_registrar;
mod api_user;
mod api_verify;
mod api_zones;
mod bad_input;
mod browse;
mod budgets;
mod budgets_accounts;
mod builder;
mod builder_large;
mod builder_pages;
mod builder_random;
mod builder_users;
mod commands;
mod commands_token;
mod csrf;
mod decide;
mod decide_rules;
mod drain;
mod expensive_work;
mod facts;
mod faults;
mod faults_load;
mod faults_slow;
mod forgotten;
mod full_disk;
mod gate;
mod guide;
mod headers;
mod help;
mod hole;
mod hung;
mod invitations;
mod languages;
mod last_use;
mod layering;
mod leaked;
mod leaked_process;
mod licences;
mod lists;
mod logged;
mod look_up;
mod mail;
mod main_job;
mod members;
mod notices;
mod other_programs;
mod outputs;
mod own_password;
mod own_password_again;
mod own_profile;
mod own_sessions;
#[cfg(target_os = "linux")]
mod passkeys;
mod patroni;
mod pause;
mod policies;
mod policy_rules;
#[cfg(target_os = "linux")]
mod pooler;
mod primary;
mod program;
#[cfg(target_os = "linux")]
mod proxies;
mod reached;
mod record_killed;
mod refusals;
mod revoke_all;
mod roll;
mod roll_load;
mod routes;
mod schema;
mod security_document;
mod serving_role;
mod sessions;
mod sightings;
mod sign_in;
mod sign_in_known;
mod site_admins;
mod site_tokens;
mod start;
mod stepped_clock;
#[cfg(target_os = "linux")]
mod supervised;
mod tokens_chosen;
mod tokens_create;
mod tokens_form;
mod tokens_limits;
mod tokens_list;
mod tokens_once;
mod tokens_search;
mod tokens_show;
mod trial;
mod two_factor;
mod two_factor_demanded;
mod two_factor_lost;
mod two_processes;
mod upgrade;
mod user_tokens;
mod words_decide;
mod words_pages;
mod words_read;
mod written_behind;
