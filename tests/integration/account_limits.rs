//! Account → Limits: what an account demands of tokens, when they are made and at each call.

use super::facts;
use crate::support::client::Browser;
use crate::support::{ADMIN, House, MEMBER, OWNER, made};
use reqwest::Client;
use time::Duration;
use tokenhouse::models::Account;
use tokenhouse::models::account_limits;
use tokenhouse::models::token::Owner;
use tokenhouse::policy::{Access, AccountId, Limits, Policy, Rights, Role, Selection};

async fn code(house: &House, secret: &str, account: AccountId) -> (u16, String) {
    let url = house.url(&format!("/v2/{account}/zones"));
    let answer = Client::new().get(url).bearer_auth(secret).send().await.unwrap();
    let status = answer.status().as_u16();
    let body: serde_json::Value = answer.json().await.unwrap();
    (status, body["code"].as_str().unwrap_or_default().to_owned())
}

fn limits_page(house: &House) -> String {
    format!("/accounts/{}/settings/limits", house.account("Acme"))
}

/// The form with these changes: nothing is demanded otherwise.
async fn set(browser: &mut Browser, page: &str, fields: &[(&str, &str)]) -> crate::support::client::Answer {
    let mut all = vec![("never", "1"), ("everything", "1")];
    all.retain(|(name, _)| !fields.iter().any(|(other, _)| other == name));
    all.extend(fields.iter().filter(|(_, value)| *value != "off").copied());
    browser.post(page, &all).await
}

fn stored(house: &House) -> String {
    facts::text(
        house,
        "SELECT coalesce((SELECT concat_ws(' ', account_tokens, longest_life_days, never_allowed,
             write_needs_network, everything_allowed) FROM account_limits), 'none')",
    )
}

/// Of each demand: since when it binds new tokens, and from when older ones, by hour and minute.
fn moments(house: &House) -> String {
    facts::text(
        house,
        "SELECT concat_ws(', ',
             concat_ws(' ', 'life', to_char(life_since AT TIME ZONE 'UTC', 'HH24:MI'),
                 to_char(life_older_from AT TIME ZONE 'UTC', 'HH24:MI')),
             concat_ws(' ', 'network', to_char(network_since AT TIME ZONE 'UTC', 'HH24:MI'),
                 to_char(network_older_from AT TIME ZONE 'UTC', 'HH24:MI')),
             concat_ws(' ', 'everything', to_char(everything_since AT TIME ZONE 'UTC', 'HH24:MI'),
                 to_char(everything_older_from AT TIME ZONE 'UTC', 'HH24:MI')))
         FROM account_limits",
    )
}

fn everything(days: Option<i64>, house: &House) -> Policy {
    let expires_at = days.map(|days| house.clock.now() + Duration::days(days));
    Policy { expires_at, ..Policy::unconditional(Rights::Everything) }
}

#[actix_web::test]
async fn each_demand_is_said_beside_its_field_when_a_token_is_made() {
    let house = House::open();
    let acme = house.account("Acme");
    let mut admin = house.signed_in(ADMIN).await;
    let page = limits_page(&house);
    let answer = set(
        &mut admin,
        &page,
        &[("longest_life_days", "30"), ("never", "off"), ("everything", "off"), ("networks", "1")],
    )
    .await;
    assert_eq!(answer.location(), format!("{page}?done=limits"));
    assert_eq!(stored(&house), "30 f t f");

    let form = admin.new_form(acme).await;
    let tokens = format!("/accounts/{acme}/tokens");
    let whole = [("nonce", form.as_str()), ("name", "CI"), ("reach", "everything"), ("do", "generate")];
    for (expires, advice) in [("90", "30 days at most"), ("never", "want every token to have an end")] {
        let mut fields = whole.to_vec();
        fields.push(("expires", expires));
        let answer = admin.post(&tokens, &fields).await;
        assert_eq!(answer.status, 422);
        let text = answer.text();
        assert!(text.contains(advice), "{expires}: {text}");
        assert!(text.contains("no tokens with Everything") && text.contains("want addresses"), "{text}");
    }
    assert_eq!(facts::live_tokens(&house), 0);

    let scoped = |expires: &'static str, from: &'static str| {
        vec![
            ("nonce", "00000000-0000-4000-8000-000000000001"),
            ("name", "CI"),
            ("reach", "choose"),
            ("row", "r1"),
            ("r1.permission", "zones"),
            ("r1.access", "full"),
            ("r1.where", "all"),
            ("from", from),
            ("expires", expires),
            ("do", "generate"),
        ]
    };
    let build = format!("{tokens}/build");
    let refused = admin.post(&build, &scoped("30", "")).await;
    assert_eq!(refused.status, 422);
    assert!(refused.all("#from-error")[0].contains("want addresses"), "{}", refused.text());
    assert_eq!(admin.post(&build, &scoped("30", "192.0.2.0/24")).await.status, 200);
    assert_eq!(facts::live_tokens(&house), 1);
}

#[actix_web::test]
async fn the_page_names_the_tokens_that_are_against_new_limits_and_asks_whether_they_are_bound() {
    let house = House::open();
    let acme = house.account("Acme");
    let zones =
        Rights::Grants(vec![made::grant("zones", Access::Read, Selection::Everywhere { except: vec![] })]);
    let forever = Policy::unconditional(zones.clone());
    let (_, of_account) = made::with(&house, Owner::Account(acme), "Sync", forever.clone());
    let (_, of_user) = made::with(&house, Owner::User(house.user(MEMBER).id), "Laptop", forever.clone());
    let soon = Policy { expires_at: Some(house.clock.now() + Duration::days(5)), ..forever };
    let (_, short) = made::with(&house, Owner::Account(acme), "Short", soon);
    house.clock.advance(Duration::minutes(1));

    let mut admin = house.signed_in(ADMIN).await;
    let page = limits_page(&house);
    let asked = set(&mut admin, &page, &[("never", "off")]).await;
    assert_eq!(
        (asked.status.as_u16(), asked.heading()),
        (200, "2 tokens are against these limits".to_owned())
    );
    let named = asked.all(".recent-uses li").join("\n");
    assert!(named.contains("Sync") && named.contains("Laptop user token of member@example.com"), "{named}");
    assert!(named.contains("has no expiry") && !named.contains("Short"), "{named}");
    assert_eq!(stored(&house), "none", "nothing is set before the answer");

    let unanswered = set(&mut admin, &page, &[("never", "off"), ("asked", "1")]).await;
    assert_eq!(unanswered.status, 422);
    assert!(unanswered.text().contains("Choose one of the two."));
    let bad = [("never", "off"), ("asked", "1"), ("older", "date"), ("older_from", "yesterday")];
    let bad = set(&mut admin, &page, &bad).await;
    assert_eq!((bad.status.as_u16(), bad.all("#older_from-error").len()), (422, 1));
    assert_eq!(bad.attributes("input[name=older][checked]", "value"), ["date"]);

    let answered = set(&mut admin, &page, &[("never", "off"), ("asked", "1"), ("older", "new")]).await;
    assert_eq!(answered.location(), format!("{page}?done=limits"));
    for secret in [&of_account, &of_user, &short] {
        assert_eq!(code(&house, secret, acme).await.0, 200, "older ones go on");
    }

    let dated = [("never", "off"), ("asked", "1"), ("older", "date"), ("older_from", "2026-11-25")];
    assert_eq!(set(&mut admin, &page, &dated).await.status, 303);
    assert!(admin.get(&page).await.text().contains("from 25 November 2026 (UTC) on"));
    let more = [("never", "off"), ("account_tokens", "5")];
    let asked = set(&mut admin, &page, &more).await;
    assert_eq!(asked.value_of("older_from"), "2026-11-25", "it is asked, and the day stands as it was");
    assert_eq!(asked.attributes("input[name=older][checked]", "value"), ["date"]);
    assert!(asked.all(".recent-uses li")[0].contains("refused from 25 November 2026 (UTC) on"));
    let spared = [more[0], more[1], ("asked", "1"), ("older", "new")];
    assert_eq!(set(&mut admin, &page, &spared).await.status, 303);
    assert_eq!(code(&house, &of_account, acme).await.0, 200);
    house.clock.advance(Duration::days(3));
    assert_eq!(code(&house, &of_account, acme).await, (403, "account_limit".to_owned()));
    assert_eq!(code(&house, &of_user, acme).await, (403, "account_limit".to_owned()));
    assert_eq!(code(&house, &short, acme).await.0, 200);
    assert_eq!(facts::live_tokens(&house), 3, "no token was rewritten");

    // All that is against them is refused already, so that nothing is asked.
    let mut admin = house.signed_in(ADMIN).await;
    assert_eq!(set(&mut admin, &page, &[("never", "off"), ("account_tokens", "6")]).await.status, 303);
    assert_eq!(code(&house, &of_account, acme).await, (403, "account_limit".to_owned()));
}

#[actix_web::test]
async fn a_refused_token_stays_refused_when_another_demand_is_set_for_new_tokens_only() {
    let house = House::open();
    let acme = house.account("Acme");
    let mut admin = house.signed_in(ADMIN).await;
    let page = limits_page(&house);
    assert_eq!(set(&mut admin, &page, &[("everything", "off")]).await.status, 303);
    let member = house.user(MEMBER).id;
    let (_, secret) = made::with(&house, Owner::User(member), "Laptop", everything(None, &house));
    assert_eq!(code(&house, &secret, acme).await, (403, "account_limit".to_owned()));
    house.clock.advance(Duration::minutes(1));
    let both = [("everything", "off"), ("never", "off"), ("asked", "1")];
    let asked = set(&mut admin, &page, &both).await;
    assert!(asked.all(".recent-uses li")[0].contains("has Everything; refused already"));
    let spared = [both[0], both[1], both[2], ("older", "new")];
    assert_eq!(set(&mut admin, &page, &spared).await.status, 303);
    assert_eq!(code(&house, &secret, acme).await, (403, "account_limit".to_owned()));
    assert_eq!(moments(&house), "life 12:01, network 12:00, everything 12:00 12:00");
}

#[actix_web::test]
async fn what_the_limit_on_life_refuses_stays_refused_when_it_gets_shorter() {
    let house = House::open();
    let acme = house.account("Acme");
    let mut admin = house.signed_in(ADMIN).await;
    let page = limits_page(&house);
    assert_eq!(set(&mut admin, &page, &[("longest_life_days", "60")]).await.status, 303);
    let member = Owner::User(house.user(MEMBER).id);
    let (_, of_long) = made::with(&house, member, "Long", everything(Some(100), &house));
    let (_, of_kept) = made::with(&house, member, "Kept", everything(Some(50), &house));
    assert_eq!(code(&house, &of_long, acme).await.0, 403);
    assert_eq!(code(&house, &of_kept, acme).await.0, 200);
    house.clock.advance(Duration::minutes(1));

    let shorter = [("longest_life_days", "30")];
    let asked = set(&mut admin, &page, &shorter).await;
    assert_eq!(asked.heading(), "2 tokens are against these limits");
    let named = asked.all(".recent-uses li");
    assert!(named[0].contains("Kept") && named[0].contains("refused as soon as they are set"), "{named:?}");
    assert!(named[1].contains("Long") && named[1].contains("refused already"), "{named:?}");
    assert!(asked.text().contains("whatever is chosen here"));
    let spared = [shorter[0], ("asked", "1"), ("older", "new")];
    assert_eq!(set(&mut admin, &page, &spared).await.status, 303);
    for secret in [&of_long, &of_kept] {
        assert_eq!(code(&house, secret, acme).await, (403, "account_limit".to_owned()));
    }

    // Lifted, and without a token that the longer one refuses, a shorter one spares what was there.
    assert_eq!(set(&mut admin, &page, &[("longest_life_days", "60")]).await.status, 303);
    facts::end_tokens(&house, "Kept");
    let asked = set(&mut admin, &page, &shorter).await;
    assert!(!asked.text().contains("whatever is chosen here"));
    assert_eq!(set(&mut admin, &page, &spared).await.status, 303);
    assert_eq!(code(&house, &of_kept, acme).await.0, 200);
}

#[actix_web::test]
async fn limits_that_nobody_breaks_bind_everybody_and_undo_nothing() {
    let house = House::open();
    let mut admin = house.signed_in(ADMIN).await;
    let page = limits_page(&house);
    assert_eq!(set(&mut admin, &page, &[("never", "off")]).await.status, 303);
    house.clock.advance(Duration::minutes(1));
    let more = [("never", "off"), ("everything", "off"), ("account_tokens", "5")];
    assert_eq!(set(&mut admin, &page, &more).await.status, 303);
    assert_eq!(moments(&house), "life 12:00 12:00, network 12:00, everything 12:01 12:01");
}

#[actix_web::test]
async fn limits_for_new_tokens_only_bind_the_older_tokens_of_whoever_joins_later() {
    let house = House::open();
    let acme = house.account("Acme");
    let late = house.new_user("late@example.com", "Late");
    let member = house.user(MEMBER).id;
    let (_, of_member) = made::with(&house, Owner::User(member), "Laptop", everything(None, &house));
    let (token, of_late) = made::with(&house, Owner::User(late.id), "Older", everything(None, &house));
    house.clock.advance(Duration::minutes(1));
    let mut admin = house.signed_in(ADMIN).await;
    let page = limits_page(&house);
    let spared = [("everything", "off"), ("asked", "1"), ("older", "new")];
    assert_eq!(set(&mut admin, &page, &spared).await.status, 303);
    house.clock.advance(Duration::minutes(1));
    house.join("Acme", "late@example.com", Role::ReadWrite);
    assert_eq!(code(&house, &of_member, acme).await.0, 200);
    assert_eq!(code(&house, &of_late, acme).await, (403, "account_limit".to_owned()));
    let text = house.signed_in("late@example.com").await.get(&format!("/user/tokens/{token}")).await.text();
    assert!(text.contains("The limits of Acme keep it out there, because it has Everything."), "{text}");
    let asked = set(&mut admin, &page, &[("everything", "off"), ("account_tokens", "5")]).await;
    let named = asked.all(".recent-uses li");
    assert!(named[0].contains("late@example.com") && named[0].contains("refused already"), "{named:?}");
    assert!(named[1].contains("Laptop") && !named[1].contains("refused"), "{named:?}");
}

#[actix_web::test]
async fn networks_that_hold_every_address_are_no_condition() {
    let house = House::open();
    let acme = house.account("Acme");
    let member = Owner::User(house.user(MEMBER).id);
    let mut admin = house.signed_in(ADMIN).await;
    let page = limits_page(&house);
    let from = |allowed: &[&str]| Policy {
        allowed_networks: allowed.iter().map(|network| network.parse().unwrap()).collect(),
        ..everything(None, &house)
    };
    let (_, wide) = made::with(&house, member, "Wide", from(&["0.0.0.0/0", "::/0"]));
    let (_, halves) = made::with(&house, member, "Halves", from(&["0.0.0.0/1", "128.0.0.0/1"]));
    let (_, narrow) = made::with(&house, member, "Narrow", from(&["127.0.0.0/8", "::1/128"]));
    house.clock.advance(Duration::minutes(1));
    let asked = set(&mut admin, &page, &[("networks", "1")]).await;
    assert_eq!(asked.heading(), "2 tokens are against these limits");
    let named = asked.all(".recent-uses li").join("\n");
    assert!(named.contains("does not name addresses, in networks of /8 (IPv6: /16) or narrower"), "{named}");
    assert!(!named.contains("Narrow"), "{named}");
    let today = [("networks", "1"), ("asked", "1"), ("older", "date"), ("older_from", "2026-11-22")];
    assert_eq!(set(&mut admin, &page, &today).await.status, 303);
    for secret in [&wide, &halves] {
        assert_eq!(code(&house, secret, acme).await, (403, "account_limit".to_owned()));
    }
    assert_eq!(code(&house, &narrow, acme).await.0, 200);
}

#[actix_web::test]
async fn limits_bind_user_tokens_at_the_call_and_their_pages_say_so() {
    let house = House::open();
    let acme = house.account("Acme");
    let limits = Limits { everything_allowed: false, ..Limits::none(house.clock.now()) };
    let account = Account::find(&mut house.conn(), acme).unwrap().unwrap();
    account_limits::set(&mut house.conn(), &account, &limits, &house.command_line()).unwrap();
    let owner = house.user(OWNER).id;
    let (token, secret) =
        made::with(&house, Owner::User(owner), "Laptop", Policy::unconditional(Rights::Everything));
    assert_eq!(code(&house, &secret, acme).await, (403, "account_limit".to_owned()));
    assert_eq!(code(&house, &secret, house.account("Hobby")).await.0, 200, "only there");
    let mut browser = house.signed_in(OWNER).await;
    let text = browser.get(&format!("/user/tokens/{token}")).await.text();
    assert!(text.contains("The limits of Acme keep it out there, because it has Everything."), "{text}");
    assert!(!text.contains("The limits of Hobby"));

    let summary = [
        ("nonce", "00000000-0000-4000-8000-000000000002"),
        ("name", "Mine"),
        ("reach", "everything"),
        ("expires", "30"),
        ("do", "summary"),
    ];
    let text = browser.post("/user/tokens/build", &summary).await.text();
    assert!(text.contains("The limits of Acme keep it out there"), "before it is made: {text}");
}

#[actix_web::test]
async fn an_account_may_want_fewer_tokens_than_its_plan_allows_and_never_more() {
    let house = House::open();
    let acme = house.account("Acme");
    let mut admin = house.signed_in(ADMIN).await;
    let page = limits_page(&house);
    for wrong in ["-1", "1e9", "many", "99999999999999999999"] {
        let answer = set(&mut admin, &page, &[("account_tokens", wrong)]).await;
        assert_eq!((answer.status.as_u16(), answer.value_of("account_tokens")), (422, wrong.to_owned()));
        assert_eq!(answer.all("#account_tokens-error").len(), 1);
    }
    assert_eq!(set(&mut admin, &page, &[("account_tokens", "1")]).await.status, 303);
    admin.make_full_token(acme, "One").await;
    let form = admin.new_form(acme).await;
    let two = [
        ("nonce", form.as_str()),
        ("name", "Two"),
        ("reach", "everything"),
        ("expires", "90"),
        ("do", "generate"),
    ];
    let answer = admin.post(&format!("/accounts/{acme}/tokens"), &two).await;
    assert_eq!(answer.status, 422);
    assert!(answer.text().contains("The account's limits allow 1 tokens"), "{}", answer.text());
    assert_eq!(set(&mut admin, &page, &[("account_tokens", "5000")]).await.status, 303);
    house.set_plan("Acme", "solo");
    let answer = set(&mut admin, &page, &[("account_tokens", "5000")]).await;
    assert_eq!(answer.status, 303);
    assert_eq!(facts::live_tokens(&house), 1);
}

#[actix_web::test]
async fn fifty_parallel_creations_never_pass_an_accounts_own_limit() {
    let house = House::open();
    let acme = house.account("Acme");
    let mut admin = house.signed_in(ADMIN).await;
    let page = limits_page(&house);
    assert_eq!(set(&mut admin, &page, &[("account_tokens", "1")]).await.status, 303);
    let mut posts = Vec::new();
    for number in 0..50 {
        let nonce = uuid::Uuid::new_v4().to_string();
        let name = format!("T{number}");
        let fields = [
            ("nonce", nonce.as_str()),
            ("name", name.as_str()),
            ("reach", "everything"),
            ("expires", "90"),
            ("do", "generate"),
        ];
        posts.push(admin.form(&format!("/accounts/{acme}/tokens"), &fields).send());
    }
    let answers = futures_util::future::join_all(posts).await;
    let made =
        answers.iter().filter(|answer| answer.as_ref().is_ok_and(|answer| answer.status() == 200)).count();
    assert_eq!((made, facts::live_tokens(&house)), (1, 1));
}

#[actix_web::test]
async fn a_box_with_a_value_that_it_cannot_have_lifts_no_demand() {
    let house = House::open();
    let mut admin = house.signed_in(ADMIN).await;
    let page = limits_page(&house);
    assert_eq!(set(&mut admin, &page, &[("networks", "1")]).await.status, 303);
    for value in ["on", "0", "true", ""] {
        for name in ["networks", "never", "everything"] {
            let answer = set(&mut admin, &page, &[("networks", "1"), (name, value)]).await;
            let first = if name == "networks" { 303 } else { 400 };
            assert_eq!(answer.status, first, "{name}={value}: of two values the first counts");
            let answer = set(&mut admin, &page, &[(name, value)]).await;
            assert_eq!(answer.status, 400, "{name}={value}");
        }
    }
    assert_eq!(stored(&house), "t t t");
}
