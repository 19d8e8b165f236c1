//! Forms come from our own pages, by their form token and by what the browser says of its origin.

use super::facts;
use crate::support::client::{Answer, Browser, read};
use crate::support::{House, OWNER, STRANGER, ledger, made, product};
use reqwest::RequestBuilder;
use tokenhouse::config::PublicUrl;
use tokenhouse::models::token::Owner;
use tokenhouse::policy::{AccountId, Policy, Rights, TokenId};
use uuid::Uuid;

/// Every form that changes something, or could.
fn posts(house: &House, account: AccountId, token: TokenId) -> Vec<String> {
    let own = facts::number(house, "SELECT max(id) FROM tokens WHERE user_id IS NOT NULL");
    let posts = product().page_table().into_iter().filter(|(method, _)| *method == "POST");
    posts
        .map(|(_, path)| {
            let token = if path.starts_with("/user/") { own } else { token.get() };
            path.replace("{account}", &account.to_string()).replace("{token}", &token.to_string())
        })
        .collect()
}

fn fields(csrf: Option<&str>) -> Vec<(String, String)> {
    let fields = [
        ("name", "After"),
        ("reach", "everything"),
        ("expires", "90"),
        ("do", "generate"),
        ("nonce", &Uuid::new_v4().to_string()),
        ("email", OWNER),
        ("password", &ledger::password()),
    ];
    let csrf = csrf.map(|csrf| ("csrf", csrf));
    csrf.into_iter().chain(fields).map(|(name, value)| (name.to_owned(), value.to_owned())).collect()
}

async fn owner_with_token(house: &House) -> (Browser, AccountId, TokenId) {
    let acme = house.account("Acme");
    let mut owner = house.signed_in(OWNER).await;
    let (token, _) = owner.make_full_token(acme, "Before").await;
    let own = Owner::User(house.user(OWNER).id);
    made::with(house, own, "Own", Policy::unconditional(Rights::Everything));
    // The pages for those who run the site have forms, too.
    facts::change(house, "UPDATE users SET site_admin_since = created_at WHERE email = 'owner@example.com'");
    owner.get("/accounts").await;
    (owner, acme, token)
}

#[actix_web::test]
async fn a_form_without_its_token_changes_nothing() {
    let house = House::open();
    let (owner, acme, token) = owner_with_token(&house).await;
    let of_stranger = house.signed_in(STRANGER).await.csrf;
    let mut nobody = house.anybody();
    nobody.get("/sign-in").await;
    let before = facts::everything(&house);
    let mut tampered = owner.csrf.clone();
    tampered.replace_range(..1, if tampered.starts_with('0') { "1" } else { "0" });
    for wrong in [None, Some(""), Some("wrong"), Some(&of_stranger), Some(&nobody.csrf), Some(&tampered)] {
        for path in posts(&house, acme, token) {
            let form = owner.request("POST", &path).header("origin", house.url("")).form(&fields(wrong));
            let answer = read(form).await;
            assert_eq!(answer.status, 403, "{path} with {wrong:?}: {}", answer.text());
            assert!(answer.text().contains("out of date"), "{path} with {wrong:?}: {}", answer.text());
            assert_eq!(facts::everything(&house), before, "{path} with {wrong:?}");
        }
    }
}

#[actix_web::test]
async fn a_form_from_elsewhere_changes_nothing_though_its_token_is_right() {
    let house = House::open();
    let (owner, acme, token) = owner_with_token(&house).await;
    let before = facts::everything(&house);
    let (own, port) = (house.url(""), house.address.port());
    let foreign: [&[(&str, &str)]; 9] = [
        &[],
        &[("origin", "https://evil.example")],
        &[("origin", "null")],
        &[("origin", "")],
        &[("origin", &format!("http://127.0.0.1.evil.example:{port}"))],
        &[("sec-fetch-site", "cross-site"), ("origin", &own)],
        &[("sec-fetch-site", "same-site"), ("origin", &own)],
        &[("sec-fetch-site", "none"), ("origin", &own)],
        &[("referer", &own)],
    ];
    for headers in foreign {
        for path in posts(&house, acme, token) {
            let form = owner.request("POST", &path).form(&fields(Some(&owner.csrf)));
            let answer = read(with(form, headers)).await;
            assert_eq!(
                (answer.status.as_u16(), answer.heading().as_str()),
                (403, "Not sent from here"),
                "{path} {headers:?}"
            );
            assert_eq!(facts::everything(&house), before, "{path} {headers:?}");
        }
    }
}

#[actix_web::test]
async fn a_form_of_a_page_opened_at_another_url_is_refused_with_a_link_to_the_public_one() {
    let house = House::with(|config| config.public = PublicUrl::parse("https://tokens.example.com").unwrap());
    let (browser, here) = (house.anybody(), house.url(""));
    for origin in [here.as_str(), "http://tokens.example.com", "https://tokens.example.com:8443"] {
        let form = browser.request("POST", "/sign-in").header("origin", origin);
        let answer = read(form.form(&[("email", OWNER), ("password", "x")])).await;
        assert_eq!(
            (answer.status.as_u16(), answer.heading().as_str()),
            (403, "Open it at its own URL"),
            "{origin}"
        );
        assert!(answer.body.contains("href=\"https://tokens.example.com/\""), "{origin}: {}", answer.body);
    }
    for origin in ["https://evil.example", "null", "https://tokens.example.com.evil.example"] {
        let form = browser.request("POST", "/sign-in").header("origin", origin);
        let answer = read(form.form(&[("email", OWNER), ("password", "x")])).await;
        assert_eq!(
            (answer.status.as_u16(), answer.heading().as_str()),
            (403, "Not sent from here"),
            "{origin}"
        );
    }
}

#[actix_web::test]
async fn a_browser_that_keeps_no_cookies_is_told_so_instead_of_to_try_again_for_ever() {
    let house = House::open();
    let without_cookies = reqwest::Client::new();
    let page = read(without_cookies.get(house.url("/sign-in"))).await;
    let csrf = page.value_of("csrf");
    let form = without_cookies.post(house.url("/sign-in")).header("sec-fetch-site", "same-origin");
    let answer = read(form.form(&[("csrf", csrf.as_str()), ("email", OWNER), ("password", "x")])).await;
    assert_eq!(answer.status, 403);
    assert!(answer.text().contains("your browser refuses this site's cookies"), "{}", answer.text());
}

#[actix_web::test]
async fn every_name_of_this_machine_is_a_good_origin_and_so_is_what_the_browser_says_itself() {
    let house = House::open();
    let (owner, acme, token) = owner_with_token(&house).await;
    let port = house.address.port();
    let rename = format!("/accounts/{acme}/tokens/{token}/rename");
    for (name, header, value) in [
        ("One", "origin", format!("http://localhost:{port}")),
        ("Two", "origin", format!("http://[::1]:{port}")),
        ("Three", "origin", format!("http://127.0.0.1:{port}")),
        ("Four", "sec-fetch-site", "same-origin".to_owned()),
    ] {
        let form = owner.request("POST", &rename).header(header, value);
        let answer = read(form.form(&[("csrf", owner.csrf.as_str()), ("name", name)])).await;
        assert_eq!(answer.status, 303, "{name}");
        assert_eq!(facts::text(&house, "SELECT name FROM tokens WHERE user_id IS NULL"), name);
    }
}

#[actix_web::test]
async fn an_old_form_for_a_new_token_makes_nothing_and_keeps_what_was_entered() {
    let house = House::open();
    let acme = house.account("Acme");
    let mut owner = house.signed_in(OWNER).await;
    let nonce = owner.new_form(acme).await;
    let own = house.user(OWNER);
    facts::change(&house, "DELETE FROM sessions");
    owner.sign_in(&own.email, &ledger::password()).await;
    let entered = [
        ("csrf", "of an older session"),
        ("nonce", &nonce),
        ("name", "Kept <name>"),
        ("reach", "choose"),
        ("zones.access", "full"),
        ("zones.where", "all"),
        ("expires", "date"),
        ("expires_on", "2027-02-19"),
        ("do", "generate"),
    ];
    let path = format!("/accounts/{acme}/tokens");
    let answer = read(owner.request("POST", &path).header("origin", house.url("")).form(&entered)).await;
    assert_eq!(answer.status, 403);
    assert!(answer.text().contains("This form was out of date, so nothing was made."), "{}", answer.text());
    assert_eq!(facts::live_tokens(&house), 0);
    assert_kept(&answer);
    assert_eq!(answer.value_of("nonce"), nonce);
    let fresh = answer.value_of("csrf");
    let again: Vec<_> = [("csrf", fresh.as_str())].into_iter().chain(entered.into_iter().skip(1)).collect();
    let answer = read(owner.request("POST", &path).header("origin", house.url("")).form(&again)).await;
    assert_eq!((answer.status.as_u16(), answer.secret().is_empty()), (200, false));
    assert_eq!(facts::text(&house, "SELECT name FROM tokens WHERE user_id IS NULL"), "Kept <name>");
}

#[actix_web::test]
async fn a_form_sent_by_somebody_signed_out_meanwhile_is_kept_for_later() {
    let house = House::open();
    let acme = house.account("Acme");
    let mut owner = house.signed_in(OWNER).await;
    let nonce = owner.new_form(acme).await;
    facts::change(&house, "DELETE FROM sessions");
    let entered = [
        ("nonce", nonce.as_str()),
        ("name", "Kept <name>"),
        ("zones.access", "full"),
        ("zones.where", "all"),
        ("expires", "date"),
        ("expires_on", "2027-02-19"),
        ("password", &ledger::password()),
        ("do", "generate"),
    ];
    let path = format!("/accounts/{acme}/tokens");
    let answer = owner.post(&path, &entered).await;
    assert_eq!((answer.status.as_u16(), answer.heading().as_str()), (401, "You are signed out"));
    assert!(answer.text().contains("What you had entered is kept on this page."));
    assert_eq!((answer.value_of("csrf"), answer.value_of("password")), (String::new(), String::new()));
    assert!(!answer.body.contains(&ledger::password()));
    assert_eq!(answer.value_of("name"), "Kept <name>");
    assert_eq!(answer.attributes("form", "action"), [path.as_str()]);
    assert_eq!(facts::live_tokens(&house), 0);
    let kept: Vec<(String, String)> = answer
        .attributes("form input[type=hidden]", "name")
        .into_iter()
        .zip(answer.attributes("form input[type=hidden]", "value"))
        .collect();
    // A second tab, then *Continue with the form* in the first.
    owner.sign_in(OWNER, &ledger::password()).await;
    let answer = read(owner.request("POST", &path).header("origin", house.url("")).form(&kept)).await;
    assert_eq!(answer.status, 403);
    assert_kept(&answer);
    assert_eq!(facts::live_tokens(&house), 0);
}

fn assert_kept(form: &Answer) {
    assert_eq!(form.value_of("name"), "Kept <name>");
    assert_eq!(form.attributes("input[name='zones.access'][checked]", "value"), ["full"]);
    assert_eq!(form.attributes("input[name='zones.where'][checked]", "value"), ["all"]);
    assert_eq!(form.attributes("input[name='expires'][checked]", "value"), ["date"]);
    assert_eq!(form.value_of("expires_on"), "2027-02-19");
}

fn with(request: RequestBuilder, headers: &[(&str, &str)]) -> RequestBuilder {
    headers.iter().fold(request, |request, (name, value)| request.header(*name, *value))
}
