//! Sign-ins between the password and the second factor: a row that one browser can finish, once, in time.

use super::User;
use super::authenticator::{self, Asked, Tried};
use super::user::Credentials;
use crate::db::schema::begun;
use crate::db::{Conn, DbError};
use crate::policy::UserId;
use crate::proof::sealed::SealingKeys;
use diesel::prelude::*;
use serde_json::Value;
use sha2::{Digest as _, Sha256};
use time::{Duration, OffsetDateTime};

/// How long a sign-in may take.
pub const LASTS: Duration = Duration::minutes(5);

/// What a form and a cookie hold of a sign-in: digests of both are stored.
#[derive(Clone, Copy)]
pub struct Ticket<'a> {
    /// The number in the form.
    pub number: &'a str,
    /// What the browser's cookie holds.
    pub browser: &'a str,
}

/// A sign-in whose password was right.
#[derive(Debug)]
pub struct Begun {
    /// Who signs in.
    pub user: User,
    /// Where to continue afterwards.
    pub next: String,
}

/// What became of the second step.
pub enum Finished {
    /// Everything is proved.
    SignedIn(Credentials, String),
    /// The code wasn't accepted; the sign-in can still be finished.
    Not(Tried),
    /// There is no such sign-in: it was finished, is too old, belongs to another browser, or all of the
    /// user's sessions were ended meanwhile.
    Gone,
}

/// Begins a sign-in.
pub fn begin(
    conn: &mut Conn,
    ticket: Ticket<'_>,
    credentials: &Credentials,
    next: &str,
    now: OffsetDateTime,
) -> Result<(), DbError> {
    diesel::insert_into(begun::table)
        .values((
            begun::digest.eq(digest(ticket.number)),
            begun::browser.eq(digest(ticket.browser)),
            begun::kind.eq("second"),
            begun::user_id.eq(credentials.user),
            begun::epoch.eq(credentials.epoch),
            begun::next.eq(next),
            begun::created_at.eq(now),
            begun::expires_at.eq(now + LASTS),
        ))
        .execute(conn)?;
    Ok(())
}

/// The sign-in, if it can still be finished.
pub fn find(conn: &mut Conn, ticket: Ticket<'_>, now: OffsetDateTime) -> Result<Option<Begun>, DbError> {
    Ok(open(conn, ticket, now)?.map(|(begun, _)| begun))
}

fn open(
    conn: &mut Conn,
    ticket: Ticket<'_>,
    now: OffsetDateTime,
) -> Result<Option<(Begun, Credentials)>, DbError> {
    let row: Option<(Option<UserId>, Option<i64>, String)> = begun::table
        .find(digest(ticket.number))
        .filter(begun::browser.eq(digest(ticket.browser)).and(begun::expires_at.gt(now)))
        .filter(begun::kind.eq("second"))
        .select((begun::user_id, begun::epoch, begun::next))
        .first(conn)
        .optional()?;
    let Some((Some(user), epoch, next)) = row else { return Ok(None) };
    let credentials = User::credentials_of(conn, user)?.filter(|now| Some(now.epoch) == epoch);
    let (Some(credentials), Some(user)) = (credentials, User::find(conn, user)?) else { return Ok(None) };
    Ok(Some((Begun { user, next }, credentials)))
}

/// Finishes a sign-in with a code: in one transaction, so that of two posts at once one signs in.
pub fn finish(
    conn: &mut Conn,
    ticket: Ticket<'_>,
    keys: Option<&SealingKeys>,
    asked: &Asked,
    now: OffsetDateTime,
) -> Result<Finished, DbError> {
    let Some((begun, credentials)) = open(conn, ticket, now)? else { return Ok(Finished::Gone) };
    let tried = authenticator::attempt(conn, keys, begun.user.id, asked, now)?;
    if !matches!(tried, Tried::Right) {
        return Ok(Finished::Not(tried));
    }
    let taken = diesel::delete(begun::table.find(digest(ticket.number))).execute(conn)?;
    if taken != 1 {
        return Ok(Finished::Gone);
    }
    Ok(Finished::SignedIn(credentials, begun.next))
}

/// What a passkey is asked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum AskedFor {
    /// To sign in.
    SignIn,
    /// To be added.
    Register,
    /// To confirm who someone is.
    Prove,
}

impl AskedFor {
    fn key(self) -> &'static str {
        match self {
            AskedFor::SignIn => "passkey",
            AskedFor::Register => "register",
            AskedFor::Prove => "prove",
        }
    }
}

/// A question to a passkey.
#[derive(Debug)]
pub struct AskedPasskey {
    /// Of whom; `None` where the passkey says.
    pub user: Option<UserId>,
    /// The user's epoch at that time.
    pub epoch: Option<i64>,
    /// What has to be kept, without the challenge.
    pub state: Value,
    /// Where to continue afterwards.
    pub next: String,
}

/// Keeps a question to a passkey until it's answered. The ticket's number is the challenge: what of it is
/// stored is a digest.
pub fn ask_passkey(
    conn: &mut Conn,
    ticket: Ticket<'_>,
    asked_for: AskedFor,
    asked: &AskedPasskey,
    now: OffsetDateTime,
) -> Result<(), DbError> {
    diesel::insert_into(begun::table)
        .values((
            begun::digest.eq(digest(ticket.number)),
            begun::browser.eq(digest(ticket.browser)),
            begun::kind.eq(asked_for.key()),
            begun::user_id.eq(asked.user),
            begun::epoch.eq(asked.epoch),
            begun::state.eq(&asked.state),
            begun::next.eq(&asked.next),
            begun::created_at.eq(now),
            begun::expires_at.eq(now + LASTS),
        ))
        .execute(conn)?;
    Ok(())
}

/// Takes the question that is answered: a challenge is of use once.
pub fn take_passkey(
    conn: &mut Conn,
    ticket: Ticket<'_>,
    asked_for: AskedFor,
    now: OffsetDateTime,
) -> Result<Option<AskedPasskey>, DbError> {
    let row = begun::table
        .find(digest(ticket.number))
        .filter(begun::browser.eq(digest(ticket.browser)).and(begun::kind.eq(asked_for.key())))
        .filter(begun::expires_at.gt(now));
    type Row = (Option<UserId>, Option<i64>, Option<Value>, String);
    let taken: Option<Row> = diesel::delete(row)
        .returning((begun::user_id, begun::epoch, begun::state, begun::next))
        .get_result(conn)
        .optional()?;
    Ok(taken.and_then(|(user, epoch, state, next)| Some(AskedPasskey { user, epoch, state: state?, next })))
}

/// Forgets sign-ins that nobody finished.
pub fn sweep(conn: &mut Conn, now: OffsetDateTime) -> Result<(), DbError> {
    diesel::delete(begun::table.filter(begun::expires_at.le(now))).execute(conn)?;
    Ok(())
}

fn digest(text: &str) -> Vec<u8> {
    Sha256::digest(text.as_bytes()).to_vec()
}
