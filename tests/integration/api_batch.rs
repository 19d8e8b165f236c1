//! Batches of changes over the API: all of it, or nothing.

use crate::facts;
use crate::program::Program;
use crate::support::House;
use serde_json::{Value, json};
use tokenhouse::policy::AccountId;

const RECORDS: &str = "concat_ws(' ', name, record_type, content, ttl)";

fn of(account: AccountId) -> String {
    format!("/v2/{account}/zones/anchor.example/batch")
}

fn kept(house: &House) -> Vec<String> {
    let zone = facts::zone(house, house.account("Acme"), "anchor.example");
    facts::texts(
        house,
        RECORDS,
        &format!("records WHERE zone_id = {zone} ORDER BY name, record_type, content"),
    )
}

fn id_of(house: &House, name: &str, record_type: &str) -> i64 {
    let zone = facts::zone(house, house.account("Acme"), "anchor.example");
    let of = format!(
        "SELECT id FROM records WHERE zone_id = {zone} AND name = '{name}' AND record_type = '{record_type}'"
    );
    facts::number(house, &of)
}

fn open() -> (House, AccountId) {
    let house = House::open();
    house.set_plan("Acme", "enterprise");
    let acme = house.account("Acme");
    (house, acme)
}

#[actix_web::test]
async fn deletes_come_first_then_updates_then_creates() {
    let (house, acme) = open();
    let program = Program::new(&house, acme, &["zones:anchor.example:write"]);
    let (www, mail) = (id_of(&house, "www", "A"), id_of(&house, "", "MX"));
    let serial = |soa: &str| soa.split(' ').nth(4).unwrap().parse::<i64>().unwrap();
    let before = serial(kept(&house).iter().find(|line| line.contains("SOA")).unwrap());
    let body = json!({
        "creates": [
            { "name": "www", "type": "CNAME", "content": "example.net" },
            { "name": "", "type": "A", "content": "192.0.2.1", "ttl": 60 },
        ],
        "updates": [{ "id": mail, "content": "mx.example.net", "priority": null }],
        "deletes": [{ "id": www }],
    });
    let done = program.send("POST", &of(acme), &body).await;
    assert_eq!(done.status, 200, "{}", done.body);
    let data = done.data();
    assert_eq!((&data["creates"][0]["type"], &data["creates"][1]["ttl"]), (&json!("CNAME"), &json!(60)));
    assert_eq!(
        (&data["updates"][0]["content"], &data["updates"][0]["priority"]),
        (&json!("mx.example.net"), &json!(10))
    );
    assert_eq!(data["deletes"], json!([{ "id": www }]));
    let after = serial(kept(&house).iter().find(|line| line.contains("SOA")).unwrap());
    assert_eq!(after, before + 1);
    let actions = facts::texts(&house, "action", "audit_events WHERE actor_kind = 'token' ORDER BY id");
    assert_eq!(actions, ["record.deleted", "record.updated", "record.created", "record.created"]);
    let empty = program.send("POST", &of(acme), &json!({})).await;
    assert_eq!((empty.status, empty.data()), (200, &json!({ "creates": [], "updates": [], "deletes": [] })));
}

#[actix_web::test]
async fn one_change_that_cannot_be_done_undoes_all_and_says_which_it_was() {
    let (house, acme) = open();
    let program = Program::new(&house, acme, &["zones:*:write"]);
    let (www, soa, before) = (id_of(&house, "www", "A"), id_of(&house, "", "SOA"), kept(&house));
    let body = json!({
        "creates": [
            { "name": "good", "type": "A", "content": "192.0.2.1" },
            { "name": "good", "type": "CNAME", "content": "example.net" },
            { "name": "bad", "type": "A", "content": "x", "ttl": -1 },
        ],
        "updates": [{ "id": soa, "ttl": 60 }, { "id": 999_999 }],
        "deletes": [{ "id": www }, { "id": www }],
    });
    let refused = program.send("POST", &of(acme), &body).await;
    refused.invalid(&["creates", "updates", "deletes"]);
    let errors = &refused.body["errors"];
    assert_eq!(
        errors["deletes"],
        json!([
            { "index": 1, "message": format!("Record `{www}` not found"), "errors": {} },
        ])
    );
    assert_eq!(errors["updates"][0]["index"], 0);
    assert!(errors["updates"][0]["message"].as_str().unwrap().contains("belong to the zone"));
    assert_eq!(errors["updates"][1]["message"], "Record `999999` not found");
    let places: Vec<&Value> = errors["creates"].as_array().unwrap().iter().map(|one| &one["index"]).collect();
    assert_eq!(places, [&json!(1), &json!(2)]);
    assert!(errors["creates"][0]["errors"]["name"].is_array());
    assert!(
        errors["creates"][1]["errors"]["ttl"].is_array()
            && errors["creates"][1]["errors"]["content"].is_array()
    );
    assert_eq!(kept(&house), before);
    assert_eq!(facts::count(&house, "audit_events WHERE actor_kind = 'token'"), 0);
}

#[actix_web::test]
async fn a_plan_without_batches_fails_a_precondition() {
    let house = House::open();
    let acme = house.account("Acme");
    let program = Program::new(&house, acme, &["zones:*:write"]);
    let body = json!({ "creates": [{ "name": "a", "type": "A", "content": "192.0.2.1" }] });
    let message = "The plan of this account has no batches of changes";
    program.send("POST", &of(acme), &body).await.refused(412, "plan_without_batches", message);
    let reader = Program::new(&house, acme, &["zones:*:read"]);
    reader.send("POST", &of(acme), &body).await.needs("write_denied", "zones:anchor.example:write");
    assert_eq!(facts::count(&house, "records WHERE name = 'a'"), 0);
}

#[actix_web::test]
async fn each_change_is_within_the_grant_or_none_is_done() {
    let (house, acme) = open();
    let program = Program::new(&house, acme, &["zones:anchor.example:write"]);
    facts::change(
        &house,
        "UPDATE token_grants SET parts = '{\"name\": [\"_acme-challenge*\"], \"type\": [\"TXT\"]}'",
    );
    let inside = json!({ "name": "_acme-challenge", "type": "TXT", "content": "x" });
    let (www, before) = (id_of(&house, "www", "A"), kept(&house));
    let outside = json!({ "creates": [inside, { "name": "note", "type": "TXT", "content": "x" }] });
    program.send("POST", &of(acme), &outside).await.needs("write_denied", "zones:anchor.example:write");
    for hidden in [
        json!({ "creates": [inside], "deletes": [{ "id": www }] }),
        json!({ "creates": [inside], "updates": [{ "id": www, "ttl": 60 }] }),
    ] {
        let refused = program.send("POST", &of(acme), &hidden).await;
        assert_eq!(refused.status, 400);
        assert!(refused.body.to_string().contains(&format!("Record `{www}` not found")), "{}", refused.body);
    }
    assert_eq!(kept(&house), before);
    let done = program.send("POST", &of(acme), &json!({ "creates": [inside] })).await;
    let id = done.data()["creates"][0]["id"].clone();
    let renamed = json!({ "updates": [{ "id": id, "name": "note" }] });
    program.send("POST", &of(acme), &renamed).await.needs("write_denied", "zones:anchor.example:write");
    assert_eq!(kept(&house).len(), before.len() + 1);
}

#[actix_web::test]
async fn a_batch_that_is_none_is_refused_as_json() {
    let (house, acme) = open();
    let program = Program::new(&house, acme, &["zones:*:write"]);
    let before = kept(&house);
    let many: Vec<Value> = (0..201)
        .map(|turn| json!({ "name": format!("n{turn}"), "type": "A", "content": "192.0.2.1" }))
        .collect();
    for (body, fields) in [
        (json!({ "creates": {} }), vec!["creates"]),
        (json!({ "creates": "x", "updates": 1, "deletes": true }), vec!["creates", "updates", "deletes"]),
        (json!({ "creates": [1, null, "x", []] }), vec!["creates"]),
        (json!({ "updates": [{}], "deletes": [{ "id": "x" }] }), vec!["updates", "deletes"]),
        (json!({ "deletes": [{ "id": 18_446_744_073_709_551_615_u64 }] }), vec!["deletes"]),
        (json!({ "creates": [{}] }), vec!["creates"]),
        (json!({ "creates": [{ "name": 1, "type": 2, "content": 3 }] }), vec!["creates"]),
        (json!({ "creates": many }), vec!["base"]),
    ] {
        program.send("POST", &of(acme), &body).await.invalid(&fields);
    }
    for (body, status) in [("[]", 400), ("{", 400), (&"[".repeat(9_999), 400), (&" ".repeat(300_000), 413)] {
        let answer = program.call("POST", &of(acme), Some(body.to_owned())).await;
        assert_eq!((answer.status.as_u16(), answer.header("content-type")), (status, "application/json"));
    }
    assert_eq!(kept(&house), before);
    let most = json!({ "creates": &many[..200] });
    assert_eq!(program.send("POST", &of(acme), &most).await.status, 200);
    assert_eq!(kept(&house).len(), before.len() + 200);
}
