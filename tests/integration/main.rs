//! Everything over HTTP, on a real Postgres, laid out as the addresses are.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::print_stdout, reason = "tests")]

#[path = "../support/mod.rs"]
mod support;

mod commands;
mod commands_token;
mod decide;
mod decide_rules;
mod facts;
mod last_use;
mod layering;
mod made;
mod main_job;
mod schema;
mod tokens_create;
mod tokens_form;
mod tokens_limits;
mod tokens_list;
mod tokens_once;
mod tokens_show;
