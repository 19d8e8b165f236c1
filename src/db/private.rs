//! A Postgres of Tokenhouse's own, so that one command is enough to begin.
//!
//! It lives in a data folder, listens on a unix socket only, and knows its clients by the
//! operating system's word for who they are (`peer`): no port, no password. Whoever holds the
//! folder's lock owns it; a command that comes along meanwhile is a guest ([`Session`]).
//!
//! ```text
//! DATA/lock        held by the process that started it; says which one that is
//! DATA/guests      held in common by commands that use it, so that it is not stopped under them
//! DATA/hba.conf    who may connect        (written at every start)
//! DATA/ident.conf  which user is which role
//! DATA/socket/     the unix socket, unless that path would be too long for one
//! DATA/postgres/   the cluster itself, with server.log; belongs to the user who runs Postgres
//! ```
//!
//! All of this is synchronous and uses the standard library only: it runs before there is a
//! runtime, and after it has ended.

mod account;
mod binaries;
mod cluster;
mod error;
mod lock;
mod postmaster;
mod socket;
mod tools;

pub use error::PrivateError;

pub(crate) use account::effective_uid;
use account::{Account, Me};
use binaries::Binaries;
use cluster::Layout;
use lock::{Guest, Lock};
use postmaster::Postmaster;
use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::thread::sleep;
use std::time::{Duration, Instant};
use tools::{Tools, last_words};

/// The database inside the private Postgres, and the role that owns it. The role is not a
/// superuser: that one is called `postgres`, and only backups and upgrades need it.
pub const DATABASE: &str = "tokenhouse";
const SUPERUSER: &str = "postgres";
const PORT: u16 = 5432;

/// How long a command waits for another one's short hold on the folder to end.
const PATIENCE: Duration = Duration::from_secs(10);
/// How long a guest waits for a Postgres that its holder is still starting: a first start, or
/// recovery after a crash.
const STARTING: Duration = Duration::from_secs(30);
const STEP: Duration = Duration::from_millis(50);

/// Whether the data has to survive a crash of the machine.
#[derive(Debug, Clone, Copy)]
pub struct Tuning {
    /// `false` is for tests only: no fsync, no full-page writes, no synchronous commit, settings for
    /// many small databases, and a role that may create them.
    pub durable: bool,
}

/// Whether this process runs as root: the default data folder and the need to drop privileges
/// both depend on it.
pub fn running_as_root() -> bool {
    effective_uid() == Some(0)
}

/// A running private Postgres that this process owns: it holds the folder's lock and stops the
/// server with [`stop`](Self::stop), or when dropped.
#[derive(Debug)]
pub struct PrivatePostgres {
    layout: Layout,
    tools: Tools,
    server: Postmaster,
    running: bool,
    // Released when this value goes, after Postgres has stopped.
    lock: Lock,
}

impl PrivatePostgres {
    /// Starts the Postgres of the data folder, making it first when there is none, or adopts one
    /// that a killed process left running.
    ///
    /// # Errors
    /// One sentence that says what to do; among others when another process holds the folder. A
    /// command that holds it for its own duration is waited for.
    pub fn start(data: &Path, tuning: Tuning) -> Result<Self, PrivateError> {
        let (layout, me) = Layout::prepare(data)?;
        let deadline = Instant::now() + PATIENCE;
        let lock = loop {
            match Lock::take(&layout.lock, &me)? {
                Ok(lock) => break lock,
                Err(holder) if holder.is_server() || Instant::now() > deadline => {
                    return Err(layout.held_by(&holder));
                }
                Err(_) => sleep(STEP),
            }
        };
        Self::start_under(lock, layout, &me, tuning)
    }

    /// For commands that may run beside `serve`: a guest of the Postgres that runs in this folder
    /// while some process holds it; else its owner, for as long as the session lasts.
    ///
    /// # Errors
    /// One sentence that says what to do.
    pub fn use_or_start(data: &Path) -> Result<Session, PrivateError> {
        let (layout, me) = Layout::prepare(data)?;
        let deadline = Instant::now() + STARTING;
        loop {
            let holder = match Lock::take(&layout.lock, &me)? {
                Ok(lock) => {
                    let own = Self::start_under(lock, layout, &me, Tuning { durable: true })?;
                    return Ok(Session { url: own.url(DATABASE), stay: Stay::Owner(own) });
                }
                Err(holder) => holder,
            };
            // The order matters: first be a guest, then look. A holder that is about to stop
            // either sees the guest and waits, or refuses it.
            if holder.is_ready()
                && let Some(guest) = Guest::arrive(&layout.guests, &me)?
                && let Some(server) = Postmaster::read(&layout.cluster)
                && server.answers()
            {
                return Ok(Session { url: server.url(DATABASE), stay: Stay::Guest(guest) });
            }
            if Instant::now() > deadline {
                return Err(PrivateError::HolderSilent { folder: layout.root, holder: holder.to_string() });
            }
            sleep(STEP);
        }
    }

    fn start_under(lock: Lock, layout: Layout, me: &Me, tuning: Tuning) -> Result<Self, PrivateError> {
        let account = Account::for_cluster(&layout.cluster, me)?;
        let made_by = layout.cluster_version()?;
        let binaries = Binaries::find(made_by, &layout.root, &account)?;
        let tools = Tools { binaries, account };
        layout.write_access_rules(me, &tools.account)?;
        tools.check_reachable(&layout.root)?;
        if made_by.is_none() {
            layout.make_cluster(&tools, me, tuning)?;
        }

        let server = if tools.is_running(&layout.cluster)? {
            let server = Postmaster::wait_until_ready(&layout)?;
            // Whoever left it running may have been another user, with other access rules.
            tools.run(tools.command("pg_ctl").arg("reload").arg("-D").arg(&layout.cluster).arg("-s"))?;
            server
        } else {
            layout.start_server(&tools, me, tuning)?
        };
        let mut own = Self { layout, tools, server, running: true, lock };
        own.ensure_database(tuning)?;
        own.lock.announce_ready();
        Ok(own)
    }

    /// The address of a database in it, for libpq: through the unix socket.
    pub fn url(&self, database: &str) -> String {
        self.server.url(database)
    }

    /// The server's log, which holds why it refused something. It grows with errors only, and is
    /// set aside at a start when it is large.
    pub fn log_file(&self) -> PathBuf {
        self.layout.log()
    }

    /// Stops Postgres: open transactions are rolled back, and a clean checkpoint is written.
    /// Commands that are guests are given a few seconds to finish first.
    ///
    /// # Errors
    /// When it still runs a minute later.
    pub fn stop(mut self) -> Result<(), PrivateError> {
        self.halt()
    }

    /// Gives up the folder and leaves Postgres running, for the next process to adopt. For test
    /// binaries, which share one cluster in turn.
    pub fn leave_running(mut self) {
        self.running = false;
    }

    fn halt(&mut self) -> Result<(), PrivateError> {
        if !self.running {
            return Ok(());
        }
        self.running = false;
        // Kept until Postgres is down, so that no guest arrives in between.
        let _door = Guest::shut_out(&self.layout.guests, PATIENCE);
        let output = self.tools.run(
            self.tools
                .command("pg_ctl")
                .arg("stop")
                .arg("-D")
                .arg(&self.layout.cluster)
                .args(["-m", "fast", "-w", "-t", "60", "-s"]),
        )?;
        if output.status.success() || !self.tools.is_running(&self.layout.cluster)? {
            return Ok(());
        }
        Err(PrivateError::NotStopped { folder: self.layout.root.clone(), pid: self.server.pid })
    }

    /// Idempotent, and at every start: an operator may have dropped the database to restore it.
    fn ensure_database(&self, tuning: Tuning) -> Result<(), PrivateError> {
        let extra = if tuning.durable { "" } else { " CREATEDB" };
        let sql = format!(
            "SELECT 'CREATE ROLE {DATABASE} LOGIN{extra}' \
               WHERE NOT EXISTS (SELECT FROM pg_roles WHERE rolname = '{DATABASE}') \\gexec\n\
             SELECT 'CREATE DATABASE {DATABASE} OWNER {DATABASE}' \
               WHERE NOT EXISTS (SELECT FROM pg_database WHERE datname = '{DATABASE}') \\gexec\n"
        );
        let mut psql = self.tools.command("psql");
        psql.args(["-X", "-q", "-v", "ON_ERROR_STOP=1", "-d"])
            .arg(self.server.url_as(SUPERUSER, "postgres"))
            .stdin(Stdio::piped())
            .stdout(Stdio::null())
            .stderr(Stdio::piped());
        let failed = |source| PrivateError::NotRun { tool: "psql", source };
        let mut child = psql.spawn().map_err(failed)?;
        if let Some(mut stdin) = child.stdin.take() {
            // A psql that died early says why on its standard error, below.
            stdin.write_all(sql.as_bytes()).ok();
        }
        let output = child.wait_with_output().map_err(failed)?;
        if output.status.success() {
            return Ok(());
        }
        Err(PrivateError::NotPrepared { folder: self.layout.root.clone(), reason: last_words(&output) })
    }
}

impl Drop for PrivatePostgres {
    fn drop(&mut self) {
        if let Err(error) = self.halt() {
            tracing::warn!(%error, "the private Postgres was left running");
        }
    }
}

/// A stay in the private Postgres for one command: as its owner, or as a guest of `serve`.
/// Ends with [`stop`](Self::stop), or when dropped.
#[derive(Debug)]
pub struct Session {
    url: String,
    stay: Stay,
}

#[derive(Debug)]
enum Stay {
    Owner(PrivatePostgres),
    // Held for its lock only.
    Guest(#[allow(dead_code)] Guest),
}

impl Session {
    /// The address of Tokenhouse's database, for libpq.
    pub fn url(&self) -> &str {
        &self.url
    }

    /// Stops Postgres when this session started it; a guest just leaves.
    ///
    /// # Errors
    /// When Postgres does not stop.
    pub fn stop(self) -> Result<(), PrivateError> {
        match self.stay {
            Stay::Owner(own) => own.stop(),
            Stay::Guest(_) => Ok(()),
        }
    }
}
