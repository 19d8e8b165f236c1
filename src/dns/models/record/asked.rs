//! Which records a call is about, as the policy asks for them.

use crate::policy::{Parts, PartsAsked};

/// Which records of a zone a call is about; names are relative to it, types in capitals.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Records<'a> {
    /// All of them, as in a zone file.
    Whole,
    /// One that exists, by name and type.
    Existing(&'a str, &'a str),
    /// One that is to be, by creation or under another name.
    New(&'a str, &'a str),
}

impl Records<'_> {
    /// Asks for them by the parts of the catalogue's kind.
    pub fn asked<R>(self, ask: impl FnOnce(PartsAsked<'_>) -> R) -> R {
        match self {
            Records::Whole => ask(PartsAsked::Whole),
            Records::Existing(name, record_type) => {
                ask(PartsAsked::Existing(&[("name", name), ("type", record_type)]))
            }
            Records::New(name, record_type) => ask(PartsAsked::New(&[("name", name), ("type", record_type)])),
        }
    }
}

/// Parts that let these names, as patterns, and types of records through.
pub fn narrowed(names: &[&str], types: &[&str]) -> Parts {
    let owned = |list: &[&str]| list.iter().map(|one| (*one).to_owned()).collect();
    Parts::default().with("name", owned(names)).with("type", owned(types))
}
