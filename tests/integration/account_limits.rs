//! Account → Limits: what an account demands of tokens, when they are made and at each call.

use super::facts;
use crate::support::client::Browser;
use crate::support::{ADMIN, House, MEMBER, OWNER, made};
use reqwest::Client;
use time::Duration;
use tokenhouse::models::Account;
use tokenhouse::models::account_limits;
use tokenhouse::models::token::Owner;
use tokenhouse::policy::{Access, Limits, Policy, Rights, Selection};

async fn code(house: &House, secret: &str, account: i64) -> (u16, String) {
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
             write_needs_network, everything_allowed, binds_older_from) FROM account_limits), 'none')",
    )
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
    assert_eq!(code(&house, &of_account, acme).await.0, 200);
    house.clock.advance(Duration::days(3));
    assert_eq!(code(&house, &of_account, acme).await, (403, "account_limit".to_owned()));
    assert_eq!(code(&house, &of_user, acme).await, (403, "account_limit".to_owned()));
    assert_eq!(code(&house, &short, acme).await.0, 200);
    assert_eq!(facts::live_tokens(&house), 3, "no token was rewritten");

    // Set once more, the day stands as it was.
    let mut admin = house.signed_in(ADMIN).await;
    let asked = set(&mut admin, &page, &[("never", "off"), ("account_tokens", "5")]).await;
    assert_eq!(asked.value_of("older_from"), "2026-11-25");
    assert_eq!(asked.attributes("input[name=older][checked]", "value"), ["date"]);
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
