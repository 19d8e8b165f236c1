//! The database: pool, transactions, errors. Every diesel and r2d2 error ends here.

mod any_of;
mod connect;
mod error;
mod hosts;
mod kept;
mod migrations;
mod pooler;
mod primary;
pub mod private;
mod requirements;
pub mod schema;
mod socket;
mod watched;

pub use any_of::AnyOf;
pub use connect::connect;
pub use error::DbError;
pub use kept::Kept;
pub use migrations::{Readiness, is_current, migrate, readiness, revert_all};
pub use pooler::refuse_pooler;
pub use primary::{Accepted, Source};

use diesel::Connection;
use diesel::connection::SimpleConnection;
use diesel::pg::PgConnection;
use diesel::r2d2::{HandleError, Pool};
use std::time::{Duration, Instant};
use time::OffsetDateTime;
use watched::Connector;

/// A connection, as models take it.
pub type Conn = PgConnection;

/// No answer of the database is waited for longer than this; then the caller gets a 503, and a
/// connection that is still at work is given up. The server itself gives a statement up sooner.
pub const LONGEST_WAIT: Duration = Duration::from_millis(4_500);
/// What changes very many rows at once may take so long.
pub const LONGEST_WORK: Duration = Duration::from_secs(60);
/// How long a call waits for its turn at the database: short, so that overload is a 503 and no queue.
pub const LONGEST_WAIT_FOR_TURN: Duration = Duration::from_secs(3);

/// The pool of connections. Cheap to clone.
#[derive(Clone)]
pub struct Db {
    pool: Pool<Connector>,
    connector: Connector,
}

/// What every connection of a server begins with.
///
/// What is decided under a lock is read again under it, which only sees what others have committed meanwhile where
/// the isolation is the usual one. A database or role may have set another.
const SETTINGS: &str = "SET TIME ZONE 'UTC'; SET default_transaction_isolation = 'read committed'; SET statement_timeout = '4s'; SET lock_timeout = '4s'";

impl Db {
    /// A pool for this database, of at most `size` connections; none is opened before the first use.
    pub fn new(source: &Source, size: u32) -> Db {
        let connector = Connector::new(source.clone());
        let pool = Pool::builder()
            .max_size(size)
            .min_idle(Some(1))
            .connection_timeout(LONGEST_WAIT_FOR_TURN)
            .error_handler(Box::new(Logged))
            .build_unchecked(connector.clone());
        Db { pool, connector }
    }

    /// A connection beside the pool, for a thread that keeps it; not opened before its first use.
    pub fn kept(&self) -> Kept {
        Kept::new(self.connector.clone())
    }

    /// Whether another server could become the primary without this one going away.
    pub fn has_several_servers(&self) -> bool {
        self.connector.source.has_several_servers()
    }

    /// Asks every server of the URL whether there is a newer primary. If there is, connections to the
    /// present one aren't used again.
    pub async fn look_for_primary(&self) -> Result<(), DbError> {
        let (done, result) = tokio::sync::oneshot::channel();
        let source = self.connector.source.clone();
        std::thread::spawn(move || done.send(source.open().map(drop)).ok());
        Ok(result.await.map_err(DbError::unavailable)??)
    }

    /// Runs work on a connection, off the async threads.
    pub async fn run<T, F>(&self, work: F) -> Result<T, DbError>
    where
        T: Send + 'static,
        F: FnOnce(&mut Conn) -> Result<T, DbError> + Send + 'static,
    {
        self.within(LONGEST_WAIT, work).await
    }

    async fn within<T, F>(&self, longest: Duration, work: F) -> Result<T, DbError>
    where
        T: Send + 'static,
        F: FnOnce(&mut Conn) -> Result<T, DbError> + Send + 'static,
    {
        let pool = self.pool.clone();
        let asked = Instant::now();
        let work = tokio::task::spawn_blocking(move || {
            let mut conn = pool.get().map_err(DbError::unavailable)?;
            // Whoever asked has had a 503 by now: nothing may still be done behind their back.
            if asked.elapsed() >= LONGEST_WAIT_FOR_TURN {
                return Err(DbError::unavailable("it was this process's turn too late"));
            }
            conn.within(longest, work)
        });
        match tokio::time::timeout(longest, work).await {
            Ok(Ok(result)) => result,
            Ok(Err(_)) => Err(DbError::Corrupt("work on the database panicked".to_owned())),
            Err(error) => Err(DbError::unavailable(error)),
        }
    }

    /// Runs work in one transaction: all of it, or nothing.
    pub async fn transaction<T, F>(&self, work: F) -> Result<T, DbError>
    where
        T: Send + 'static,
        F: FnOnce(&mut Conn) -> Result<T, DbError> + Send + 'static,
    {
        self.run(|conn| conn.transaction(work)).await
    }

    /// The same for work on a hundred thousand rows, which takes longer than any page may.
    pub async fn long_transaction<T, F>(&self, work: F) -> Result<T, DbError>
    where
        T: Send + 'static,
        F: FnOnce(&mut Conn) -> Result<T, DbError> + Send + 'static,
    {
        let work = |conn: &mut Conn| {
            conn.transaction(|conn| {
                conn.batch_execute("SET LOCAL statement_timeout = '58s'")?;
                work(conn)
            })
        };
        self.within(LONGEST_WORK, work).await
    }
}

#[derive(Debug)]
struct Logged;

impl HandleError<DbError> for Logged {
    fn handle_error(&self, error: DbError) {
        // r2d2 reports each failed attempt.
        tracing::warn!(cause = %error, "no connection to the database");
    }
}

/// Runs work in one transaction, for commands: all of it, or nothing.
pub fn in_one<T, E: From<diesel::result::Error>>(
    conn: &mut Conn,
    work: impl FnOnce(&mut Conn) -> Result<T, E>,
) -> Result<T, E> {
    conn.transaction(work)
}

/// Makes this transaction fail rather than wait long for what others hold: for work that comes
/// again, with other work behind it.
pub fn wait_briefly(conn: &mut Conn) -> Result<(), DbError> {
    Ok(conn.batch_execute("SET LOCAL lock_timeout = '500ms'")?)
}

/// Whether this transaction is the only one, on any node, that is at this chore.
pub fn alone(conn: &mut Conn, chore: i64) -> Result<bool, DbError> {
    use diesel::prelude::*;
    diesel::define_sql_function! {
        /// Until the transaction ends; answers at once.
        fn pg_try_advisory_xact_lock(key: diesel::sql_types::BigInt) -> diesel::sql_types::Bool;
    }
    Ok(diesel::select(pg_try_advisory_xact_lock(chore)).get_result(conn)?)
}

/// What the database's clock says.
pub fn database_now(conn: &mut Conn) -> Result<OffsetDateTime, DbError> {
    use diesel::prelude::*;
    diesel::define_sql_function! {
        /// The database's clock, not the transaction's.
        fn clock_timestamp() -> diesel::sql_types::Timestamptz;
    }
    Ok(diesel::select(clock_timestamp()).get_result(conn)?)
}
