//! The database fails while many are calling: they get a 503 in time and never a 401, what needs
//! no database goes on, and all is well again by itself.

use super::facts;
use super::hole::Hole;
use crate::support::client::{Browser, read, whoami};
use crate::support::{House, OWNER, START, database, ledger, made, soak};
use diesel::connection::SimpleConnection;
use futures_util::future::join_all;
use secrecy::SecretString;
use std::os::unix::fs::PermissionsExt;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};
use tokenhouse::clock::Clock;
use tokenhouse::db;
use tokenhouse::db::private::{DATABASE, PrivatePostgres, Tuning};
use tokenhouse::models::Account;
use tokenhouse::models::token::{DeletionReason, Owner, Token};
use tokenhouse::policy::{Policy, Rights, TokenId};

/// Nobody waits longer than this for an answer.
const LONGEST: Duration = Duration::from_secs(5);
/// It works again so soon after the database does.
const HEALED: Duration = Duration::from_secs(3);

/// Calls until told to stop; each answer is a 200 or a 503, and in time.
async fn call_on(house: &House, secret: &str, stop: &AtomicBool) -> (usize, usize) {
    let (mut good, mut away) = (0, 0);
    while !stop.load(Ordering::Relaxed) {
        let begun = Instant::now();
        let (status, body) = whoami(house.address, secret).await;
        assert!(begun.elapsed() < LONGEST, "{status} after {:?}", begun.elapsed());
        match status.as_u16() {
            200 => good += 1,
            503 => away += 1,
            _ => panic!("{status} {body}"),
        }
    }
    (good, away)
}

/// How long until a call succeeds.
async fn until_healed(house: &House, secret: &str) -> Duration {
    let begun = Instant::now();
    while whoami(house.address, secret).await.0 != 200 {
        assert!(begun.elapsed() < Duration::from_secs(30), "it does not heal");
    }
    begun.elapsed()
}

/// What needs no database.
async fn assert_alive(browser: &Browser) {
    for path in ["/healthz", "/favicon.svg"] {
        let begun = Instant::now();
        assert_eq!(read(browser.request("GET", path)).await.status, 200, "{path}");
        assert!(begun.elapsed() < Duration::from_secs(1), "{path} took {:?}", begun.elapsed());
    }
}

#[actix_web::test]
async fn postgres_restarts_under_load_and_nobody_is_refused_as_wrong() {
    let folder = tempfile::Builder::new().prefix("restart").tempdir_in(ledger::run_folder()).unwrap();
    // Whoever runs Postgres when this is root must be able to enter it.
    std::fs::set_permissions(folder.path(), PermissionsExt::from_mode(0o755)).unwrap();
    let data = folder.path().join("data");
    let postgres = PrivatePostgres::start(&data, Tuning { durable: false }).unwrap();
    let url = postgres.url(DATABASE);
    database::fill(&url);
    let mut conn = db::connect(&SecretString::from(url.clone())).unwrap();
    let house = House::at(url, String::new(), Clock::fixed(START), |_| {});
    let mut owner = house.signed_in(OWNER).await;
    let acme = Account::find_by_name(&mut conn, "Acme").unwrap().unwrap().id;
    drop(conn);
    let (_, secret) = owner.make_full_token(acme, "Deploy").await;
    let stop = AtomicBool::new(false);
    let load = join_all((0..8).map(|_| call_on(&house, &secret, &stop)));
    let restart = async {
        let restarted = tokio::task::spawn_blocking(move || {
            postgres.stop().unwrap();
            PrivatePostgres::start(&data, Tuning { durable: false }).unwrap()
        });
        let postgres = restarted.await.unwrap();
        let healed = until_healed(&house, &secret).await;
        stop.store(true, Ordering::Relaxed);
        (postgres, healed)
    };
    let (seen, (postgres, healed)) = futures_util::future::join(load, restart).await;
    assert!(healed < HEALED, "{healed:?}");
    assert!(seen.iter().all(|(good, away)| good + away > 0), "{seen:?}");
    assert_eq!(owner.get("/accounts").await.status, 200, "nobody was signed out");
    drop(house);
    postgres.stop().unwrap();
}

#[actix_web::test]
async fn while_every_connection_is_taken_callers_are_told_so_and_static_files_go_on() {
    let house = House::open();
    let acme = house.account("Acme");
    let (_, secret) = house.signed_in(OWNER).await.make_full_token(acme, "Deploy").await;
    let anybody = house.anybody();
    let mut blocker = database::connect(&house.database);
    blocker.batch_execute("BEGIN; LOCK TABLE token_secrets IN ACCESS EXCLUSIVE MODE").unwrap();
    let stop = AtomicBool::new(false);
    let load = join_all((0..60).map(|_| call_on(&house, &secret, &stop)));
    let watch = async {
        for _ in 0..5 {
            assert_alive(&anybody).await;
        }
        // Whoever comes now finds no connection, and is told so in time.
        assert_eq!(whoami(house.address, &secret).await.0, 503);
        blocker.batch_execute("COMMIT").unwrap();
        let healed = until_healed(&house, &secret).await;
        stop.store(true, Ordering::Relaxed);
        healed
    };
    let (_, healed) = futures_util::future::join(load, watch).await;
    assert!(healed < HEALED, "{healed:?}");
}

#[actix_web::test]
async fn a_database_that_swallows_everything_costs_five_seconds_at_most_and_heals() {
    let name = database::fresh();
    let hole = Hole::before(&database::url(&name));
    let house = House::at(hole.url.clone(), name, Clock::fixed(START), |_| {});
    let acme = house.account("Acme");
    let (_, secret) = house.signed_in(OWNER).await.make_full_token(acme, "Deploy").await;
    let anybody = house.anybody();
    hole.set_open(false);
    for _ in 0..2 {
        let calls = join_all((0..30).map(|_| async {
            let begun = Instant::now();
            let (status, _) = whoami(house.address, &secret).await;
            (status.as_u16(), begun.elapsed() < LONGEST)
        }));
        let (answers, ()) = futures_util::future::join(calls, assert_alive(&anybody)).await;
        assert!(answers.iter().all(|answer| *answer == (503, true)), "{answers:?}");
    }
    let begun = Instant::now();
    assert_eq!(read(anybody.request("GET", "/readyz")).await.status, 503);
    assert!(begun.elapsed() < LONGEST);
    hole.set_open(true);
    let healed = until_healed(&house, &secret).await;
    assert!(healed < HEALED, "{healed:?}");
}

/// How long this many calls take, fifty at a time, each with the next of these secrets.
async fn calls_with(house: &House, secrets: &[String], calls: usize) -> Duration {
    let begun = Instant::now();
    for part in (0..calls).collect::<Vec<_>>().chunks(AT_ONCE) {
        let answers =
            join_all(part.iter().map(|number| whoami(house.address, &secrets[number % secrets.len()]))).await;
        assert!(answers.iter().all(|(status, _)| *status == 200), "{answers:?}");
    }
    begun.elapsed()
}

const AT_ONCE: usize = 50;

#[actix_web::test]
async fn one_token_that_everyone_uses_is_no_slower_than_fifty_and_ends_for_all_at_once() {
    let house = House::open();
    let acme = house.account("Acme");
    // Its plan has no budget of calls.
    facts::change(&house, "UPDATE accounts SET plan = 'enterprise'");
    let policy = || Policy::unconditional(Rights::Everything);
    let made = |number: usize| made::with(&house, Owner::Account(acme), &format!("{number}"), policy());
    let (ids, secrets): (Vec<TokenId>, Vec<String>) = (0..AT_ONCE).map(made).unzip();
    let calls = soak::size(200, 2_000);
    let (mut hot, mut spread) = (Duration::MAX, Duration::MAX);
    // By turns, and the best of each: what else the machine does slows down both.
    for _ in 0..20 {
        hot = hot.min(calls_with(&house, &secrets[..1], calls).await);
        spread = spread.min(calls_with(&house, &secrets, calls).await);
        if hot.mul_f64(0.8) <= spread {
            break;
        }
    }
    println!("{calls} calls: {hot:?} with one token, {spread:?} with {AT_ONCE}");
    assert!(hot.mul_f64(0.8) <= spread, "{hot:?} with one, {spread:?} with {AT_ONCE}");
    let origin = house.command_line();
    let token = Token::itself(&mut house.conn(), ids[0]).unwrap().unwrap();
    db::in_one(&mut house.conn(), |conn| token.delete(conn, DeletionReason::Person, &origin)).unwrap();
    let after = join_all((0..AT_ONCE).map(|_| whoami(house.address, &secrets[0]))).await;
    assert!(after.iter().all(|(status, _)| *status == 401), "{after:?}");
}
