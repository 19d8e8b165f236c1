//! The API's door: whose token it is, and why a call is refused.

use super::facts;
use crate::support::client::{Answer, Browser, read, whoami};
use crate::support::{House, OWNER, ledger};
use time::Duration;
use tokenhouse::models::token::secret::{Kind, Secret};
use tokenhouse::policy::TokenId;

const ZONES: [(&str, &str); 4] =
    [("reach", "choose"), ("zones.access", "read"), ("zones.where", "all"), ("expires", "90")];

#[actix_web::test]
async fn a_secret_that_never_was_one_is_no_use_of_any_token() {
    let house = House::open();
    let acme = house.account("Acme");
    let mut owner = house.signed_in(OWNER).await;
    let (_, typo) = owner.make_full_token(acme, "Typo").await;
    let last = if typo.ends_with('0') { "1" } else { "0" };
    let typo = typo[..typo.len() - 1].to_owned() + last;
    let unknown = Secret::generate("tkh", Kind::Account).unwrap().expose().to_owned();
    for secret in [&typo, &unknown] {
        ledger::put_down(secret);
    }
    for secret in [None, Some("x"), Some(typo.as_str()), Some(unknown.as_str())] {
        let answer = call(&house.anybody(), "GET", "/v2/whoami", secret).await;
        assert_refused(&answer, 401, "invalid_token", "Authentication failed");
    }
    written(&house).await;
    assert_eq!(facts::number(&house, "SELECT count(*) FROM token_use"), 0);
}

/// State, what brings a token into it, what brings it back, status, code.
type Case = (&'static str, &'static str, &'static str, u16, &'static str);

const STATES: [Case; 8] = [
    ("active", "SELECT 1", "SELECT 1", 200, ""),
    (
        "suspended",
        "UPDATE accounts SET state = 'suspended' WHERE name = 'Acme'",
        "UPDATE accounts SET state = 'active' WHERE name = 'Acme'",
        401,
        "owner_away",
    ),
    (
        "being deleted",
        "UPDATE accounts SET state = 'deleting' WHERE name = 'Acme'",
        "UPDATE accounts SET state = 'active' WHERE name = 'Acme'",
        401,
        "owner_away",
    ),
    (
        "disabled",
        "UPDATE tokens SET disabled_at = '2026-11-22 12:00Z'",
        "UPDATE tokens SET disabled_at = NULL",
        401,
        "token_disabled",
    ),
    (
        "frozen",
        "UPDATE accounts SET plan = 'solo' WHERE name = 'Acme'",
        "UPDATE accounts SET plan = 'teams' WHERE name = 'Acme'",
        401,
        "token_frozen",
    ),
    (
        "not yet",
        "UPDATE tokens SET not_before = '2026-11-22 12:00:01Z'",
        "UPDATE tokens SET not_before = '2026-11-22 12:00:00Z'",
        401,
        "token_not_yet",
    ),
    (
        "secret replaced",
        "UPDATE token_secrets SET ended_at = '2026-11-22 12:00Z', ended_why = 'replaced'",
        "UPDATE token_secrets SET ended_at = NULL, ended_why = NULL, ends_at = '2026-11-22 12:00:01Z'",
        401,
        "secret_replaced",
    ),
    (
        "another network",
        "UPDATE tokens SET refused_networks = '{127.0.0.0/8}'",
        "UPDATE tokens SET refused_networks = '{}', allowed_networks = '{127.0.0.1/32}'",
        403,
        "address_refused",
    ),
];

#[actix_web::test]
async fn a_token_that_pauses_is_refused_with_the_cause_and_works_again_when_it_has_gone() {
    let house = House::open();
    let acme = house.account("Acme");
    for (state, into, back, status, code) in STATES {
        facts::end_tokens(&house, "");
        let mut fields = vec![("name", state)];
        fields.extend(ZONES);
        let (token, secret) = house.signed_in(OWNER).await.make_token(acme, &fields).await;
        facts::change(&house, into);
        let (answered, body) = whoami(house.address, &secret).await;
        assert_eq!(
            (answered.as_u16(), body["code"].as_str().unwrap_or("")),
            (status, code),
            "{state}: {body}"
        );
        written(&house).await;
        // A use is every call whose secret was accepted, also one from a wrong network.
        assert_eq!(uses_of(&house, token), i64::from(status != 401), "{state}");
        facts::change(&house, back);
        let (answered, body) = whoami(house.address, &secret).await;
        assert_eq!(answered, 200, "{state} no more: {body}");
    }
}

#[actix_web::test]
async fn a_token_that_has_ended_is_refused_with_the_cause_for_ever() {
    let house = House::open();
    let acme = house.account("Acme");
    let mut owner = house.signed_in(OWNER).await;
    let (deleted, secret_of_deleted) = owner.make_full_token(acme, "Deleted").await;
    let expires = [("name", "Expired"), ("reach", "everything"), ("expires", "30")];
    let (expired, secret_of_expired) = owner.make_token(acme, &expires).await;
    owner.delete_token(acme, deleted).await;
    // Thirty days from the 22nd at noon are through the 22nd of December.
    house.clock.advance(Duration::days(30) + Duration::hours(12) - Duration::seconds(1));
    assert_eq!(whoami(house.address, &secret_of_expired).await.0, 200);
    house.clock.advance(Duration::seconds(1));
    for (token, secret, code, used) in
        [(deleted, secret_of_deleted, "token_deleted", 0), (expired, secret_of_expired, "token_expired", 1)]
    {
        let answer = call(&house.anybody(), "GET", "/v2/whoami", Some(&secret)).await;
        assert_refused(&answer, 401, code, "Authentication failed");
        written(&house).await;
        assert_eq!(uses_of(&house, token), used, "{code}");
    }
}

#[actix_web::test]
async fn whoami_names_the_account_in_the_form_of_dnsimple() {
    let house = House::open();
    let acme = house.account("Acme");
    let (token, secret) = house.signed_in(OWNER).await.make_full_token(acme, "Who").await;
    for (bearer, own) in [(true, false), (false, true), (true, true)] {
        let mut request = house.anybody().request("GET", "/v2/whoami").header("user-agent", "dnsimple-go/1");
        if bearer {
            request = request.bearer_auth(&secret);
        }
        if own {
            request = request.header("xc-token", &secret);
        }
        let answer = read(request).await;
        let body: serde_json::Value = serde_json::from_str(&answer.body).unwrap();
        assert_eq!((answer.status.as_u16(), answer.header("content-type")), (200, "application/json"));
        let account = &body["data"]["account"];
        assert_eq!((&account["id"], account["name"].as_str()), (&acme.get().into(), Some("Acme")), "{body}");
        assert_eq!(account["created_at"], "2026-11-22T12:00:00Z");
        assert!(body["data"].as_object().unwrap()["user"].is_null());
    }
    written(&house).await;
    let client =
        format!("SELECT client FROM token_use JOIN token_secrets ON id = secret_id WHERE token_id = {token}");
    assert_eq!(facts::text(&house, &client), "dnsimple-go/1");
}

#[actix_web::test]
async fn a_token_of_a_user_names_the_user_and_stops_with_them() {
    let house = House::open();
    let (acme, user) = (house.account("Acme"), house.user(OWNER));
    let (token, secret) = house.signed_in(OWNER).await.make_full_token(acme, "Mine").await;
    let owned = format!(
        "UPDATE tokens SET kind = 'user', account_id = NULL, user_id = {} WHERE id = {token}",
        user.id
    );
    facts::change(&house, &owned);
    let (status, body) = whoami(house.address, &secret).await;
    assert_eq!((status.as_u16(), body["data"]["user"]["email"].as_str()), (200, Some(OWNER)));
    assert!(body["data"].as_object().unwrap()["account"].is_null());
    user.deactivate(&mut house.conn(), &house.command_line()).unwrap();
    let (status, body) = whoami(house.address, &secret).await;
    assert_eq!((status.as_u16(), body["code"].as_str()), (401, Some("owner_away")));
    assert_eq!(facts::live_tokens(&house), 1);
}

#[actix_web::test]
async fn secrets_that_conflict_and_addresses_that_do_not_exist_are_refused_as_json() {
    let house = House::open();
    let acme = house.account("Acme");
    let mut owner = house.signed_in(OWNER).await;
    let (_, one) = owner.make_full_token(acme, "One").await;
    let (_, two) = owner.make_full_token(acme, "Two").await;
    let anybody = house.anybody();
    let answer = read(anybody.request("GET", "/v2/whoami").bearer_auth(&one).header("xc-token", &two)).await;
    assert_refused(&answer, 401, "conflicting_credentials", "Authentication failed");
    for path in ["/v2", "/v2/", "/v2/nothing", "/v2/whoami/"] {
        let answer = call(&anybody, "GET", path, Some(&one)).await;
        assert_refused(&answer, 404, "not_found", "Not Found");
    }
    let answer = call(&anybody, "POST", "/v2/whoami", Some(&one)).await;
    assert_eq!((answer.status.as_u16(), answer.body.as_str()), (405, ""));
    written(&house).await;
    assert_eq!(facts::number(&house, "SELECT count(*) FROM token_use"), 0);
}

async fn call(caller: &Browser, method: &str, path: &str, secret: Option<&str>) -> Answer {
    let request = caller.request(method, path);
    read(match secret {
        Some(secret) => request.bearer_auth(secret),
        None => request,
    })
    .await
}

fn assert_refused(answer: &Answer, status: u16, code: &str, message: &str) {
    let body: serde_json::Value = serde_json::from_str(&answer.body).unwrap();
    assert_eq!(answer.status, status, "{body}");
    assert_eq!((body["code"].as_str(), body["message"].as_str()), (Some(code), Some(message)));
    assert_eq!(answer.header("content-type"), "application/json");
}

async fn written(house: &House) {
    house.app.buffers.last_uses.flush_all(&house.app.db, house.clock.now()).await.unwrap();
}

fn uses_of(house: &House, token: TokenId) -> i64 {
    let of = format!(
        "SELECT count(*) FROM token_use JOIN token_secrets ON id = secret_id WHERE token_id = {token}"
    );
    facts::number(house, &of)
}
