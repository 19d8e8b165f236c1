//! The account over the API, the accounts that a token reaches, and a token that ends itself.

use crate::facts;
use crate::program::Program;
use crate::support::client::read;
use crate::support::{House, MEMBER, OWNER};
use serde_json::{Value, json};

/// Gives a token to a user, with its grants reaching everywhere, as no form does yet.
fn to_user(house: &House, program: &Program, email: &str) {
    let (token, user) = (program.token, house.user(email).id);
    let sql = format!(
        "UPDATE tokens SET kind = 'user', account_id = NULL, user_id = {user} WHERE id = {token};
         UPDATE token_grants SET reach = 'everything', account_id = NULL
         WHERE token_id = {token} AND reach = 'account'"
    );
    facts::change(house, &sql);
}

#[actix_web::test]
async fn a_token_lists_the_accounts_that_it_reaches_without_pages() {
    let house = House::open();
    let (acme, hobby) = (house.account("Acme"), house.account("Hobby"));
    let own = Program::new(&house, acme, &["zones:*:read"]);
    let answer = own.get("/v2/accounts").await;
    let expected = json!({ "data": [{
        "id": acme,
        "email": "billing@acme.example",
        "name": "Acme",
        "plan_identifier": "teams-v1-monthly",
        "created_at": "2026-11-22T12:00:00Z",
        "updated_at": "2026-11-22T12:00:00Z",
    }] });
    assert_eq!((answer.status, answer.body), (200, expected));

    // A user's token reaches the accounts of the user; the owner has two.
    for program in [Program::with_everything(&house, acme), Program::new(&house, acme, &["zones:*:read"])] {
        to_user(&house, &program, OWNER);
        assert_eq!(program.get("/v2/accounts").await.each("id"), [acme.get(), hobby.get()]);
        to_user(&house, &program, MEMBER);
        assert_eq!(program.get("/v2/accounts").await.each("id"), [acme.get()]);
        facts::change(&house, "DELETE FROM memberships WHERE role = 'read_write'");
        assert_eq!(program.get("/v2/accounts").await.body, json!({ "data": [] }));
        facts::change(
            &house,
            "INSERT INTO memberships SELECT a.id, u.id, 'read_write', a.created_at FROM accounts a, users u
             WHERE a.name = 'Acme' AND u.email = 'member@example.com'",
        );
    }
}

#[actix_web::test]
async fn accounts_that_would_not_let_the_token_in_are_not_listed() {
    let house = House::open();
    let (acme, hobby) = (house.account("Acme"), house.account("Hobby"));
    let narrowed = Program::new(&house, acme, &["zones:example.com:read"]);
    to_user(&house, &narrowed, OWNER);
    assert_eq!(narrowed.get("/v2/accounts").await.each("id"), [acme.get()]);

    let program = Program::with_everything(&house, acme);
    to_user(&house, &program, OWNER);
    let listed = || async { program.get("/v2/accounts").await.each("id") };
    let token = program.token;
    let cases = [
        (
            format!("INSERT INTO token_blocks VALUES ({token}, {acme}, '2026-11-22 12:00Z', NULL, '')"),
            "DELETE FROM token_blocks",
        ),
        (
            format!("UPDATE accounts SET state = 'suspended' WHERE id = {acme}"),
            "UPDATE accounts SET state = 'active'",
        ),
        (
            format!(
                "INSERT INTO account_limits (account_id, everything_allowed, life_since, network_since,
                                             everything_since)
                 SELECT {acme}, false, at, at, at FROM (SELECT timestamptz '2026-11-22 12:00Z') AS now (at)"
            ),
            "DELETE FROM account_limits",
        ),
    ];
    for (into, back) in cases {
        facts::change(&house, &into);
        assert_eq!(listed().await, [hobby.get()], "{into}");
        facts::change(&house, back);
        assert_eq!(listed().await, [acme.get(), hobby.get()], "{back}");
    }
}

#[actix_web::test]
async fn a_token_ends_itself_and_the_next_call_is_refused() {
    let house = House::open();
    let acme = house.account("Acme");
    for scopes in [Some(["billing:*:read"]), None] {
        let program = match scopes {
            Some(scopes) => Program::new(&house, acme, &scopes),
            None => Program::with_everything(&house, acme),
        };
        let other = Program::new(&house, acme, &["billing:*:read"]);
        let answer = program.ask("DELETE", "/v2/tokens/current").await;
        assert_eq!((answer.status, answer.body), (204, Value::Null));
        for _ in 0..2 {
            let again = program.ask("DELETE", "/v2/tokens/current").await;
            again.refused(401, "token_deleted", "Authentication failed");
        }
        program.get("/v2/whoami").await.refused(401, "token_deleted", "Authentication failed");
        assert_eq!(other.get("/v2/whoami").await.status, 200);
        let token = program.token;
        let ended = format!("SELECT deleted_why FROM tokens WHERE id = {token} AND deleted_by IS NULL");
        assert_eq!(facts::text(&house, &ended), "itself");
        let line = "concat_ws(' ', action, actor_kind, actor_id, actor_name, account_id, host(address))";
        let lines =
            format!("audit_events WHERE object_kind = 'token' AND object_id = {token} ORDER BY id DESC");
        let line = facts::texts(&house, line, &lines).remove(0);
        assert_eq!(line, format!("token.deleted token {token} Program {acme} 127.0.0.1"));
        // Its page says so.
        let mut owner = house.signed_in(OWNER).await;
        let page = owner.get(&format!("/accounts/{acme}/tokens/{token}")).await.text();
        assert!(page.contains("Deleted by itself on 22 Nov 2026"), "{page}");
        let list = owner.get(&format!("/accounts/{acme}/tokens/ended")).await.text();
        assert!(list.contains("Deleted by itself"), "{list}");
    }
}

#[actix_web::test]
async fn a_token_of_a_user_ends_itself_too() {
    let house = House::open();
    let acme = house.account("Acme");
    let program = Program::new(&house, acme, &["zones:*:read"]);
    to_user(&house, &program, OWNER);
    assert_eq!(program.ask("DELETE", "/v2/tokens/current").await.status, 204);
    program.get("/v2/accounts").await.refused(401, "token_deleted", "Authentication failed");
}

#[actix_web::test]
async fn without_a_token_nothing_of_it_is_answered() {
    let house = House::open();
    let anybody = house.anybody();
    for (method, path) in [("GET", "/v2/accounts"), ("DELETE", "/v2/tokens/current")] {
        for secret in ["", "x"] {
            let answer = read(anybody.request(method, path).bearer_auth(secret)).await;
            assert_eq!(answer.status, 401, "{method} {path}");
        }
    }
}

#[actix_web::test]
async fn the_account_is_shown_and_changed_and_the_change_recorded() {
    let house = House::open();
    let acme = house.account("Acme");
    let path = format!("/v2/{acme}/account");
    let program = Program::new(&house, acme, &["account:*:write"]);
    let answer = program.get(&path).await;
    assert_eq!((answer.status, answer.data()["name"].as_str()), (200, Some("Acme")));
    let whoami = program.get("/v2/whoami").await;
    assert_eq!(answer.data(), &whoami.data()["account"]);

    house.clock.advance(time::Duration::minutes(1));
    let change = json!({ "name": " Acme & Sons ", "email": null });
    let answer = program.send("PATCH", &path, &change).await;
    assert_eq!((answer.status, answer.data()["name"].as_str()), (200, Some("Acme & Sons")));
    assert_eq!(answer.data()["email"], "billing@acme.example");
    assert_eq!(answer.data()["updated_at"], "2026-11-22T12:01:00Z");
    let answer = program.send("PATCH", &path, &json!({ "email": "sons@acme.example" })).await;
    assert_eq!(answer.data()["name"], "Acme & Sons");
    assert_eq!(answer.data()["email"], "sons@acme.example");
    // Nothing to change: no line.
    assert_eq!(program.send("PATCH", &path, &json!({})).await.status, 200);
    assert_eq!(program.ask("PATCH", &path).await.status, 200);
    let line = "concat_ws(' ', action, actor_kind, actor_id, before->>'email', after->>'email')";
    let lines = facts::texts(&house, line, "audit_events WHERE action = 'account.changed' ORDER BY id");
    let token = program.token;
    let start = format!("account.changed token {token} billing@acme.example");
    assert_eq!(lines, [format!("{start} billing@acme.example"), format!("{start} sons@acme.example")]);
}

#[actix_web::test]
async fn an_account_is_not_changed_into_nonsense_nor_by_who_may_only_read() {
    let house = House::open();
    let acme = house.account("Acme");
    let path = format!("/v2/{acme}/account");
    let program = Program::new(&house, acme, &["account:*:write"]);
    let before = facts::text(&house, "SELECT accounts FROM accounts WHERE name = 'Acme'");
    for (body, fields) in [
        (json!({ "name": "" }), &["name"][..]),
        (json!({ "name": " \t" }), &["name"]),
        (json!({ "name": "a\u{0}b" }), &["name"]),
        (json!({ "name": "a\u{202e}b" }), &["name"]),
        (json!({ "name": "x".repeat(256) }), &["name"]),
        (json!({ "name": 5, "email": [] }), &["name", "email"]),
        (json!({ "email": "nobody" }), &["email"]),
        (json!({ "name": "Fine", "email": "" }), &["email"]),
    ] {
        program.send("PATCH", &path, &body).await.invalid(fields);
    }
    let reader = Program::new(&house, acme, &["account:*:read"]);
    assert_eq!(reader.get(&path).await.status, 200);
    reader.send("PATCH", &path, &json!({ "name": "" })).await.needs("write_denied", "account:*:write");
    let other = Program::new(&house, acme, &["billing:*:write"]);
    other.get(&path).await.needs("permission_denied", "account:*:read");
    let foreign = Program::with_everything(&house, house.account("Rival"));
    let answer = foreign.send("PATCH", &path, &json!({ "name": "Ours" })).await;
    answer.refused(404, "account_not_found", "Not Found");
    assert_eq!(facts::text(&house, "SELECT accounts FROM accounts WHERE name = 'Acme'"), before);
}
