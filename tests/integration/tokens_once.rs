//! Rule 1: the secret is in the answer to the POST that made it, and nowhere else.

use crate::facts;
use crate::support::client::{Answer, Browser, read};
use crate::support::{ADMIN, House, OWNER};
use futures_util::future::join_all;
use tokenhouse::policy::AccountId;

fn fields<'a>(nonce: &'a str, name: &'a str) -> Vec<(&'static str, &'a str)> {
    vec![("nonce", nonce), ("name", name), ("reach", "everything"), ("expires", "90"), ("do", "generate")]
}

async fn generate(browser: &mut Browser, account: AccountId, nonce: &str) -> Answer {
    browser.post(&format!("/accounts/{account}/tokens"), &fields(nonce, "Deploy")).await
}

#[actix_web::test]
async fn the_secret_is_in_the_answer_to_the_post_and_only_its_digest_is_stored() {
    let house = House::open();
    let acme = house.account("Acme");
    let mut owner = house.signed_in(OWNER).await;
    let nonce = owner.new_form(acme).await;
    let answer = generate(&mut owner, acme, &nonce).await;
    assert_eq!(answer.status, 200);
    let secret = answer.secret();
    assert!(secret.starts_with("tkh_a_") && secret.len() == 42, "no secret on the page");
    assert!(answer.text().contains("You will not see it again."));
    assert!(answer.header("cache-control").contains("no-store"));
    let random = &secret[6..];
    for (name, value) in &answer.headers {
        assert!(!String::from_utf8_lossy(value.as_bytes()).contains(random), "{name} holds the secret");
    }
    assert_eq!(facts::count(&house, &format!("token_secrets WHERE digest = sha256('{secret}'::bytea)")), 1);
    for table in ["tokens", "token_secrets", "token_grants", "sessions", "audit_events", "throttles"] {
        assert_eq!(
            facts::count(&house, &format!("{table} AS t WHERE t::text LIKE '%{random}%'")),
            0,
            "{table} holds the secret"
        );
    }
}

#[actix_web::test]
async fn no_page_shows_the_secret_again() {
    let house = House::open();
    let acme = house.account("Acme");
    let mut owner = house.signed_in(OWNER).await;
    let (token, secret) = owner.make_full_token(acme, "Deploy").await;
    let list = format!("/accounts/{acme}/tokens");
    for path in [
        list.clone(),
        list.clone(),
        format!("{list}/{token}"),
        format!("{list}/{token}?repeated=1"),
        format!("{list}/{token}/rename"),
        format!("{list}/{token}/delete"),
        format!("{list}/new?like={token}"),
        format!("{list}/ended"),
    ] {
        let page = owner.get(&path).await;
        assert_eq!(page.status, 200, "{path}");
        assert!(!page.body.contains(&secret[6..]), "{path} shows the secret");
    }
    assert_eq!(facts::count(&house, "tokens"), 1);
}

#[actix_web::test]
async fn the_same_form_posted_again_leads_to_the_token_and_offers_to_start_again() {
    let house = House::open();
    let acme = house.account("Acme");
    let mut owner = house.signed_in(OWNER).await;
    let nonce = owner.new_form(acme).await;
    let secret = generate(&mut owner, acme, &nonce).await.secret();
    let again = generate(&mut owner, acme, &nonce).await;
    assert_eq!(again.status, 303);
    assert_eq!(facts::count(&house, "tokens"), 1);

    let page = owner.get(again.location()).await;
    assert!(page.text().contains("The form arrived twice, and this token was made once."));
    assert!(page.text().contains("in an answer that may not have reached you"));
    assert!(!page.body.contains(&secret[6..]));
    let start_again = page.links().into_iter().find(|href| href.ends_with("/delete?again=1")).unwrap();

    let ask = owner.get(&start_again).await;
    assert_eq!(ask.status, 200);
    assert_eq!(ask.value_of("again"), "1");
    let deleted = owner.post(start_again.trim_end_matches("?again=1"), &[("again", "1")]).await;
    assert_eq!(deleted.status, 303);
    let form = owner.get(deleted.location()).await;
    assert_eq!(form.heading(), "New account token");
    assert_eq!(form.value_of("name"), "Deploy");
    assert_eq!(form.attributes("input[name='reach'][checked]", "value"), ["everything"]);
    assert_ne!(form.value_of("nonce"), nonce);
    assert_eq!(facts::count(&house, "tokens WHERE deleted_at IS NOT NULL"), 1);
}

#[actix_web::test]
async fn many_requests_with_one_form_at_the_same_instant_make_one_token_and_show_one_secret() {
    let house = House::with(|config| config.pool_size = 12);
    let acme = house.account("Acme");
    let mut owner = house.signed_in(OWNER).await;
    for many in [2, 12] {
        let before = facts::count(&house, "tokens");
        let nonce = owner.new_form(acme).await;
        let name = format!("At once {many}");
        let requests =
            (0..many).map(|_| owner.form(&format!("/accounts/{acme}/tokens"), &fields(&nonce, &name)));
        let answers = join_all(requests.map(read)).await;
        let with = |status: u16| answers.iter().filter(move |answer| answer.status == status);
        // A very busy machine may tell some, even the maker, to come back later.
        let told_later = with(503).count();
        let secrets = with(200).count();
        assert!(secrets == 1 || (secrets == 0 && told_later > 0), "{secrets} secrets for {many} requests");
        let repeated = with(303);
        assert_eq!(repeated.clone().count() + secrets + told_later, many);
        for answer in repeated {
            assert!(answer.location().ends_with("?repeated=1"));
            assert_eq!(answer.secret(), "");
        }
        assert_eq!(facts::count(&house, "tokens"), before + 1);
    }
}

#[actix_web::test]
async fn a_form_that_made_a_token_elsewhere_is_refused_and_keeps_what_was_entered() {
    let house = House::open();
    let (acme, hobby) = (house.account("Acme"), house.account("Hobby"));
    let mut owner = house.signed_in(OWNER).await;
    let nonce = owner.new_form(acme).await;
    assert_eq!(generate(&mut owner, acme, &nonce).await.status, 200);
    let refused = generate(&mut owner, hobby, &nonce).await;
    assert_eq!(refused.status, 422);
    assert!(refused.text().contains("This form was used before. What you entered is still here"));
    assert_eq!(refused.value_of("name"), "Deploy");
    assert_eq!(refused.secret(), "");
    assert_eq!(facts::count(&house, &format!("tokens WHERE account_id = {hobby}")), 0);

    let fresh = refused.value_of("nonce");
    assert_ne!(fresh, nonce);
    assert_eq!(generate(&mut owner, hobby, &fresh).await.status, 200);
    assert_eq!(facts::count(&house, &format!("tokens WHERE account_id = {hobby}")), 1);
}

#[actix_web::test]
async fn the_form_of_one_person_makes_no_token_in_the_name_of_another() {
    let house = House::open();
    let acme = house.account("Acme");
    let (mut owner, mut admin) = (house.signed_in(OWNER).await, house.signed_in(ADMIN).await);
    let nonce = owner.new_form(acme).await;
    assert_eq!(generate(&mut owner, acme, &nonce).await.status, 200);
    let refused = generate(&mut admin, acme, &nonce).await;
    assert_eq!(refused.status, 422);
    assert!(refused.text().contains("This form was used before."));
    assert_eq!(facts::count(&house, "tokens"), 1);
}
