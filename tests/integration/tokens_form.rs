//! The form without scripting, on a plan without scopes, and what its script asks for.

use crate::facts::{self, zone};
use crate::support::{House, OWNER};
use serde_json::Value;

#[actix_web::test]
async fn a_search_without_scripting_keeps_everything_and_makes_nothing() {
    let house = House::open();
    let acme = house.account("Acme");
    let (chosen, wanted) = (zone(&house, acme, "example.com"), zone(&house, acme, "theburritobot.com"));
    let mut owner = house.signed_in(OWNER).await;
    let nonce = owner.new_form(acme).await;
    let mut fields = vec![
        ("nonce", nonce.as_str()),
        ("name", "CI"),
        ("reach", "choose"),
        ("expires", "date"),
        ("expires_on", "2026-12-24"),
        ("billing.access", "read"),
        ("zones.access", "full"),
        ("zones.where", "named"),
        ("zones.id", &chosen),
        ("zones.q", "BURRITO"),
        ("do", "search"),
    ];
    let page = owner.post(&format!("/accounts/{acme}/tokens"), &fields).await;
    assert_eq!(page.status, 200);
    let checked = |name: &str| page.attributes(&format!("input[name='{name}'][checked]"), "value");
    assert_eq!(page.value_of("name"), "CI");
    assert_eq!(page.value_of("nonce"), nonce);
    assert_eq!(page.value_of("zones.q"), "BURRITO");
    assert_eq!(page.value_of("expires_on"), "2026-12-24");
    assert_eq!(checked("expires"), ["date"]);
    assert_eq!(checked("billing.access"), ["read"]);
    assert_eq!(checked("zones.access"), ["full"]);
    assert_eq!(checked("zones.where"), ["named"]);
    assert_eq!(checked("zones.id"), [chosen.as_str()]);
    assert_eq!(page.all("[data-key='zones'] [data-found] li"), ["theburritobot.com"]);
    assert_eq!(facts::count(&house, "tokens"), 0);

    fields.pop();
    fields.extend([("zones.id", wanted.as_str()), ("do", "generate")]);
    assert_eq!(owner.post(&format!("/accounts/{acme}/tokens"), &fields).await.status, 200);
    assert_eq!(facts::count(&house, "token_grant_resources"), 2);
}

#[actix_web::test]
async fn review_says_what_the_token_will_do_and_makes_nothing() {
    let house = House::open();
    let acme = house.account("Acme");
    let mut owner = house.signed_in(OWNER).await;
    let nonce = owner.new_form(acme).await;
    let mut fields = vec![
        ("nonce", nonce.as_str()),
        ("name", "CI"),
        ("expires", "90"),
        ("certificates.access", "read"),
        ("certificates.where", "all"),
        ("do", "review"),
    ];
    let page = owner.post(&format!("/accounts/{acme}/tokens"), &fields).await;
    assert_eq!(page.status, 200);
    let said = page.all("#words li").join(" ");
    assert!(said.contains("Can read certificates of all domains: 40 now, and those added later."), "{said}");
    assert!(said.contains("Cannot touch the account's details"), "{said}");
    assert!(said.contains("Works through 20 February 2027 (UTC)."), "{said}");
    assert_eq!(page.value_of("nonce"), nonce);
    assert_eq!(facts::count(&house, "tokens"), 0);
    fields[5] = ("do", "generate");
    assert_eq!(owner.post(&format!("/accounts/{acme}/tokens"), &fields).await.status, 200);
    assert_eq!(facts::count(&house, "tokens"), 1);
}

#[actix_web::test]
async fn review_of_a_form_with_a_fault_says_the_fault() {
    let house = House::open();
    let acme = house.account("Acme");
    let mut owner = house.signed_in(OWNER).await;
    let nonce = owner.new_form(acme).await;
    let fields = [("nonce", nonce.as_str()), ("name", ""), ("expires", "90"), ("do", "review")];
    let page = owner.post(&format!("/accounts/{acme}/tokens"), &fields).await;
    assert_eq!(page.status, 422);
    assert_eq!(page.all("[id='name-error']"), ["Give the token a name."]);
    assert_eq!(page.all("#words li"), Vec::<String>::new());
    assert_eq!(facts::count(&house, "tokens"), 0);
}

#[actix_web::test]
async fn a_plan_without_scopes_has_a_name_and_a_loud_everything_and_nothing_else_counts() {
    let house = House::open();
    let hobby = house.account("Hobby");
    let mut owner = house.signed_in(OWNER).await;
    let form = owner.get(&format!("/accounts/{hobby}/tokens/new")).await;
    assert_eq!(form.status, 200);
    assert!(form.text().contains("This token gets full access to everything in Hobby."));
    assert_eq!(form.attributes("input[name$='.access']", "name"), Vec::<String>::new());
    let (token, _) = owner
        .make_token(
            hobby,
            &[
                ("name", "All"),
                ("reach", "choose"),
                ("expires", "90"),
                ("zones.access", "read"),
                ("zones.where", "all"),
            ],
        )
        .await;
    let page = owner.get(&format!("/accounts/{hobby}/tokens/{token}")).await;
    assert!(page.text().contains("Everything in this account"));
    assert_eq!(facts::texts(&house, "full_access", "tokens"), ["true"]);
    assert_eq!(facts::count(&house, "token_grants"), 0);
}

#[actix_web::test]
async fn a_form_of_an_older_session_makes_nothing_and_keeps_what_was_entered() {
    let house = House::open();
    let acme = house.account("Acme");
    let mut owner = house.signed_in(OWNER).await;
    let nonce = owner.new_form(acme).await;
    owner.csrf = "of another session".to_owned();
    let fields = [
        ("nonce", nonce.as_str()),
        ("name", "CI"),
        ("reach", "everything"),
        ("expires", "never"),
        ("do", "generate"),
    ];
    let page = owner.post(&format!("/accounts/{acme}/tokens"), &fields).await;
    assert_eq!(page.status, 403);
    assert!(page.text().contains("This form was out of date, so nothing was made."));
    assert_eq!(page.value_of("name"), "CI");
    assert_eq!(page.attributes("input[name='expires'][checked]", "value"), ["never"]);
    assert_eq!(facts::count(&house, "tokens"), 0);
    assert_eq!(owner.post(&format!("/accounts/{acme}/tokens"), &fields).await.status, 200);
    assert_eq!(facts::count(&house, "tokens"), 1);
}

#[actix_web::test]
async fn the_words_follow_what_is_chosen_so_far() {
    let house = House::open();
    let acme = house.account("Acme");
    let mut owner = house.signed_in(OWNER).await;
    owner.new_form(acme).await;
    let path = format!("/accounts/{acme}/tokens/words");
    let answer = owner.post(&path, &[("reach", "everything"), ("expires", "30")]).await;
    assert_eq!(answer.status, 200);
    let words: Value = serde_json::from_str(&answer.body).unwrap();
    assert_eq!(words["expires"], "Works through 22 December 2026 (UTC).");
    assert_eq!(words["sentences"][0]["tone"], "warn");
    assert_eq!(words["sentences"][0]["phrases"][1]["text"], "everything");
    let answer = owner.post(&path, &[("expires", "30")]).await;
    let words: Value = serde_json::from_str(&answer.body).unwrap();
    assert_eq!(words["sentences"], serde_json::json!([]));
    assert_eq!(facts::count(&house, "tokens"), 0);
}

#[actix_web::test]
async fn the_search_takes_wildcards_for_what_they_are_and_finds_only_the_accounts_own() {
    let house = House::open();
    let (acme, rival) = (house.account("Acme"), house.account("Rival"));
    let mut owner = house.signed_in(OWNER).await;
    for (query, total) in [
        ("q=burrito", 1),
        ("q=BURRITO", 1),
        ("q=", 40),
        ("q=%25", 0),
        ("q=_", 0),
        ("q=%5C", 0),
        ("q=rival", 0),
        ("q=ex_mple", 0),
    ] {
        let answer = owner.get(&format!("/accounts/{acme}/tokens/resources?kind=zone&{query}")).await;
        assert_eq!(answer.status, 200, "{query}");
        let found: Value = serde_json::from_str(&answer.body).unwrap();
        assert_eq!(found["total"], total, "{query}");
        assert_eq!(found["found"].as_array().unwrap().len(), usize::try_from(total).unwrap().min(20));
    }
    for bad in ["kind=nothing", "kind=zone&q=%00", "q=a"] {
        let answer = owner.get(&format!("/accounts/{acme}/tokens/resources?{bad}")).await;
        assert_eq!(answer.status, 400, "{bad}");
    }
    let answer = owner.get(&format!("/accounts/{rival}/tokens/resources?kind=zone")).await;
    assert_eq!(answer.status, 404);
    assert_eq!(facts::count(&house, &format!("resources WHERE account_id = {acme} AND kind = 'zone'")), 40);
}
