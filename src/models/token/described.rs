//! What a row of a list says of a token, loaded for a whole page at once.

use super::list::Listed;
use super::{Token, grants, usage};
use crate::db::schema::{token_secrets, users};
use crate::db::{Conn, DbError};
use crate::policy::Rights;
use diesel::prelude::*;
use std::collections::HashMap;

/// These tokens with their rights, hints, people and last uses, in the same order.
pub(super) fn described(conn: &mut Conn, found: Vec<Token>) -> Result<Vec<Listed>, DbError> {
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
