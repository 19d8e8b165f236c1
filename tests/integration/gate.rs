//! The check at the door: look-ups that wait together, held back, away, and not made at all.

use super::facts;
use crate::support::client::whoami;
use crate::support::{House, OWNER, database};
use diesel::connection::SimpleConnection;
use std::process::Command;

/// Number of the server process that a query of the house waits in, for a lock on this table.
async fn waiting_for(house: &House, table: &str) -> i64 {
    let waiting = format!(
        "SELECT coalesce(min(pid), 0)::bigint FROM pg_locks JOIN pg_database AS here ON here.oid = database
         WHERE NOT granted AND relation = '{table}'::regclass AND datname = current_database()"
    );
    loop {
        match facts::number(house, &waiting) {
            0 => tokio::task::yield_now().await,
            pid => return pid,
        }
    }
}

fn signal(signal: &str, pid: i64) {
    assert!(Command::new("kill").args([signal, &pid.to_string()]).status().unwrap().success());
}

/// Goes on with a stopped process also when the test fails: it belongs to every test's Postgres.
struct Stopped(i64);

impl Drop for Stopped {
    fn drop(&mut self) {
        signal("-CONT", self.0);
    }
}

#[actix_web::test]
async fn while_a_look_up_is_held_back_a_call_begun_after_the_deletion_is_refused() {
    let house = House::open();
    let acme = house.account("Acme");
    let mut owner = house.signed_in(OWNER).await;
    let (token, secret) = owner.make_full_token(acme, "Deploy").await;
    owner.get(&format!("/accounts/{acme}/tokens/{token}/delete")).await;
    let mut blocker = database::connect(&house.database);
    blocker.batch_execute("BEGIN; LOCK TABLE token_secrets IN ACCESS EXCLUSIVE MODE").unwrap();
    let (address, of_call) = (house.address, secret.clone());
    let held = actix_web::rt::spawn(async move { whoami(address, &of_call).await });
    // The query has been sent, and stays where it is when the table is free again.
    let stopped = Stopped(waiting_for(&house, "token_secrets").await);
    signal("-STOP", stopped.0);
    blocker.batch_execute("COMMIT").unwrap();
    let deleted = owner.post(&format!("/accounts/{acme}/tokens/{token}/delete"), &[]).await;
    assert_eq!((deleted.status.as_u16(), facts::live_tokens(&house)), (303, 0));
    for _ in 0..20 {
        let (status, body) = whoami(address, &secret).await;
        assert_eq!((status.as_u16(), body["code"].as_str()), (401, Some("token_deleted")));
    }
    assert!(!held.is_finished(), "the first call still waits");
    drop(stopped);
    // It began before the deletion: either answer is right.
    assert!([200, 401].contains(&held.await.unwrap().0.as_u16()));
}

#[actix_web::test]
async fn of_many_calls_at_once_each_is_told_of_its_own_token() {
    let house = House::open();
    let mut owner = house.signed_in(OWNER).await;
    let mut known = Vec::new();
    for account in ["Acme", "Hobby"] {
        let number = house.account(account);
        for one in 0..3 {
            known.push((owner.make_full_token(number, &format!("{account} {one}")).await.1, 200, account));
        }
    }
    let acme = house.account("Acme");
    let (token, deleted) = owner.make_full_token(acme, "Deleted").await;
    owner.delete_token(acme, token).await;
    known.push((deleted, 401, ""));
    let address = house.address;
    let mut calls = Vec::new();
    for _ in 0..40 {
        for (secret, status, account) in known.clone() {
            calls
                .push(actix_web::rt::spawn(async move { (whoami(address, &secret).await, status, account) }));
        }
    }
    for call in calls {
        let ((status, body), expected, account) = call.await.unwrap();
        assert_eq!(status.as_u16(), expected);
        assert_eq!(body["data"]["account"]["name"].as_str().unwrap_or_default(), account);
    }
}

#[actix_web::test]
async fn a_mistyped_secret_is_refused_without_the_database() {
    let house = House::open();
    let acme = house.account("Acme");
    let (_, secret) = house.signed_in(OWNER).await.make_full_token(acme, "Deploy").await;
    let last = secret.chars().last().unwrap();
    let mistyped = format!("{}{}", &secret[..secret.len() - 1], if last == 'x' { 'y' } else { 'x' });
    let elsewhere = database::url("tokenhouse");
    let name = &house.database;
    database::run(&elsewhere, &format!("ALTER DATABASE {name} ALLOW_CONNECTIONS false"));
    let end =
        format!("SELECT pg_terminate_backend(pid, 5000) FROM pg_stat_activity WHERE datname = '{name}'");
    database::run(&elsewhere, &end);
    let (status, body) = whoami(house.address, &mistyped).await;
    assert_eq!((status.as_u16(), body["code"].as_str()), (401, Some("invalid_token")));
    assert_eq!(whoami(house.address, &secret).await.0, 503, "the right one has to be looked up");
    database::run(&elsewhere, &format!("ALTER DATABASE {name} ALLOW_CONNECTIONS true"));
    // Each look-up connects anew when it has to: nobody has to wait for a pool to find out.
    let mut status = whoami(house.address, &secret).await.0;
    let begun = std::time::Instant::now();
    while status == 503 && begun.elapsed().as_secs() < 3 {
        status = whoami(house.address, &secret).await.0;
    }
    assert_eq!(status, 200);
}
