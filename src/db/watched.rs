//! Connections that are given up when they don't answer.
//!
//! libpq waits for an answer for as long as the connection is open, and the kernel of a server that
//! hangs keeps it open: no setting of libpq ends that wait. So one thread of this process shuts the
//! socket down when work on it takes too long. libpq then reads the end of the connection, the
//! thread that waited is free again, and the pool opens another connection.

use super::connect::establish;
use super::error::first_line;
use super::primary::{Identity, Source, identify};
use super::{Conn, DbError, SETTINGS};
use diesel::connection::SimpleConnection;
use diesel::r2d2::{ManageConnection, R2D2Connection};
use rustix::net::{Shutdown, shutdown};
use secrecy::SecretString;
use std::collections::BTreeMap;
use std::os::fd::OwnedFd;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Condvar, LazyLock, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

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

struct Socket {
    /// A duplicate, so that its number can't belong to another connection meanwhile.
    fd: OwnedFd,
    is_given_up: AtomicBool,
}

impl Watched {
    /// A connection to one server, which says who it is.
    pub(super) fn open(url: &SecretString) -> Result<Watched, String> {
        let (mut conn, socket) = establish(url)?;
        let socket = socket.map(|fd| Arc::new(Socket { fd, is_given_up: AtomicBool::new(false) }));
        let watch = socket.as_ref().map(|socket| WATCHDOG.watch(socket, LONGEST_PING));
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
        let _watch = self.socket.as_ref().map(|socket| WATCHDOG.watch(socket, longest));
        let result = work(&mut self.conn);
        if self.is_read { result } else { result.map_err(DbError::unread) }
    }

    /// Whether it answers. Also `false` once it was given up.
    pub(super) fn answers(&mut self) -> bool {
        !self.is_given_up() && self.within(LONGEST_PING, |conn| Ok(conn.ping()?)).is_ok()
    }

    fn is_given_up(&self) -> bool {
        self.socket.as_ref().is_some_and(|socket| socket.is_given_up.load(Ordering::Relaxed))
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

static WATCHDOG: LazyLock<&'static Watchdog> = LazyLock::new(|| {
    let watchdog: &'static Watchdog = Box::leak(Box::default());
    std::thread::spawn(|| watchdog.run());
    watchdog
});

/// Shuts down what isn't done in time.
#[derive(Default)]
struct Watchdog {
    state: Mutex<State>,
    sooner: Condvar,
}

#[derive(Default)]
struct State {
    watched: BTreeMap<(Instant, u64), Arc<Socket>>,
    last: u64,
    /// When the thread looks again by itself; `None` while it waits to be woken.
    looks_at: Option<Instant>,
}

/// Work that is watched until this is dropped.
struct Watch<'dog> {
    watchdog: &'dog Watchdog,
    key: (Instant, u64),
}

impl Watchdog {
    fn watch(&self, socket: &Arc<Socket>, longest: Duration) -> Watch<'_> {
        let mut state = self.lock();
        state.last += 1;
        let key = (Instant::now() + longest, state.last);
        state.watched.insert(key, Arc::clone(socket));
        // Work ends long before its deadline, so that the thread is hardly ever woken.
        if state.looks_at.is_none_or(|at| key.0 < at) {
            state.looks_at = Some(key.0);
            self.sooner.notify_one();
        }
        Watch { watchdog: self, key }
    }

    fn run(&self) {
        let mut state = self.lock();
        loop {
            let now = Instant::now();
            while let Some(first) = state.watched.first_entry().filter(|first| first.key().0 <= now) {
                let socket = first.remove();
                socket.is_given_up.store(true, Ordering::Relaxed);
                // It fails only where the connection has ended already.
                let _ = shutdown(&socket.fd, Shutdown::Both);
                tracing::warn!("a connection to the database is given up: it doesn't answer");
            }
            state.looks_at = state.watched.first_key_value().map(|((at, _), _)| *at);
            state = match state.looks_at {
                Some(at) => {
                    let woken = self.sooner.wait_timeout(state, at.saturating_duration_since(now));
                    woken.unwrap_or_else(PoisonError::into_inner).0
                }
                None => self.sooner.wait(state).unwrap_or_else(PoisonError::into_inner),
            };
        }
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Drop for Watch<'_> {
    fn drop(&mut self) {
        self.watchdog.lock().watched.remove(&self.key);
    }
}
