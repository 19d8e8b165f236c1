//! When tokens were last used: written apart from the calls, a batch at a time.

use crate::db::schema::{token_secrets, token_use};
use crate::db::{Conn, DbError};
use crate::policy::{AccountId, ClientAddress, SecretId, TokenId};
use diesel::prelude::*;
use diesel::sql_query;
use diesel::sql_types::{Array, BigInt, Inet, Nullable, Text, Timestamptz};
use ipnet::IpNet;
use std::collections::HashMap;
use std::hash::Hash;
use time::OffsetDateTime;

/// A use of a secret, to be written.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Use {
    /// Number of the secret.
    pub secret: SecretId,
    /// The account of the call; 0 where it names none.
    pub account: AccountId,
    /// When.
    pub at: OffsetDateTime,
    /// From where.
    pub address: ClientAddress,
    /// What the client said it is.
    pub client: String,
}

/// The newest use of a token.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LastUse {
    /// When.
    pub at: OffsetDateTime,
    /// From where.
    pub address: ClientAddress,
    /// What the client said it is.
    pub client: String,
}

type Row<Id> = (Id, OffsetDateTime, Option<IpNet>, String);

/// Writes uses in one statement, the same for however many, and in an order that lets several nodes do
/// it at once. Never goes back in time.
pub fn write(conn: &mut Conn, uses: &[Use]) -> Result<(), DbError> {
    // diesel's own insert has a text of its own for each number of rows.
    const WRITE: &str = "INSERT INTO token_use (secret_id, account_id, last_used_at, address, client)
        SELECT * FROM unnest($1, $2, $3, $4, $5)
        ON CONFLICT (secret_id, account_id) DO UPDATE SET last_used_at = excluded.last_used_at,
            address = excluded.address, client = excluded.client
        WHERE token_use.last_used_at < excluded.last_used_at";
    let mut uses: Vec<&Use> = uses.iter().collect();
    uses.sort_by_key(|one| (one.secret, one.account));
    let each = || uses.iter();
    sql_query(WRITE)
        .bind::<Array<BigInt>, _>(each().map(|one| one.secret).collect::<Vec<_>>())
        .bind::<Array<BigInt>, _>(each().map(|one| one.account).collect::<Vec<_>>())
        .bind::<Array<Timestamptz>, _>(each().map(|one| one.at).collect::<Vec<_>>())
        .bind::<Array<Nullable<Inet>>, _>(each().map(|one| one.address.stored()).collect::<Vec<_>>())
        .bind::<Array<Text>, _>(each().map(|one| one.client.as_str()).collect::<Vec<_>>())
        .execute(conn)?;
    Ok(())
}

/// The newest use of each of these secrets, in whichever account.
pub fn of_secrets(conn: &mut Conn, secrets: &[SecretId]) -> Result<HashMap<SecretId, LastUse>, DbError> {
    let rows: Vec<Row<SecretId>> = QueryDsl::filter(token_use::table, token_use::secret_id.eq_any(secrets))
        .order(token_use::last_used_at)
        .select((token_use::secret_id, token_use::last_used_at, token_use::address, token_use::client))
        .load(conn)?;
    Ok(newest(rows))
}

/// The newest use of each of these tokens, by whichever of its secrets.
pub fn of_tokens(conn: &mut Conn, tokens: &[TokenId]) -> Result<HashMap<TokenId, LastUse>, DbError> {
    let rows: Vec<Row<TokenId>> = QueryDsl::filter(
        token_use::table.inner_join(token_secrets::table),
        token_secrets::token_id.eq_any(tokens),
    )
    .order(token_use::last_used_at)
    .select((token_secrets::token_id, token_use::last_used_at, token_use::address, token_use::client))
    .load(conn)?;
    Ok(newest(rows))
}

/// Oldest first, so that the newest of each is the one that stays.
fn newest<Id: Eq + Hash>(rows: Vec<Row<Id>>) -> HashMap<Id, LastUse> {
    rows.into_iter()
        .map(|(of, at, address, client)| {
            (of, LastUse { at, address: ClientAddress::from_stored(address), client })
        })
        .collect()
}
