//! A listener of its own for the check, so that it's on no public name.

use crate::config::CheckListen;
use actix_web::rt::net::{TcpStream, UnixStream};
use std::any::Any;
use std::fs::Permissions;
use std::io;
use std::net::{SocketAddr, TcpListener};
use std::os::unix::fs::{FileTypeExt, PermissionsExt};
use std::os::unix::net::{self, UnixListener};

/// Marks a connection that came by this listener.
pub(super) struct OfCheck;

/// A listener for the check.
pub(super) enum CheckListener {
    Tcp(TcpListener),
    Unix(UnixListener),
}

impl CheckListener {
    /// Begins to listen. A socket that a server before has left behind is replaced. Its owner and its group
    /// may open it: a proxy runs as another user, and with the usual mask none but the owner could.
    pub(super) fn open(at: &CheckListen) -> io::Result<CheckListener> {
        match at {
            CheckListen::Tcp(address) => {
                let listener = TcpListener::bind(address)?;
                listener.set_nonblocking(true)?;
                Ok(CheckListener::Tcp(listener))
            }
            CheckListen::Unix(path) => {
                let is_socket = std::fs::symlink_metadata(path).is_ok_and(|it| it.file_type().is_socket());
                if is_socket && net::UnixStream::connect(path).is_err() {
                    std::fs::remove_file(path)?;
                }
                let listener = UnixListener::bind(path)?;
                std::fs::set_permissions(path, Permissions::from_mode(0o660))?;
                listener.set_nonblocking(true)?;
                Ok(CheckListener::Unix(listener))
            }
        }
    }

    /// Its address, where it has one.
    pub(super) fn address(&self) -> Option<SocketAddr> {
        match self {
            CheckListener::Tcp(listener) => listener.local_addr().ok(),
            CheckListener::Unix(_) => None,
        }
    }
}

/// Whether a connection came by the listener of the check: at this address, or by a socket, of which the
/// server has no other.
pub(super) fn is_of_check(connection: &dyn Any, address: Option<SocketAddr>) -> bool {
    if connection.is::<UnixStream>() {
        return true;
    }
    let own = connection.downcast_ref::<TcpStream>().and_then(|stream| stream.local_addr().ok());
    own.zip(address).is_some_and(|(own, address)| {
        // A connection to every address of the machine is to one of them.
        own.port() == address.port() && (address.ip().is_unspecified() || own.ip() == address.ip())
    })
}
