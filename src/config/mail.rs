//! Where mail goes.

use super::ConfigError;
use lettre::message::Mailbox;
use lettre::{AsyncSmtpTransport, Tokio1Executor};
use secrecy::{ExposeSecret, SecretString};
use std::net::Ipv4Addr;
use std::path::PathBuf;
use std::time::Duration;
use url::{Host, Position, Url};

/// What is due is looked for so often.
const LOOK_EVERY: Duration = Duration::from_secs(5);

/// Where mail goes, and whom it comes from.
#[derive(Debug, Clone)]
pub struct Mail {
    /// Where it goes.
    pub way: MailWay,
    /// Whom it comes from.
    pub from: Mailbox,
    /// What is due is looked for so often; never by itself in tests, which say when.
    pub every: Option<Duration>,
}

/// Where mail goes.
#[derive(Debug, Clone)]
pub enum MailWay {
    /// To a server that sends it. The address may hold a password.
    Smtp(SecretString),
    /// Into a folder, one file a mail: nobody gets it who does not look there.
    Folder(PathBuf),
}

impl Mail {
    /// What the tests use: a folder that nothing is put into by itself.
    pub(super) fn for_tests() -> Result<Mail, ConfigError> {
        let folder = std::env::temp_dir().join("tokenhouse-tests-mail");
        Ok(Mail { way: MailWay::Folder(folder), from: mailbox(None)?, every: None })
    }

    /// Whether mail is really sent.
    pub fn is_sent(&self) -> bool {
        matches!(self.way, MailWay::Smtp(_))
    }

    /// From what was told; `folder` is for what is not sent.
    pub(super) fn resolve(
        smtp: Option<SecretString>,
        from: Option<String>,
        folder: impl FnOnce() -> Result<PathBuf, ConfigError>,
    ) -> Result<Mail, ConfigError> {
        let way = match smtp {
            Some(_) if from.is_none() => {
                return Err(ConfigError(
                    "mail needs somebody it comes from: say with --mail-from, such as tokens@example.com"
                        .to_owned(),
                ));
            }
            Some(url) => MailWay::Smtp(checked(url)?),
            None => MailWay::Folder(folder()?),
        };
        Ok(Mail { way, from: mailbox(from.as_deref())?, every: Some(LOOK_EVERY) })
    }
}

fn mailbox(text: Option<&str>) -> Result<Mailbox, ConfigError> {
    let text = text.unwrap_or("tokenhouse@localhost");
    text.parse().map_err(|_| {
        ConfigError(format!(
            "{text:?} is not an address for mail to come from: give one such as tokens@example.com"
        ))
    })
}

/// A password goes over the network under TLS only.
fn checked(url: SecretString) -> Result<SecretString, ConfigError> {
    let wrong = || {
        ConfigError(
            "the SMTP URL must be smtps://user:password@host, smtp://user:password@host:587?tls=required, or smtp://host for plain SMTP".to_owned(),
        )
    };
    let parsed = Url::parse(url.expose_secret()).map_err(|_| wrong())?;
    // What is before an @ there is a password with an unencoded / ? or #, of which a part is the host.
    let behind_host = &parsed[Position::BeforePath..];
    if behind_host.contains('@') {
        return Err(wrong());
    }
    AsyncSmtpTransport::<Tokio1Executor>::from_url(url.expose_secret()).map_err(|_| wrong())?;
    // Of two the transport takes the first.
    let tls = parsed.query_pairs().find(|(name, _)| name == "tls");
    let is_encrypted = parsed.scheme() == "smtps" || tls.is_some_and(|(_, value)| value == "required");
    let is_here = match parsed.host() {
        // The scheme is none of the web's: an IPv4 address is a name like any other to the parser.
        Some(Host::Domain(name)) => {
            name == "localhost" || name.parse::<Ipv4Addr>().is_ok_and(|address| address.is_loopback())
        }
        Some(Host::Ipv4(address)) => address.is_loopback(),
        Some(Host::Ipv6(address)) => address.is_loopback(),
        None => false,
    };
    if parsed.password().is_some() && !is_encrypted && !is_here {
        return Err(ConfigError(
            "the SMTP URL holds a password that would be sent in the open: use smtps://, or add ?tls=required"
                .to_owned(),
        ));
    }
    Ok(url)
}
