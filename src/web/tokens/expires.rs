//! The ends of a token's life that a form offers.

use super::draft::Draft;
use crate::models::token::expiry::{Expiry, PRESETS};
use crate::policy::words::works_through;
use time::OffsetDateTime;

/// One of the choices for the end of its life.
pub(super) struct ExpiryChoice {
    pub(super) value: String,
    pub(super) label: String,
    pub(super) checked: bool,
    /// What it amounts to; empty where that is not known yet.
    pub(super) through: String,
}

pub(super) fn expires_choices(draft: &Draft, now: OffsetDateTime) -> Vec<ExpiryChoice> {
    let choice = |value: String, label: String, through: String| ExpiryChoice {
        checked: draft.expires == value,
        value,
        label,
        through,
    };
    let preset = |days: u16| {
        let through = Expiry::Days(days).ends_at(now).map(works_through).unwrap_or_default();
        choice(days.to_string(), format!("{days} days"), through)
    };
    let others = [("date", "On a date"), ("never", "Never")];
    let others = others.map(|(value, label)| choice(value.to_owned(), label.to_owned(), String::new()));
    PRESETS.map(preset).into_iter().chain(others).collect()
}

/// "Works through 19 February 2027 (UTC).", as far as the form says it.
pub(super) fn expires_hint(draft: &Draft, now: OffsetDateTime) -> String {
    match draft.expiry(now).map(|expiry| expiry.ends_at(now)) {
        Ok(Some(end)) => works_through(end),
        Ok(None) => "Works until somebody deletes it.".to_owned(),
        Err(_) => String::new(),
    }
}
