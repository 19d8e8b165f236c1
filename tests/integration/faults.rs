//! The database goes away and comes back; the server is told to stop.

use super::facts;
use crate::support::client::{Browser, read, whoami};
use crate::support::{House, OWNER, database};
use diesel::connection::SimpleConnection;
use reqwest::StatusCode;
use std::net::TcpStream;
use std::time::{Duration, Instant};

/// Nobody waits longer than this for an answer.
const LONGEST: Duration = Duration::from_secs(5);

/// Closes the house's database to everybody, or opens it again.
pub(crate) fn set_away(house: &House, away: bool) {
    database::set_away(&house.database, away);
}

#[actix_web::test]
async fn while_the_database_is_away_everybody_is_told_so_and_nobody_is_signed_out() {
    let house = House::open();
    let acme = house.account("Acme");
    let mut owner = house.signed_in(OWNER).await;
    let (_, secret) = owner.make_full_token(acme, "Deploy").await;
    let mut nobody = house.anybody();
    nobody.get("/sign-in").await;
    set_away(&house, true);
    for path in
        ["/", "/accounts", &format!("/accounts/{acme}/tokens"), &format!("/accounts/{acme}/tokens/new")]
    {
        assert_away(&owner, "GET", path).await;
    }
    assert_away(&owner, "POST", &format!("/accounts/{acme}/tokens")).await;
    assert_away(&nobody, "POST", "/sign-in").await;
    let (begun, (status, body)) = (Instant::now(), whoami(house.address, &secret).await);
    assert_eq!((status.as_u16(), body["code"].as_str()), (503, Some("unavailable")), "never 401");
    assert!(begun.elapsed() < LONGEST);
    for (path, status, said) in
        [("/healthz", 200, "ok\n"), ("/readyz", 503, "the database does not answer\n")]
    {
        let answer = read(nobody.request("GET", path)).await;
        assert_eq!((answer.status.as_u16(), answer.body.as_str()), (status, said));
    }
    set_away(&house, false);
    assert_eq!(again(&owner, "/readyz").await, 200);
    assert_eq!(again(&owner, "/accounts").await, 200, "the same cookie still opens the door");
    assert_eq!(whoami(house.address, &secret).await.0, 200);
    assert_eq!((facts::live_tokens(&house), facts::sessions(&house)), (1, 1));
}

#[actix_web::test]
async fn connections_that_the_database_dropped_are_replaced_without_anybody_noticing() {
    let house = House::open();
    let mut owner = house.signed_in(OWNER).await;
    set_away(&house, true);
    set_away(&house, false);
    assert_eq!(owner.get("/accounts").await.status, 200);
    assert_eq!(facts::sessions(&house), 1);
}

#[actix_web::test]
async fn while_the_database_can_only_be_read_checks_and_pages_continue_and_changes_are_told_so() {
    let house = House::open();
    let acme = house.account("Acme");
    let mut owner = house.signed_in(OWNER).await;
    let (_, secret) = owner.make_full_token(acme, "Deploy").await;
    let elsewhere = database::url("tokenhouse");
    let name = &house.database;
    database::run(&elsewhere, &format!("ALTER DATABASE {name} SET default_transaction_read_only = on"));
    // Those that are open have the setting of before.
    set_away(&house, true);
    set_away(&house, false);
    assert_eq!(whoami(house.address, &secret).await.0, 200);
    let list = format!("/accounts/{acme}/tokens");
    assert_eq!(owner.get(&list).await.status, 200);
    let nonce = owner.new_form(acme).await;
    let fields = [("nonce", nonce.as_str()), ("do", "generate"), ("name", "New"), ("reach", "everything")];
    let fields: Vec<_> = fields.into_iter().chain([("expires", "90")]).collect();
    let refused = owner.post(&list, &fields).await;
    assert_eq!((refused.status.as_u16(), refused.heading().as_str()), (503, "Back in a moment"));
    database::run(&elsewhere, &format!("ALTER DATABASE {name} RESET default_transaction_read_only"));
    set_away(&house, true);
    set_away(&house, false);
    assert_eq!(again(&owner, "/accounts").await, 200);
    assert_eq!(facts::live_tokens(&house), 1, "nothing is half made");
}

#[actix_web::test]
async fn what_was_dumped_and_restored_accepts_and_refuses_the_same_tokens() {
    let house = House::open();
    let acme = house.account("Acme");
    let mut owner = house.signed_in(OWNER).await;
    let (_, live) = owner.make_full_token(acme, "Live").await;
    let (deleted, dead) = owner.make_full_token(acme, "Deleted").await;
    owner.delete_token(acme, deleted).await;
    let restored = database::empty();
    let dump = tempfile::NamedTempFile::new_in(crate::support::ledger::run_folder()).unwrap();
    let run = |tool: &str, words: &[&str]| {
        let mut command = std::process::Command::new(crate::support::cluster::binaries().join(tool));
        assert!(command.args(words).status().unwrap().success(), "{tool}");
    };
    let file = dump.path().to_str().unwrap();
    run("pg_dump", &["-Fc", "-f", file, "-d", &database::url(&house.database)]);
    run("pg_restore", &["--no-owner", "-d", &database::url(&restored), file]);
    let house = House::on(restored, house.clock.clone(), |_| {});
    assert_eq!(whoami(house.address, &live).await.0, 200);
    let (status, body) = whoami(house.address, &dead).await;
    assert_eq!((status.as_u16(), body["code"].as_str()), (401, Some("token_deleted")));
    let (_, new) = owner.at(house.address).make_full_token(acme, "After it").await;
    assert_eq!(whoami(house.address, &new).await.0, 200);
}

#[actix_web::test]
async fn stopping_finishes_what_is_in_flight_and_writes_the_last_uses() {
    let house = House::open();
    let acme = house.account("Acme");
    let (token, secret) = house.signed_in(OWNER).await.make_full_token(acme, "Deploy").await;
    let (address, second) = (house.address, house.second_node());
    let mut blocker = database::connect(&house.database);
    blocker.batch_execute("BEGIN; LOCK TABLE token_secrets IN ACCESS EXCLUSIVE MODE").unwrap();
    let call = actix_web::rt::spawn(async move { whoami(address, &secret).await });
    let waiting = "SELECT count(*) FROM pg_locks WHERE NOT granted AND relation = 'token_secrets'::regclass";
    while facts::number(&second, waiting) == 0 {
        tokio::task::yield_now().await;
    }
    let stopping = std::thread::spawn(move || house.close());
    // The house takes nobody in any more, and has not ended yet.
    while TcpStream::connect(address).is_ok() {
        tokio::task::yield_now().await;
    }
    assert!(!stopping.is_finished());
    blocker.batch_execute("COMMIT").unwrap();
    assert_eq!(call.await.unwrap().0, StatusCode::OK);
    stopping.join().unwrap();
    let used = format!(
        "SELECT concat(last_used_at, ' ', address) FROM token_use JOIN token_secrets ON id = secret_id WHERE token_id = {token}"
    );
    assert_eq!(facts::text(&second, &used), "2026-11-22 12:00:00+00 127.0.0.1");
}

async fn assert_away(browser: &Browser, method: &str, path: &str) {
    let begun = Instant::now();
    let request =
        if method == "POST" { browser.form(path, &[("name", "x")]) } else { browser.request(method, path) };
    let answer = read(request).await;
    assert!(begun.elapsed() < LONGEST, "{method} {path} took {:?}", begun.elapsed());
    assert_eq!(
        (answer.status.as_u16(), answer.heading().as_str()),
        (503, "Back in a moment"),
        "{method} {path}"
    );
    assert!(answer.text().contains("The database does not answer right now."), "{}", answer.text());
    assert_eq!((answer.header("retry-after"), answer.header("set-cookie")), ("2", ""), "{method} {path}");
}

/// The first answer that is no 503, within some seconds: the pool tries again by and by.
async fn again(browser: &Browser, path: &str) -> StatusCode {
    let begun = Instant::now();
    loop {
        let status = read(browser.request("GET", path)).await.status;
        if status != 503 || begun.elapsed() > Duration::from_secs(30) {
            return status;
        }
    }
}
