//! What commands print: the only place that does, so that secrets never go by way of the log.

use std::fmt::Display;
use std::io::{self, Write};

/// A line of the answer, on standard output.
///
/// # Errors
/// When it could not be written. A secret that only this line had is lost then.
pub(super) fn answer(line: impl Display) -> io::Result<()> {
    let mut out = io::stdout().lock();
    writeln!(out, "{line}")?;
    out.flush()
}

/// A line about what happens, on standard error. A command does its work where nobody reads it, too.
pub(super) fn note(line: impl Display) {
    let _ = deliver_note(line);
}

/// The same for what no other line has.
///
/// # Errors
/// When it could not be written.
pub(super) fn deliver_note(line: impl Display) -> io::Result<()> {
    io::stderr().write_all(format!("{line}\n").as_bytes())
}

/// Why the command failed.
pub(super) fn error(error: &super::CliError) {
    note(sentence(error));
}

/// The line that says why a command failed.
pub(super) fn sentence(error: &super::CliError) -> String {
    format!("tokenhouse: {error}")
}
