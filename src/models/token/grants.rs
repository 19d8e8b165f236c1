//! Rights of tokens, as rows.

use super::Token;
use crate::db::schema::{token_grant_resources, token_grants, tokens};
use crate::db::{Conn, DbError};
use crate::policy::{Access, Grant, KindKey, Parts, PermissionKey, ResourceRef, Rights, Selection, TokenId};
use diesel::expression::{AppearsOnTable, Expression, SelectableExpression, ValidGrouping, is_aggregate};
use diesel::pg::Pg;
use diesel::prelude::*;
use diesel::query_builder::{AstPass, QueryFragment, QueryId};
use diesel::sql_types::{Array, Bool, Nullable, Text};
use serde::Deserialize;
use std::collections::HashMap;

/// The grants of the row's token as one text, for the statement that reads the token: an array of
/// [`GrantRow`]s as JSON, NULL where there are none. Another statement would cost more than all the rest of a
/// look-up.
#[derive(Debug, QueryId)]
pub(super) struct GrantsText<Whole> {
    /// A condition on the row: whether every resource that a grant names comes along.
    pub whole: Whole,
    /// Otherwise those of these names come along, and for each account and kind one more, so that it's known
    /// where the grant reaches: one that is still there, if there is one.
    pub names: Vec<String>,
}

impl<Whole> QueryFragment<Pg> for GrantsText<Whole>
where
    Whole: QueryFragment<Pg>,
{
    fn walk_ast<'b>(&'b self, mut out: AstPass<'_, 'b, Pg>) -> QueryResult<()> {
        out.push_sql(
            "(SELECT json_agg(json_build_array(one.id, one.permission, one.access, one.reach,
                one.account_id, one.parts, named.them) ORDER BY one.id)::text
            FROM token_grants one LEFT JOIN LATERAL (
                SELECT json_agg(json_build_array(effect, account_id, resource_id, kind, name)
                    ORDER BY name COLLATE \"C\", account_id) AS them
                FROM (SELECT DISTINCT ON (effect, account_id, kind, asked) *
                    FROM (SELECT *, CASE WHEN ",
        );
        self.whole.walk_ast(out.reborrow())?;
        out.push_sql(" OR name = ANY(");
        out.push_bind_param::<Array<Text>, _>(&self.names)?;
        out.push_sql(
            ") THEN name COLLATE \"C\" END AS asked FROM token_grant_resources WHERE grant_id = one.id) of_grant
                    ORDER BY effect, account_id, kind, asked, resource_id) kept
            ) named ON true WHERE one.token_id = tokens.id)",
        );
        Ok(())
    }
}

impl<Whole> Expression for GrantsText<Whole> {
    type SqlType = Nullable<Text>;
}

impl<Whole, From> AppearsOnTable<From> for GrantsText<Whole>
where
    Whole: AppearsOnTable<From>,
    tokens::id: AppearsOnTable<From>,
{
}

impl<Whole, From> SelectableExpression<From> for GrantsText<Whole> where Self: AppearsOnTable<From> {}

impl<Whole> ValidGrouping<()> for GrantsText<Whole> {
    type IsAggregate = is_aggregate::Never;
}

/// A grant, as its text has it: without keys, in this order.
#[derive(Deserialize)]
struct GrantRow {
    id: i64,
    permission: String,
    access: String,
    reach: String,
    account_id: Option<i64>,
    parts: Parts,
    named: Option<Vec<NamedRow>>,
}

#[derive(Deserialize)]
struct NamedRow {
    effect: String,
    account_id: i64,
    resource_id: Option<i64>,
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

/// The grants of several tokens, in the order in which they were created. One that can't be read is an error
/// for its token alone.
pub fn of_tokens(conn: &mut Conn, ids: &[TokenId]) -> Result<OfTokens, DbError> {
    let whole = diesel::dsl::sql::<Bool>("true");
    let rows: Vec<(TokenId, Option<String>)> = tokens::table
        .filter(tokens::id.eq_any(ids))
        .select((tokens::id, GrantsText { whole, names: Vec::new() }))
        .load(conn)?;
    Ok(rows.into_iter().map(|(id, text)| (id, read(id, text.as_deref()))).collect())
}

/// The grants of a token from their text.
pub(super) fn read(token: TokenId, text: Option<&str>) -> Result<Vec<Grant>, DbError> {
    let Some(text) = text else { return Ok(Vec::new()) };
    let rows: Vec<GrantRow> = serde_json::from_str(text)
        .map_err(|error| DbError::Corrupt(format!("grants of token {token}: {error}")))?;
    rows.into_iter().map(GrantRow::into_grant).collect()
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
    fn into_grant(self) -> Result<Grant, DbError> {
        let corrupt = |what: &str| DbError::Corrupt(format!("{what} of grant {}", self.id));
        let mut only = Vec::new();
        let mut except = Vec::new();
        for row in self.named.into_iter().flatten() {
            let one = ResourceRef {
                account: row.account_id.into(),
                id: row.resource_id.map(Into::into),
                kind: KindKey::try_from(row.kind).map_err(|_| corrupt("kind"))?,
                name: row.name,
            };
            match row.effect.as_str() {
                "include" => only.push(one),
                "exclude" => except.push(one),
                _ => return Err(corrupt("effect")),
            }
        }
        // What a reach has no place for is never passed over: it could be what was left out.
        let selection = match (self.reach.as_str(), self.account_id) {
            ("everything", _) if only.is_empty() => Selection::Everywhere { except },
            ("account", Some(account)) if only.is_empty() => {
                Selection::Account { account: account.into(), except }
            }
            ("named", _) if except.is_empty() => Selection::Only(only),
            _ => return Err(corrupt("reach")),
        };
        Ok(Grant {
            permission: PermissionKey::try_from(self.permission).map_err(|_| corrupt("permission"))?,
            access: Access::from_key(&self.access).ok_or_else(|| corrupt("access"))?,
            selection,
            parts: self.parts,
        })
    }
}
