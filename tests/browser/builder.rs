//! From a template, or row by row, to the summary and the token: with scripting and without.

use crate::support::client::whoami;
use crate::support::{House, OWNER, ledger};
use crate::window::Window;
use reqwest::StatusCode;
use serde_json::{Value, json};
use tokenhouse::models::{Account, membership};
use tokenhouse::policy::{AccountId, Role};

pub async fn signed_in(house: &House, called: &'static str, scripting: bool, page: &str) -> Window {
    signed_in_as(house, called, scripting, OWNER, page).await
}

pub async fn signed_in_as(
    house: &House,
    called: &'static str,
    scripting: bool,
    who: &str,
    page: &str,
) -> Window {
    let window = Window::open(house, called, scripting).await;
    window.go(page).await;
    window.field("E-mail").await.send_keys(who).await.unwrap();
    window.field("Password").await.send_keys(&ledger::password()).await.unwrap();
    window.button("Sign in").await.click().await.unwrap();
    window
}

pub async fn press(window: &Window, button: &str) {
    window.button(button).await.click().await.unwrap();
}

/// Chooses a permission in a row; with a script that shows the rest of it at once.
async fn permission(window: &Window, row: u32, title: &str) {
    window.choose(&format!("Permission {row}"), title).await;
    if !window.scripting {
        let apply = format!("//fieldset[@id='r{row}']//button[normalize-space()='Apply']");
        let apply = window.driver.client.find(fantoccini::Locator::XPath(&apply)).await.unwrap();
        apply.click().await.unwrap();
    }
    window.radio(&format!("Permission {row}: {title}"), "Read only").await;
}

async fn pick(window: &Window, group: &str, label: &str) {
    window.radio(group, label).await.click().await.unwrap();
}

/// Finds a resource and ticks it.
async fn tick(window: &Window, kinds: &str, part: &str, label: &str) {
    let field = window.field(&format!("Search {kinds}")).await;
    field.clear().await.unwrap();
    field.send_keys(part).await.unwrap();
    if !window.scripting {
        press(window, "Search").await;
    }
    window.checkbox(label).await.click().await.unwrap();
}

/// From the summary to the secret.
async fn created(window: &mut Window) -> String {
    press(window, "Generate token").await;
    window.heading("Your token is ready").await;
    let secret = window.field("Token").await.prop("value").await.unwrap().unwrap();
    ledger::put_down(&secret);
    window.says(&format!("curl -H \"Authorization: Bearer {secret}\"")).await;
    secret
}

pub async fn call(
    house: &House,
    secret: &str,
    method: &str,
    path: &str,
    body: Option<Value>,
) -> (StatusCode, Value) {
    let http = reqwest::Client::builder().no_proxy().build().unwrap();
    let request = http.request(method.parse().unwrap(), house.url(path)).bearer_auth(secret);
    let request = match body {
        Some(body) => request.json(&body),
        None => request,
    };
    let answer = request.send().await.unwrap();
    (answer.status(), answer.json().await.unwrap_or_default())
}

fn record(name: &str, kind: &str, content: &str) -> Option<Value> {
    Some(json!({ "name": name, "type": kind, "content": content }))
}

#[actix_web::test]
async fn cloudflares_document_step_by_step_with_scripting() {
    cloudflare("cloudflare", true).await;
}

#[actix_web::test]
async fn cloudflares_document_step_by_step_without_scripting() {
    cloudflare("cloudflare-plain", false).await;
}

/// `seeds/cloudflare.txt`: template, zone, summary, token; any other zone and operation is an error.
async fn cloudflare(called: &'static str, scripting: bool) {
    let house = House::open();
    let acme = house.account("Acme");
    let mut window = signed_in(&house, called, scripting, &format!("/accounts/{acme}/tokens/new")).await;
    window.heading("New account token").await;
    window.link("Start from a template, or build it row by row").await.click().await.unwrap();
    window.heading("Custom token").await;
    window.pictures("start").await;
    window.link("Edit zone DNS").await.click().await.unwrap();
    window.radio("Permission 1: Zones", "Full access").await;
    assert_eq!(window.field("Name").await.prop("value").await.unwrap().unwrap(), "Edit zone DNS");
    // Zone → specific zone → theburritobot.com.
    assert!(window.radio("Zones: where", "Only selected zones").await.is_selected().await.unwrap());
    press(&window, "Continue to summary").await;
    window.says("Select at least one zone; with none, Zones would do nothing.").await;
    window.pictures("nothing-chosen").await;
    tick(&window, "zones", "burrito", "theburritobot.com").await;
    window.says("of 40 zones selected").await;
    window.pictures("zone").await;
    press(&window, "Continue to summary").await;
    window.heading("Summary").await;
    window.says("theburritobot.com").await;
    window.says("zones:theburritobot.com:write").await;
    window.pictures("summary").await;
    // Back keeps everything.
    press(&window, "Back").await;
    window.says("1 of 40 zones selected").await;
    press(&window, "Continue to summary").await;
    let secret = created(&mut window).await;
    let records = format!("/v2/{acme}/zones/theburritobot.com/records");
    assert_eq!(call(&house, &secret, "GET", &records, None).await.0, 200);
    assert_eq!(call(&house, &secret, "POST", &records, record("www", "A", "192.0.2.1")).await.0, 201);
    for (method, path, status) in [
        ("GET", format!("/v2/{acme}/zones/example.com/records"), 404),
        ("POST", format!("/v2/{acme}/zones/example.com/records"), 404),
        ("GET", format!("/v2/{acme}/domains/theburritobot.com"), 403),
        ("GET", format!("/v2/{acme}/contacts"), 403),
    ] {
        let body = record("www", "A", "192.0.2.1").filter(|_| method == "POST");
        assert_eq!(call(&house, &secret, method, &path, body).await.0, status, "{method} {path}");
    }
}

#[actix_web::test]
async fn a_user_token_over_two_accounts_with_one_zone_left_out_with_scripting() {
    two_accounts("two-accounts", true).await;
}

#[actix_web::test]
async fn a_user_token_over_two_accounts_with_one_zone_left_out_without_scripting() {
    two_accounts("two-accounts-plain", false).await;
}

async fn two_accounts(called: &'static str, scripting: bool) {
    let house = House::open();
    let acme = house.account("Acme");
    let rival = Account::find_by_name(&mut house.conn(), "Rival").unwrap().unwrap();
    let origin = house.command_line();
    membership::set(&mut house.conn(), &rival, &house.user(OWNER), Role::ReadWrite, &origin).unwrap();
    let mut window = signed_in(&house, called, scripting, "/user/tokens").await;
    window.link("Generate new token").await.click().await.unwrap();
    window.says("Is one account enough?").await;
    window.pictures("start").await;
    window.link("Custom token").await.click().await.unwrap();
    window.field("Name").await.send_keys("Both but one").await.unwrap();
    permission(&window, 1, "Zones").await;
    pick(&window, "Permission 1: Zones", "Full access").await;
    pick(&window, "Zones: where", "All zones in all accounts, except selected ones").await;
    window.says("This reaches every account that you are a member of").await;
    tick(&window, "zones", "rival", "rival.example Rival").await;
    // A second row: one account.
    press(&window, "Add a permission").await;
    permission(&window, 2, "Billing").await;
    pick(&window, "Permission 2: Billing", "Read only").await;
    pick(&window, "Billing: where", "One account").await;
    window.choose("Account", "Acme").await;
    window.pictures("rows").await;
    // And a third, which is taken away again.
    press(&window, "Add a permission").await;
    permission(&window, 3, "User details").await;
    window.button("Remove permission 3").await.click().await.unwrap();
    press(&window, "Continue to summary").await;
    window.heading("Summary").await;
    window.says("rival.example").await;
    window.pictures("summary").await;
    let secret = created(&mut window).await;
    let of = |account: AccountId, zone: &str| format!("/v2/{account}/zones/{zone}/records");
    assert_eq!(call(&house, &secret, "GET", &of(acme, "example.com"), None).await.0, 200);
    let made =
        call(&house, &secret, "POST", &of(rival.id, "competitor.example"), record("a", "A", "192.0.2.1"))
            .await;
    assert_eq!(made.0, 201, "{made:?}");
    assert_eq!(call(&house, &secret, "GET", &of(rival.id, "rival.example"), None).await.0, 404);
    assert_eq!(call(&house, &secret, "GET", &format!("/v2/{acme}/billing/charges"), None).await.0, 200);
    assert_eq!(call(&house, &secret, "GET", &format!("/v2/{}/billing/charges", rival.id), None).await.0, 403);
}

#[actix_web::test]
async fn a_token_for_one_address_until_one_day_with_scripting() {
    conditions("conditions", true).await;
}

#[actix_web::test]
async fn a_token_for_one_address_until_one_day_without_scripting() {
    conditions("conditions-plain", false).await;
}

async fn conditions(called: &'static str, scripting: bool) {
    let house = House::open();
    let acme = house.account("Acme");
    let path = format!("/accounts/{acme}/tokens/build?template=monitor");
    let mut window = signed_in(&house, called, scripting, &path).await;
    let from = window.field("Is in").await;
    from.send_keys("10.0.0.5/8").await.unwrap();
    window.field("Starts on").await.send_keys("03012027").await.unwrap();
    press(&window, "Continue to summary").await;
    window.says("Line 1: 10.0.0.5/8 has bits beyond its /8. Did you mean 10.0.0.0/8?").await;
    window.says("It would start on 1 March 2027, after its last day, 20 February 2027.").await;
    window.pictures("refused").await;
    let from = window.field("Is in").await;
    from.clear().await.unwrap();
    from.send_keys("198.51.100.0/24").await.unwrap();
    let start = window.field("Starts on").await;
    start.clear().await.unwrap();
    press(&window, "Continue to summary").await;
    window.heading("Summary").await;
    window.says("198.51.100.0/24").await;
    let elsewhere = created(&mut window).await;
    let (status, body) = whoami(house.address, &elsewhere).await;
    assert_eq!((status.as_u16(), body["code"].as_str()), (403, Some("address_refused")));

    window.go(&path).await;
    press(&window, "Use my current address, 127.0.0.1").await;
    window
        .until("the address", async || {
            let value = window.field("Is in").await.prop("value").await.ok()??;
            (value == "127.0.0.1").then_some(())
        })
        .await;
    pick(&window, "Expires", "On a date").await;
    window.field("Expires on").await.send_keys("11232026").await.unwrap();
    press(&window, "Continue to summary").await;
    window.heading("Summary").await;
    window.says("127.0.0.1").await;
    window.pictures("summary").await;
    let here = created(&mut window).await;
    assert_eq!(whoami(house.address, &here).await.0, 200);
    house.clock.advance(time::Duration::days(2));
    assert_eq!(whoami(house.address, &here).await.1["code"], "token_expired");
}

#[actix_web::test]
async fn an_acme_token_sets_its_txt_record_and_nothing_else_with_scripting() {
    acme_dns("acme", true).await;
}

#[actix_web::test]
async fn an_acme_token_sets_its_txt_record_and_nothing_else_without_scripting() {
    acme_dns("acme-plain", false).await;
}

async fn acme_dns(called: &'static str, scripting: bool) {
    let house = House::open();
    let acme = house.account("Acme");
    let start = format!("/accounts/{acme}/tokens/start");
    let mut window = signed_in(&house, called, scripting, &start).await;
    window.link("ACME DNS-01").await.click().await.unwrap();
    assert_eq!(window.field("Names").await.prop("value").await.unwrap().unwrap(), "_acme-challenge*");
    tick(&window, "zones", "example.com", "example.com").await;
    window.pictures("records").await;
    press(&window, "Use for every row with resources").await;
    let domain = fantoccini::Locator::Css("input[name='r2.id']:checked");
    window.until("chosen domain", async || window.driver.client.find(domain).await.ok()).await;
    press(&window, "Continue to summary").await;
    window.heading("Summary").await;
    window.says("_acme-challenge").await;
    window.says("zones:example.com/_acme-challenge*/TXT:write").await;
    window.says("domains:example.com:read").await;
    window.pictures("summary").await;
    let secret = created(&mut window).await;
    let records = format!("/v2/{acme}/zones/example.com/records");
    for (name, kind, content, status) in [
        ("_acme-challenge", "TXT", "token", 201),
        ("www", "TXT", "token", 403),
        ("_acme-challenge", "CNAME", "example.net", 403),
    ] {
        let answer = call(&house, &secret, "POST", &records, record(name, kind, content)).await;
        assert_eq!(answer.0, status, "{name} {kind}: {answer:?}");
    }
    assert_eq!(
        call(&house, &secret, "GET", &format!("/v2/{acme}/zones/example.com/file"), None).await.0,
        403
    );
}
