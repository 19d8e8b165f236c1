//! Users in accounts.

use super::audit::{self, Event, Origin};
use super::{Account, User};
use crate::db::schema::{accounts, memberships};
use crate::db::{Conn, DbError};
use crate::policy::Role;
use diesel::prelude::*;
use serde_json::json;

/// The account and the user's role in it; none when the user is no member there.
pub fn find(conn: &mut Conn, account: i64, user: i64) -> Result<Option<(Account, Role)>, DbError> {
    let row: Option<(Account, String)> = accounts::table
        .inner_join(memberships::table)
        .filter(accounts::id.eq(account).and(memberships::user_id.eq(user)))
        .select((Account::as_select(), memberships::role))
        .first(conn)
        .optional()?;
    row.map(|(account, role)| Ok((account, role_from(&role)?))).transpose()
}

/// Makes the user a member, or gives the member another role.
pub fn set(
    conn: &mut Conn,
    account: &Account,
    user: &User,
    role: Role,
    origin: &Origin,
) -> Result<(), DbError> {
    let before: Option<String> = memberships::table
        .find((account.id, user.id))
        .select(memberships::role)
        .for_no_key_update()
        .first(conn)
        .optional()?;
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
    let (before, after) = (before.map(|role| json!({ "role": role })), Some(json!({ "role": role.key() })));
    audit::record(conn, origin, &Event { before, ..event(account, user, "member.set", after) })
}

/// Takes the member out; says whether there was one.
pub fn remove(conn: &mut Conn, account: &Account, user: &User, origin: &Origin) -> Result<bool, DbError> {
    let gone = diesel::delete(memberships::table.find((account.id, user.id))).execute(conn)? > 0;
    if gone {
        audit::record(conn, origin, &event(account, user, "member.removed", None))?;
    }
    Ok(gone)
}

fn event<'a>(
    account: &Account,
    user: &'a User,
    action: &'a str,
    after: Option<serde_json::Value>,
) -> Event<'a> {
    Event {
        account: Some(account.id),
        action,
        object: ("user", Some(user.id), &user.email),
        before: None,
        after,
    }
}

pub(super) fn role_from(key: &str) -> Result<Role, DbError> {
    Role::from_key(key).ok_or_else(|| DbError::Corrupt(format!("role {key}")))
}
