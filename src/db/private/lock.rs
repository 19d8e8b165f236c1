//! Who holds a data folder. The kernel releases these locks when their process ends, however it
//! ends, so none is ever stale.

use std::fmt;
use std::fs::{File, OpenOptions, TryLockError};
use std::io::{self, Read, Seek, SeekFrom, Write};
use std::os::unix::fs::OpenOptionsExt;
use std::path::Path;
use std::thread::sleep;
use std::time::{Duration, Instant};

use super::PrivateError;
use super::account::Me;

/// The hold of one process on a data folder.
#[derive(Debug)]
pub(super) struct Lock {
    file: File,
}

impl Lock {
    /// The lock, or who has it.
    pub(super) fn take(path: &Path, me: &Me) -> Result<Result<Self, Holder>, PrivateError> {
        let mut file = open(path, me)?;
        let written = match file.try_lock() {
            Ok(()) => Holder::this().write(&mut file),
            Err(TryLockError::WouldBlock) => return Ok(Err(Holder::read(&mut file))),
            Err(TryLockError::Error(error)) => Err(error),
        };
        written.map_err(|source| not_writable(path, me, source))?;
        Ok(Ok(Self { file }))
    }

    /// Says to those who wait that Postgres runs and has its database. A guest that cannot read
    /// this waits in vain, but the holder itself is not hindered: hence no error.
    pub(super) fn announce_ready(&mut self) {
        let holder = Holder { ready: true, ..Holder::this() };
        if let Err(error) = holder.write(&mut self.file) {
            tracing::warn!(%error, "commands beside this one cannot use the private Postgres");
        }
    }
}

/// The stay of a command in a Postgres that another process holds.
#[derive(Debug)]
pub(super) struct Guest {
    _file: File,
}

impl Guest {
    /// `None` while the holder is stopping.
    pub(super) fn arrive(path: &Path, me: &Me) -> Result<Option<Self>, PrivateError> {
        let file = open(path, me)?;
        match file.try_lock_shared() {
            Ok(()) => Ok(Some(Self { _file: file })),
            Err(TryLockError::WouldBlock) => Ok(None),
            Err(TryLockError::Error(source)) => Err(not_writable(path, me, source)),
        }
    }

    /// For the holder: waits for the guests to leave, and lets no more of them in while the answer
    /// is kept. `None` when some did not leave in time, or never could come.
    pub(super) fn shut_out(path: &Path, patience: Duration) -> Option<File> {
        let file = OpenOptions::new()
            .read(true)
            .write(true)
            .create(true)
            .truncate(false)
            .mode(0o644)
            .custom_flags(libc::O_NOFOLLOW)
            .open(path)
            .ok()?;
        let deadline = Instant::now() + patience;
        loop {
            match file.try_lock() {
                Ok(()) => return Some(file),
                Err(TryLockError::WouldBlock) if Instant::now() < deadline => {
                    sleep(Duration::from_millis(50));
                }
                Err(_) => return None,
            }
        }
    }
}

/// The process that holds a folder, as it wrote itself down.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Holder {
    pid: Option<u32>,
    command: String,
    ready: bool,
}

impl Holder {
    fn this() -> Self {
        Self {
            pid: Some(std::process::id()),
            command: command_of(std::env::args().nth(1).as_deref()),
            ready: false,
        }
    }

    fn read(file: &mut File) -> Self {
        let mut text = String::new();
        // An empty file is one whose holder is about to write: still held.
        file.read_to_string(&mut text).ok();
        Self::parse(&text)
    }

    fn parse(text: &str) -> Self {
        let mut words = text.split(' ').map(str::trim);
        Self {
            pid: words.next().and_then(|word| word.parse().ok()),
            command: words.next().unwrap_or_default().to_string(),
            ready: words.next() == Some("ready"),
        }
    }

    fn write(&self, file: &mut File) -> io::Result<()> {
        let pid = self.pid.unwrap_or_default();
        let state = if self.ready { "ready" } else { "starting" };
        file.set_len(0)?;
        file.seek(SeekFrom::Start(0))?;
        file.write_all(format!("{pid} {} {state}\n", self.command).as_bytes())
    }

    /// Whether its Postgres can be used.
    pub(super) fn is_ready(&self) -> bool {
        self.ready
    }

    /// A server stays; every other command is soon done.
    pub(super) fn is_server(&self) -> bool {
        self.command == "serve"
    }
}

impl fmt::Display for Holder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match (self.command.as_str(), self.pid) {
            ("", Some(pid)) => write!(f, "another process ({pid})"),
            (_, None) => f.write_str("another process"),
            (command, Some(pid)) => write!(f, "tokenhouse {command} (process {pid})"),
        }
    }
}

/// Only the command's own word is written down: what follows it may be a password.
fn command_of(first: Option<&str>) -> String {
    match first {
        Some(word) if !word.is_empty() && word.bytes().all(|byte| byte.is_ascii_lowercase()) => {
            word.to_string()
        }
        _ => String::new(),
    }
}

fn open(path: &Path, me: &Me) -> Result<File, PrivateError> {
    OpenOptions::new()
        .read(true)
        .write(true)
        .create(true)
        .truncate(false)
        .mode(0o644)
        // Root may be working in a folder that belongs to somebody else.
        .custom_flags(libc::O_NOFOLLOW)
        .open(path)
        .map_err(|source| not_writable(path, me, source))
}

fn not_writable(path: &Path, me: &Me, source: io::Error) -> PrivateError {
    PrivateError::NotWritable {
        folder: path.parent().unwrap_or(path).to_path_buf(),
        user: me.name.clone(),
        source,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn someone() -> Me {
        Me { uid: 1000, name: "someone".to_string() }
    }

    #[test]
    fn a_second_holder_is_told_who_the_first_one_is() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("lock");
        let mut first = Lock::take(&path, &someone()).unwrap().unwrap();
        let holder = Lock::take(&path, &someone()).unwrap().unwrap_err();
        assert_eq!(holder.pid, Some(std::process::id()));
        assert!(!holder.is_ready());
        first.announce_ready();
        let holder = Lock::take(&path, &someone()).unwrap().unwrap_err();
        assert!(holder.is_ready());
        drop(first);
        // A process that another test is just starting may keep the file open until it has begun.
        let freed = (0..100).any(|_| {
            sleep(Duration::from_millis(20));
            Lock::take(&path, &someone()).unwrap().is_ok()
        });
        assert!(freed);
    }

    #[test]
    fn only_the_word_of_the_command_is_written_down() {
        assert_eq!(command_of(Some("serve")), "serve");
        assert_eq!(command_of(Some("--database-url=postgres://u:secret@h/")), "");
        assert_eq!(command_of(None), "");
    }

    #[test]
    fn a_holder_is_described_by_its_command_and_process() {
        assert_eq!(Holder::parse("42 serve\n").to_string(), "tokenhouse serve (process 42)");
        assert!(Holder::parse("42 serve\n").is_server());
        assert!(!Holder::parse("42 serve starting\n").is_ready());
        assert!(Holder::parse("42 serve ready\n").is_ready());
        assert!(Holder::parse("42  ready\n").is_ready());
        assert_eq!(Holder::parse("42 \n").to_string(), "another process (42)");
        assert_eq!(Holder::parse("").to_string(), "another process");
    }

    #[test]
    fn guests_keep_the_door_open_and_a_shut_door_refuses_guests() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("guests");
        let one = Guest::arrive(&path, &someone()).unwrap();
        let two = Guest::arrive(&path, &someone()).unwrap();
        assert!(one.is_some() && two.is_some());
        assert!(Guest::shut_out(&path, Duration::ZERO).is_none());
        drop((one, two));
        let door = Guest::shut_out(&path, Duration::from_secs(2));
        assert!(door.is_some());
        assert!(Guest::arrive(&path, &someone()).unwrap().is_none());
    }
}
