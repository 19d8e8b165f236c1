//! Uses of tokens on their way to the database: kept in memory, written a batch at a time, so
//! that no call waits for a write.

use crate::db::{Db, DbError};
use crate::models::token::usage::{self, Use};
use std::collections::HashMap;
use std::collections::hash_map::Entry;
use std::sync::{Mutex, MutexGuard, PoisonError};
use time::{Duration, OffsetDateTime};

/// How often uses are written.
pub const FLUSH_EVERY: std::time::Duration = std::time::Duration::from_secs(20);
/// A secret's use is written at most so often.
const SECRET_EVERY: Duration = Duration::seconds(30);

/// The most that wait to be written, some 30 MB; while they do, uses of other secrets aren't
/// noted.
const MOST_WAITING: usize = 100_000;

/// The uses that are not written yet, and when each secret's last one was.
#[derive(Default)]
pub struct LastUses(Mutex<Inner>);

#[derive(Default)]
struct Inner {
    waiting: HashMap<(i64, i64), Use>,
    written: HashMap<(i64, i64), OffsetDateTime>,
}

impl LastUses {
    /// Notes a use; a newer one of the same secret takes its place.
    pub fn note(&self, one: Use) {
        let waiting = &mut self.inner().waiting;
        let is_full = waiting.len() >= MOST_WAITING;
        match waiting.entry((one.secret, one.account)) {
            Entry::Occupied(mut known) if known.get().at < one.at => {
                known.insert(one);
            }
            Entry::Vacant(free) if !is_full => {
                free.insert(one);
            }
            Entry::Occupied(_) | Entry::Vacant(_) => {}
        }
    }

    /// Writes what is due.
    pub async fn flush(&self, db: &Db, now: OffsetDateTime) -> Result<(), DbError> {
        self.write(db, now, |written| written.is_none_or(|at| at + SECRET_EVERY <= now)).await
    }

    /// Writes everything: before the process ends.
    pub async fn flush_all(&self, db: &Db, now: OffsetDateTime) -> Result<(), DbError> {
        self.write(db, now, |_| true).await
    }

    async fn write(
        &self,
        db: &Db,
        now: OffsetDateTime,
        is_due: impl Fn(Option<OffsetDateTime>) -> bool,
    ) -> Result<(), DbError> {
        let due: Vec<Use> = {
            let mut inner = self.inner();
            inner.written.retain(|_, at| *at + SECRET_EVERY > now);
            let Inner { waiting, written } = &mut *inner;
            waiting.extract_if(|key, _| is_due(written.get(key).copied())).map(|(_, one)| one).collect()
        };
        if due.is_empty() {
            return Ok(());
        }
        let batch = due.clone();
        let result = db.transaction(move |conn| usage::write(conn, &batch)).await;
        match &result {
            Ok(()) => {
                let keys = due.iter().map(|one| ((one.secret, one.account), now));
                self.inner().written.extend(keys);
            }
            // Nothing is lost while the database is away: they wait for the next round.
            Err(error) if error.passes() => due.into_iter().for_each(|one| self.note(one)),
            // What cannot be written at all must not hold up the uses of every other token.
            Err(_) => {}
        }
        result
    }

    fn inner(&self) -> MutexGuard<'_, Inner> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::policy::ClientAddress;
    use time::macros::datetime;

    #[test]
    fn while_nothing_can_be_written_no_more_than_so_many_wait_and_the_newest_of_each_does() {
        let uses = LastUses::default();
        let start = datetime!(2026-11-22 12:00 UTC);
        let one = |secret, seconds| Use {
            secret,
            account: 0,
            at: start + Duration::seconds(seconds),
            address: ClientAddress::Unknown,
            client: String::new(),
        };
        for secret in 0..=i64::try_from(MOST_WAITING).unwrap() {
            uses.note(one(secret, 0));
        }
        uses.note(one(7, 5));
        uses.note(one(7, 3));
        let inner = uses.inner();
        assert_eq!(inner.waiting.len(), MOST_WAITING);
        assert_eq!(inner.waiting[&(7, 0)].at, start + Duration::seconds(5));
    }
}
