//! Everything over HTTP, on a real Postgres, laid out as the addresses are.

#![allow(clippy::unwrap_used, clippy::expect_used, reason = "a broken expectation fails the test")]

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
