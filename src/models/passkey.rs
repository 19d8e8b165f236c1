//! Passkeys: each is two factors, since it verifies its holder.

use super::audit::{Action, Origin};
use super::authenticator::{self, Factors};
use super::begun::{self, AskedFor, AskedPasskey, Ticket};
use super::mail::{FactorEvent, Letter};
use super::user::Credentials;
use super::{User, session};
use crate::db::schema::{authenticators, users};
use crate::db::{Conn, DbError};
use crate::policy::UserId;
use crate::proof::webauthn::{Claim, Created, Kept, Refused, RelyingParty};
use diesel::prelude::*;
use serde_json::Value;
use time::OffsetDateTime;
use uuid::Uuid;

/// How many a person may have.
pub const MOST: usize = 20;

/// A passkey as its person sees it.
#[derive(Debug, Clone, PartialEq, Eq, Queryable)]
pub struct Shown {
    /// Its number.
    pub id: i64,
    /// What the person calls it.
    pub name: String,
    /// The host that it was created for.
    pub host: String,
    /// When it was added.
    pub created_at: OffsetDateTime,
    /// When it was last used.
    pub used_at: Option<OffsetDateTime>,
}

/// A person's passkeys, the oldest first.
pub fn of_user(conn: &mut Conn, user: UserId) -> Result<Vec<Shown>, DbError> {
    Ok(authenticators::table
        .filter(authenticators::user_id.eq(user).and(authenticators::kind.eq("passkey")))
        .order(authenticators::id)
        .select((
            authenticators::id,
            authenticators::name.assume_not_null(),
            authenticators::rp_id.assume_not_null(),
            authenticators::created_at,
            authenticators::used_at,
        ))
        .load(conn)?)
}

/// What is stored of those that work at this host.
pub fn known(conn: &mut Conn, user: UserId, host: &str) -> Result<Vec<Value>, DbError> {
    Ok(authenticators::table
        .filter(authenticators::user_id.eq(user).and(authenticators::rp_id.eq(host)))
        .order(authenticators::id)
        .select(authenticators::passkey.assume_not_null())
        .load(conn)?)
}

/// What the user's passkeys call them; made now where there is none.
pub fn handle(conn: &mut Conn, user: UserId) -> Result<Uuid, DbError> {
    let row = users::table.find(user);
    if let Some(known) = row.select(users::passkey_handle).first::<Option<Uuid>>(conn)? {
        return Ok(known);
    }
    diesel::update(row.filter(users::passkey_handle.is_null()))
        .set(users::passkey_handle.eq(Uuid::new_v4()))
        .execute(conn)?;
    let made: Option<Uuid> = row.select(users::passkey_handle).first(conn)?;
    made.ok_or_else(|| DbError::Corrupt("a user without a handle".to_owned()))
}

/// What became of a new passkey.
#[derive(Debug)]
pub enum Added {
    /// It counts; with the first factor come recovery codes, to be shown once.
    Done(Vec<String>),
    /// It's known already, as this person's or another's.
    Known,
    /// There are as many as a person may have.
    TooMany,
}

/// Adds a passkey.
pub fn add(
    conn: &mut Conn,
    user: &User,
    (name, host): (&str, &str),
    new: &Created,
    session: i64,
    origin: &Origin,
) -> Result<Added, DbError> {
    let Some(before) = User::lock(conn, user.id)? else { return Ok(Added::Known) };
    if of_user(conn, user.id)?.len() >= MOST {
        return Ok(Added::TooMany);
    }
    let added = diesel::insert_into(authenticators::table)
        .values((
            authenticators::user_id.eq(user.id),
            authenticators::kind.eq("passkey"),
            authenticators::name.eq(name),
            authenticators::credential.eq(&new.credential),
            authenticators::passkey.eq(&new.passkey),
            authenticators::rp_id.eq(host),
            authenticators::created_at.eq(origin.now),
            authenticators::proved_at.eq(origin.now),
        ))
        .on_conflict(authenticators::credential)
        .do_nothing()
        .execute(conn)?;
    if added == 0 {
        return Ok(Added::Known);
    }
    authenticator::note_factors(conn, user.id, origin.now)?;
    session::forget_full_proofs(conn, user.id, session)?;
    user.factor_event(conn, Action::UserFactorAdded, FactorEvent::PasskeyAdded, origin)?;
    let is_first = before.factor_since.is_none();
    Ok(Added::Done(if is_first {
        authenticator::insert_codes(conn, user.id, origin.now)?
    } else {
        Vec::new()
    }))
}

/// What became of an answer.
pub enum Answered {
    /// It's right: this is who has the passkey, and where to continue.
    Right(Credentials, String),
    /// The question was answered already, is too old or belongs to another browser.
    Gone,
    /// No passkey of ours, or not as it was asked.
    Wrong,
}

/// Checks an answer and takes its question: with a passkey that is locked, so that of two answers with one
/// counter one is right. `only` is whose passkey it has to be. In a transaction.
pub fn answer(
    conn: &mut Conn,
    party: &RelyingParty,
    (ticket, asked_for): (Ticket<'_>, AskedFor),
    text: &str,
    only: Option<UserId>,
    now: OffsetDateTime,
) -> Result<Answered, DbError> {
    let Some(asked) = begun::take_passkey(conn, ticket, asked_for, now)? else { return Ok(Answered::Gone) };
    let Some(claim) = Claim::read(text) else { return Ok(Answered::Wrong) };
    let row: Option<(i64, UserId, Option<Value>)> = authenticators::table
        .filter(authenticators::credential.eq(claim.credential()).and(authenticators::rp_id.eq(party.host())))
        .select((authenticators::id, authenticators::user_id, authenticators::passkey))
        .for_update()
        .first(conn)
        .optional()?;
    let Some((id, user, Some(stored))) = row else { return Ok(Answered::Wrong) };
    if only.or(asked.user).is_some_and(|only| only != user) {
        return Ok(Answered::Wrong);
    }
    let credentials = User::credentials_of(conn, user)?;
    let credentials = credentials.filter(|now| asked.epoch.is_none_or(|epoch| epoch == now.epoch));
    let Some(credentials) = credentials else { return Ok(Answered::Wrong) };
    let handle: Option<Uuid> = users::table.find(user).select(users::passkey_handle).first(conn)?;
    // Where nobody said before who they are, the passkey has to.
    let says_who = claim.handle().is_some() || asked.user.is_some();
    if !says_who || claim.handle().is_some_and(|said| Some(said) != handle) {
        return Ok(Answered::Wrong);
    }
    let question = Kept { state: &asked.state, challenge: ticket.number };
    let proved = match party.proved(&claim, question, &stored) {
        Ok(proved) => proved,
        Err(why) => {
            tracing::warn!(user = user.get(), ?why, "passkey refused");
            if why == Refused::WentBack {
                tell_of_copy(conn, (user, id), &stored, now)?;
            }
            return Ok(Answered::Wrong);
        }
    };
    diesel::update(authenticators::table.find(id))
        .set((authenticators::passkey.eq(proved), authenticators::used_at.eq(now)))
        .execute(conn)?;
    Ok(Answered::Right(credentials, asked.next))
}

/// Tells the person that a passkey of theirs was refused because its counter went back: once for each counter
/// that it was at.
fn tell_of_copy(
    conn: &mut Conn,
    (user, passkey): (UserId, i64),
    stored: &Value,
    now: OffsetDateTime,
) -> Result<(), DbError> {
    let Some(user) = User::find(conn, user)? else { return Ok(()) };
    let counter = &stored["cred"]["counter"];
    let letter = Letter::FactorChanged { user: user.id, event: FactorEvent::PasskeyCopied, address: None };
    user.tell(conn, &format!("passkey-copied/{passkey}/{counter}"), &letter, now)
}

/// Takes the question that a new passkey answers.
pub fn take_new(
    conn: &mut Conn,
    ticket: Ticket<'_>,
    user: UserId,
    now: OffsetDateTime,
) -> Result<Option<AskedPasskey>, DbError> {
    let taken = begun::take_passkey(conn, ticket, AskedFor::Register, now)?;
    Ok(taken.filter(|asked| asked.user == Some(user)))
}

/// Whether a passkey works at this host.
pub fn works_at(factors: &Factors, host: &str) -> bool {
    factors.passkeys.iter().any(|one| one.host == host)
}
