//! What is due, who has taken it on, and what became of it.

use super::Letter;
use crate::db::schema::mails;
use crate::db::{Conn, DbError};
use diesel::prelude::*;
use time::{Duration, OffsetDateTime};

/// Whoever takes a mail on has so long, before somebody else may.
const LEASE: Duration = Duration::minutes(2);
/// After so long nobody tries any more.
const TRIED_FOR: Duration = Duration::days(1);
/// A mail is kept for so long after it was put down.
const KEPT: Duration = Duration::days(30);
/// How long to wait after each failure; after the last of them always as long.
const WAITS: [Duration; 6] = [
    Duration::minutes(1),
    Duration::minutes(5),
    Duration::minutes(30),
    Duration::hours(2),
    Duration::hours(6),
    Duration::hours(12),
];

/// A mail that somebody has taken on.
#[derive(Debug, Clone)]
pub struct Due {
    /// Its number.
    pub id: i64,
    /// Whom it is for.
    pub recipient: String,
    /// What it says; none where this version knows no such letter.
    pub letter: Option<Letter>,
    /// When it was put down.
    pub created_at: OffsetDateTime,
    /// Which attempt this is, from 1.
    pub attempt: i32,
}

/// Takes on what is due, the longest due first: nobody else gets it while the lease runs.
pub fn take(conn: &mut Conn, most: i64, now: OffsetDateTime) -> Result<Vec<Due>, DbError> {
    let due: Vec<i64> = mails::table
        .filter(mails::sent_at.is_null().and(mails::given_up_at.is_null()).and(mails::due_at.le(now)))
        .order((mails::due_at, mails::id))
        .limit(most)
        .select(mails::id)
        .for_update()
        .skip_locked()
        .load(conn)?;
    type Row = (i64, String, serde_json::Value, OffsetDateTime, i32);
    let mut taken: Vec<Row> = diesel::update(mails::table.filter(mails::id.eq_any(due)))
        .set((mails::due_at.eq(now + LEASE), mails::tries.eq(mails::tries + 1)))
        .returning((mails::id, mails::recipient, mails::letter, mails::created_at, mails::tries))
        .get_results(conn)?;
    taken.sort_unstable_by_key(|(id, ..)| *id);
    Ok(taken
        .into_iter()
        .map(|(id, recipient, letter, created_at, attempt)| Due {
            id,
            recipient,
            letter: serde_json::from_value(letter).ok(),
            created_at,
            attempt,
        })
        .collect())
}

impl Due {
    /// It is on its way.
    pub fn sent(&self, conn: &mut Conn, now: OffsetDateTime) -> Result<(), DbError> {
        diesel::update(mails::table.find(self.id).filter(mails::given_up_at.is_null()))
            .set(mails::sent_at.eq(now))
            .execute(conn)?;
        Ok(())
    }

    /// It could not be sent: it is tried again, or, after a day, given up. Says whether it was given
    /// up. Whoever has taken it on since knows better.
    pub fn failed(&self, conn: &mut Conn, now: OffsetDateTime) -> Result<bool, DbError> {
        let waits = usize::try_from(self.attempt - 1).unwrap_or(0).min(WAITS.len() - 1);
        let next = now + WAITS[waits];
        if next > self.created_at + TRIED_FOR {
            self.give_up(conn, now)?;
            return Ok(true);
        }
        diesel::update(still_with(self.id, self.attempt)).set(mails::due_at.eq(next)).execute(conn)?;
        Ok(false)
    }

    /// It will never be sent, or need not be any more.
    pub fn give_up(&self, conn: &mut Conn, now: OffsetDateTime) -> Result<(), DbError> {
        diesel::update(still_with(self.id, self.attempt)).set(mails::given_up_at.eq(now)).execute(conn)?;
        Ok(())
    }
}

#[diesel::dsl::auto_type]
fn still_with(id: i64, attempt: i32) -> _ {
    mails::table
        .filter(mails::id.eq(id).and(mails::tries.eq(attempt)))
        .filter(mails::sent_at.is_null().and(mails::given_up_at.is_null()))
}

/// Forgets mails that are 30 days old.
pub fn sweep(conn: &mut Conn, now: OffsetDateTime) -> Result<(), DbError> {
    diesel::delete(mails::table.filter(mails::created_at.lt(now - KEPT))).execute(conn)?;
    Ok(())
}
