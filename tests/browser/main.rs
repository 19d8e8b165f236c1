//! What people do, in a real browser. Needs chromedriver and Chromium, which `script/test`
//! installs; pictures go to the folder of the run (`pictures.rs` says when).

#![allow(clippy::unwrap_used, clippy::expect_used, reason = "a broken expectation fails the test")]

#[path = "../support/mod.rs"]
mod support;

#[path = "../../src/bin/screenshots/driver.rs"]
mod driver;
#[path = "../../src/bin/screenshots/find.rs"]
mod find;

mod activity;
mod after;
mod axe;
mod builder;
mod comfort;
mod gallery;
mod html;
mod invitation;
mod keyboard;
mod look;
mod main_job;
mod members;
mod modes;
mod own;
mod pages;
mod passkey;
mod people;
mod pictures;
mod reaches;
mod shop;
mod site;
mod stops;
mod two_factor;
mod walk;
mod weight;
mod window;
mod wire;
