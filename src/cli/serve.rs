//! `serve`, `migrate` and `demo`.

use super::{CliError, Opened, open, output, user};
use crate::clock::Clock;
use crate::config::{Config, DatabaseArgs, ServeArgs};
use crate::db::{self, Conn, Source};
use crate::models::audit::Origin;
use crate::models::password::{self, Cost};
use crate::models::{User, demo};
use crate::server::{Server, open_database};
use crate::telemetry::{self, Log};
use clap::Args;
use secrecy::{ExposeSecret, SecretString};
use std::sync::atomic::Ordering;
use std::time::Duration;
use tokio::signal::unix::{SignalKind, signal};

/// After SIGTERM, `/readyz` says no for so long before nobody is taken in any more.
const TELL_BALANCERS: Duration = Duration::from_secs(3);

#[derive(Args)]
pub(super) struct DemoArgs {
    /// One password for every demo user, also for those that are there; random ones otherwise.
    #[arg(long, env = "TOKENHOUSE_DEMO_PASSWORD", hide_env_values = true, value_parser = user::typed_password)]
    password: Option<SecretString>,
    #[command(flatten)]
    database: DatabaseArgs,
}

/// A demo user and the password, to be shown once.
type SignIn = (&'static str, String);

pub(super) fn serve(args: ServeArgs) -> Result<(), CliError> {
    let config = args.resolve()?;
    let log = telemetry::start(config.log_format)?;
    // From here on nothing writes to standard error itself: its reader may have stopped reading.
    open_and_serve(&config, &log).map_err(|error| {
        log.note(output::sentence(&error.with_way_out(&config.database)));
        CliError::Noted
    })
}

fn open_and_serve(config: &Config, log: &Log) -> Result<(), CliError> {
    let (source, postgres) = open_database(&config.database)?;
    let served = serve_on(config, &source, log);
    // Stopped in any case: a failed start must not leave a Postgres behind.
    let stopped = postgres.map_or(Ok(()), crate::db::private::PrivatePostgres::stop);
    served?;
    Ok(stopped?)
}

fn serve_on(config: &Config, source: &Source, log: &Log) -> Result<(), CliError> {
    actix_web::rt::System::new().block_on(async {
        let (mut interrupt, mut terminate) =
            (signal(SignalKind::interrupt())?, signal(SignalKind::terminate())?);
        let server = tokio::select! {
            built = Server::build(config, source, Clock::system()) => built?,
            _ = interrupt.recv() => return Ok(()),
            _ = terminate.recv() => return Ok(()),
        };
        let sign_ins = if config.demo { first_demo(source)? } else { Vec::new() };
        let handle = server.handle();
        let app = server.app.clone();
        actix_web::rt::spawn(async move {
            let terminated = tokio::select! { _ = interrupt.recv() => false, _ = terminate.recv() => true };
            app.is_ending.store(true, Ordering::Relaxed);
            tracing::info!("told to end: finishing what is in flight");
            // A person at a shell waits for nobody; a balancer is given the time to look elsewhere.
            let told = if terminated { TELL_BALANCERS } else { Duration::ZERO };
            let drained = async {
                tokio::time::sleep(told).await;
                handle.stop(true).await;
            };
            // A second signal ends at once.
            tokio::select! {
                () = drained => {},
                _ = interrupt.recv() => handle.stop(false).await,
                _ = terminate.recv() => handle.stop(false).await,
            }
        });
        let link = config.public.link(server.address, "/");
        log.note(format!("Tokenhouse is open at {link}"));
        described(&sign_ins).iter().for_each(|line| log.note(line));
        Ok(server.run().await?)
    })
}

/// Fills an empty database; one that holds anybody is left alone.
fn first_demo(source: &Source) -> Result<Vec<SignIn>, CliError> {
    let mut conn = db::connect(source)?;
    if User::exist(&mut conn)? {
        return Ok(Vec::new());
    }
    let clock = Clock::system();
    clock.correct(db::database_now(&mut conn)?);
    db::in_one(&mut conn, |conn| fill(conn, &Origin::command_line(clock.now()), None))
}

pub(super) fn migrate(args: DatabaseArgs) -> Result<(), CliError> {
    open(args)?;
    output::note("The database is up to date.");
    Ok(())
}

pub(super) fn demo(args: DemoArgs) -> Result<(), CliError> {
    if let Some(password) = &args.password {
        #[allow(clippy::disallowed_methods, reason = "a command keeps nobody waiting")]
        password::check(password.expose_secret()).map_err(|why| CliError::said(why.to_string()))?;
    }
    let Opened { _postgres, mut conn, origin } = open(args.database)?;
    let sign_ins = db::in_one(&mut conn, |conn| {
        let sign_ins = fill(conn, &origin, args.password.as_ref())?;
        // Inside the transaction: passwords that nobody read are never set.
        described(&sign_ins).iter().try_for_each(output::deliver_note).map_err(CliError::Undelivered)?;
        Ok::<_, CliError>(sign_ins)
    })?;
    if sign_ins.is_empty() {
        output::note("The demo data is there already.");
    }
    Ok(())
}

/// In the transaction of the caller.
fn fill(conn: &mut Conn, origin: &Origin, password: Option<&SecretString>) -> Result<Vec<SignIn>, CliError> {
    let mut random = Vec::new();
    let made = demo::fill::<CliError>(conn, origin, |email| {
        let password = match password {
            Some(password) => password.expose_secret().to_owned(),
            None => password::random()?,
        };
        random.push((email.to_owned(), password.clone()));
        Ok(password::hash(&password, Cost::OWASP)?)
    })?;
    let Some(password) = password else {
        let shown = made.into_iter().zip(random).map(|(email, (_, password))| (email, password));
        return Ok(shown.collect());
    };
    for (email, _) in demo::USERS {
        if !made.contains(&email) {
            let hash = password::hash(password.expose_secret(), Cost::OWASP)?;
            super::user_of(conn, email)?.set_password(conn, &hash, origin)?;
        }
    }
    Ok(demo::USERS.map(|(email, _)| (email, "the password you gave".to_owned())).to_vec())
}

/// The lines that show them; none without any.
fn described(sign_ins: &[SignIn]) -> Vec<String> {
    let heading = (!sign_ins.is_empty()).then(|| "The demo sign-ins, shown this once:".to_owned());
    let lines = sign_ins.iter().map(|(email, password)| format!("  {email:<22} {password}"));
    heading.into_iter().chain(lines).collect()
}
