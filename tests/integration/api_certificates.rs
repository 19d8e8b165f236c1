//! Certificates over the API, and their private keys, which nothing but their own permission opens.

use crate::facts;
use crate::program::Program;
use crate::support::House;
use serde_json::json;
use tokenhouse::policy::AccountId;

const KEY: &str = include_str!("../../src/dns/demo/pems/www.example.com.key.pem");
const CERTIFICATE: &str = include_str!("../../src/dns/demo/pems/www.example.com.pem");
const ROOT: &str = include_str!("../../src/dns/demo/pems/ca.pem");

/// Number of a certificate of the demo.
fn certificate(house: &House, common_name: &str) -> i64 {
    facts::number(house, &format!("SELECT id FROM certificates WHERE common_name = '{common_name}'"))
}

fn of(account: AccountId, domain: &str) -> String {
    format!("/v2/{account}/domains/{domain}/certificates")
}

#[actix_web::test]
async fn a_list_shows_the_certificates_of_the_domain_the_newest_first_and_in_pages() {
    let house = House::open();
    let acme = house.account("Acme");
    let program = Program::new(&house, acme, &["certificates:example.com:read"]);
    let list = of(acme, "example.com");
    let all = program.get(&list).await;
    assert_eq!((all.status, all.each("name")), (200, vec![json!("shop"), json!("www")]));
    let pages = json!({ "current_page": 1, "per_page": 30, "total_entries": 2, "total_pages": 1 });
    assert_eq!(all.body["pagination"], pages);
    for (query, names) in [
        ("sort=id:asc", vec!["www", "shop"]),
        ("sort=common_name", vec!["shop", "www"]),
        ("sort=common_name:desc", vec!["www", "shop"]),
        ("sort=expiration", vec!["www", "shop"]),
        ("per_page=1&page=2", vec!["www"]),
        ("page=3", vec![]),
    ] {
        let page = program.get(&format!("{list}?{query}")).await;
        assert_eq!(page.each("name"), names, "{query}");
        assert_eq!(page.body["pagination"]["total_entries"], 2, "{query}");
    }
}

#[actix_web::test]
async fn a_certificate_has_the_form_of_dnsimple() {
    let house = House::open();
    let acme = house.account("Acme");
    let program = Program::new(&house, acme, &["certificates:*:read"]);
    let www = certificate(&house, "www.example.com");
    let answer = program.get(&format!("{}/{www}", of(acme, "example.com"))).await;
    let domain = facts::number(&house, "SELECT domain_id FROM certificates ORDER BY id LIMIT 1");
    let mut shape = answer.data().clone();
    let csr = shape.as_object_mut().unwrap().remove("csr").unwrap();
    assert!(csr.as_str().unwrap().starts_with("-----BEGIN CERTIFICATE REQUEST-----"));
    let contact = facts::number(&house, "SELECT min(id) FROM contacts");
    let expected = json!({
        "id": www,
        "domain_id": domain,
        "contact_id": contact,
        "name": "www",
        "common_name": "www.example.com",
        "years": 10,
        "state": "issued",
        "auto_renew": false,
        "alternate_names": ["example.com"],
        "authority_identifier": "demo",
        "created_at": "2026-01-15T09:30:00Z",
        "updated_at": "2026-01-15T09:30:00Z",
        "expires_at": "2036-01-15T00:00:00Z",
        "expires_on": "2036-01-15",
    });
    assert_eq!((answer.status, shape), (200, expected));
    // The domain may be named by its number, too.
    let by_number = program.get(&format!("{}/{www}", of(acme, &domain.to_string()))).await;
    assert_eq!(by_number.body, answer.body);
    let shop = certificate(&house, "shop.example.com");
    let shop = program.get(&format!("{}/{shop}", of(acme, "example.com"))).await;
    assert_eq!(shop.data()["state"], "requesting");
    assert!(shop.data()["expires_at"].is_null() && shop.data()["expires_on"].is_null());
}

#[actix_web::test]
async fn only_what_is_issued_can_be_downloaded() {
    let house = House::open();
    let acme = house.account("Acme");
    let program = Program::new(&house, acme, &["certificates:*:read"]);
    let (www, shop) = (certificate(&house, "www.example.com"), certificate(&house, "shop.example.com"));
    let list = of(acme, "example.com");
    let answer = program.get(&format!("{list}/{www}/download")).await;
    assert_eq!(*answer.data(), json!({ "server": CERTIFICATE, "root": ROOT, "chain": [] }));
    let answer = program.get(&format!("{list}/{shop}/download")).await;
    answer.refused(428, "certificate_not_issued", "Certificate not issued");
    // Nor what was, and is so no more.
    facts::change(&house, "UPDATE certificates SET state = 'refunded'");
    let answer = program.get(&format!("{list}/{www}/download")).await;
    answer.refused(428, "certificate_not_issued", "Certificate not issued");
}

#[actix_web::test]
async fn a_private_key_is_for_its_own_permission_and_for_everything_alone() {
    let house = House::open();
    let acme = house.account("Acme");
    let www = certificate(&house, "www.example.com");
    let key = format!("{}/{www}/private_key", of(acme, "example.com"));
    for program in [
        Program::new(&house, acme, &["certificate_private_keys:*:read"]),
        Program::new(&house, acme, &["certificate_private_keys:example.com:read"]),
        Program::with_everything(&house, acme),
    ] {
        let answer = program.get(&key).await;
        assert_eq!((answer.status, answer.data()), (200, &json!({ "private_key": KEY })));
    }
    let all_others = [
        "account:*:write",
        "billing:*:write",
        "certificates:*:write",
        "contacts:*:write",
        "domains:*:write",
        "registrar:*:write",
        "zones:*:write",
    ];
    let others = Program::new(&house, acme, &all_others);
    let scope = "certificate_private_keys:example.com:read";
    others.get(&key).await.needs("permission_denied", scope);
    // Narrowed to another domain, it is as if the domain were not there.
    let elsewhere = Program::new(&house, acme, &["certificate_private_keys:theburritobot.com:read"]);
    elsewhere.get(&key).await.refused(404, "resource_not_found", "Domain `example.com` not found");
    // And the key opens nothing else, nor does anything else tell it.
    let key_only = Program::new(&house, acme, &["certificate_private_keys:*:read"]);
    key_only.get(&of(acme, "example.com")).await.needs("permission_denied", "certificates:example.com:read");
    let everything = Program::with_everything(&house, acme);
    let list = of(acme, "example.com");
    for path in [list.clone(), format!("{list}/{www}"), format!("{list}/{www}/download")] {
        let body = everything.get(&path).await.body.to_string();
        assert!(!body.contains("PRIVATE KEY"), "{path}");
    }
}

#[actix_web::test]
async fn where_the_key_never_was_here_there_is_none() {
    let house = House::open();
    let acme = house.account("Acme");
    let program = Program::new(&house, acme, &["certificate_private_keys:*:read"]);
    let burrito = certificate(&house, "www.theburritobot.com");
    let answer = program.get(&format!("{}/{burrito}/private_key", of(acme, "theburritobot.com"))).await;
    answer.refused(428, "private_key_not_present", "Private key not present");
}

#[actix_web::test]
async fn what_is_outside_the_selection_and_what_is_not_there_look_the_same() {
    let house = House::open();
    let (acme, rival) = (house.account("Acme"), house.account("Rival"));
    let narrowed = Program::new(&house, acme, &["certificates:example.com:write"]);
    let but_one = Program::new(&house, acme, &["certificates:*,!theburritobot.com:read"]);
    for program in [&narrowed, &but_one] {
        for (domain, tail) in [
            ("theburritobot.com", ""),
            ("theburritobot.com", "/1"),
            ("nowhere.example", ""),
            ("rival.example", "/1/download"),
        ] {
            let answer = program.get(&format!("{}{tail}", of(acme, domain))).await;
            answer.refused(404, "resource_not_found", &format!("Domain `{domain}` not found"));
        }
    }
    // A certificate is looked for in the domain of the path alone.
    let burrito = certificate(&house, "www.theburritobot.com");
    for tail in ["", "/download"] {
        let answer = narrowed.get(&format!("{}/{burrito}{tail}", of(acme, "example.com"))).await;
        answer.refused(404, "resource_not_found", &format!("Certificate `{burrito}` not found"));
    }
    let foreign = Program::with_everything(&house, rival);
    foreign.get(&of(acme, "example.com")).await.refused(404, "account_not_found", "Not Found");
}

#[actix_web::test]
async fn nonsense_in_the_path_or_the_query_is_not_found_or_refused() {
    let house = House::open();
    let acme = house.account("Acme");
    let program = Program::with_everything(&house, acme);
    let list = of(acme, "example.com");
    for id in ["0", "-1", "+1", "x", "99999999999999999999", "1%2F2", "%00", "%ff", "1%20", "1e3", "1.0"] {
        for tail in ["", "/download", "/private_key"] {
            let answer = program.get(&format!("{list}/{id}{tail}")).await;
            assert_eq!(answer.status, 404, "{id}{tail}: {}", answer.body);
        }
    }
    for domain in ["%00", "%ff", "a%2Fb", "%25", "99999999999999999999", "%20", "-1"] {
        assert_eq!(program.get(&of(acme, domain)).await.status, 404, "{domain}");
    }
    for query in ["sort=csr", "sort=id:up", "page=0", "page=x", "per_page=-1", "page=99999999999999999999"] {
        assert_eq!(program.get(&format!("{list}?{query}")).await.status, 400, "{query}");
    }
    assert_eq!(program.ask("POST", &list).await.status, 405);
}
