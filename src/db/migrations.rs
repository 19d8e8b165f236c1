//! Migrations, embedded in the binary.

use super::requirements::refuse_unsuitable;
use super::{Conn, DbError};
use diesel::connection::SimpleConnection;
use diesel::dsl::sql;
use diesel::migration::{self, Migration, MigrationSource};
use diesel::pg::Pg;
use diesel::prelude::*;
use diesel::sql_types::{Bool, Text};
use diesel_migrations::{EmbeddedMigrations, MigrationHarness, embed_migrations};
use std::collections::HashSet;

/// The product's own, then those of the example. A version is unique among all of them.
static SETS: &[EmbeddedMigrations] = &[
    embed_migrations!("migrations"),
    #[cfg(feature = "dns")]
    embed_migrations!("src/dns/migrations"),
];

/// All sets as one, in the order of their versions: diesel reverts only what its source knows.
struct All;

impl MigrationSource<Pg> for All {
    fn migrations(&self) -> migration::Result<Vec<Box<dyn Migration<Pg>>>> {
        let mut all = Vec::new();
        for set in SETS {
            all.extend(MigrationSource::<Pg>::migrations(set)?);
        }
        Ok(all)
    }
}

fn versions() -> Result<Vec<String>, DbError> {
    let all = All.migrations().map_err(fault)?;
    Ok(all.iter().map(|one| one.name().version().to_string()).collect())
}

/// diesel takes no lock of its own, and nodes may start at the same moment.
const KEY: i64 = 4_021_850_437;

diesel::define_sql_function! {
    /// Whether nobody else holds it; answers at once.
    fn pg_try_advisory_lock(key: diesel::sql_types::BigInt) -> diesel::sql_types::Bool;
}

diesel::table! {
    /// What diesel has run.
    #[sql_name = "__diesel_schema_migrations"]
    applied (version) {
        version -> Text,
    }
}

diesel::table! {
    /// Postgres's own list of tables.
    pg_class (oid) {
        oid -> Oid,
    }
}

/// Brings the database up to date; returns how many migrations ran. With nothing to do it only reads,
/// so that it also works for a role that may do nothing else, and on a read-only database.
///
/// # Errors
/// `Outdated` if migrations are missing and this role may not run them; `NotGranted` if it can't even
/// read; `Unsuitable` if it can't hold or compare texts as it must; `TooOld` if the database is from before the first migration.
pub fn migrate(conn: &mut Conn) -> Result<usize, DbError> {
    refuse_unsuitable(conn)?;
    refuse_without_rights(conn)?;
    refuse_too_old(conn)?;
    if is_current(conn)? {
        return Ok(0);
    }
    if !diesel::select(pg_try_advisory_lock(KEY)).get_result::<bool>(conn)? {
        tracing::info!("waiting for another process that brings the database up to date");
        conn.batch_execute(&format!("SELECT pg_advisory_lock({KEY})"))?;
    }
    let ran = run_missing(conn);
    conn.batch_execute(&format!("SELECT pg_advisory_unlock({KEY})"))?;
    let ran = ran?;
    refuse_without_rights(conn)?;
    Ok(ran)
}

/// What the code reads, as it's written: diesel's tables can't be listed at run time. Others may keep
/// tables of their own in the schema.
const TABLES: &str = include_str!("schema.rs");

fn refuse_without_rights(conn: &mut Conn) -> Result<(), DbError> {
    // The key may be kept in a file, and then nobody needs to read it here.
    let unreadable: Vec<String> = pg_class::table
        .filter(sql::<Bool>(
            "relnamespace = current_schema()::regnamespace AND relkind = 'r' AND relname <> 'signing_keys' \
             AND NOT has_table_privilege(oid, 'SELECT')",
        ))
        .select(sql::<Text>("relname::text"))
        .load(conn)?;
    let is_ours =
        |name: &String| name == "__diesel_schema_migrations" || TABLES.contains(&format!("\n    {name} ("));
    if unreadable.iter().any(is_ours) { Err(DbError::NotGranted(role(conn)?)) } else { Ok(()) }
}

/// Before the first release the migrations were written anew, so what an older one has run is unknown here.
fn refuse_too_old(conn: &mut Conn) -> Result<(), DbError> {
    let (first, ran) = (versions()?.into_iter().min(), ran(conn)?.into_iter().min());
    match ran {
        Some(version) if first.is_some_and(|first| version < first) => Err(DbError::TooOld(version)),
        _ => Ok(()),
    }
}

fn role(conn: &mut Conn) -> Result<String, DbError> {
    Ok(diesel::select(sql::<Text>("current_user::text")).get_result(conn)?)
}

/// Under the lock: another process may have run them meanwhile.
fn run_missing(conn: &mut Conn) -> Result<usize, DbError> {
    if is_current(conn)? {
        return Ok(0);
    }
    if let Some(why) = why_not(conn)? {
        return Err(DbError::Outdated(why));
    }
    conn.run_pending_migrations(All).map(|ran| ran.len()).map_err(fault)
}

/// Why migrations can't run on this connection; `None` if they can. They change tables, which only an
/// owner may.
fn why_not(conn: &mut Conn) -> Result<Option<String>, DbError> {
    if is_read_only(conn)? {
        return Ok(Some("it is read-only".to_owned()));
    }
    // Since Postgres 15 only its owner may create something in the schema of a new database.
    if !is_begun(conn)? {
        let may = sql::<Bool>("coalesce(has_schema_privilege(current_schema(), 'CREATE'), false)");
        if diesel::select(may).get_result::<bool>(conn)? {
            return Ok(None);
        }
        let names = sql::<(Text, Text)>(
            "quote_ident(current_user), quote_ident(coalesce(current_schema(), 'public'))",
        );
        let (role, schema) = diesel::select(names).get_result(conn)?;
        return Err(DbError::MayNotCreate { role, schema });
    }
    let may = sql::<Bool>(
        "coalesce(has_schema_privilege(current_schema(), 'CREATE'), false) AND NOT EXISTS (SELECT FROM pg_class \
         WHERE oid = to_regclass('__diesel_schema_migrations') AND NOT pg_has_role(relowner, 'USAGE'))",
    );
    if diesel::select(may).get_result::<bool>(conn)? {
        return Ok(None);
    }
    Ok(Some(format!("the role {} may not change its tables", role(conn)?)))
}

/// Whether the database takes no writes: a standby, or a primary that was set so.
fn is_read_only(conn: &mut Conn) -> Result<bool, DbError> {
    // A standby says so, too: its transactions are read-only, whatever is set.
    Ok(diesel::select(sql::<Bool>("current_setting('transaction_read_only')::boolean")).get_result(conn)?)
}

/// Takes every migration back. Nothing is left; tests use it to show that each is reversible.
pub fn revert_all(conn: &mut Conn) -> Result<(), DbError> {
    conn.revert_all_migrations(All).map(|_| ()).map_err(fault)
}

/// What a server can do with the database as it is now.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Readiness {
    /// Everything.
    Ready,
    /// It checks tokens and shows pages; changes are refused.
    ReadsOnly,
    /// Migrations are missing.
    Outdated,
}

/// Asks for it with plain queries: it writes nothing and creates nothing.
pub fn readiness(conn: &mut Conn) -> Result<Readiness, DbError> {
    Ok(if !is_current(conn)? {
        Readiness::Outdated
    } else if is_read_only(conn)? {
        Readiness::ReadsOnly
    } else {
        Readiness::Ready
    })
}

/// Whether no migration is missing.
pub fn is_current(conn: &mut Conn) -> Result<bool, DbError> {
    let ran = ran(conn)?;
    Ok(versions()?.iter().all(|version| ran.contains(version)))
}

/// Whether any migration ran, as far as this role can see.
fn is_begun(conn: &mut Conn) -> Result<bool, DbError> {
    let kept = sql::<Bool>("to_regclass('__diesel_schema_migrations') IS NOT NULL");
    Ok(diesel::select(kept).get_result(conn)?)
}

/// The versions that have run. It only reads: diesel's own check creates its table where there is none,
/// which a role without that right doesn't have, and which fails on a read-only database.
fn ran(conn: &mut Conn) -> Result<HashSet<String>, DbError> {
    if !is_begun(conn)? {
        return Ok(HashSet::new());
    }
    let ran: Vec<String> = applied::table.select(applied::version).load(conn)?;
    Ok(ran.into_iter().collect())
}

fn fault(error: Box<dyn std::error::Error + Send + Sync>) -> DbError {
    match error.downcast::<diesel::result::Error>() {
        Ok(error) => DbError::from(*error),
        Err(error) => DbError::Corrupt(format!("migration: {error}")),
    }
}
