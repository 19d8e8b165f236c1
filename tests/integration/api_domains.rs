//! Domains over the API: each comes and goes with its zone.

use crate::facts;
use crate::program::Program;
use crate::support::House;
use serde_json::json;

#[actix_web::test]
async fn a_domain_is_made_with_its_zone_and_both_go_together() {
    let house = House::open();
    let acme = house.account("Acme");
    let program = Program::new(&house, acme, &["domains:*:write", "zones:*:read"]);
    let path = format!("/v2/{acme}/domains");
    let made = program.send("POST", &path, &json!({ "name": " Bücher.Example. " })).await;
    let id = made.data()["id"].as_i64().unwrap();
    let domain = json!({
        "id": id, "account_id": acme, "registrant_id": null, "name": "xn--bcher-kva.example",
        "unicode_name": "bücher.example", "state": "hosted", "auto_renew": false, "private_whois": false,
        "expires_on": null, "expires_at": null,
        "created_at": "2026-11-22T12:00:00Z", "updated_at": "2026-11-22T12:00:00Z",
    });
    assert_eq!((made.status, made.data()), (201, &domain));
    for asked in ["xn--bcher-kva.example", "b%C3%BCcher.example", &id.to_string()] {
        assert_eq!(program.get(&format!("{path}/{asked}")).await.data(), &domain, "{asked}");
    }
    let records = program.get(&format!("/v2/{acme}/zones/xn--bcher-kva.example/records")).await;
    assert_eq!(records.each("type"), ["SOA", "NS", "NS", "NS", "NS"]);
    assert!(records.each("system_record").iter().all(|system| system == true));
    program.send("POST", &path, &json!({ "name": "BÜCHER.example" })).await.invalid(&["name"]);

    let gone = program.ask("DELETE", &format!("{path}/{id}")).await;
    assert_eq!(gone.status, 204);
    for left in ["domains", "zones"] {
        let answer = program.get(&format!("/v2/{acme}/{left}/xn--bcher-kva.example")).await;
        assert_eq!(answer.status, 404, "{left}");
    }
    assert_eq!(
        facts::number(&house, "SELECT count(*) FROM records WHERE zone_id NOT IN (SELECT id FROM resources)"),
        0
    );
    let lines = facts::texts(
        &house,
        "concat_ws(' ', action, object_name, actor_id)",
        "audit_events WHERE actor_kind = 'token' ORDER BY id",
    );
    let line = |action| format!("{action} xn--bcher-kva.example {}", program.token);
    assert_eq!(lines, [line("domain.added"), line("domain.removed")]);
}

#[actix_web::test]
async fn making_a_domain_needs_all_including_future_ones_and_deleting_one_needs_that_one() {
    let house = House::open();
    let acme = house.account("Acme");
    let path = format!("/v2/{acme}/domains");
    let new = json!({ "name": "new.example" });
    let only = Program::new(&house, acme, &["domains:example.com:write"]);
    only.send("POST", &path, &new).await.needs("write_denied", "domains:*:write");
    let reader = Program::new(&house, acme, &["domains:*:read"]);
    reader.send("POST", &path, &new).await.needs("write_denied", "domains:*:write");
    reader
        .ask("DELETE", &format!("{path}/example.com"))
        .await
        .needs("write_denied", "domains:example.com:write");
    let zones = Program::new(&house, acme, &["zones:*:write"]);
    zones.send("POST", &path, &new).await.needs("permission_denied", "domains:*:write");
    assert_eq!(only.ask("DELETE", &format!("{path}/theburritobot.com")).await.status, 404);
    assert_eq!(only.get(&path).await.each("name"), [json!("example.com")]);
    assert_eq!(only.ask("DELETE", &format!("{path}/example.com")).await.status, 204);
    assert_eq!(facts::number(&house, "SELECT count(*) FROM resources WHERE name = 'example.com'"), 0);
    assert_eq!(facts::number(&house, "SELECT count(*) FROM resources WHERE name = 'new.example'"), 0);
    // What was left out stays left out, and may still not be there for others to take its place.
    let but = Program::new(&house, acme, &["domains:*,!anchor.example:write"]);
    assert_eq!(but.send("POST", &path, &new).await.status, 201);
}

#[actix_web::test]
async fn domains_are_sorted_by_when_they_end_and_say_what_they_are() {
    let house = House::open();
    let acme = house.account("Acme");
    let contact = "INSERT INTO contacts (account_id, label, first_name, last_name, job_title, organization_name, email, phone, fax, \
        address1, address2, city, state_province, postal_code, country, created_at, updated_at) \
        SELECT id, '', '', '', '', '', '', '', '', '', '', '', '', '', '', now(), now() FROM accounts WHERE name = 'Acme'";
    facts::change(&house, contact);
    for (name, end) in [("anchor.example", "2027-03-04 05:06Z"), ("ember.example", "2026-11-22 12:00Z")] {
        let set = format!(
            "UPDATE domains SET expires_at = '{end}', auto_renew = true, registrant_id = (SELECT max(id) FROM contacts)
             FROM resources WHERE id = resource_id AND name = '{name}'"
        );
        facts::change(&house, &set);
    }
    let program = Program::new(&house, acme, &["domains:*:read"]);
    let list = async |query: &str| program.get(&format!("/v2/{acme}/domains?{query}")).await;
    let first = list("sort=expiration:asc,name:desc&per_page=3").await;
    assert_eq!(first.each("name"), ["ember.example", "anchor.example", "theburritobot.com"]);
    assert_eq!(first.each("state"), ["expired", "registered", "registered"]);
    assert_eq!(list("sort=name:asc&per_page=1").await.each("state"), ["hosted"]);
    assert_eq!(first.each("expires_at")[1], "2027-03-04T05:06:00Z");
    assert_eq!(first.each("expires_on")[1], "2027-03-04");
    let last = list("sort=expiration:desc&per_page=2").await;
    assert_eq!(last.each("name"), ["example.com", "theburritobot.com"]);
    let owner = first.each("registrant_id")[0].as_i64().unwrap();
    let of_owner = list(&format!("registrant_id={owner}")).await;
    assert_eq!(of_owner.each("name"), ["anchor.example", "ember.example"]);
    assert_eq!(of_owner.body["pagination"]["total_entries"], 2);
    assert_eq!(list("registrant_id=x").await.status, 400);
    assert_eq!(list("registrant_id=99999999999999999999").await.status, 400);
    assert_eq!(list("name_like=ANCHOR").await.each("name"), ["anchor-shop.example", "anchor.example"]);
}

#[actix_web::test]
async fn what_is_no_domain_is_refused_and_nothing_is_made() {
    let house = House::open();
    let acme = house.account("Acme");
    let program = Program::new(&house, acme, &["domains:*:write"]);
    let path = format!("/v2/{acme}/domains");
    let before = facts::number(&house, "SELECT count(*) FROM resources");
    for name in [
        json!(null),
        json!(1),
        json!([]),
        json!({}),
        json!(""),
        json!("com"),
        json!("a b.com"),
        json!("a/b.com"),
        json!("a\u{0}.com"),
        json!("-a.com"),
        json!("a..com"),
        json!("*.com"),
        json!("a".repeat(300)),
        json!(format!("{}.com", "a".repeat(64))),
        json!("example.com"),
        json!(true),
    ] {
        program.send("POST", &path, &json!({ "name": name })).await.invalid(&["name"]);
    }
    program.send("POST", &path, &json!({})).await.invalid(&["name"]);
    for (body, status) in [
        ("", 400),
        ("{", 400),
        ("[]", 400),
        ("\"a\"", 400),
        ("null", 400),
        ("{\"name\":\"a.com\"", 400),
        ("\u{0}", 400),
        (&"[".repeat(100_000), 400),
        (&format!("{}1{}", "{\"a\":".repeat(200), "}".repeat(200)), 400),
        (&format!("{{\"name\":\"{}\"}}", "a".repeat(300_000)), 413),
    ] {
        let answer = program.call("POST", &path, Some(body.to_owned())).await;
        assert_eq!((answer.status.as_u16(), answer.header("content-type")), (status, "application/json"));
    }
    assert_eq!(facts::number(&house, "SELECT count(*) FROM resources"), before);
    // The last of two keys counts, as in most readers of JSON.
    let twice = program.call("POST", &path, Some("{\"name\":1,\"name\":\"twice.example\"}".to_owned())).await;
    assert_eq!(twice.status, 201);
}

#[actix_web::test]
async fn of_two_that_add_one_domain_at_once_one_does() {
    let house = House::open();
    let acme = house.account("Acme");
    let program = Program::new(&house, acme, &["domains:*:write"]);
    let (path, body) = (format!("/v2/{acme}/domains"), json!({ "name": "race.example" }));
    let calls = (0..8).map(|_| program.send("POST", &path, &body));
    let mut answers: Vec<u16> =
        futures_util::future::join_all(calls).await.into_iter().map(|answer| answer.status).collect();
    answers.sort_unstable();
    assert_eq!(answers, [201, 400, 400, 400, 400, 400, 400, 400]);
    let of_race = "SELECT count(*) FROM records JOIN resources ON resources.id = zone_id WHERE resources.name = 'race.example'";
    assert_eq!(facts::number(&house, of_race), 5);
}
