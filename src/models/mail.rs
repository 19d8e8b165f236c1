//! Mail on its way: put down with the change that it tells of, and sent by whichever node comes first.

mod outbox;

pub use outbox::{Due, sweep, take};

use crate::db::schema::mails;
use crate::db::{Conn, DbError};
use crate::policy::{AccountId, ClientAddress, TokenId, UserId};
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
        user: UserId,
        /// The other address.
        to: String,
        /// Whether it is already.
        done: bool,
    },
    /// A password was changed.
    PasswordChanged {
        /// Number of the user.
        user: UserId,
    },
    /// A second factor was added or removed.
    FactorChanged {
        /// Number of the user.
        user: UserId,
        /// What happened.
        event: FactorEvent,
        /// From where.
        address: Option<ClientAddress>,
    },
    /// Someone typed the right password and wrong codes.
    WrongCodes {
        /// Number of the user.
        user: UserId,
    },
    /// A link that removes lost factors.
    FactorLink {
        /// Number of the link.
        link: i64,
    },
    /// Such a link was asked for, for a member of the recipient's account.
    FactorLinkAsked {
        /// Number of the member.
        user: UserId,
        /// Who asked, as people say it.
        by: String,
        /// Why, in their words.
        why: String,
    },
    /// A sign-in from a network that is new for the user.
    NewNetwork {
        /// Number of the user.
        user: UserId,
        /// What the browser says it is.
        client: String,
        /// From where.
        address: ClientAddress,
    },
    /// An account asks its members for a second factor, and the recipient has none.
    FactorDemanded {
        /// Number of the user.
        user: UserId,
        /// The account.
        about: About,
        /// From when its pages are closed.
        #[serde(with = "time::serde::timestamp")]
        from: OffsetDateTime,
    },
    /// Something happened to a token.
    Token {
        /// What.
        event: TokenEvent,
        /// Number of the token.
        token: TokenId,
        /// Its name.
        name: String,
        /// The account that it belongs to; none for a user token.
        about: Option<About>,
        /// Who did it, as people say it.
        by: String,
        /// When.
        #[serde(with = "time::serde::timestamp")]
        at: OffsetDateTime,
        /// From where.
        address: Option<ClientAddress>,
    },
    /// Many tokens were revoked together.
    Revoked {
        /// How many of them concern the reader.
        tokens: i64,
        /// The account that they belonged to; none for user tokens.
        about: Option<About>,
        /// Who did it, as people say it.
        by: String,
        /// When.
        #[serde(with = "time::serde::timestamp")]
        at: OffsetDateTime,
        /// From where.
        address: Option<ClientAddress>,
    },
    /// A token expires soon.
    Expires {
        /// Number of the token.
        token: TokenId,
        /// Its name.
        name: String,
        /// The account that it belongs to; none for a user token.
        about: Option<About>,
        /// The first instant at which it no longer works.
        #[serde(with = "time::serde::timestamp")]
        expires_at: OffsetDateTime,
    },
    /// Somebody found secrets of these tokens, which were deleted.
    Leaked {
        /// The tokens.
        tokens: Vec<LeakedToken>,
    },
}

/// What happened to a token.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum TokenEvent {
    /// It was made.
    Made,
    /// It has a new secret.
    Rolled,
    /// It was deleted.
    Deleted,
    /// It was disabled.
    Disabled,
    /// The account of this name does not let it in any more.
    Blocked(String),
}

/// What happened to someone's second factors.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum FactorEvent {
    /// An authenticator app was set up.
    AppAdded,
    /// It was removed.
    AppRemoved,
    /// A passkey was added.
    PasskeyAdded,
    /// A passkey was removed.
    PasskeyRemoved,
    /// A passkey was refused, as there seems to be a copy of it.
    PasskeyCopied,
    /// New recovery codes were created.
    CodesMade,
    /// All factors were removed, as lost.
    Reset,
}

/// An account that a mail is about.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct About {
    /// Its number.
    pub account: AccountId,
    /// Its name.
    pub name: String,
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

/// A mail that is to be put down.
#[derive(Debug)]
pub struct Draft {
    /// What tells it from every other mail.
    pub key: String,
    /// Whom it goes to.
    pub recipient: String,
    /// What it says.
    pub letter: Letter,
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
    let (key, recipient, letter) = (key.to_owned(), recipient.to_owned(), letter.clone());
    queue_all(conn, &[Draft { key, recipient, letter }], now)
}

/// The same of many, in one statement.
pub fn queue_all(conn: &mut Conn, drafts: &[Draft], now: OffsetDateTime) -> Result<(), DbError> {
    if drafts.is_empty() {
        return Ok(());
    }
    let mut rows = Vec::with_capacity(drafts.len());
    for Draft { key, recipient, letter } in drafts {
        let said = serde_json::to_value(letter).map_err(|error| DbError::Corrupt(error.to_string()))?;
        rows.push((
            mails::key.eq(key),
            mails::recipient.eq(recipient),
            mails::letter.eq(said),
            mails::created_at.eq(now),
            mails::due_at.eq(now),
        ));
    }
    diesel::insert_into(mails::table).values(rows).on_conflict(mails::key).do_nothing().execute(conn)?;
    Ok(())
}
