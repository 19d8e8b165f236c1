//! A Postgres of a test's own: one that hangs, follows another, speaks another language or runs out
//! of disk.

use super::ledger;
use std::net::TcpListener;
use std::os::unix::fs::{MetadataExt, PermissionsExt, chown};
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use tempfile::TempDir;

/// What every one of them is started with: small, and nothing outlives a crash.
const SETTINGS: &str = "-c fsync=off -c full_page_writes=off -c shared_buffers=16MB -c max_connections=60 \
                        -c listen_addresses=127.0.0.1 -c max_wal_size=64MB";

/// A running server, which is stopped with this.
pub struct Cluster {
    pub port: u16,
    folder: TempDir,
}

impl Cluster {
    /// A new one, with an empty database `tokenhouse`, which the superuser `postgres` owns.
    pub fn start(settings: &str) -> Cluster {
        let cluster = Cluster::prepared(&[]);
        cluster.serve(settings);
        super::database::run(&cluster.url("postgres"), "CREATE DATABASE tokenhouse");
        cluster
    }

    /// With nothing in it yet. `options` are initdb's.
    pub fn prepared(options: &[&str]) -> Cluster {
        let cluster = Cluster::folder();
        let data = cluster.data();
        let mut initdb = cluster.tool("initdb");
        initdb
            .args(["-U", "postgres", "--auth=trust", "--no-sync", "-E", "UTF8", "-D"])
            .arg(data)
            .args(options);
        done(&mut initdb);
        cluster
    }

    /// One whose messages are German, with an empty database `tokenhouse` that the role `app` owns.
    pub fn in_german() -> Cluster {
        let cluster = Cluster::prepared(&[]);
        // Beside the data: the system's own locales stay as they are.
        let mut locale = Command::new("localedef");
        done(locale.args(["-i", "de_DE", "-f", "UTF-8"]).arg(cluster.folder.path().join("de_DE.UTF-8")));
        cluster.serve("-c lc_messages=de_DE.UTF-8");
        let url = cluster.url("postgres");
        super::database::run(&url, "CREATE ROLE app LOGIN");
        super::database::run(&url, "CREATE DATABASE tokenhouse OWNER app");
        cluster
    }

    /// One whose database `tokenhouse` lies on a disk of its own with this many megabytes. What Postgres
    /// writes ahead lies elsewhere: without space for that it stops.
    #[cfg(target_os = "linux")]
    pub fn on_disk_of(megabytes: u32) -> Cluster {
        let cluster = Cluster::prepared(&[]);
        let disk = cluster.folder.path().join("disk");
        std::fs::create_dir(&disk).unwrap();
        // Mounted for this server alone, in a namespace that ends with it.
        let mut start = Command::new("unshare");
        let script = match runs_as() {
            Some((user, group)) => {
                start.arg("-m");
                let owner = format!("uid={user},gid={group}");
                format!(
                    "mount -t tmpfs -o size={megabytes}m,mode=700,{owner} none $0 &&
                     exec setpriv --reuid {user} --regid {group} --clear-groups \"$@\""
                )
            }
            None => {
                // Whoever mounts is root there, which Postgres refuses to be.
                start.arg("-Urm");
                let me = std::fs::metadata(&disk).unwrap();
                let me = format!("--map-user={} --map-group={}", me.uid(), me.gid());
                format!("mount -t tmpfs -o size={megabytes}m,mode=700 none $0 && exec unshare -U {me} \"$@\"")
            }
        };
        start.args(["sh", "-c", &script]).arg(&disk);
        cluster.serve_by(start, "");
        let url = cluster.url("postgres");
        let location = format!("CREATE TABLESPACE disk LOCATION '{}'", disk.display());
        super::database::run(&url, &location);
        super::database::run(&url, "CREATE DATABASE tokenhouse TABLESPACE disk");
        cluster
    }

    /// One that follows this one, and has everything that it has.
    pub fn standby(&self) -> Cluster {
        let cluster = Cluster::folder();
        let mut backup = cluster.tool("pg_basebackup");
        backup.args(["-U", "postgres", "-h", "127.0.0.1", "-p", &self.port.to_string(), "-c", "fast"]);
        done(backup.args(["--no-sync", "-R", "-D"]).arg(cluster.data()));
        cluster.serve("");
        cluster
    }

    fn folder() -> Cluster {
        let folder = tempfile::Builder::new().prefix("cluster").tempdir_in(ledger::run_folder()).unwrap();
        std::fs::set_permissions(folder.path(), PermissionsExt::from_mode(0o755)).unwrap();
        if let Some((user, group)) = runs_as() {
            chown(folder.path(), Some(user), Some(group)).unwrap();
        }
        // Free now, and taken by the server in a moment.
        let port = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
        Cluster { port, folder }
    }

    /// Starts its server.
    pub fn serve(&self, settings: &str) {
        let mut start = Command::new("env");
        as_postgres(&mut start);
        self.serve_by(start, settings);
    }

    fn serve_by(&self, mut start: Command, settings: &str) {
        let options = format!("{SETTINGS} -p {} -k {} {settings}", self.port, self.folder.path().display());
        let log = self.folder.path().join("log");
        start.current_dir(self.folder.path()).env("LOCPATH", self.folder.path());
        start.stdin(Stdio::null()).stdout(Stdio::null());
        start
            .arg(binaries().join("pg_ctl"))
            .args(["start", "-w", "-s", "-o", &options, "-l"])
            .arg(&log)
            .arg("-D")
            .arg(self.data());
        assert!(start.status().unwrap().success(), "{}", std::fs::read_to_string(&log).unwrap_or_default());
    }

    /// Makes a standby the one that is written to.
    pub fn promote(&self) {
        done(self.tool("pg_ctl").args(["promote", "-w", "-s", "-D"]).arg(self.data()));
    }

    /// From now on none of its processes does anything, and none of its connections is closed.
    pub fn hang(&self) -> Stopped {
        let postmaster = std::fs::read_to_string(self.data().join("postmaster.pid")).unwrap();
        let postmaster = postmaster.lines().next().unwrap().to_owned();
        // First the one that starts others.
        signal("-STOP", std::slice::from_ref(&postmaster));
        let children = Command::new("pgrep").args(["-P", &postmaster]).output().unwrap();
        let children = String::from_utf8(children.stdout).unwrap();
        let mut all: Vec<String> = children.split_whitespace().map(str::to_owned).collect();
        all.push(postmaster);
        Stopped::now(all)
    }

    /// Where its data is.
    pub fn data(&self) -> PathBuf {
        self.folder.path().join("data")
    }

    /// Address of a database in it, as its superuser.
    pub fn url(&self, database: &str) -> String {
        format!("postgres://postgres@127.0.0.1:{}/{database}", self.port)
    }

    fn tool(&self, name: &str) -> Command {
        let mut command = Command::new(binaries().join(name));
        command.current_dir(self.folder.path()).stdin(Stdio::null()).stdout(Stdio::null());
        as_postgres(&mut command);
        command
    }
}

impl Drop for Cluster {
    fn drop(&mut self) {
        if self.data().join("postmaster.pid").exists() {
            let _ =
                self.tool("pg_ctl").args(["stop", "-m", "immediate", "-s", "-D"]).arg(self.data()).status();
        }
    }
}

/// Processes that are stopped where they are, until this is dropped.
pub struct Stopped(Vec<String>);

impl Stopped {
    pub fn now(processes: Vec<String>) -> Stopped {
        signal("-STOP", &processes);
        Stopped(processes)
    }
}

impl Drop for Stopped {
    fn drop(&mut self) {
        signal("-CONT", &self.0);
    }
}

fn signal(signal: &str, processes: &[String]) {
    // One of them may have ended by now.
    Command::new("kill").arg(signal).args(processes).stderr(Stdio::null()).status().unwrap();
}

fn done(command: &mut Command) {
    let output = command.output().unwrap();
    assert!(output.status.success(), "{command:?}: {}", String::from_utf8_lossy(&output.stderr));
}

fn as_postgres(command: &mut Command) {
    if let Some((user, group)) = runs_as() {
        command.uid(user).gid(group);
    }
}

/// Postgres refuses to be run by root.
fn runs_as() -> Option<(u32, u32)> {
    let number = |option: &str| -> u32 {
        let said = Command::new("id").args([option, "postgres"]).output().unwrap();
        String::from_utf8(said.stdout).unwrap().trim().parse().expect("a user postgres")
    };
    tokenhouse::db::private::running_as_root().then(|| (number("-u"), number("-g")))
}

/// Where the server's programs are: the private Postgres of the run has found them.
pub fn binaries() -> PathBuf {
    let options = std::fs::read_to_string(ledger::run_folder().join("pg/postgres/postmaster.opts"));
    let options = options.unwrap_or_else(|_| {
        super::database::url("tokenhouse");
        std::fs::read_to_string(ledger::run_folder().join("pg/postgres/postmaster.opts")).unwrap()
    });
    let postgres = options.split_whitespace().next().unwrap().trim_matches('"').to_owned();
    Path::new(&postgres).parent().unwrap().to_owned()
}
