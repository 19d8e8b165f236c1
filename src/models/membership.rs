//! Users in accounts.

mod list;

pub use list::{Member, Wanted, count_without_factor, list, one, people};

use super::audit::{self, Action, Event, Origin};
use super::{Account, User, invitation};
use crate::db::schema::{accounts, memberships, users};
use crate::db::{Conn, DbError};
use crate::policy::{AccountId, Role, UserId};
use diesel::prelude::*;
use serde_json::json;

/// The account and the user's role in it; none when the user is no member there.
pub fn find(conn: &mut Conn, account: AccountId, user: UserId) -> Result<Option<(Account, Role)>, DbError> {
    let row: Option<(Account, String)> = accounts::table
        .inner_join(memberships::table)
        .filter(accounts::id.eq(account).and(memberships::user_id.eq(user)))
        .select((Account::as_select(), memberships::role))
        .first(conn)
        .optional()?;
    row.map(|(account, role)| Ok((account, role_from(&role)?))).transpose()
}

/// What became of a change.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Changed {
    /// It is done.
    Done,
    /// The user is no member.
    NoMember,
    /// The account is gone.
    NoAccount,
    /// The account would be without an owner.
    LastOwner,
    /// The role of whoever asks does not go so far, or not any more.
    NotAllowed,
}

/// Makes the user a member, or gives the member another role. Under the lock on the account, so
/// that two owners who lower each other at once cannot both succeed.
pub fn set(
    conn: &mut Conn,
    account: &Account,
    user: &User,
    role: Role,
    origin: &Origin,
) -> Result<Changed, DbError> {
    if Account::lock(conn, account.id)?.is_none() {
        return Ok(Changed::NoAccount);
    }
    let before = role_of(conn, account.id, user.id)?;
    put(conn, account, user, (before, role), origin)
}

/// Gives the member another role. Whoever was taken out meanwhile stays out.
pub fn change(
    conn: &mut Conn,
    account: &Account,
    user: &User,
    role: Role,
    origin: &Origin,
) -> Result<Changed, DbError> {
    if Account::lock(conn, account.id)?.is_none() {
        return Ok(Changed::NoAccount);
    }
    match role_of(conn, account.id, user.id)? {
        None => Ok(Changed::NoMember),
        before => put(conn, account, user, (before, role), origin),
    }
}

/// Makes somebody a member whom an invitation lets in, which has decided that it may. A member
/// already keeps the role; says whether the user was none.
pub(super) fn join(
    conn: &mut Conn,
    account: &Account,
    user: &User,
    role: Role,
    origin: &Origin,
) -> Result<bool, DbError> {
    let joined = diesel::insert_into(memberships::table)
        .values((
            memberships::account_id.eq(account.id),
            memberships::user_id.eq(user.id),
            memberships::role.eq(role.key()),
            memberships::created_at.eq(origin.now),
        ))
        .on_conflict_do_nothing()
        .execute(conn)?
        > 0;
    if joined {
        let after = Some(json!({ "role": role.key() }));
        audit::record(conn, origin, &event(account, user, Action::MemberJoined, after))?;
    }
    Ok(joined)
}

fn put(
    conn: &mut Conn,
    account: &Account,
    user: &User,
    (before, role): (Option<Role>, Role),
    origin: &Origin,
) -> Result<Changed, DbError> {
    if let Some(refused) = refuse(conn, account, user, before, Some(role), origin)? {
        return Ok(refused);
    }
    if before == Some(role) {
        return Ok(Changed::Done);
    }
    diesel::insert_into(memberships::table)
        .values((
            memberships::account_id.eq(account.id),
            memberships::user_id.eq(user.id),
            memberships::role.eq(role.key()),
            memberships::created_at.eq(origin.now),
        ))
        .on_conflict((memberships::account_id, memberships::user_id))
        .do_update()
        .set(memberships::role.eq(role.key()))
        .execute(conn)?;
    let before = before.map(|role| json!({ "role": role.key() }));
    let after = Some(json!({ "role": role.key() }));
    audit::record(conn, origin, &Event { before, ..event(account, user, Action::MemberSet, after) })?;
    Ok(Changed::Done)
}

/// Takes the member out, whom no open invitation leads back in. Anybody may leave.
pub fn remove(conn: &mut Conn, account: &Account, user: &User, origin: &Origin) -> Result<Changed, DbError> {
    if Account::lock(conn, account.id)?.is_none() {
        return Ok(Changed::NoAccount);
    }
    let Some(before) = role_of(conn, account.id, user.id)? else { return Ok(Changed::NoMember) };
    if let Some(refused) = refuse(conn, account, user, Some(before), None, origin)? {
        return Ok(refused);
    }
    diesel::delete(memberships::table.find((account.id, user.id))).execute(conn)?;
    invitation::revoke_of(conn, account, &user.email, origin)?;
    let before = Some(json!({ "role": before.key() }));
    audit::record(conn, origin, &Event { before, ..event(account, user, Action::MemberRemoved, None) })?;
    Ok(Changed::Done)
}

/// Why a change cannot be: decided under the lock, by the roles of that moment.
fn refuse(
    conn: &mut Conn,
    account: &Account,
    user: &User,
    before: Option<Role>,
    after: Option<Role>,
    origin: &Origin,
) -> Result<Option<Changed>, DbError> {
    if let Some(actor) = origin.actor.user_id() {
        let leaves = actor == user.id && after.is_none();
        let allowed = role_of(conn, account.id, actor)?.is_some_and(|own| own.may_change(before, after));
        if !leaves && !allowed {
            return Ok(Some(Changed::NotAllowed));
        }
    }
    if before != Some(Role::Owner) || after == Some(Role::Owner) {
        return Ok(None);
    }
    let others: i64 = memberships::table
        .inner_join(users::table)
        .filter(memberships::account_id.eq(account.id).and(memberships::user_id.ne(user.id)))
        .filter(memberships::role.eq(Role::Owner.key()).and(users::deactivated_at.is_null()))
        .count()
        .get_result(conn)?;
    Ok((others == 0).then_some(Changed::LastOwner))
}

pub(super) fn role_of(conn: &mut Conn, account: AccountId, user: UserId) -> Result<Option<Role>, DbError> {
    let role: Option<String> =
        memberships::table.find((account, user)).select(memberships::role).first(conn).optional()?;
    role.map(|role| role_from(&role)).transpose()
}

fn event<'a>(
    account: &Account,
    user: &'a User,
    action: Action,
    after: Option<serde_json::Value>,
) -> Event<'a> {
    Event {
        account: Some(account.id),
        user: None,
        action,
        object: ("user", Some(user.id.get()), &user.email),
        before: None,
        after,
    }
}

pub(in crate::models) fn role_from(key: &str) -> Result<Role, DbError> {
    Role::from_key(key).ok_or_else(|| DbError::Corrupt(format!("role {key}")))
}
