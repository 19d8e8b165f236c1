//! A running server, as its own file tells of it.

use super::cluster::Layout;
use super::error::PrivateError;
use super::{DATABASE, STARTING, STEP};
use std::fs;
use std::os::unix::net::UnixStream;
use std::path::{Path, PathBuf};
use std::thread::sleep;
use std::time::Instant;

/// A running server, as its `postmaster.pid` describes it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Postmaster {
    pub(super) pid: u32,
    pub(super) port: u16,
    pub(super) socket: PathBuf,
    pub(super) ready: bool,
}

impl Postmaster {
    pub(super) fn read(cluster: &Path) -> Option<Self> {
        Self::parse(&fs::read_to_string(cluster.join("postmaster.pid")).ok()?)
    }

    /// Line by line: pid, data folder, start time, port, socket folder, address, shared memory,
    /// status ("starting", "stopping", "ready", "standby").
    pub(super) fn parse(text: &str) -> Option<Self> {
        let lines: Vec<&str> = text.lines().collect();
        Some(Self {
            pid: lines.first()?.trim().parse().ok()?,
            port: lines.get(3)?.trim().parse().ok()?,
            socket: PathBuf::from(lines.get(4)?),
            ready: lines.get(7).is_some_and(|status| status.trim() == "ready"),
        })
    }

    pub(super) fn answers(&self) -> bool {
        let socket = self.socket.join(format!(".s.PGSQL.{}", self.port));
        self.ready && UnixStream::connect(socket).is_ok()
    }

    pub(super) fn wait_until_ready(layout: &Layout) -> Result<Self, PrivateError> {
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

    pub(super) fn url(&self, database: &str) -> String {
        self.url_as(DATABASE, database)
    }

    pub(super) fn url_as(&self, role: &str, database: &str) -> String {
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
}
