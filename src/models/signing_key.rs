//! The key that signs the cookies: created at the first start, the same for every node.

use crate::db::schema::signing_keys;
use crate::db::{Conn, DbError};
use diesel::connection::SimpleConnection;
use diesel::prelude::*;
use rand::TryRng;
use rand::rngs::SysRng;
use secrecy::SecretSlice;
use time::OffsetDateTime;

/// Taken by a node that creates the key.
const LOCK: i64 = 4_021_850_438;

/// The newest key; created now when there is none.
pub fn newest_or_new(conn: &mut Conn, now: OffsetDateTime) -> Result<SecretSlice<u8>, DbError> {
    // Where there is one, this only reads: the database may be read-only.
    if let Some(key) = newest(conn)? {
        return Ok(key);
    }
    conn.transaction(|conn| {
        // Nodes may start at the same moment: one creates the key, the others wait and read it. A lock
        // on the table would take rights over it that nothing else needs.
        conn.batch_execute(&format!("SELECT pg_advisory_xact_lock({LOCK})"))?;
        if let Some(key) = newest(conn)? {
            return Ok(key);
        }
        let mut key = vec![0_u8; 64];
        SysRng
            .try_fill_bytes(&mut key)
            .map_err(|error| DbError::Corrupt(format!("no randomness: {error}")))?;
        diesel::insert_into(signing_keys::table)
            .values((signing_keys::key.eq(&key), signing_keys::created_at.eq(now)))
            .execute(conn)?;
        Ok(SecretSlice::from(key))
    })
}

fn newest(conn: &mut Conn) -> Result<Option<SecretSlice<u8>>, DbError> {
    let newest = signing_keys::table.order(signing_keys::id.desc()).select(signing_keys::key);
    Ok(newest.first::<Vec<u8>>(conn).optional()?.map(SecretSlice::from))
}
