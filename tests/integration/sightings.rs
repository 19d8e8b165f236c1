//! What is seen and not changed: sign-ins, first uses of tokens, and networks that are new for them.

use super::facts;
use crate::support::client::{Browser, read};
use crate::support::{House, OWNER, database, ledger, made};
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};
use time::Duration;
use tokenhouse::db;
use tokenhouse::models::password;
use tokenhouse::models::sighting;
use tokenhouse::models::token::Owner;
use tokenhouse::models::token::networks::MOST_NETWORKS;
use tokenhouse::policy::{Policy, Rights};

/// A house behind a proxy on this machine, whose word on addresses counts.
fn behind_a_proxy() -> House {
    House::with(|config| config.trusted_proxies = vec!["127.0.0.0/8".parse().unwrap()])
}

async fn call(house: &House, secret: &str, from: &str) -> u16 {
    let http = reqwest::Client::builder().no_proxy().user_agent("deploy/1.0").build().unwrap();
    let request = http.get(house.url("/v2/whoami")).bearer_auth(secret).header("x-forwarded-for", from);
    read(request).await.status.as_u16()
}

async fn sign_in(browser: &mut Browser, email: &str, password: &str, from: &str) -> u16 {
    browser.get("/sign-in").await;
    let form = browser.form("/sign-in", &[("email", email), ("password", password)]);
    read(form.header("x-forwarded-for", from)).await.status.as_u16()
}

async fn flush(house: &House) {
    house.app.buffers.networks.flush(&house.app.db, house.clock.now()).await.unwrap();
    house.app.buffers.sign_ins.flush(&house.app.db, house.clock.now()).await.unwrap();
}

fn stored(house: &House) -> Vec<String> {
    facts::texts(
        house,
        "concat_ws(' ', kind, name, host(address), 'account', account_id, 'user', user_id)",
        "sightings ORDER BY id",
    )
}

#[actix_web::test]
async fn sign_ins_are_put_down_good_and_bad_and_those_for_nobody_are_not() {
    let house = behind_a_proxy();
    let wrong = password::random().unwrap();
    ledger::put_down(&wrong);
    let mut browser = house.anybody();
    assert_eq!(sign_in(&mut browser, "nobody@example.com", &wrong, "192.0.2.1").await, 401);
    for from in ["192.0.2.1", "192.0.2.77", "198.51.100.1"] {
        assert_eq!(sign_in(&mut browser, OWNER, &wrong, from).await, 401);
    }
    assert_eq!(sign_in(&mut browser, OWNER, &ledger::password(), "192.0.2.1").await, 303);
    assert_eq!(facts::count(&house, "sightings"), 0, "no attempt waits for a write");
    flush(&house).await;
    let user = house.user(OWNER).id;
    // One row a minute for each network, whichever of its addresses it is.
    let expected = [
        format!("sign_in_refused {OWNER} 192.0.2.1 account user {user}"),
        format!("sign_in_refused {OWNER} 198.51.100.1 account user {user}"),
        format!("signed_in {OWNER} 192.0.2.1 account user {user}"),
    ];
    assert_eq!(stored(&house), expected);

    let mut other = house.anybody();
    house.clock.advance(Duration::seconds(59));
    assert_eq!(sign_in(&mut other, OWNER, &wrong, "192.0.2.1").await, 401);
    flush(&house).await;
    assert_eq!(facts::count(&house, "sightings"), 3);
    house.clock.advance(Duration::seconds(1));
    assert_eq!(sign_in(&mut other, OWNER, &wrong, "192.0.2.1").await, 401);
    flush(&house).await;
    assert_eq!(facts::count(&house, "sightings"), 4);
    assert_eq!(facts::count(&house, &format!("sightings AS s WHERE s::text LIKE '%{wrong}%'")), 0);
}

#[actix_web::test]
async fn refused_sign_ins_of_one_user_are_bounded_from_however_many_networks() {
    let house = House::open();
    let user = house.user(OWNER).id;
    for network in 0..1_000 {
        house.app.buffers.sign_ins.add(sighting::SignIn {
            user,
            email: OWNER.to_owned(),
            kind: sighting::SightingKind::SignInRefused,
            at: house.clock.now(),
            address: IpAddr::V4(Ipv4Addr::from_bits(0x0a00_0000 + network * 256)).into(),
            client: String::new(),
        });
    }
    flush(&house).await;
    assert_eq!(facts::count(&house, "sightings"), 20);
}

#[actix_web::test]
async fn the_first_use_of_a_token_and_each_network_that_is_new_for_it_are_put_down_once() {
    let house = behind_a_proxy();
    let other = House::on(house.database.clone(), house.clock.clone(), |config| {
        config.trusted_proxies = vec!["127.0.0.0/8".parse().unwrap()];
    });
    let acme = house.account("Acme");
    let user = house.user(OWNER).id;
    let (deploy, secret) = house.signed_in(OWNER).await.make_full_token(acme, "Deploy").await;
    let (_, own) = made::with(&house, Owner::User(user), "Laptop", Policy::unconditional(Rights::Everything));
    for from in ["203.0.113.7", "203.0.113.250", "2001:db8:1:2::1", "2001:db8:1:ffff::1", "203.0.113.8"] {
        assert_eq!(call(&house, &secret, from).await, 200);
        house.clock.advance(Duration::seconds(1));
    }
    assert_eq!(call(&house, &own, "203.0.113.7").await, 200);
    assert_eq!(facts::count(&house, "token_networks"), 0, "no call waits for a write");
    flush(&house).await;
    flush(&house).await;
    // The other node has seen the same, and one more.
    for from in ["203.0.113.9", "198.51.100.1"] {
        assert_eq!(call(&other, &secret, from).await, 200);
    }
    flush(&other).await;
    assert_eq!(call(&house, &secret, "198.51.100.2").await, 200);
    flush(&house).await;
    let expected = [
        format!("first_use Deploy 203.0.113.7 account {acme} user"),
        format!("new_network Deploy 2001:db8:1:2::1 account {acme} user"),
        format!("first_use Laptop 203.0.113.7 account user {user}"),
        format!("new_network Deploy 198.51.100.1 account {acme} user"),
    ];
    let mut stored = stored(&house);
    stored.retain(|line| !line.starts_with("signed_in"));
    assert_eq!(stored, expected);
    let networks = facts::texts(
        &house,
        "network",
        &format!("token_networks WHERE token_id = {deploy} ORDER BY network"),
    );
    assert_eq!(networks, ["198.51.100.0/24", "203.0.113.0/24", "2001:db8:1::/48"]);
}

#[actix_web::test]
async fn a_token_that_is_used_from_everywhere_fills_neither_memory_nor_table() {
    let house = House::open();
    let acme = house.account("Acme");
    let token = made::token(&house, acme, None);
    let (networks, now) = (&house.app.buffers.networks, house.clock.now());
    for round in 0..3_u32 {
        for network in 0..5_000_u32 {
            let v6 = Ipv6Addr::from_bits(u128::from(0x2001_0000 + round * 5_000 + network) << 80);
            networks.note(token, IpAddr::V6(v6).into(), now, "botnet");
        }
        assert!(networks.kept() <= MOST_NETWORKS, "{}", networks.kept());
        flush(&house).await;
    }
    assert_eq!(networks.kept(), 0, "nothing more is remembered of it");
    let most = i64::try_from(MOST_NETWORKS).unwrap();
    assert_eq!(facts::count(&house, &format!("token_networks WHERE token_id = {token}")), most);
    assert_eq!(facts::count(&house, &format!("sightings WHERE token_id = {token}")), most);
    // Another node knows nothing of it yet, and is bounded all the same.
    let other = house.second_node();
    for network in 0..500_u32 {
        other.app.buffers.networks.note(
            token,
            IpAddr::V4(Ipv4Addr::from_bits(network * 256)).into(),
            now,
            "botnet",
        );
    }
    flush(&other).await;
    assert_eq!(facts::count(&house, &format!("token_networks WHERE token_id = {token}")), most);
}

#[actix_web::test]
async fn what_the_database_cannot_take_holds_up_nobody_and_a_token_that_is_gone_is_passed_over() {
    let house = House::open();
    let acme = house.account("Acme");
    let (token, gone) = (made::token(&house, acme, None), made::token(&house, acme, None));
    facts::change(&house, &format!("DELETE FROM tokens WHERE id = {gone}"));
    let (networks, now) = (&house.app.buffers.networks, house.clock.now());
    for token in [token, gone] {
        networks.note(token, IpAddr::V4(Ipv4Addr::new(192, 0, 2, 1)).into(), now, "deploy/1.0");
    }
    let url = database::url(&house.database);
    database::run(&url, "ALTER TABLE tokens RENAME TO away");
    assert!(networks.flush(&house.app.db, now).await.is_err());
    database::run(&url, "ALTER TABLE away RENAME TO tokens");
    networks.note(token, IpAddr::V4(Ipv4Addr::new(192, 0, 2, 1)).into(), now, "deploy/1.0");
    flush(&house).await;
    assert_eq!(facts::texts(&house, "kind || ' ' || token_id", "sightings"), [format!("first_use {token}")]);
}

#[actix_web::test]
async fn sightings_are_kept_for_four_hundred_days() {
    let house = House::open();
    facts::change(
        &house,
        "INSERT INTO sightings (at, kind, name, client)
         SELECT timestamptz '2026-11-22 12:00Z' - days * interval '1 day', 'signed_in', days || ' days', ''
         FROM unnest(ARRAY[0, 399, 400, 401]) AS days",
    );
    let now = house.clock.now();
    db::in_one(&mut house.conn(), |conn| sighting::sweep(conn, now)).unwrap();
    assert_eq!(facts::texts(&house, "name", "sightings ORDER BY id"), ["0 days", "399 days", "400 days"]);
}
