//! How long a session lasts, and what the table of sessions holds.

use super::facts;
use crate::support::client::read;
use crate::support::{House, OWNER, ledger};
use percent_encoding::percent_decode_str;
use time::Duration;
use tokenhouse::models::session::digest;

#[actix_web::test]
async fn a_session_ends_twelve_hours_after_the_last_request() {
    let house = House::open();
    let mut owner = house.signed_in(OWNER).await;
    for _ in 0..3 {
        house.clock.advance(Duration::hours(12) - Duration::seconds(1));
        assert_eq!(owner.get("/accounts").await.status, 200);
    }
    house.clock.advance(Duration::hours(12));
    let answer = owner.get("/accounts").await;
    assert_eq!((answer.status.as_u16(), answer.location()), (303, "/sign-in?next=%2Faccounts"));
    assert!(owner.get("/sign-in").await.text().contains("Password"));
    assert_eq!(
        facts::number(&house, "SELECT count(*) FROM sessions WHERE idle_until > '2026-11-24T11:59:57Z'"),
        0
    );
}

#[actix_web::test]
async fn a_session_ends_seven_days_after_signing_in_whatever_happens_in_it() {
    let house = House::open();
    let mut owner = house.signed_in(OWNER).await;
    for _ in 0..15 {
        house.clock.advance(Duration::hours(11));
        assert_eq!(owner.get("/accounts").await.status, 200);
    }
    house.clock.advance(Duration::hours(3) - Duration::seconds(1));
    assert_eq!(owner.get("/accounts").await.status, 200);
    house.clock.advance(Duration::seconds(1));
    assert_eq!(owner.get("/accounts").await.status, 303);
    assert_eq!(facts::text(&house, "SELECT ends_at - created_at FROM sessions"), "7 days");
}

#[actix_web::test]
async fn the_next_sign_in_sweeps_out_what_has_ended() {
    let house = House::open();
    house.signed_in(OWNER).await;
    house.clock.advance(Duration::hours(12));
    house.signed_in(OWNER).await;
    assert_eq!(facts::sessions(&house), 1);
}

#[actix_web::test]
async fn the_table_of_sessions_opens_nothing() {
    let house = House::open();
    let mut browser = house.anybody();
    browser.get("/sign-in").await;
    let fields = [("email", OWNER), ("password", &ledger::password())];
    let answer = read(browser.form("/sign-in", &fields)).await;
    let cookie = answer.cookie("tokenhouse").split(';').next().unwrap();
    let value = percent_decode_str(cookie.split_once('=').unwrap().1).decode_utf8().unwrap().into_owned();
    // Behind the signature stands the key.
    let key = value[value.len() - 64..].to_owned();
    ledger::put_down(&key);
    let hex: String = digest(&key).iter().map(|byte| format!("{byte:02x}")).collect();
    assert_eq!(facts::text(&house, "SELECT encode(digest, 'hex') FROM sessions"), hex);
    let held = format!("SELECT count(*) FROM sessions AS one WHERE one::text LIKE '%{key}%'");
    assert_eq!(facts::number(&house, &held), 0);
    for stolen in [&hex, &key] {
        let forged =
            house.anybody().request("GET", "/accounts").header("cookie", format!("tokenhouse={stolen}"));
        assert_eq!(read(forged).await.status, 303);
    }
    let right = house.anybody().request("GET", "/accounts").header("cookie", cookie);
    assert_eq!(read(right).await.status, 200);
}

#[actix_web::test]
async fn a_session_of_one_node_is_known_to_the_other_and_ended_on_both() {
    let house = House::open();
    let second = house.second_node();
    let mut owner = house.anybody();
    owner.get("/sign-in").await;
    let answer = owner.post("/sign-in", &[("email", OWNER), ("password", &ledger::password())]).await;
    let cookie = answer.cookie("tokenhouse").split(';').next().unwrap().to_owned();
    let there = || read(second.anybody().request("GET", "/accounts").header("cookie", &cookie));
    assert_eq!(there().await.status, 200);
    owner.get("/accounts").await;
    owner.post("/sign-out", &[]).await;
    assert_eq!(there().await.status, 303);
    assert_eq!(facts::sessions(&house), 0);
}
