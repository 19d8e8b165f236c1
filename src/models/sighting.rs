//! What was not changed but seen: sign-ins, first uses of tokens, and uses from networks that are
//! new for them. Apart from the record, and not kept for ever.

use crate::db::schema::sightings;
use crate::db::{Conn, DbError};
use crate::models::stored::stored_list;
use crate::policy::{AccountId, ClientAddress, TokenId, UserId};
use diesel::dsl::exists;
use diesel::prelude::*;
use diesel::sql_query;
use diesel::sql_types::{Array, BigInt, Inet, Nullable, Text, Timestamptz};
use ipnet::IpNet;
use time::{Duration, OffsetDateTime};

stored_list! {
    /// What was seen.
    pub enum SightingKind {
        /// The first use of a token.
        FirstUse = "first_use",
        /// A use from a network that is new for the token.
        NewNetwork = "new_network",
        /// An attempt to sign in with a wrong password.
        SignInRefused = "sign_in_refused",
        /// An attempt to sign in with the right password and a wrong code.
        CodeRefused = "code_refused",
        /// A sign-in.
        SignedIn = "signed_in",
    }
}

/// For so long sightings are kept.
pub const KEPT: Duration = Duration::days(400);

/// Somebody's attempt to sign in as a user that exists.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SignIn {
    /// Number of the user.
    pub user: UserId,
    /// The address of the user.
    pub email: String,
    /// What became of it.
    pub kind: SightingKind,
    /// When.
    pub at: OffsetDateTime,
    /// From where.
    pub address: ClientAddress,
    /// What the browser said it is.
    pub client: String,
}

/// What was seen, as a row.
pub(super) struct Row<'a> {
    pub at: OffsetDateTime,
    pub kind: SightingKind,
    pub account: Option<AccountId>,
    pub user: Option<UserId>,
    pub token: Option<TokenId>,
    pub name: &'a str,
    pub address: ClientAddress,
    pub client: &'a str,
}

/// Puts attempts down.
pub fn put_down(conn: &mut Conn, attempts: &[SignIn]) -> Result<(), DbError> {
    let rows: Vec<Row<'_>> = attempts
        .iter()
        .map(|one| Row {
            at: one.at,
            kind: one.kind,
            account: None,
            user: Some(one.user),
            token: None,
            name: &one.email,
            address: one.address,
            client: &one.client,
        })
        .collect();
    write(conn, &rows)
}

/// Writes rows in one statement, the same for however many.
pub(super) fn write(conn: &mut Conn, rows: &[Row<'_>]) -> Result<(), DbError> {
    const WRITE: &str =
        "INSERT INTO sightings (at, kind, account_id, user_id, token_id, name, address, client)
        SELECT * FROM unnest($1, $2, $3, $4, $5, $6, $7, $8)";
    let each = || rows.iter();
    sql_query(WRITE)
        .bind::<Array<Timestamptz>, _>(each().map(|row| row.at).collect::<Vec<_>>())
        .bind::<Array<Text>, _>(each().map(|row| row.kind.key()).collect::<Vec<_>>())
        .bind::<Array<Nullable<BigInt>>, _>(each().map(|row| row.account).collect::<Vec<_>>())
        .bind::<Array<Nullable<BigInt>>, _>(each().map(|row| row.user).collect::<Vec<_>>())
        .bind::<Array<Nullable<BigInt>>, _>(each().map(|row| row.token).collect::<Vec<_>>())
        .bind::<Array<Text>, _>(each().map(|row| row.name).collect::<Vec<_>>())
        .bind::<Array<Nullable<Inet>>, _>(each().map(|row| row.address.stored()).collect::<Vec<_>>())
        .bind::<Array<Text>, _>(each().map(|row| row.client).collect::<Vec<_>>())
        .execute(conn)?;
    Ok(())
}

/// Whether the user signed in before, but never from this network; `None` is an unknown address.
pub fn is_new_network(conn: &mut Conn, user: UserId, network: Option<IpNet>) -> Result<bool, DbError> {
    let signed_in = || {
        sightings::table.filter(sightings::user_id.eq(user).and(sightings::kind.eq(SightingKind::SignedIn)))
    };
    let Some(network) = network else { return Ok(false) };
    let before = diesel::select(exists(signed_in())).get_result::<bool>(conn)?;
    let here = signed_in().filter(sightings::address.is_contained_by_or_eq(network));
    Ok(before && !diesel::select(exists(here)).get_result::<bool>(conn)?)
}

/// Forgets what is older than [`KEPT`].
pub fn sweep(conn: &mut Conn, now: OffsetDateTime) -> Result<(), DbError> {
    diesel::delete(sightings::table.filter(sightings::at.lt(now - KEPT))).execute(conn)?;
    Ok(())
}
