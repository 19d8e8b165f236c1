//! Tokens that expire soon: 14, 7 and 1 days before, each once.

use super::{about_owner, people};
use crate::db::schema::{accounts, tokens};
use crate::db::{Conn, DbError};
use crate::models::Token;
use crate::models::mail::{self, Letter};
use diesel::prelude::*;
use time::{Duration, OffsetDateTime};

/// So many days before it expires a token's people are told, the most urgent first.
const DAYS: [i64; 3] = [1, 7, 14];
/// So many tokens are looked at in one transaction.
const PART: i64 = 500;

/// Tells of those that expire soon, a part at a time: those behind this one. Answers the last that
/// was looked at, while there may be more. What is disabled, and what belongs to an account that is
/// suspended or being deleted, is left alone.
pub fn tell_of_expiring(
    conn: &mut Conn,
    behind: (OffsetDateTime, i64),
    now: OffsetDateTime,
) -> Result<Option<(OffsetDateTime, i64)>, DbError> {
    let (end, id) = (behind.0.max(now), behind.1);
    let further = tokens::expires_at.gt(end).or(tokens::expires_at.eq(end).and(tokens::id.gt(id)));
    let part: Vec<Token> = tokens::table
        .left_join(accounts::table)
        .filter(tokens::deleted_at.is_null().and(tokens::disabled_at.is_null()))
        .filter(tokens::expires_at.ge(end).and(tokens::expires_at.le(now + Duration::days(DAYS[2]))))
        .filter(further)
        .filter(accounts::id.is_null().or(accounts::state.eq("active")))
        .order((tokens::expires_at, tokens::id))
        .limit(PART)
        .select(Token::as_select())
        .load(conn)?;
    for token in &part {
        tell(conn, token, now)?;
    }
    let is_full = part.len() == usize::try_from(PART).unwrap_or(usize::MAX);
    Ok(part.last().filter(|_| is_full).and_then(|last| Some((last.expires_at?, last.id))))
}

/// The day that is due: of several, after an outage, the most urgent; none that lay before it was
/// made.
fn due(token: &Token, end: OffsetDateTime, now: OffsetDateTime) -> Option<i64> {
    DAYS.into_iter().find(|days| {
        let moment = end - Duration::days(*days);
        moment <= now && moment > token.created_at
    })
}

fn tell(conn: &mut Conn, token: &Token, now: OffsetDateTime) -> Result<(), DbError> {
    let Some(end) = token.expires_at else { return Ok(()) };
    let Some(days) = due(token, end, now) else { return Ok(()) };
    let owner = token.owned_by()?;
    for person in people(conn, owner, token.created_by)?.into_iter().filter(|one| one.wants_notices) {
        let letter = Letter::Expires {
            token: token.id,
            name: token.name.clone(),
            about: about_owner(conn, owner)?,
            expires_at: end,
        };
        let key = format!("expires/{}/{days}/{}", token.id, person.user);
        mail::queue(conn, &key, &person.email, &letter, now)?;
    }
    Ok(())
}
