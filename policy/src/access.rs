//! Access: read, or full, which includes read.

use serde::Deserialize;

/// How much a grant lets do with what it reaches.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Access {
    /// Reading and listing.
    Read,
    /// Reading, listing, creating, changing and deleting.
    Full,
}

impl Access {
    /// As forms and the database spell it.
    pub fn key(self) -> &'static str {
        match self {
            Access::Read => "read",
            Access::Full => "full",
        }
    }

    /// As pages say it.
    pub fn title(self) -> &'static str {
        match self {
            Access::Read => "Read only",
            Access::Full => "Full access",
        }
    }

    /// As scope text says it.
    pub fn in_scope(self) -> &'static str {
        match self {
            Access::Read => "read",
            Access::Full => "write",
        }
    }

    /// The access that a form or the database spells so.
    pub fn from_key(key: &str) -> Option<Access> {
        match key {
            "read" => Some(Access::Read),
            "full" => Some(Access::Full),
            _ => None,
        }
    }
}
