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
    /// There is no connection, and waiting doesn't help: the server refuses it, or the URL is wrong.
    #[error("no connection to the database: {0}")]
    Refused(String),
    /// Migrations are missing, and can't be run on this connection: it says why.
    #[error(
        "the database isn't up to date, and {0}: run `tokenhouse migrate` as the role that owns its tables"
    )]
    Outdated(String),
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
                _ if says_away(info.message()) => DbError::unavailable(&error),
                _ => DbError::Fault(Arc::new(error)),
            },
            _ => DbError::Fault(Arc::new(error)),
        }
    }
}

/// diesel hands these on as unknown errors: they are told apart by libpq's and the server's words.
fn says_away(message: &str) -> bool {
    const SIGNS: [&str; 10] = [
        "terminating connection",
        "server closed the connection",
        "the database system is",
        "could not connect",
        "connection to server",
        "no connection to the server",
        "canceling statement due to statement timeout",
        "canceling statement due to lock timeout",
        "SSL connection has been closed",
        "deadlock detected",
    ];
    SIGNS.iter().any(|sign| message.contains(sign))
}

pub(super) fn first_line(text: &str) -> String {
    text.lines().next().unwrap_or_default().to_owned()
}
