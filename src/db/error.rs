//! What can go wrong in the database, as far as a caller can act on it.

use diesel::result::{DatabaseErrorKind, Error};
use std::fmt;
use std::sync::Arc;

/// A failed use of the database.
#[derive(Debug, Clone, thiserror::Error)]
pub enum DbError {
    /// The database is away or does not answer; trying again later may help.
    #[error("the database is not available: {0}")]
    Unavailable(String),
    /// The disk of the database is full. Nothing was changed; trying again later may help.
    #[error("the database has no space left: {0}")]
    Full(String),
    /// There is no connection, and waiting doesn't help: the server refuses it, or the URL is wrong.
    #[error("no connection to the database: {0}")]
    Refused(String),
    /// Migrations are missing, and can't be run on this connection: it says why.
    #[error(
        "the database isn't up to date, and {0}: run `tokenhouse migrate` as the role that owns its tables"
    )]
    Outdated(String),
    /// Texts can't be kept or compared in it as they must be: it says why, and what helps.
    #[error("{0}")]
    Unsuitable(String),
    /// The database is new, and a role of this name may create nothing in the schema of this name.
    #[error(
        "the database is empty, and the role {role} may not create tables in its schema {schema}: run `tokenhouse migrate` as the role that is to own the tables, or, as the owner of the database, GRANT USAGE, CREATE ON SCHEMA {schema} TO {role}"
    )]
    MayNotCreate {
        /// The role, quoted where SQL wants it.
        role: String,
        /// The schema, quoted likewise.
        schema: String,
    },
    /// A migration of this version ran in it, which is older than the first one.
    #[error(
        "the database is from before the first release of Tokenhouse (migration {0}), and can't be brought up to date"
    )]
    TooOld(String),
    /// A role of this name may not read the tables.
    #[error(
        "the role {0} may not read all tables: docs/serving-role.sql, run after each migration, gives it its rights"
    )]
    NotGranted(String),
    /// A unique constraint of this name was hit.
    #[error("{0} is taken")]
    Taken(String),
    /// Everything else is a fault of the program.
    #[error("the database refused: {0}")]
    Fault(#[source] Arc<Error>),
    /// What is stored cannot be read back.
    #[error("stored data cannot be read: {0}")]
    Corrupt(String),
}

impl DbError {
    /// From whatever says that there is no connection.
    pub fn unavailable(cause: impl fmt::Display) -> DbError {
        DbError::Unavailable(first_line(&cause.to_string()))
    }

    /// Whether it passes by itself: then the same can be tried again later.
    pub fn passes(&self) -> bool {
        matches!(self, DbError::Unavailable(_) | DbError::Full(_))
    }

    /// From a server whose words can't be read: what may be its own trouble is taken for that.
    pub(super) fn unread(self) -> DbError {
        match self {
            DbError::Fault(error) if is_unknown(&error) => DbError::unavailable(error),
            other => other,
        }
    }
}

impl From<Error> for DbError {
    fn from(error: Error) -> DbError {
        match &error {
            Error::BrokenTransactionManager => DbError::unavailable(&error),
            Error::DatabaseError(kind, info) => match kind {
                DatabaseErrorKind::UniqueViolation => {
                    DbError::Taken(info.constraint_name().unwrap_or("a value").to_owned())
                }
                DatabaseErrorKind::ClosedConnection
                | DatabaseErrorKind::UnableToSendCommand
                | DatabaseErrorKind::ReadOnlyTransaction
                | DatabaseErrorKind::SerializationFailure => DbError::unavailable(&error),
                _ if says(info.message(), FULL) => DbError::Full(first_line(info.message())),
                _ if says(info.message(), AWAY) => DbError::unavailable(&error),
                _ => DbError::Fault(Arc::new(error)),
            },
            _ => DbError::Fault(Arc::new(error)),
        }
    }
}

/// diesel tells of few SQLSTATEs, and hands all others on as unknown errors. libpq, as it's built here,
/// speaks English only, and each connection asks the server to ([`super::watched`]).
fn is_unknown(error: &Error) -> bool {
    matches!(error, Error::DatabaseError(DatabaseErrorKind::Unknown, _))
}

/// 53100.
const FULL: &[&str] = &["No space left on device", "Disk quota exceeded"];

/// The other codes of classes 53 and 57, 40P01, 55P03, and what libpq says without one.
const AWAY: &[&str] = &[
    "terminating connection",
    "server closed the connection",
    "the database system is",
    "could not connect",
    "connection to server",
    "no connection to the server",
    "canceling statement due to",
    "SSL connection has been closed",
    "deadlock detected",
    "out of memory",
    "out of shared memory",
    "temporary file size exceeds",
];

fn says(message: &str, signs: &[&str]) -> bool {
    signs.iter().any(|sign| message.contains(sign))
}

pub(super) fn first_line(text: &str) -> String {
    text.lines().next().unwrap_or_default().to_owned()
}
