//! Attempts, counted before anything costly is done.

use crate::db::schema::throttles;
use crate::db::{Conn, DbError};
use diesel::dsl::sql;
use diesel::prelude::*;
use diesel::sql_types::{Integer, Timestamptz};
use sha2::{Digest as _, Sha256};
use time::{Duration, OffsetDateTime};

/// How many attempts within which time.
#[derive(Debug, Clone, Copy)]
pub struct Allowance {
    /// So many.
    pub attempts: i32,
    /// Within this window, which starts at the first of them.
    pub window: Duration,
}

/// Counts an attempt in each bucket, in one atomic step a bucket. Answers how long to wait when
/// one of them is over its allowance.
pub fn count(
    conn: &mut Conn,
    buckets: &[(&str, Allowance)],
    now: OffsetDateTime,
) -> Result<Option<Duration>, DbError> {
    let mut wait = None;
    for (bucket, allowance) in buckets {
        let over_since = now - allowance.window;
        // The upsert's SET cannot be written without sql(); nothing of the caller's is in the text.
        let (count, start): (i32, OffsetDateTime) = diesel::insert_into(throttles::table)
            .values((
                throttles::bucket.eq(key(bucket)),
                throttles::window_start.eq(now),
                throttles::count.eq(1),
            ))
            .on_conflict(throttles::bucket)
            .do_update()
            .set((
                throttles::count.eq(sql::<Integer>("CASE WHEN throttles.window_start <= ")
                    .bind::<Timestamptz, _>(over_since)
                    .sql(" THEN 1 ELSE throttles.count + 1 END")),
                throttles::window_start.eq(sql::<Timestamptz>("CASE WHEN throttles.window_start <= ")
                    .bind::<Timestamptz, _>(over_since)
                    .sql(" THEN excluded.window_start ELSE throttles.window_start END")),
            ))
            .returning((throttles::count, throttles::window_start))
            .get_result(conn)?;
        if count > allowance.attempts {
            wait = wait.max(Some(start + allowance.window - now));
        }
    }
    Ok(wait)
}

/// Takes an attempt out of a bucket again: it was good, and what was bad before it still counts.
pub fn take_back(conn: &mut Conn, bucket: &str) -> Result<(), DbError> {
    diesel::update(throttles::table.find(key(bucket)).filter(throttles::count.gt(0)))
        .set(throttles::count.eq(throttles::count - 1))
        .execute(conn)?;
    Ok(())
}

/// Forgets a bucket: the attempt was good.
pub fn forget(conn: &mut Conn, bucket: &str) -> Result<(), DbError> {
    diesel::delete(throttles::table.find(key(bucket))).execute(conn)?;
    Ok(())
}

/// Forgets what no window can need any more.
pub fn sweep(conn: &mut Conn, before: OffsetDateTime) -> Result<(), DbError> {
    diesel::delete(throttles::table.filter(throttles::window_start.lt(before))).execute(conn)?;
    Ok(())
}

fn key(bucket: &str) -> Vec<u8> {
    Sha256::digest(bucket.as_bytes()).to_vec()
}
