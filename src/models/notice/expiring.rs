//! Tokens that expire soon: 14, 7 and 1 days before, each once.

use super::{Person, about_owner, concerned, people};
use crate::db::schema::{accounts, tokens};
use crate::db::{Conn, DbError};
use crate::models::mail::{self, About, Draft, Letter};
use crate::models::token::Owner;
use crate::models::{AccountState, Token};
use crate::policy::{TokenId, UserId};
use diesel::prelude::*;
use std::collections::HashMap;
use time::{Duration, OffsetDateTime};

/// So many days before it expires a token's people are told, the most urgent first.
const DAYS: [i64; 3] = [1, 7, 14];
/// So many tokens are looked at in one transaction. Each has up to fifty people, whose mails are put
/// down in one statement: it holds five values a mail, and Postgres takes 65,535 of them.
const PART: usize = 100;

/// What the mails to one owner's people need.
struct Circle {
    people: Vec<Person>,
    about: Option<About>,
}

/// Tells of those that expire soon, a part at a time: those behind this one. Answers the last that
/// was looked at, while there may be more. What is disabled, and what belongs to an account that is
/// suspended or being deleted, is left alone.
pub fn tell_of_expiring(
    conn: &mut Conn,
    behind: (OffsetDateTime, TokenId),
    now: OffsetDateTime,
) -> Result<Option<(OffsetDateTime, TokenId)>, DbError> {
    let part = part(conn, behind, now)?;
    let mut makers: HashMap<Owner, Vec<UserId>> = HashMap::new();
    for token in &part {
        makers.entry(token.owned_by()?).or_default().extend(token.created_by);
    }
    let mut circles = HashMap::new();
    for (owner, makers) in makers {
        circles.insert(
            owner,
            Circle { people: people(conn, owner, &makers)?, about: about_owner(conn, owner)? },
        );
    }
    let told = |token: &Token| Some(drafts(token, circles.get(&token.owner()?)?, now));
    let drafts: Vec<Draft> = part.iter().filter_map(told).flatten().collect();
    mail::queue_all(conn, &drafts, now)?;
    Ok(last(&part))
}

/// The last of a part that could not be told of, while there may be more behind it.
pub fn behind_expiring(
    conn: &mut Conn,
    behind: (OffsetDateTime, TokenId),
    now: OffsetDateTime,
) -> Result<Option<(OffsetDateTime, TokenId)>, DbError> {
    Ok(last(&part(conn, behind, now)?))
}

fn part(
    conn: &mut Conn,
    behind: (OffsetDateTime, TokenId),
    now: OffsetDateTime,
) -> Result<Vec<Token>, DbError> {
    let (end, id) = (behind.0.max(now), behind.1);
    let further = tokens::expires_at.gt(end).or(tokens::expires_at.eq(end).and(tokens::id.gt(id)));
    Ok(tokens::table
        .left_join(accounts::table)
        .filter(tokens::deleted_at.is_null().and(tokens::disabled_at.is_null()))
        .filter(tokens::expires_at.ge(end).and(tokens::expires_at.le(now + Duration::days(DAYS[2]))))
        .filter(further)
        .filter(accounts::id.is_null().or(accounts::state.eq(AccountState::Active)))
        .order((tokens::expires_at, tokens::id))
        .limit(i64::try_from(PART).unwrap_or(i64::MAX))
        .select(Token::as_select())
        .load(conn)?)
}

fn last(part: &[Token]) -> Option<(OffsetDateTime, TokenId)> {
    part.last().filter(|_| part.len() == PART).and_then(|last| Some((last.expires_at?, last.id)))
}

/// The day that is due: of several, after an outage, the most urgent; none that lay before it was
/// made.
fn due(token: &Token, end: OffsetDateTime, now: OffsetDateTime) -> Option<i64> {
    DAYS.into_iter().find(|days| {
        let moment = end - Duration::days(*days);
        moment <= now && moment > token.created_at
    })
}

/// The mails that are due of a token.
fn drafts(token: &Token, circle: &Circle, now: OffsetDateTime) -> Vec<Draft> {
    let Some(end) = token.expires_at else { return Vec::new() };
    let Some(days) = due(token, end, now) else { return Vec::new() };
    let draft = |person: &Person| Draft {
        key: format!("expires/{}/{days}/{}", token.id, person.user),
        recipient: person.email.clone(),
        letter: Letter::Expires {
            token: token.id,
            name: token.name.clone(),
            about: circle.about.clone(),
            expires_at: end,
        },
    };
    concerned(&circle.people, token.created_by).filter(|one| one.wants_notices).map(draft).collect()
}
