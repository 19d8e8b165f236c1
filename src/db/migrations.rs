//! Migrations, embedded in the binary.

use super::{Conn, DbError};
use diesel::connection::SimpleConnection;
use diesel_migrations::{EmbeddedMigrations, MigrationHarness, embed_migrations};

const MIGRATIONS: EmbeddedMigrations = embed_migrations!("migrations");

/// diesel takes no lock of its own, and nodes may start at the same moment.
const LOCK: &str = "SELECT pg_advisory_lock(4021850437)";
const UNLOCK: &str = "SELECT pg_advisory_unlock(4021850437)";

/// Brings the database up to date; returns how many migrations ran.
pub fn migrate(conn: &mut Conn) -> Result<usize, DbError> {
    conn.batch_execute(LOCK)?;
    let ran = conn.run_pending_migrations(MIGRATIONS).map(|ran| ran.len()).map_err(fault);
    conn.batch_execute(UNLOCK)?;
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
