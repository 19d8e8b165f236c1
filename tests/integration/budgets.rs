//! What callers may spend in an hour, who pays, and what every answer says of it.

use crate::facts;
use crate::faults::set_away;
use crate::support::client::{Answer, read};
use crate::support::{House, OWNER, START, ledger};
use reqwest::Client;
use time::Duration;
use tokenhouse::models::token::secret::{Kind, Secret};

const NEXT_HOUR: i64 = START.unix_timestamp() + 3_600;

/// Limit, remaining and reset, as an answer says them.
fn quota(answer: &Answer) -> (i64, i64, i64) {
    let of = |name: &str| {
        let value = answer.header(name);
        value.parse().unwrap_or_else(|_| panic!("{name} is {value:?} with status {}", answer.status))
    };
    (of("x-ratelimit-limit"), of("x-ratelimit-remaining"), of("x-ratelimit-reset"))
}

async fn asked(house: &House, method: &str, path: &str, secret: &str, from: &str) -> Answer {
    let http = Client::builder().no_proxy().build().unwrap();
    let mut request = http.request(method.parse().unwrap(), house.url(path)).header("x-forwarded-for", from);
    if !secret.is_empty() {
        request = request.bearer_auth(secret);
    }
    read(request).await
}

async fn whoami(house: &House, secret: &str) -> Answer {
    asked(house, "GET", "/v2/whoami", secret, "").await
}

/// Sets what all nodes have spent of this hour.
fn spent(house: &House, payer: &str, calls: i64) {
    let now = house.clock.now().unix_timestamp() / 3_600 * 3_600;
    facts::change(
        house,
        &format!(
            "INSERT INTO budgets (payer, window_start, calls) VALUES ('{payer}', to_timestamp({now}), {calls})"
        ),
    );
}

fn stored(house: &House) -> Vec<String> {
    let line = "concat(payer, ' ', to_char(window_start, 'HH24:MI'), ' ', calls)";
    facts::texts(house, line, "budgets ORDER BY payer, window_start")
}

async fn share(house: &House) {
    house.app.budgets.share(house.clock.now()).await.unwrap();
}

/// A house behind a proxy, which says where each call comes from.
fn behind_a_proxy() -> House {
    House::with(|config| config.trusted_proxies = vec!["127.0.0.0/8".parse().unwrap()])
}

fn well_formed() -> String {
    let secret = Secret::generate("tkh", Kind::Account).unwrap().expose().to_owned();
    ledger::put_down(&secret);
    secret
}

fn assert_over(answer: &Answer, wait: &str) {
    let body: serde_json::Value = serde_json::from_str(&answer.body).unwrap();
    assert_eq!(answer.status, 429, "{body}");
    assert_eq!(
        (body["message"].as_str(), body["code"].as_str()),
        (Some("quota exceeded"), Some("quota_exceeded"))
    );
    assert_eq!((answer.header("retry-after"), quota(answer).1), (wait, 0));
}

#[actix_web::test]
async fn every_answer_under_v2_says_what_is_left_and_no_other_does() {
    let house = House::open();
    let acme = house.account("Acme");
    let mut owner = house.signed_in(OWNER).await;
    let (token, secret) = owner.make_full_token(acme, "Deploy").await;
    for (method, path, secret, status, left) in [
        ("GET", "/v2/whoami", secret.as_str(), 200, (2_400, 2_399)),
        ("HEAD", "/v2/whoami", &secret, 200, (2_400, 2_398)),
        ("GET", "/v2/nothing", &secret, 404, (30, 30)),
        ("GET", "/v2", &secret, 404, (30, 30)),
        ("POST", "/v2/whoami", &secret, 405, (30, 30)),
        ("GET", "/v2/whoami", "", 401, (30, 29)),
        ("GET", "/v2/whoami", "x", 401, (30, 28)),
        ("GET", "/v2/whoami", &well_formed(), 401, (3_000, 2_999)),
    ] {
        let answer = asked(&house, method, path, secret, "").await;
        assert_eq!(answer.status, status, "{method} {path}");
        assert_eq!(quota(&answer), (left.0, left.1, NEXT_HOUR), "{method} {path} {status}");
    }
    facts::change(&house, "UPDATE tokens SET refused_networks = '{127.0.0.0/8}'");
    let answer = whoami(&house, &secret).await;
    assert_eq!((answer.status.as_u16(), quota(&answer)), (403, (3_000, 2_998, NEXT_HOUR)));
    owner.delete_token(acme, token).await;
    let answer = whoami(&house, &secret).await;
    assert_eq!((answer.status.as_u16(), quota(&answer)), (401, (3_000, 2_997, NEXT_HOUR)));
    for path in ["/healthz", "/sign-in", "/v2x"] {
        let answer = asked(&house, "GET", path, &secret, "").await;
        assert_eq!(answer.header("x-ratelimit-limit"), "", "{path}");
    }
    share(&house).await;
    assert_eq!(
        stored(&house),
        [
            format!("account {acme} 12:00 2"),
            "unknown 127.0.0.1 12:00 3".to_owned(),
            "unnamed 127.0.0.1 12:00 2".to_owned(),
        ]
    );
    set_away(&house, true);
    let answer = whoami(&house, &secret).await;
    assert_eq!((answer.status.as_u16(), quota(&answer)), (503, (30, 28, NEXT_HOUR)));
}

#[actix_web::test]
async fn an_account_with_nothing_left_waits_for_the_next_hour() {
    let house = House::open();
    let acme = house.account("Acme");
    let mut owner = house.signed_in(OWNER).await;
    let (_, secret) = owner.make_full_token(acme, "Deploy").await;
    let (_, another) = owner.make_full_token(acme, "Another").await;
    spent(&house, &format!("account {acme}"), 2_397);
    house.clock.advance(Duration::minutes(10) - Duration::milliseconds(1));
    for (secret, left) in [(&secret, 2), (&another, 1), (&secret, 0)] {
        let answer = whoami(&house, secret).await;
        assert_eq!((answer.status.as_u16(), quota(&answer)), (200, (2_400, left, NEXT_HOUR)));
    }
    for secret in [&secret, &another] {
        assert_over(&whoami(&house, secret).await, "3001");
    }
    let page = owner.get(&format!("/accounts/{acme}/tokens")).await;
    assert_eq!(page.all(".budget"), ["No API calls left of 2,400 until 13:00 UTC"]);
    // What is refused is not charged.
    share(&house).await;
    assert_eq!(stored(&house), [format!("account {acme} 12:00 2400")]);

    house.clock.advance(Duration::minutes(50) + Duration::milliseconds(1));
    let answer = whoami(&house, &secret).await;
    assert_eq!((answer.status.as_u16(), quota(&answer)), (200, (2_400, 2_399, NEXT_HOUR + 3_600)));
    let page = owner.get(&format!("/accounts/{acme}/tokens")).await;
    assert_eq!(page.all(".budget"), ["2,399 of 2,400 API calls left until 14:00 UTC"]);
}

#[actix_web::test]
async fn what_one_node_spends_the_other_knows_of() {
    let house = House::open();
    let other = house.second_node();
    let acme = house.account("Acme");
    let mut owner = house.signed_in(OWNER).await;
    let (_, secret) = owner.make_full_token(acme, "Deploy").await;
    spent(&house, &format!("account {acme}"), 2_340);
    let mut let_through = 0;
    for number in 0..100 {
        let node = if number % 2 == 0 { &house } else { &other };
        let answer = whoami(node, &secret).await;
        assert!(matches!(answer.status.as_u16(), 200 | 429), "{}", answer.body);
        let_through += i64::from(answer.status == 200);
    }
    // In even use, one call more for each node but one.
    assert!((60..=61).contains(&let_through), "{let_through} of 60");
    let third = house.second_node();
    assert_over(&whoami(&third, &secret).await, "3600");
    for node in [&house, &other] {
        share(node).await;
    }
    assert_eq!(stored(&house), [format!("account {acme} 12:00 {}", 2_340 + let_through)]);
}

#[actix_web::test]
async fn what_a_node_owes_is_shared_when_it_stops() {
    let house = House::open();
    let other = house.second_node();
    let acme = house.account("Acme");
    let (_, secret) = house.signed_in(OWNER).await.make_full_token(acme, "Deploy").await;
    for _ in 0..3 {
        assert_eq!(whoami(&house, &secret).await.status, 200);
    }
    house.close();
    assert_eq!(quota(&whoami(&other, &secret).await), (2_400, 2_396, NEXT_HOUR));
    assert_eq!(stored(&other), [format!("account {acme} 12:00 3")]);
}

#[actix_web::test]
async fn a_token_of_a_user_is_charged_to_the_user_where_no_account_is_named() {
    let house = House::open();
    let (acme, user) = (house.account("Acme"), house.user(OWNER));
    let (token, secret) = house.signed_in(OWNER).await.make_full_token(acme, "Mine").await;
    let owned = format!(
        "UPDATE tokens SET kind = 'user', account_id = NULL, user_id = {} WHERE id = {token}",
        user.id
    );
    facts::change(&house, &owned);
    house.set_plan("Acme", "enterprise");
    assert_eq!(quota(&whoami(&house, &secret).await), (2_400, 2_399, NEXT_HOUR));
    share(&house).await;
    assert_eq!(stored(&house), [format!("user {} 12:00 1", user.id)]);
}

#[actix_web::test]
async fn a_plan_without_a_limit_shows_a_million_and_writes_nothing() {
    let house = House::open();
    let acme = house.account("Acme");
    let mut owner = house.signed_in(OWNER).await;
    let (_, secret) = owner.make_full_token(acme, "Deploy").await;
    house.set_plan("Acme", "enterprise");
    spent(&house, &format!("account {acme}"), 5_000_000);
    for _ in 0..2 {
        assert_eq!(quota(&whoami(&house, &secret).await), (1_000_000, 1_000_000, NEXT_HOUR));
    }
    share(&house).await;
    assert_eq!(stored(&house), [format!("account {acme} 12:00 5000000")]);
    let page = owner.get(&format!("/accounts/{acme}/tokens")).await;
    assert_eq!(page.all(".budget"), ["No limit on API calls"]);
}

#[actix_web::test]
async fn callers_without_a_well_formed_token_have_thirty_calls_a_network() {
    let house = behind_a_proxy();
    let acme = house.account("Acme");
    let (_, secret) = house.signed_in(OWNER).await.make_full_token(acme, "Deploy").await;
    for number in 0..30 {
        let bad = ["", "x", "tkh_a_nothing"][number % 3];
        let from = ["2001:db8:1:2::1", "2001:db8:1:2:ffff::2"][number % 2];
        let answer = asked(&house, "GET", "/v2/whoami", bad, from).await;
        assert_eq!((answer.status.as_u16(), quota(&answer).1), (401, 29 - number as i64));
    }
    let (used_up, other) = ("2001:db8:1:2::3", "2001:db8:1:3::1");
    assert_over(&asked(&house, "GET", "/v2/whoami", "", used_up).await, "3600");
    assert_eq!(asked(&house, "GET", "/v2/whoami", "", other).await.status, 401);
    // Whoever has a token is not held up by it.
    assert_eq!(asked(&house, "GET", "/v2/whoami", &secret, used_up).await.status, 200);
    let unknown = asked(&house, "GET", "/v2/whoami", &well_formed(), used_up).await;
    assert_eq!((unknown.status.as_u16(), quota(&unknown)), (401, (3_000, 2_999, NEXT_HOUR)));
    house.clock.advance(Duration::hours(1));
    assert_eq!(asked(&house, "GET", "/v2/whoami", "", used_up).await.status, 401);
}

#[actix_web::test]
async fn unknown_secrets_run_into_a_limit_and_ended_ones_are_told_why_all_the_same() {
    let house = behind_a_proxy();
    let other = house.second_node();
    let acme = house.account("Acme");
    let mut owner = house.signed_in(OWNER).await;
    let (token, ended) = owner.make_full_token(acme, "Ended").await;
    owner.delete_token(acme, token).await;
    spent(&house, "unknown 192.0.2.7", 2_999);
    let from = "192.0.2.7";
    assert_eq!(asked(&house, "GET", "/v2/whoami", &well_formed(), from).await.status, 401);
    share(&house).await;
    assert_over(&asked(&house, "GET", "/v2/whoami", &well_formed(), from).await, "3600");
    let answer = asked(&house, "GET", "/v2/whoami", &ended, from).await;
    assert!(answer.status == 401 && answer.body.contains("token_deleted"), "{}", answer.body);
    assert_eq!(asked(&house, "GET", "/v2/whoami", &well_formed(), "192.0.2.8").await.status, 401);
    // The other node believes no proxy, and so counts another address.
    assert_eq!(asked(&other, "GET", "/v2/whoami", &well_formed(), from).await.status, 401);
}

#[actix_web::test]
async fn a_mistyped_secret_asks_the_database_nothing_and_is_refused_without_it() {
    let house = House::open();
    facts::change(&house, "DROP TABLE budgets");
    for number in 0..30 {
        let answer = whoami(&house, "tkh_a_mistyped").await;
        assert_eq!((answer.status.as_u16(), quota(&answer)), (401, (30, 29 - number, NEXT_HOUR)));
    }
    assert_over(&whoami(&house, "tkh_a_mistyped").await, "3600");
}

#[actix_web::test]
async fn budgets_that_cannot_be_shared_are_counted_alone_and_shared_later() {
    let house = House::open();
    let acme = house.account("Acme");
    let (_, secret) = house.signed_in(OWNER).await.make_full_token(acme, "Deploy").await;
    facts::change(&house, "ALTER TABLE budgets RENAME TO elsewhere");
    for number in 1..=200 {
        assert_eq!(quota(&whoami(&house, &secret).await), (2_400, 2_400 - number, NEXT_HOUR));
    }
    assert!(house.app.budgets.share(house.clock.now()).await.is_err());
    facts::change(&house, "ALTER TABLE elsewhere RENAME TO budgets");
    share(&house).await;
    assert_eq!(stored(&house), [format!("account {acme} 12:00 200")]);
}

#[actix_web::test]
async fn a_hundred_calls_at_once_spend_exactly_what_is_left() {
    let house = House::open();
    let acme = house.account("Acme");
    let (_, secret) = house.signed_in(OWNER).await.make_full_token(acme, "Deploy").await;
    spent(&house, &format!("account {acme}"), 2_350);
    let calls = (0..100).map(|_| whoami(&house, &secret));
    let answers = futures_util::future::join_all(calls).await;
    let let_through = answers.iter().filter(|answer| answer.status == 200).count();
    assert_eq!(let_through, 50);
    share(&house).await;
    assert_eq!(stored(&house), [format!("account {acme} 12:00 2400")]);
}
