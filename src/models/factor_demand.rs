//! Accounts that ask their members for a second factor, from a day on.

use super::audit::{self, Action, Origin};
use super::mail::{self, About, Draft, Letter};
use super::{Account, User};
use crate::db::schema::{accounts, memberships, users};
use crate::db::{Conn, DbError};
use crate::policy::AccountId;
use diesel::prelude::*;
use serde_json::json;
use time::{Duration, OffsetDateTime};

/// How long before the day members are told again, the longest first.
const BEFORE: [(Duration, &str); 2] = [(Duration::DAY, "day"), (Duration::WEEK, "week")];

/// Active members without a second factor, by name, and how many active members there are.
pub fn lacking(conn: &mut Conn, account: AccountId) -> Result<(Vec<User>, i64), DbError> {
    let members = || {
        users::table
            .inner_join(memberships::table)
            .filter(memberships::account_id.eq(account).and(users::deactivated_at.is_null()))
    };
    let all = members().count().get_result(conn)?;
    let lacking = members()
        .filter(users::factor_since.is_null())
        .order((users::name, users::id))
        .select(User::as_select())
        .load(conn)?;
    Ok((lacking, all))
}

/// Sets from when the account's pages are closed to members without a second factor, and tells those; `None`
/// asks for none. `false` if the account is gone.
pub fn set(
    conn: &mut Conn,
    account: AccountId,
    from: Option<OffsetDateTime>,
    origin: &Origin,
) -> Result<bool, DbError> {
    let Some(before) = Account::lock(conn, account)? else { return Ok(false) };
    if before.factor_from == from {
        return Ok(true);
    }
    diesel::update(accounts::table.find(account))
        .set((accounts::factor_from.eq(from), accounts::updated_at.eq(origin.now)))
        .execute(conn)?;
    let day = |at: Option<OffsetDateTime>| json!({ "from": at.map(|at| at.date().to_string()) });
    let (was, is) = (day(before.factor_from), day(from));
    audit::record(conn, origin, &before.event(Action::AccountFactorDemanded, Some(was), Some(is)))?;
    if let Some(from) = from {
        tell(conn, &before, from, origin.now)?;
    }
    Ok(true)
}

/// Tells members who lack one of a day that comes near: each stage once, whichever node comes to it.
pub fn remind(conn: &mut Conn, now: OffsetDateTime) -> Result<(), DbError> {
    let near: Vec<Account> = accounts::table
        .filter(accounts::factor_from.gt(now).and(accounts::factor_from.le(now + Duration::WEEK)))
        .order(accounts::id)
        .select(Account::as_select())
        .load(conn)?;
    for account in near {
        if let Some(from) = account.factor_from {
            tell(conn, &account, from, now)?;
        }
    }
    Ok(())
}

fn tell(
    conn: &mut Conn,
    account: &Account,
    from: OffsetDateTime,
    now: OffsetDateTime,
) -> Result<(), DbError> {
    let stage = BEFORE.iter().find(|(before, _)| from - now <= *before).map_or("set", |(_, stage)| stage);
    let draft = |user: User| Draft {
        key: format!("factor-demanded/{}/{}/{}/{stage}", account.id, user.id, from.date()),
        letter: Letter::FactorDemanded {
            user: user.id,
            about: About { account: account.id, name: account.name.clone() },
            from,
        },
        recipient: user.email,
    };
    let (lacking, _) = lacking(conn, account.id)?;
    let told = lacking.into_iter().filter(|user| user.email_verified_at.is_some());
    let drafts: Vec<Draft> = told.map(draft).collect();
    mail::queue_all(conn, &drafts, now)
}
