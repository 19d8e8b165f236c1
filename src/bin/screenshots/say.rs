//! The only file that prints.
#![allow(clippy::print_stderr, reason = "the only file that prints")]

use std::fmt::Display;

/// A line for whoever waits.
pub fn line(text: impl Display) {
    eprintln!("{text}");
}
