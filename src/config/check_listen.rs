//! A listener of its own for the check, so that it's on no public name.

use std::fmt;
use std::net::SocketAddr;
use std::path::PathBuf;

/// Where the check listens besides the main listener.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum CheckListen {
    /// An address: the proxies that may ask are those that are trusted.
    Tcp(SocketAddr),
    /// A socket in the file system: who may open it is trusted.
    Unix(PathBuf),
}

impl CheckListen {
    /// Reads `127.0.0.1:8081` or `unix:/run/tokenhouse/check.sock`; `None` for anything else.
    pub fn parse(text: &str) -> Option<CheckListen> {
        match text.strip_prefix("unix:") {
            Some(path) if path.starts_with('/') => Some(CheckListen::Unix(PathBuf::from(path))),
            Some(_) => None,
            None => text.parse().ok().map(CheckListen::Tcp),
        }
    }
}

impl fmt::Display for CheckListen {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            CheckListen::Tcp(address) => address.fmt(out),
            CheckListen::Unix(path) => write!(out, "unix:{}", path.display()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_is_an_address_or_a_socket_by_its_whole_path() {
        for text in ["127.0.0.1:8081", "[::1]:8081", "unix:/run/tokenhouse/check.sock"] {
            assert_eq!(CheckListen::parse(text).unwrap().to_string(), text);
        }
        for wrong in ["", "8081", "localhost:8081", "unix:", "unix:check.sock", "/run/check.sock"] {
            assert_eq!(CheckListen::parse(wrong), None, "{wrong}");
        }
    }
}
