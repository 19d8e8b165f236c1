//! What can be said on the command line and in the environment. The comments of the fields are the
//! text of `--help`, so addresses stand in them as people type them.

#![allow(rustdoc::bare_urls, rustdoc::broken_intra_doc_links, reason = "the comments are the text of --help")]

use clap::Args;
use secrecy::SecretString;
use std::ffi::OsString;

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

    /// The file that remembers which Postgres was the primary
    ///
    /// With a database URL. An old primary that comes back is then refused, also after a restart of
    /// this process: it holds tokens that were deleted since. After a restore or an upgrade of
    /// Postgres say `tokenhouse database accept`. [default: primary.toml in the folder of --data]
    #[arg(long, env = "TOKENHOUSE_PRIMARY_FILE", value_name = "FILE", help_heading = "Where the data is")]
    pub primary_file: Option<OsString>,

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
    /// many hosts set, means this port on 127.0.0.1. [default: 127.0.0.1:8080]
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

    /// Where proxies ask the check in front of your API, besides the main listener
    ///
    /// An address such as 127.0.0.1:8081, or unix: and the path of a socket. Nothing but the check
    /// answers there. On an address the proxy has to be among --trusted-proxy; on a socket, who may
    /// open it is trusted. [default: the main listener only]
    #[arg(long, env = "TOKENHOUSE_CHECK_LISTEN", value_name = "ADDRESS|unix:PATH")]
    pub check_listen: Option<String>,

    #[command(flatten)]
    #[allow(missing_docs)]
    pub database: DatabaseArgs,

    /// How many connections to the database to keep
    ///
    /// Requests share them; more than the database has cores for rarely helps. From 1 to 100.
    /// [default: 8]
    #[arg(long, env = "TOKENHOUSE_POOL", value_name = "NUMBER")]
    pub pool_size: Option<String>,

    /// A file with the key that signs the cookies, instead of one that is kept in the database
    ///
    /// At least 64 characters, such as those of `openssl rand -hex 32`, which only the user of this
    /// server may read. Every node needs the same. Another key signs everyone out; tokens aren't
    /// touched. [default: a random key in the database]
    #[arg(long, env = "TOKENHOUSE_SIGNING_KEY_FILE", value_name = "FILE")]
    pub signing_key_file: Option<OsString>,

    /// The file with the key that encrypts the keys of authenticator apps
    ///
    /// At least 64 characters in a line, such as those of `openssl rand -hex 32`, which only the user of
    /// this server may read. Every node needs the same, and so does a restored backup. To roll it, put a
    /// new line before the old one. Without the file nobody can use an authenticator app. [default:
    /// app-keys.key in the folder of the private Postgres, created at the first start; none with a
    /// database URL]
    #[arg(long, env = "TOKENHOUSE_KEY_FILE", value_name = "FILE")]
    pub key_file: Option<OsString>,

    /// Who has to have a second factor: off, admins or everyone
    ///
    /// Admins are those who run the site. Whoever has to and has none sets one up before any other page
    /// opens. Accounts can ask their members for one in any case. [default: admins]
    #[arg(long, env = "TOKENHOUSE_SECOND_FACTOR", value_name = "WHO")]
    pub second_factor: Option<String>,

    /// How many user tokens each person may have
    ///
    /// Those that have ended do not count. Tokens that are there already stay. [default: any
    /// number]
    #[arg(long, env = "TOKENHOUSE_USER_TOKENS", value_name = "NUMBER")]
    pub user_tokens: Option<String>,

    #[command(flatten)]
    #[allow(missing_docs)]
    pub catalogue: CatalogueArgs,

    /// The server that sends mail, such as smtps://user:password@mail.example.com
    ///
    /// smtp://user:password@host:587?tls=required is STARTTLS, smtp://host is plain SMTP. As other
    /// users of the machine can see a command line, rather set TOKENHOUSE_SMTP. Without it mail is
    /// not sent: it goes to a folder, and the pages say so.
    #[arg(long, env = "TOKENHOUSE_SMTP", value_name = "URL", hide_env_values = true,
          value_parser = secret)]
    pub smtp: Option<SecretString>,

    /// Whom mail comes from, such as tokens@example.com
    ///
    /// "Tokens of Example <tokens@example.com>" gives it a name, too; without, that's the name of the
    /// catalogue's product. Needed with --smtp.
    #[arg(long, env = "TOKENHOUSE_MAIL_FROM", value_name = "ADDRESS")]
    pub mail_from: Option<String>,

    /// The folder that mail goes to without --smtp, one .eml file each
    ///
    /// Invitations and links for new passwords stand in them, so only this server's user may read
    /// it. [default: mail, in the folder of the private Postgres or, with a database URL, where
    /// that folder would be]
    #[arg(long, env = "TOKENHOUSE_MAIL_FOLDER", value_name = "FOLDER")]
    pub mail_folder: Option<OsString>,

    /// The address that people write to for help, such as help@example.com
    ///
    /// It stands at the foot of every page and on pages of errors. [default: none]
    #[arg(long, env = "TOKENHOUSE_SUPPORT_EMAIL", value_name = "ADDRESS")]
    pub support_email: Option<String>,

    /// The page on which people ask for help, such as https://example.com/support
    ///
    /// It stands beside the address, or alone. [default: none]
    #[arg(long, env = "TOKENHOUSE_SUPPORT_URL", value_name = "URL")]
    pub support_url: Option<String>,

    /// Fill an empty database with accounts and people to try the example out with
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

/// What can be permitted.
#[derive(Args, Clone, Debug, Default)]
pub struct CatalogueArgs {
    /// A TOML file with the catalogue: what can be permitted in your API, and the plans
    ///
    /// It's read at the start, and every node needs the same. Without it the catalogue is that of the
    /// example, if this build has it.
    #[arg(long, env = "TOKENHOUSE_CATALOGUE", value_name = "FILE")]
    pub catalogue: Option<OsString>,
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
        match text.trim().to_ascii_lowercase().as_str() {
            "1" | "true" | "yes" | "on" => Ok(Self(true)),
            "" | "0" | "false" | "no" | "off" => Ok(Self(false)),
            _ => Err("say true or false"),
        }
    }
}

fn secret(text: &str) -> Result<SecretString, std::convert::Infallible> {
    Ok(SecretString::from(text))
}
