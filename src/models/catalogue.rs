//! Catalogues that the site has run with.

use crate::db::schema::catalogues;
use crate::db::{Conn, DbError};
use diesel::prelude::*;
use sha2::{Digest, Sha256};
use time::OffsetDateTime;

/// How many earlier ones are looked through for a title.
const MOST_EARLIER: i64 = 100;

/// The text of the one that the site runs with; `None` if it never did.
pub fn newest(conn: &mut Conn) -> Result<Option<String>, DbError> {
    let text = catalogues::table.order(catalogues::since.desc()).select(catalogues::text);
    Ok(text.first(conn).optional()?)
}

/// Notes that the site runs with this one from now on, and answers the earlier ones, newest first. If it's
/// known already, this only reads.
pub fn note(conn: &mut Conn, text: &str, now: OffsetDateTime) -> Result<Vec<String>, DbError> {
    let digest = Sha256::digest(text.as_bytes()).to_vec();
    let newest: Option<Vec<u8>> = catalogues::table
        .order(catalogues::since.desc())
        .select(catalogues::digest)
        .first(conn)
        .optional()?;
    if newest.as_ref() != Some(&digest) {
        let row = (catalogues::digest.eq(&digest), catalogues::text.eq(text), catalogues::since.eq(now));
        let noted = diesel::insert_into(catalogues::table)
            .values(row)
            .on_conflict(catalogues::digest)
            .do_update()
            .set(catalogues::since.eq(now))
            .execute(conn);
        // Nothing is decided by it, and a database that takes no writes for now is no reason not to serve.
        if let Err(error) = noted {
            tracing::warn!(error = %DbError::from(error), "the catalogue could not be noted in the database");
        }
    }
    Ok(catalogues::table
        .filter(catalogues::digest.ne(&digest))
        .order(catalogues::since.desc())
        .limit(MOST_EARLIER)
        .select(catalogues::text)
        .load(conn)?)
}
