//! Refused calls of tokens: written apart from the calls, a batch at a time.

use crate::db::schema::{token_refusals, tokens};
use crate::db::{Conn, DbError};
use crate::policy::{Access, RefusalCode, TokenId};
use diesel::dsl::count_star;
use diesel::prelude::*;
use diesel::sql_query;
use diesel::sql_types::{Array, BigInt, Text, Timestamptz};
use std::borrow::Cow;
use std::collections::HashSet;
use time::OffsetDateTime;

/// At most so many kinds of refusals are kept of a token: those that came last.
pub const MOST_KINDS: i64 = 50;

/// What refused calls are counted by. Nothing in it was chosen by the caller.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Kind {
    /// Number of the token.
    pub token: TokenId,
    /// What the route needs; none where any working token will do.
    pub needs: Option<(Cow<'static, str>, Access)>,
    /// Why.
    pub reason: RefusalCode,
}

/// Refused calls of one kind.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Span {
    /// When the first one came.
    pub first_at: OffsetDateTime,
    /// When the last one came.
    pub last_at: OffsetDateTime,
    /// How many there were.
    pub calls: i64,
}

/// Refused calls of one kind, as they stand in the database.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Kept {
    /// Permission and access that the route needs; none where any working token will do.
    pub needs: Option<(String, Access)>,
    /// Why; `None` for a reason that a newer version wrote.
    pub reason: Option<RefusalCode>,
    /// When, and how many.
    pub span: Span,
}

/// Adds refused calls to those that are kept. Tokens that are gone are passed over.
pub fn write(conn: &mut Conn, refused: &[(Kind, Span)]) -> Result<(), DbError> {
    let mut refused = refused.to_vec();
    refused.sort_unstable_by(|(one, _), (other, _)| one.cmp(other));
    for part in refused.chunks(1_000) {
        // Under a lock on the tokens, so that nodes that write at once keep no more than they may.
        let there: HashSet<TokenId> = tokens::table
            .filter(tokens::id.eq_any(part.iter().map(|(kind, _)| kind.token)))
            .order(tokens::id)
            .select(tokens::id)
            .for_no_key_update()
            .load(conn)?
            .into_iter()
            .collect();
        add(conn, part.iter().filter(|(kind, _)| there.contains(&kind.token)))?;
        trim(conn, &there)?;
    }
    Ok(())
}

fn add<'a>(conn: &mut Conn, refused: impl Iterator<Item = &'a (Kind, Span)>) -> Result<(), DbError> {
    const WRITE: &str = "INSERT INTO token_refusals AS known
            (token_id, permission, access, reason, first_at, last_at, calls)
        SELECT * FROM unnest($1, $2, $3, $4, $5, $6, $7)
        ON CONFLICT (token_id, permission, access, reason) DO UPDATE
        SET first_at = LEAST(known.first_at, excluded.first_at),
            last_at = GREATEST(known.last_at, excluded.last_at), calls = known.calls + excluded.calls";
    let rows: Vec<&(Kind, Span)> = refused.collect();
    if rows.is_empty() {
        return Ok(());
    }
    let kinds = || rows.iter().map(|(kind, _)| kind);
    let spans = || rows.iter().map(|(_, span)| span);
    let permissions = kinds().map(|kind| kind.needs.as_ref().map_or("", |(key, _)| key.as_ref()));
    let levels = kinds().map(|kind| kind.needs.as_ref().map_or("", |(_, level)| level.key()));
    sql_query(WRITE)
        .bind::<Array<BigInt>, _>(kinds().map(|kind| kind.token).collect::<Vec<_>>())
        .bind::<Array<Text>, _>(permissions.collect::<Vec<_>>())
        .bind::<Array<Text>, _>(levels.collect::<Vec<_>>())
        .bind::<Array<Text>, _>(kinds().map(|kind| kind.reason.key()).collect::<Vec<_>>())
        .bind::<Array<Timestamptz>, _>(spans().map(|span| span.first_at).collect::<Vec<_>>())
        .bind::<Array<Timestamptz>, _>(spans().map(|span| span.last_at).collect::<Vec<_>>())
        .bind::<Array<BigInt>, _>(spans().map(|span| span.calls).collect::<Vec<_>>())
        .execute(conn)?;
    Ok(())
}

/// Forgets the kinds of each token that came longest ago.
fn trim(conn: &mut Conn, of: &HashSet<TokenId>) -> Result<(), DbError> {
    use token_refusals::{access, last_at, permission, reason, token_id};
    let over: Vec<i64> = token_refusals::table
        .filter(token_id.eq_any(of))
        .group_by(token_id)
        .having(count_star().gt(MOST_KINDS))
        .select(token_id)
        .load(conn)?;
    for token in over {
        let oldest: Vec<(String, String, String)> = token_refusals::table
            .filter(token_id.eq(token))
            .order((last_at.desc(), permission, access, reason))
            .offset(MOST_KINDS)
            .select((permission, access, reason))
            .load(conn)?;
        for (of, level, why) in oldest {
            diesel::delete(token_refusals::table.find((token, of, level, why))).execute(conn)?;
        }
    }
    Ok(())
}

/// The refused calls of a token, those that came last first.
pub fn of_token(conn: &mut Conn, token: TokenId) -> Result<Vec<Kept>, DbError> {
    type Row = (String, String, String, OffsetDateTime, OffsetDateTime, i64);
    let rows: Vec<Row> = token_refusals::table
        .filter(token_refusals::token_id.eq(token))
        .order((
            token_refusals::last_at.desc(),
            token_refusals::permission,
            token_refusals::access,
            token_refusals::reason,
        ))
        .limit(MOST_KINDS)
        .select((
            token_refusals::permission,
            token_refusals::access,
            token_refusals::reason,
            token_refusals::first_at,
            token_refusals::last_at,
            token_refusals::calls,
        ))
        .load(conn)?;
    Ok(rows
        .into_iter()
        .map(|(permission, access, reason, first_at, last_at, calls)| Kept {
            needs: Access::from_key(&access).map(|access| (permission, access)),
            reason: RefusalCode::from_key(&reason),
            span: Span { first_at, last_at, calls },
        })
        .collect())
}
