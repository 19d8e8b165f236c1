//! Mail on its way: put down with the change that it tells of, and sent by whichever node comes first.

mod outbox;

pub use outbox::{Due, sweep, take};

use crate::db::schema::mails;
use crate::db::{Conn, DbError};
use diesel::prelude::*;
use serde::{Deserialize, Serialize};
use time::OffsetDateTime;

/// What a mail says: numbers and names, never a text nor a link that works.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "letter", rename_all = "snake_case")]
pub enum Letter {
    /// Come into an account.
    Invitation {
        /// Number of the invitation.
        invitation: i64,
    },
    /// A link to set a new password, where the recipient's is the proved address of an active user.
    PasswordLink,
    /// A link that proves an address.
    AddressLink {
        /// Number of the link.
        link: i64,
    },
    /// Another address is to be a user's, or is.
    AddressChanged {
        /// Number of the user.
        user: i64,
        /// The other address.
        to: String,
        /// Whether it is already.
        done: bool,
    },
    /// A password was changed.
    PasswordChanged {
        /// Number of the user.
        user: i64,
    },
    /// Somebody found secrets of these tokens, which were deleted.
    Leaked {
        /// The tokens.
        tokens: Vec<LeakedToken>,
    },
}

/// A token that was reported as leaked.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct LeakedToken {
    /// Its name.
    pub name: String,
    /// Hint of its newest secret.
    pub hint: String,
    /// The name of its account; none for one of the recipient's own.
    pub account: Option<String>,
}

/// Puts a mail down, in the transaction of what it tells of. The same `key` is never put down twice,
/// whichever node comes to it.
pub fn queue(
    conn: &mut Conn,
    key: &str,
    recipient: &str,
    letter: &Letter,
    now: OffsetDateTime,
) -> Result<(), DbError> {
    let said = serde_json::to_value(letter).map_err(|error| DbError::Corrupt(error.to_string()))?;
    diesel::insert_into(mails::table)
        .values((
            mails::key.eq(key),
            mails::recipient.eq(recipient),
            mails::letter.eq(said),
            mails::created_at.eq(now),
            mails::due_at.eq(now),
        ))
        .on_conflict(mails::key)
        .do_nothing()
        .execute(conn)?;
    Ok(())
}
