//! What can go wrong with the private Postgres, each in one sentence that says what to do.

use std::io;
use std::path::PathBuf;

/// Why the private Postgres could not be started, used or stopped.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum PrivateError {
    /// No server binaries were found.
    #[error(
        "no PostgreSQL server is installed (looked for initdb, pg_ctl, postgres and psql in PATH, by pg_config, and in {}): install one (Debian, Ubuntu: apt-get install postgresql; macOS: brew install postgresql), or set DATABASE_URL",
        super::binaries::USUAL_FOLDERS
    )]
    NoBinaries,

    /// Only too old a server was found.
    #[error(
        "the PostgreSQL in {folder} is version {version}, which is too old: install version {oldest} or newer, or set DATABASE_URL",
        folder = folder.display(),
        oldest = super::binaries::OLDEST_MAJOR
    )]
    TooOld {
        /// Where its binaries are.
        folder: PathBuf,
        /// Its major version.
        version: u32,
    },

    /// The cluster was made by a major version that is not installed.
    #[error(
        "the data folder {folder} was made by PostgreSQL {made_by}, and installed is {installed}: install PostgreSQL {made_by} beside it (Debian: apt-get install postgresql-{made_by}), or move the data over as docs/OPERATING.md says under \"A new major version of Postgres\"",
        folder = folder.display()
    )]
    OtherMajor {
        /// The data folder.
        folder: PathBuf,
        /// The major version that made it.
        made_by: u32,
        /// The major versions that are installed, in words.
        installed: String,
    },

    /// The folder cannot be made or written.
    #[error(
        "the data folder {folder} cannot be written by the user {user} ({source}): choose another one with --data, or run as the user to whom it belongs",
        folder = folder.display()
    )]
    NotWritable {
        /// The data folder.
        folder: PathBuf,
        /// Who tried.
        user: String,
        /// The system's reason.
        source: io::Error,
    },

    /// The user who runs Postgres cannot get to the folder.
    #[error(
        "the user {user}, who runs the private Postgres, cannot enter {parent}: choose a data folder outside of it with --data, or let others pass with chmod o+x {parent}",
        parent = parent.display()
    )]
    NotReachable {
        /// The first folder on the way that is closed.
        parent: PathBuf,
        /// The data folder.
        folder: PathBuf,
        /// Who runs Postgres.
        user: String,
    },

    /// Another process holds the folder.
    #[error(
        "the data folder {folder} is held by {holder}: stop that one first, or give this one a folder of its own with --data",
        folder = folder.display()
    )]
    Held {
        /// The data folder.
        folder: PathBuf,
        /// Command and process id of the holder.
        holder: String,
    },

    /// Another process holds the folder, but its Postgres does not answer.
    #[error(
        "the data folder {folder} is held by {holder}, but its Postgres does not answer: look into {folder}/postgres/server.log and restart that process",
        folder = folder.display()
    )]
    HolderSilent {
        /// The data folder.
        folder: PathBuf,
        /// Command and process id of the holder.
        holder: String,
    },

    /// The cluster belongs to a user whom this process cannot become.
    #[error(
        "the Postgres data in {folder} belongs to the user {owner}, and this is {user}: run as {owner} or as root, or choose another folder with --data",
        folder = folder.display()
    )]
    OtherOwner {
        /// The cluster's folder.
        folder: PathBuf,
        /// To whom it belongs.
        owner: String,
        /// Who tried.
        user: String,
    },

    /// The cluster belongs to root, as whom Postgres refuses to run.
    #[error(
        "the Postgres data in {folder} belongs to root, and Postgres refuses to run as root: give it to the user postgres with chown -R postgres {folder}",
        folder = folder.display()
    )]
    OwnedByRoot {
        /// The cluster's folder.
        folder: PathBuf,
    },

    /// Run as root, on a system with nobody to drop to.
    #[error(
        "this runs as root, as whom Postgres refuses to run, and there is neither a user postgres nor a user nobody: run as another user, or make one with useradd --system postgres"
    )]
    NobodyToDropTo,

    /// The user has no name, which Postgres needs.
    #[error(
        "the user id {uid} has no name on this system (/etc/passwd), and Postgres needs one: run as a user with a name, or set DATABASE_URL"
    )]
    NoName {
        /// The user id, or "of this process" when not even that could be found.
        uid: String,
    },

    /// The folder given to `--data` is a Postgres data folder itself.
    #[error(
        "{folder} is the data folder of a Postgres itself: give --data an empty folder, or set DATABASE_URL to use that Postgres",
        folder = folder.display()
    )]
    ClusterItself {
        /// The folder.
        folder: PathBuf,
    },

    /// Something else is where the cluster should be.
    #[error(
        "{folder} is neither empty nor a Postgres data folder that can be read: move it away, or choose another folder with --data",
        folder = folder.display()
    )]
    NotACluster {
        /// The cluster's folder.
        folder: PathBuf,
    },

    /// Somebody else's folder is where the socket should be.
    #[error(
        "{folder}, where the private Postgres would listen, cannot be used ({source}): remove it, or choose a shorter data folder with --data",
        folder = folder.display()
    )]
    NoSocket {
        /// The folder.
        folder: PathBuf,
        /// The system's reason.
        source: io::Error,
    },

    /// `initdb` failed.
    #[error(
        "the private Postgres could not be made in {folder} ({reason}): correct that and start again",
        folder = folder.display()
    )]
    NotMade {
        /// The data folder.
        folder: PathBuf,
        /// What initdb said.
        reason: String,
    },

    /// The server did not start.
    #[error(
        "the private Postgres in {folder} did not start ({reason}): see {log}, correct it and start again",
        folder = folder.display(), log = log.display()
    )]
    NotStarted {
        /// The data folder.
        folder: PathBuf,
        /// What the server said.
        reason: String,
        /// Where it said more.
        log: PathBuf,
    },

    /// A server seems to run already, but does not answer.
    #[error(
        "process {pid} seems to be this folder's Postgres, but does not answer: if it is none, remove {file} and start again",
        file = file.display()
    )]
    Silent {
        /// The process id in the file.
        pid: u32,
        /// The file that says so.
        file: PathBuf,
    },

    /// The role or the database could not be made.
    #[error(
        "the private Postgres in {folder} runs, but its database could not be made ({reason}): see docs/OPERATING.md",
        folder = folder.display()
    )]
    NotPrepared {
        /// The data folder.
        folder: PathBuf,
        /// What Postgres said.
        reason: String,
    },

    /// The server did not stop.
    #[error(
        "the private Postgres in {folder} (process {pid}) did not stop within a minute: the next start will use it as it is",
        folder = folder.display()
    )]
    NotStopped {
        /// The data folder.
        folder: PathBuf,
        /// Its process id.
        pid: u32,
    },

    /// A tool could not be run at all.
    #[error("{tool} could not be run ({source}): check the PostgreSQL installation")]
    NotRun {
        /// The tool.
        tool: &'static str,
        /// The system's reason.
        source: io::Error,
    },
}
