//! Connections that are given up when they don't answer.
//!
//! libpq waits for an answer for as long as the connection is open, and the kernel of a server that
//! hangs keeps it open: no setting of libpq ends that wait. So the watchdog shuts the socket down when
//! work on it takes too long. libpq then reads the end of the connection, the thread that waited is
//! free again, and the pool opens another connection.

use super::connect::establish;
use super::error::first_line;
use super::primary::{Identity, Source, identify};
use super::{Conn, DbError, SETTINGS};
use crate::watchdog::{self, Socket};
use diesel::connection::SimpleConnection;
use diesel::r2d2::{ManageConnection, R2D2Connection};
use secrecy::SecretString;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

/// A server that answers at all answers `SELECT 1` sooner than this.
const LONGEST_PING: Duration = Duration::from_secs(2);

/// A connection, and what ends it when it hangs.
pub(super) struct Watched {
    conn: Conn,
    /// `None` if it wasn't found: then nothing watches.
    socket: Option<Arc<Socket>>,
    /// Whether the server's messages are in English, which alone can be told apart.
    is_read: bool,
    /// [`Connector::suspicion`] when it was opened.
    suspicion: u64,
    /// The server at its other end.
    pub(super) identity: Identity,
}

impl Watched {
    /// A connection to one server, which says who it is.
    pub(super) fn open(url: &SecretString) -> Result<Watched, String> {
        let (mut conn, socket) = establish(url)?;
        let socket = socket.map(|socket| Arc::new(Socket::new(socket, "the database doesn't answer")));
        let watch = socket.as_ref().map(|socket| watchdog::watch(socket, LONGEST_PING));
        let identity = identify(&mut conn).map_err(|error| first_line(&error.to_string()))?;
        drop(watch);
        Ok(Watched { conn, socket, is_read: false, suspicion: 0, identity })
    }

    /// The connection, which from now on nothing watches.
    pub(super) fn into_conn(self) -> Conn {
        self.conn
    }

    /// Runs work, and gives the connection up when that takes longer.
    pub(super) fn within<T>(
        &mut self,
        longest: Duration,
        work: impl FnOnce(&mut Conn) -> Result<T, DbError>,
    ) -> Result<T, DbError> {
        let _watch = self.socket.as_ref().map(|socket| watchdog::watch(socket, longest));
        let result = work(&mut self.conn);
        if self.is_read { result } else { result.map_err(DbError::unread) }
    }

    /// Whether it answers. Also `false` once it was given up.
    pub(super) fn answers(&mut self) -> bool {
        !self.is_given_up() && self.within(LONGEST_PING, |conn| Ok(conn.ping()?)).is_ok()
    }

    fn is_given_up(&self) -> bool {
        self.socket.as_ref().is_some_and(|socket| socket.is_given_up())
    }
}

/// Opens connections to the primary, and tests those that the pool lends.
#[derive(Clone)]
pub(super) struct Connector {
    pub(super) source: Source,
    suspicion: Arc<AtomicU64>,
}

impl Connector {
    pub(super) fn new(source: Source) -> Connector {
        Connector { source, suspicion: Arc::default() }
    }

    /// Whether a connection can be used: no idle one failed to answer since this one was opened, and no
    /// other server has taken this one's place. The server behind both may hang, and to ask each in turn
    /// would take as many waits as there are connections.
    pub(super) fn trusts(&self, conn: &Watched) -> bool {
        conn.suspicion == self.suspicion.load(Ordering::Relaxed) && !self.source.is_overtaken(&conn.identity)
    }
}

impl ManageConnection for Connector {
    type Connection = Watched;
    type Error = DbError;

    fn connect(&self) -> Result<Watched, DbError> {
        let suspicion = self.suspicion.load(Ordering::Relaxed);
        let mut conn = self.source.open()?;
        conn.suspicion = suspicion;
        conn.is_read = conn.within(LONGEST_PING, |conn| {
            conn.batch_execute(SETTINGS)?;
            speak_english(conn)
        })?;
        Ok(conn)
    }

    fn is_valid(&self, conn: &mut Watched) -> Result<(), DbError> {
        if !self.trusts(conn) {
            return Err(DbError::unavailable(
                "another connection doesn't answer, or another server is the primary",
            ));
        }
        if conn.answers() {
            return Ok(());
        }
        if conn.is_given_up() {
            self.suspicion.fetch_add(1, Ordering::Relaxed);
        }
        Err(DbError::unavailable("the connection doesn't answer"))
    }

    fn has_broken(&self, conn: &mut Watched) -> bool {
        std::thread::panicking() || conn.is_given_up() || conn.conn.is_broken()
    }
}

/// Asks the server for messages in English, as far as the role may, and returns whether they are.
fn speak_english(conn: &mut Conn) -> Result<bool, DbError> {
    use diesel::prelude::*;
    diesel::define_sql_function! {
        /// The value of a setting.
        fn current_setting(name: diesel::sql_types::Text) -> diesel::sql_types::Text;
    }
    let is_english = |conn: &mut Conn| -> Result<bool, DbError> {
        let spoken: String = diesel::select(current_setting("lc_messages")).get_result(conn)?;
        Ok(spoken.starts_with("en") || spoken.starts_with("C") || spoken == "POSIX")
    };
    if is_english(conn)? {
        return Ok(true);
    }
    conn.batch_execute(
        "DO $$ BEGIN PERFORM set_config('lc_messages', 'C', false);
         EXCEPTION WHEN insufficient_privilege THEN NULL; END $$",
    )?;
    is_english(conn)
}
