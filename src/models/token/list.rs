//! The account's tokens, newest first, a page at a time.

use super::{Token, grants, usage};
use crate::db::schema::{token_secrets, tokens, users};
use crate::db::{Conn, DbError};
use crate::policy::Rights;
use diesel::dsl::not;
use diesel::pg::Pg;
use diesel::prelude::*;
use diesel::sql_types::Bool;
use std::collections::HashMap;
use time::OffsetDateTime;

/// So many tokens stand on a page.
pub const PER_PAGE: i64 = 50;
/// Counting stops here: the tab then says "1,000+", and a large account costs no more than that.
pub const MOST_COUNTED: usize = 1_000;

/// Which tokens.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Which {
    /// Neither deleted nor expired.
    Live,
    /// Deleted or expired.
    Ended,
}

/// A place between two tokens of the list.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Cursor {
    /// When the last one before it was made.
    pub created_at: OffsetDateTime,
    /// Its number.
    pub id: i64,
}

/// A token with what a row of the list says of it.
#[derive(Debug)]
pub struct Listed {
    /// The token.
    pub token: Token,
    /// What it may do.
    pub rights: Rights,
    /// Hint of its newest secret.
    pub hint: String,
    /// Who made it; none for the command line.
    pub maker: Option<String>,
    /// Who deleted it.
    pub remover: Option<String>,
    /// When it was last used.
    pub last_use: Option<usage::LastUse>,
}

type Condition = Box<dyn BoxableExpression<tokens::table, Pg, SqlType = Bool>>;

fn which(account: i64, which: Which, now: OffsetDateTime) -> Condition {
    let expired = || tokens::expires_at.le(now).assume_not_null().and(tokens::expires_at.is_not_null());
    let own = tokens::account_id.eq(account).assume_not_null();
    match which {
        Which::Live => Box::new(own.and(tokens::deleted_at.is_null()).and(not(expired()))),
        Which::Ended => Box::new(own.and(tokens::deleted_at.is_not_null().or(expired()))),
    }
}

/// How many there are, up to [`MOST_COUNTED`] and one.
pub fn count(conn: &mut Conn, account: i64, kind: Which, now: OffsetDateTime) -> Result<usize, DbError> {
    let own = || tokens::table.filter(tokens::account_id.eq(account));
    let newest = (tokens::created_at.desc(), tokens::id.desc());
    let all = match kind {
        Which::Live => {
            let live = own().filter(which(account, kind, now));
            counted(conn, live.order(newest).select(tokens::id).into_boxed())?
        }
        // Apart, as each has an index of its own; together they would be looked for in all tokens.
        Which::Ended => {
            let deleted = own().filter(tokens::deleted_at.is_not_null()).order(newest);
            let expired = own()
                .filter(tokens::deleted_at.is_null().and(tokens::expires_at.le(now)))
                .order(tokens::expires_at);
            counted(conn, deleted.select(tokens::id).into_boxed())?
                + counted(conn, expired.select(tokens::id).into_boxed())?
        }
    };
    Ok(all.min(MOST_COUNTED + 1))
}

/// How many rows, up to [`MOST_COUNTED`] and one. The order is that of an index: without one, the
/// planner takes the shortest way to so many rows to be through the whole table.
fn counted(
    conn: &mut Conn,
    ids: tokens::BoxedQuery<'_, Pg, diesel::sql_types::BigInt>,
) -> Result<usize, DbError> {
    let most = i64::try_from(MOST_COUNTED + 1).unwrap_or(i64::MAX);
    Ok(ids.limit(most).load::<i64>(conn)?.len())
}

/// A page of them, and the place where the next one starts if there is more.
pub fn page(
    conn: &mut Conn,
    account: i64,
    kind: Which,
    before: Option<Cursor>,
    now: OffsetDateTime,
) -> Result<(Vec<Listed>, Option<Cursor>), DbError> {
    let mut query = tokens::table
        .filter(which(account, kind, now))
        .order((tokens::created_at.desc(), tokens::id.desc()))
        .limit(PER_PAGE + 1)
        .select(Token::as_select())
        .into_boxed();
    if let Some(Cursor { created_at, id }) = before {
        // Written so that the index is entered at the cursor; `a < x OR (a = x AND b < y)` scans.
        query = query
            .filter(tokens::created_at.le(created_at))
            .filter(tokens::created_at.lt(created_at).or(tokens::id.lt(id)));
    }
    let mut found: Vec<Token> = query.load(conn)?;
    let more = found.len() > usize::try_from(PER_PAGE).unwrap_or(usize::MAX);
    if more {
        found.pop();
    }
    let next = found.last().filter(|_| more).map(|last| Cursor { created_at: last.created_at, id: last.id });
    Ok((described(conn, found)?, next))
}

fn described(conn: &mut Conn, found: Vec<Token>) -> Result<Vec<Listed>, DbError> {
    let ids: Vec<i64> = found.iter().map(|token| token.id).collect();
    let mut grants = grants::of_tokens(conn, &ids)?;
    let mut uses = usage::of_tokens(conn, &ids)?;
    let mut hints: HashMap<i64, String> = token_secrets::table
        .filter(token_secrets::token_id.eq_any(&ids))
        .order(token_secrets::id)
        .select((token_secrets::token_id, token_secrets::hint))
        .load::<(i64, String)>(conn)?
        .into_iter()
        .collect();
    let people: Vec<i64> =
        found.iter().flat_map(|token| [token.created_by, token.deleted_by]).flatten().collect();
    let emails: HashMap<i64, String> = users::table
        .filter(users::id.eq_any(&people))
        .select((users::id, users::email))
        .load::<(i64, String)>(conn)?
        .into_iter()
        .collect();
    let email = |user: Option<i64>| user.and_then(|user| emails.get(&user).cloned());
    Ok(found
        .into_iter()
        .map(|token| Listed {
            rights: if token.full_access {
                Rights::Everything
            } else {
                Rights::Grants(grants.remove(&token.id).unwrap_or_default())
            },
            hint: hints.remove(&token.id).unwrap_or_default(),
            maker: email(token.created_by),
            remover: email(token.deleted_by),
            last_use: uses.remove(&token.id),
            token,
        })
        .collect())
}
