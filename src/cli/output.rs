//! What commands print: the only place that does, so that secrets never go by way of the log.

#![allow(clippy::print_stdout, clippy::print_stderr, reason = "the one place that prints")]

/// A line of the answer, on standard output.
pub(super) fn answer(line: impl std::fmt::Display) {
    println!("{line}");
}

/// A line about what happens, on standard error.
pub(super) fn note(line: impl std::fmt::Display) {
    eprintln!("{line}");
}

/// Why the command failed.
pub(super) fn error(error: &super::CliError) {
    eprintln!("tokenhouse: {error}");
}
