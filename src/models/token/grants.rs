//! Rights of tokens, as rows.

use super::Token;
use crate::db::schema::{token_grant_resources, token_grants};
use crate::db::{Conn, DbError};
use crate::policy::{
    Access, AccountId, Grant, KindKey, Parts, PermissionKey, ResourceId, ResourceRef, Rights, Selection,
    TokenId,
};
use diesel::prelude::*;
use std::collections::HashMap;

#[derive(Queryable, Selectable)]
#[diesel(table_name = token_grants)]
struct GrantRow {
    id: i64,
    token_id: TokenId,
    permission: String,
    access: String,
    reach: String,
    account_id: Option<AccountId>,
    parts: serde_json::Value,
}

#[derive(Queryable, Selectable)]
#[diesel(table_name = token_grant_resources)]
struct NamedRow {
    grant_id: i64,
    effect: String,
    account_id: AccountId,
    resource_id: Option<ResourceId>,
    kind: String,
    name: String,
}

/// The rights of one token.
pub fn of_token(conn: &mut Conn, token: &Token) -> Result<Rights, DbError> {
    if token.full_access {
        return Ok(Rights::Everything);
    }
    Ok(Rights::Grants(of_tokens(conn, &[token.id])?.remove(&token.id).transpose()?.unwrap_or_default()))
}

/// The grants of tokens, or for those with one that can't be read, why.
pub type OfTokens = HashMap<TokenId, Result<Vec<Grant>, DbError>>;

/// The grants of several tokens, in the order in which they were made. One that can't be read is an error
/// for its token alone.
pub fn of_tokens(conn: &mut Conn, ids: &[TokenId]) -> Result<OfTokens, DbError> {
    let rows: Vec<GrantRow> = token_grants::table
        .filter(token_grants::token_id.eq_any(ids))
        .order(token_grants::id)
        .select(GrantRow::as_select())
        .load(conn)?;
    let grant_ids: Vec<i64> = rows.iter().map(|row| row.id).collect();
    let mut named: HashMap<i64, Vec<NamedRow>> = HashMap::new();
    let named_rows: Vec<NamedRow> = token_grant_resources::table
        .filter(token_grant_resources::grant_id.eq_any(&grant_ids))
        .order((token_grant_resources::grant_id, token_grant_resources::name))
        .select(NamedRow::as_select())
        .load(conn)?;
    for row in named_rows {
        named.entry(row.grant_id).or_default().push(row);
    }
    let mut grants = OfTokens::new();
    for row in rows {
        let named = named.remove(&row.id).unwrap_or_default();
        let of_token = grants.entry(row.token_id).or_insert_with(|| Ok(Vec::new()));
        if let Ok(known) = of_token {
            match row.into_grant(named) {
                Ok(grant) => known.push(grant),
                Err(error) => *of_token = Err(error),
            }
        }
    }
    Ok(grants)
}

/// Stores the grants of a token that was just made.
pub(super) fn insert(conn: &mut Conn, token: TokenId, grants: &[Grant]) -> Result<(), DbError> {
    for grant in grants {
        let (reach, account) = match &grant.selection {
            Selection::Everywhere { .. } => ("everything", None),
            Selection::Account { account, .. } => ("account", Some(*account)),
            Selection::Only(_) => ("named", None),
        };
        let id: i64 = diesel::insert_into(token_grants::table)
            .values((
                token_grants::token_id.eq(token),
                token_grants::permission.eq(grant.permission.as_str()),
                token_grants::access.eq(grant.access.key()),
                token_grants::reach.eq(reach),
                token_grants::account_id.eq(account),
                token_grants::parts.eq(serde_json::to_value(&grant.parts)
                    .map_err(|error| DbError::Corrupt(format!("parts of a grant: {error}")))?),
            ))
            .returning(token_grants::id)
            .get_result(conn)?;
        let effect = if matches!(grant.selection, Selection::Only(_)) { "include" } else { "exclude" };
        let rows: Vec<_> = grant
            .selection
            .named()
            .iter()
            .map(|one| {
                (
                    token_grant_resources::grant_id.eq(id),
                    token_grant_resources::effect.eq(effect),
                    token_grant_resources::account_id.eq(one.account),
                    token_grant_resources::resource_id.eq(one.id),
                    token_grant_resources::kind.eq(one.kind.to_string()),
                    token_grant_resources::name.eq(&one.name),
                )
            })
            .collect();
        diesel::insert_into(token_grant_resources::table).values(rows).execute(conn)?;
    }
    Ok(())
}

impl GrantRow {
    fn into_grant(self, named: Vec<NamedRow>) -> Result<Grant, DbError> {
        let corrupt = |what: &str| DbError::Corrupt(format!("{what} of grant {}", self.id));
        let mut only = Vec::new();
        let mut except = Vec::new();
        for row in named {
            let kind = KindKey::try_from(row.kind).map_err(|_| corrupt("kind"))?;
            let one = ResourceRef { account: row.account_id, id: row.resource_id, kind, name: row.name };
            match row.effect.as_str() {
                "include" => only.push(one),
                "exclude" => except.push(one),
                _ => return Err(corrupt("effect")),
            }
        }
        // What a reach has no place for is never passed over: it could be what was left out.
        let selection = match (self.reach.as_str(), self.account_id) {
            ("everything", _) if only.is_empty() => Selection::Everywhere { except },
            ("account", Some(account)) if only.is_empty() => Selection::Account { account, except },
            ("named", _) if except.is_empty() => Selection::Only(only),
            _ => return Err(corrupt("reach")),
        };
        let parts = format!("parts of grant {}", self.id);
        Ok(Grant {
            permission: PermissionKey::try_from(self.permission.clone())
                .map_err(|_| corrupt("permission"))?,
            access: Access::from_key(&self.access).ok_or_else(|| corrupt("access"))?,
            selection,
            parts: serde_json::from_value::<Parts>(self.parts).map_err(|_| DbError::Corrupt(parts))?,
        })
    }
}
