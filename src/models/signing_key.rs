//! The key that signs the cookies: made at first start, the same for every node.

use crate::db::schema::signing_keys;
use crate::db::{Conn, DbError};
use diesel::connection::SimpleConnection;
use diesel::prelude::*;
use rand::TryRng;
use rand::rngs::SysRng;
use secrecy::SecretSlice;
use time::OffsetDateTime;

/// The newest key; made now when there is none.
pub fn newest_or_new(conn: &mut Conn, now: OffsetDateTime) -> Result<SecretSlice<u8>, DbError> {
    conn.transaction(|conn| {
        // Nodes may start at the same moment: one makes the key, the others wait and read it.
        conn.batch_execute("LOCK TABLE signing_keys IN SHARE ROW EXCLUSIVE MODE")?;
        let known: Option<Vec<u8>> = signing_keys::table
            .order(signing_keys::id.desc())
            .select(signing_keys::key)
            .first(conn)
            .optional()?;
        let key = match known {
            Some(key) => key,
            None => {
                let mut key = vec![0_u8; 64];
                SysRng
                    .try_fill_bytes(&mut key)
                    .map_err(|error| DbError::Corrupt(format!("no randomness: {error}")))?;
                diesel::insert_into(signing_keys::table)
                    .values((signing_keys::key.eq(&key), signing_keys::created_at.eq(now)))
                    .execute(conn)?;
                key
            }
        };
        Ok(SecretSlice::from(key))
    })
}
