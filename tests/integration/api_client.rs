//! DNSimple's own Rust client, unchanged, against this API.

use super::facts;
use crate::support::{House, OWNER, STRANGER};
use dnsimple::dnsimple::zones_records::{ZoneRecordPayload, ZoneRecordUpdatePayload};
use dnsimple::dnsimple::{Client, Paginate, RequestOptions, Sort, new_client};
use dnsimple::errors::DNSimpleError;
use tokenhouse::models::Resource;

fn client(house: &House, secret: &str) -> Client {
    let mut client = new_client(false, secret.to_owned()).unwrap();
    client.set_base_url(&house.url(""));
    client
}

fn number(id: i64) -> u64 {
    u64::try_from(id).unwrap()
}

fn page(page: u32, per_page: u32) -> Option<RequestOptions> {
    let sort = Some(Sort::new("name:asc".to_owned()));
    Some(RequestOptions { filters: None, sort, paginate: Some(Paginate { per_page, page }) })
}

#[actix_web::test]
async fn the_official_client_learns_whose_token_it_has_and_what_is_left_of_its_budget() {
    let house = House::open();
    let acme = house.account("Acme");
    let (_, secret) = house.signed_in(OWNER).await.make_full_token(acme, "Client").await;
    let client = client(&house, &secret);
    let answer = client.identity().whoami().await.unwrap();
    assert_eq!(
        (answer.status, answer.rate_limit.as_str(), answer.rate_limit_remaining.as_str()),
        (200, "2400", "2399")
    );
    assert!(answer.rate_limit_reset.parse::<i64>().unwrap() > house.clock.now().unix_timestamp());
    let account = answer.data.unwrap().account.unwrap();
    assert_eq!((account.id, account.plan_identifier.as_str()), (number(acme.get()), "teams-v1-monthly"));
    let accounts = client.accounts().list_accounts().await.unwrap();
    assert_eq!(accounts.rate_limit_remaining, "2398");
    assert_eq!(accounts.data.unwrap().iter().map(|one| one.id).collect::<Vec<_>>(), [number(acme.get())]);
}

#[actix_web::test]
async fn the_official_client_makes_reads_changes_and_deletes_records() {
    let house = House::open();
    let acme = house.account("Acme");
    let (_, secret) = house.signed_in(OWNER).await.make_full_token(acme, "Client").await;
    let client = client(&house, &secret);
    let zones = client.zones();
    let acme = number(acme.get());
    let zone = zones.get_zone(acme, "example.com").await.unwrap().data.unwrap();
    assert_eq!((zone.account_id, zone.name.as_str(), zone.active), (acme, "example.com", true));
    assert!(
        zones
            .get_zone_file(acme, "example.com")
            .await
            .unwrap()
            .data
            .unwrap()
            .zone
            .contains("$ORIGIN example.com.")
    );
    assert!(!zones.deactivate_dns(acme, "example.com").await.unwrap().data.unwrap().active);
    assert!(zones.activate_dns(acme, "example.com").await.unwrap().data.unwrap().active);

    // The client sends null for what it leaves out.
    let new = ZoneRecordPayload {
        name: "made".to_owned(),
        record_type: "MX".to_owned(),
        content: "mail.example.com".to_owned(),
        ttl: None,
        priority: Some(10),
        regions: None,
    };
    let made = zones.create_zone_record(acme, "example.com", new).await.unwrap();
    assert_eq!(made.status, 201);
    let made = made.data.unwrap();
    assert_eq!((made.zone_id.as_str(), made.ttl, made.priority), ("example.com", 3600, Some(10)));
    let change =
        ZoneRecordUpdatePayload { name: None, content: None, ttl: Some(60), priority: None, regions: None };
    let changed = zones.update_zone_record(acme, "example.com", made.id, change).await.unwrap().data.unwrap();
    assert_eq!((changed.ttl, changed.content, changed.priority), (60, made.content.clone(), Some(10)));
    let read = zones.get_zone_record(acme, "example.com", made.id).await.unwrap().data.unwrap();
    assert_eq!((read.name.as_str(), read.record_type.as_str()), ("made", "MX"));
    let deleted = zones.delete_zone_record(acme, "example.com", made.id).await.unwrap();
    assert_eq!(deleted.status, 204);
    assert!(deleted.rate_limit_remaining.parse::<u32>().unwrap() < 2_400, "a 204 tells the budget, too");
    let gone = zones.get_zone_record(acme, "example.com", made.id).await;
    assert!(
        matches!(&gone, Err(DNSimpleError::NotFound(why)) if *why == format!("Record `{}` not found", made.id))
    );
    let refused = ZoneRecordPayload {
        name: "made".to_owned(),
        record_type: "A".to_owned(),
        content: "nowhere".to_owned(),
        ttl: None,
        priority: None,
        regions: None,
    };
    let Err(DNSimpleError::BadRequest { message, attribute_errors }) =
        zones.create_zone_record(acme, "example.com", refused).await
    else {
        panic!("it was made")
    };
    assert_eq!(message, "Validation failed");
    assert!(attribute_errors.unwrap()["content"].is_array());
    assert_eq!(facts::count(&house, "records WHERE name = 'made'"), 0);
}

#[actix_web::test]
async fn the_official_client_walks_95_zones_page_by_page() {
    let house = House::open();
    let hobby = house.account("Hobby");
    let names: Vec<String> = (0..94).map(|number| format!("zone-{number:02}.example")).collect();
    Resource::add_domains(&mut house.conn(), hobby, &names, &house.command_line()).unwrap();
    let (_, secret) = house.signed_in(OWNER).await.make_full_token(hobby, "Walker").await;
    let client = client(&house, &secret);
    for per_page in [30, 100, 7] {
        let mut seen = Vec::new();
        for number_of_page in 1.. {
            let answer =
                client.zones().list_zones(number(hobby.get()), page(number_of_page, per_page)).await.unwrap();
            let pagination = answer.pagination.unwrap();
            assert_eq!((pagination.total_entries, pagination.per_page), (95, u64::from(per_page)));
            assert_eq!(pagination.total_pages, 95_u64.div_ceil(u64::from(per_page)));
            seen.extend(answer.data.unwrap().into_iter().map(|zone| zone.name));
            if u64::from(number_of_page) == pagination.total_pages {
                break;
            }
        }
        let mut expected: Vec<String> = names.iter().cloned().chain(["hobby.example".to_owned()]).collect();
        expected.sort();
        assert_eq!(seen, expected, "{per_page} a page");
    }
}

#[actix_web::test]
async fn the_official_client_makes_and_removes_domains_and_downloads_certificates() {
    let house = House::open();
    let acme = house.account("Acme");
    let (_, secret) = house.signed_in(OWNER).await.make_full_token(acme, "Client").await;
    let client = client(&house, &secret);
    let acme = number(acme.get());
    let made = client.domains().create_domain(acme, "made.example".to_owned()).await.unwrap();
    assert_eq!(made.status, 201);
    let made = made.data.unwrap();
    assert_eq!((made.name.as_str(), made.state.as_str()), ("made.example", "hosted"));
    assert_eq!(client.domains().get_domain(acme, made.id).await.unwrap().data.unwrap().id, made.id);
    assert_eq!(
        client.zones().get_zone(acme, "made.example").await.unwrap().data.unwrap().name,
        "made.example"
    );
    let listed = client.domains().list_domains(acme, page(1, 100)).await.unwrap();
    assert_eq!(listed.pagination.unwrap().total_entries, 41);
    assert_eq!(client.domains().delete_domain(acme, made.id).await.unwrap().status, 204);
    assert!(matches!(client.zones().get_zone(acme, "made.example").await, Err(DNSimpleError::NotFound(_))));

    let certificates = client.certificates().list_certificates(acme, "example.com", None).await.unwrap();
    let certificates = certificates.data.unwrap();
    let issued = certificates.iter().find(|one| one.state == "issued").unwrap();
    let same =
        client.certificates().get_certificate(acme, "example.com", issued.id).await.unwrap().data.unwrap();
    assert_eq!(same.common_name, issued.common_name);
    let bundle = client.certificates().download_certificate(acme, "example.com", issued.id).await.unwrap();
    assert!(bundle.data.unwrap().server.starts_with("-----BEGIN CERTIFICATE-----"));
    let key =
        client.certificates().get_certificate_private_key(acme, "example.com", issued.id).await.unwrap();
    assert!(key.data.unwrap().private_key.contains("PRIVATE KEY"));
}

#[actix_web::test]
async fn the_official_client_is_told_what_a_narrowed_token_may_not_do() {
    let house = House::open();
    let acme = house.account("Acme");
    let zone = facts::zone(&house, acme, "theburritobot.com");
    let fields = [
        ("name", "Narrow"),
        ("reach", "choose"),
        ("zones.access", "read"),
        ("zones.where", "named"),
        ("zones.id", zone.as_str()),
        ("expires", "90"),
    ];
    let (token, secret) = house.signed_in(OWNER).await.make_token(acme, &fields).await;
    let client = client(&house, &secret);
    let acme = number(acme.get());
    let listed = client.zones().list_zones(acme, None).await.unwrap();
    assert_eq!(listed.pagination.unwrap().total_entries, 1);
    assert_eq!(listed.data.unwrap()[0].name, "theburritobot.com");
    assert!(
        !client
            .zones()
            .list_zone_records(acme, "theburritobot.com", None)
            .await
            .unwrap()
            .data
            .unwrap()
            .is_empty()
    );
    for zone in ["example.com", "nowhere.example"] {
        let Err(DNSimpleError::NotFound(why)) = client.zones().get_zone(acme, zone).await else {
            panic!("{zone}")
        };
        assert_eq!(why, format!("Zone `{zone}` not found"));
    }
    let record = ZoneRecordPayload {
        name: "www".to_owned(),
        record_type: "A".to_owned(),
        content: "192.0.2.1".to_owned(),
        ttl: Some(60),
        priority: None,
        regions: None,
    };
    let Err(DNSimpleError::Forbidden(why)) =
        client.zones().create_zone_record(acme, "theburritobot.com", record).await
    else {
        panic!("written")
    };
    assert_eq!(why, "Permission Denied. Required Scope: zones:theburritobot.com:write");
    let Err(DNSimpleError::Forbidden(why)) = client.domains().list_domains(acme, None).await else {
        panic!("listed")
    };
    assert_eq!(why, "Permission Denied. Required Scope: domains:*:read");
    house.signed_in(OWNER).await.delete_token(house.account("Acme"), token).await;
    assert!(matches!(client.zones().list_zones(acme, None).await, Err(DNSimpleError::Unauthorized)));
}

#[actix_web::test]
async fn the_official_client_finds_nothing_in_a_foreign_account() {
    let house = House::open();
    let (acme, rival) = (number(house.account("Acme").get()), house.account("Rival"));
    let (_, secret) = house.signed_in(STRANGER).await.make_full_token(rival, "Foreign").await;
    let client = client(&house, &secret);
    assert!(matches!(client.zones().list_zones(acme, None).await, Err(DNSimpleError::NotFound(_))));
    assert!(matches!(client.zones().get_zone(acme, "example.com").await, Err(DNSimpleError::NotFound(_))));
    assert!(matches!(client.domains().list_domains(acme, None).await, Err(DNSimpleError::NotFound(_))));
    let certificates = client.certificates().list_certificates(acme, "example.com", None).await;
    assert!(matches!(certificates, Err(DNSimpleError::NotFound(_))));
    let zones = client.zones().list_zones(number(rival.get()), None).await.unwrap();
    assert_eq!(zones.data.unwrap().len(), 3);
}
