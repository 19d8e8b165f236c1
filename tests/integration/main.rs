//! Everything over HTTP, on a real Postgres, laid out as the addresses are.

#[path = "../support/mod.rs"]
mod support;

mod main_job;
