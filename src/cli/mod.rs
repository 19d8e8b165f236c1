//! The commands.

mod account;
mod catalogue;
mod database;
mod member;
mod output;
mod proxy_config;
mod resource;
mod serve;
mod token;
mod user;

use crate::clock::Clock;
use crate::config::{CatalogueArgs, ConfigError, Database, DatabaseArgs, ServeArgs};
use crate::db::private::{PrivateError, PrivatePostgres, Session};
use crate::db::{self, Conn, DbError, Source};
use crate::extension::{Extension, NoCatalogue, Product};
use crate::models::audit::Origin;
use crate::models::password::HashError;
use crate::models::{Account, User};
use crate::policy::AccountId;
use crate::server::StartError;
use clap::{Parser, Subcommand};
use secrecy::SecretString;
use std::process::ExitCode;

/// Tokenhouse: the page behind Automation → Tokens, and the check behind it.
#[derive(Parser)]
#[command(name = "tokenhouse", version, about, max_term_width = 100)]
struct Cli {
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    /// Serve the pages and the API.
    Serve(Box<ServeArgs>),
    /// What can be permitted: check a catalogue, and see how calls are read. Needs no database.
    #[command(subcommand)]
    Catalogue(catalogue::CatalogueCommand),
    /// Bring the database up to date.
    Migrate(DatabaseArgs),
    /// The Postgres behind the database URL.
    #[command(subcommand)]
    Database(database::DatabaseCommand),
    /// Fill in the example's demo data: accounts Acme, Hobby and Rival.
    Demo(serve::DemoArgs),
    /// People who sign in.
    #[command(subcommand)]
    User(user::UserCommand),
    /// Accounts, which own resources and tokens.
    #[command(subcommand)]
    Account(account::AccountCommand),
    /// Users in accounts.
    #[command(subcommand)]
    Member(member::MemberCommand),
    /// What of an account tokens can be narrowed to.
    #[command(subcommand)]
    Resource(resource::ResourceCommand),
    /// Print the configuration of a proxy that asks the check in front of your API.
    ProxyConfig(proxy_config::ProxyConfigArgs),
    /// Tokens of accounts and of users.
    #[command(subcommand)]
    Token(token::TokenCommand),
}

/// Why a command failed, in a sentence for whoever typed it.
#[derive(Debug, thiserror::Error)]
enum CliError {
    #[error(transparent)]
    Config(#[from] ConfigError),
    #[error(transparent)]
    Private(#[from] PrivateError),
    #[error(transparent)]
    Start(#[from] StartError),
    #[error(transparent)]
    Hash(#[from] HashError),
    #[error(transparent)]
    Catalogue(#[from] NoCatalogue),
    #[error("{0}")]
    Db(#[from] DbError),
    #[error("cannot read or write: {0}")]
    Io(#[from] std::io::Error),
    /// What only the output had is lost, so the transaction was rolled back.
    #[error("the output could not be written ({0}). Nothing was changed.")]
    Undelivered(std::io::Error),
    /// The server has noted the cause by way of its log's queue.
    #[error("the cause was noted")]
    Noted,
    #[error("{0}")]
    Said(String),
}

impl From<diesel::result::Error> for CliError {
    fn from(error: diesel::result::Error) -> CliError {
        CliError::Db(DbError::from(error))
    }
}

impl CliError {
    fn said(text: impl Into<String>) -> CliError {
        CliError::Said(text.into())
    }

    /// Adds what to do about a database that is too old, which depends on where it is.
    fn with_way_out(self, database: &Database) -> CliError {
        let (CliError::Db(error @ DbError::TooOld(_))
        | CliError::Start(StartError::NotPrepared(error @ DbError::TooOld(_)))) = &self
        else {
            return self;
        };
        CliError::Said(match database {
            Database::Url { .. } => format!(
                "{error}. Create a new database and name it in DATABASE_URL. `pg_dump -Fc` keeps a copy of the \
                 old one."
            ),
            Database::Private { data } => format!(
                "{error}. Delete {folder}, or move it away to keep what it holds: the next start creates a new one.",
                folder = data.join("postgres").display()
            ),
        })
    }
}

/// Runs the command of the process's arguments, with what is compiled in beside the product.
pub fn main(extension: Option<Extension>) -> ExitCode {
    let done = match Cli::parse().command {
        Command::Serve(args) => serve::serve(*args, extension),
        Command::Catalogue(command) => catalogue::run(command, extension),
        Command::Migrate(args) => serve::migrate(args),
        Command::Database(command) => database::run(command),
        Command::Demo(args) => serve::demo(args, extension),
        Command::User(command) => user::run(command),
        Command::Account(command) => account::run(command, extension),
        Command::Member(command) => member::run(command),
        Command::ProxyConfig(args) => proxy_config::run(args, extension),
        Command::Resource(command) => resource::run(command, extension),
        Command::Token(command) => token::run(command, extension),
    };
    match done {
        Ok(()) => ExitCode::SUCCESS,
        Err(CliError::Noted) => ExitCode::FAILURE,
        Err(error) => {
            output::error(&error);
            ExitCode::FAILURE
        }
    }
}

/// A command's connection to the database. A private Postgres that was started for the command
/// stops with it.
struct Opened {
    // Named first where this is taken apart, so that it is dropped last: after the connection.
    _postgres: Option<Session>,
    conn: Conn,
    origin: Origin,
}

fn open(args: DatabaseArgs) -> Result<Opened, CliError> {
    open_database(&args.resolve()?)
}

fn open_database(database: &Database) -> Result<Opened, CliError> {
    let (source, postgres) = match database {
        Database::Url { url, primary_file } => (Source::new(url.clone(), primary_file.clone()), None),
        Database::Private { data } => {
            let session = PrivatePostgres::use_or_start(data)?;
            (Source::from(&SecretString::from(session.url())), Some(session))
        }
    };
    let mut conn = db::connect(&source)?;
    db::refuse_pooler(&mut conn, &source)?;
    db::migrate(&mut conn).map_err(|error| CliError::from(error).with_way_out(database))?;
    let clock = Clock::system();
    clock.correct(db::database_now(&mut conn)?);
    Ok(Opened { conn, origin: Origin::command_line(clock.now()), _postgres: postgres })
}

/// The catalogue that a command works with, and the extension that it belongs to.
fn product(
    args: CatalogueArgs,
    database: &DatabaseArgs,
    extension: Option<Extension>,
) -> Result<Product, CliError> {
    Ok(Product::choose(database.resolve_catalogue(args)?.as_deref(), extension)?)
}

fn account_of(conn: &mut Conn, number: AccountId) -> Result<Account, CliError> {
    Account::find(conn, number)?.ok_or_else(|| CliError::said(format!("There is no account {number}.")))
}

fn user_of(conn: &mut Conn, email: &str) -> Result<User, CliError> {
    User::find_by_email(conn, email)?.ok_or_else(|| CliError::said(format!("There is no user {email}.")))
}
