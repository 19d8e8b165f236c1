//! A data folder: made, checked, and started from.

use super::account::{Account, Me};
use super::error::PrivateError;
use super::lock::Holder;
use super::postmaster::Postmaster;
use super::tools::{Tools, last_words};
use super::{DATABASE, PORT, SUPERUSER, Tuning, socket};
use std::fs::{self, DirBuilder, File, OpenOptions};
use std::io::{ErrorKind, Read, Seek, SeekFrom, Write};
use std::os::unix::fs::{DirBuilderExt, OpenOptionsExt};
use std::path::{Path, PathBuf};

/// Where everything in a data folder is.
#[derive(Debug)]
pub(super) struct Layout {
    pub(super) root: PathBuf,
    pub(super) cluster: PathBuf,
    pub(super) lock: PathBuf,
    pub(super) guests: PathBuf,
}

impl Layout {
    /// Makes the folder when it is missing, and finds its real path.
    pub(super) fn prepare(data: &Path) -> Result<(Self, Me), PrivateError> {
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

    pub(super) fn log(&self) -> PathBuf {
        self.cluster.join("server.log")
    }

    pub(super) fn held_by(&self, holder: &Holder) -> PrivateError {
        PrivateError::Held { folder: self.root.clone(), holder: holder.to_string() }
    }

    /// The major version that made the cluster; `None` when there is no cluster yet.
    pub(super) fn cluster_version(&self) -> Result<Option<u32>, PrivateError> {
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
    pub(super) fn write_access_rules(&self, me: &Me, account: &Account) -> Result<(), PrivateError> {
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

    pub(super) fn write(&self, name: &str, text: &str) -> std::io::Result<()> {
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
    pub(super) fn make_cluster(&self, tools: &Tools, me: &Me, tuning: Tuning) -> Result<(), PrivateError> {
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

    pub(super) fn start_server(
        &self,
        tools: &Tools,
        me: &Me,
        tuning: Tuning,
    ) -> Result<Postmaster, PrivateError> {
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
    pub(super) fn server_options(&self, socket: &Path, tuning: Tuning) -> String {
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
            options.extend(FOR_TESTS.map(|(name, value)| format!("-c {name}={value}")));
        }
        options.join(" ")
    }

    pub(super) fn set_large_log_aside(&self) {
        let log = self.log();
        if fs::metadata(&log).is_ok_and(|file| file.len() > 8 << 20) {
            fs::rename(&log, self.cluster.join("server.log.1")).ok();
        }
    }
}

/// Beside the switches that `durable` turns off. A test run has hundreds of small databases, each of
/// which lives for a second: the more shared memory a process has mapped, the longer it takes to start
/// and to end, and autovacuum would start one for each database in turn.
const FOR_TESTS: [(&str, &str); 5] = [
    ("max_connections", "300"),
    ("shared_buffers", "32MB"),
    ("autovacuum", "off"),
    ("wal_level", "minimal"),
    ("max_wal_senders", "0"),
];

/// C.UTF-8 sorts by code point as C does, but also knows that É and é are one letter. Elsewhere
/// than on Linux it is not always there.
fn locale() -> &'static str {
    if cfg!(target_os = "linux") { "C.UTF-8" } else { "C" }
}

/// `pg_ctl -o` hands its text to a shell.
fn shell_word(text: &str) -> String {
    format!("'{}'", text.replace('\'', r"'\''"))
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
