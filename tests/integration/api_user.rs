//! The user over the API: details, memberships, and what a user's token says of itself.

use super::facts;
use crate::support::client::read;
use crate::support::{House, MEMBER, OWNER, READER, made};
use serde_json::{Value, json};
use tokenhouse::models::token::Owner;
use tokenhouse::models::{Account, Token};
use tokenhouse::policy::{Access, Policy, Rights, Selection, TokenId};

fn all() -> Selection {
    Selection::Everywhere { except: Vec::new() }
}

/// A token of this user with these permissions.
fn holding(house: &House, email: &str, grants: &[(&str, Access)]) -> (TokenId, String) {
    let grants: Vec<_> = grants.iter().map(|(key, access)| (*key, *access, all())).collect();
    made::granted(house, Owner::User(house.user(email).id), "Of a user", &grants)
}

async fn ask(house: &House, method: &str, path: &str, secret: &str, body: &Value) -> (u16, Value) {
    let request = house.anybody().request(method, path).bearer_auth(secret);
    let request = if body.is_null() { request } else { request.json(body) };
    let answer = read(request).await;
    (answer.status.as_u16(), serde_json::from_str(&answer.body).unwrap_or_default())
}

async fn get(house: &House, path: &str, secret: &str) -> (u16, Value) {
    ask(house, "GET", path, secret, &Value::Null).await
}

fn refused((status, body): (u16, Value), code: &str, scope: &str) {
    let message = format!("Permission Denied. Required Scope: {scope}");
    let expected = json!({ "message": message, "code": code, "scope": scope });
    assert_eq!((status, body), (403, expected));
}

#[actix_web::test]
async fn a_users_token_reads_and_changes_the_user_and_the_change_is_recorded() {
    let house = House::open();
    let (token, secret) = holding(&house, MEMBER, &[("user_details", Access::Full)]);
    let id = house.user(MEMBER).id;
    let (status, body) = get(&house, "/v2/user", &secret).await;
    let expected = json!({
        "id": id,
        "email": MEMBER,
        "name": house.user(MEMBER).name,
        "created_at": "2026-11-22T12:00:00Z",
        "updated_at": "2026-11-22T12:00:00Z",
    });
    assert_eq!((status, &body["data"]), (200, &expected));
    let house_name = house.user(MEMBER).name;
    house.clock.advance(time::Duration::minutes(1));
    let change = json!({ "name": " Mia Member ", "email": null });
    let (status, body) = ask(&house, "PATCH", "/v2/user", &secret, &change).await;
    assert_eq!((status, &body["data"]["name"]), (200, &json!("Mia Member")));
    assert_eq!(
        (&body["data"]["email"], &body["data"]["updated_at"]),
        (&json!(MEMBER), &json!("2026-11-22T12:01:00Z"))
    );
    assert_eq!(ask(&house, "PATCH", "/v2/user", &secret, &json!({})).await.0, 200);
    let line = "concat_ws(' ', actor_kind, actor_id, before->>'name', after->>'name')";
    let lines = facts::texts(&house, line, "audit_events WHERE action = 'user.changed' ORDER BY id");
    assert_eq!(lines, [format!("token {token} {} Mia Member", house_name)]);
}

#[actix_web::test]
async fn another_address_is_asked_for_by_mail_and_is_the_users_once_the_password_was_said() {
    let house = House::open();
    let (token, secret) = holding(&house, MEMBER, &[("user_details", Access::Full)]);
    // Whether it is somebody else's is not told.
    for email in [OWNER, "mia@example.com"] {
        let (status, body) = ask(&house, "PATCH", "/v2/user", &secret, &json!({ "email": email })).await;
        assert_eq!((status, &body["data"]["email"]), (200, &json!(MEMBER)), "{email}");
        assert_eq!(house.user(MEMBER).email, MEMBER);
    }
    let line = "concat_ws(' ', actor_kind, actor_id, after->>'email')";
    let lines = facts::texts(&house, line, "audit_events WHERE action = 'user.address_asked' ORDER BY id");
    assert_eq!(lines, [format!("token {token} {OWNER}"), format!("token {token} mia@example.com")]);
    let link = super::own_profile::link(&house, "mia@example.com").await;
    let mut browser = house.anybody();
    browser.get(&link).await;
    for wrong in ["", "wrong"] {
        let answer = browser.post(&link, &[("password", wrong)]).await;
        assert_eq!(answer.all("#password-error"), ["This isn't your password."]);
        assert_eq!(house.user(MEMBER).email, MEMBER);
    }
    let answer = browser.post(&link, &[("password", &crate::support::ledger::password())]).await;
    assert_eq!((answer.status.as_u16(), answer.heading().as_str()), (200, "Your address is another"));
    house.anybody().sign_in("mia@example.com", &crate::support::ledger::password()).await;
    for _ in 0..8 {
        ask(&house, "PATCH", "/v2/user", &secret, &json!({ "email": "a@example.com" })).await;
    }
    let (status, body) =
        ask(&house, "PATCH", "/v2/user", &secret, &json!({ "email": "a@example.com" })).await;
    assert_eq!((status, &body["code"]), (400, &json!("validation_failed")), "{body}");
}

#[actix_web::test]
async fn a_user_is_not_changed_into_nonsense_nor_into_somebody_else() {
    let house = House::open();
    let (_, secret) = holding(&house, MEMBER, &[("user_details", Access::Full)]);
    let before = facts::text(&house, "SELECT string_agg(u::text, ',' ORDER BY id) FROM users u");
    for (body, fields) in [
        (json!({ "name": "" }), &["name"][..]),
        (json!({ "name": " " }), &["name"]),
        (json!({ "name": "a\u{0}b" }), &["name"]),
        (json!({ "name": "a\u{202e}b" }), &["name"]),
        (json!({ "name": "x".repeat(256) }), &["name"]),
        (json!({ "name": 5, "email": [] }), &["email", "name"]),
        (json!({ "email": "nobody" }), &["email"]),
        (json!({ "email": "" }), &["email"]),
        (json!({ "email": "mia@bücher.example" }), &["email"]),
        (json!({ "email": "mïa@example.com" }), &["email"]),
        (json!({ "name": "Fine", "email": "nobody" }), &["email"]),
    ] {
        let (status, answer) = ask(&house, "PATCH", "/v2/user", &secret, &body).await;
        assert_eq!((status, &answer["code"]), (400, &json!("validation_failed")), "{body}: {answer}");
        let named: Vec<&str> = answer["errors"].as_object().unwrap().keys().map(String::as_str).collect();
        assert_eq!(named, fields, "{body}");
    }
    assert_eq!(facts::text(&house, "SELECT string_agg(u::text, ',' ORDER BY id) FROM users u"), before);
}

#[actix_web::test]
async fn memberships_are_those_of_this_moment_with_the_role_in_each() {
    let house = House::open();
    let (acme, hobby) = (house.account("Acme"), house.account("Hobby"));
    let (_, secret) = holding(&house, OWNER, &[("memberships", Access::Read)]);
    let row =
        |id: i64, name: &str, role: &str| json!({ "account_id": id, "account_name": name, "role": role });
    let (status, body) = get(&house, "/v2/user/memberships", &secret).await;
    let expected = json!({ "data": [row(acme.get(), "Acme", "owner"), row(hobby.get(), "Hobby", "owner")] });
    assert_eq!((status, body), (200, expected));
    facts::change(
        &house,
        &format!("UPDATE memberships SET role = 'read_only' WHERE account_id = {acme} AND role = 'owner'"),
    );
    facts::change(&house, &format!("UPDATE accounts SET state = 'suspended' WHERE id = {hobby}"));
    let (_, body) = get(&house, "/v2/user/memberships", &secret).await;
    assert_eq!(
        body["data"],
        json!([row(acme.get(), "Acme", "read_only"), row(hobby.get(), "Hobby", "owner")])
    );
    facts::change(&house, &format!("DELETE FROM memberships WHERE account_id = {hobby}"));
    let (_, body) = get(&house, "/v2/user/memberships", &secret).await;
    assert_eq!(body["data"], json!([row(acme.get(), "Acme", "read_only")]));
}

#[actix_web::test]
async fn a_token_without_the_permission_is_told_the_scope() {
    let house = House::open();
    let (_, none) = holding(&house, OWNER, &[("zones", Access::Full)]);
    let (_, reading) = holding(&house, OWNER, &[("user_details", Access::Read)]);
    let name = json!({ "name": "" });
    refused(get(&house, "/v2/user", &none).await, "permission_denied", "user_details:*:read");
    refused(get(&house, "/v2/user/memberships", &none).await, "permission_denied", "memberships:*:read");
    assert_eq!(get(&house, "/v2/user", &reading).await.0, 200);
    refused(ask(&house, "PATCH", "/v2/user", &reading, &name).await, "write_denied", "user_details:*:write");
    refused(get(&house, "/v2/user/memberships", &reading).await, "permission_denied", "memberships:*:read");
    // Everything of a user's token includes them; an account's token has none.
    let everything = Policy::unconditional(Rights::Everything);
    let (_, of_user) = made::with(&house, Owner::User(house.user(READER).id), "All", everything.clone());
    assert_eq!(ask(&house, "PATCH", "/v2/user", &of_user, &json!({ "name": "Rea" })).await.0, 200);
    assert_eq!(get(&house, "/v2/user/memberships", &of_user).await.0, 200);
    let (_, of_account) = made::with(&house, Owner::Account(house.account("Acme")), "All", everything);
    refused(get(&house, "/v2/user", &of_account).await, "permission_denied", "user_details:*:read");
    refused(
        get(&house, "/v2/user/memberships", &of_account).await,
        "permission_denied",
        "memberships:*:read",
    );
    refused(
        ask(&house, "PATCH", "/v2/user", &of_account, &name).await,
        "permission_denied",
        "user_details:*:write",
    );
}

#[actix_web::test]
async fn permissions_over_the_user_reach_into_no_account() {
    let house = House::open();
    let acme = house.account("Acme");
    let (_, secret) =
        holding(&house, OWNER, &[("user_details", Access::Full), ("memberships", Access::Read)]);
    let (status, body) = get(&house, &format!("/v2/{acme}/zones"), &secret).await;
    assert_eq!((status, &body["code"]), (404, &json!("account_not_found")));
    assert_eq!(get(&house, "/v2/accounts", &secret).await, (200, json!({ "data": [] })));
}

#[actix_web::test]
async fn whoami_answers_with_the_user_and_accounts_with_what_the_token_reaches() {
    let house = House::open();
    let (acme, hobby) = (house.account("Acme"), house.account("Hobby"));
    let owner = house.user(OWNER);
    let only_hobby = [("zones", Access::Read, Selection::Account { account: hobby, except: Vec::new() })];
    let (_, narrowed) = made::granted(&house, Owner::User(owner.id), "Narrowed", &only_hobby);
    let everything = Policy::unconditional(Rights::Everything);
    let (wide, secret) = made::with(&house, Owner::User(owner.id), "Wide", everything);
    for secret in [&narrowed, &secret] {
        let (status, body) = get(&house, "/v2/whoami", secret).await;
        assert_eq!((status, &body["data"]["account"]), (200, &Value::Null));
        assert_eq!(
            (&body["data"]["user"]["id"], &body["data"]["user"]["email"]),
            (&json!(owner.id), &json!(OWNER))
        );
    }
    let listed = async |secret: &str| -> Vec<i64> {
        let (_, body) = get(&house, "/v2/accounts", secret).await;
        body["data"].as_array().unwrap().iter().map(|one| one["id"].as_i64().unwrap()).collect()
    };
    assert_eq!(listed(&narrowed).await, [hobby.get()]);
    assert_eq!(listed(&secret).await, [acme.get(), hobby.get()]);
    let (mut conn, origin) = (house.conn(), house.command_line());
    let account = Account::find(&mut conn, acme).unwrap().unwrap();
    let token = Token::itself(&mut conn, wide).unwrap().unwrap();
    token.block(&mut conn, &account, "a test", &origin).unwrap();
    assert_eq!(listed(&secret).await, [hobby.get()]);
    token.unblock(&mut conn, &account, &origin).unwrap();
    account.suspend(&mut conn, true, &origin).unwrap();
    assert_eq!(listed(&secret).await, [hobby.get()]);
    let (status, body) = get(&house, "/v2/whoami", &secret).await;
    assert_eq!((status, &body["data"]["user"]["id"]), (200, &json!(owner.id)));
}
