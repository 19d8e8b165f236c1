//! An API of one's own, end to end: the shop's stores are imported, a token is created in the browser,
//! nginx asks about its calls, and the token is deleted in the browser. With scripting and without.

use crate::support::proxy::Program;
use crate::support::wire::{Api, Call};
use crate::support::{House, OWNER, SHOP, database, ledger, shop};
use crate::window::Window;
use std::process::Command;
use tokenhouse::config::CheckListen;
use tokenhouse::policy::AccountId;

#[actix_web::test]
async fn a_token_opens_one_store_and_not_its_neighbour_until_it_is_deleted_with_scripting() {
    walk(true).await;
}

#[actix_web::test]
async fn a_token_opens_one_store_and_not_its_neighbour_until_it_is_deleted_without_scripting() {
    walk(false).await;
}

async fn walk(scripting: bool) {
    let (house, acme) = House::in_front(shop(), "basic", |config| {
        config.check_listen = CheckListen::parse("127.0.0.1:0");
        config.trusted_proxies = vec!["127.0.0.1/32".parse().unwrap()];
    });
    import(&house, acme);
    let api = Api::start();
    let proxy = Program::Nginx.start(SHOP, &house.check.unwrap().to_string(), api.address);
    let called = if scripting { "shop-script" } else { "shop-plain" };
    let mut window = Window::open(&house, called, scripting).await;
    let secret = create(&mut window, acme).await;

    let call = |method, path| Call::new(method, path).bearing(&secret).send(proxy.address);
    for (method, order) in [("GET", "/v1/stores/berlin/orders"), ("POST", "/v1/stores/berlin/orders")] {
        let seen = call(method, order);
        assert_eq!((seen.status, seen.body.as_str()), (200, "served"), "{seen:?}");
        let arrived = api.take();
        let whose = arrived[0].fields.iter().find(|(name, _)| name.eq_ignore_ascii_case("x-account-id"));
        assert_eq!(whose.unwrap().1, acme.to_string().into_bytes(), "{arrived:?}");
    }
    for (path, refused) in [
        ("/v1/stores/munich/orders", (404, "resource_not_found")),
        ("/v1/payouts", (403, "permission_denied")),
    ] {
        let seen = call("GET", path);
        assert_eq!((seen.status, seen.code().as_deref()), (refused.0, Some(refused.1)), "{seen:?}");
    }
    let without = Call::new("GET", "/v1/stores/berlin/orders").send(proxy.address);
    assert_eq!(without.status, 401, "{without:?}");

    delete(&mut window).await;
    let seen = call("GET", "/v1/stores/berlin/orders");
    assert_eq!((seen.status, seen.code().as_deref()), (401, Some("token_deleted")), "{seen:?}");
    assert!(api.take().is_empty(), "what is refused reaches the API");
}

/// Tells it which stores there are, as operators do.
fn import(house: &House, acme: AccountId) {
    let folder = tempfile::tempdir_in(ledger::run_folder()).unwrap();
    let file = folder.path().join("stores.csv");
    std::fs::write(&file, "name\nberlin\nmunich\nhamburg\n").unwrap();
    let output = Command::new(env!("CARGO_BIN_EXE_tokenhouse"))
        .args(["resource", "import"])
        .arg(&file)
        .args(["--account", &acme.to_string(), "--kind", "store", "--catalogue", SHOP])
        .args(["--database-url", &database::url(&house.database)])
        .output()
        .unwrap();
    let said = String::from_utf8_lossy(&output.stderr);
    assert_eq!(said, "3 added, 0 removed, 0 unchanged.\n");
}

async fn create(window: &mut Window, acme: AccountId) -> String {
    window.go(&format!("/accounts/{acme}/resources/store")).await;
    window.heading("Sign in").await;
    window.field("E-mail").await.send_keys(OWNER).await.unwrap();
    window.field("Password").await.send_keys(&ledger::password()).await.unwrap();
    window.button("Sign in").await.click().await.unwrap();
    window.heading("Stores").await;
    window.link("munich").await;
    window.link("Automation").await.click().await.unwrap();
    window.heading("No tokens yet").await;
    window.link("New token").await.click().await.unwrap();
    window.heading("New account token").await;
    window.field("Name").await.send_keys("Till").await.unwrap();
    window.radio("Orders", "Full access").await.click().await.unwrap();
    window.radio("Orders: which stores", "Only selected stores").await.click().await.unwrap();
    window.field("Search stores").await.send_keys("berl").await.unwrap();
    if !window.scripting {
        window.button("Search").await.click().await.unwrap();
    }
    window.checkbox("berlin").await.click().await.unwrap();
    window.button("Review").await.click().await.unwrap();
    window.heading("In plain words").await;
    window.says("Can read, place, change and cancel orders of berlin, and of no other store.").await;
    window.pictures("review").await;
    window.button("Generate token").await.click().await.unwrap();
    window.heading("Your token is ready").await;
    let secret = window.field("Token").await.prop("value").await.unwrap().unwrap();
    ledger::put_down(&secret);
    window.says(&format!("curl -H \"Authorization: Bearer {secret}\"")).await;
    window.says("https://api.shoply.test/v1/stores/berlin/orders").await;
    window.link("I have copied it").await.click().await.unwrap();
    window.link("Till").await;
    secret
}

async fn delete(window: &mut Window) {
    window.link("Till").await.click().await.unwrap();
    window.heading("Till").await;
    window.link("Delete").await.click().await.unwrap();
    window.heading("Delete “Till”?").await;
    window.button("Yes, delete").await.click().await.unwrap();
    window.says("Token deleted.").await;
}
