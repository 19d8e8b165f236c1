//! What every test starts from: one Postgres for the whole run, a database of its own for each
//! test, a server on it, and people who use it over HTTP.
//!
//! `TOKENHOUSE_TEST_RUN` names the folder of the run; logs and everything secret that tests make
//! are put down there, for the search at the end.

#![allow(dead_code, reason = "each test binary uses its part")]
#![allow(clippy::unwrap_used, clippy::expect_used, reason = "a broken expectation fails the test")]

pub mod app;
pub mod client;
pub mod cluster;
pub mod database;
pub mod description;
pub mod ledger;
pub mod made;
pub mod passkey;
pub mod proxy;
pub mod smtp;
pub mod soak;
pub mod wire;

use actix_web::dev::ServerHandle;
use diesel::connection::SimpleConnection;
use diesel::pg::PgConnection;
use diesel::r2d2::{ConnectionManager, Pool, PooledConnection};
use secrecy::SecretString;
use std::net::SocketAddr;
use std::path::Path;
use std::sync::mpsc;
use std::thread::JoinHandle;
use time::OffsetDateTime;
use time::macros::datetime;
use tokenhouse::clock::Clock;
use tokenhouse::config::{Config, LogFormat, PublicUrl};
use tokenhouse::db;
use tokenhouse::extension::Product;
use tokenhouse::http::AppData;
use tokenhouse::mail::{Failed, Mail, Post};
use tokenhouse::models::password::{self, Cost};
use tokenhouse::models::{Account, Origin, User, membership};
use tokenhouse::policy::{AccountId, Role};
use tokenhouse::server::Server;

/// When every test begins.
pub const START: OffsetDateTime = datetime!(2026-11-22 12:00 UTC);

pub const OWNER: &str = "owner@example.com";
pub const ADMIN: &str = "admin@example.com";
pub const MEMBER: &str = "member@example.com";
pub const READER: &str = "reader@example.com";
pub const STRANGER: &str = "stranger@example.com";

/// A running server with a database of its own, which holds the demo data, an admin and a reader.
pub struct House {
    pub address: SocketAddr,
    /// Where the check listens besides, if at an address.
    pub check: Option<SocketAddr>,
    pub clock: Clock,
    pub app: AppData,
    pub database: String,
    conns: Pool<Manager>,
    handle: ServerHandle,
    thread: Option<JoinHandle<()>>,
}

type Manager = ConnectionManager<PgConnection>;

/// The product with the example, as the program runs it.
#[cfg(feature = "dns")]
pub fn product() -> Product {
    Product::choose(None, Some(tokenhouse::dns::EXTENSION)).unwrap()
}

/// The product as a build without the example runs it.
#[cfg(not(feature = "dns"))]
pub fn product() -> Product {
    shop()
}

/// The catalogue of a shop's API.
pub const SHOP: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/docs/examples/shop.toml");

/// The product in front of a shop's API.
pub fn shop() -> Product {
    Product::choose(Some(Path::new(SHOP)), None).unwrap()
}

impl House {
    /// A server on a fresh database.
    pub fn open() -> House {
        House::with(|_| {})
    }

    /// A server with other settings.
    pub fn with(change: impl FnOnce(&mut Config)) -> House {
        House::on(database::fresh(), Clock::fixed(START), change)
    }

    /// Another server on the same database and clock, as a second node.
    pub fn second_node(&self) -> House {
        House::on(self.database.clone(), self.clock.clone(), |_| {})
    }

    /// A server on this database, as a role that only serves: the script that operators run gives it
    /// its rights, so every test shows that they suffice.
    pub fn on(database: String, clock: Clock, change: impl FnOnce(&mut Config)) -> House {
        let url = database::serving_url(&database);
        House::at(url, database, clock, change)
    }

    /// A server on the database at this address, which may lead through something that is in the way.
    pub fn at(url: String, database: String, clock: Clock, change: impl FnOnce(&mut Config)) -> House {
        House::of(product(), url, database, clock, change)
    }

    /// A server of this product on the database at this address.
    pub fn of(
        product: Product,
        url: String,
        database: String,
        clock: Clock,
        change: impl FnOnce(&mut Config),
    ) -> House {
        tokenhouse::telemetry::start_to(LogFormat::Text, ledger::log_file());
        let mut config = Config::for_tests(url.clone()).unwrap();
        change(&mut config);
        let (built, building) = mpsc::channel();
        let of_thread = clock.clone();
        let thread = std::thread::spawn(move || {
            actix_web::rt::System::new().block_on(async move {
                let server =
                    Server::build(&config, &SecretString::from(url), of_thread, product).await.unwrap();
                built
                    .send((server.address, server.check_address, server.app.clone(), server.handle()))
                    .unwrap();
                server.run().await.unwrap();
            });
        });
        let (address, check, app, handle) = building.recv().expect("the server starts");
        let conns = database::pool(&database);
        House { address, check, clock, app, database, conns, handle, thread: Some(thread) }
    }

    /// A server in front of the API that this product describes, and Acme's account, in which nothing
    /// exists yet.
    pub fn in_front(product: Product, plan: &str, change: impl FnOnce(&mut Config)) -> (House, AccountId) {
        let database = database::empty();
        db::migrate(&mut database::connect(&database)).unwrap();
        let house =
            House::of(product, database::serving_url(&database), database, Clock::fixed(START), change);
        let (mut conn, origin) = (house.conn(), house.command_line());
        let owner = house.new_user(OWNER, "Olive Owner");
        let acme = Account::create(&mut conn, "Acme", OWNER, plan, &origin).unwrap();
        membership::set(&mut conn, &acme, &owner, Role::Owner, &origin).unwrap();
        (house, acme.id)
    }

    /// Somebody's browser, with no cookie yet.
    pub fn anybody(&self) -> client::Browser {
        client::Browser::new(self.address)
    }

    /// A browser in which this person has signed in.
    pub async fn signed_in(&self, email: &str) -> client::Browser {
        let mut browser = self.anybody();
        browser.sign_in(email, &ledger::password()).await;
        browser
    }

    /// A connection for facts and for what no page can do. It's reused: a new one costs Postgres a
    /// process. To leave a transaction open, use [`database::connect`].
    pub fn conn(&self) -> PooledConnection<Manager> {
        self.conns.get().unwrap()
    }

    /// Number of the account of this name.
    pub fn account(&self, name: &str) -> AccountId {
        Account::find_by_name(&mut self.conn(), name).unwrap().unwrap().id
    }

    /// Number of the user with this address.
    pub fn user(&self, email: &str) -> User {
        User::find_by_email(&mut self.conn(), email).unwrap().unwrap()
    }

    /// The command line, at the house's time.
    pub fn command_line(&self) -> Origin {
        Origin::command_line(self.clock.now())
    }

    /// Makes a user a member of an account, or gives the member another role.
    pub fn join(&self, account: &str, email: &str, role: Role) {
        let (mut conn, user) = (self.conn(), self.user(email));
        let account = Account::find_by_name(&mut conn, account).unwrap().unwrap();
        let set = membership::set(&mut conn, &account, &user, role, &self.command_line()).unwrap();
        assert_eq!(set, membership::Changed::Done);
    }

    /// Makes a user with the password of the run.
    pub fn new_user(&self, email: &str, name: &str) -> User {
        let hash = password::hash(&ledger::password(), Cost::CHEAP).unwrap();
        User::create(&mut self.conn(), email, name, &hash, &self.command_line()).unwrap().unwrap()
    }

    /// Makes a user who runs the site, and is a member of nothing.
    pub fn site_admin(&self, email: &str) -> User {
        let user = self.new_user(email, "Sasha Site");
        let sql = format!("UPDATE users SET site_admin_since = created_at WHERE id = {}", user.id);
        self.conn().batch_execute(&sql).unwrap();
        self.user(email)
    }

    /// Puts an account on another plan, as the command line does.
    pub fn set_plan(&self, account: &str, plan: &str) {
        let mut conn = self.conn();
        let account = Account::find_by_name(&mut conn, account).unwrap().unwrap();
        account.set_plan(&mut conn, plan, &self.command_line()).unwrap();
    }

    /// Works off the mail that is due, and answers it: recipient, subject, text.
    pub async fn mails(&self) -> Vec<(String, String, String)> {
        let bag = Bag::default();
        while tokenhouse::mail::send_due(&self.app, &bag).await.unwrap() > 0 {}
        let mails = bag.0.into_inner().unwrap();
        mails.into_iter().map(|mail| (mail.recipient.to_string(), mail.subject, mail.text)).collect()
    }

    /// Address of a page.
    pub fn url(&self, path: &str) -> String {
        format!("http://{}{path}", self.address)
    }

    /// Stops as at SIGTERM, and waits until what was in flight is done and written.
    pub fn close(mut self) {
        self.stop();
    }

    fn stop(&mut self) {
        if let Some(thread) = self.thread.take() {
            drop(self.handle.stop(true));
            let _ = thread.join();
        }
    }
}

impl Drop for House {
    fn drop(&mut self) {
        self.stop();
    }
}

/// Takes mail, and keeps it.
#[derive(Default)]
pub struct Bag(pub std::sync::Mutex<Vec<Mail>>);

impl Post for Bag {
    async fn deliver(&self, mail: &Mail) -> Result<(), Failed> {
        for link in mail.text.split_whitespace().filter(|word| word.starts_with("http")) {
            let held = link.rsplit(['/', '=']).next().unwrap();
            if held.len() >= 32 {
                ledger::put_down(held);
            }
        }
        self.0.lock().unwrap().push(mail.clone());
        Ok(())
    }
}

/// For tests of what follows `--public-url`.
pub fn public(url: &str) -> PublicUrl {
    PublicUrl::parse(url).unwrap()
}
