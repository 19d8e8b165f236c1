//! The address at which people reach the server.

use super::ConfigError;
use std::net::{IpAddr, SocketAddr};
use url::Url;

/// The address at which people reach the server, if it is told one; else it is for this machine.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PublicUrl(Option<Url>);

impl PublicUrl {
    /// For this machine alone.
    pub fn loopback() -> Self {
        Self(None)
    }

    /// From what was configured: `http` or `https`, a host, perhaps a port, and nothing else.
    ///
    /// # Errors
    /// When it is anything else.
    pub fn parse(text: &str) -> Result<Self, ConfigError> {
        let refused = |why: &str| {
            ConfigError(format!(
                "the public URL {why}: give the address that people type, such as https://tokens.example.com"
            ))
        };
        let url = Url::parse(text).map_err(|error| refused(&format!("is none ({error})")))?;
        if !matches!(url.scheme(), "http" | "https") {
            return Err(refused("is neither https nor http"));
        }
        if !url.username().is_empty() || url.password().is_some() {
            return Err(refused("contains a user or a password"));
        }
        if url.path() != "/" || url.query().is_some() || url.fragment().is_some() {
            return Err(refused("has something behind the host"));
        }
        Ok(Self(Some(url)))
    }

    /// Whether browsers come by TLS: the `__Host-` cookie, `Secure` and HSTS depend on it.
    pub fn is_https(&self) -> bool {
        self.0.as_ref().is_some_and(|url| url.scheme() == "https")
    }

    /// Whether a form with this `Origin` header was ours. `bound` is where the server listens.
    pub fn origin_allowed(&self, origin: &str, bound: SocketAddr) -> bool {
        match &self.0 {
            // Browsers send exactly this form (RFC 6454, section 6.2), so no parsing is needed.
            Some(url) => origin == url.origin().ascii_serialization(),
            None => {
                let port = match bound.port() {
                    80 => String::new(),
                    port => format!(":{port}"),
                };
                origin.strip_prefix("http://").and_then(|rest| rest.strip_suffix(&port)).is_some_and(|host| {
                    ["127.0.0.1", "[::1]", "localhost"].contains(&host) || host == host_of(bound.ip())
                })
            }
        }
    }

    /// Scheme, host and port; without a public URL those of this machine by its name.
    pub fn origin(&self, bound: SocketAddr) -> Option<Url> {
        match &self.0 {
            Some(url) => Some(url.clone()),
            None => Url::parse(&format!("http://localhost:{}", bound.port())).ok(),
        }
    }

    /// A link that works from outside, for a path that starts with a slash.
    pub fn link(&self, bound: SocketAddr, path: &str) -> String {
        match &self.0 {
            Some(url) => format!("{}{path}", url.origin().ascii_serialization()),
            None => match bound.port() {
                80 => format!("http://{}{path}", host_of(bound.ip())),
                port => format!("http://{}:{port}{path}", host_of(bound.ip())),
            },
        }
    }
}

/// As it stands in a URL.
fn host_of(address: IpAddr) -> String {
    match address {
        IpAddr::V4(address) => address.to_string(),
        IpAddr::V6(address) => format!("[{address}]"),
    }
}
