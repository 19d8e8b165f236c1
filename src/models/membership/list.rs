//! The members of an account, as pages list them.

use super::role_from;
use crate::db::schema::{memberships, users};
use crate::db::{Conn, DbError};
use crate::models::User;
use crate::models::rows::{Part, containing};
use crate::models::user::lower;
use crate::policy::{AccountId, Role, UserId};
use diesel::prelude::*;
use std::collections::HashMap;
use time::OffsetDateTime;

/// A member in the list.
#[derive(Debug)]
pub struct Member {
    /// Who.
    pub user: User,
    /// The role.
    pub role: Role,
    /// Since when.
    pub since: OffsetDateTime,
}

#[diesel::dsl::auto_type(no_type_alias)]
fn of_account(account: AccountId, pattern: String) -> _ {
    let other: String = pattern.clone();
    memberships::table
        .inner_join(users::table)
        .filter(memberships::account_id.eq(account))
        .filter(lower(users::email).like(pattern).or(lower(users::name).like(other)))
}

/// Which members a list shows.
#[derive(Debug, Clone, Default)]
pub struct Wanted {
    /// Those whose name or address contains it.
    pub text: String,
    /// Only those without a second factor.
    pub without_factor: bool,
}

/// These members, by name.
pub fn list(
    conn: &mut Conn,
    account: AccountId,
    wanted: &Wanted,
    number: i64,
) -> Result<Part<Member>, DbError> {
    let matching = || {
        let all = of_account(account, containing(&wanted.text)).into_boxed();
        if wanted.without_factor { all.filter(users::factor_since.is_null()) } else { all }
    };
    let total = matching().count().get_result(conn)?;
    Part::load(number, total, |window| {
        let rows: Vec<(User, String, OffsetDateTime)> = matching()
            .order((lower(users::name), users::id))
            .offset(window.offset)
            .limit(window.limit)
            .select((User::as_select(), memberships::role, memberships::created_at))
            .load(conn)?;
        rows.into_iter()
            .map(|(user, role, since)| Ok(Member { user, role: role_from(&role)?, since }))
            .collect()
    })
}

/// How many members have no second factor.
pub fn count_without_factor(conn: &mut Conn, account: AccountId) -> Result<i64, DbError> {
    let all = of_account(account, containing("")).filter(users::factor_since.is_null());
    Ok(all.count().get_result(conn)?)
}

/// One of them.
pub fn one(conn: &mut Conn, account: AccountId, user: UserId) -> Result<Option<Member>, DbError> {
    let row: Option<(User, String, OffsetDateTime)> = memberships::table
        .inner_join(users::table)
        .filter(memberships::account_id.eq(account).and(memberships::user_id.eq(user)))
        .select((User::as_select(), memberships::role, memberships::created_at))
        .first(conn)
        .optional()?;
    row.map(|(user, role, since)| Ok(Member { user, role: role_from(&role)?, since })).transpose()
}

/// The members of an account, or this one alone if they are one, by number.
pub fn people(
    conn: &mut Conn,
    account: AccountId,
    only: Option<UserId>,
) -> Result<HashMap<UserId, (User, Role)>, DbError> {
    let mut members = memberships::table
        .inner_join(users::table)
        .filter(memberships::account_id.eq(account))
        .select((User::as_select(), memberships::role))
        .into_boxed();
    if let Some(user) = only {
        members = members.filter(memberships::user_id.eq(user));
    }
    let rows: Vec<(User, String)> = members.load(conn)?;
    rows.into_iter().map(|(user, role)| Ok((user.id, (user, role_from(&role)?)))).collect()
}
