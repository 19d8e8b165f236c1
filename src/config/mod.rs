//! The settings, typed: what the command line, the environment and one file say, made into what
//! the server is built from.
//!
//! The command line beats the environment, which beats the file, which beats the defaults. White
//! space around a setting is left out, and one that is empty counts as not set. Everything that is wrong is said in one sentence, and
//! never quotes a value that may be a secret.

mod args;
mod check_listen;
mod database_url;
mod key_file;
mod mail;
mod public_url;
mod resolve;
mod support;
#[cfg(test)]
mod tests;

pub use args::{CatalogueArgs, DatabaseArgs, ServeArgs, Switch};
pub use check_listen::CheckListen;
pub use key_file::SealingKey;
pub use mail::{Mail, MailWay};
pub use public_url::PublicUrl;
pub use support::{Support, Way};

use crate::models::password::Cost;
use ipnet::IpNet;
use secrecy::{SecretSlice, SecretString};
use std::net::{Ipv4Addr, SocketAddr};
use std::path::PathBuf;
use std::time::Duration;

/// What the server is built from. Its `Debug` shows no secret.
#[derive(Debug, Clone)]
pub struct Config {
    /// Where to listen; port 0 takes any free one.
    pub listen: SocketAddr,
    /// Where the data is.
    pub database: Database,
    /// At what address people reach the server.
    pub public: PublicUrl,
    /// Whose forwarding headers are believed.
    pub trusted_proxies: Vec<IpNet>,
    /// Where the check listens besides the main listener.
    pub check_listen: Option<CheckListen>,
    /// The file with the catalogue; `None` means that of the build.
    pub catalogue: Option<PathBuf>,
    /// How many connections to the database to keep.
    pub pool_size: u32,
    /// Signs the cookies; `None` keeps the key in the database.
    pub signing_key: Option<SecretSlice<u8>>,
    /// What the keys of authenticator apps are encrypted by.
    pub sealing_key: SealingKey,
    /// Who has to have a second factor.
    pub second_factor: SecondFactor,
    /// How long the start waits for a database that isn't there yet.
    pub database_wait: Duration,
    /// How many user tokens each person may have; none means any number.
    pub user_tokens: Option<i64>,
    /// Where mail goes.
    pub mail: Mail,
    /// Whom people ask for help.
    pub support: Support,
    /// Whether to fill an empty database with demo data.
    pub demo: bool,
    /// How to write the log.
    pub log_format: LogFormat,
    /// What a guess at a password costs.
    pub password_cost: Cost,
}

crate::policy::closed_list! {
    /// Who has to have a second factor, whatever accounts ask for.
    pub enum SecondFactor {
        /// Nobody.
        Off = "off",
        /// Those who run the site.
        Admins = "admins",
        /// Everyone.
        Everyone = "everyone",
    }
}

/// Where the data is.
#[derive(Debug, Clone)]
pub enum Database {
    /// In a Postgres of your own.
    Url {
        /// Its address, which may hold a password.
        url: SecretString,
        /// Where the primary is remembered; `None` where there is no folder for it.
        primary_file: Option<PathBuf>,
    },
    /// In a Postgres of Tokenhouse's own.
    Private {
        /// Its folder, as an absolute path.
        data: PathBuf,
    },
}

/// How to write the log.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum LogFormat {
    /// For people.
    #[default]
    Text,
    /// For programs: one JSON object a line.
    Json,
}

/// What is wrong with the settings, in one sentence.
#[derive(Debug, thiserror::Error, PartialEq, Eq)]
#[error("{0}")]
pub struct ConfigError(String);

impl Config {
    /// What the tests use: any free port on loopback, plain http, no proxies, and passwords that
    /// cost next to nothing.
    ///
    /// # Errors
    /// None that anybody could cause.
    pub fn for_tests(database_url: String) -> Result<Self, ConfigError> {
        Ok(Self {
            listen: SocketAddr::from((Ipv4Addr::LOCALHOST, 0)),
            database: Database::Url { url: SecretString::from(database_url), primary_file: None },
            public: PublicUrl::loopback(),
            trusted_proxies: Vec::new(),
            check_listen: None,
            catalogue: None,
            pool_size: 4,
            signing_key: None,
            sealing_key: SealingKey::Lines(vec![SecretSlice::from(vec![b'k'; 64])]),
            second_factor: SecondFactor::Off,
            database_wait: Duration::ZERO,
            user_tokens: None,
            mail: Mail::for_tests()?,
            support: Support::default(),
            demo: false,
            log_format: LogFormat::Text,
            password_cost: Cost::CHEAP,
        })
    }
}
