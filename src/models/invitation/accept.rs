//! Accepting: decided again under the lock on the account, whatever the page said.

use super::{Invitation, inviter, is_open};
use crate::db::schema::invitations;
use crate::db::{Conn, DbError};
use crate::models::audit::{Actor, Origin};
use crate::models::user::NewUser;
use crate::models::{Account, AccountState, User, membership};
use crate::policy::{AccountId, ClientAddress, UserId};
use diesel::prelude::*;
use time::OffsetDateTime;

/// An invitation that can be accepted.
#[derive(Debug)]
pub struct Open {
    /// Itself.
    pub invitation: Invitation,
    /// Where it leads to.
    pub account: Account,
    /// Who invited, as people say it.
    pub inviter: String,
    /// Whether the link was mailed: whoever has it reads that address's mail.
    pub by_mail: bool,
}

/// What became of it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Joined {
    /// The user is a member of the account.
    Done {
        /// Number of the account.
        account: AccountId,
        /// Number of the user.
        user: UserId,
    },
    /// It was accepted, revoked or replaced before, has expired, or is not meant any more.
    Gone,
    /// Somebody signs in with this address already.
    AddressTaken,
    /// It is for somebody with another address.
    NotTheirs,
}

/// Somebody who comes in by a link.
#[derive(Debug, Clone)]
pub struct NewPerson {
    /// Name.
    pub name: String,
    /// What is kept of the password.
    pub password_hash: String,
}

/// The invitation behind a link, if it can be accepted now.
pub fn find(conn: &mut Conn, digest: &[u8; 32], now: OffsetDateTime) -> Result<Option<Open>, DbError> {
    type Row = (Invitation, Option<Vec<u8>>);
    let by_link = invitations::copied_digest
        .eq(digest.as_slice())
        .nullable()
        .or(invitations::mailed_digest.eq(digest.as_slice()))
        .assume_not_null();
    let row: Option<Row> = invitations::table
        .filter(by_link)
        .filter(invitations::expires_at.gt(now).and(is_open()))
        .select((Invitation::as_select(), invitations::mailed_digest))
        .first(conn)
        .optional()?;
    let Some((invitation, mailed)) = row else { return Ok(None) };
    if !invitation.is_still_meant(conn)? {
        return Ok(None);
    }
    let account =
        Account::find(conn, invitation.account_id)?.filter(|account| account.state != AccountState::Deleting);
    let Some(account) = account else { return Ok(None) };
    let inviter = inviter(conn, invitation.invited_by)?;
    let by_mail = mailed.as_deref() == Some(digest.as_slice());
    Ok(Some(Open { invitation, account, inviter, by_mail }))
}

/// Accepts, as somebody who is signed in. Whoever is a member already keeps the role; the
/// invitation is used up. A mailed link proves the address of the user that it was mailed to.
pub fn accept(
    conn: &mut Conn,
    digest: &[u8; 32],
    user: UserId,
    address: ClientAddress,
    now: OffsetDateTime,
) -> Result<Joined, DbError> {
    let Some(open) = locked(conn, digest, now)? else { return Ok(Joined::Gone) };
    let user = User::lock(conn, user)?.filter(|user| user.deactivated_at.is_none());
    let Some(user) = user.filter(|user| user.email.eq_ignore_ascii_case(&open.invitation.email)) else {
        return Ok(Joined::NotTheirs);
    };
    let actor = Actor::User { id: user.id, email: user.email.clone() };
    let origin = Origin { actor, now, address: Some(address) };
    if open.by_mail && user.email_verified_at.is_none() {
        user.prove_address(conn, &user.email, &origin)?;
    }
    come_in(conn, &open, &user, &origin)
}

/// Accepts, as somebody who was no user: one is made. Its address is proved by a mailed link only.
pub fn join(
    conn: &mut Conn,
    digest: &[u8; 32],
    person: &NewPerson,
    address: ClientAddress,
    now: OffsetDateTime,
) -> Result<Joined, DbError> {
    let Some(open) = locked(conn, digest, now)? else { return Ok(Joined::Gone) };
    let new = NewUser {
        email: &open.invitation.email,
        name: &person.name,
        password_hash: &person.password_hash,
        is_proved: open.by_mail,
    };
    let Some((user, origin)) = User::come(conn, &new, address, now)? else { return Ok(Joined::AddressTaken) };
    come_in(conn, &open, &user, &origin)
}

/// The invitation behind a link as it is under the account's lock, which all that changes one takes.
fn locked(conn: &mut Conn, digest: &[u8; 32], now: OffsetDateTime) -> Result<Option<Open>, DbError> {
    let Some(open) = find(conn, digest, now)? else { return Ok(None) };
    Account::lock(conn, open.account.id)?;
    find(conn, digest, now)
}

fn come_in(conn: &mut Conn, open: &Open, user: &User, origin: &Origin) -> Result<Joined, DbError> {
    diesel::update(invitations::table.find(open.invitation.id))
        .set((invitations::accepted_at.eq(origin.now), invitations::accepted_by.eq(user.id)))
        .execute(conn)?;
    membership::join(conn, &open.account, user, open.invitation.role()?, origin)?;
    Ok(Joined::Done { account: open.account.id, user: user.id })
}
