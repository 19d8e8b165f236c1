//! Signed-in browsers: rows keyed by a digest, so that the table opens nothing.

use super::User;
use super::audit::{self, Action, Event, Origin};
use crate::db::schema::{sessions, users};
use crate::db::{AnyOf, Conn, DbError};
use crate::policy::{ClientAddress, UserId};
use diesel::dsl::exists;
use diesel::prelude::*;
use ipnet::IpNet;
use serde_json::{Value, json};
use sha2::{Digest as _, Sha256};
use std::collections::HashMap;
use time::{Duration, OffsetDateTime};

/// A session ends after so long without a request.
pub const IDLE: Duration = Duration::hours(12);
/// A session ends so long after signing in, whatever happens in it.
pub const ABSOLUTE: Duration = Duration::days(7);
/// The idle limit is put off at most this often.
const TOUCH_EVERY: Duration = Duration::minutes(1);

/// So many of a person's sessions are shown.
pub const MOST_SHOWN: usize = 100;

/// A session to be stored.
#[derive(Debug)]
pub struct NewSession {
    /// Whose it is.
    pub user: UserId,
    /// Digest of the hash of the password when the sign-in began: with one that was set meanwhile, nobody
    /// is signed in.
    pub password: SessionDigest,
    /// The user's epoch when the sign-in began: after all sessions were ended, nobody is signed in.
    pub epoch: i64,
    /// What the pages remember in it.
    pub state: Value,
    /// Where the browser is.
    pub address: ClientAddress,
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
    /// When the user last proved who they are in it, by the password or a factor.
    pub password_at: OffsetDateTime,
    /// When they last did so by everything they have.
    pub proved_fully_at: Option<OffsetDateTime>,
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
    type Row = (Vec<u8>, i64, OffsetDateTime, Option<OffsetDateTime>, Value, OffsetDateTime, OffsetDateTime);
    let rows: Vec<Row> = sessions::table
        .inner_join(users::table)
        .filter(AnyOf(sessions::digest, keys))
        .filter(users::deactivated_at.is_null())
        .select((
            sessions::digest,
            sessions::id,
            sessions::password_at,
            sessions::proved_fully_at,
            sessions::state,
            sessions::idle_until,
            sessions::ends_at,
        ))
        .load(conn)?;
    rows.into_iter()
        .map(|(digest, id, password_at, proved_fully_at, state, idle_until, ends_at)| {
            let digest = digest.try_into().map_err(|_| DbError::Corrupt("a session's digest".to_owned()))?;
            Ok((digest, Stored { id, password_at, proved_fully_at, state, idle_until, ends_at }))
        })
        .collect()
}

/// Whether a session has not ended, and its user is active: for what takes longer than one request.
pub fn goes_on(conn: &mut Conn, id: i64, now: OffsetDateTime) -> Result<bool, DbError> {
    let found = sessions::table
        .inner_join(users::table)
        .filter(sessions::id.eq(id).and(users::deactivated_at.is_null()))
        .filter(sessions::idle_until.gt(now).and(sessions::ends_at.gt(now)));
    Ok(diesel::select(exists(found)).get_result(conn)?)
}

/// Puts the idle limit off. It touches no row that is gone.
pub fn put_off(conn: &mut Conn, digest: &SessionDigest, now: OffsetDateTime) -> Result<(), DbError> {
    diesel::update(sessions::table.find(digest.as_slice()))
        .set(sessions::idle_until.eq(now + IDLE))
        .execute(conn)?;
    Ok(())
}

/// Notes that the user proved who they are again, `fully` if by everything they have, and whether the
/// session was still there: it touches no row that is gone.
pub fn proved(conn: &mut Conn, id: i64, fully: bool, now: OffsetDateTime) -> Result<bool, DbError> {
    let fully_at = fully.then_some(Some(now));
    let touched = diesel::update(sessions::table.filter(sessions::id.eq(id)))
        .set((sessions::password_at.eq(now), fully_at.map(|at| sessions::proved_fully_at.eq(at))))
        .execute(conn)?;
    Ok(touched == 1)
}

/// Gives a session another key; `false` where it is gone. All else stays, its end too.
pub fn change_key(conn: &mut Conn, key: &str, new: &str) -> Result<bool, DbError> {
    let touched = diesel::update(sessions::table.find(digest(key).as_slice()))
        .set(sessions::digest.eq(digest(new).as_slice()))
        .execute(conn)?;
    Ok(touched == 1)
}

/// The user has another set of factors: what was proved in their other sessions was not all of it.
pub(super) fn forget_full_proofs(conn: &mut Conn, user: UserId, kept: i64) -> Result<(), DbError> {
    diesel::update(sessions::table.filter(sessions::user_id.eq(user).and(sessions::id.ne(kept))))
        .set(sessions::proved_fully_at.eq(None::<OffsetDateTime>))
        .execute(conn)?;
    Ok(())
}

/// Stores a new session, and forgets those that have ended. It is not stored, and the answer is
/// `false`, where the password was changed, the user deactivated or every session ended while it was made:
/// this one would be left over.
pub fn save(conn: &mut Conn, key: &str, new: &NewSession, now: OffsetDateTime) -> Result<bool, DbError> {
    let of_now = User::lock_credentials(conn, new.user)?;
    // The password beside the epoch, for one release: a node of the version before ends sessions without it.
    if of_now.is_none_or(|of_now| digest(&of_now.hash) != new.password || of_now.epoch != new.epoch) {
        return Ok(false);
    }
    diesel::delete(sessions::table.filter(sessions::ends_at.le(now).or(sessions::idle_until.le(now))))
        .execute(conn)?;
    diesel::insert_into(sessions::table)
        .values((
            sessions::digest.eq(digest(key).as_slice()),
            sessions::user_id.eq(new.user),
            sessions::state.eq(&new.state),
            sessions::address.eq(new.address.stored()),
            sessions::client.eq(&new.client),
            sessions::created_at.eq(now),
            sessions::password_at.eq(now),
            sessions::proved_fully_at.eq(now),
            sessions::idle_until.eq(now + IDLE),
            sessions::ends_at.eq(now + ABSOLUTE),
        ))
        .execute(conn)?;
    Ok(true)
}

/// A session, as its person sees it.
#[derive(Debug, Queryable)]
pub struct Shown {
    /// Number of the session.
    pub id: i64,
    /// Where somebody signed in.
    pub address: Option<IpNet>,
    /// With what.
    pub client: String,
    /// When.
    pub created_at: OffsetDateTime,
    idle_until: OffsetDateTime,
}

impl Shown {
    /// When it was last used, or up to a minute before.
    pub fn seen_at(&self) -> OffsetDateTime {
        self.idle_until - IDLE
    }
}

/// The user's sessions that have not ended, the last seen first; one more than are shown, where
/// there are more.
pub fn of_user(conn: &mut Conn, user: UserId, now: OffsetDateTime) -> Result<Vec<Shown>, DbError> {
    Ok(sessions::table
        .filter(sessions::user_id.eq(user))
        .filter(sessions::idle_until.gt(now).and(sessions::ends_at.gt(now)))
        .order((sessions::idle_until.desc(), sessions::id.desc()))
        .limit(MOST_SHOWN as i64 + 1)
        .select((
            sessions::id,
            sessions::address,
            sessions::client,
            sessions::created_at,
            sessions::idle_until,
        ))
        .load(conn)?)
}

/// Ends one of the user's sessions; `false` where it is none of theirs.
pub fn end(conn: &mut Conn, user: &User, id: i64, origin: &Origin) -> Result<bool, DbError> {
    let ended: Option<(Option<IpNet>, String)> =
        diesel::delete(sessions::table.filter(sessions::id.eq(id).and(sessions::user_id.eq(user.id))))
            .returning((sessions::address, sessions::client))
            .get_result(conn)
            .optional()?;
    let Some((address, client)) = ended else { return Ok(false) };
    let before = json!({ "address": address.map(|net| net.addr()), "client": client });
    audit::record(conn, origin, &Event { before: Some(before), ..user.event(Action::UserSessionEnded) })?;
    Ok(true)
}

/// Ends all of the user's sessions but this one; says how many.
pub fn end_others(conn: &mut Conn, user: &User, kept: i64, origin: &Origin) -> Result<usize, DbError> {
    let others = sessions::table.filter(sessions::user_id.eq(user.id).and(sessions::id.ne(kept)));
    let ended = diesel::delete(others).execute(conn)?;
    if ended > 0 {
        let after = json!({ "sessions": ended });
        audit::record(conn, origin, &Event { after: Some(after), ..user.event(Action::UserSessionsEnded) })?;
    }
    Ok(ended)
}

/// Ends a session.
pub fn delete(conn: &mut Conn, key: &str) -> Result<(), DbError> {
    diesel::delete(sessions::table.find(digest(key).as_slice())).execute(conn)?;
    Ok(())
}
