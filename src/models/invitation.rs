//! Invitations: a link that makes somebody a member, once.

use super::link::LinkSecret;
use super::membership::role_from;
use crate::db::schema::{accounts, invitations, users};
use crate::db::{Conn, DbError};
use crate::policy::Role;
use diesel::prelude::*;
use time::OffsetDateTime;

/// What the mail says, and the one link that proves its address.
#[derive(Debug)]
pub struct Armed {
    /// Name of the account.
    pub account: String,
    /// The role there.
    pub role: Role,
    /// Who invited, as people say it.
    pub inviter: String,
    /// Until when it can be accepted.
    pub expires_at: OffsetDateTime,
    /// What the mailed link holds.
    pub secret: LinkSecret,
}

/// Makes the link that is mailed, in the transaction that the mail is written in; one that was
/// mailed before opens nothing any more. None where the invitation is over.
pub fn arm(conn: &mut Conn, id: i64, now: OffsetDateTime) -> Result<Option<Armed>, DbError> {
    type Row = (String, String, OffsetDateTime, Option<i64>);
    let row: Option<Row> = invitations::table
        .inner_join(accounts::table)
        .filter(invitations::id.eq(id).and(invitations::expires_at.gt(now)))
        .filter(invitations::accepted_at.is_null().and(invitations::revoked_at.is_null()))
        .select((accounts::name, invitations::role, invitations::expires_at, invitations::invited_by))
        .first(conn)
        .optional()?;
    let Some((account, role, expires_at, invited_by)) = row else { return Ok(None) };
    let secret = LinkSecret::generate()?;
    let armed = diesel::update(
        invitations::table
            .find(id)
            .filter(invitations::accepted_at.is_null().and(invitations::revoked_at.is_null())),
    )
    .set((invitations::mailed_digest.eq(secret.digest().as_slice()), invitations::mailed_at.eq(now)))
    .execute(conn)?
        > 0;
    if !armed {
        return Ok(None);
    }
    Ok(Some(Armed {
        inviter: person(conn, invited_by)?,
        account,
        role: role_from(&role)?,
        expires_at,
        secret,
    }))
}

/// "Ada Admin (ada@example.com)"; the operator, where it was nobody who signs in.
fn person(conn: &mut Conn, user: Option<i64>) -> Result<String, DbError> {
    let known: Option<(String, String)> = match user {
        Some(user) => users::table.find(user).select((users::name, users::email)).first(conn).optional()?,
        None => None,
    };
    Ok(known.map_or_else(
        || "The operator of this server".to_owned(),
        |(name, email)| format!("{name} ({email})"),
    ))
}
