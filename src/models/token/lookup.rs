//! The look-up behind every API call: by digest, everything that the check needs, in one query.

use super::secret::Digest;
use crate::db::schema::{accounts, token_secrets, tokens, users};
use crate::db::{Conn, DbError};
use crate::models::Account;
use crate::policy::{Catalogue, Policy, Rights, Standing};
use diesel::prelude::*;
use ipnet::IpNet;
use time::OffsetDateTime;

/// A token that was found by its secret.
#[derive(Debug, Clone)]
pub struct Found {
    /// Number of the secret.
    pub secret: i64,
    /// Number of the token.
    pub token: i64,
    /// The facts of its state.
    pub standing: Standing,
    /// Its conditions, with no rights: these are loaded where a route needs them.
    pub conditions: Policy,
    /// Whose it is.
    pub holder: Holder,
}

/// Whose a token is, as `whoami` tells it.
#[derive(Debug, Clone)]
pub enum Holder {
    /// An account's.
    Account(Account),
    /// A user's.
    User(Person),
}

/// A user, as `whoami` tells it.
#[derive(Debug, Clone, Queryable, Selectable)]
#[diesel(table_name = users)]
pub struct Person {
    /// Number of the user.
    pub id: i64,
    /// E-mail address.
    pub email: String,
    /// Since when the user is deactivated.
    pub deactivated_at: Option<OffsetDateTime>,
    /// When the user was made.
    pub created_at: OffsetDateTime,
    /// When the user was last changed.
    pub updated_at: OffsetDateTime,
}

#[derive(Queryable, Selectable)]
#[diesel(table_name = tokens)]
struct Conditions {
    id: i64,
    full_access: bool,
    not_before: Option<OffsetDateTime>,
    expires_at: Option<OffsetDateTime>,
    allowed_networks: Vec<IpNet>,
    refused_networks: Vec<IpNet>,
    disabled_at: Option<OffsetDateTime>,
    deleted_at: Option<OffsetDateTime>,
}

/// The token behind a digest, ended ones included.
pub fn by_digest(conn: &mut Conn, catalogue: &Catalogue, digest: &Digest) -> Result<Option<Found>, DbError> {
    type Row = (i64, Option<OffsetDateTime>, Conditions, Option<Account>, Option<Person>);
    let row: Option<Row> = token_secrets::table
        .inner_join(
            tokens::table
                .left_join(accounts::table)
                .left_join(users::table.on(users::id.nullable().eq(tokens::user_id))),
        )
        .filter(token_secrets::digest.eq(digest.bytes()))
        .select((
            token_secrets::id,
            token_secrets::ended_at,
            Conditions::as_select(),
            Option::<Account>::as_select(),
            Option::<Person>::as_select(),
        ))
        .first(conn)
        .optional()?;
    let Some((secret, secret_ended_at, row, account, person)) = row else { return Ok(None) };
    let (holder, owner_away, frozen) = match (account, person) {
        (Some(account), _) => {
            let scoped = catalogue.has_scopes(&account.plan);
            let (away, frozen) = (!account.is_active(), !row.full_access && !scoped);
            (Holder::Account(account), away, frozen)
        }
        (None, Some(person)) => {
            let away = person.deactivated_at.is_some();
            (Holder::User(person), away, false)
        }
        (None, None) => return Err(DbError::Corrupt(format!("owner of token {}", row.id))),
    };
    let standing = Standing {
        deleted: row.deleted_at.is_some(),
        expires_at: row.expires_at,
        secret_ended_at,
        owner_away,
        disabled: row.disabled_at.is_some(),
        frozen,
        not_before: row.not_before,
    };
    let conditions = Policy {
        rights: Rights::Grants(Vec::new()),
        allowed_networks: row.allowed_networks,
        refused_networks: row.refused_networks,
        not_before: row.not_before,
        expires_at: row.expires_at,
    };
    Ok(Some(Found { secret, token: row.id, standing, conditions, holder }))
}
