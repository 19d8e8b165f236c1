//! Migrations, embedded in the binary.

use super::{Conn, DbError};
use diesel::connection::SimpleConnection;
use diesel::prelude::*;
use diesel_migrations::{EmbeddedMigrations, MigrationHarness, embed_migrations};

const MIGRATIONS: EmbeddedMigrations = embed_migrations!("migrations");

/// diesel takes no lock of its own, and nodes may start at the same moment.
const KEY: i64 = 4_021_850_437;

diesel::define_sql_function! {
    /// Whether nobody else holds it; answers at once.
    fn pg_try_advisory_lock(key: diesel::sql_types::BigInt) -> diesel::sql_types::Bool;
}

/// Brings the database up to date; returns how many migrations ran.
pub fn migrate(conn: &mut Conn) -> Result<usize, DbError> {
    if !diesel::select(pg_try_advisory_lock(KEY)).get_result::<bool>(conn)? {
        tracing::info!("waiting for another process that brings the database up to date");
        conn.batch_execute(&format!("SELECT pg_advisory_lock({KEY})"))?;
    }
    let ran = conn.run_pending_migrations(MIGRATIONS).map(|ran| ran.len()).map_err(fault);
    conn.batch_execute(&format!("SELECT pg_advisory_unlock({KEY})"))?;
    ran
}

/// Takes every migration back. Nothing is left; tests use it to show that each is reversible.
pub fn revert_all(conn: &mut Conn) -> Result<(), DbError> {
    conn.revert_all_migrations(MIGRATIONS).map(|_| ()).map_err(fault)
}

/// Whether no migration is missing.
pub fn is_current(conn: &mut Conn) -> Result<bool, DbError> {
    conn.has_pending_migration(MIGRATIONS).map(|pending| !pending).map_err(fault)
}

fn fault(error: Box<dyn std::error::Error + Send + Sync>) -> DbError {
    match error.downcast::<diesel::result::Error>() {
        Ok(error) => DbError::from(*error),
        Err(error) => DbError::Corrupt(format!("migration: {error}")),
    }
}
