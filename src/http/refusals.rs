//! Refused calls of tokens on their way to the database: kept in memory, written a batch at a
//! time, so that no call waits for a write.

use crate::db::{Db, DbError};
use crate::models::token::refusals::{self, Kind, Span};
use crate::policy::{Access, RefusalCode};
use std::collections::HashMap;
use std::sync::{Mutex, MutexGuard, PoisonError};
use time::OffsetDateTime;

/// At most so many kinds wait to be written; further ones are not noted.
const MOST_WAITING: usize = 20_000;

/// A token that was found behind the secret of a call, and what the route needs. It stands in the
/// request's extensions, so that a refusal can be noted wherever it comes from.
#[derive(Debug, Clone, Copy)]
pub struct Presented {
    /// Number of the token.
    pub token: i64,
    /// Permission and access; none where any working token will do.
    pub needs: Option<(&'static str, Access)>,
}

/// The refused calls that are not written yet.
#[derive(Default)]
pub struct Refusals(Mutex<HashMap<Kind, Span>>);

impl Refusals {
    /// Notes a refused call.
    pub fn note(&self, presented: Presented, reason: RefusalCode, now: OffsetDateTime) {
        let Presented { token, needs } = presented;
        let span = Span { first_at: now, last_at: now, calls: 1 };
        add(&mut self.waiting(), Kind { token, needs, reason }, span);
    }

    /// Writes all of them.
    pub async fn flush(&self, db: &Db) -> Result<(), DbError> {
        let due: Vec<(Kind, Span)> = self.waiting().drain().collect();
        if due.is_empty() {
            return Ok(());
        }
        let batch = due.clone();
        let result = db.transaction(move |conn| refusals::write(conn, &batch)).await;
        // Nothing is lost while the database is away: they wait for the next round. What cannot be
        // written at all must not hold up the refusals of every other token.
        if result.as_ref().is_err_and(DbError::passes) {
            let mut waiting = self.waiting();
            due.into_iter().for_each(|(kind, span)| add(&mut waiting, kind, span));
        }
        result
    }

    fn waiting(&self) -> MutexGuard<'_, HashMap<Kind, Span>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn add(waiting: &mut HashMap<Kind, Span>, kind: Kind, span: Span) {
    if let Some(known) = waiting.get_mut(&kind) {
        known.first_at = known.first_at.min(span.first_at);
        known.last_at = known.last_at.max(span.last_at);
        known.calls += span.calls;
    } else if waiting.len() < MOST_WAITING {
        waiting.insert(kind, span);
    }
}
