//! Records over the API: made, changed and deleted as a DNS host would, and no further than a
//! token reaches.

use crate::facts;
use crate::program::{Program, Reply};
use crate::support::House;
use futures_util::future::join_all;
use serde_json::{Value, json};
use tokenhouse::db;
use tokenhouse::dns::models::record::{Changed, Wanted, change};
use tokenhouse::models::Resource;
use tokenhouse::policy::AccountId;

const ZONE: &str = "anchor.example";

fn of(account: AccountId) -> String {
    format!("/v2/{account}/zones/{ZONE}/records")
}

fn serial(house: &House) -> i64 {
    let soa = "SELECT split_part(content, ' ', 3) FROM records JOIN resources ON resources.id = zone_id
        WHERE record_type = 'SOA' AND resources.name = 'anchor.example'";
    facts::text(house, soa).parse().unwrap()
}

async fn make(program: &Program, account: AccountId, name: &str, record_type: &str, content: &str) -> Reply {
    let mut body = json!({ "name": name, "type": record_type, "content": content });
    if ["MX", "SRV"].contains(&record_type) {
        body["priority"] = json!(10);
    }
    program.send("POST", &of(account), &body).await
}

#[actix_web::test]
async fn a_record_is_made_shown_changed_and_deleted() {
    let house = House::open();
    let acme = house.account("Acme");
    let program = Program::new(&house, acme, &["zones:anchor.example:write"]);
    let (path, before) = (of(acme), serial(&house));
    house.clock.advance(time::Duration::hours(1));
    let made = program
        .send(
            "POST",
            &path,
            &json!({
                "name": "Mail", "type": "mx", "content": "MX1.Example.net.", "ttl": 600, "priority": 5,
                "regions": ["SV1", "FRA"], "integrated_zones": ["example.com"],
            }),
        )
        .await;
    let id = made.data()["id"].as_i64().unwrap();
    let record = json!({
        "id": id, "zone_id": ZONE, "parent_id": null, "name": "mail", "content": "mx1.example.net",
        "ttl": 600, "priority": 5, "type": "MX", "regions": ["SV1", "FRA"], "system_record": false,
        "created_at": "2026-11-22T13:00:00Z", "updated_at": "2026-11-22T13:00:00Z",
    });
    assert_eq!((made.status, made.data()), (201, &record));
    assert_eq!(serial(&house), before.max(house.clock.now().unix_timestamp()));
    let one = format!("{path}/{id}");
    assert_eq!(program.get(&one).await.data(), &record);

    house.clock.advance(time::Duration::hours(1));
    let nulls =
        json!({ "name": null, "content": "mx2.example.net", "ttl": null, "priority": null, "regions": null });
    let changed = program.send("PATCH", &one, &nulls).await;
    let mut after = record.clone();
    after["content"] = json!("mx2.example.net");
    after["updated_at"] = json!("2026-11-22T14:00:00Z");
    assert_eq!((changed.status, changed.data()), (200, &after));
    assert_eq!(serial(&house), house.clock.now().unix_timestamp());
    // Within the same second, the serial still moves on.
    assert_eq!(program.send("PATCH", &one, &json!({ "ttl": 60, "type": "MX" })).await.data()["ttl"], 60);
    assert_eq!(serial(&house), house.clock.now().unix_timestamp() + 1);
    program.send("PATCH", &one, &json!({ "type": "A" })).await.invalid(&["type"]);

    let gone = program.ask("DELETE", &one).await;
    assert_eq!((gone.status, gone.body), (204, Value::Null));
    assert_eq!(serial(&house), house.clock.now().unix_timestamp() + 2);
    let message = format!("Record `{id}` not found");
    for method in ["GET", "DELETE"] {
        program.ask(method, &one).await.refused(404, "resource_not_found", &message);
    }
    program.send("PATCH", &one, &json!({})).await.refused(404, "resource_not_found", &message);
    let lines = facts::texts(
        &house,
        "concat_ws(' ', action, object_name, object_id, actor_id)",
        "audit_events WHERE actor_kind = 'token' ORDER BY id",
    );
    let line = |action| format!("record.{action} mail.{ZONE} {id} {}", program.token);
    assert_eq!(lines, [line("created"), line("updated"), line("updated"), line("deleted")]);
}

#[actix_web::test]
async fn what_dns_does_not_take_is_refused_field_by_field_and_nothing_is_kept() {
    let house = House::open();
    let acme = house.account("Acme");
    let program = Program::new(&house, acme, &["zones:*:write"]);
    let (path, before, kept) = (of(acme), serial(&house), facts::count(&house, "records"));
    let a = |field: &str, value: Value| {
        let mut body = json!({ "name": "x", "type": "A", "content": "192.0.2.1" });
        body[field] = value;
        body
    };
    for (body, fields) in [
        (json!({}), vec!["type", "content"]),
        (json!({ "name": null, "type": null, "content": null }), vec!["type", "content"]),
        (
            json!({ "name": 1, "type": [], "content": {}, "ttl": "x", "priority": true, "regions": "SV1" }),
            vec!["name", "type", "content", "ttl", "priority", "regions"],
        ),
        (a("ttl", json!("is text")), vec!["ttl"]),
        (a("ttl", json!(-1)), vec!["ttl"]),
        (a("ttl", json!(2_147_483_648_i64)), vec!["ttl"]),
        (a("ttl", json!(18_446_744_073_709_551_615_u64)), vec!["ttl"]),
        (a("ttl", json!(1.5)), vec!["ttl"]),
        (a("content", json!("1.2.3")), vec!["content"]),
        (a("content", json!("192.0.2.1\nx IN A 192.0.2.2")), vec!["content"]),
        (a("content", json!("a\u{0}")), vec!["content"]),
        (a("content", json!("")), vec!["content"]),
        (a("name", json!("a b")), vec!["name"]),
        (a("name", json!("www.")), vec!["name"]),
        (a("name", json!("a\u{0}")), vec!["name"]),
        (a("type", json!("SOA")), vec!["type"]),
        (a("type", json!("NOPE")), vec!["type"]),
        (a("regions", json!([])), vec!["regions"]),
        (a("regions", json!(["XX"])), vec!["regions"]),
        (a("regions", json!([1])), vec!["regions"]),
        (json!({ "name": "", "type": "NS", "content": "ns.example.net" }), vec!["name"]),
        (json!({ "name": "", "type": "CNAME", "content": "example.net" }), vec!["name"]),
        (json!({ "name": "m", "type": "MX", "content": "mx.example.net", "priority": "" }), vec!["priority"]),
        (json!({ "name": "www", "type": "A", "content": "192.0.2.10" }), vec!["content"]),
    ] {
        program.send("POST", &path, &body).await.invalid(&fields);
    }
    let deep = format!("{{\"name\":{}1{}}}", "[".repeat(120), "]".repeat(120));
    for (body, status) in [
        ("[]".to_owned(), 400),
        ("[{\"name\":\"a\"}]".to_owned(), 400),
        ("nonsense".to_owned(), 400),
        (deep, 400),
        ("{\"a\":".repeat(5_000), 400),
        (json!({ "content": "a".repeat(300_000) }).to_string(), 413),
    ] {
        for (method, path) in [("POST", path.clone()), ("PATCH", format!("{path}/1"))] {
            let answer = program.call(method, &path, Some(body.clone())).await;
            assert_eq!((answer.status.as_u16(), answer.header("content-type")), (status, "application/json"));
        }
    }
    assert_eq!((serial(&house), facts::count(&house, "records")), (before, kept));
}

#[actix_web::test]
async fn a_cname_stands_alone_and_an_alias_beside_no_address() {
    let house = House::open();
    let acme = house.account("Acme");
    let program = Program::new(&house, acme, &["zones:*:write"]);
    let made = |name, record_type, content| make(&program, acme, name, record_type, content);
    assert_eq!(made("c", "CNAME", "example.net").await.status, 201);
    for (record_type, content) in
        [("A", "192.0.2.1"), ("TXT", "x"), ("CNAME", "example.org"), ("ALIAS", "a.example")]
    {
        made("c", record_type, content).await.invalid(&["name"]);
    }
    made("c", "CNAME", "EXAMPLE.net.").await.invalid(&["content"]);
    made("www", "CNAME", "example.net").await.invalid(&["name"]);
    made("WWW", "ALIAS", "example.net").await.invalid(&["name"]);
    assert_eq!(made("l", "ALIAS", "example.net").await.status, 201);
    made("l", "AAAA", "2001:db8::1").await.invalid(&["name"]);
    made("l", "ALIAS", "example.org").await.invalid(&["name"]);
    assert_eq!(made("l", "TXT", "beside it").await.status, 201);
    assert_eq!(made("www", "A", "192.0.2.11").await.status, 201);
    // The other way round, too: by another name.
    let text = made("t", "TXT", "x").await.data()["id"].clone();
    program.send("PATCH", &format!("{}/{text}", of(acme)), &json!({ "name": "c" })).await.invalid(&["name"]);
    let cname = made("d", "CNAME", "example.net").await.data()["id"].clone();
    let renamed = program.send("PATCH", &format!("{}/{cname}", of(acme)), &json!({ "name": "www" })).await;
    renamed.invalid(&["name"]);
    program.send("PATCH", &format!("{}/{cname}", of(acme)), &json!({ "name": "" })).await.invalid(&["name"]);
    let beside = "SELECT count(*) FROM (SELECT FROM records GROUP BY zone_id, name
        HAVING count(*) > 1 AND bool_or(record_type = 'CNAME')) AS broken";
    assert_eq!(facts::number(&house, beside), 0);
}

#[actix_web::test]
async fn the_records_of_the_zone_itself_stay() {
    let house = House::open();
    let acme = house.account("Acme");
    let program = Program::new(&house, acme, &["zones:*:write"]);
    let list = program.get(&format!("{}?sort=id", of(acme))).await;
    let system: Vec<&Value> =
        list.data().as_array().unwrap().iter().filter(|one| one["system_record"] == true).collect();
    assert_eq!(system.len(), 5);
    let message = "The SOA and NS records at the apex belong to the zone and stay as they are";
    for record in system {
        let path = format!("{}/{}", of(acme), record["id"]);
        program.ask("DELETE", &path).await.refused(400, "system_record", message);
        program.send("PATCH", &path, &json!({ "ttl": 60 })).await.refused(400, "system_record", message);
        assert_eq!(program.get(&path).await.data(), record);
    }
}

#[actix_web::test]
async fn a_list_is_filtered_and_sorted_as_it_was_asked_for() {
    let house = House::open();
    let acme = house.account("Acme");
    let program = Program::new(&house, acme, &["zones:*:read"]);
    let path = format!("/v2/{acme}/zones/example.com/records");
    let list = async |query: &str| program.get(&format!("{path}?{query}")).await;
    let total = |reply: Reply| reply.body["pagination"]["total_entries"].as_i64().unwrap();
    assert_eq!(total(list("").await), 16);
    assert_eq!(total(list("type=txt").await), 3);
    assert_eq!(list("name=_DMARC").await.each("content"), [json!("v=DMARC1; p=none")]);
    assert_eq!(total(list("name_like=dev").await), 2);
    assert_eq!((total(list("name_like=_").await), total(list("name_like=%25").await)), (3, 0));
    assert_eq!(total(list("name=nothing").await), 0);
    assert_eq!(list("sort=type:desc,content:asc&per_page=2").await.each("type"), ["TXT", "TXT"]);
    let ids = list("").await.each("id");
    assert!(ids.windows(2).all(|pair| pair[0].as_i64() < pair[1].as_i64()), "{ids:?}");
    let backwards: Vec<Value> = list("sort=id:desc").await.each("id").into_iter().rev().collect();
    assert_eq!(backwards, ids);
    let foreign = Program::with_everything(&house, house.account("Rival"));
    foreign.get(&of(acme)).await.refused(404, "account_not_found", "Not Found");
    let other_zone = program.get(&format!("/v2/{acme}/zones/theburritobot.com/records/{}", ids[0])).await;
    assert_eq!(other_zone.status, 404);
    for id in ["x", "0", "-1", "99999999999999999999", "1%2f2", "%00", "1e2", "+1", " 1"] {
        assert_eq!(program.get(&format!("{}/{id}", of(acme))).await.status, 404, "{id}");
    }
}

#[actix_web::test]
async fn an_empty_filter_asks_for_what_is_empty_and_an_absent_one_for_everything() {
    let house = House::open();
    let acme = house.account("Acme");
    let program = Program::new(&house, acme, &["zones:*:read"]);
    let path = format!("/v2/{acme}/zones/example.com/records");
    let names = async |query: &str| program.get(&format!("{path}?per_page=100&{query}")).await.each("name");
    let all = names("").await;
    let apex: Vec<Value> = all.iter().filter(|name| *name == "").cloned().collect();
    assert!(apex.len() > 1 && apex.len() < all.len());
    assert_eq!((names("name=").await, names("name").await), (apex.clone(), apex.clone()));
    assert_eq!(names("name=www&name=").await, apex);
    assert_eq!(names("name=&type=txt").await, [json!("")]);
    assert_eq!(names("type=").await, [json!(null); 0]);
    // Every name has nothing in it, and no order leaves anything out.
    assert_eq!((names("name_like=").await, names("sort=").await), (all.clone(), all.clone()));
    for (list, filter) in [
        ("zones", "page"),
        ("zones", "per_page"),
        ("domains", "registrant_id"),
        ("billing/charges", "start_date"),
        ("billing/charges", "end_date"),
        ("domains/research/status", "domain"),
    ] {
        let program = Program::with_everything(&house, acme);
        program.get(&format!("/v2/{acme}/{list}?{filter}=")).await.invalid(&[filter]);
    }
}

#[actix_web::test]
async fn what_clients_leave_out_because_it_is_zero_or_empty_is_taken_for_that() {
    let house = House::open();
    house.set_plan("Acme", "enterprise");
    let acme = house.account("Acme");
    let program = Program::new(&house, acme, &["zones:*:write"]);
    let facts_of =
        |record: &Value| (record["name"].clone(), record["priority"].clone(), record["ttl"].clone());
    for (body, name, priority) in [
        (json!({ "name": "nomail", "type": "MX", "content": "." }), "nomail", json!(0)),
        (
            json!({ "name": "_sip._tcp", "type": "SRV", "content": "5 5060 sip.example.net" }),
            "_sip._tcp",
            json!(0),
        ),
        (json!({ "name": "n", "type": "MX", "content": "mx.example.net", "priority": null }), "n", json!(0)),
        (json!({ "type": "TXT", "content": "at the apex" }), "", json!(null)),
        (json!({ "name": null, "type": "MX", "content": "mx.example.net" }), "", json!(0)),
        (json!({ "name": "z", "type": "A", "content": "192.0.2.1", "ttl": 0 }), "z", json!(null)),
    ] {
        let made = program.send("POST", &of(acme), &body).await;
        let ttl = if body["ttl"] == 0 { json!(0) } else { json!(3600) };
        assert_eq!((made.status, facts_of(made.data())), (201, (json!(name), priority, ttl)), "{body}");
    }
    let batch = json!({ "creates": [{ "type": "MX", "content": "batch.example.net" }] });
    let made = program.send("POST", &format!("/v2/{acme}/zones/{ZONE}/batch"), &batch).await;
    assert_eq!(facts_of(&made.data()["creates"][0]), (json!(""), json!(0), json!(3600)));
    // What a change leaves out stays.
    let made = make(&program, acme, "_ldap._tcp", "SRV", "5 389 ldap.example.net").await;
    let path = format!("{}/{}", of(acme), made.data()["id"]);
    program.send("PATCH", &path, &json!({ "priority": 7 })).await;
    let changed = program.send("PATCH", &path, &json!({ "ttl": 60 })).await;
    assert_eq!(facts_of(changed.data()), (json!("_ldap._tcp"), json!(7), json!(60)));
    let moved = program.send("PATCH", &path, &json!({ "name": "", "priority": 0 })).await;
    assert_eq!(facts_of(moved.data()), (json!(""), json!(0), json!(60)));
}

#[actix_web::test]
async fn a_token_for_single_names_does_not_reach_the_apex_by_leaving_out_the_name() {
    let house = House::open();
    house.set_plan("Acme", "enterprise");
    let acme = house.account("Acme");
    let program = Program::new(&house, acme, &["zones:anchor.example/_acme-challenge*/TXT:write"]);
    let (record, before) = (json!({ "type": "TXT", "content": "x" }), facts::count(&house, "records"));
    let scope = "zones:anchor.example:write";
    program.send("POST", &of(acme), &record).await.needs("write_denied", scope);
    let batch = json!({ "creates": [record] });
    let path = format!("/v2/{acme}/zones/{ZONE}/batch");
    program.send("POST", &path, &batch).await.needs("write_denied", scope);
    assert_eq!(facts::count(&house, "records"), before);
}

#[actix_web::test]
async fn a_change_that_changes_nothing_leaves_no_trace() {
    let house = House::open();
    house.set_plan("Acme", "enterprise");
    let acme = house.account("Acme");
    let program = Program::new(&house, acme, &["zones:*:write"]);
    let made = make(&program, acme, "same", "MX", "mx.example.net").await.data().clone();
    let (before, id) = (serial(&house), &made["id"]);
    house.clock.advance(time::Duration::hours(1));
    let same = json!({ "name": "SAME", "content": "MX.example.net.", "ttl": 3600, "priority": 10 });
    for body in [json!({}), same] {
        let changed = program.send("PATCH", &format!("{}/{id}", of(acme)), &body).await;
        assert_eq!((changed.status, changed.data()), (200, &made), "{body}");
    }
    let batch = json!({ "updates": [{ "id": id, "ttl": 3600 }] });
    let done = program.send("POST", &format!("/v2/{acme}/zones/{ZONE}/batch"), &batch).await;
    assert_eq!((done.status, &done.data()["updates"][0]), (200, &made));
    assert_eq!(serial(&house), before);
    assert_eq!(facts::count(&house, "audit_events WHERE action = 'record.updated'"), 0);
}

#[actix_web::test]
async fn a_token_that_reads_is_told_what_would_let_it_write() {
    let house = House::open();
    let acme = house.account("Acme");
    let program = Program::new(&house, acme, &["zones:anchor.example:read"]);
    let id = program.get(&of(acme)).await.each("id").pop().unwrap();
    let scope = "zones:anchor.example:write";
    make(&program, acme, "x", "A", "192.0.2.1").await.needs("write_denied", scope);
    program.send("PATCH", &format!("{}/{id}", of(acme)), &json!({})).await.needs("write_denied", scope);
    program.ask("DELETE", &format!("{}/{id}", of(acme))).await.needs("write_denied", scope);
    let other = Program::new(&house, acme, &["zones:example.com:write"]);
    let answer = make(&other, acme, "x", "A", "192.0.2.1").await;
    answer.refused(404, "resource_not_found", "Zone `anchor.example` not found");
}

#[actix_web::test]
async fn a_grant_for_some_records_reaches_these_and_no_others() {
    let house = House::open();
    let acme = house.account("Acme");
    let full = Program::new(&house, acme, &["zones:*:write"]);
    let program = Program::new(&house, acme, &["zones:anchor.example:write"]);
    let narrow = r#"UPDATE token_grants SET parts = '{"name": ["_acme-challenge*"], "type": ["TXT"]}' WHERE token_id = "#;
    facts::change(&house, &format!("{narrow}{}", program.token));
    let id = |reply: &Reply| reply.data()["id"].as_i64().unwrap();
    let outside = id(&make(&full, acme, "_acme-challenge", "CAA", "0 issue \";\"").await);
    let other = id(&make(&full, acme, "note", "TXT", "x").await);
    let inside = make(&program, acme, "_ACME-challenge.dev", "txt", "secret").await;
    assert_eq!(inside.status, 201);
    let inside = id(&inside);

    let list = program.get(&of(acme)).await;
    assert_eq!(
        (list.each("id"), &list.body["pagination"]["total_entries"]),
        (vec![json!(inside)], &json!(1))
    );
    for hidden in [outside, other] {
        let (path, message) = (format!("{}/{hidden}", of(acme)), format!("Record `{hidden}` not found"));
        program.get(&path).await.refused(404, "resource_not_found", &message);
        program.ask("DELETE", &path).await.refused(404, "resource_not_found", &message);
        program.send("PATCH", &path, &json!({ "ttl": 60 })).await.refused(
            404,
            "resource_not_found",
            &message,
        );
    }
    let scope = "zones:anchor.example:write";
    for (name, record_type) in
        [("note", "TXT"), ("_acme-challenge", "A"), ("", "TXT"), ("x_acme-challenge", "TXT")]
    {
        make(&program, acme, name, record_type, "192.0.2.1").await.needs("write_denied", scope);
    }
    let path = format!("{}/{inside}", of(acme));
    program.send("PATCH", &path, &json!({ "name": "note" })).await.needs("write_denied", scope);
    let changed = program.send("PATCH", &path, &json!({ "name": "_acme-challenge.new", "ttl": 60 })).await;
    assert_eq!((changed.status, &changed.data()["name"]), (200, &json!("_acme-challenge.new")));
    assert_eq!(program.ask("DELETE", &path).await.status, 204);
    assert_eq!(facts::count(&house, &format!("records WHERE id IN ({outside}, {other})")), 2);
}

#[actix_web::test]
async fn two_at_once_never_leave_a_cname_beside_others() {
    let house = House::open();
    let acme = house.account("Acme");
    let program = Program::new(&house, acme, &["zones:*:write"]);
    for round in 0..5 {
        let name = format!("race{round}");
        let calls = (0..6).map(|turn| {
            let (record_type, content) = if turn % 2 == 0 {
                ("CNAME", "example.net".to_owned())
            } else {
                ("A", format!("192.0.2.{turn}"))
            };
            let (name, program) = (name.clone(), &program);
            async move { make(program, acme, &name, record_type, &content).await.status }
        });
        let answers = join_all(calls).await;
        assert!(answers.iter().all(|status| [201, 400].contains(status)), "{answers:?}");
        assert!(answers.contains(&201), "{answers:?}");
    }
    let beside = "SELECT count(*) FROM (SELECT FROM records WHERE name LIKE 'race%' GROUP BY name
        HAVING count(*) > 1 AND bool_or(record_type = 'CNAME')) AS broken";
    assert_eq!(facts::number(&house, beside), 0);
}

#[actix_web::test]
async fn a_zone_that_is_deleted_meanwhile_is_not_found() {
    let house = House::open();
    let acme = house.account("Acme");
    let (mut conn, origin) = (house.conn(), house.command_line());
    let zone = Resource::find(&mut conn, acme, tokenhouse::dns::models::zone::ZONE, ZONE).unwrap().unwrap();
    let program = Program::new(&house, acme, &["zones:*:write", "domains:*:write"]);
    let calls = (0..12).map(|turn| {
        let program = &program;
        async move {
            let delete = format!("/v2/{acme}/domains/{ZONE}");
            match turn {
                5 => program.ask("DELETE", &delete).await.status,
                _ => make(program, acme, &format!("n{turn}"), "A", "192.0.2.1").await.status,
            }
        }
    });
    let answers = join_all(calls).await;
    assert!(answers.iter().all(|status| [201, 204, 404].contains(status)), "{answers:?}");
    assert_eq!(facts::count(&house, &format!("records WHERE zone_id = {}", zone.id)), 0);
    let wanted = Wanted { name: Some("a".to_owned()), ..Wanted::default() };
    let changed = db::in_one(&mut conn, |conn| change::create(conn, &zone, &wanted, &|_| Ok(()), &origin));
    assert_eq!(changed.unwrap(), Changed::NoZone);
}
