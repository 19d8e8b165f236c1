//! Who pays for calls that name an account, and at which point of the order of refusals: on every
//! route of the table that reads something and names nothing but an account.

use crate::facts;
use crate::support::client::{Answer, read};
use crate::support::{House, OWNER, product};
use time::Duration;
use tokenhouse::models::token::Owner;
use tokenhouse::models::{Account, Token};
use tokenhouse::policy::{AccountId, TokenId};

/// Address and permission of each such route.
fn routes() -> Vec<(&'static str, &'static str)> {
    let names_one = |path: &str| path.matches('{').count() == 1 && path.contains("{account}");
    let table = product().api_routes();
    let reading = table.iter().filter(|route| route.method == "GET" && names_one(route.path));
    let routes: Vec<_> = reading.filter_map(|route| Some((route.path, route.needs?.0))).collect();
    assert!(routes.len() > 5, "{routes:?}");
    routes
}

async fn call(house: &House, method: &str, path: &str, secret: &str) -> Answer {
    read(house.anybody().request(method, path).bearer_auth(secret)).await
}

fn code(answer: &Answer) -> (u16, String) {
    let body: serde_json::Value = serde_json::from_str(&answer.body).unwrap();
    (answer.status.as_u16(), body["code"].as_str().unwrap_or_default().to_owned())
}

fn left(answer: &Answer) -> (&str, &str) {
    (answer.header("x-ratelimit-limit"), answer.header("x-ratelimit-remaining"))
}

fn is(status: u16, code: &str) -> (u16, String) {
    (status, code.to_owned())
}

/// A token for something else than this permission.
async fn token_without(house: &House, account: AccountId, permission: &str) -> (TokenId, String) {
    let other = if permission == "contacts" { "templates.access" } else { "contacts.access" };
    let fields = [("name", "Else"), ("reach", "choose"), (other, "read"), ("expires", "90")];
    house.signed_in(OWNER).await.make_token(account, &fields).await
}

/// Makes an account's token one of the owner's.
fn give_to_owner(house: &House, token: TokenId) {
    let user = house.user(OWNER).id;
    let owned = format!("kind = 'user', account_id = NULL, user_id = {user}");
    facts::change(house, &format!("UPDATE tokens SET {owned} WHERE id = {token}"));
}

#[actix_web::test]
async fn the_account_in_the_path_pays_also_for_a_token_of_a_user() {
    let house = House::open();
    let (acme, hobby) = (house.account("Acme"), house.account("Hobby"));
    let (token, secret) = house.signed_in(OWNER).await.make_full_token(acme, "Mine").await;
    give_to_owner(&house, token);
    for (number, (path, _)) in routes().into_iter().enumerate() {
        let remaining = (2_399 - number).to_string();
        for account in [acme, hobby] {
            let answer = call(&house, "GET", &path.replace("{account}", &account.to_string()), &secret).await;
            assert_eq!(left(&answer), ("2400", remaining.as_str()), "{path} {}", answer.body);
        }
    }
    house.app.budgets.share(house.clock.now()).await.unwrap();
    assert_eq!(facts::count(&house, "budgets WHERE payer LIKE 'user%'"), 0);
}

#[actix_web::test]
async fn nothing_left_comes_after_the_account_and_before_the_permission() {
    for (path, permission) in routes() {
        let house = House::open();
        let (acme, hobby) = (house.account("Acme"), house.account("Hobby"));
        let (token, secret) = token_without(&house, acme, permission).await;
        let here = path.replace("{account}", &acme.to_string());
        let answer = call(&house, "GET", &here, &secret).await;
        assert_eq!(code(&answer), is(403, "permission_denied"), "{path}");
        assert_eq!(left(&answer), ("2400", "2399"), "a call without the permission is charged: {path}");
        house.clock.advance(Duration::hours(1));
        let spent = format!("INSERT INTO budgets VALUES ('account {acme}', '2026-11-22 13:00Z', 2400)");
        facts::change(&house, &spent);
        assert_eq!(code(&call(&house, "GET", &here, &secret).await), is(429, "quota_exceeded"), "{path}");

        let foreign = path.replace("{account}", &hobby.to_string());
        let answer = call(&house, "GET", &foreign, &secret).await;
        assert_eq!(code(&answer), is(404, "account_not_found"), "{path}");
        assert_eq!(left(&answer), ("3000", "2999"), "nobody but the network pays: {path}");
        let mut conn = house.conn();
        let account = Account::find_by_name(&mut conn, "Acme").unwrap().unwrap();
        let kept = Token::find(&mut conn, Owner::Account(acme), token).unwrap().unwrap();
        kept.block(&mut conn, &account, "test", &house.command_line()).unwrap();
        give_to_owner(&house, token);
        assert_eq!(code(&call(&house, "GET", &here, &secret).await), is(403, "blocked_here"), "{path}");
        facts::change(&house, "UPDATE tokens SET disabled_at = '2026-11-22 12:00Z'");
        assert_eq!(code(&call(&house, "GET", &here, &secret).await), is(401, "token_disabled"), "{path}");

        house.app.buffers.refusals.flush(&house.app.db, house.clock.now()).await.unwrap();
        let noted = format!(
            "token_refusals WHERE permission = '{permission}' AND access = 'read' AND calls = 1 ORDER BY reason"
        );
        assert_eq!(
            facts::texts(&house, "reason", &noted),
            ["account_not_found", "blocked_here", "permission_denied", "quota_exceeded", "token_disabled"],
            "{path}"
        );
    }
}

#[actix_web::test]
async fn a_refusal_about_a_resource_keeps_no_name_that_the_caller_chose() {
    let house = House::open();
    let acme = house.account("Acme");
    let fields = [
        ("name", "Reads"),
        ("reach", "choose"),
        ("zones.access", "read"),
        ("zones.where", "all"),
        ("domains.access", "read"),
        ("domains.where", "all"),
        ("expires", "90"),
    ];
    let (_, secret) = house.signed_in(OWNER).await.make_token(acme, &fields).await;
    let mut noted = Vec::new();
    for route in product().api_routes() {
        let Some((key @ ("zones" | "domains"), access)) = route.needs else { continue };
        let of_one = route.path.ends_with("/{zone}") || route.path.ends_with("/{domain}");
        if !of_one || !matches!(route.method, "GET" | "DELETE") {
            continue;
        }
        let at = |name: &str| {
            let path = route.path.replace("{account}", &acme.to_string());
            path.replace("{zone}", name).replace("{domain}", name)
        };
        let answer = call(&house, route.method, &at("chosen-by-the-caller.example"), &secret).await;
        assert_eq!(code(&answer), is(404, "resource_not_found"), "{}", route.path);
        noted.push(format!("{key} {} resource_not_found", access.key()));
        if route.method == "DELETE" {
            let answer = call(&house, route.method, &at("example.com"), &secret).await;
            assert_eq!(code(&answer), is(403, "write_denied"), "{}", route.path);
            noted.push(format!("{key} {} write_denied", access.key()));
        }
    }
    house.app.buffers.refusals.flush(&house.app.db, house.clock.now()).await.unwrap();
    noted.sort();
    assert!(noted.len() >= 4, "{noted:?}");
    let line = "concat_ws(' ', permission, access, reason)";
    assert_eq!(facts::texts(&house, line, "token_refusals ORDER BY 1"), noted);
    let all = facts::text(&house, "SELECT string_agg(r::text, ' ') FROM token_refusals AS r");
    assert!(!all.contains("chosen"), "{all}");
}
