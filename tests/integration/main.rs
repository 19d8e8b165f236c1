//! Everything over HTTP, on a real Postgres, laid out as the addresses are.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::print_stdout,
    reason = "a broken expectation fails the test"
)]

#[path = "../support/mod.rs"]
mod support;

mod api;
mod api_description;
mod bad_input;
mod browse;
mod commands;
mod commands_token;
mod csrf;
mod decide;
mod decide_rules;
mod facts;
mod faults;
mod headers;
mod help;
mod last_use;
mod layering;
mod made;
mod main_job;
mod reached;
mod routes;
mod schema;
mod sessions;
mod sign_in;
mod tokens_create;
mod tokens_form;
mod tokens_limits;
mod tokens_list;
mod tokens_once;
mod tokens_search;
mod tokens_show;
