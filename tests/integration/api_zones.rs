//! Zones over the API: lists that show what a token reaches, the file, the switch.

use crate::facts;
use crate::program::Program;
use crate::support::{House, OWNER};
use futures_util::future::join_all;
use hickory_proto::rr::{Name, RecordType};
use hickory_proto::serialize::txt::Parser;
use serde_json::json;
use std::collections::BTreeSet;
use tokenhouse::db::DbError;
use tokenhouse::models::Resource;
use tokenhouse::models::token::grants;
use tokenhouse::policy::AccountId;

fn remade(house: &House, account: AccountId, name: &str) {
    let (mut conn, origin) = (house.conn(), house.command_line());
    assert!(Resource::remove_domain(&mut conn, account, name, &origin).unwrap());
    assert_eq!(Resource::add_domains(&mut conn, account, &[name.to_owned()], &origin).unwrap(), 1);
}

#[actix_web::test]
async fn zones_are_listed_and_shown_in_the_form_of_dnsimple() {
    let house = House::open();
    let acme = house.account("Acme");
    let program = Program::new(&house, acme, &["zones:*:read"]);
    let path = format!("/v2/{acme}/zones");
    let list = program.get(&path).await;
    let pages = json!({ "current_page": 1, "per_page": 30, "total_entries": 40, "total_pages": 2 });
    assert_eq!((list.status, &list.body["pagination"]), (200, &pages));
    assert_eq!((list.each("name").len(), &list.each("name")[0]), (30, &json!("anchor-shop.example")));
    let last = program.get(&format!("{path}?page=2&per_page=39&sort=id:asc")).await;
    assert_eq!((last.each("name").len(), &last.body["pagination"]["total_pages"]), (1, &json!(2)));
    let past = program.get(&format!("{path}?page=9")).await;
    assert_eq!((past.status, past.data()), (200, &json!([])));

    let id = facts::zone(&house, acme, "example.com");
    let zone = json!({
        "id": id.parse::<i64>().unwrap(), "account_id": acme, "name": "example.com", "reverse": false,
        "secondary": false, "last_transferred_at": null, "active": true,
        "created_at": "2026-11-22T12:00:00Z", "updated_at": "2026-11-22T12:00:00Z",
    });
    for asked in ["example.com", "EXAMPLE.com", "example%2Ecom", &id] {
        let one = program.get(&format!("{path}/{asked}")).await;
        assert_eq!((one.status, one.data()), (200, &zone), "{asked}");
    }
    for (like, found) in [("LANTERN", 2), ("an_er", 0), ("%25", 0), ("%5C", 0), ("-shop.", 19)] {
        let list = program.get(&format!("{path}?name_like={like}")).await;
        assert_eq!(list.body["pagination"]["total_entries"], found, "{like}");
    }
    let sorted = program.get(&format!("{path}?sort=name:desc&per_page=1")).await;
    assert_eq!(sorted.each("name"), [json!("theburritobot.com")]);
}

#[actix_web::test]
async fn a_narrowed_token_sees_only_what_it_reaches_totals_and_pages_included() {
    let house = House::open();
    let (acme, rival) = (house.account("Acme"), house.account("Rival"));
    let path = format!("/v2/{acme}/zones");
    let only = Program::new(&house, acme, &["zones:example.com,anchor.example:read"]);
    let list = only.get(&format!("{path}?per_page=1")).await;
    assert_eq!(list.each("name"), [json!("anchor.example")]);
    let pages = json!({ "current_page": 1, "per_page": 1, "total_entries": 2, "total_pages": 2 });
    assert_eq!(list.body["pagination"], pages);
    for (asked, message) in [
        ("theburritobot.com", "Zone `theburritobot.com` not found"),
        ("rival.example", "Zone `rival.example` not found"),
        ("nothing.example", "Zone `nothing.example` not found"),
    ] {
        only.get(&format!("{path}/{asked}")).await.refused(404, "resource_not_found", message);
    }
    let but = Program::new(&house, acme, &["zones:*,!example.com:read"]);
    assert_eq!(but.get(&path).await.body["pagination"]["total_entries"], 39);
    assert_eq!(but.get(&format!("{path}/example.com")).await.status, 404);
    let other = Program::new(&house, acme, &["domains:*:read"]);
    other.get(&path).await.needs("permission_denied", "zones:*:read");
    other.get(&format!("{path}/example.com")).await.needs("permission_denied", "zones:example.com:read");
    let foreign = Program::with_everything(&house, rival);
    foreign.get(&path).await.refused(404, "account_not_found", "Not Found");
    // By its number, too: nothing of another account, and no domain in place of a zone.
    let full = Program::with_everything(&house, acme);
    let domain =
        facts::number(&house, "SELECT id FROM resources WHERE kind = 'domain' AND name = 'example.com'");
    for id in [facts::zone(&house, rival, "rival.example"), domain.to_string()] {
        assert_eq!(full.get(&format!("{path}/{id}")).await.status, 404, "{id}");
    }
}

#[actix_web::test]
async fn a_zone_made_anew_is_not_the_one_that_was_chosen_and_stays_left_out_by_name() {
    let house = House::open();
    let acme = house.account("Acme");
    let path = format!("/v2/{acme}/zones");
    let only = Program::new(&house, acme, &["zones:example.com,anchor.example:write"]);
    let but = Program::new(&house, acme, &["zones:*,!example.com:write"]);
    let only_this = Program::new(&house, acme, &["zones:example.com:write"]);
    remade(&house, acme, "example.com");
    assert_eq!(only.get(&path).await.each("name"), [json!("anchor.example")]);
    for program in [&only, &but] {
        assert_eq!(program.get(&format!("{path}/example.com")).await.status, 404);
        assert_eq!(program.ask("PUT", &format!("{path}/example.com/activation")).await.status, 404);
    }
    assert_eq!(but.get(&path).await.body["pagination"]["total_entries"], 39);
    only_this.get(&path).await.refused(404, "account_not_found", "Not Found");
}

#[actix_web::test]
async fn the_file_is_one_that_a_dns_library_reads_back() {
    let house = House::open();
    let acme = house.account("Acme");
    let program = Program::new(&house, acme, &["zones:*:write"]);
    let records = format!("/v2/{acme}/zones/example.com/records");
    let long = "a\\\"; ".repeat(100);
    for (name, record_type, content) in [
        ("note", "TXT", long.as_str()),
        ("note", "TXT", "\"in\" \"two parts\""),
        ("4", "PTR", "host.example.net"),
        ("h", "HINFO", "\"RFC8482\" \"\""),
        ("n", "NAPTR", "100 10 \"S\" \"SIP+D2U\" \"\" _sip._udp.example.com."),
    ] {
        let body = json!({ "name": name, "type": record_type, "content": content });
        assert_eq!(program.send("POST", &records, &body).await.status, 201, "{content}");
    }
    let file = program.get(&format!("/v2/{acme}/zones/example.com/file")).await;
    let text = file.data()["zone"].as_str().unwrap();
    let (origin, sets) = Parser::new(text, None, None).parse().unwrap();
    assert_eq!(origin, Name::from_ascii("example.com.").unwrap());
    let read: usize = sets.values().map(|set| set.records_without_rrsigs().count()).sum();
    let zone = facts::zone(&house, acme, "example.com");
    let kept = format!("SELECT count(*) FROM records WHERE zone_id = {zone} AND record_type <> 'ALIAS'");
    assert_eq!(i64::try_from(read).unwrap(), facts::number(&house, &kept));
    let types: BTreeSet<String> = sets.keys().map(|key| key.record_type.to_string()).collect();
    for expected in ["SOA", "NS", "A", "AAAA", "MX", "TXT", "CAA", "SRV", "CNAME", "PTR", "HINFO", "NAPTR"] {
        assert!(types.contains(expected), "{expected} in {text}");
    }
    let notes = sets
        .iter()
        .find(|(key, _)| key.record_type == RecordType::TXT && key.name().to_string() == "note.example.com.");
    let texts: Vec<String> =
        notes.unwrap().1.records_without_rrsigs().map(|record| record.data.to_string()).collect();
    assert!(texts.contains(&long.trim().to_owned()), "{texts:?}");
    assert!(text.contains("; @ 3600 IN ALIAS lb.example.net.\n"), "{text}");
}

#[actix_web::test]
async fn a_zone_is_switched_off_and_on_and_each_change_is_recorded() {
    let house = House::open();
    let acme = house.account("Acme");
    let program = Program::new(&house, acme, &["zones:example.com:write"]);
    let path = format!("/v2/{acme}/zones/example.com/activation");
    for (method, active) in [("DELETE", false), ("DELETE", false), ("PUT", true), ("PUT", true)] {
        let zone = program.ask(method, &path).await;
        assert_eq!((zone.status, &zone.data()["active"]), (200, &json!(active)));
        assert_eq!(zone.data()["name"], "example.com");
    }
    let lines = facts::texts(
        &house,
        "concat_ws(' ', action, object_name, actor_id)",
        "audit_events WHERE actor_kind = 'token' ORDER BY id",
    );
    let line = |action| format!("{action} example.com {}", program.token);
    assert_eq!(lines, [line("zone.deactivated"), line("zone.activated")]);
    let reader = Program::new(&house, acme, &["zones:*:read"]);
    reader.ask("PUT", &path).await.needs("write_denied", "zones:example.com:write");
}

#[actix_web::test]
async fn a_grant_for_some_records_shows_the_zone_but_not_its_file_and_not_the_switch() {
    let house = House::open();
    let acme = house.account("Acme");
    let program = Program::new(&house, acme, &["zones:example.com:write"]);
    facts::change(&house, r#"UPDATE token_grants SET parts = '{"type": ["TXT"]}'"#);
    let path = format!("/v2/{acme}/zones");
    assert_eq!(program.get(&path).await.each("name"), [json!("example.com")]);
    assert_eq!(program.get(&format!("{path}/example.com")).await.status, 200);
    program.get(&format!("{path}/example.com/file")).await.needs("narrowed", "zones:example.com:read");
    for method in ["PUT", "DELETE"] {
        let answer = program.ask(method, &format!("{path}/example.com/activation")).await;
        answer.needs("narrowed", "zones:example.com:write");
    }
    assert_eq!(facts::number(&house, "SELECT count(*) FROM zones WHERE NOT active"), 0);
}

#[actix_web::test]
async fn nonsense_in_an_address_is_not_found_or_refused_as_json() {
    let house = House::open();
    let acme = house.account("Acme");
    let program = Program::with_everything(&house, acme);
    for asked in [
        "a%2fb.com",
        "a%00.com",
        "%ff.com",
        "%00",
        "%ff",
        "%2f",
        "..%2f",
        "99999999999999999999",
        "-1",
        "0",
        "9223372036854775807",
        "%25",
        "a_b",
        "*",
        "'",
        "1e3",
        "%E2%98%83",
        "%C3%28.com",
        "example.com%00",
    ] {
        for kind in ["zones", "domains"] {
            let answer = program.get(&format!("/v2/{acme}/{kind}/{asked}")).await;
            assert_eq!(answer.status, 404, "{kind}/{asked}: {}", answer.body);
            assert!(answer.body["message"].is_string());
        }
    }
    for query in [
        "page=0",
        "page=-1",
        "page=x",
        "page=9223372036854775807",
        "page=99999999999999999999",
        "page=1e3",
        "per_page=0",
        "per_page=-9223372036854775808",
        "per_page=x",
        "sort=updated_at",
        "sort=name:up",
        "sort=",
        "sort=%00",
        "name_like=%00",
        "sort=id;drop",
        "sort=,",
    ] {
        for kind in ["zones", "domains", "zones/example.com/records"] {
            let answer = program.get(&format!("/v2/{acme}/{kind}?{query}")).await;
            let expected = if query == "sort=" { 200 } else { 400 };
            assert_eq!(answer.status, expected, "{kind}?{query}: {}", answer.body);
        }
    }
    let longest = format!("/v2/{acme}/zones?page=92233720368547758&per_page=100");
    assert_eq!(program.get(&longest).await.data(), &json!([]));
}

#[actix_web::test]
async fn a_path_is_decoded_once_and_one_with_half_an_escape_names_nothing() {
    let house = House::open();
    let acme = house.account("Acme");
    let program = Program::with_everything(&house, acme);
    for (asked, status) in [
        ("example.com", 200),
        ("example%2Ecom", 200),
        ("%65xample%2ecom", 200),
        ("example%252Ecom", 404),
        ("example%25252Ecom", 404),
        ("example%2%65com", 404),
        ("example%%32Ecom", 404),
        ("example%%32%45com", 404),
        ("example.com%", 404),
        ("example.com%2", 404),
        ("example.com%zz", 404),
    ] {
        for base in ["v2", "%762", "v%32"] {
            let answer = program.get(&format!("/{base}/{acme}/zones/{asked}")).await;
            assert_eq!(answer.status, status, "{base}: {asked}: {}", answer.body);
        }
    }
    let page = house.anybody().get("/sign-in%").await;
    assert_eq!((page.status.as_u16(), page.heading().as_str()), (404, "Nothing here"));
}

#[actix_web::test]
async fn a_call_tells_its_budget_and_a_refused_one_is_noted_however_its_path_is_spelled() {
    let house = House::open();
    let acme = house.account("Acme");
    let program = Program::new(&house, acme, &["zones:*:read"]);
    for (before, base) in ["v2", "%762", "%76%32"].into_iter().enumerate() {
        let answer = program.call("GET", &format!("/{base}/{acme}/domains"), None).await;
        assert_eq!((answer.status.as_u16(), answer.header("content-type")), (403, "application/json"));
        assert!(!answer.header("x-ratelimit-remaining").is_empty(), "{base}");
        house.app.buffers.refusals.flush(&house.app.db, house.clock.now()).await.unwrap();
        let noted = format!("SELECT sum(calls) FROM token_refusals WHERE token_id = {}", program.token);
        assert_eq!(facts::number(&house, &noted), i64::try_from(before).unwrap() + 1, "{base}");
    }
}

#[actix_web::test]
async fn a_row_of_a_grant_that_cannot_be_read_lets_nothing_through() {
    let house = House::open();
    let acme = house.account("Acme");
    let program = Program::new(&house, acme, &["zones:*,!theburritobot.com:read"]);
    let path = format!("/v2/{acme}/zones/theburritobot.com");
    assert_eq!(program.get(&path).await.status, 404);
    facts::change(&house, "UPDATE token_grant_resources SET effect = 'include'");
    let read = grants::of_tokens(&mut house.conn(), &[program.token]).unwrap().remove(&program.token);
    assert!(matches!(read, Some(Err(DbError::Corrupt(_)))), "what was left out is let in: {read:?}");
}

#[actix_web::test]
async fn a_grant_that_cannot_be_read_fails_the_calls_of_its_own_token_and_no_other() {
    let house = House::open();
    house.set_plan("Acme", "enterprise");
    let acme = house.account("Acme");
    let broken = Program::new(&house, acme, &["zones:*,!theburritobot.com:read"]);
    let whole = Program::new(&house, acme, &["zones:*:read"]);
    facts::change(&house, "UPDATE token_grant_resources SET effect = 'include'");
    let client = reqwest::Client::new();
    let ask = async |program: &Program| {
        let call = client.get(house.url(&format!("/v2/{acme}/zones"))).bearer_auth(program.secret());
        call.send().await.unwrap().status().as_u16()
    };
    let calls = (0..100).map(async |number| match number % 2 {
        0 => (500, ask(&broken).await),
        _ => (200, ask(&whole).await),
    });
    for (expected, status) in join_all(calls).await {
        assert_eq!(status, expected, "beside a grant that can't be read");
    }
    // Its account still sees it, and can end it.
    let mut owner = house.signed_in(OWNER).await;
    let list = format!("/accounts/{acme}/tokens");
    assert!(owner.get(&list).await.links().contains(&format!("{list}/{}", broken.token)));
    assert_eq!(owner.delete_token(acme, broken.token).await.status, 303);
    assert_eq!(ask(&broken).await, 401);
}
