//! Signed-in browsers: rows keyed by a digest, so that the table opens nothing.

use crate::db::schema::{sessions, users};
use crate::db::{Conn, DbError};
use diesel::prelude::*;
use ipnet::IpNet;
use serde_json::Value;
use sha2::{Digest as _, Sha256};
use std::collections::HashMap;
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

/// What is stored of a session's key: its SHA-256.
pub type SessionDigest = [u8; 32];

/// A session, as it is stored.
#[derive(Debug, Clone)]
pub struct Stored {
    /// Number of the session.
    pub id: i64,
    /// When the password was last said in it.
    pub password_at: OffsetDateTime,
    /// What the pages remember in it.
    pub state: Value,
    idle_until: OffsetDateTime,
    ends_at: OffsetDateTime,
}

impl Stored {
    /// Whether it has not ended.
    pub fn is_good(&self, now: OffsetDateTime) -> bool {
        self.idle_until > now && self.ends_at > now
    }

    /// Whether its idle limit is to be put off.
    pub fn is_to_be_put_off(&self, now: OffsetDateTime) -> bool {
        self.idle_until < now + IDLE - TOUCH_EVERY
    }
}

/// Digest of a session key.
pub fn digest(key: &str) -> SessionDigest {
    Sha256::digest(key.as_bytes()).into()
}

/// The sessions behind these digests, of users who are still active.
pub fn by_digests(
    conn: &mut Conn,
    digests: &[SessionDigest],
) -> Result<HashMap<SessionDigest, Stored>, DbError> {
    let keys: Vec<&[u8]> = digests.iter().map(<[u8; 32]>::as_slice).collect();
    let rows: Vec<(Vec<u8>, i64, OffsetDateTime, Value, OffsetDateTime, OffsetDateTime)> = sessions::table
        .inner_join(users::table)
        .filter(sessions::digest.eq_any(keys))
        .filter(users::deactivated_at.is_null())
        .select((
            sessions::digest,
            sessions::id,
            sessions::password_at,
            sessions::state,
            sessions::idle_until,
            sessions::ends_at,
        ))
        .load(conn)?;
    rows.into_iter()
        .map(|(digest, id, password_at, state, idle_until, ends_at)| {
            let digest = digest.try_into().map_err(|_| DbError::Corrupt("a session's digest".to_owned()))?;
            Ok((digest, Stored { id, password_at, state, idle_until, ends_at }))
        })
        .collect()
}

/// Puts the idle limit off. It touches no row that is gone.
pub fn put_off(conn: &mut Conn, digest: &SessionDigest, now: OffsetDateTime) -> Result<(), DbError> {
    diesel::update(sessions::table.find(digest.as_slice()))
        .set(sessions::idle_until.eq(now + IDLE))
        .execute(conn)?;
    Ok(())
}

/// Notes that the password was said again, and whether the session was still there: it touches no row
/// that is gone.
pub fn password_said(conn: &mut Conn, id: i64, now: OffsetDateTime) -> Result<bool, DbError> {
    let touched = diesel::update(sessions::table.filter(sessions::id.eq(id)))
        .set(sessions::password_at.eq(now))
        .execute(conn)?;
    Ok(touched == 1)
}

/// Stores a new session, and forgets those that have ended.
pub fn save(conn: &mut Conn, key: &str, new: &NewSession, now: OffsetDateTime) -> Result<(), DbError> {
    diesel::delete(sessions::table.filter(sessions::ends_at.le(now).or(sessions::idle_until.le(now))))
        .execute(conn)?;
    diesel::insert_into(sessions::table)
        .values((
            sessions::digest.eq(digest(key).as_slice()),
            sessions::user_id.eq(new.user),
            sessions::state.eq(&new.state),
            sessions::address.eq(new.address.map(IpNet::from)),
            sessions::client.eq(&new.client),
            sessions::created_at.eq(now),
            sessions::password_at.eq(now),
            sessions::idle_until.eq(now + IDLE),
            sessions::ends_at.eq(now + ABSOLUTE),
        ))
        .execute(conn)?;
    Ok(())
}

/// Ends a session.
pub fn delete(conn: &mut Conn, key: &str) -> Result<(), DbError> {
    diesel::delete(sessions::table.find(digest(key).as_slice())).execute(conn)?;
    Ok(())
}
