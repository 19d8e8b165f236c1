//! Everything over HTTP, on a real Postgres, laid out as the addresses are.

#[path = "../support/mod.rs"]
mod support;

mod api;
mod bad_input;
mod csrf;
mod facts;
mod faults;
mod headers;
mod main_job;
mod routes;
mod sessions;
mod sign_in;
