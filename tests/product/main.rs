//! The product in front of an API that runs elsewhere. `script/test` runs these tests in a build
//! without the example, too.

#![allow(clippy::unwrap_used, clippy::expect_used, reason = "a broken expectation fails the test")]

#[path = "../support/mod.rs"]
mod support;

mod check;
mod check_listener;
mod commands;
mod diff;
// Once is enough: a draft doesn't depend on the example.
#[cfg(feature = "dns")]
mod drafts;
#[cfg(feature = "dns")]
mod in_front;
mod one_answer;
mod pages;
mod sentences;
// Once is enough: what proxies do doesn't depend on the example.
#[cfg(feature = "dns")]
mod proxies;
#[cfg(feature = "dns")]
mod snippets;
mod words;
