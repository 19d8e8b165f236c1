//! The ends of tokens, which succeed where the database has no space for anything else.

use crate::db::{Db, DbError};
use crate::models::Origin;
use crate::models::token::endings::{self, Ending, Owed, Which};
use std::sync::{Mutex, MutexGuard, PoisonError};
use time::OffsetDateTime;

/// What is owed to the audit log, the lists and the mail.
#[derive(Default)]
pub struct Endings(Mutex<Vec<Owed>>);

/// What became of an ending.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Ended<T> {
    /// All of it is done and written.
    Whole(T),
    /// There was no space: this many tokens no longer work, and the rest is written later.
    AtOnce(usize),
}

impl Endings {
    /// Ends tokens by this work, in one transaction; or, where the database has no space for that, by
    /// deleting what they live by.
    pub async fn end<T, F>(&self, db: &Db, ending: Ending, work: F) -> Result<Ended<T>, DbError>
    where
        T: Send + 'static,
        F: FnOnce(&mut crate::db::Conn) -> Result<T, DbError> + Send + 'static,
    {
        let is_long = match &ending.which {
            Which::All(_) => true,
            Which::These(ids) => ids.len() > 1,
            Which::Of(..) => false,
        };
        let done = if is_long { db.long_transaction(work).await } else { db.transaction(work).await };
        let cause = match done {
            Err(DbError::Full(cause)) => cause,
            done => return done.map(Ended::Whole),
        };
        let asked = ending.clone();
        let ids = db.long_transaction(move |conn| asked.at_once(conn)).await?;
        let count = ids.len();
        // Should this process end before it's written, this line is all that is known of who did it.
        tracing::warn!(%cause, count, ?ending, "tokens ended, and what tells of it waits for space");
        if count > 0 {
            self.owed().push(Owed { ids, ending });
        }
        Ok(Ended::AtOnce(count))
    }

    /// Writes what is owed, in the order in which it was asked for.
    pub async fn write(&self, db: &Db) -> Result<(), DbError> {
        loop {
            let first = self.owed().first().cloned();
            let Some(first) = first else { return Ok(()) };
            let written = db.long_transaction(move |conn| first.write(conn)).await;
            if written.as_ref().is_err_and(DbError::passes) {
                return written;
            }
            // What can't be written at all must not hold up the others.
            let gone = self.owed().remove(0);
            if let Err(error) = written {
                tracing::error!(%error, ending = ?gone.ending, "an ending of tokens can't be written down");
            }
        }
    }

    /// Writes of what a process that is gone has ended.
    pub async fn write_orphaned(db: &Db, now: OffsetDateTime) -> Result<(), DbError> {
        let origin = Origin::nobody(now);
        let count = db.long_transaction(move |conn| endings::orphaned(conn, &origin)).await?;
        if count > 0 {
            tracing::warn!(
                count,
                "tokens had ended while there was no space; the log of the process that ended them says by which user"
            );
        }
        Ok(())
    }

    fn owed(&self) -> MutexGuard<'_, Vec<Owed>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
