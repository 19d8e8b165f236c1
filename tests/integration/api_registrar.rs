//! What a registrar keeps of a domain, over the API.

use crate::facts;
use crate::program::Program;
use crate::support::House;
use serde_json::{Value, json};
use tokenhouse::policy::AccountId;

/// Of Acme's domains, example.com and theburritobot.com are registered, all others hosted only.
fn open() -> (House, AccountId) {
    let house = House::open();
    let acme = house.account("Acme");
    (house, acme)
}

fn of(account: AccountId, domain: &str) -> String {
    format!("/v2/{account}/registrar/domains/{domain}")
}

/// A column of a domain.
fn column(house: &House, name: &str, domain: &str) -> String {
    let of = "SELECT {} FROM domains JOIN resources ON id = resource_id WHERE kind = 'domain'";
    facts::text(house, &format!("{} AND name = '{domain}'", of.replace("{}", name)))
}

/// What the record says was done, by whom.
fn record(house: &House) -> Vec<String> {
    let line = "concat_ws(' ', action, object_name, actor_kind, actor_id, before, after)";
    facts::texts(house, line, "audit_events WHERE actor_kind = 'token' ORDER BY id")
}

#[actix_web::test]
async fn a_delegation_is_read_changed_and_recorded() {
    let (house, acme) = open();
    let program = Program::new(&house, acme, &["registrar:example.com:write"]);
    let path = format!("{}/delegation", of(acme, "example.com"));
    let before = program.get(&path).await;
    assert_eq!((before.status, before.data().as_array().unwrap().len()), (200, 4));
    let names = json!(["NS1.Example.net.", "ns2.example.net"]);
    let stored = json!(["ns1.example.net", "ns2.example.net"]);
    let answer = program.send("PUT", &path, &names).await;
    assert_eq!((answer.status, answer.data()), (200, &stored));
    assert_eq!(*program.get(&path).await.data(), stored);
    assert_eq!(column(&house, "name_servers", "example.com"), "{ns1.example.net,ns2.example.net}");
    // The same once more changes nothing, and nothing is recorded.
    assert_eq!(program.send("PUT", &path, &names).await.status, 200);
    let (token, was) = (program.token, json!({ "name_servers": before.data() }));
    let line = record(&house);
    assert_eq!(line.len(), 1, "{line:?}");
    assert!(line[0].starts_with(&format!("domain.delegated example.com token {token} ")), "{line:?}");
    let after = "SELECT before FROM audit_events WHERE action = 'domain.delegated'";
    assert_eq!(serde_json::from_str::<Value>(&facts::text(&house, after)).unwrap(), was);
}

#[actix_web::test]
async fn a_delegation_that_makes_no_sense_is_refused_and_nothing_is_changed() {
    let (house, acme) = open();
    let program = Program::new(&house, acme, &["registrar:*:write"]);
    let path = format!("{}/delegation", of(acme, "example.com"));
    let before = column(&house, "name_servers", "example.com");
    let many: Vec<String> = (0..14).map(|number| format!("ns{number}.example.net")).collect();
    for body in [
        json!([]),
        json!(["ns1.example.net"]),
        json!(many),
        json!(["ns1.example.net", "ns1.example.net"]),
        json!(["ns1.example.net", "nonsense"]),
        json!(["ns1.example.net", "a b.example.net"]),
        json!(["ns1.example.net", "\u{0}.example.net"]),
        json!(["ns1.example.net", 2]),
        json!(["ns1.example.net", null]),
        json!([["ns1.example.net", "ns2.example.net"]]),
        json!({ "name_servers": ["ns1.example.net", "ns2.example.net"] }),
        json!("ns1.example.net"),
        json!(null),
    ] {
        program.send("PUT", &path, &body).await.invalid(&["name_servers"]);
    }
    for (body, status) in [
        (String::new(), 400),
        ("[".to_owned(), 400),
        ("[".repeat(100_000), 400),
        (format!("[\"{}\"]", "a".repeat(300_000)), 413),
    ] {
        let answer = program.call("PUT", &path, Some(body)).await;
        assert_eq!((answer.status.as_u16(), answer.header("content-type")), (status, "application/json"));
    }
    assert_eq!(column(&house, "name_servers", "example.com"), before);
    assert_eq!(record(&house), Vec::<String>::new());
}

#[actix_web::test]
async fn auto_renewal_is_switched_on_and_off_without_a_word() {
    let (house, acme) = open();
    let program = Program::new(&house, acme, &["registrar:theburritobot.com:write"]);
    let path = format!("{}/auto_renewal", of(acme, "theburritobot.com"));
    for (method, is) in [("PUT", "true"), ("PUT", "true"), ("DELETE", "false"), ("DELETE", "false")] {
        let answer = program.ask(method, &path).await;
        assert_eq!((answer.status, answer.body), (204, Value::Null));
        assert_eq!(column(&house, "auto_renew", "theburritobot.com"), is);
    }
    let token = program.token;
    let line = |from, to| {
        format!("domain.auto_renewal_set theburritobot.com token {token} {{\"on\": {from}}} {{\"on\": {to}}}")
    };
    assert_eq!(record(&house), [line(false, true), line(true, false)]);
}

#[actix_web::test]
async fn a_transfer_lock_is_told_set_and_lifted() {
    let (house, acme) = open();
    let program = Program::new(&house, acme, &["registrar:*:write"]);
    let path = format!("{}/transfer_lock", of(acme, "example.com"));
    for (method, status, enabled) in [
        ("GET", 200, true),
        ("DELETE", 200, false),
        ("GET", 200, false),
        ("POST", 201, true),
        ("POST", 201, true),
    ] {
        let answer = program.ask(method, &path).await;
        assert_eq!((answer.status, answer.data()), (status, &json!({ "enabled": enabled })), "{method}");
    }
    assert_eq!(column(&house, "transfer_lock", "example.com"), "true");
    assert_eq!(record(&house).len(), 2);
}

#[actix_web::test]
async fn whois_privacy_is_made_once_and_switched_from_then_on() {
    let (house, acme) = open();
    let program = Program::new(&house, acme, &["registrar:example.com:write"]);
    let path = format!("{}/whois_privacy", of(acme, "example.com"));
    let never = "WHOIS privacy of `example.com` was never on";
    program.ask("DELETE", &path).await.refused(400, "whois_privacy_never_on", never);
    let domain =
        facts::number(&house, "SELECT id FROM resources WHERE kind = 'domain' AND name = 'example.com'");
    for (method, status, enabled) in [
        ("PUT", 201, true),
        ("PUT", 200, true),
        ("DELETE", 200, false),
        ("DELETE", 200, false),
        ("PUT", 200, true),
    ] {
        let answer = program.ask(method, &path).await;
        let expected = json!({
            "id": answer.data()["id"],
            "domain_id": domain,
            "expires_on": "2027-08-31",
            "enabled": enabled,
            "created_at": "2026-11-22T12:00:00Z",
            "updated_at": "2026-11-22T12:00:00Z",
        });
        assert_eq!((answer.status, answer.data()), (status, &expected), "{method}");
        assert!(answer.data()["id"].is_i64());
    }
    assert_eq!(facts::count(&house, "whois_privacies WHERE enabled"), 1);
    assert_eq!(record(&house).len(), 3);
}

/// Each change: method, what follows the domain, body.
fn changes() -> [(&'static str, &'static str, Value); 7] {
    [
        ("PUT", "delegation", json!(["ns1.example.net", "ns2.example.net"])),
        ("PUT", "auto_renewal", Value::Null),
        ("DELETE", "auto_renewal", Value::Null),
        ("PUT", "whois_privacy", Value::Null),
        ("DELETE", "whois_privacy", Value::Null),
        ("POST", "transfer_lock", Value::Null),
        ("DELETE", "transfer_lock", Value::Null),
    ]
}

#[actix_web::test]
async fn a_domain_that_is_hosted_only_is_not_changed() {
    let (house, acme) = open();
    let program = Program::with_everything(&house, acme);
    let message = "`anchor.example` is hosted only: it is registered elsewhere";
    for (method, what, body) in changes() {
        let answer = program.send(method, &format!("{}/{what}", of(acme, "anchor.example")), &body).await;
        answer.refused(400, "domain_not_registered", message);
    }
    for what in ["delegation", "transfer_lock"] {
        assert_eq!(program.get(&format!("{}/{what}", of(acme, "anchor.example"))).await.status, 200);
    }
    assert_eq!(record(&house), Vec::<String>::new());
}

#[actix_web::test]
async fn who_may_only_read_is_told_the_scope_that_would_change_it() {
    let (house, acme) = open();
    let reader = Program::new(&house, acme, &["registrar:example.com:read", "domains:*:write"]);
    let elsewhere = Program::new(&house, acme, &["registrar:theburritobot.com:write"]);
    let other = Program::new(&house, acme, &["domains:*:write", "zones:*:write"]);
    let foreign = Program::with_everything(&house, house.account("Rival"));
    let before = (column(&house, "domains", "example.com"), facts::count(&house, "whois_privacies"));
    for (method, what, body) in changes() {
        let path = format!("{}/{what}", of(acme, "example.com"));
        let scope = "registrar:example.com:write";
        reader.send(method, &path, &body).await.needs("write_denied", scope);
        other.send(method, &path, &body).await.needs("permission_denied", scope);
        let hidden = elsewhere.send(method, &path, &body).await;
        hidden.refused(404, "resource_not_found", "Domain `example.com` not found");
        foreign.send(method, &path, &body).await.refused(404, "account_not_found", "Not Found");
    }
    for what in ["delegation", "transfer_lock"] {
        let path = format!("{}/{what}", of(acme, "example.com"));
        assert_eq!(reader.get(&path).await.status, 200);
        other.get(&path).await.needs("permission_denied", "registrar:example.com:read");
        assert_eq!(elsewhere.get(&path).await.status, 404);
    }
    let after = (column(&house, "domains", "example.com"), facts::count(&house, "whois_privacies"));
    assert_eq!((after, record(&house)), (before, Vec::<String>::new()));
}

#[actix_web::test]
async fn a_check_says_the_same_of_every_name_whoever_holds_it() {
    let (house, acme) = open();
    let narrowed = Program::new(&house, acme, &["registrar:example.com:read"]);
    for name in ["example.com", "theburritobot.com", "rival.example", "free.example", "B%C3%BCcher.Example"] {
        let answer = narrowed.get(&format!("{}/check", of(acme, name))).await;
        let domain = if name.starts_with("B%") { "xn--bcher-kva.example" } else { name };
        let same = json!({ "domain": domain, "available": false, "premium": false });
        assert_eq!((answer.status, answer.data()), (200, &same));
    }
    for name in ["nonsense", "1", "a%20b.com", "%00.com", "a%2Fb.com", "%ff.com"] {
        narrowed.get(&format!("{}/check", of(acme, name))).await.invalid(&["domain"]);
    }
    let other = Program::new(&house, acme, &["domains:*:write"]);
    let answer = other.get(&format!("{}/check", of(acme, "free.example"))).await;
    answer.needs("permission_denied", "registrar:*:read");
}

#[actix_web::test]
async fn a_domain_that_went_away_is_not_found() {
    let (house, acme) = open();
    let program = Program::with_everything(&house, acme);
    // The row of the registrar alone, as if the domain went between the look-up and the change.
    facts::change(&house, "DELETE FROM domains");
    for (method, what, body) in changes() {
        let answer = program.send(method, &format!("{}/{what}", of(acme, "example.com")), &body).await;
        answer.refused(404, "resource_not_found", "Domain `example.com` not found");
    }
    assert_eq!(program.get(&format!("{}/delegation", of(acme, "example.com"))).await.status, 404);
}
