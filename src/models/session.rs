//! Signed-in browsers: rows keyed by a digest, so that the table opens nothing.

use crate::db::schema::{sessions, users};
use crate::db::{Conn, DbError};
use diesel::prelude::*;
use ipnet::IpNet;
use serde_json::Value;
use sha2::{Digest as _, Sha256};
use std::net::IpAddr;
use time::{Duration, OffsetDateTime};

/// A session ends after so long without a request.
pub const IDLE: Duration = Duration::hours(12);
/// A session ends so long after signing in, whatever happens in it.
pub const ABSOLUTE: Duration = Duration::days(7);
/// The idle limit is put off at most this often.
const TOUCH_EVERY: Duration = Duration::minutes(1);

/// A session to be stored.
#[derive(Debug)]
pub struct NewSession {
    /// Whose it is.
    pub user: i64,
    /// What the pages remember in it.
    pub state: Value,
    /// Where the browser is.
    pub address: Option<IpAddr>,
    /// What it says it is.
    pub client: String,
}

/// Digest of a session key.
pub fn digest(key: &str) -> Vec<u8> {
    Sha256::digest(key.as_bytes()).to_vec()
}

/// The state of a session that is still good, of a user who is still active. Puts the idle limit
/// off when that is due.
pub fn load(conn: &mut Conn, key: &str, now: OffsetDateTime) -> Result<Option<Value>, DbError> {
    let digest = digest(key);
    let row: Option<(Value, OffsetDateTime)> = sessions::table
        .inner_join(users::table)
        .filter(sessions::digest.eq(&digest))
        .filter(sessions::idle_until.gt(now).and(sessions::ends_at.gt(now)))
        .filter(users::deactivated_at.is_null())
        .select((sessions::state, sessions::idle_until))
        .first(conn)
        .optional()?;
    let Some((state, idle_until)) = row else { return Ok(None) };
    if idle_until < now + IDLE - TOUCH_EVERY {
        let put_off = diesel::update(sessions::table.find(&digest)).set(sessions::idle_until.eq(now + IDLE));
        match put_off.execute(conn).map_err(DbError::from) {
            // Pages go on being read where nothing can be written; the limit is put off another time.
            Ok(_) | Err(DbError::Unavailable(_)) => {}
            Err(error) => return Err(error),
        }
    }
    Ok(Some(state))
}

/// Stores a new session, and forgets those that have ended.
pub fn save(conn: &mut Conn, key: &str, new: &NewSession, now: OffsetDateTime) -> Result<(), DbError> {
    diesel::delete(sessions::table.filter(sessions::ends_at.le(now).or(sessions::idle_until.le(now))))
        .execute(conn)?;
    diesel::insert_into(sessions::table)
        .values((
            sessions::digest.eq(digest(key)),
            sessions::user_id.eq(new.user),
            sessions::state.eq(&new.state),
            sessions::address.eq(new.address.map(IpNet::from)),
            sessions::client.eq(&new.client),
            sessions::created_at.eq(now),
            sessions::idle_until.eq(now + IDLE),
            sessions::ends_at.eq(now + ABSOLUTE),
        ))
        .execute(conn)?;
    Ok(())
}

/// Ends a session.
pub fn delete(conn: &mut Conn, key: &str) -> Result<(), DbError> {
    diesel::delete(sessions::table.find(digest(key))).execute(conn)?;
    Ok(())
}
