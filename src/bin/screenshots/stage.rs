//! Where pictures are taken: a Postgres in a folder that goes with the run, a database with the
//! scenery, and for each picture a copy of it and a server of its own, so that no picture sees what
//! was done for another.

use crate::Failed;
use crate::scenery::{self, Places};
use actix_web::dev::ServerHandle;
use diesel::connection::SimpleConnection;
use secrecy::SecretString;
use std::net::SocketAddr;
use std::sync::mpsc;
use std::thread::JoinHandle;
use tempfile::TempDir;
use time::OffsetDateTime;
use time::macros::datetime;
use tokenhouse::clock::Clock;
use tokenhouse::config::{Config, PublicUrl};
use tokenhouse::db;
use tokenhouse::db::private::{DATABASE, PrivatePostgres, Tuning};
use tokenhouse::extension::Product;
use tokenhouse::http::AppData;
use tokenhouse::models::example;
use tokenhouse::models::password;
use tokenhouse::server::{Server, StartError};

/// When every picture is taken.
pub const NOW: OffsetDateTime = datetime!(2026-11-22 12:00 UTC);
/// Where the pages say that they are.
const PUBLIC: &str = "https://tokenhouse.example";
/// The examples of the scenery begin here.
const OF_SCENERY: u64 = 1;
/// The examples of each picture begin here.
const OF_PICTURES: u64 = 1_000;
const TEMPLATE: &str = "scenery";

/// The Postgres of a run, with the scenery in it.
pub struct Stage {
    postgres: PrivatePostgres,
    /// What the placeholders of pages stand for.
    pub places: Places,
    /// The password of everybody.
    pub password: String,
    // After Postgres.
    _folder: TempDir,
}

/// The server of one picture.
pub struct Set {
    /// Where it listens.
    pub address: SocketAddr,
    /// Its clock.
    pub clock: Clock,
    /// Its house.
    pub app: AppData,
    handle: ServerHandle,
    thread: Option<JoinHandle<()>>,
}

impl Stage {
    /// Starts Postgres and lays down the scenery.
    ///
    /// # Errors
    /// When one of them fails.
    pub fn build() -> Result<Stage, Failed> {
        let folder = tempfile::Builder::new().prefix("tokenhouse-screenshots.").tempdir()?;
        open_to_postgres(&folder)?;
        let postgres = PrivatePostgres::start(&folder.path().join("pg"), Tuning { durable: false })?;
        let password = password::random()?;
        run(&postgres, &format!("CREATE DATABASE {TEMPLATE}"))?;
        example::begin_at(OF_SCENERY);
        let places = {
            let mut conn = db::connect(&SecretString::from(postgres.url(TEMPLATE)))?;
            db::migrate(&mut conn)?;
            scenery::lay(&mut conn, &password, NOW)?
        };
        Ok(Stage { postgres, places, password, _folder: folder })
    }

    /// A server on a database of its own, with the scenery.
    ///
    /// # Errors
    /// When it does not start.
    pub fn set(&self, number: usize) -> Result<Set, Failed> {
        let database = format!("picture_{number}");
        run(&self.postgres, &format!("CREATE DATABASE {database} TEMPLATE {TEMPLATE} STRATEGY FILE_COPY"))?;
        example::begin_at(OF_PICTURES);
        let url = self.postgres.url(&database);
        let mut config = Config::for_tests(url.clone())?;
        config.public = PublicUrl::parse(PUBLIC)?;
        // The browser says where it is, so that pages show another address than this machine's.
        config.trusted_proxies = vec!["127.0.0.1/32".parse()?];
        let clock = Clock::fixed(NOW);
        let product = Product::choose(None, Some(tokenhouse::dns::EXTENSION))?;
        let (built, building) = mpsc::channel();
        let of_thread = clock.clone();
        let thread = std::thread::spawn(move || {
            actix_web::rt::System::new().block_on(async move {
                let server = match Server::build(&config, &SecretString::from(url), of_thread, product).await
                {
                    Ok(server) => server,
                    Err(error) => return drop(built.send(Err(error))),
                };
                let parts = (server.address, server.app.clone(), server.handle());
                if built.send(Ok::<_, StartError>(parts)).is_ok()
                    && let Err(error) = server.run().await
                {
                    crate::say::line(format!("the server ended: {error}"));
                }
            });
        });
        let (address, app, handle) = building.recv()??;
        Ok(Set { address, clock, app, handle, thread: Some(thread) })
    }

    /// Takes away the database of a picture, whose server has stopped.
    ///
    /// # Errors
    /// When somebody still uses it.
    pub fn strike(&self, number: usize) -> Result<(), Failed> {
        run(&self.postgres, &format!("DROP DATABASE IF EXISTS picture_{number}"))
    }
}

impl Drop for Set {
    fn drop(&mut self) {
        if let Some(thread) = self.thread.take() {
            drop(self.handle.stop(false));
            let _ = thread.join();
        }
    }
}

fn run(postgres: &PrivatePostgres, sql: &str) -> Result<(), Failed> {
    Ok(db::connect(&SecretString::from(postgres.url(DATABASE)))?.batch_execute(sql)?)
}

/// The user who runs Postgres when this is root must be able to enter the folder.
fn open_to_postgres(folder: &TempDir) -> std::io::Result<()> {
    use std::os::unix::fs::PermissionsExt as _;
    std::fs::set_permissions(folder.path(), std::fs::Permissions::from_mode(0o755))
}
