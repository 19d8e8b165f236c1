//! The settings, typed: what the command line, the environment and one file say, made into what
//! the server is built from.
//!
//! The command line beats the environment, which beats the file, which beats the defaults. A
//! setting that is empty counts as not set. Everything that is wrong is said in one sentence, and
//! never quotes a value that may be a secret.

use std::ffi::OsString;
use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::path::{Path, PathBuf};

use clap::Args;
use ipnet::IpNet;
use secrecy::{ExposeSecret, SecretString};
use serde::Deserialize;
use url::Url;

use crate::db::private::running_as_root;

const DEFAULT_PORT: u16 = 8080;
const DEFAULT_POOL: u32 = 8;
const DEFAULT_BRAND: &str = "tkh";

/// Where the data is: the same for `serve` and for every other command.
#[derive(Args, Clone, Debug, Default)]
pub struct DatabaseArgs {
    /// Use this Postgres (13 or newer) instead of a private one
    ///
    /// An address as libpq takes it: postgres://user:password@host:5432/database. As other users
    /// of the machine can see a command line, rather set DATABASE_URL. When it is set, --data is
    /// not used.
    #[arg(long, env = "DATABASE_URL", value_name = "URL", hide_env_values = true,
          value_parser = secret, help_heading = "Where the data is")]
    pub database_url: Option<SecretString>,

    /// The folder of the private Postgres
    ///
    /// Without a database URL, Tokenhouse starts a Postgres of its own in this folder, which it
    /// makes when it is missing. It listens on a unix socket only, without a port or a password;
    /// when run as root it gives up root for it. One `serve` at a time holds a folder. [default:
    /// /var/lib/tokenhouse for root, else $XDG_DATA_HOME/tokenhouse or ~/.local/share/tokenhouse]
    #[arg(long, env = "TOKENHOUSE_DATA", value_name = "FOLDER", help_heading = "Where the data is")]
    pub data: Option<OsString>,

    /// A TOML file with settings
    ///
    /// Its keys are the names of the long options of `serve`, such as listen = "127.0.0.1:8080"
    /// or trusted-proxy = ["10.0.0.0/8"]. The command line and the environment come before it.
    #[arg(long, env = "TOKENHOUSE_CONFIG", value_name = "FILE")]
    pub config: Option<OsString>,
}

/// What `tokenhouse serve` can be told.
#[derive(Args, Clone, Debug, Default)]
pub struct ServeArgs {
    /// The address and port to listen on
    ///
    /// Only loopback without --public-url. Port 0 takes any free one. The variable PORT, which
    /// many hosts set, changes the port only. [default: 127.0.0.1:8080]
    #[arg(long, env = "TOKENHOUSE_LISTEN", value_name = "ADDRESS:PORT")]
    pub listen: Option<String>,

    /// The address at which people reach this server, such as https://tokens.example.com
    ///
    /// Links, the check of where a form came from, cookies and HSTS follow it, never the Host
    /// header. Without it the server is for this machine alone: plain http, on 127.0.0.1, [::1]
    /// or localhost.
    #[arg(long, env = "TOKENHOUSE_PUBLIC_URL", value_name = "URL")]
    pub public_url: Option<String>,

    /// A proxy whose X-Forwarded-For is believed, as an address or network; may be repeated
    ///
    /// The environment and the command line take several separated by commas. Without it the
    /// client's address is the one that connects.
    #[arg(long, env = "TOKENHOUSE_TRUSTED_PROXY", value_name = "NETWORK", value_delimiter = ',')]
    pub trusted_proxy: Vec<String>,

    #[command(flatten)]
    #[allow(missing_docs)]
    pub database: DatabaseArgs,

    /// How many connections to the database to keep
    ///
    /// Requests share them; more than the database has cores for rarely helps. From 1 to 100.
    /// [default: 8]
    #[arg(long, env = "TOKENHOUSE_POOL", value_name = "NUMBER")]
    pub pool_size: Option<String>,

    #[command(flatten)]
    #[allow(missing_docs)]
    pub brand: BrandArgs,

    /// Fill an empty database with accounts, people and domains to try things out with
    ///
    /// Their sign-ins are printed when they are made, and never again.
    #[arg(long, env = "TOKENHOUSE_DEMO", num_args = 0, default_missing_value = "true", value_name = "BOOL")]
    pub demo: Option<Switch>,

    /// How to write the log, which goes to standard error: text or json
    ///
    /// RUST_LOG says how much of it. [default: text]
    #[arg(long, env = "TOKENHOUSE_LOG_FORMAT", value_name = "FORMAT")]
    pub log_format: Option<String>,
}

/// The word that the secrets of tokens start with.
#[derive(Args, Clone, Debug, Default)]
pub struct BrandArgs {
    /// The word that new tokens start with, so that a leaked one is known for what it is
    ///
    /// 2 to 10 lower-case letters and digits, a letter first. Tokens made before a change keep
    /// working. [default: tkh]
    #[arg(long, env = "TOKENHOUSE_BRAND", value_name = "WORD")]
    pub brand: Option<String>,
}

/// On or off, from the words that people use for it in an environment variable.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Switch(
    /// On?
    pub bool,
);

impl std::str::FromStr for Switch {
    type Err = &'static str;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        match text.to_ascii_lowercase().as_str() {
            "1" | "true" | "yes" | "on" => Ok(Self(true)),
            "" | "0" | "false" | "no" | "off" => Ok(Self(false)),
            _ => Err("say true or false"),
        }
    }
}

/// The keys of the file: those of the command line.
#[derive(Deserialize, Default)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
struct File {
    listen: Option<String>,
    public_url: Option<String>,
    #[serde(default)]
    trusted_proxy: Vec<String>,
    database_url: Option<String>,
    data: Option<String>,
    pool_size: Option<u32>,
    brand: Option<String>,
    demo: Option<bool>,
    log_format: Option<String>,
}

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
    /// The word that new tokens start with.
    pub brand: String,
    /// How many connections to the database to keep.
    pub pool_size: u32,
    /// Whether to fill an empty database with demo data.
    pub demo: bool,
    /// How to write the log.
    pub log_format: LogFormat,
    /// What a guess at a password costs.
    pub password_cost: PasswordCost,
}

/// Where the data is.
#[derive(Debug, Clone)]
pub enum Database {
    /// In a Postgres that somebody else runs. The address may hold a password.
    Url(SecretString),
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

/// The cost of one argon2id hash. The default is OWASP's first recommendation (Password Storage
/// Cheat Sheet: m=19456, t=2, p=1).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct PasswordCost {
    /// Memory, in KiB.
    pub memory_kib: u32,
    /// How many times it is gone over.
    pub passes: u32,
}

impl Default for PasswordCost {
    fn default() -> Self {
        Self { memory_kib: 19_456, passes: 2 }
    }
}

/// What is wrong with the settings, in one sentence.
#[derive(Debug, thiserror::Error, PartialEq, Eq)]
#[error("{0}")]
pub struct ConfigError(String);

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

impl Config {
    /// What the tests use: any free port on loopback, plain http, no proxies, and passwords that
    /// cost next to nothing.
    pub fn for_tests(database_url: String) -> Self {
        Self {
            listen: SocketAddr::from((Ipv4Addr::LOCALHOST, 0)),
            database: Database::Url(SecretString::from(database_url)),
            public: PublicUrl::loopback(),
            trusted_proxies: Vec::new(),
            brand: DEFAULT_BRAND.to_string(),
            pool_size: 4,
            demo: false,
            log_format: LogFormat::Text,
            password_cost: PasswordCost { memory_kib: 8, passes: 1 },
        }
    }
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

    /// Where the data is, and the brand of new tokens: what `token create` needs.
    ///
    /// # Errors
    /// As [`resolve`](Self::resolve), and when the brand is not one.
    pub fn resolve_with_brand(self, brand: BrandArgs) -> Result<(Database, String), ConfigError> {
        let file = self.file()?;
        let brand = brand_of(filled(brand.brand).or_else(|| filled(file.brand.clone())))?;
        Ok((self.resolve_with(&file)?, brand))
    }

    fn file(&self) -> Result<File, ConfigError> {
        match &self.config {
            Some(path) if !path.is_empty() => read_file(Path::new(path)),
            _ => Ok(File::default()),
        }
    }

    fn resolve_with(self, file: &File) -> Result<Database, ConfigError> {
        let told = self.database_url.filter(|url| !url.expose_secret().is_empty());
        let data = self.data.filter(|data| !data.is_empty());
        if let Some(url) = told {
            return database_url(url);
        }
        if let Some(data) = data {
            return private(PathBuf::from(data));
        }
        match (filled(file.database_url.clone()), filled(file.data.clone())) {
            (Some(_), Some(_)) => Err(ConfigError(
                "the settings file names both database-url and data: keep one of them".to_string(),
            )),
            (Some(url), None) => database_url(SecretString::from(url)),
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
        let port = std::env::var("PORT").ok();
        self.resolve_with(port)
    }

    fn resolve_with(self, port: Option<String>) -> Result<Config, ConfigError> {
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
        let mut proxies: Vec<String> = self.trusted_proxy;
        proxies.retain(|network| !network.trim().is_empty());
        if proxies.is_empty() {
            proxies.clone_from(&file.trusted_proxy);
        }
        let pool_size = match filled(self.pool_size) {
            Some(text) => text.trim().parse().ok(),
            None => Some(file.pool_size.unwrap_or(DEFAULT_POOL)),
        };
        let log_format = filled(self.log_format).or_else(|| filled(file.log_format.clone()));
        Ok(Config {
            listen,
            public,
            trusted_proxies: proxies.iter().map(|text| network(text)).collect::<Result<_, _>>()?,
            brand: brand_of(filled(self.brand.brand).or_else(|| filled(file.brand.clone())))?,
            pool_size: pool_size
                .filter(|size| (1..=100).contains(size))
                .ok_or_else(|| ConfigError("the pool size must be a number from 1 to 100".to_string()))?,
            demo: self.demo.map_or(file.demo.unwrap_or(false), |demo| demo.0),
            log_format: match log_format.as_deref() {
                None | Some("text") => LogFormat::Text,
                Some("json") => LogFormat::Json,
                Some(_) => {
                    return Err(ConfigError("the log format is text or json".to_string()));
                }
            },
            password_cost: PasswordCost::default(),
            database: self.database.resolve_with(&file)?,
        })
    }
}

fn filled(text: Option<String>) -> Option<String> {
    text.filter(|text| !text.trim().is_empty())
}

fn secret(text: &str) -> Result<SecretString, std::convert::Infallible> {
    Ok(SecretString::from(text))
}

/// The parser's own message would quote the line, which may hold a password.
fn read_file(path: &Path) -> Result<File, ConfigError> {
    let text = std::fs::read_to_string(path).map_err(|error| {
        ConfigError(format!("the settings file {} cannot be read ({error})", path.display()))
    })?;
    toml::from_str(&text).map_err(|error| {
        let before = error.span().and_then(|span| text.get(..span.start));
        let line = before.map_or(1, |before| before.matches('\n').count() + 1);
        ConfigError(format!(
            "the settings file {} is wrong in line {line}: {}",
            path.display(),
            error.message()
        ))
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
        return match port.trim().parse() {
            Ok(port) => Ok(SocketAddr::from((Ipv4Addr::LOCALHOST, port))),
            Err(_) => Err(ConfigError(format!("PORT must be a number from 0 to 65535, and is {port:?}"))),
        };
    }
    let Some(text) = told.or(file) else {
        return Ok(SocketAddr::from((Ipv4Addr::LOCALHOST, DEFAULT_PORT)));
    };
    let text = text.trim();
    // The one name that needs no look-up.
    let numeric = match text.strip_prefix("localhost:") {
        Some(port) => format!("127.0.0.1:{port}"),
        None => text.to_string(),
    };
    numeric.parse().map_err(|_| {
        ConfigError(format!(
            "{text:?} is not an address to listen on: give address and port, such as 127.0.0.1:8080 or [::1]:8080"
        ))
    })
}

fn network(text: &str) -> Result<IpNet, ConfigError> {
    let text = text.trim();
    let parsed = text.parse::<IpNet>().ok().or_else(|| text.parse::<IpAddr>().ok().map(IpNet::from));
    match parsed {
        Some(network) if network.trunc() == network => Ok(network),
        Some(network) => Err(ConfigError(format!(
            "the trusted proxy {text} has bits set behind its prefix: write {} or a single address",
            network.trunc()
        ))),
        None => Err(ConfigError(format!(
            "the trusted proxy {text:?} is neither an address nor a network such as 10.0.0.0/8"
        ))),
    }
}

fn brand_of(text: Option<String>) -> Result<String, ConfigError> {
    let brand = text.unwrap_or_else(|| DEFAULT_BRAND.to_string());
    let good = (2..=10).contains(&brand.len())
        && brand.starts_with(|first: char| first.is_ascii_lowercase())
        && brand.bytes().all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit());
    if good {
        return Ok(brand);
    }
    Err(ConfigError(format!(
        "the brand {brand:?} must be 2 to 10 lower-case letters and digits, a letter first"
    )))
}

fn database_url(url: SecretString) -> Result<Database, ConfigError> {
    let text = url.expose_secret();
    if text.starts_with("postgres://") || text.starts_with("postgresql://") {
        return Ok(Database::Url(url));
    }
    Err(ConfigError("the database URL must start with postgres:// or postgresql://".to_string()))
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

#[cfg(test)]
mod tests {
    use super::*;
    use clap::{CommandFactory, Parser};

    #[derive(Parser)]
    struct Serve {
        #[command(flatten)]
        args: ServeArgs,
    }

    fn args() -> ServeArgs {
        ServeArgs {
            database: DatabaseArgs { data: Some("/srv/data".into()), ..DatabaseArgs::default() },
            ..ServeArgs::default()
        }
    }

    fn with(change: impl FnOnce(&mut ServeArgs)) -> Result<Config, ConfigError> {
        let mut args = args();
        change(&mut args);
        args.resolve_with(None)
    }

    fn sentence(result: Result<Config, ConfigError>) -> String {
        result.unwrap_err().to_string()
    }

    fn file(text: &str) -> (tempfile::NamedTempFile, Option<OsString>) {
        let file = tempfile::NamedTempFile::new().unwrap();
        std::fs::write(file.path(), text).unwrap();
        let path = file.path().as_os_str().to_owned();
        (file, Some(path))
    }

    fn bound(text: &str) -> SocketAddr {
        text.parse().unwrap()
    }

    #[test]
    fn told_nothing_it_serves_this_machine_on_port_8080() {
        let config = with(|_| {}).unwrap();
        assert_eq!(config.listen, bound("127.0.0.1:8080"));
        assert_eq!(config.public, PublicUrl::loopback());
        assert_eq!((config.brand.as_str(), config.pool_size), ("tkh", 8));
        assert!(config.trusted_proxies.is_empty() && !config.demo);
        assert!(matches!(config.database, Database::Private { data } if data == Path::new("/srv/data")));
    }

    #[test]
    fn the_variable_port_changes_only_the_port_and_yields_to_listen() {
        let config = args().resolve_with(Some("9000".to_string())).unwrap();
        assert_eq!(config.listen, bound("127.0.0.1:9000"));
        let mut told = args();
        told.listen = Some("[::1]:7000".to_string());
        let config = told.resolve_with(Some("9000".to_string())).unwrap();
        assert_eq!(config.listen, bound("[::1]:7000"));
        assert!(args().resolve_with(Some("many".to_string())).is_err());
    }

    #[test]
    fn listening_elsewhere_than_on_loopback_needs_a_public_url() {
        for elsewhere in ["0.0.0.0:8080", "[::]:8080", "192.0.2.1:80", "[::ffff:192.0.2.1]:80"] {
            let refused = with(|args| args.listen = Some(elsewhere.to_string()));
            assert!(sentence(refused).contains("--public-url"), "{elsewhere}");
            let told = with(|args| {
                args.listen = Some(elsewhere.to_string());
                args.public_url = Some("https://tokens.example.com".to_string());
            });
            assert_eq!(told.unwrap().listen, bound(elsewhere));
        }
        for here in ["127.0.0.1:1", "127.8.8.8:1", "[::1]:1", "localhost:1"] {
            assert!(with(|args| args.listen = Some(here.to_string())).is_ok(), "{here}");
        }
    }

    #[test]
    fn a_public_url_is_http_or_https_with_a_host_and_nothing_else() {
        for good in ["https://a.example", "https://a.example:8443/", "http://a.example"] {
            assert!(PublicUrl::parse(good).is_ok(), "{good}");
        }
        for bad in [
            "ftp://a.example",
            "a.example",
            "https://a.example/path",
            "https://a.example/?q",
            "https://a.example/#f",
            "https://user@a.example",
            "https://",
        ] {
            assert!(PublicUrl::parse(bad).is_err(), "{bad}");
        }
    }

    #[test]
    fn without_a_public_url_every_name_of_this_machine_is_a_good_origin_at_the_bound_port_only() {
        let public = PublicUrl::loopback();
        let here = bound("127.0.0.1:8080");
        for good in ["http://127.0.0.1:8080", "http://[::1]:8080", "http://localhost:8080"] {
            assert!(public.origin_allowed(good, here), "{good}");
        }
        for bad in [
            "https://127.0.0.1:8080",
            "http://127.0.0.1",
            "http://127.0.0.1:80800",
            "http://127.0.0.1:8081",
            "http://localhost.evil.example:8080",
            "http://evil.example:8080",
            "http://evil.example/http://localhost:8080",
            "null",
            "",
        ] {
            assert!(!public.origin_allowed(bad, here), "{bad}");
        }
        assert!(public.origin_allowed("http://localhost", bound("127.0.0.1:80")));
        assert!(public.origin_allowed("http://127.8.8.8:1", bound("127.8.8.8:1")));
        assert!(!public.is_https());
    }

    #[test]
    fn with_a_public_url_exactly_its_origin_is_good() {
        let public = PublicUrl::parse("https://Tokens.Example.com:443/").unwrap();
        let here = bound("127.0.0.1:8080");
        assert!(public.origin_allowed("https://tokens.example.com", here));
        for bad in [
            "http://tokens.example.com",
            "https://tokens.example.com:8443",
            "https://tokens.example.com.evil.example",
            "https://evil.example",
            "http://127.0.0.1:8080",
            "null",
        ] {
            assert!(!public.origin_allowed(bad, here), "{bad}");
        }
        assert!(public.is_https());
    }

    #[test]
    fn links_follow_the_public_url_and_else_where_the_server_listens() {
        let here = bound("[::1]:8080");
        let public = PublicUrl::parse("https://tokens.example.com:8443").unwrap();
        assert_eq!(public.link(here, "/a"), "https://tokens.example.com:8443/a");
        assert_eq!(PublicUrl::loopback().link(here, "/a"), "http://[::1]:8080/a");
    }

    #[test]
    fn a_trusted_proxy_is_an_address_or_a_network_without_stray_bits() {
        let config = with(|args| args.trusted_proxy = vec!["10.0.0.0/8".into(), "::1".into()]);
        let networks = config.unwrap().trusted_proxies;
        assert_eq!(networks, ["10.0.0.0/8".parse().unwrap(), "::1/128".parse().unwrap()]);
        let stray = with(|args| args.trusted_proxy = vec!["10.0.0.1/8".into()]);
        assert!(sentence(stray).contains("10.0.0.0/8"));
        assert!(with(|args| args.trusted_proxy = vec!["proxy.example".into()]).is_err());
    }

    #[test]
    fn a_brand_is_two_to_ten_lower_case_letters_and_digits() {
        for (brand, good) in [
            ("tkh", true),
            ("a1", true),
            ("abcdefghij", true),
            ("a", false),
            ("abcdefghijk", false),
            ("1a", false),
            ("Tkh", false),
            ("t_k", false),
        ] {
            let config = with(|args| args.brand.brand = Some(brand.to_string()));
            assert_eq!(config.is_ok(), good, "{brand}");
        }
    }

    #[test]
    fn what_was_told_beats_the_file_and_the_file_beats_the_defaults() {
        let text = "listen = \"127.0.0.1:1\"\nbrand = \"acme\"\npool-size = 3\ndemo = true\n\
                    trusted-proxy = [\"10.0.0.0/8\"]\ndatabase-url = \"postgres://h/d\"\n";
        let (_kept, path) = file(text);
        let config = with(|args| {
            args.database.config = path.clone();
            args.brand.brand = Some("told".to_string());
        })
        .unwrap();
        assert_eq!(config.brand, "told");
        assert_eq!((config.listen, config.pool_size), (bound("127.0.0.1:1"), 3));
        assert!(config.demo && config.trusted_proxies.len() == 1);
        assert!(matches!(config.database, Database::Private { .. }));

        let other = DatabaseArgs { config: path, ..DatabaseArgs::default() };
        assert!(matches!(other.resolve().unwrap(), Database::Url(_)));
    }

    #[test]
    fn a_mistake_in_the_file_is_named_by_its_line_and_never_quotes_it() {
        let (_kept, path) = file("brand = \"tkh\"\ndatabase-url = postgres://u:hunter2@h/d\n");
        let said = sentence(with(|args| args.database.config = path));
        assert!(said.contains("line 2") && !said.contains("hunter2"), "{said}");
        let (_kept, path) = file("listne = \"127.0.0.1:1\"\n");
        assert!(sentence(with(|args| args.database.config = path)).contains("listne"));
        let gone = with(|args| args.database.config = Some("/nowhere/settings.toml".into()));
        assert!(sentence(gone).contains("/nowhere/settings.toml"));
    }

    #[test]
    fn a_database_url_beats_a_data_folder_and_is_shown_nowhere() {
        let url = "postgres://u:hunter2@h/d";
        let mut told = args();
        told.database.database_url = Some(SecretString::from(url));
        assert!(!format!("{:?}", told.database).contains("hunter2"));
        let config = told.resolve_with(None).unwrap();
        assert!(matches!(&config.database, Database::Url(kept) if kept.expose_secret() == url));
        assert!(!format!("{config:?}").contains("hunter2"));

        let mut wrong = args();
        wrong.database.database_url = Some(SecretString::from("mysql://u:hunter2@h/d"));
        let said = sentence(wrong.resolve_with(None));
        assert!(said.contains("postgres://") && !said.contains("hunter2"));
    }

    #[test]
    fn an_empty_setting_counts_as_not_set() {
        let config = with(|args| {
            args.listen = Some(String::new());
            args.public_url = Some(String::new());
            args.trusted_proxy = vec![String::new()];
            args.brand.brand = Some(String::new());
            args.pool_size = Some(String::new());
            args.log_format = Some(String::new());
            args.database.database_url = Some(SecretString::from(String::new()));
            args.database.config = Some(OsString::new());
        });
        assert_eq!(config.unwrap().listen, bound("127.0.0.1:8080"));
    }

    #[test]
    fn demo_is_a_flag_on_the_command_line_and_a_word_in_the_environment() {
        assert_eq!("no".parse(), Ok(Switch(false)));
        assert_eq!("1".parse(), Ok(Switch(true)));
        let told = Serve::try_parse_from(["serve", "--demo"]).map(|serve| serve.args.demo);
        assert_eq!(told.ok(), Some(Some(Switch(true))));
    }

    #[test]
    fn every_option_explains_itself_in_the_help() {
        let command = Serve::command();
        let silent: Vec<_> = command
            .get_arguments()
            .filter(|option| option.get_long().is_some_and(|name| name != "help"))
            .filter(|option| option.get_long_help().is_none() || option.get_env().is_none())
            .map(clap::Arg::get_id)
            .collect();
        assert!(silent.is_empty(), "{silent:?}");
    }
}
