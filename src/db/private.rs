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
mod error;
mod lock;
mod socket;

use std::fs::{self, DirBuilder, File, OpenOptions};
use std::io::{ErrorKind, Read, Seek, SeekFrom, Write};
use std::os::unix::fs::{DirBuilderExt, OpenOptionsExt};
use std::os::unix::net::UnixStream;
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};
use std::thread::sleep;
use std::time::{Duration, Instant};

use account::{Account, Me};
use binaries::Binaries;
pub use error::PrivateError;
use lock::{Guest, Holder, Lock};

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
    /// `false` is for tests only: no fsync, no full-page writes, no synchronous commit, more
    /// connections, and a role that may create databases.
    pub durable: bool,
}

/// Whether this process runs as root: the default data folder and the need to drop privileges
/// both depend on it.
pub fn running_as_root() -> bool {
    account::effective_uid() == Some(0)
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

/// Where everything in a data folder is.
#[derive(Debug)]
struct Layout {
    root: PathBuf,
    cluster: PathBuf,
    lock: PathBuf,
    guests: PathBuf,
}

impl Layout {
    /// Makes the folder when it is missing, and finds its real path.
    fn prepare(data: &Path) -> Result<(Self, Me), PrivateError> {
        let me = Me::current()?;
        let not_writable =
            |source| PrivateError::NotWritable { folder: data.to_path_buf(), user: me.name.clone(), source };
        // As root, the user that Postgres is given must get through to its own folder below.
        let mode = if me.is_root() { 0o711 } else { 0o700 };
        DirBuilder::new().recursive(true).mode(mode).create(data).map_err(not_writable)?;
        let root = fs::canonicalize(data).map_err(not_writable)?;
        if root.join("PG_VERSION").exists() {
            return Err(PrivateError::ClusterItself { folder: root });
        }
        let layout = Self {
            cluster: root.join("postgres"),
            lock: root.join("lock"),
            guests: root.join("guests"),
            root,
        };
        Ok((layout, me))
    }

    fn log(&self) -> PathBuf {
        self.cluster.join("server.log")
    }

    fn held_by(&self, holder: &Holder) -> PrivateError {
        PrivateError::Held { folder: self.root.clone(), holder: holder.to_string() }
    }

    /// The major version that made the cluster; `None` when there is no cluster yet.
    fn cluster_version(&self) -> Result<Option<u32>, PrivateError> {
        let broken = || PrivateError::NotACluster { folder: self.cluster.clone() };
        match fs::read_to_string(self.cluster.join("PG_VERSION")) {
            Ok(text) => match text.trim().parse() {
                Ok(major) => Ok(Some(major)),
                Err(_) => Err(broken()),
            },
            Err(error) if error.kind() == ErrorKind::NotFound => {
                let entries = fs::read_dir(&self.cluster);
                if entries.is_ok_and(|entries| entries.count() > 0) {
                    return Err(broken());
                }
                Ok(None)
            }
            Err(_) => Err(broken()),
        }
    }

    /// Writes who may connect. Outside of the cluster's folder, which belongs to the less trusted
    /// user when this process is root; and by renaming, which follows no link.
    fn write_access_rules(&self, me: &Me, account: &Account) -> Result<(), PrivateError> {
        let hba = format!(
            "# Written by Tokenhouse at every start.\n\
             local all         {DATABASE},{SUPERUSER} peer map={DATABASE}\n\
             local replication {SUPERUSER} peer map={DATABASE}\n"
        );
        let mut ident = String::from("# Written by Tokenhouse at every start.\n");
        let mut names = vec![me.name.as_str()];
        if account.name != me.name {
            names.push(&account.name);
        }
        for name in names {
            let name = name.replace('"', "\"\"");
            for role in [DATABASE, SUPERUSER] {
                ident.push_str(&format!("{DATABASE} \"{name}\" {role}\n"));
            }
        }
        for (name, text) in [("hba.conf", hba), ("ident.conf", ident)] {
            self.write(name, &text).map_err(|source| PrivateError::NotWritable {
                folder: self.root.clone(),
                user: me.name.clone(),
                source,
            })?;
        }
        Ok(())
    }

    fn write(&self, name: &str, text: &str) -> std::io::Result<()> {
        let fresh = self.root.join(format!("{name}.new"));
        match fs::remove_file(&fresh) {
            Err(error) if error.kind() != ErrorKind::NotFound => return Err(error),
            _ => {}
        }
        let mut file = OpenOptions::new().write(true).create_new(true).mode(0o644).open(&fresh)?;
        file.write_all(text.as_bytes())?;
        fs::rename(&fresh, self.root.join(name))
    }

    /// `initdb` beside the final place, and a rename: a half-made cluster is never met again.
    fn make_cluster(&self, tools: &Tools, me: &Me, tuning: Tuning) -> Result<(), PrivateError> {
        let fresh = self.root.join("postgres.new");
        let not_writable =
            |source| PrivateError::NotWritable { folder: self.root.clone(), user: me.name.clone(), source };
        match fs::remove_dir_all(&fresh) {
            Err(error) if error.kind() != ErrorKind::NotFound => return Err(not_writable(error)),
            _ => {}
        }
        tools.account.make_folder(&fresh).map_err(not_writable)?;
        let mut initdb = tools.command("initdb");
        initdb
            .arg("-D")
            .arg(&fresh)
            .args(["--username", SUPERUSER, "--auth=peer", "--encoding=UTF8"])
            .arg(format!("--locale={}", locale()));
        if !tuning.durable {
            initdb.arg("--no-sync");
        }
        let output = tools.run(&mut initdb)?;
        if !output.status.success() {
            fs::remove_dir_all(&fresh).ok();
            return Err(PrivateError::NotMade { folder: self.root.clone(), reason: last_words(&output) });
        }
        // Empty if it is there at all: cluster_version has looked.
        fs::remove_dir(&self.cluster).ok();
        fs::rename(&fresh, &self.cluster).map_err(not_writable)
    }

    fn start_server(&self, tools: &Tools, me: &Me, tuning: Tuning) -> Result<Postmaster, PrivateError> {
        let socket = socket::folder(&self.root, socket::runtime_folder(me).as_deref());
        socket::make(&socket, &tools.account, me)?;
        self.set_large_log_aside();
        let log = self.log();
        let before = fs::metadata(&log).map_or(0, |file| file.len());
        let output = tools.run(
            tools
                .command("pg_ctl")
                .arg("start")
                .arg("-D")
                .arg(&self.cluster)
                .arg("-l")
                .arg(&log)
                // Recovery after a crash is worth waiting for.
                .args(["-w", "-t", "300", "-s", "-o"])
                .arg(self.server_options(&socket, tuning)),
        )?;
        if output.status.success()
            && let Some(server) = Postmaster::read(&self.cluster)
        {
            return Ok(server);
        }
        Err(PrivateError::NotStarted {
            folder: self.root.clone(),
            reason: reason_after(&log, before).unwrap_or_else(|| last_words(&output)),
            log,
        })
    }

    /// What must hold whatever `postgresql.conf` says, so it goes on the command line, which wins.
    fn server_options(&self, socket: &Path, tuning: Tuning) -> String {
        let switch = |on: bool| if on { "on" } else { "off" };
        let durable = switch(tuning.durable);
        let settings = [
            ("listen_addresses", String::new()),
            ("unix_socket_directories", socket.display().to_string()),
            ("port", PORT.to_string()),
            ("hba_file", self.root.join("hba.conf").display().to_string()),
            ("ident_file", self.root.join("ident.conf").display().to_string()),
            ("fsync", durable.to_string()),
            ("full_page_writes", durable.to_string()),
            ("synchronous_commit", durable.to_string()),
            ("logging_collector", "off".to_string()),
            ("log_timezone", "UTC".to_string()),
            ("log_checkpoints", "off".to_string()),
            // A refused row would otherwise be quoted in full, password hash and all.
            ("log_error_verbosity", "terse".to_string()),
            ("jit", "off".to_string()),
        ];
        let mut options: Vec<String> = settings
            .iter()
            .map(|(name, value)| format!("-c {}", shell_word(&format!("{name}={value}"))))
            .collect();
        if !tuning.durable {
            options.push("-c max_connections=300".to_string());
        }
        options.join(" ")
    }

    fn set_large_log_aside(&self) {
        let log = self.log();
        if fs::metadata(&log).is_ok_and(|file| file.len() > 8 << 20) {
            fs::rename(&log, self.cluster.join("server.log.1")).ok();
        }
    }
}

/// C.UTF-8 sorts by code point as C does, but also knows that É and é are one letter. Elsewhere
/// than on Linux it is not always there.
fn locale() -> &'static str {
    if cfg!(target_os = "linux") { "C.UTF-8" } else { "C" }
}

/// The installed binaries, and the user to run them as.
#[derive(Debug)]
struct Tools {
    binaries: Binaries,
    account: Account,
}

impl Tools {
    fn command(&self, tool: &'static str) -> Command {
        self.account.command(&self.binaries.path(tool))
    }

    fn run(&self, command: &mut Command) -> Result<Output, PrivateError> {
        run(command)
    }

    /// `pg_ctl status` answers 0 for a running server, 3 for none, 4 for no data folder.
    fn is_running(&self, cluster: &Path) -> Result<bool, PrivateError> {
        let output = self.run(self.command("pg_ctl").arg("status").arg("-D").arg(cluster))?;
        Ok(output.status.success())
    }

    /// Asks the system itself, by changing into the folder as that user: modes alone are not the
    /// whole truth.
    fn check_reachable(&self, folder: &Path) -> Result<(), PrivateError> {
        let enters = |folder: &Path| {
            let mut probe = self.command("postgres");
            run(probe.arg("--version").current_dir(folder)).is_ok()
        };
        if enters(folder) {
            return Ok(());
        }
        let mut parents: Vec<&Path> = folder.ancestors().collect();
        parents.reverse();
        let closed = parents.into_iter().find(|parent| !enters(parent));
        Err(PrivateError::NotReachable {
            parent: closed.unwrap_or(folder).to_path_buf(),
            folder: folder.to_path_buf(),
            user: self.account.name.clone(),
        })
    }
}

fn run(command: &mut Command) -> Result<Output, PrivateError> {
    let tool = command.get_program().to_string_lossy().into_owned();
    command.stdin(Stdio::null()).output().map_err(|source| PrivateError::NotRun {
        tool: match tool.rsplit('/').next() {
            Some("initdb") => "initdb",
            Some("pg_ctl") => "pg_ctl",
            Some("psql") => "psql",
            _ => "postgres",
        },
        source,
    })
}

/// A running server, as its `postmaster.pid` describes it.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Postmaster {
    pid: u32,
    port: u16,
    socket: PathBuf,
    ready: bool,
}

impl Postmaster {
    fn read(cluster: &Path) -> Option<Self> {
        Self::parse(&fs::read_to_string(cluster.join("postmaster.pid")).ok()?)
    }

    /// Line by line: pid, data folder, start time, port, socket folder, address, shared memory,
    /// status ("starting", "stopping", "ready", "standby").
    fn parse(text: &str) -> Option<Self> {
        let lines: Vec<&str> = text.lines().collect();
        Some(Self {
            pid: lines.first()?.trim().parse().ok()?,
            port: lines.get(3)?.trim().parse().ok()?,
            socket: PathBuf::from(lines.get(4)?),
            ready: lines.get(7).is_some_and(|status| status.trim() == "ready"),
        })
    }

    fn answers(&self) -> bool {
        let socket = self.socket.join(format!(".s.PGSQL.{}", self.port));
        self.ready && UnixStream::connect(socket).is_ok()
    }

    fn wait_until_ready(layout: &Layout) -> Result<Self, PrivateError> {
        let deadline = Instant::now() + STARTING;
        loop {
            let server = Self::read(&layout.cluster);
            match server {
                Some(server) if server.answers() => return Ok(server),
                server if Instant::now() > deadline => {
                    return Err(PrivateError::Silent {
                        pid: server.map_or(0, |server| server.pid),
                        file: layout.cluster.join("postmaster.pid"),
                    });
                }
                _ => sleep(STEP),
            }
        }
    }

    fn url(&self, database: &str) -> String {
        self.url_as(DATABASE, database)
    }

    fn url_as(&self, role: &str, database: &str) -> String {
        use std::os::unix::ffi::OsStrExt;
        format!(
            "postgresql://{role}@{}:{}/{}",
            percent_encode(self.socket.as_os_str().as_bytes()),
            self.port,
            percent_encode(database.as_bytes()),
        )
    }
}

fn percent_encode(bytes: &[u8]) -> String {
    let mut text = String::with_capacity(bytes.len());
    for &byte in bytes {
        if byte.is_ascii_alphanumeric() || b"-._~".contains(&byte) {
            text.push(char::from(byte));
        } else {
            text.push_str(&format!("%{byte:02X}"));
        }
    }
    text
}

/// `pg_ctl -o` hands its text to a shell.
fn shell_word(text: &str) -> String {
    format!("'{}'", text.replace('\'', r"'\''"))
}

/// What a tool gave as its reason, without time and name in front.
fn last_words(output: &Output) -> String {
    let said =
        String::from_utf8_lossy(&output.stderr).into_owned() + &String::from_utf8_lossy(&output.stdout);
    let marked = ["FATAL:", "ERROR:", "error:"]
        .iter()
        .find_map(|mark| Some(said.lines().find_map(|line| line.split_once(mark))?.1));
    let last = said.lines().rev().find(|line| !line.trim().is_empty());
    match marked.or(last) {
        Some(reason) => reason.trim().trim_end_matches('.').to_string(),
        None => output.status.to_string(),
    }
}

/// Why the server gave up, from what it wrote to its log since.
fn reason_after(log: &Path, offset: u64) -> Option<String> {
    let mut file = File::open(log).ok()?;
    file.seek(SeekFrom::Start(offset)).ok()?;
    let mut said = Vec::new();
    file.take(1 << 20).read_to_end(&mut said).ok()?;
    reason_in(&String::from_utf8_lossy(&said))
}

fn reason_in(log: &str) -> Option<String> {
    let named = ["FATAL:", "PANIC:"].iter().find_map(|level| {
        let (_, reason) = log.lines().find_map(|line| line.split_once(level))?;
        Some(reason)
    });
    // Before it has read its settings, the server speaks without levels.
    let reason = named.or_else(|| log.lines().find(|line| !line.trim().is_empty()))?;
    Some(reason.trim().to_string())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn postmaster() -> Postmaster {
        Postmaster {
            pid: 4242,
            port: 5432,
            socket: PathBuf::from("/var/lib/token house/socket"),
            ready: true,
        }
    }

    #[test]
    fn an_address_carries_the_socket_folder_percent_encoded_as_its_host() {
        assert_eq!(
            postmaster().url("tokenhouse"),
            "postgresql://tokenhouse@%2Fvar%2Flib%2Ftoken%20house%2Fsocket:5432/tokenhouse"
        );
    }

    #[test]
    fn a_postmaster_file_tells_pid_port_socket_and_whether_it_is_ready() {
        let text = "4242\n/d/postgres\n1795000000\n5432\n/var/lib/token house/socket\n\n  1 2\nready   \n";
        assert_eq!(Postmaster::parse(text), Some(postmaster()));
        let starting = text.replace("ready   ", "starting");
        assert!(Postmaster::parse(&starting).is_some_and(|server| !server.ready));
    }

    #[test]
    fn a_half_written_postmaster_file_is_not_a_server() {
        assert_eq!(Postmaster::parse(""), None);
        assert_eq!(Postmaster::parse("4242\n/d/postgres\n"), None);
    }

    #[test]
    fn the_reason_for_a_failed_start_is_taken_from_the_log() {
        let log = "2026-11-22 01:00:00 UTC [7] LOG:  starting\n\
                   2026-11-22 01:00:00 UTC [7] FATAL:  could not map memory\n";
        assert_eq!(reason_in(log).as_deref(), Some("could not map memory"));
        let early = "postgres: could not find the database system\nExpected it elsewhere\n";
        assert_eq!(reason_in(early).as_deref(), Some("postgres: could not find the database system"));
        assert_eq!(reason_in("\n"), None);
    }

    #[test]
    fn a_quote_in_a_folder_does_not_end_the_shell_word() {
        assert_eq!(shell_word("a='b'"), r"'a='\''b'\'''");
    }
}
