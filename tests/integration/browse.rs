//! What tokens reach: domains, zones with their records, certificates.

use crate::facts;
use crate::support::client::Answer;
use crate::support::{House, OWNER, READER};
use tokenhouse::policy::AccountId;

fn next(page: &Answer) -> Option<String> {
    page.attributes("nav.pager a[rel='next']", "href").into_iter().next()
}

/// Adds domains `z00001.example` and so on, with zones, past every page.
fn add(house: &House, account: AccountId, count: i32) {
    facts::change(
        house,
        &format!(
            "INSERT INTO resources (account_id, kind, name, created_at)
             SELECT {account}, kind, 'z' || lpad(n::text, 5, '0') || '.example', now()
             FROM generate_series(1, {count}) AS n, unnest(ARRAY['domain', 'zone']) AS kind"
        ),
    );
}

#[actix_web::test]
async fn zones_are_listed_by_name_with_the_number_of_their_records_a_page_at_a_time() {
    let house = House::open();
    let rival = house.account("Rival");
    add(&house, rival, 120);
    facts::change(
        &house,
        "INSERT INTO records (zone_id, name, record_type, content, ttl, created_at, updated_at)
         SELECT id, n::text, 'A', '192.0.2.1', 60, now(), now() FROM resources, generate_series(1, 3) AS n
         WHERE kind = 'zone' AND name = 'z00051.example'",
    );
    let mut stranger = house.signed_in(crate::support::STRANGER).await;
    let mut path = Some(format!("/accounts/{rival}/zones?q=Z0"));
    let (mut seen, mut sizes) = (Vec::new(), Vec::new());
    while let Some(here) = path {
        let page = stranger.get(&here).await;
        assert_eq!(page.status, 200);
        assert!(page.text().contains("120 zones found"), "{}", page.text());
        let names = page.all("a.row-name");
        if names.contains(&"z00051.example".to_owned()) {
            let row = page.all("tbody tr").into_iter().find(|row| row.contains("z00051")).unwrap();
            assert!(row.ends_with("3 records"), "{row}");
        }
        sizes.push(names.len());
        seen.extend(names);
        path = next(&page);
    }
    assert_eq!(sizes, [50, 50, 20]);
    let stored = "resources WHERE kind = 'zone' AND name LIKE 'z0%' ORDER BY name";
    assert_eq!(seen, facts::texts(&house, "name", stored));
}

#[actix_web::test]
async fn search_takes_every_sign_as_it_is_and_says_when_nothing_is_found() {
    let house = House::open();
    let acme = house.account("Acme");
    let mut owner = house.signed_in(OWNER).await;
    for (path, q, found) in [
        ("zones", "BURRITO", vec!["theburritobot.com"]),
        ("domains", "burrito", vec!["theburritobot.com"]),
        ("zones", "%25", vec![]),
        ("zones", "_", vec![]),
        ("domains", "%5C", vec![]),
        ("zones", "rival", vec![]),
    ] {
        let page = owner.get(&format!("/accounts/{acme}/{path}?q={q}")).await;
        assert_eq!(
            (page.status.as_u16(), page.all("a.row-name")),
            (200, found.iter().map(|one| (*one).to_owned()).collect()),
            "{q}"
        );
        if found.is_empty() {
            assert!(page.text().contains("Clear the search"), "{}", page.text());
        }
    }
    for path in ["zones", "domains", "certificates"] {
        let base = format!("/accounts/{acme}/{path}");
        assert_eq!(owner.get(&format!("{base}?q=a%00b")).await.status, 400, "{path}");
        for odd in ["page=0", "page=-1", "page=99999999999999999999", "page=9223372036854775807", "page=x"] {
            assert_eq!(owner.get(&format!("{base}?{odd}")).await.status, 200, "{path} {odd}");
        }
    }
    for odd in ["0", "-1", "x", "99999999999999999999", "9223372036854775807", "%00"] {
        for path in ["zones", "domains"] {
            assert_eq!(
                owner.get(&format!("/accounts/{acme}/{path}/{odd}")).await.status,
                404,
                "{path} {odd}"
            );
        }
    }
    assert_eq!(facts::count(&house, &format!("resources WHERE account_id = {acme} AND kind = 'zone'")), 40);
}

#[actix_web::test]
async fn a_zones_page_shows_its_records_and_finds_them_by_name_type_and_content() {
    let house = House::open();
    let acme = house.account("Acme");
    let zone = facts::zone(&house, acme, "example.com");
    facts::change(&house, &format!("DELETE FROM records WHERE zone_id = {zone}"));
    facts::change(
        &house,
        &format!(
            "INSERT INTO records (zone_id, name, record_type, content, ttl, priority, system_record, created_at, updated_at) VALUES
             ({zone}, '', 'NS', 'ns1.tokenhouse.example', 3600, NULL, true, now(), now()),
             ({zone}, '', 'MX', 'Mail.example.net', 1, 10, false, now(), now()),
             ({zone}, '_acme-challenge', 'TXT', '<b>100%</b>', 60, NULL, false, now(), now()),
             ({zone}, 'www', 'A', '192.0.2.1', 3600, NULL, false, now(), now())"
        ),
    );
    let mut reader = house.signed_in(READER).await;
    let path = format!("/accounts/{acme}/zones/{zone}");
    let page = reader.get(&path).await;
    assert_eq!((page.status.as_u16(), page.heading().as_str()), (200, "example.com"));
    assert_eq!(
        page.all("[data-of='records'] tbody tr"),
        [
            "example.com MX 10 Mail.example.net TTL 1 second",
            "example.com System record NS ns1.tokenhouse.example TTL 3,600 seconds",
            "_acme-challenge.example.com TXT <b>100%</b> TTL 60 seconds",
            "www.example.com A 192.0.2.1 TTL 3,600 seconds",
        ]
    );
    for (q, found) in [
        ("WWW.Example.com", vec!["A"]),
        ("txt", vec!["TXT"]),
        ("mail", vec!["MX"]),
        ("100%25", vec!["TXT"]),
        ("_", vec!["TXT"]),
        ("192.0.2", vec!["A"]),
        ("nothing", vec![]),
    ] {
        let page = reader.get(&format!("{path}?q={q}")).await;
        assert_eq!(page.all("[data-of='records'] tbody .badge"), found, "{q}");
    }
    let foreign = facts::zone(&house, house.account("Rival"), "rival.example");
    assert_eq!(reader.get(&format!("/accounts/{acme}/zones/{foreign}")).await.status, 404);
    let domain = facts::domain(&house, acme, "example.com");
    assert_eq!(reader.get(&format!("/accounts/{acme}/zones/{domain}")).await.status, 404);
    assert!(page.links().contains(&format!("/accounts/{acme}/domains/{domain}")));
    assert_eq!(facts::count(&house, &format!("records WHERE zone_id = {zone}")), 4);
}

#[actix_web::test]
async fn certificates_show_domain_state_and_end_and_never_a_private_key() {
    let house = House::open();
    let (acme, rival) = (house.account("Acme"), house.account("Rival"));
    let (own, foreign) =
        (facts::domain(&house, acme, "example.com"), facts::domain(&house, rival, "rival.example"));
    facts::change(&house, "DELETE FROM certificates");
    facts::change(
        &house,
        &format!(
            "INSERT INTO certificates (domain_id, name, common_name, years, csr, state, auto_renew, alternate_names,
                authority_identifier, expires_at, server_pem, private_key_pem, created_at, updated_at) VALUES
             ({own}, 'www', 'www.example.com', 1, 'CSR', 'issued', false, '{{a.example.com,b.example.com}}', 'letsencrypt',
                '2027-02-20', 'SERVER PEM', 'KEY PEM', now(), now()),
             ({own}, 'old', 'old.example.com', 1, 'CSR', 'issued', false, '{{}}', 'letsencrypt', '2026-11-01', NULL, 'KEY PEM', now(), now()),
             ({own}, 'new', 'new.example.com', 1, 'CSR', 'requesting', false, '{{}}', 'letsencrypt', NULL, NULL, NULL, now(), now()),
             ({foreign}, 'www', 'www.rival.example', 1, 'CSR', 'issued', false, '{{}}', 'letsencrypt', '2027-02-20', NULL, 'KEY PEM', now(), now())"
        ),
    );
    let mut reader = house.signed_in(READER).await;
    let page = reader.get(&format!("/accounts/{acme}/certificates")).await;
    assert_eq!(
        page.all("tbody tr"),
        [
            "www.example.com and 2 more names Domain example.com Issued Expires 19 Feb 2027",
            "old.example.com Domain example.com Expired Expires 31 Oct 2026",
            "new.example.com Domain example.com Requesting Expires Not issued yet",
        ]
    );
    let domain = reader.get(&format!("/accounts/{acme}/domains/{own}")).await;
    assert_eq!(domain.all("[data-of='certificates'] .row-name").len(), 3);
    for answer in [page, domain] {
        assert!(!answer.body.contains("PEM") && !answer.body.contains("CSR"), "{}", answer.body);
    }
    let found = reader.get(&format!("/accounts/{acme}/certificates?q=OLD")).await;
    assert_eq!(found.all("tbody .row-name"), ["old.example.com"]);
    assert_eq!(facts::count(&house, "certificates WHERE private_key_pem IS NOT NULL"), 3);
}

#[actix_web::test]
async fn the_menu_leads_to_what_tokens_reach_and_says_where_one_is() {
    let house = House::open();
    let acme = house.account("Acme");
    let mut owner = house.signed_in(OWNER).await;
    for (path, here) in [
        ("domains", "Domains"),
        ("zones", "Zones"),
        ("certificates", "Certificates"),
        ("tokens", "Automation"),
        ("members", "Members"),
        ("activity", "Activity"),
        ("settings", "Account"),
    ] {
        let page = owner.get(&format!("/accounts/{acme}/{path}")).await;
        let menu = ["Domains", "Zones", "Certificates", "Automation", "Members", "Activity", "Account"];
        assert_eq!(page.all("nav.nav a"), menu);
        assert_eq!(page.all("nav.nav a[aria-current]"), [here]);
        assert!(page.links().contains(&"/help/api".to_owned()));
    }
    assert_eq!(facts::sessions(&house), 1);
}

#[actix_web::test]
async fn ten_thousand_zones_are_one_page_like_any_other() {
    let house = House::open();
    let acme = house.account("Acme");
    add(&house, acme, 10_000);
    let mut owner = house.signed_in(OWNER).await;
    let last = owner.get(&format!("/accounts/{acme}/zones?page=201")).await;
    assert!(last.text().contains("Page 201") && last.text().contains("1,000+ zones"), "{}", last.text());
    assert_eq!(last.all("a.row-name").len(), 40);
    assert!(last.all("a[rel='next']").is_empty(), "{}", last.text());
    let found = owner.get(&format!("/accounts/{acme}/zones?q=09999")).await;
    assert_eq!(found.all("a.row-name"), ["z09999.example"]);
    assert_eq!(facts::count(&house, "resources WHERE kind = 'zone' AND name LIKE 'z%'"), 10_000);
}
