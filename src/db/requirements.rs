//! What a database must be like, whatever is in it: looked at before anything is done with it.

use super::{Conn, DbError};
use diesel::prelude::*;
use diesel::sql_types::{Bool, Integer, Text};

/// The oldest version of Postgres that works, private or not.
pub(super) const OLDEST: u32 = 13;

#[derive(QueryableByName)]
struct Found {
    #[diesel(sql_type = Text)]
    database: String,
    #[diesel(sql_type = Integer)]
    version: i32,
    #[diesel(sql_type = Text)]
    encoding: String,
    #[diesel(sql_type = Bool)]
    folds_ascii: bool,
    #[diesel(sql_type = Text)]
    collation: String,
}

/// Refuses a database in which texts can't be kept or compared as this program means them.
///
/// # Errors
/// `Unsuitable`, with the cause and the way out.
pub fn refuse_unsuitable(conn: &mut Conn) -> Result<(), DbError> {
    let found: Found = diesel::sql_query(
        "SELECT quote_ident(current_database()) AS database, \
         current_setting('server_version_num')::integer AS version, \
         current_setting('server_encoding') AS encoding, \
         lower('ABCDEFGHIJKLMNOPQRSTUVWXYZ') = 'abcdefghijklmnopqrstuvwxyz' AS folds_ascii, \
         (SELECT datcollate FROM pg_database WHERE datname = current_database())::text AS collation",
    )
    .get_result(conn)?;
    match found.fault() {
        None => Ok(()),
        Some(fault) => Err(DbError::Unsuitable(fault)),
    }
}

impl Found {
    fn fault(&self) -> Option<String> {
        let Found { database, version, encoding, folds_ascii, collation } = self;
        let anew = "create a new one with createdb -T template0 -E UTF8 --locale=C.UTF-8";
        let version = u32::try_from(version / 10_000).unwrap_or_default();
        if version < OLDEST {
            Some(format!(
                "the server is PostgreSQL {version}, and {OLDEST} is the oldest that works: upgrade it"
            ))
        } else if encoding != "UTF8" {
            Some(format!(
                "the database {database} has the encoding {encoding}, which can't hold every name: {anew}"
            ))
        } else if !folds_ascii {
            // Turkish has a lower case of its own for I, and then INFO@ and info@ are two addresses.
            Some(format!(
                "the database {database} doesn't take A to Z and a to z for the same letters (its collation is \
                 {collation}): {anew}"
            ))
        } else {
            None
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_server_that_is_too_old_is_named_with_its_version() {
        let of = |version| Found {
            database: "tokens".to_owned(),
            version,
            encoding: "UTF8".to_owned(),
            folds_ascii: true,
            collation: "C".to_owned(),
        };
        assert_eq!(of(130_000).fault(), None);
        let old = "the server is PostgreSQL 12, and 13 is the oldest that works: upgrade it";
        assert_eq!(of(120_018).fault().as_deref(), Some(old));
    }
}
