//! What is wrong with a catalogue, and where.

use std::fmt;

/// Nobody reads more; a file of nothing but faults isn't worth more work.
const MOST_FAULTS: usize = 1_000;

/// How bad it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Severity {
    /// The catalogue can't be used.
    Error,
    /// It can, and does perhaps not what was meant.
    Warning,
}

/// One fault of a file.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Fault {
    /// Its line, from 1.
    pub line: usize,
    /// Its column in characters, from 1.
    pub column: usize,
    /// How bad it is.
    pub severity: Severity,
    /// What's wrong, and what would be right; no full stop at its end.
    pub message: String,
}

impl fmt::Display for Fault {
    /// "41:15: permission “orders” is narrowed by “shop” …", as compilers write it, without the file.
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mark = if self.severity == Severity::Warning { "warning: " } else { "" };
        write!(out, "{}:{}: {mark}{}", self.line, self.column, self.message)
    }
}

/// The faults of a text, collected on the way.
pub(super) struct Faults<'t> {
    text: &'t str,
    found: Vec<Fault>,
}

impl<'t> Faults<'t> {
    pub(super) fn of(text: &'t str) -> Faults<'t> {
        Faults { text, found: Vec::new() }
    }

    /// An error at a byte of the text.
    pub(super) fn error(&mut self, at: usize, message: impl Into<String>) {
        self.add(at, Severity::Error, message.into());
    }

    /// A warning at a byte of the text.
    pub(super) fn warning(&mut self, at: usize, message: impl Into<String>) {
        self.add(at, Severity::Warning, message.into());
    }

    fn add(&mut self, at: usize, severity: Severity, message: String) {
        if self.found.len() == MOST_FAULTS {
            return;
        }
        let before = self.text.get(..at).unwrap_or(self.text);
        let start = before.rfind('\n').map_or(0, |end| end + 1);
        let line = 1 + before.bytes().filter(|byte| *byte == b'\n').count();
        let column = 1 + before[start..].chars().count();
        self.found.push(Fault { line, column, severity, message });
    }

    /// All of them, in the order of the text, each once.
    pub(super) fn sorted(mut self) -> Vec<Fault> {
        self.found.sort();
        self.found.dedup();
        self.found
    }
}
