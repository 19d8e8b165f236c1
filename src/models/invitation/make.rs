//! Inviting, sending again and revoking: each under the lock on the account.

use super::{Invitation, LASTS, MOST_OPEN, is_open};
use crate::db::schema::{invitations, memberships, users};
use crate::db::{Conn, DbError};
use crate::models::audit::{self, Action, Event, Origin};
use crate::models::link::LinkSecret;
use crate::models::mail::{self, Letter};
use crate::models::user::lower;
use crate::models::{Account, membership};
use crate::policy::{Act, Role};
use diesel::prelude::*;
use serde_json::json;
use time::OffsetDateTime;

/// What became of it.
#[derive(Debug)]
pub enum Invited {
    /// There is a link, to be shown once; another one is mailed.
    Made {
        /// What the link holds.
        secret: LinkSecret,
        /// For whom it is, with which role, until when.
        invitation: Invitation,
    },
    /// Somebody with this address is a member already.
    Member,
    /// There is an open invitation for this address.
    IsOpen,
    /// It was accepted, revoked or replaced before, or the account is gone.
    Gone,
    /// So many are open already.
    LimitReached(i64),
    /// The role of whoever asks does not go so far, or not any more.
    NotAllowed,
}

/// What became of revoking.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Revoked {
    /// Its links open nothing any more.
    Done,
    /// It was accepted, revoked or replaced before, or the account is gone.
    Gone,
    /// The role of whoever asks does not go so far, or not any more.
    NotAllowed,
}

/// Invites. Whether there is a user with this address is not asked, but for members of the account.
pub fn invite(
    conn: &mut Conn,
    account: &Account,
    email: &str,
    role: Role,
    origin: &Origin,
) -> Result<Invited, DbError> {
    if Account::lock(conn, account.id)?.is_none() {
        return Ok(Invited::Gone);
    }
    if !may(conn, account, origin, |own| own.may_change(None, Some(role)))? {
        return Ok(Invited::NotAllowed);
    }
    if is_member(conn, account, email)? {
        return Ok(Invited::Member);
    }
    // What has expired makes way.
    let own = || invitations::table.filter(invitations::account_id.eq(account.id).and(is_open()));
    let same = || own().filter(lower(invitations::email).eq(lower(email)));
    let expired: Vec<i64> =
        same().filter(invitations::expires_at.le(origin.now)).select(invitations::id).load(conn)?;
    close(conn, &expired, origin.now)?;
    if diesel::select(diesel::dsl::exists(same())).get_result(conn)? {
        return Ok(Invited::IsOpen);
    }
    let open: i64 = own().filter(invitations::expires_at.gt(origin.now)).count().get_result(conn)?;
    if open >= MOST_OPEN {
        return Ok(Invited::LimitReached(MOST_OPEN));
    }
    make(conn, account, email, role, Action::MemberInvited, origin)
}

/// Replaces an invitation by one that says the same: both old links open nothing any more.
pub fn send_again(conn: &mut Conn, account: &Account, id: i64, origin: &Origin) -> Result<Invited, DbError> {
    if Account::lock(conn, account.id)?.is_none() {
        return Ok(Invited::Gone);
    }
    let Some(old) = of_account(conn, account, id)? else { return Ok(Invited::Gone) };
    let role = old.role()?;
    if !may(conn, account, origin, |own| own.may_change(None, Some(role)))? {
        return Ok(Invited::NotAllowed);
    }
    if is_member(conn, account, &old.email)? {
        return Ok(Invited::Member);
    }
    close(conn, &[old.id], origin.now)?;
    make(conn, account, &old.email, role, Action::MemberInvitedAgain, origin)
}

/// Revokes.
pub fn revoke(conn: &mut Conn, account: &Account, id: i64, origin: &Origin) -> Result<Revoked, DbError> {
    if Account::lock(conn, account.id)?.is_none() {
        return Ok(Revoked::Gone);
    }
    if !may(conn, account, origin, |own| own.may(Act::ManageMembers))? {
        return Ok(Revoked::NotAllowed);
    }
    let Some(old) = of_account(conn, account, id)? else { return Ok(Revoked::Gone) };
    close(conn, &[old.id], origin.now)?;
    record(conn, &old, Action::InvitationRevoked, origin)?;
    Ok(Revoked::Done)
}

/// Revokes what is open for this address, as its user is taken out: an older link would lead back in.
/// Under the lock on the account.
pub(in crate::models) fn revoke_of(
    conn: &mut Conn,
    account: &Account,
    email: &str,
    origin: &Origin,
) -> Result<(), DbError> {
    let open: Vec<Invitation> = invitations::table
        .filter(invitations::account_id.eq(account.id).and(is_open()))
        .filter(lower(invitations::email).eq(lower(email)))
        .order(invitations::id)
        .select(Invitation::as_select())
        .load(conn)?;
    for one in open {
        close(conn, &[one.id], origin.now)?;
        record(conn, &one, Action::InvitationRevoked, origin)?;
    }
    Ok(())
}

fn make(
    conn: &mut Conn,
    account: &Account,
    email: &str,
    role: Role,
    action: Action,
    origin: &Origin,
) -> Result<Invited, DbError> {
    let secret = LinkSecret::generate()?;
    let invitation: Invitation = diesel::insert_into(invitations::table)
        .values((
            invitations::account_id.eq(account.id),
            invitations::email.eq(email),
            invitations::role.eq(role.key()),
            invitations::copied_digest.eq(secret.digest().as_slice()),
            invitations::invited_by.eq(origin.actor.user_id()),
            invitations::created_at.eq(origin.now),
            invitations::expires_at.eq(origin.now + LASTS),
        ))
        .returning(Invitation::as_returning())
        .get_result(conn)?;
    let (key, letter) = (format!("link/{}", invitation.id), Letter::Invitation { invitation: invitation.id });
    mail::queue(conn, &key, email, &letter, origin.now)?;
    record(conn, &invitation, action, origin)?;
    Ok(Invited::Made { secret, invitation })
}

fn record(conn: &mut Conn, one: &Invitation, action: Action, origin: &Origin) -> Result<(), DbError> {
    let event = Event {
        account: Some(one.account_id),
        user: None,
        action,
        object: ("invitation", Some(one.id), &one.email),
        before: None,
        after: Some(json!({ "role": one.role()?.key() })),
    };
    audit::record(conn, origin, &event)
}

/// The role of whoever asks, as it is under the lock.
fn may(
    conn: &mut Conn,
    account: &Account,
    origin: &Origin,
    may: impl FnOnce(Role) -> bool,
) -> Result<bool, DbError> {
    let Some(actor) = origin.actor.user_id() else { return Ok(false) };
    Ok(membership::role_of(conn, account.id, actor)?.is_some_and(may))
}

fn is_member(conn: &mut Conn, account: &Account, email: &str) -> Result<bool, DbError> {
    let members = memberships::table
        .inner_join(users::table)
        .filter(memberships::account_id.eq(account.id).and(lower(users::email).eq(lower(email))));
    Ok(diesel::select(diesel::dsl::exists(members)).get_result(conn)?)
}

fn of_account(conn: &mut Conn, account: &Account, id: i64) -> Result<Option<Invitation>, DbError> {
    Ok(invitations::table
        .filter(invitations::id.eq(id).and(invitations::account_id.eq(account.id)).and(is_open()))
        .select(Invitation::as_select())
        .first(conn)
        .optional()?)
}

fn close(conn: &mut Conn, ids: &[i64], now: OffsetDateTime) -> Result<(), DbError> {
    diesel::update(invitations::table.filter(invitations::id.eq_any(ids)))
        .set(invitations::revoked_at.eq(now))
        .execute(conn)?;
    Ok(())
}
