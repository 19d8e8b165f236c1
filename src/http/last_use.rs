//! Uses of tokens on their way to the database: kept in memory, written a batch at a time, so
//! that no call waits for a write.

use crate::db::{Db, DbError};
use crate::models::token::usage::{self, Use};
use std::collections::HashMap;
use std::sync::{Mutex, MutexGuard, PoisonError};
use time::{Duration, OffsetDateTime};

/// How often uses are written.
pub const FLUSH_EVERY: std::time::Duration = std::time::Duration::from_secs(20);
/// A secret's use is written at most so often.
const SECRET_EVERY: Duration = Duration::seconds(30);

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
        let known = waiting.entry((one.secret, one.account)).or_insert_with(|| one.clone());
        if known.at < one.at {
            *known = one;
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
