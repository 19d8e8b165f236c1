//! What a token is, for whoever holds its secret: in our form, and in Cloudflare's.

use super::facts;
use crate::support::client::{Answer, read};
use crate::support::{House, MEMBER, OWNER, ledger, made};
use serde_json::{Value, json};
use time::Duration;
use tokenhouse::models::token::Owner;
use tokenhouse::models::token::secret::{Kind, Secret};
use tokenhouse::policy::{Access, Policy, Rights, Selection};

const OURS: &str = "/v2/tokens/verify";
const THEIRS: &str = "/client/v4/user/tokens/verify";

async fn ask(house: &House, path: &str, secret: &str) -> (u16, Value) {
    let answer = read(house.anybody().request("GET", path).bearer_auth(secret)).await;
    told(&answer)
}

fn told(answer: &Answer) -> (u16, Value) {
    assert_eq!(answer.header("content-type"), "application/json", "{}", answer.body);
    assert!(answer.header("x-ratelimit-remaining").parse::<u64>().is_ok(), "no budget is told");
    (answer.status.as_u16(), serde_json::from_str(&answer.body).unwrap())
}

/// What makes a token so, what undoes it, and what is told: status and code.
const STATES: [(&str, &str, &str, &str); 8] = [
    (
        "tokens SET deleted_at = '2026-11-22 12:00Z', deleted_why = 'person'",
        "tokens SET deleted_at = NULL, deleted_why = NULL",
        "expired",
        "token_deleted",
    ),
    (
        "tokens SET expires_at = '2026-11-22 12:00Z'",
        "tokens SET expires_at = NULL",
        "expired",
        "token_expired",
    ),
    (
        "token_secrets SET ended_at = '2026-11-22 12:00Z', ended_why = 'replaced'",
        "token_secrets SET ended_at = NULL, ended_why = NULL",
        "expired",
        "secret_replaced",
    ),
    (
        "token_secrets SET ends_at = '2026-11-22 12:00Z'",
        "token_secrets SET ends_at = NULL",
        "expired",
        "secret_replaced",
    ),
    ("accounts SET state = 'suspended'", "accounts SET state = 'active'", "disabled", "owner_away"),
    (
        "tokens SET disabled_at = '2026-11-22 12:00Z'",
        "tokens SET disabled_at = NULL",
        "disabled",
        "token_disabled",
    ),
    ("accounts SET plan = 'solo'", "accounts SET plan = 'teams'", "disabled", "token_frozen"),
    (
        "tokens SET not_before = '2026-11-25 12:00Z'",
        "tokens SET not_before = NULL",
        "active",
        "token_not_yet",
    ),
];

#[actix_web::test]
async fn the_holder_of_a_real_secret_is_told_its_state_whatever_that_is() {
    let house = House::open();
    let all = Selection::Everywhere { except: Vec::new() };
    let grants = [("zones", Access::Read, all)];
    let (token, secret) = made::granted(&house, Owner::Account(house.account("Acme")), "Deploy", &grants);
    let id = token.to_string();
    for (into, back, status, code) in STATES {
        facts::change(&house, &format!("UPDATE {into}"));
        let (answered, body) = ask(&house, OURS, &secret).await;
        assert_eq!(answered, 200, "{into}");
        let data = &body["data"];
        assert_eq!(
            (&data["id"], &data["status"], &data["code"]),
            (&json!(token), &json!(status), &json!(code))
        );
        let not_before = if code == "token_not_yet" { json!("2026-11-25T12:00:00Z") } else { Value::Null };
        assert_eq!(data["not_before"], not_before);
        let (answered, body) = ask(&house, THEIRS, &secret).await;
        assert_eq!(answered, 200, "{into}");
        assert_eq!((&body["success"], &body["messages"]), (&json!(true), &json!([])));
        let result = &body["result"];
        assert_eq!((&result["id"], &result["status"]), (&json!(id), &json!(status)), "{into}");
        assert_eq!(result.get("not_before").cloned().unwrap_or_default(), not_before);
        facts::change(&house, &format!("UPDATE {back}"));
        let (answered, body) = ask(&house, OURS, &secret).await;
        let expected = json!({ "id": token, "status": "active", "not_before": null, "expires_on": null });
        assert_eq!((answered, &body["data"]), (200, &expected), "{back}");
    }
    // What does not work was not used, and asking was no refused call.
    house.app.buffers.last_uses.flush_all(&house.app.db, house.clock.now()).await.unwrap();
    house.app.buffers.refusals.flush(&house.app.db, house.clock.now()).await.unwrap();
    assert_eq!(facts::count(&house, "token_use"), 1);
    assert_eq!(facts::count(&house, "token_refusals"), 0);
}

#[actix_web::test]
async fn the_answer_to_cloudflares_clients_is_in_their_envelope_to_the_letter() {
    let house = House::open();
    let soon = house.clock.now() + Duration::days(9);
    let policy = Policy { expires_at: Some(soon), ..Policy::unconditional(Rights::Everything) };
    let of_user = Owner::User(house.user(MEMBER).id);
    let (token, secret) = made::with(&house, of_user, "Terraform", policy);
    let expected = json!({
        "success": true,
        "errors": [],
        "messages": [{ "code": 10000, "message": "This API Token is valid and active" }],
        "result": { "id": token.to_string(), "status": "active", "expires_on": "2026-12-01T12:00:00Z" },
    });
    assert_eq!(ask(&house, THEIRS, &secret).await, (200, expected));
    let data =
        json!({ "id": token, "status": "active", "not_before": null, "expires_on": "2026-12-01T12:00:00Z" });
    assert_eq!(ask(&house, OURS, &secret).await, (200, json!({ "data": data })));
    house.app.buffers.last_uses.flush_all(&house.app.db, house.clock.now()).await.unwrap();
    assert_eq!(facts::count(&house, "token_use"), 1);
    // A deactivated user is away.
    house.user(MEMBER).deactivate(&mut house.conn(), &house.command_line()).unwrap();
    assert_eq!(ask(&house, THEIRS, &secret).await.1["result"]["status"], "disabled");
}

#[actix_web::test]
async fn an_older_secret_of_a_rolled_token_is_told_when_it_ends() {
    let house = House::open();
    let acme = house.account("Acme");
    let mut owner = house.signed_in(OWNER).await;
    let (token, old) = owner.make_full_token(acme, "Deploy").await;
    let new = crate::roll::rolled(&mut owner, &format!("/accounts/{acme}/tokens/{token}"), "day").await;
    assert_eq!(ask(&house, OURS, &old).await.1["data"]["expires_on"], "2026-11-23T12:00:00Z");
    assert_eq!(ask(&house, OURS, &new).await.1["data"]["expires_on"], "2027-02-21T00:00:00Z");
    assert_eq!(facts::count(&house, "token_secrets WHERE first_used_at IS NOT NULL"), 0);
}

fn theirs(code: u32, message: &str) -> Value {
    let error = json!({ "code": code, "message": message });
    json!({ "success": false, "errors": [error], "messages": [], "result": null })
}

#[actix_web::test]
async fn whoever_holds_no_real_secret_is_told_nothing() {
    let house = House::open();
    let unknown = Secret::generate("tkh", Kind::Account).unwrap();
    ledger::put_down(unknown.expose());
    for secret in [unknown.expose(), "x", "tkh_a_nothing"] {
        let (status, body) = ask(&house, OURS, secret).await;
        assert_eq!((status, &body["code"]), (401, &json!("invalid_token")), "{secret}");
        assert_eq!(ask(&house, THEIRS, secret).await, (401, theirs(1000, "Invalid API Token")), "{secret}");
    }
    let malformed: [&[(&str, &str)]; 5] = [
        &[],
        &[("authorization", "Basic YTpi")],
        &[("authorization", "Bearer")],
        &[("authorization", "Bearer x"), ("authorization", "Bearer x")],
        &[("authorization", "Bearer x"), ("xc-token", "y")],
    ];
    for headers in malformed {
        let request = |path| {
            let request = house.anybody().request("GET", path);
            headers.iter().fold(request, |request, (name, value)| request.header(*name, *value))
        };
        assert_eq!(told(&read(request(OURS)).await).0, 401, "{headers:?}");
        let expected = (400, theirs(6003, "Invalid request headers"));
        assert_eq!(told(&read(request(THEIRS)).await), expected, "{headers:?}");
    }
}

#[actix_web::test]
async fn from_another_network_it_is_refused() {
    let house = House::open();
    let policy = Policy {
        refused_networks: vec!["127.0.0.0/8".parse().unwrap()],
        ..Policy::unconditional(Rights::Everything)
    };
    let (_, secret) = made::with(&house, Owner::Account(house.account("Acme")), "Deploy", policy);
    let (status, body) = ask(&house, OURS, &secret).await;
    assert_eq!((status, &body["code"]), (403, &json!("address_refused")));
    let expected = theirs(9109, "Cannot use the access token from location: 127.0.0.1");
    assert_eq!(ask(&house, THEIRS, &secret).await, (403, expected));
    house.app.buffers.refusals.flush(&house.app.db, house.clock.now()).await.unwrap();
    let noted = facts::text(&house, "SELECT concat(reason, ' ', calls) FROM token_refusals");
    assert_eq!(noted, "address_refused 2");
}

#[actix_web::test]
async fn nothing_else_of_cloudflares_is_answered_and_every_error_is_in_their_envelope() {
    let house = House::open();
    let (_, secret) = house.signed_in(OWNER).await.make_full_token(house.account("Acme"), "Deploy").await;
    for path in ["/client/v4", "/client/v4/user/tokens", "/client/v4/zones", "/client/v4/user/tokens/verify/"]
    {
        let (status, body) = ask(&house, path, &secret).await;
        assert_eq!((status, &body["success"]), (404, &json!(false)), "{path}");
        assert!(body["errors"][0]["code"].as_u64().unwrap() >= 1_000, "{path}");
    }
    let request = house.anybody().request("POST", THEIRS).bearer_auth(&secret);
    assert_eq!(told(&read(request).await).0, 405);
    let spent = facts::number(&house, "SELECT max(id) FROM accounts WHERE name = 'Acme'");
    facts::change(
        &house,
        &format!("INSERT INTO budgets VALUES ('account {spent}', '2026-11-22 12:00Z', 2400)"),
    );
    assert_eq!(ask(&house, "/v2/whoami", &secret).await.0, 429, "the budget is empty");
    for path in [OURS, THEIRS] {
        let (status, body) = ask(&house, path, &secret).await;
        assert_eq!(status, 200, "{path}: {body}");
    }
    let end = house.anybody().request("DELETE", "/v2/tokens/current").bearer_auth(&secret);
    assert_eq!(read(end).await.status, 204, "no budget keeps a token from ending itself");
    let (_, body) = ask(&house, OURS, &secret).await;
    assert!(body.to_string().contains("token_deleted"), "{body}");
    super::faults::set_away(&house, true);
    for path in [OURS, THEIRS] {
        let (status, body) = ask(&house, path, &secret).await;
        assert_eq!(status, 503, "{path}: {body}");
    }
    super::faults::set_away(&house, false);
}
