//! What was not changed but seen: sign-ins, first uses of tokens, and uses from networks that are
//! new for them. Apart from the record, and not kept for ever.

use crate::db::schema::sightings;
use crate::db::{Conn, DbError};
use crate::models::stored::stored_list;
use crate::policy::ClientAddress;
use diesel::prelude::*;
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
    pub user: i64,
    /// The address of the user.
    pub email: String,
    /// Whether the password was right.
    pub good: bool,
    /// When.
    pub at: OffsetDateTime,
    /// From where.
    pub address: ClientAddress,
    /// What the browser said it is.
    pub client: String,
}

/// Puts attempts down.
pub fn put_down(conn: &mut Conn, attempts: &[SignIn]) -> Result<(), DbError> {
    for part in attempts.chunks(1_000) {
        let rows: Vec<_> = part
            .iter()
            .map(|one| {
                (
                    sightings::at.eq(one.at),
                    sightings::kind.eq(if one.good {
                        SightingKind::SignedIn
                    } else {
                        SightingKind::SignInRefused
                    }),
                    sightings::user_id.eq(one.user),
                    sightings::name.eq(&one.email),
                    sightings::address.eq(one.address.stored()),
                    sightings::client.eq(&one.client),
                )
            })
            .collect();
        diesel::insert_into(sightings::table).values(rows).execute(conn)?;
    }
    Ok(())
}

/// Forgets what is older than [`KEPT`].
pub fn sweep(conn: &mut Conn, now: OffsetDateTime) -> Result<(), DbError> {
    diesel::delete(sightings::table.filter(sightings::at.lt(now - KEPT))).execute(conn)?;
    Ok(())
}
