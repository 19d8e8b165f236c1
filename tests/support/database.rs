//! One Postgres for the run, and a database for each test, cloned from a migrated template.

use super::ledger;
#[cfg(feature = "dns")]
use super::{ADMIN, READER, START};
use diesel::connection::SimpleConnection;
use diesel::pg::PgConnection;
use diesel::r2d2::{ConnectionManager, Pool};
use secrecy::SecretString;
use std::sync::OnceLock;
use std::sync::atomic::{AtomicU32, Ordering};
use tokenhouse::db::private::{PrivatePostgres, Tuning};
use tokenhouse::db::{self, Conn};
#[cfg(feature = "dns")]
use tokenhouse::models::{
    Account, Origin, User, membership,
    password::{self, Cost},
};
#[cfg(feature = "dns")]
use tokenhouse::policy::Role;

struct Cluster {
    url_of: String,
    template: String,
}

/// The role that servers of tests connect as, with the rights that docs/serving-role.sql gives it.
pub const SERVES: &str = "tokenhouse_serves";

/// Stands for the database's name in a URL.
const NAME: &str = "a-database-name";

fn cluster() -> &'static Cluster {
    static CLUSTER: OnceLock<Cluster> = OnceLock::new();
    CLUSTER.get_or_init(|| {
        let folder = ledger::run_folder().join("pg");
        let postgres = PrivatePostgres::start(&folder, Tuning { durable: false }).unwrap();
        let url_of = postgres.url(NAME);
        // Other test binaries of the run go on with it; `script/test` stops it.
        postgres.leave_running();
        let template = format!("template_{}", uuid::Uuid::new_v4().simple());
        let cluster = Cluster { url_of, template };
        let as_superuser = cluster.url_to("postgres").replace("//tokenhouse@", "//postgres@");
        let role = format!(
            "DO $$ BEGIN IF to_regrole('{SERVES}') IS NULL THEN CREATE ROLE {SERVES}; GRANT {SERVES} TO tokenhouse; END IF; END $$"
        );
        run(&as_superuser, &role);
        run(&cluster.url_to("tokenhouse"), &format!("CREATE DATABASE {}", cluster.template));
        fill(&cluster.url_to(&cluster.template));
        let_serve(&cluster.url_to(&cluster.template), SERVES);
        cluster
    })
}

impl Cluster {
    fn url_to(&self, database: &str) -> String {
        self.url_of.replace(NAME, database)
    }
}

/// Address of a database of the run.
pub fn url(database: &str) -> String {
    cluster().url_to(database)
}

/// The same for a server: there it is the role that only serves.
pub fn serving_url(database: &str) -> String {
    let url = url(database);
    if database.starts_with(EMPTY) {
        let_serve(&url, SERVES);
    }
    format!("{url}?options=-crole%3D{SERVES}")
}

/// Runs docs/serving-role.sql, as `psql -v role=…` does.
pub fn let_serve(url: &str, role: &str) {
    let script =
        std::fs::read_to_string(concat!(env!("CARGO_MANIFEST_DIR"), "/docs/serving-role.sql")).unwrap();
    assert!(script.contains(":\"role\""));
    run(url, &script.replace(":\"role\"", &format!("\"{role}\"")));
}

/// A new database with the demo data.
pub fn fresh() -> String {
    static NUMBER: AtomicU32 = AtomicU32::new(0);
    let cluster = cluster();
    let number = NUMBER.fetch_add(1, Ordering::Relaxed);
    let name = cluster.template.replace("template", &format!("test_{number}"));
    let sql = format!("CREATE DATABASE {name} TEMPLATE {} STRATEGY FILE_COPY", cluster.template);
    run(&cluster.url_to("tokenhouse"), &sql);
    name
}

/// What the names of databases begin with that weren't cloned from the template.
const EMPTY: &str = "empty_";

/// A new database with nothing in it, not even tables.
pub fn empty() -> String {
    let name = format!("{EMPTY}{}", uuid::Uuid::new_v4().simple());
    run(&cluster().url_to("tokenhouse"), &format!("CREATE DATABASE {name}"));
    name
}

/// Connections to a database of the run, opened as they are needed and kept.
pub fn pool(database: &str) -> Pool<ConnectionManager<PgConnection>> {
    // As `db::connect` sets it.
    let manager = ConnectionManager::new(format!("{}?options=-cTimeZone%3DUTC", url(database)));
    Pool::builder().max_size(16).min_idle(Some(0)).test_on_check_out(true).build_unchecked(manager)
}

/// A connection of its own, which a test may close or leave in a transaction.
pub fn connect(database: &str) -> Conn {
    db::connect(&SecretString::from(url(database))).unwrap()
}

/// Closes a database of the run to everybody, or opens it again.
pub fn set_away(database: &str, away: bool) {
    let elsewhere = url("tokenhouse");
    run(&elsewhere, &format!("ALTER DATABASE {database} ALLOW_CONNECTIONS {}", !away));
    if away {
        let end = "SELECT pg_terminate_backend(pid, 5000) FROM pg_stat_activity WHERE datname";
        run(&elsewhere, &format!("{end} = '{database}'"));
    }
}

/// Runs SQL that no page and no command does.
pub fn run(url: &str, sql: &str) {
    db::connect(&SecretString::from(url.to_owned())).unwrap().batch_execute(sql).unwrap();
}

/// Brings an empty database up to date.
#[cfg(not(feature = "dns"))]
pub fn fill(url: &str) {
    db::migrate(&mut db::connect(&SecretString::from(url.to_owned())).unwrap()).unwrap();
}

/// Brings an empty database up to date, and fills it with the demo data, an admin and a reader.
#[cfg(feature = "dns")]
pub fn fill(url: &str) {
    let mut conn = db::connect(&SecretString::from(url.to_owned())).unwrap();
    db::migrate(&mut conn).unwrap();
    let origin = Origin::command_line(START);
    let hash = password::hash(&ledger::password(), Cost::CHEAP).unwrap();
    tokenhouse::dns::demo::fill::<db::DbError>(&mut conn, &origin, |_| Ok(hash.clone())).unwrap();
    let acme = Account::find_by_name(&mut conn, "Acme").unwrap().unwrap();
    for (email, name, role) in [(ADMIN, "Ada Admin", Role::Admin), (READER, "Rita Reader", Role::ReadOnly)] {
        let user = User::create(&mut conn, email, name, &hash, &origin).unwrap().unwrap();
        membership::set(&mut conn, &acme, &user, role, &origin).unwrap();
    }
}
