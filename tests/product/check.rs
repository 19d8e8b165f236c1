//! The check in front of a shop's API: what a proxy is told of each call.

use crate::pages::{STORES, open_with};
use crate::support::House;
use reqwest::header::HeaderMap;
use tokenhouse::db;
use tokenhouse::models::token::{DeletionReason, Issued, NewToken, Owner, Token, TokenName, issue};
use tokenhouse::models::{Hooks, Resource};
use tokenhouse::policy::{AccountId, Grant, KindKey, Policy, Rights, Selection, TokenId, scope};
use uuid::Uuid;

const STORE: KindKey = KindKey::literal("store");

/// A shop behind a proxy on this machine, and its account.
fn shop() -> (House, AccountId) {
    open_with(|config| config.trusted_proxies = vec!["127.0.0.1/32".parse().unwrap()])
}

/// A token of the account with these scopes; Everything without any.
pub fn token(house: &House, account: AccountId, scopes: &[&str]) -> (TokenId, String) {
    let (mut conn, catalogue) = (house.conn(), house.app.catalogue.clone());
    let mut named =
        |name: &String| Resource::find(&mut conn, account, STORE, name).unwrap().unwrap().to_ref();
    let grants: Vec<Grant> = scopes
        .iter()
        .map(|text| {
            let written = scope::parse(&catalogue, text).unwrap();
            let selection = match &written.only {
                Some(only) => Selection::Only(only.iter().map(&mut named).collect()),
                None => {
                    Selection::Account { account, except: written.except.iter().map(&mut named).collect() }
                }
            };
            let permission = written.permission.key.clone();
            Grant { permission, access: written.access, selection, parts: written.parts }
        })
        .collect();
    let rights = if scopes.is_empty() { Rights::Everything } else { Rights::Grants(grants) };
    let new = NewToken {
        name: TokenName::parse("Till").unwrap(),
        policy: Policy::unconditional(rights),
        nonce: Uuid::new_v4(),
    };
    let owner = Owner::Account(account);
    let made = db::in_one(&mut house.conn(), |conn| {
        issue(conn, &catalogue, owner, &new, "shop", &house.command_line())
    });
    let Issued::Made { id, secret } = made.unwrap() else { panic!("not made") };
    crate::support::ledger::put_down(secret.expose());
    (id, secret.expose().to_owned())
}

/// What the check said.
pub struct Said {
    pub status: u16,
    pub headers: HeaderMap,
    pub body: String,
}

impl Said {
    /// A header that is there once.
    pub fn header(&self, name: &str) -> &str {
        let values: Vec<_> = self.headers.get_all(name).iter().collect();
        assert_eq!(values.len(), 1, "{name}: {values:?}");
        values[0].to_str().unwrap()
    }

    /// The code of a refusal, with the status that the client is to see.
    pub fn refused(&self) -> (u16, String) {
        let body: serde_json::Value = serde_json::from_str(&self.body).unwrap();
        assert_eq!(serde_json::from_str::<serde_json::Value>(self.header("x-token-error")).unwrap(), body);
        (self.header("x-token-status").parse().unwrap(), body["code"].as_str().unwrap().to_owned())
    }
}

/// Asks as nginx does.
pub async fn ask(house: &House, secret: Option<&str>, method: &str, target: &str) -> Said {
    let mut headers = vec![
        ("x-original-method", method.to_owned()),
        ("x-original-uri", target.to_owned()),
        ("x-forwarded-for", "198.51.100.7".to_owned()),
    ];
    headers.extend(secret.map(|secret| ("authorization", format!("Bearer {secret}"))));
    asked(house, "GET", "/authorize/nginx", &headers).await
}

async fn asked(house: &House, method: &str, path: &str, headers: &[(&str, String)]) -> Said {
    let client = reqwest::Client::builder().no_proxy().build().unwrap();
    let url = format!("http://{}{path}", house.address);
    let mut request = client.request(method.parse().unwrap(), url);
    for (name, value) in headers {
        request = request.header(*name, value);
    }
    let answer = request.send().await.unwrap();
    let (status, headers) = (answer.status().as_u16(), answer.headers().clone());
    Said { status, headers, body: answer.text().await.unwrap() }
}

#[actix_web::test]
async fn a_token_for_one_store_opens_it_and_not_its_neighbour() {
    let (house, acme) = shop();
    let (id, secret) = token(&house, acme, &["orders:berlin:write", "stores:*:read"]);
    let said = ask(&house, Some(&secret), "GET", "/v1/stores/berlin/orders?page=2").await;
    assert_eq!((said.status, said.body.as_str()), (200, ""));
    for (name, value) in [
        ("x-token-id", id.to_string()),
        ("x-account-id", acme.to_string()),
        ("x-account-ref", "-".to_owned()),
        ("x-user-id", "-".to_owned()),
        ("x-user-ref", "-".to_owned()),
        ("x-token-scope", "orders:berlin:read".to_owned()),
        ("x-token-resources", "-".to_owned()),
    ] {
        assert_eq!(said.header(name), value, "{name}");
    }
    assert_eq!(said.header("cache-control"), "no-store");
    // A proxy hands these on as if they were the API's own.
    assert!(!said.headers.contains_key("content-security-policy"));
    for (method, target, status, code) in [
        ("GET", "/v1/stores/munich/orders", 404, "resource_not_found"),
        ("POST", "/v1/stores/berlin/orders", 200, ""),
        ("HEAD", "/v1/stores/berlin/orders", 200, ""),
        ("POST", "/v1/stores/munich/orders", 404, "resource_not_found"),
        ("GET", "/v1/stores/Berlin/orders", 404, "resource_not_found"),
        ("DELETE", "/v1/stores/berlin", 403, "write_denied"),
        ("POST", "/v1/stores", 403, "write_denied"),
        ("GET", "/v1/payouts", 403, "permission_denied"),
        ("POST", "/v1/stores/berlin/orders/7/refund", 403, "permission_denied"),
        ("DELETE", "/v1/stores/berlin/orders", 403, "no_route"),
        ("GET", "/v1/stores/berlin/orders/", 403, "no_route"),
        ("GET", "/V1/stores/berlin/orders", 403, "no_route"),
        ("GET", "/v1/stores/munich/..;/berlin/orders", 403, "path_not_normal"),
        ("GET", "/v1/stores/%62erlin/orders", 403, "path_not_normal"),
        ("POST", "/v1/stores/berlin/orders?_method=DELETE", 403, "method_override"),
        ("GET", "/health", 200, ""),
    ] {
        let said = ask(&house, Some(&secret), method, target).await;
        if status == 200 {
            assert_eq!(said.status, 200, "{method} {target} {}", said.body);
        } else {
            assert_eq!(said.refused(), (status, code.to_owned()), "{method} {target}");
            assert_eq!(said.status, if status == 401 { 401 } else { 403 }, "{method} {target}");
        }
    }
}

#[actix_web::test]
async fn a_list_that_the_api_filters_is_told_the_names_that_the_token_reaches() {
    let (house, acme) = shop();
    for (scopes, names) in [
        (&["stores:berlin,munich:read"][..], "berlin,munich"),
        (&["stores:*:read"], "*"),
        (&["stores:*,!berlin:read"], "!berlin"),
        (&["stores:*,!berlin:read", "stores:berlin:write"], "*"),
        (&[], "*"),
    ] {
        let (_, secret) = token(&house, acme, scopes);
        let said = ask(&house, Some(&secret), "GET", "/v1/stores").await;
        assert_eq!((said.status, said.header("x-token-resources")), (200, names), "{scopes:?}");
    }
}

#[actix_web::test]
async fn what_is_not_registered_passes_a_grant_without_exceptions_and_no_other() {
    let (house, acme) = shop();
    for (scopes, hamburg, munich) in [
        (&[][..], 200, 200),
        (&["orders:*:read"], 200, 200),
        (&["orders:*,!berlin:read"], 404, 200),
        (&["orders:berlin:read"], 404, 404),
    ] {
        let (_, secret) = token(&house, acme, scopes);
        for (name, status) in [("hamburg", hamburg), ("munich", munich)] {
            let said = ask(&house, Some(&secret), "GET", &format!("/v1/stores/{name}/orders")).await;
            let seen = if said.status == 200 { 200 } else { said.refused().0 };
            assert_eq!(seen, status, "{scopes:?} {name}");
        }
    }
    // A store that was removed and is there again is another one.
    let (_, secret) = token(&house, acme, &["orders:berlin:read"]);
    let (mut conn, origin) = (house.conn(), house.command_line());
    assert!(Resource::remove(&mut conn, acme, STORE, "berlin", &Hooks::NONE, &origin).unwrap());
    let names = ["berlin".to_owned()];
    Resource::add(&mut conn, acme, STORES, &names, &Hooks::NONE, &origin).unwrap();
    let said = ask(&house, Some(&secret), "GET", "/v1/stores/berlin/orders").await;
    assert_eq!(said.refused(), (404, "account_not_found".to_owned()), "nothing is granted there any more");
}

#[actix_web::test]
async fn a_refusal_says_how_to_come_again_and_a_deleted_token_is_refused_at_once() {
    let (house, acme) = shop();
    let orders = "/v1/stores/berlin/orders";
    let none = ask(&house, None, "GET", orders).await;
    assert_eq!((none.status, none.refused()), (401, (401, "invalid_token".to_owned())));
    assert_eq!(none.header("www-authenticate"), "Bearer realm=\"Shoply\"");
    let wrong = ask(&house, Some("shop_a_nonsense"), "GET", orders).await;
    assert_eq!(wrong.header("www-authenticate"), "Bearer realm=\"Shoply\", error=\"invalid_token\"");
    let (id, secret) = token(&house, acme, &["orders:berlin:read"]);
    let write = ask(&house, Some(&secret), "POST", orders).await;
    assert_eq!(
        write.header("www-authenticate"),
        "Bearer realm=\"Shoply\", error=\"insufficient_scope\", scope=\"orders:berlin:write\""
    );
    assert_eq!(ask(&house, Some(&secret), "GET", orders).await.status, 200);
    let mut conn = house.conn();
    let token = Token::find(&mut conn, Owner::Account(acme), id).unwrap().unwrap();
    db::in_one(&mut conn, |conn| token.delete(conn, DeletionReason::CommandLine, &house.command_line()))
        .unwrap();
    let said = ask(&house, Some(&secret), "GET", orders).await;
    assert_eq!((said.status, said.refused().1.as_str()), (401, "token_deleted"));
}

#[actix_web::test]
async fn who_is_no_trusted_proxy_finds_nothing_at_the_address_of_the_check() {
    let (house, acme) = open_with(|_| {});
    let (_, secret) = token(&house, acme, &[]);
    for target in ["/health", "/v1/payouts"] {
        let said = ask(&house, Some(&secret), "GET", target).await;
        assert_eq!((said.status, said.headers.contains_key("content-security-policy")), (404, true));
    }
}

#[actix_web::test]
async fn every_dialect_says_yes_and_no_to_the_same_calls() {
    let (house, acme) = shop();
    let (_, secret) = token(&house, acme, &["orders:berlin:read"]);
    for (target, status) in [("/v1/stores/berlin/orders", 200), ("/v1/stores/munich/orders", 404)] {
        for dialect in ["caddy", "traefik"] {
            let headers = [
                ("x-forwarded-method", "GET".to_owned()),
                ("x-forwarded-uri", target.to_owned()),
                ("x-forwarded-for", "198.51.100.7".to_owned()),
                ("authorization", format!("Bearer {secret}")),
                // Another dialect's are not read.
                ("x-original-uri", "/health".to_owned()),
            ];
            let path = format!("/authorize/{dialect}?{}", target.len());
            assert_eq!(asked(&house, "GET", &path, &headers).await.status, status, "{dialect} {target}");
        }
        let headers = [("authorization", format!("Bearer {secret}"))];
        let path = format!("/authorize/envoy{target}?x=1");
        assert_eq!(asked(&house, "GET", &path, &headers).await.status, status, "envoy {target}");
        assert_eq!(asked(&house, "DELETE", &path, &headers).await.status, 403, "envoy {target}");
    }
}
