//! Refused calls of tokens.

use super::{Entry, WriteBehind};
use crate::db::{Conn, DbError};
use crate::models::token::refusals::{self, Kind, Span};
use crate::policy::{Access, RefusalCode, TokenId};
use std::borrow::Cow;
use time::OffsetDateTime;

/// A token that was found behind the secret of a call, and what the route needs. It stands in the
/// request's extensions, so that a refusal can be noted wherever it comes from.
#[derive(Debug, Clone)]
pub struct Presented {
    /// Number of the token.
    pub token: TokenId,
    /// Permission and access; `None` if any token that works will do.
    pub needs: Option<(Cow<'static, str>, Access)>,
}

/// Refused calls of one kind, and when they were.
pub type Refused = (Kind, Span);

impl Entry for Refused {
    type Key = Kind;
    type Memory = ();
    type Written = ();

    const NAMES: &'static str = "the refused calls of tokens";
    const MOST_WAITING: usize = 20_000;

    fn key(&self) -> Option<Kind> {
        Some(self.0.clone())
    }

    fn merge(&mut self, (_, span): Refused) {
        let known = &mut self.1;
        known.first_at = known.first_at.min(span.first_at);
        known.last_at = known.last_at.max(span.last_at);
        known.calls += span.calls;
    }

    fn write(conn: &mut Conn, batch: &[Refused]) -> Result<(), DbError> {
        refusals::write(conn, batch)
    }
}

impl WriteBehind<Refused> {
    /// Notes a refused call.
    pub fn note(&self, presented: Presented, reason: RefusalCode, now: OffsetDateTime) {
        let Presented { token, needs } = presented;
        self.add((Kind { token, needs, reason }, Span { first_at: now, last_at: now, calls: 1 }));
    }
}
