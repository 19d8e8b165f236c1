//! What the owner of an API calls an account or a user of theirs.

use super::Origin;
use super::audit::{self, Event};
use crate::db::{Conn, DbError};
use diesel::Connection;
use diesel::result::Error::DatabaseError;
use diesel::result::{DatabaseErrorKind, QueryResult};

/// The longest one, in bytes.
const LONGEST: usize = 128;

/// A reference: 1 to 128 letters, digits and any of `._:@+=-`, not beginning with `id:`, which is for the
/// numbers that are given here.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Reference(String);

impl Reference {
    /// Reads one. The error is a sentence for the person who wrote it.
    pub fn parse(written: &str) -> Result<Reference, String> {
        let fits = (1..=LONGEST).contains(&written.len())
            && written.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"._:@+=-".contains(&byte))
            && !written.starts_with("id:")
            // Alone it stands for none in headers.
            && written != "-";
        if fits {
            return Ok(Reference(written.to_owned()));
        }
        Err("A reference has 1 to 128 letters, digits and any of . _ : @ + = -, and doesn't begin with id:."
            .to_owned())
    }

    /// Stores it by this update, with its line in the audit log. `false` where another one is called so.
    pub(super) fn store(
        update: impl FnOnce(&mut Conn) -> QueryResult<usize>,
        event: &Event<'_>,
        (conn, origin): (&mut Conn, &Origin),
    ) -> Result<bool, DbError> {
        // Only the database knows what is set at the same moment. A savepoint, so that the caller's
        // transaction goes on.
        match conn.transaction(update) {
            Err(DatabaseError(DatabaseErrorKind::UniqueViolation, _)) => return Ok(false),
            done => done?,
        };
        audit::record(conn, origin, event)?;
        Ok(true)
    }

    /// As text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_reference_is_what_a_header_and_a_path_can_hold_as_it_is() {
        for fine in ["cust_7", "a", "A.b:c@d+e=f-1", &"x".repeat(128)] {
            assert_eq!(Reference::parse(fine).unwrap().as_str(), fine);
        }
        for wrong in ["", "-", "id:7", "a b", "a/b", "a,b", "ü", "a%20", "a\n", &"x".repeat(129)] {
            assert!(Reference::parse(wrong).is_err(), "{wrong:?}");
        }
    }
}
