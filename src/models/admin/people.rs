//! Users and accounts, as those who run the site look for them.

use crate::db::schema::{accounts, memberships, sessions, tokens, users};
use crate::db::{Conn, DbError};
use crate::models::rows::containing;
use crate::models::token::Owner;
use crate::models::token::filter::Filter;
use crate::models::token::list::{Wanted, Which};
use crate::models::token::live::live;
use crate::models::user::lower;
use crate::models::{Account, User};
use crate::policy::{AccountId, Role, UserId};
use diesel::prelude::*;
use time::OffsetDateTime;

/// So many rows stand on a page.
pub const PER_PAGE: usize = 50;
/// Counting stops here.
pub const MOST_COUNTED: usize = 1_000;

/// A user, with what hangs on them.
#[derive(Debug)]
pub struct Person {
    /// The user.
    pub user: User,
    /// Their accounts, with the role in each.
    pub accounts: Vec<(Account, Role)>,
    /// Accounts that would have no active owner without them.
    pub alone_in: Vec<Account>,
    /// How many sessions have not ended.
    pub sessions: i64,
    /// How many live tokens are theirs, up to [`MOST_COUNTED`] and one.
    pub tokens: usize,
}

/// An account, with what hangs on it.
#[derive(Debug)]
pub struct Tenant {
    /// The account.
    pub account: Account,
    /// Its owners.
    pub owners: Vec<User>,
    /// How many live tokens are its own, up to [`MOST_COUNTED`] and one.
    pub tokens: usize,
    /// How many of them freeze on a plan without scoped tokens, up to [`MOST_COUNTED`] and one.
    pub scoped: usize,
}

/// Users whose name or address contains the text, the newest first, and whether there are more.
pub fn users(conn: &mut Conn, text: &str, before: Option<UserId>) -> Result<(Vec<User>, bool), DbError> {
    let pattern = containing(text);
    let mut query = users::table
        .filter(lower(users::email).like(pattern.clone()).or(lower(users::name).like(pattern)))
        .order(users::id.desc())
        .limit(rows(PER_PAGE + 1))
        .select(User::as_select())
        .into_boxed();
    if let Some(before) = before {
        query = query.filter(users::id.lt(before));
    }
    Ok(part(query.load(conn)?))
}

/// Accounts whose name or address contains the text, or which have this number, the newest first,
/// and whether there are more.
pub fn accounts(
    conn: &mut Conn,
    text: &str,
    before: Option<AccountId>,
) -> Result<(Vec<Account>, bool), DbError> {
    let pattern = containing(text);
    // No account has the number 0.
    let number: AccountId = text.trim().parse().unwrap_or(AccountId::from(0));
    let mut query = accounts::table
        .filter(
            lower(accounts::name)
                .like(pattern.clone())
                .or(lower(accounts::email).like(pattern))
                .or(accounts::id.eq(number)),
        )
        .order(accounts::id.desc())
        .limit(rows(PER_PAGE + 1))
        .select(Account::as_select())
        .into_boxed();
    if let Some(before) = before {
        query = query.filter(accounts::id.lt(before));
    }
    Ok(part(query.load(conn)?))
}

/// One user.
pub fn person(conn: &mut Conn, id: UserId, now: OffsetDateTime) -> Result<Option<Person>, DbError> {
    let Some(user) = User::find(conn, id)? else { return Ok(None) };
    let sessions = sessions::table
        .filter(sessions::user_id.eq(id).and(sessions::ends_at.gt(now)).and(sessions::idle_until.gt(now)))
        .count()
        .get_result(conn)?;
    let accounts = Account::list_of_user(conn, id)?;
    let mut alone_in = Vec::new();
    for (account, role) in &accounts {
        if *role == Role::Owner && owners(conn, account.id)?.iter().all(|one| one.id == id) {
            alone_in.push(account.clone());
        }
    }
    Ok(Some(Person { accounts, alone_in, sessions, tokens: live_tokens(conn, Owner::User(id), now)?, user }))
}

/// One account.
pub fn tenant(conn: &mut Conn, id: AccountId, now: OffsetDateTime) -> Result<Option<Tenant>, DbError> {
    let Some(account) = Account::find(conn, id)? else { return Ok(None) };
    let scoped: Vec<i64> = tokens::table
        .filter(tokens::account_id.eq(id).and(tokens::full_access.eq(false)))
        .filter(live(now))
        .limit(rows(MOST_COUNTED + 1))
        .select(tokens::id)
        .load(conn)?;
    let tokens = live_tokens(conn, Owner::Account(id), now)?;
    Ok(Some(Tenant { owners: owners(conn, id)?, tokens, scoped: scoped.len(), account }))
}

/// The active owners of an account.
fn owners(conn: &mut Conn, account: AccountId) -> Result<Vec<User>, DbError> {
    Ok(users::table
        .inner_join(memberships::table)
        .filter(memberships::account_id.eq(account).and(memberships::role.eq(Role::Owner.key())))
        .filter(users::deactivated_at.is_null())
        .order((lower(users::name), users::id))
        .select(User::as_select())
        .load(conn)?)
}

fn live_tokens(conn: &mut Conn, owner: Owner, now: OffsetDateTime) -> Result<usize, DbError> {
    Wanted { owner, which: Which::Live, search: None, filter: Filter::default() }.count(conn, now)
}

/// What stands on a page, and whether there is more than that.
fn part<T>(mut found: Vec<T>) -> (Vec<T>, bool) {
    let more = found.len() > PER_PAGE;
    found.truncate(PER_PAGE);
    (found, more)
}

fn rows(count: usize) -> i64 {
    i64::try_from(count).unwrap_or(i64::MAX)
}
