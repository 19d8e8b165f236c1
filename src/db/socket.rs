//! Which socket a connection has. diesel shows neither that nor libpq's own handle, so the socket is
//! found among all that this process has open.
//!
//! Over TCP each connection has a `tcp_user_timeout` that no other has, which the kernel tells of
//! its socket. A unix socket has no such mark: it's the one that is new, and no two connections are
//! opened at the same time.

use rustix::fs::fstat;
use rustix::io::fcntl_dupfd_cloexec;
use rustix::net::{SocketAddrUnix, getpeername, sockopt};
use std::collections::HashSet;
use std::os::fd::{AsFd, BorrowedFd, OwnedFd, RawFd};
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError};

/// Where open descriptors are listed, by their numbers.
const OPEN: &str = if cfg!(target_os = "linux") { "/proc/self/fd" } else { "/dev/fd" };

/// The setting of libpq that is the mark, what it begins with, and how many there are. Neither is
/// missed: our own deadline is sooner than the first, and the other is what the system has anyway.
#[cfg(target_os = "linux")]
const MARK: (&str, u32, u32) = ("tcp_user_timeout", 10_000, 20_000);
#[cfg(not(target_os = "linux"))]
const MARK: (&str, u32, u32) = ("keepalives_idle", 7_200, 20_000);

fn mark_of(socket: BorrowedFd<'_>) -> Option<u32> {
    #[cfg(target_os = "linux")]
    return sockopt::tcp_user_timeout(socket).ok();
    #[cfg(not(target_os = "linux"))]
    return sockopt::tcp_keepidle(socket).ok().and_then(|idle| u32::try_from(idle.as_secs()).ok());
}

/// What is to be known of the sockets before a connection is opened.
pub(super) struct Search {
    mark: u32,
    unix: Option<Unix>,
}

struct Unix {
    before: HashSet<u64>,
    _alone: MutexGuard<'static, ()>,
}

/// What a search found.
pub(super) enum Found {
    /// The socket, a duplicate.
    One(OwnedFd),
    /// Several could be it: someone else opened one meanwhile.
    Several,
    /// None.
    None,
}

impl Search {
    /// Begins. Where the URL leads to a unix socket, waits until no other connection is being opened.
    pub(super) fn begin(url: &str) -> Search {
        static NEXT: AtomicU32 = AtomicU32::new(0);
        static ALONE: Mutex<()> = Mutex::new(());
        let unix = is_unix(url).then(|| {
            let alone = ALONE.lock().unwrap_or_else(PoisonError::into_inner);
            Unix { before: sockets(is_postgres).iter().filter_map(inode).collect(), _alone: alone }
        });
        Search { mark: MARK.1 + NEXT.fetch_add(1, Ordering::Relaxed) % MARK.2, unix }
    }

    /// The URL with the mark, which comes last and so counts.
    pub(super) fn marked(&self, url: &str) -> String {
        format!("{url}&{}={}", MARK.0, self.mark)
    }

    /// The socket of the connection that was opened meanwhile.
    pub(super) fn end(self) -> Found {
        let mut found = sockets(|socket| mark_of(socket) == Some(self.mark));
        if let (true, Some(Unix { before, .. })) = (found.is_empty(), &self.unix) {
            found = sockets(is_postgres);
            found.retain(|socket| inode(socket).is_some_and(|inode| !before.contains(&inode)));
        }
        match (found.pop(), found.is_empty()) {
            (Some(socket), true) => Found::One(socket),
            (Some(_), false) => Found::Several,
            (None, _) => Found::None,
        }
    }
}

/// Whether a host in the URL is a folder, or there is none, which libpq takes for its own folder.
fn is_unix(url: &str) -> bool {
    let behind = url.split_once("://").map_or(url, |(_, behind)| behind);
    let (place, settings) = behind.split_once('?').unwrap_or((behind, ""));
    let hosts = place.rsplit_once('@').map_or(place, |(_, hosts)| hosts);
    let hosts = hosts.split('/').next().unwrap_or_default();
    let is_folder = |host: &str| host.is_empty() || host.starts_with(['%', '/', '@', ':']);
    let named: Vec<&str> = settings.split('&').filter_map(|one| one.strip_prefix("host=")).collect();
    hosts.split(',').chain(named.into_iter().flat_map(|hosts| hosts.split(','))).any(is_folder)
}

/// Whether it's a unix socket that leads to a Postgres.
fn is_postgres(socket: BorrowedFd<'_>) -> bool {
    let peer = getpeername(socket).ok().flatten().and_then(|peer| SocketAddrUnix::try_from(peer).ok());
    peer.as_ref()
        .and_then(SocketAddrUnix::path_bytes)
        .is_some_and(|path| path.windows(9).any(|part| part == b".s.PGSQL."))
}

/// What tells one socket from every other, whatever their numbers.
fn inode(socket: &OwnedFd) -> Option<u64> {
    fstat(socket).ok().map(|stat| stat.st_ino)
}

/// Duplicates of the sockets that are so.
#[allow(unsafe_code, reason = "a descriptor that belongs to libpq has no owner in Rust")]
fn sockets(is_so: impl Fn(BorrowedFd<'_>) -> bool) -> Vec<OwnedFd> {
    let listed = std::fs::read_dir(OPEN).into_iter().flatten().flatten();
    let numbers = listed.filter_map(|one| one.file_name().to_str()?.parse::<RawFd>().ok());
    numbers
        .filter_map(|number| {
            // SAFETY: it isn't -1, and it's used for no longer than this closure. Its owner may close it
            // at any moment: then each call fails, or is answered by what has the number now. All of
            // them only read, and what was duplicated is asked again.
            let socket = unsafe { BorrowedFd::borrow_raw(number) };
            // Asked before it's duplicated: to close the duplicate of a file lets go of its locks.
            let own = is_so(socket).then(|| fcntl_dupfd_cloexec(socket, 3).ok()).flatten()?;
            is_so(own.as_fd()).then_some(own)
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_url_leads_to_a_unix_socket_where_a_host_is_a_folder_or_missing() {
        for (url, is) in [
            ("postgres:///db", true),
            ("postgres://role@:5432/db", true),
            ("postgres://role@%2Frun%2Fpostgresql:5432/db", true),
            ("postgres://one:1,%2Frun:2/db?connect_timeout=3", true),
            ("postgres://one/db?host=/run&connect_timeout=3", true),
            ("postgres://u:p?w@one:5432,two/db", false),
            ("postgres://role@[::1]:5432/db?sslmode=require", false),
        ] {
            assert_eq!(is_unix(url), is, "{url}");
        }
    }
}
