//! The refused calls of a token, as its page tells them.

use crate::models::token::Token;
use crate::models::token::refusals::Kept;
use crate::policy::{Catalogue, RefusalCode};
use crate::web::told::Moment;
use crate::web::told::grouped;
use time::OffsetDateTime;

/// Refused calls of one kind.
pub(super) struct RefusedRow {
    /// Title of the permission that the calls needed; none where any working token would do.
    pub(super) permission: Option<String>,
    /// The access that they needed.
    pub(super) access: &'static str,
    /// Why they were refused.
    pub(super) why: &'static str,
    /// How many.
    pub(super) calls: String,
    /// The first of them, where that says more than the last.
    pub(super) first: Option<Moment>,
    /// The last of them.
    pub(super) last: Moment,
}

impl RefusedRow {
    pub(super) fn of(kept: &Kept, catalogue: &Catalogue, now: OffsetDateTime) -> RefusedRow {
        let span = kept.span;
        let permission = kept.needs.as_ref().map(|(key, _)| catalogue.title_of(key).to_owned());
        let (first, last) = (Moment::past(span.first_at, now), Moment::past(span.last_at, now));
        RefusedRow {
            permission,
            access: kept.needs.as_ref().map_or("", |(_, access)| access.title()),
            why: why(kept.reason),
            calls: grouped(span.calls),
            first: Some(first).filter(|first| first.relative != last.relative),
            last,
        }
    }
}

/// When an ended token was last tried after its end.
pub(super) fn still_tried(token: &Token, refused: &[Kept], now: OffsetDateTime) -> Option<Moment> {
    let ended = token.deleted_at.or(token.expires_at).filter(|end| *end <= now)?;
    let last = refused.iter().map(|kept| kept.span.last_at).max().filter(|last| *last >= ended)?;
    Some(Moment::past(last, now))
}

fn why(code: Option<RefusalCode>) -> &'static str {
    code.and_then(|code| code.facts().on_token).unwrap_or("For a reason that this version doesn't know")
}
