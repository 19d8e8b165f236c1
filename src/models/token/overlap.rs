//! How long a rolled token's older secret goes on.

use time::{Duration, OffsetDateTime};

/// How long the older secret goes on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Overlap {
    /// For an hour.
    Hour,
    /// For a day.
    Day,
    /// For a week.
    Week,
    /// Until the newer one is first used.
    UntilFirstUse,
    /// Not at all: it leaked.
    Leaked,
}

impl Overlap {
    /// Every choice, in the order of the page.
    pub const ALL: [Overlap; 5] =
        [Overlap::Hour, Overlap::Day, Overlap::Week, Overlap::UntilFirstUse, Overlap::Leaked];

    /// As forms and the record spell it.
    pub fn key(self) -> &'static str {
        match self {
            Overlap::Hour => "hour",
            Overlap::Day => "day",
            Overlap::Week => "week",
            Overlap::UntilFirstUse => "first_use",
            Overlap::Leaked => "leaked",
        }
    }

    /// The choice that is spelled so.
    pub fn from_key(key: &str) -> Option<Overlap> {
        Overlap::ALL.into_iter().find(|overlap| overlap.key() == key)
    }

    /// The first instant at which the older secret no longer works, where that is known.
    pub fn ends_at(self, now: OffsetDateTime) -> Option<OffsetDateTime> {
        match self {
            Overlap::Hour => Some(now + Duration::HOUR),
            Overlap::Day => Some(now + Duration::DAY),
            Overlap::Week => Some(now + Duration::WEEK),
            Overlap::UntilFirstUse | Overlap::Leaked => None,
        }
    }
}
