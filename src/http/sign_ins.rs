//! Sign-ins, good and bad, on their way to the database: kept in memory, so that an attempt for a
//! user who exists takes no longer than one for nobody.

use super::App;
use crate::db::DbError;
use crate::models::sighting::{self, SignIn};
use crate::models::token::networks::network_of;
use ipnet::IpNet;
use std::collections::{HashMap, HashSet};
use std::sync::{Mutex, MutexGuard, PoisonError};
use time::{Duration, OffsetDateTime};

/// At most so many wait to be written; further ones are not noted.
const MOST_WAITING: usize = 20_000;
/// A refused attempt is noted once in this time for each user and network,
const REFUSED_EVERY: Duration = Duration::minutes(1);
/// and for each user not more often than this, from wherever.
const MOST_REFUSED: usize = 20;

/// The attempts that are not written yet.
#[derive(Default)]
pub struct SignIns(Mutex<Inner>);

#[derive(Default)]
struct Inner {
    waiting: Vec<SignIn>,
    refused: HashMap<i64, Refused>,
}

/// Of one user, since a moment.
struct Refused {
    since: OffsetDateTime,
    networks: HashSet<Option<IpNet>>,
}

impl SignIns {
    /// Notes an attempt.
    pub fn note(&self, attempt: SignIn) {
        let mut inner = self.inner();
        if inner.waiting.len() < MOST_WAITING && (attempt.good || inner.is_told(&attempt)) {
            inner.waiting.push(attempt);
        }
    }

    /// Writes all of them.
    pub async fn flush(&self, app: &App) -> Result<(), DbError> {
        let now = app.clock.now();
        let due = {
            let mut inner = self.inner();
            inner.refused.retain(|_, refused| now - refused.since < REFUSED_EVERY);
            std::mem::take(&mut inner.waiting)
        };
        if due.is_empty() {
            return Ok(());
        }
        let batch = due.clone();
        let result = app.db.transaction(move |conn| sighting::put_down(conn, &batch)).await;
        // Nothing is lost while the database is away: they wait for the next round.
        if result.as_ref().is_err_and(DbError::passes) {
            let mut inner = self.inner();
            let room = MOST_WAITING.saturating_sub(inner.waiting.len());
            inner.waiting.extend(due.into_iter().take(room));
        }
        result
    }

    fn inner(&self) -> MutexGuard<'_, Inner> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Inner {
    fn is_told(&mut self, attempt: &SignIn) -> bool {
        let fresh = || Refused { since: attempt.at, networks: HashSet::new() };
        let refused = self.refused.entry(attempt.user).or_insert_with(fresh);
        if attempt.at - refused.since >= REFUSED_EVERY {
            *refused = fresh();
        }
        refused.networks.len() < MOST_REFUSED && refused.networks.insert(network_of(attempt.address))
    }
}
