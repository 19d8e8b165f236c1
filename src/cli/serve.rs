//! `serve`, `migrate` and `demo`.

mod supervised;

use super::{CliError, Opened, open, output, user};
use crate::clock::Clock;
use crate::config::{Config, DatabaseArgs, ServeArgs};
use crate::db::{self, Conn, DbError, Source};
use crate::extension::{Demo, Extension, Product};
use crate::models::User;
use crate::models::audit::Origin;
use crate::models::password::{self, Cost};
use crate::server::{Server, open_database};
use crate::telemetry::{self, Log};
use clap::Args;
use sd_notify::NotifyState;
use secrecy::{ExposeSecret, SecretString};
use std::sync::atomic::Ordering;
use std::time::Duration;
use supervised::Supervisor;
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

pub(super) fn serve(args: ServeArgs, extension: Option<Extension>) -> Result<(), CliError> {
    let config = args.resolve()?;
    let log = telemetry::start(config.log_format)?;
    // From here on nothing writes to standard error itself: its reader may have stopped reading.
    open_and_serve(&config, extension, &log).map_err(|error| {
        log.note(output::sentence(&error.with_way_out(&config.database)));
        CliError::Noted
    })
}

fn open_and_serve(config: &Config, extension: Option<Extension>, log: &Log) -> Result<(), CliError> {
    let product = Product::choose(config.catalogue.as_deref(), extension)?;
    let demo = product.extension.map(|extension| extension.demo).filter(|_| config.demo);
    if config.demo && demo.is_none() {
        return Err(no_demo());
    }
    let (source, postgres) = open_database(&config.database)?;
    let served = serve_on(config, &source, product, demo, log);
    // Stopped in any case: a failed start must not leave a Postgres behind.
    let stopped = postgres.map_or(Ok(()), crate::db::private::PrivatePostgres::stop);
    served?;
    Ok(stopped?)
}

fn serve_on(
    config: &Config,
    source: &Source,
    product: Product,
    demo: Option<Demo>,
    log: &Log,
) -> Result<(), CliError> {
    actix_web::rt::System::new().block_on(async {
        let (mut interrupt, mut terminate) =
            (signal(SignalKind::interrupt())?, signal(SignalKind::terminate())?);
        let server = tokio::select! {
            built = Server::build(config, source, Clock::system(), product) => built?,
            _ = interrupt.recv() => return Ok(()),
            _ = terminate.recv() => return Ok(()),
        };
        let sign_ins = demo.map_or(Ok(Vec::new()), |demo| first_demo(demo, source))?;
        let handle = server.handle();
        let app = server.app.clone();
        let supervisor = Supervisor::start();
        actix_web::rt::spawn(supervisor.clone().keep_alive(app.clone()));
        let ending = supervisor.clone();
        actix_web::rt::spawn(async move {
            let terminated = tokio::select! { _ = interrupt.recv() => false, _ = terminate.recv() => true };
            app.is_ending.store(true, Ordering::Relaxed);
            tracing::info!("told to end: finishing what is in flight");
            ending.tell(NotifyState::Stopping);
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
        supervisor.tell(NotifyState::Ready);
        described(&sign_ins).iter().for_each(|line| log.note(line));
        Ok(server.run().await?)
    })
}

/// Fills an empty database; one that holds anybody is left alone.
fn first_demo(demo: Demo, source: &Source) -> Result<Vec<SignIn>, CliError> {
    let mut conn = db::connect(source)?;
    if User::exist(&mut conn)? {
        return Ok(Vec::new());
    }
    let clock = Clock::system();
    clock.correct(db::database_now(&mut conn)?);
    db::in_one(&mut conn, |conn| fill(demo, conn, &Origin::command_line(clock.now()), None))
}

pub(super) fn migrate(args: DatabaseArgs) -> Result<(), CliError> {
    open(args)?;
    output::note("The database is up to date.");
    Ok(())
}

pub(super) fn demo(args: DemoArgs, extension: Option<Extension>) -> Result<(), CliError> {
    let demo = extension.ok_or_else(no_demo)?.demo;
    if let Some(password) = &args.password {
        #[allow(clippy::disallowed_methods, reason = "a command keeps nobody waiting")]
        password::check(password.expose_secret(), &[]).map_err(|why| CliError::said(why.to_string()))?;
    }
    let Opened { _postgres, mut conn, origin } = open(args.database)?;
    let sign_ins = db::in_one(&mut conn, |conn| {
        let sign_ins = fill(demo, conn, &origin, args.password.as_ref())?;
        // Inside the transaction: passwords that nobody read are never set.
        described(&sign_ins).iter().try_for_each(output::deliver_note).map_err(CliError::Undelivered)?;
        Ok::<_, CliError>(sign_ins)
    })?;
    if sign_ins.is_empty() {
        output::note("The demo data is there already.");
    }
    Ok(())
}

fn no_demo() -> CliError {
    CliError::said("The demo data belongs to the example, which this catalogue or build doesn't have.")
}

/// In the transaction of the caller.
fn fill(
    demo: Demo,
    conn: &mut Conn,
    origin: &Origin,
    password: Option<&SecretString>,
) -> Result<Vec<SignIn>, CliError> {
    let mut random = Vec::new();
    let mut hash_for = |email: &str| {
        let password = match password {
            Some(password) => password.expose_secret().to_owned(),
            None => password::random()?,
        };
        random.push((email.to_owned(), password.clone()));
        Ok(password::hash(&password, Cost::OWASP)?)
    };
    let made = (demo.fill)(conn, origin, &mut hash_for).map_err(of_demo)?;
    let Some(password) = password else {
        let shown = made.into_iter().zip(random).map(|(email, (_, password))| (email, password));
        return Ok(shown.collect());
    };
    for &email in demo.users {
        if !made.contains(&email) {
            let hash = password::hash(password.expose_secret(), Cost::OWASP)?;
            super::user_of(conn, email)?.set_password(conn, &hash, origin)?;
        }
    }
    Ok(demo.users.iter().map(|&email| (email, "the password you gave".to_owned())).collect())
}

fn of_demo(error: anyhow::Error) -> CliError {
    match error.downcast::<DbError>() {
        Ok(error) => CliError::Db(error),
        Err(error) => CliError::said(error.to_string()),
    }
}

/// The lines that show them; none without any.
fn described(sign_ins: &[SignIn]) -> Vec<String> {
    let heading = (!sign_ins.is_empty()).then(|| "The demo sign-ins, shown this once:".to_owned());
    let lines = sign_ins.iter().map(|(email, password)| format!("  {email:<22} {password}"));
    heading.into_iter().chain(lines).collect()
}
