//! What a row of a list says of a token, loaded for a whole page at once.

use super::list::Listed;
use super::{Token, grants, usage};
use crate::db::schema::{token_secrets, users};
use crate::db::{Conn, DbError};
use crate::policy::{Rights, TokenId, UserId};
use diesel::prelude::*;
use std::collections::HashMap;

/// The rights of a token whose grants are gone.
pub(super) const NOTHING: Rights = Rights::Grants(Vec::new());

/// These tokens with their rights, hints, people and last uses, in the same order.
pub(super) fn described(conn: &mut Conn, found: Vec<Token>) -> Result<Vec<Listed>, DbError> {
    let ids: Vec<TokenId> = found.iter().map(|token| token.id).collect();
    let mut rights = rights(conn, &found)?;
    let mut uses = usage::of_tokens(conn, &ids)?;
    let mut hints = hints(conn, &ids)?;
    let people: Vec<UserId> =
        found.iter().flat_map(|token| [token.created_by, token.deleted_by]).flatten().collect();
    let emails: HashMap<UserId, String> = users::table
        .filter(users::id.eq_any(&people))
        .select((users::id, users::email))
        .load::<(UserId, String)>(conn)?
        .into_iter()
        .collect();
    let email = |user: Option<UserId>| user.and_then(|user| emails.get(&user).cloned());
    Ok(found
        .into_iter()
        .map(|token| Listed {
            rights: rights.remove(&token.id).unwrap_or(NOTHING),
            hint: hints.remove(&token.id).unwrap_or_default(),
            maker: email(token.created_by),
            remover: email(token.deleted_by),
            last_use: uses.remove(&token.id),
            token,
        })
        .collect())
}

/// The rights of several tokens; none for one whose grants can't be read, as its calls are refused, so that
/// the others are still listed and this one can be deleted.
pub(super) fn rights(conn: &mut Conn, of: &[Token]) -> Result<HashMap<TokenId, Rights>, DbError> {
    let scoped: Vec<TokenId> = of.iter().filter(|token| !token.full_access).map(|token| token.id).collect();
    let mut grants = grants::of_tokens(conn, &scoped)?;
    let mut of_one = |token: &Token| match token.full_access {
        true => Rights::Everything,
        false => Rights::Grants(grants.remove(&token.id).and_then(Result::ok).unwrap_or_default()),
    };
    Ok(of.iter().map(|token| (token.id, of_one(token))).collect())
}

/// The hint of each token's newest secret.
pub(in crate::models) fn hints(
    conn: &mut Conn,
    ids: &[TokenId],
) -> Result<HashMap<TokenId, String>, DbError> {
    Ok(token_secrets::table
        .filter(token_secrets::token_id.eq_any(ids))
        .order(token_secrets::id)
        .select((token_secrets::token_id, token_secrets::hint))
        .load::<(TokenId, String)>(conn)?
        .into_iter()
        .collect())
}
