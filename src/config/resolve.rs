//! The file, and how command line, environment, file and defaults come together.

use super::CheckListen;
use super::{
    CatalogueArgs, Config, ConfigError, Database, DatabaseArgs, LogFormat, Mail, PublicUrl, SealingKey,
    SecondFactor, ServeArgs, Support, database_url, key_file,
};
use crate::db::private::running_as_root;
use crate::models::password::Cost;
use crate::policy::networks::unmapped;
use ipnet::IpNet;
use secrecy::{ExposeSecret, SecretString};
use serde::Deserialize;
use std::env::VarError;
use std::ffi::{OsStr, OsString};
use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::os::unix::ffi::OsStrExt;
use std::path::{Path, PathBuf};
use std::time::Duration;

const DEFAULT_PORT: u16 = 8080;
const DEFAULT_POOL: u32 = 8;
/// After a reboot the database may come up a minute later. After a longer wait the process ends with
/// the cause, and its supervisor starts it again.
const DATABASE_WAIT: Duration = Duration::from_secs(90);

/// The keys of the file: those of the command line.
#[derive(Deserialize, Default)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
struct File {
    listen: Option<String>,
    public_url: Option<String>,
    #[serde(default)]
    trusted_proxy: Vec<String>,
    check_listen: Option<String>,
    database_url: Option<String>,
    data: Option<String>,
    primary_file: Option<String>,
    pool_size: Option<u32>,
    signing_key_file: Option<String>,
    key_file: Option<String>,
    second_factor: Option<String>,
    user_tokens: Option<i64>,
    catalogue: Option<String>,
    smtp: Option<String>,
    mail_from: Option<String>,
    mail_folder: Option<String>,
    support_email: Option<String>,
    support_url: Option<String>,
    demo: Option<bool>,
    log_format: Option<String>,
}

impl DatabaseArgs {
    /// Where the data is.
    ///
    /// # Errors
    /// When the file cannot be read, or no folder can be found for the data.
    pub fn resolve(self) -> Result<Database, ConfigError> {
        let file = self.file()?;
        self.resolve_with(&file)
    }

    /// The file with the catalogue, if one is named.
    ///
    /// # Errors
    /// When the file with the settings cannot be read.
    pub fn resolve_catalogue(&self, told: CatalogueArgs) -> Result<Option<PathBuf>, ConfigError> {
        Ok(catalogue_of(told, &self.file()?))
    }

    fn file(&self) -> Result<File, ConfigError> {
        filled_path(self.config.clone()).map_or_else(|| Ok(File::default()), |path| read_file(&path))
    }

    fn resolve_with(self, file: &File) -> Result<Database, ConfigError> {
        let primary_file = filled_path(self.primary_file)
            .or_else(|| filled(file.primary_file.clone()).map(PathBuf::from))
            .or_else(|| {
                let data = filled_path(self.data.clone())
                    .or_else(|| filled(file.data.clone()).map(PathBuf::from))
                    .or_else(|| default_data_folder().ok());
                data.map(|data| data.join("primary.toml"))
            });
        let at = |url| database_url::checked(url).map(|url| Database::Url { url, primary_file });
        if let Some(url) = filled_secret(self.database_url) {
            return at(url);
        }
        if let Some(data) = filled_path(self.data) {
            return private(data);
        }
        match (filled(file.database_url.clone()), filled(file.data.clone())) {
            (Some(_), Some(_)) => Err(ConfigError(
                "the settings file names both database-url and data: keep one of them".to_string(),
            )),
            (Some(url), None) => at(SecretString::from(url)),
            (None, Some(data)) => private(PathBuf::from(data)),
            (None, None) => private(default_data_folder()?),
        }
    }
}

impl ServeArgs {
    /// The settings that the server is built from.
    ///
    /// # Errors
    /// One sentence about the first setting that is wrong.
    pub fn resolve(self) -> Result<Config, ConfigError> {
        let port = match std::env::var("PORT") {
            Ok(port) => Some(port),
            Err(VarError::NotPresent) => None,
            Err(VarError::NotUnicode(port)) => return Err(wrong_port(&port)),
        };
        self.resolve_with(port)
    }

    pub(super) fn resolve_with(self, port: Option<String>) -> Result<Config, ConfigError> {
        let file = self.database.file()?;
        let public = match filled(self.public_url).or_else(|| filled(file.public_url.clone())) {
            Some(url) => PublicUrl::parse(&url)?,
            None => PublicUrl::loopback(),
        };
        let listen = listen(filled(self.listen), filled(port), filled(file.listen.clone()))?;
        if public == PublicUrl::loopback() && !listen.ip().to_canonical().is_loopback() {
            return Err(ConfigError(format!(
                "listening on {listen} would offer this server to others over plain http: say with --public-url at what address they reach it, such as https://tokens.example.com, or listen on 127.0.0.1"
            )));
        }
        let all_filled = |list: Vec<String>| list.into_iter().filter_map(|one| filled(Some(one)));
        let mut proxies: Vec<String> = all_filled(self.trusted_proxy).collect();
        if proxies.is_empty() {
            proxies.extend(all_filled(file.trusted_proxy.clone()));
        }
        let check_listen = filled(self.check_listen)
            .or_else(|| filled(file.check_listen.clone()))
            .map(|text| CheckListen::parse(&text).ok_or_else(|| wrong_check(&text)))
            .transpose()?;
        let pool_size = match filled(self.pool_size) {
            Some(text) => text.parse().ok(),
            None => Some(file.pool_size.unwrap_or(DEFAULT_POOL)),
        };
        let user_tokens = match filled(self.user_tokens) {
            Some(text) => Some(text.parse().unwrap_or(0)),
            None => file.user_tokens,
        };
        if user_tokens.is_some_and(|number| number < 1) {
            return Err(ConfigError("the number of user tokens must be 1 or more".to_string()));
        }
        let signing_key = filled_path(self.signing_key_file)
            .or_else(|| filled(file.signing_key_file.clone()).map(PathBuf::from))
            .map(|path| key_file::read(&path))
            .transpose()?;
        let database = self.database.resolve_with(&file)?;
        let told = filled_path(self.key_file).or_else(|| filled(file.key_file.clone()).map(PathBuf::from));
        let sealing_key = match (told, &database) {
            (Some(path), _) => SealingKey::Lines(key_file::read_lines(&path)?),
            (None, Database::Private { data }) => SealingKey::Own(data.join("app-keys.key")),
            (None, Database::Url { .. }) => SealingKey::None,
        };
        let second_factor = filled(self.second_factor).or_else(|| filled(file.second_factor.clone()));
        let second_factor = match second_factor.as_deref() {
            None => SecondFactor::Admins,
            Some(text) => SecondFactor::from_key(text).ok_or_else(|| {
                ConfigError("who has to have a second factor is off, admins or everyone".to_string())
            })?,
        };
        let mail = Mail::resolve(
            filled_secret(self.smtp).or_else(|| filled(file.smtp.clone()).map(SecretString::from)),
            filled(self.mail_from).or_else(|| filled(file.mail_from.clone())),
            || {
                let told = filled_path(self.mail_folder);
                mail_folder(told.or_else(|| filled(file.mail_folder.clone()).map(PathBuf::from)), &database)
            },
        )?;
        let support = Support::parse(
            filled(self.support_email).or_else(|| filled(file.support_email.clone())).as_deref(),
            filled(self.support_url).or_else(|| filled(file.support_url.clone())).as_deref(),
        )?;
        let log_format = filled(self.log_format).or_else(|| filled(file.log_format.clone()));
        Ok(Config {
            listen,
            public,
            trusted_proxies: proxies.iter().map(|text| network(text)).collect::<Result<_, _>>()?,
            check_listen,
            catalogue: catalogue_of(self.catalogue, &file),
            pool_size: pool_size
                .filter(|size| (1..=100).contains(size))
                .ok_or_else(|| ConfigError("the pool size must be a number from 1 to 100".to_string()))?,
            signing_key,
            sealing_key,
            second_factor,
            database_wait: DATABASE_WAIT,
            user_tokens,
            mail,
            support,
            demo: self.demo.map_or(file.demo.unwrap_or(false), |demo| demo.0),
            log_format: match log_format.as_deref() {
                None | Some("text") => LogFormat::Text,
                Some("json") => LogFormat::Json,
                Some(_) => {
                    return Err(ConfigError("the log format is text or json".to_string()));
                }
            },
            password_cost: Cost::OWASP,
            database,
        })
    }
}

fn wrong_check(text: &str) -> ConfigError {
    ConfigError(format!(
        "the check can't listen at {text:?}: give an address such as 127.0.0.1:8081, or a socket such as unix:/run/tokenhouse/check.sock"
    ))
}

/// A setting without the white space around it, such as the line end of the file that it was kept
/// in; `None` if nothing is left. Every setting comes through one of these three.
fn filled(text: Option<String>) -> Option<String> {
    text.map(|text| text.trim().to_owned()).filter(|text| !text.is_empty())
}

fn filled_secret(text: Option<SecretString>) -> Option<SecretString> {
    text.map(|text| SecretString::from(text.expose_secret().trim()))
        .filter(|text| !text.expose_secret().is_empty())
}

fn filled_path(path: Option<OsString>) -> Option<PathBuf> {
    let path = path?;
    let path = OsStr::from_bytes(path.as_bytes().trim_ascii());
    (!path.is_empty()).then(|| PathBuf::from(path))
}

/// The parser's own message would quote the line, which may hold a password; of a value of the wrong
/// type it quotes the value.
fn read_file(path: &Path) -> Result<File, ConfigError> {
    let text = std::fs::read_to_string(path).map_err(|error| {
        ConfigError(format!("the settings file {} cannot be read ({error})", path.display()))
    })?;
    toml::from_str(&text).map_err(|error| {
        let before = error.span().and_then(|span| text.get(..span.start));
        let line = before.map_or(1, |before| before.matches('\n').count() + 1);
        let why = match error.message() {
            of_a_value if of_a_value.starts_with("invalid ") => of_a_value
                .rsplit_once(", ")
                .map_or("the value is of the wrong type", |(_, expected)| expected),
            why => why,
        };
        ConfigError(format!("the settings file {} is wrong in line {line}: {why}", path.display()))
    })
}

fn listen(
    told: Option<String>,
    port: Option<String>,
    file: Option<String>,
) -> Result<SocketAddr, ConfigError> {
    if told.is_none()
        && let Some(port) = port
    {
        return match port.parse() {
            Ok(port) => Ok(SocketAddr::from((Ipv4Addr::LOCALHOST, port))),
            Err(_) => Err(wrong_port(port.as_ref())),
        };
    }
    let Some(text) = told.or(file) else {
        return Ok(SocketAddr::from((Ipv4Addr::LOCALHOST, DEFAULT_PORT)));
    };
    // The one name that needs no look-up.
    let numeric = match text.strip_prefix("localhost:") {
        Some(port) => format!("127.0.0.1:{port}"),
        None => text.clone(),
    };
    numeric.parse().map_err(|_| {
        ConfigError(format!(
            "{text:?} is not an address to listen on: give address and port, such as 127.0.0.1:8080 or [::1]:8080"
        ))
    })
}

fn wrong_port(port: &OsStr) -> ConfigError {
    ConfigError(format!("PORT must be a number from 0 to 65535, and is {port:?}"))
}

fn network(text: &str) -> Result<IpNet, ConfigError> {
    let parsed = text.parse::<IpNet>().ok().or_else(|| text.parse::<IpAddr>().ok().map(IpNet::from));
    match parsed {
        Some(network) if network.trunc() == network => Ok(unmapped(network)),
        Some(network) => Err(ConfigError(format!(
            "the trusted proxy {text} has bits set behind its prefix: write {} or a single address",
            network.trunc()
        ))),
        None => Err(ConfigError(format!(
            "the trusted proxy {text:?} is neither an address nor a network such as 10.0.0.0/8"
        ))),
    }
}

fn catalogue_of(told: CatalogueArgs, file: &File) -> Option<PathBuf> {
    filled_path(told.catalogue).or_else(|| filled(file.catalogue.clone()).map(PathBuf::from))
}

fn mail_folder(told: Option<PathBuf>, database: &Database) -> Result<PathBuf, ConfigError> {
    let folder = match (told, database) {
        (Some(folder), _) => folder,
        (None, Database::Private { data }) => data.join("mail"),
        (None, Database::Url { .. }) => default_data_folder().map(|data| data.join("mail")).map_err(|_| {
            ConfigError(
                "there is no home folder to put mail into: name a folder with --mail-folder, or a server with --smtp"
                    .to_owned(),
            )
        })?,
    };
    std::path::absolute(&folder).map_err(|error| {
        ConfigError(format!("the folder for mail {} cannot be found ({error})", folder.display()))
    })
}

fn private(data: PathBuf) -> Result<Database, ConfigError> {
    match std::path::absolute(&data) {
        Ok(data) => Ok(Database::Private { data }),
        Err(error) => {
            Err(ConfigError(format!("the data folder {} cannot be found ({error})", data.display())))
        }
    }
}

/// For root a folder that the user who runs Postgres can get to: root's own home is closed to it.
fn default_data_folder() -> Result<PathBuf, ConfigError> {
    if running_as_root() {
        return Ok(PathBuf::from("/var/lib/tokenhouse"));
    }
    let folder = |name: &str| {
        std::env::var_os(name)
            .map(PathBuf::from)
            // The XDG specification says to ignore relative ones.
            .filter(|folder| folder.is_absolute())
    };
    folder("XDG_DATA_HOME")
        .or_else(|| folder("HOME").map(|home| home.join(".local/share")))
        .map(|share| share.join("tokenhouse"))
        .ok_or_else(|| {
            ConfigError(
                "there is no home folder to keep the data in: name a folder with --data, or set DATABASE_URL"
                    .to_string(),
            )
        })
}
