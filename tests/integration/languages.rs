//! A Postgres that speaks German: what happened is still told apart.

use crate::support::client::{read, whoami};
use crate::support::cluster::Cluster;
use crate::support::{House, OWNER, START, database};
use diesel::connection::SimpleConnection;
use secrecy::SecretString;
use tokenhouse::clock::Clock;
use tokenhouse::db::{self, Conn, DbError};
use tokenhouse::models::Account;

fn connect(url: &str) -> Conn {
    db::connect(&SecretString::from(url)).unwrap()
}

#[actix_web::test]
async fn a_server_that_speaks_german_is_away_where_an_english_one_is() {
    let cluster = Cluster::in_german();
    let as_superuser = cluster.url("tokenhouse");
    let as_app = as_superuser.replace("postgres@", "app@");
    database::fill(&as_app);
    let mut conn = connect(&as_app);
    let said = conn.batch_execute("SET statement_timeout = 1; SELECT pg_sleep(1)").unwrap_err();
    assert!(said.to_string().contains("Zeitüberschreitung"), "its messages are German: {said}");
    let acme = Account::find_by_name(&mut connect(&as_app), "Acme").unwrap().unwrap().id;
    let houses = [&as_app, &as_superuser]
        .map(|url| House::at(url.clone(), String::new(), Clock::fixed(START), |_| {}));
    let mut owner = houses[0].signed_in(OWNER).await;
    let (_, secret) = owner.make_full_token(acme, "Deploy").await;
    // A lock that is waited for too long (55P03, or 57014).
    let mut blocker = connect(&as_app);
    blocker.batch_execute("BEGIN; LOCK TABLE token_secrets, memberships IN ACCESS EXCLUSIVE MODE").unwrap();
    let asked = houses.iter().map(|house| async {
        let page = read(owner.at(house.address).request("GET", "/accounts"));
        let (page, check) = futures_util::future::join(page, whoami(house.address, &secret)).await;
        (page.status.as_u16(), check.0.as_u16())
    });
    let answers = futures_util::future::join_all(asked).await;
    assert_eq!(answers, [(503, 503); 2]);
    // A fault of the program's own (42P01) is known for one only where the messages can be read.
    blocker.batch_execute("ROLLBACK; ALTER TABLE memberships RENAME TO away").unwrap();
    for (house, status) in houses.iter().zip([503, 500]) {
        assert_eq!(read(owner.at(house.address).request("GET", "/accounts")).await.status, status);
    }
}

#[test]
fn a_server_without_a_free_connection_is_waited_for_in_german_too() {
    let cluster = Cluster::in_german();
    let as_app = SecretString::from(cluster.url("tokenhouse").replace("postgres@", "app@"));
    let why = |sql: &str| {
        database::run(&cluster.url("postgres"), sql);
        db::connect(&as_app).err().unwrap()
    };
    let full = why("ALTER ROLE app CONNECTION LIMIT 0");
    assert!(matches!(&full, DbError::Unavailable(_)), "{full}");
    let refused = why("ALTER ROLE app NOLOGIN");
    assert!(matches!(&refused, DbError::Refused(_)), "{refused}");
}
