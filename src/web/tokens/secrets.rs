//! The secrets of a token that work, as pages tell them.

use crate::models::token::active_secrets::{Ends, LiveSecret, ShownSecret};
use crate::policy::SecretId;
use crate::web::told::{Moment, Used};
use time::OffsetDateTime;

/// A secret that works.
pub(super) struct SecretRow {
    /// Prefix and last four characters.
    pub(super) hint: String,
    /// Which of two it is; empty where it is the only one.
    pub(super) which: &'static str,
    /// When it was made.
    pub(super) made: Moment,
    /// When it was last used.
    pub(super) used: Option<Used>,
    /// Until when it works; none where that is known by no clock.
    pub(super) ends: Option<Moment>,
    /// Whether it works until the newer one is first used.
    pub(super) ends_at_first_use: bool,
}

/// The newest first.
pub(super) fn rows(secrets: &[LiveSecret], now: OffsetDateTime) -> Vec<SecretRow> {
    let newest = secrets.last().map(|newest| newest.id);
    let which = |secret: &LiveSecret| match secrets.len() {
        0 | 1 => "",
        _ if newest == Some(secret.id) => "Newer",
        _ => "Older",
    };
    let row = |secret: &LiveSecret| SecretRow {
        hint: secret.hint.clone(),
        which: which(secret),
        made: Moment::past(secret.created_at, now),
        used: secret.last_use.as_ref().map(|last| Used::of(last, now)),
        ends: match secret.ends {
            Ends::At(end) => Some(Moment::past(end, now)),
            Ends::WithToken | Ends::AtFirstUse => None,
        },
        ends_at_first_use: secret.ends == Ends::AtFirstUse,
    };
    secrets.iter().rev().map(row).collect()
}

/// The secrets that a page shows, as the hidden field of its form: their numbers, with a question mark
/// behind those that await their first use.
pub(super) fn shown(secrets: &[LiveSecret]) -> String {
    let one =
        |secret: &LiveSecret| format!("{}{}", secret.id, if secret.awaits_first_use { "?" } else { "" });
    secrets.iter().map(one).collect::<Vec<_>>().join(" ")
}

/// Reads the field. What can't be read is no secret's number, so it's none of those that work.
pub(super) fn read_shown(field: &str) -> Vec<ShownSecret> {
    let one = |text: &str| ShownSecret {
        id: text.trim_end_matches('?').parse().unwrap_or(SecretId::from(0)),
        awaits_first_use: text.ends_with('?'),
    };
    field.split_whitespace().map(one).collect()
}
