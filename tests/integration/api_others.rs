//! What else an account has, over the API: contacts, templates, webhooks, charges, research,
//! notices and messages; and who may change it.

use crate::facts;
use crate::program::Program;
use crate::support::{House, product};
use serde_json::{Value, json};
use tokenhouse::db::DbError;
use tokenhouse::dns::demo;
use tokenhouse::policy::Access;

/// What the record says that tokens did.
fn record(house: &House) -> Vec<String> {
    let line = "concat_ws(' ', action, object_name, actor_id, account_id)";
    facts::texts(house, line, "audit_events WHERE actor_kind = 'token' ORDER BY id")
}

#[actix_web::test]
async fn filling_the_demo_twice_changes_nothing() {
    let house = House::open();
    let tables = [
        "certificates",
        "charges",
        "contacts",
        "domains",
        "platform_messages",
        "platform_statuses",
        "record_templates",
        "webhooks",
        "audit_events",
    ];
    let told = || {
        let rows = |table: &&str| facts::texts(&house, "t", &format!("{table} AS t ORDER BY t::text"));
        tables.iter().map(rows).collect::<Vec<_>>()
    };
    let before = told();
    for (table, rows) in tables.iter().zip(&before) {
        assert!(rows.len() >= 2, "{table}");
    }
    let origin = house.command_line();
    demo::fill::<DbError>(&mut house.conn(), &origin, |_| panic!("everybody is there")).unwrap();
    assert_eq!(told(), before);
}

fn milo() -> Value {
    json!({
        "first_name": "Milo",
        "last_name": "Member",
        "email": "milo@acme.example",
        "phone": "+1 212 5550142",
        "address1": "9 Canal Street",
        "city": "New York",
        "state_province": "NY",
        "postal_code": "10013",
        "country": "us",
        "fax": null,
    })
}

#[actix_web::test]
async fn contacts_are_listed_made_shown_and_deleted() {
    let house = House::open();
    let acme = house.account("Acme");
    let program = Program::new(&house, acme, &["contacts:*:write"]);
    let path = format!("/v2/{acme}/contacts");
    let all = program.get(&path).await;
    assert_eq!((all.status, all.each("label")), (200, vec![json!("Office"), json!("Milo")]));
    assert_eq!(all.body["pagination"]["total_entries"], 2);
    let sorted = program.get(&format!("{path}?sort=label&per_page=1")).await;
    assert_eq!(sorted.each("label"), ["Milo"]);

    let made = program.send("POST", &path, &milo()).await;
    let id = made.data()["id"].as_i64().unwrap();
    let mut expected = milo();
    for (field, value) in [
        ("id", json!(id)),
        ("account_id", json!(acme)),
        ("country", json!("US")),
        ("created_at", json!("2026-11-22T12:00:00Z")),
        ("updated_at", json!("2026-11-22T12:00:00Z")),
    ] {
        expected[field] = value;
    }
    for empty in ["label", "job_title", "organization_name", "fax", "address2"] {
        expected[empty] = json!("");
    }
    assert_eq!((made.status, made.data()), (201, &expected));
    assert_eq!(*program.get(&format!("{path}/{id}")).await.data(), expected);
    assert_eq!(program.ask("DELETE", &format!("{path}/{id}")).await.status, 204);
    let gone = program.ask("DELETE", &format!("{path}/{id}")).await;
    gone.refused(404, "resource_not_found", &format!("Contact `{id}` not found"));
    let token = program.token;
    let lines =
        [format!("contact.created Member {token} {acme}"), format!("contact.deleted Member {token} {acme}")];
    assert_eq!(record(&house), lines);
}

#[actix_web::test]
async fn a_contact_that_something_names_stays() {
    let house = House::open();
    let acme = house.account("Acme");
    let program = Program::new(&house, acme, &["contacts:*:write"]);
    let used = facts::number(&house, "SELECT min(contact_id) FROM certificates");
    let path = format!("/v2/{acme}/contacts/{used}");
    let message = "The contact cannot be deleted because it's currently in use";
    program.ask("DELETE", &path).await.refused(400, "contact_in_use", message);
    facts::change(
        &house,
        &format!(
            "DELETE FROM certificates; DELETE FROM domains;
             INSERT INTO domains (resource_id, registrant_id, name_servers, updated_at)
             SELECT id, {used}, '{{}}', created_at FROM resources WHERE kind = 'domain' LIMIT 1"
        ),
    );
    program.ask("DELETE", &path).await.refused(400, "contact_in_use", message);
    assert_eq!(facts::count(&house, "contacts"), 2);
    facts::change(&house, "DELETE FROM domains");
    assert_eq!(program.ask("DELETE", &path).await.status, 204);
}

#[actix_web::test]
async fn a_contact_is_refused_field_by_field() {
    let house = House::open();
    let acme = house.account("Acme");
    let program = Program::new(&house, acme, &["contacts:*:write"]);
    let path = format!("/v2/{acme}/contacts");
    let required = [
        "first_name",
        "last_name",
        "email",
        "phone",
        "address1",
        "city",
        "state_province",
        "postal_code",
        "country",
    ];
    program.send("POST", &path, &json!({})).await.invalid(&required);
    program.ask("POST", &path).await.invalid(&required);
    for (field, value) in [
        ("first_name", json!(5)),
        ("email", json!("nobody")),
        ("country", json!("USA")),
        ("phone", json!("call me")),
        ("label", json!("x".repeat(256))),
        ("city", json!("a\u{0}")),
        ("address2", json!({ "deep": [1] })),
        ("job_title", json!("\n")),
    ] {
        let mut body = milo();
        body["organization_name"] = json!("Acme");
        body["job_title"] = json!("Baker");
        body[field] = value;
        program.send("POST", &path, &body).await.invalid(&[field]);
    }
    for body in ["", "[]", "null", "5", "{", "{\"label\": \"\u{fffd}"] {
        let answer = program.call("POST", &path, Some(body.to_owned())).await;
        assert_eq!((answer.status.as_u16(), answer.header("content-type")), (400, "application/json"));
    }
    assert_eq!(facts::count(&house, "contacts"), 2);
}

#[actix_web::test]
async fn templates_go_by_number_or_short_name() {
    let house = House::open();
    let acme = house.account("Acme");
    let program = Program::new(&house, acme, &["templates:*:write"]);
    let path = format!("/v2/{acme}/templates");
    assert_eq!(program.get(&format!("{path}?sort=sid")).await.each("sid"), ["mail", "web"]);
    let new = json!({ "name": "Parked", "sid": "parked-1", "description": null });
    let made = program.send("POST", &path, &new).await;
    let id = made.data()["id"].as_i64().unwrap();
    let expected = json!({
        "id": id,
        "account_id": acme,
        "name": "Parked",
        "sid": "parked-1",
        "description": "",
        "created_at": "2026-11-22T12:00:00Z",
        "updated_at": "2026-11-22T12:00:00Z",
    });
    assert_eq!((made.status, made.data()), (201, &expected));
    for name in [id.to_string(), "parked-1".to_owned()] {
        assert_eq!(*program.get(&format!("{path}/{name}")).await.data(), expected);
    }
    let again = program.send("POST", &path, &new).await;
    again.invalid(&["sid"]);
    assert_eq!(again.body["errors"]["sid"], json!(["has already been taken"]));
    for sid in ["", "Über", "a b", "12", "A", "a/b", "a\u{0}"] {
        program.send("POST", &path, &json!({ "name": "x", "sid": sid })).await.invalid(&["sid"]);
    }
    program
        .send("POST", &path, &json!({ "sid": "x", "description": 1 }))
        .await
        .invalid(&["name", "description"]);
    assert_eq!(program.ask("DELETE", &format!("{path}/parked-1")).await.status, 204);
    let gone = program.ask("DELETE", &format!("{path}/{id}")).await;
    gone.refused(404, "resource_not_found", &format!("Template `{id}` not found"));
    let token = program.token;
    let line = |verb| format!("template.{verb} parked-1 {token} {acme}");
    assert_eq!(record(&house), [line("created"), line("deleted")]);
}

#[actix_web::test]
async fn webhooks_are_listed_without_pages_and_take_addresses_of_the_web_only() {
    let house = House::open();
    let acme = house.account("Acme");
    let program = Program::new(&house, acme, &["webhooks:*:write"]);
    let path = format!("/v2/{acme}/webhooks");
    let all = program.get(&path).await;
    assert_eq!(all.fields(), ["id", "suppressed_at", "url"]);
    assert!(all.body.get("pagination").is_none());
    assert_eq!(all.each("suppressed_at"), [Value::Null, json!("2026-06-01T08:00:00Z")]);
    let url = "https://hooks.example/in?key=very-secret";
    let made = program.send("POST", &path, &json!({ "url": url })).await;
    let id = made.data()["id"].as_i64().unwrap();
    assert_eq!((made.status, made.data()), (201, &json!({ "id": id, "url": url, "suppressed_at": null })));
    assert_eq!(program.get(&format!("{path}?sort=id:desc")).await.each("id")[0], id);
    assert_eq!(program.get(&format!("{path}/{id}")).await.data()["url"], url);
    for bad in [
        json!(null),
        json!(""),
        json!(7),
        json!("ftp://example.com/"),
        json!("javascript:alert(1)"),
        json!("https://user:word@example.com/"),
        json!("https://example.com/\u{0}"),
        json!(format!("https://example.com/{}", "a".repeat(3_000))),
    ] {
        program.send("POST", &path, &json!({ "url": bad })).await.invalid(&["url"]);
    }
    assert_eq!(program.ask("DELETE", &format!("{path}/{id}")).await.status, 204);
    assert_eq!(program.get(&format!("{path}/{id}")).await.status, 404);
    // The record names the host; the rest of the address may be a secret.
    let token = program.token;
    let line = |verb| format!("webhook.{verb} hooks.example {token} {acme}");
    assert_eq!(record(&house), [line("created"), line("deleted")]);
}

#[actix_web::test]
async fn an_account_has_a_hundred_webhooks_at_most() {
    let house = House::open();
    let acme = house.account("Acme");
    let program = Program::with_everything(&house, acme);
    let many = "INSERT INTO webhooks (account_id, url, created_at)
        SELECT id, 'https://a.example/' || n, created_at FROM accounts, generate_series(1, 97) AS n
        WHERE name = 'Acme'";
    facts::change(&house, many);
    let (path, new) = (format!("/v2/{acme}/webhooks"), json!({ "url": "https://b.example/" }));
    assert_eq!(program.send("POST", &path, &new).await.status, 201);
    let answer = program.send("POST", &path, &new).await;
    answer.refused(400, "webhook_limit", "An account has 100 webhooks at most");
    assert_eq!(facts::count(&house, "webhooks"), 100);
}

/// Copies one row of the account's so often, as other rows.
fn copied(house: &House, table: &str, changed: &str, times: i64) {
    let sql = format!(
        "INSERT INTO {table} OVERRIDING SYSTEM VALUE
         SELECT (jsonb_populate_record(NULL::{table}, to_jsonb(one) || jsonb_build_object('id', 1000000 + n) || {changed})).*
         FROM (SELECT {table}.* FROM {table} JOIN accounts ON accounts.id = account_id WHERE accounts.name = 'Acme'
               LIMIT 1) AS one, generate_series(1, {times}) AS n"
    );
    facts::change(house, &sql);
}

#[actix_web::test]
async fn what_a_token_can_create_has_a_bound_for_each_account() {
    let house = House::open();
    let acme = house.account("Acme");
    let program = Program::with_everything(&house, acme);
    let contact = &program.get(&format!("/v2/{acme}/contacts")).await.body["data"][0];
    let mut contact = contact.clone();
    contact["label"] = json!("Another");
    let template = json!({ "name": "Mail", "sid": "one-more" });
    let message = json!({ "subject": "Hello", "body": "There" });
    assert!(
        program
            .send("POST", &format!("/v2/{acme}/templates"), &json!({ "name": "T", "sid": "t" }))
            .await
            .status
            == 201
    );
    assert!(program.send("POST", &format!("/v2/{acme}/platform/messages"), &message).await.status == 201);
    for (table, changed, most, path, body, sentence) in [
        ("contacts", "'{}'", 10_000, "contacts", &contact, "An account has 10,000 contacts at most"),
        (
            "record_templates",
            "jsonb_build_object('sid', 't' || n)",
            1_000,
            "templates",
            &template,
            "An account has 1,000 templates at most",
        ),
        (
            "platform_messages",
            "'{}'",
            10_000,
            "platform/messages",
            &message,
            "An account has 10,000 messages at most",
        ),
    ] {
        let there = facts::count(
            &house,
            &format!("{table} JOIN accounts ON accounts.id = account_id WHERE accounts.name = 'Acme'"),
        );
        copied(&house, table, changed, most - 1 - there);
        let path = format!("/v2/{acme}/{path}");
        assert_eq!(program.send("POST", &path, body).await.status, 201, "{table}");
        let mut another = body.clone();
        another["sid"] = json!("one-too-many");
        program.send("POST", &path, &another).await.refused(400, "list_full", sentence);
    }
    let domains = "INSERT INTO resources (account_id, kind, name, created_at)
        SELECT id, 'domain', 'd' || n || '.example', created_at FROM accounts, generate_series(1, 10000) AS n
        WHERE name = 'Acme'";
    facts::change(&house, domains);
    let answer =
        program.send("POST", &format!("/v2/{acme}/domains"), &json!({ "name": "more.example" })).await;
    answer.refused(400, "list_full", "An account has 10,000 domains at most");
}

#[actix_web::test]
async fn a_zone_has_ten_thousand_records_at_most() {
    let house = House::open();
    let acme = house.account("Acme");
    let program = Program::with_everything(&house, acme);
    let many = "INSERT INTO records (zone_id, name, record_type, content, ttl, regions, created_at, updated_at)
        SELECT id, 'r' || n, 'A', '192.0.2.1', 60, '{global}', created_at, created_at
        FROM resources, generate_series(1, 10000 - (SELECT count(*) FROM records JOIN resources ON resources.id = zone_id
            WHERE resources.name = 'anchor.example' AND account_id = (SELECT id FROM accounts WHERE name = 'Acme')) - 1) AS n
        WHERE name = 'anchor.example' AND kind = 'zone' AND account_id = (SELECT id FROM accounts WHERE name = 'Acme')";
    facts::change(&house, many);
    let record = |name: &str| json!({ "name": name, "type": "A", "content": "192.0.2.2" });
    let path = format!("/v2/{acme}/zones/anchor.example/records");
    assert_eq!(program.send("POST", &path, &record("last")).await.status, 201);
    program.send("POST", &path, &record("more")).await.invalid(&["base"]);
}

#[actix_web::test]
async fn charges_are_told_in_the_form_of_dnsimple() {
    let house = House::open();
    let acme = house.account("Acme");
    let program = Program::new(&house, acme, &["billing:*:read"]);
    let path = format!("/v2/{acme}/billing/charges");
    let all = program.get(&path).await;
    let first = json!({
        "invoiced_at": "2026-08-31T06:00:00Z",
        "total_amount": "43.50",
        "balance_amount": "0.00",
        "reference": "2026-0008",
        "state": "collected",
        "items": [
            {
                "description": "Teams, one month",
                "amount": "29.00",
                "product_id": null,
                "product_type": "subscription",
                "product_reference": null,
            },
            {
                "description": "example.com, one year",
                "amount": "14.50",
                "product_id": 1,
                "product_type": "domain-renewal",
                "product_reference": "example.com",
            },
        ],
    });
    assert_eq!((all.status, &all.data()[0]), (200, &first));
    for (query, references) in [
        ("", vec!["2026-0008", "2026-0011"]),
        ("sort=invoiced:desc", vec!["2026-0011", "2026-0008"]),
        ("start_date=2026-09-01", vec!["2026-0011"]),
        ("end_date=2026-08-31", vec!["2026-0008"]),
        ("start_date=2026-11-01&end_date=2026-11-01", vec!["2026-0011"]),
        ("start_date=2026-11-02", vec![]),
        ("end_date=9999-12-31", vec!["2026-0008", "2026-0011"]),
        ("per_page=1&page=2", vec!["2026-0011"]),
    ] {
        assert_eq!(program.get(&format!("{path}?{query}")).await.each("reference"), references, "{query}");
    }
    for query in [
        "start_date=-0001-01-01",
        "end_date=0000-12-31",
        "start_date=yesterday",
        "end_date=2026-02-30",
        "start_date=%00",
        "sort=total",
    ] {
        assert_eq!(program.get(&format!("{path}?{query}")).await.status, 400, "{query}");
    }
}

#[actix_web::test]
async fn research_knows_the_domains_of_the_account_and_of_nobody_else() {
    let house = House::open();
    let acme = house.account("Acme");
    let program = Program::new(&house, acme, &["domain_research:*:read"]);
    let path = format!("/v2/{acme}/domains/research/status");
    let mut ids = Vec::new();
    for (name, availability, errors) in [
        ("Example.com", "unavailable", json!([])),
        ("rival.example", "unknown", json!(["No registry is asked here"])),
        ("free.example", "unknown", json!(["No registry is asked here"])),
    ] {
        let answer = program.get(&format!("{path}?domain={name}")).await;
        let mut said = answer.data().clone();
        ids.push(said.as_object_mut().unwrap().remove("request_id").unwrap());
        let expected =
            json!({ "domain": name.to_lowercase(), "availability": availability, "errors": errors });
        assert_eq!((answer.status, said), (200, expected));
    }
    assert!(ids[0] != ids[1] && ids.iter().all(|id| id.as_str().unwrap().len() == 36));
    for query in ["", "?domain=", "?domain=nonsense", "?domain=a%20b.com", "?domain=a.com%2Fb"] {
        program.get(&format!("{path}{query}")).await.invalid(&["domain"]);
    }
    assert_eq!(program.get(&format!("{path}?domain=%00.com")).await.status, 400);
    // The address is not that of a domain called “research”.
    let other = Program::new(&house, acme, &["domains:*:write", "certificates:*:write"]);
    let answer = other.get(&format!("{path}?domain=example.com")).await;
    answer.needs("permission_denied", "domain_research:*:read");
}

#[actix_web::test]
async fn notices_are_listed_and_messages_posted() {
    let house = House::open();
    let acme = house.account("Acme");
    let program = Program::new(&house, acme, &["platform:*:write"]);
    let statuses = program.get(&format!("/v2/{acme}/platform/statuses")).await;
    assert_eq!(
        statuses.fields(),
        ["account_id", "component", "created_at", "id", "message", "state", "updated_at"]
    );
    assert_eq!(statuses.each("state"), ["operational", "maintenance"]);
    let path = format!("/v2/{acme}/platform/messages");
    let new = json!({ "subject": " Hello ", "body": "One line.\nAnother." });
    let posted = program.send("POST", &path, &new).await;
    let expected = json!({
        "id": posted.data()["id"],
        "account_id": acme,
        "subject": "Hello",
        "body": "One line.\nAnother.",
        "created_at": "2026-11-22T12:00:00Z",
    });
    assert_eq!((posted.status, posted.data()), (201, &expected));
    assert_eq!(program.get(&path).await.each("subject"), ["Welcome", "Maintenance on Sunday", "Hello"]);
    let last = program.get(&format!("{path}?per_page=2&page=2")).await;
    assert_eq!(
        (last.each("subject"), last.body["pagination"]["total_pages"].as_i64()),
        (vec![json!("Hello")], Some(2))
    );
    for (body, fields) in [
        (json!({}), &["subject", "body"][..]),
        (json!({ "subject": "a\nb", "body": "fine" }), &["subject"]),
        (json!({ "subject": "fine", "body": "a\u{0}" }), &["body"]),
        (json!({ "subject": "fine", "body": "x".repeat(10_001) }), &["body"]),
    ] {
        program.send("POST", &path, &body).await.invalid(fields);
    }
    let token = program.token;
    assert_eq!(record(&house), [format!("message.posted Hello {token} {acme}")]);
}

#[actix_web::test]
async fn numbers_that_are_none_and_things_of_other_accounts_are_not_there() {
    let house = House::open();
    let (acme, rival) = (house.account("Acme"), house.account("Rival"));
    let (own, foreign) = (Program::with_everything(&house, acme), Program::with_everything(&house, rival));
    for (list, table) in
        [("contacts", "contacts"), ("templates", "record_templates"), ("webhooks", "webhooks")]
    {
        let id = facts::number(&house, &format!("SELECT max(id) FROM {table}"));
        for id in ["0", "-1", "x%00", "%ff", "99999999999999999999", "1%2F2", "%20", "1'", "%25"] {
            for method in ["GET", "DELETE"] {
                let answer = own.ask(method, &format!("/v2/{acme}/{list}/{id}")).await;
                assert_eq!(answer.status, 404, "{method} {list}/{id}: {}", answer.body);
            }
        }
        for method in ["GET", "DELETE"] {
            let answer = foreign.ask(method, &format!("/v2/{rival}/{list}/{id}")).await;
            assert_eq!(answer.status, 404, "{method} {list}/{id}: {}", answer.body);
            let answer = foreign.ask(method, &format!("/v2/{acme}/{list}/{id}")).await;
            answer.refused(404, "account_not_found", "Not Found");
        }
        assert_eq!(foreign.get(&format!("/v2/{rival}/{list}")).await.data(), &json!([]));
        assert_eq!(facts::count(&house, table), 2);
    }
}

/// Addresses that hang on these permissions are asked here; zones and domains have files of their own.
const ELSEWHERE: [&str; 4] = ["zones", "domains", "user_details", "memberships"];

#[actix_web::test]
async fn every_route_names_the_permission_and_the_access_that_it_needs() {
    let house = House::open();
    let acme = house.account("Acme");
    let catalogue = tokenhouse::dns::catalogue().unwrap();
    let readable: Vec<String> =
        catalogue.for_account_tokens().map(|one| format!("{}:*:read", one.key)).collect();
    let readable: Vec<&str> = readable.iter().map(String::as_str).collect();
    let (reader, other) =
        (Program::new(&house, acme, &readable), Program::new(&house, acme, &["domains:*:read"]));
    let before = facts::text(&house, "SELECT max(id) FROM audit_events");
    let mut asked = 0;
    for route in product().api_routes() {
        let Some((key, access)) = route.needs.filter(|(key, _)| !ELSEWHERE.contains(key)) else { continue };
        let mut path = route.path.replace("{account}", &acme.to_string()).replace("{domain}", "example.com");
        for part in ["{contact}", "{template}", "{webhook}", "{certificate}"] {
            path = path.replace(part, "1");
        }
        let whole = !path.contains("example.com") || path.ends_with("/check");
        let scope = format!("{key}:{}:{}", if whole { "*" } else { "example.com" }, access.in_scope());
        other.ask(route.method, &path).await.needs("permission_denied", &scope);
        let answer = reader.ask(route.method, &path).await;
        match access {
            Access::Full => answer.needs("write_denied", &scope),
            Access::Read => assert!([200, 400, 404, 428].contains(&answer.status), "{path}: {}", answer.body),
        }
        asked += 1;
    }
    assert!(asked >= 33, "{asked}");
    assert_eq!(facts::text(&house, "SELECT max(id) FROM audit_events"), before);
}
