//! Which live tokens are against limits that an account could set.

use super::members::reaching;
use super::reaching::{Condition, described, newest, page};
use crate::db::schema::{memberships, token_grants, tokens, users};
use crate::db::{Conn, DbError};
use crate::models::User;
use crate::models::membership::role_from;
use crate::models::token::Token;
use crate::policy::{Breach, Catalogue, Limits, Role, grants_in};
use diesel::dsl::IntervalDsl;
use diesel::dsl::exists;
use diesel::prelude::*;
use std::collections::HashMap;
use time::OffsetDateTime;

/// Counting stops here.
pub const MOST_COUNTED: i64 = 1_000;

/// Tokens that are against limits.
#[derive(Debug)]
pub struct Breaking {
    /// How many there may be, at most one more than [`MOST_COUNTED`].
    pub count: i64,
    /// The newest of them.
    pub newest: Vec<One>,
}

/// One of them.
#[derive(Debug)]
pub struct One {
    /// The token.
    pub token: Token,
    /// Its user, for user tokens.
    pub user: Option<User>,
    /// What of it is against the limits.
    pub breaches: Vec<Breach>,
}

/// The live tokens of the account, and those of its members that can reach it, that are against
/// these limits, whether or not the limits bind them.
pub fn find(
    conn: &mut Conn,
    catalogue: &Catalogue,
    account: i64,
    limits: &Limits,
    now: OffsetDateTime,
) -> Result<Breaking, DbError> {
    let rows: Vec<(User, String)> = memberships::table
        .inner_join(users::table)
        .filter(memberships::account_id.eq(account))
        .select((User::as_select(), memberships::role))
        .load(conn)?;
    let mut people: HashMap<i64, (User, Role)> = HashMap::new();
    for (user, role) in rows {
        people.insert(user.id, (user, role_from(&role)?));
    }
    let ids: Vec<i64> = people.keys().copied().collect();
    let concerned = || -> Condition {
        let own = tokens::account_id.eq(account).assume_not_null();
        let of_members = tokens::user_id.eq_any(ids.clone()).assume_not_null();
        Box::new(own.or(of_members.and(reaching(account, catalogue))))
    };
    let (found, _) = newest(page(conn, concerned(), against(limits), None, now)?);
    let count = tokens::table
        .filter(concerned())
        .filter(against(limits))
        .filter(tokens::deleted_at.is_null())
        .filter(tokens::expires_at.is_null().or(tokens::expires_at.gt(now)))
        .limit(MOST_COUNTED + 1)
        .select(tokens::id)
        .load::<i64>(conn)?
        .len();
    let newest = described(conn, found, &people)?
        .into_iter()
        .filter(|one| one.token.account_id.is_some() || grants_in(catalogue, &one.rights, account))
        .map(|one| One {
            breaches: limits.broken_by(&one.token.policy(one.rights), one.token.created_at),
            user: one.user.map(|(user, _)| user),
            token: one.token,
        })
        .collect();
    Ok(Breaking { count: i64::try_from(count).unwrap_or(i64::MAX), newest })
}

/// The same as [`Limits::broken_by`], in the words of the database.
fn against(limits: &Limits) -> Condition {
    let mut any: Condition = Box::new(tokens::id.ne(tokens::id));
    if !limits.never_allowed {
        any = Box::new(any.or(tokens::expires_at.is_null()));
    }
    if let Some(days) = limits.longest_life_days {
        // In seconds: what a day is to the database depends on its time zone.
        let longest = (i64::from(days) + 1) * 86_400;
        let end = tokens::created_at + longest.seconds();
        any = Box::new(any.or(tokens::expires_at.assume_not_null().gt(end)));
    }
    if limits.write_needs_network {
        let writes = token_grants::table
            .filter(token_grants::token_id.eq(tokens::id).and(token_grants::access.eq("full")));
        let from_anywhere = tokens::allowed_networks.eq(Vec::<ipnet::IpNet>::new());
        any = Box::new(any.or(from_anywhere.and(tokens::full_access.eq(true).or(exists(writes)))));
    }
    if !limits.everything_allowed {
        any = Box::new(any.or(tokens::full_access.eq(true)));
    }
    any
}
