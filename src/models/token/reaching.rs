//! Which tokens reach a resource: candidates, found by each way in which one can, newest first.
//!
//! The conditions here only narrow down what is loaded; whoever asks decides with
//! [`decide`](crate::policy::decide).

use super::described::{NOTHING, hints, rights};
use super::live::live;
use crate::db::schema::{token_grant_resources, token_grants, tokens};
use crate::db::{Conn, DbError};
use crate::models::token::Token;
use crate::models::{Resource, User, membership};
use crate::policy::{AccountId, ResourceId, Rights, Role, TokenId, UserId};
use diesel::dsl::{exists, not};
use diesel::pg::Pg;
use diesel::prelude::*;
use diesel::sql_types::Bool;
use std::collections::HashMap;
use time::OffsetDateTime;

/// So many tokens are shown at once.
pub const PER_PAGE: usize = 25;

/// A token that may reach a resource.
#[derive(Debug)]
pub struct Candidate {
    /// The token.
    pub token: Token,
    /// What it may do.
    pub rights: Rights,
    /// Hint of its newest secret.
    pub hint: String,
    /// Its user, and the role in the resource's account, for user tokens.
    pub user: Option<(User, Role)>,
}

/// The place after a token: when it was made, and its number.
pub type Cursor = (OffsetDateTime, TokenId);

/// A part of the candidates, and the place where the next one starts if there is more.
pub type Found = (Vec<Candidate>, Option<Cursor>);

/// Which of the tokens that belong to users.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Whose {
    /// Of every member of the account.
    Everybodys,
    /// Of this member only.
    Own(UserId),
}

pub(super) type Condition = Box<dyn BoxableExpression<tokens::table, Pg, SqlType = Bool>>;

/// Tokens of the resource's account, live ones, that these permissions may lead to it.
pub fn of_account(
    conn: &mut Conn,
    resource: &Resource,
    permissions: &[String],
    after: Option<Cursor>,
    now: OffsetDateTime,
) -> Result<Found, DbError> {
    let own = || -> Condition { Box::new(tokens::account_id.eq(resource.account_id).assume_not_null()) };
    // One query a way, each with an index of its own: together they would walk through every token.
    let mut found = page(conn, own(), Box::new(tokens::full_access.eq(true)), after, now)?;
    found.extend(page(conn, own(), by_whole_account(resource, permissions), after, now)?);
    found.extend(page(conn, own(), by_name(resource, permissions), after, now)?);
    let (found, next) = newest(found);
    Ok((described(conn, found, &HashMap::new())?, next))
}

/// Tokens of the members of the resource's account, live ones, that may reach it.
pub fn of_users(
    conn: &mut Conn,
    resource: &Resource,
    permissions: &[String],
    whose: Whose,
    after: Option<Cursor>,
    now: OffsetDateTime,
) -> Result<Found, DbError> {
    let only = match whose {
        Whose::Everybodys => None,
        Whose::Own(user) => Some(user),
    };
    let people = membership::people(conn, resource.account_id, only)?;
    let ids: Vec<UserId> = people.keys().copied().collect();
    let own: Condition = Box::new(tokens::user_id.eq_any(ids).assume_not_null());
    let any: Condition = Box::new(
        tokens::full_access
            .eq(true)
            .or(everywhere(resource, permissions))
            .or(by_whole_account(resource, permissions))
            .or(by_name(resource, permissions)),
    );
    let (found, next) = newest(page(conn, own, any, after, now)?);
    Ok((described(conn, found, &people)?, next))
}

/// One more than stands on a page, so that one can tell whether there is more.
pub(super) fn page(
    conn: &mut Conn,
    own: Condition,
    reaching: Condition,
    after: Option<Cursor>,
    now: OffsetDateTime,
) -> Result<Vec<Token>, DbError> {
    let mut query = tokens::table
        .filter(own)
        .filter(live(now))
        .filter(reaching)
        .order((tokens::created_at.desc(), tokens::id.desc()))
        .limit(i64::try_from(PER_PAGE + 1).unwrap_or(i64::MAX))
        .select(Token::as_select())
        .into_boxed();
    if let Some((created_at, id)) = after {
        query = query
            .filter(tokens::created_at.le(created_at))
            .filter(tokens::created_at.lt(created_at).or(tokens::id.lt(id)));
    }
    Ok(query.load(conn)?)
}

/// Grants on all of the account, but for this resource where they leave it out.
fn by_whole_account(resource: &Resource, permissions: &[String]) -> Condition {
    Box::new(
        tokens::id.eq_any(
            token_grants::table
                .filter(token_grants::account_id.eq(resource.account_id).assume_not_null())
                .filter(token_grants::permission.eq_any(permissions.to_vec()))
                .filter(not(exists(leaves_out(resource.clone()))))
                .select(token_grants::token_id),
        ),
    )
}

/// Grants on all of every account, but for this resource where they leave it out.
fn everywhere(resource: &Resource, permissions: &[String]) -> Condition {
    Box::new(exists(
        token_grants::table
            .filter(token_grants::token_id.eq(tokens::id).and(token_grants::reach.eq("everything")))
            .filter(token_grants::permission.eq_any(permissions.to_vec()))
            .filter(not(exists(leaves_out(resource.clone())))),
    ))
}

/// Grants that include this resource by its id.
fn by_name(resource: &Resource, permissions: &[String]) -> Condition {
    Box::new(
        tokens::id.eq_any(
            token_grant_resources::table
                .inner_join(token_grants::table)
                .filter(token_grant_resources::resource_id.eq(resource.id).assume_not_null())
                .filter(token_grant_resources::effect.eq("include"))
                .filter(token_grants::permission.eq_any(permissions.to_vec()))
                .select(token_grants::token_id),
        ),
    )
}

/// What a grant leaves out, where it is this resource: by id, or by account, kind and name.
#[diesel::dsl::auto_type]
fn leaves_out(resource: Resource) -> _ {
    let (id, account): (ResourceId, AccountId) = (resource.id, resource.account_id);
    let (kind, name): (String, String) = (resource.kind.to_string(), resource.name);
    token_grant_resources::table
        .filter(token_grant_resources::grant_id.eq(token_grants::id))
        .filter(token_grant_resources::effect.eq("exclude"))
        .filter(
            token_grant_resources::resource_id.is_not_distinct_from(id).or(token_grant_resources::account_id
                .eq(account)
                .and(token_grant_resources::kind.eq(kind))
                .and(token_grant_resources::name.eq(name))),
        )
}

/// The newest of several pages, each once.
pub(super) fn newest(mut found: Vec<Token>) -> (Vec<Token>, Option<Cursor>) {
    found.sort_by_key(|token| std::cmp::Reverse((token.created_at, token.id)));
    found.dedup_by_key(|token| token.id);
    let more = found.len() > PER_PAGE;
    found.truncate(PER_PAGE);
    let next = found.last().filter(|_| more).map(|last| (last.created_at, last.id));
    (found, next)
}

pub(super) fn described(
    conn: &mut Conn,
    found: Vec<Token>,
    people: &HashMap<UserId, (User, Role)>,
) -> Result<Vec<Candidate>, DbError> {
    let ids: Vec<TokenId> = found.iter().map(|token| token.id).collect();
    let mut rights = rights(conn, &found)?;
    let mut hints = hints(conn, &ids)?;
    let candidate = |token: Token| Candidate {
        rights: rights.remove(&token.id).unwrap_or(NOTHING),
        hint: hints.remove(&token.id).unwrap_or_default(),
        user: token.user_id.and_then(|user| people.get(&user).cloned()),
        token,
    };
    Ok(found.into_iter().map(candidate).collect())
}
