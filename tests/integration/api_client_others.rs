//! DNSimple's own client, unchanged, on what hangs on an account and on its domains.

use crate::facts;
use crate::program::Program;
use crate::support::House;
use dnsimple::dnsimple::contacts::ContactPayload;
use dnsimple::dnsimple::templates::TemplatePayload;
use dnsimple::errors::DNSimpleError;

/// A number as the client takes it.
fn number(id: i64) -> u64 {
    u64::try_from(id).unwrap()
}

#[actix_web::test]
async fn it_reads_accounts_charges_certificates_and_their_keys() {
    let house = House::open();
    let account = house.account("Acme");
    let acme = number(account.get());
    let client = Program::with_everything(&house, account).official();
    let accounts = client.accounts().list_accounts().await.unwrap().data.unwrap();
    assert_eq!((accounts.len(), accounts[0].id), (1, acme));
    let charges = client.billing().list_charges(acme, None).await.unwrap();
    assert_eq!(charges.data.unwrap()[0].total_amount, "43.50");
    assert_eq!(charges.pagination.unwrap().total_entries, 2);

    let certificates = client.certificates();
    let all = certificates.list_certificates(acme, "example.com", None).await.unwrap().data.unwrap();
    let (shop, www) = (all[0].id, all[1].id);
    let one = certificates.get_certificate(acme, "example.com", www).await.unwrap().data.unwrap();
    assert_eq!(one.expires_on.as_deref(), Some("2036-01-15"));
    let bundle = certificates.download_certificate(acme, "example.com", www).await.unwrap().data.unwrap();
    assert!(bundle.server.starts_with("-----BEGIN CERTIFICATE-----") && bundle.chain.is_empty());
    let key = certificates.get_certificate_private_key(acme, "example.com", www).await.unwrap();
    assert!(key.data.unwrap().private_key.starts_with("-----BEGIN PRIVATE KEY-----"));
    let early = certificates.download_certificate(acme, "example.com", shop).await.unwrap_err();
    assert!(
        matches!(&early, DNSimpleError::PreconditionRequired(why) if why == "Certificate not issued"),
        "{early:?}"
    );
}

#[actix_web::test]
async fn it_is_told_the_scope_that_is_missing_and_finds_nothing_of_others() {
    let house = House::open();
    let (acme, rival) = (number(house.account("Acme").get()), house.account("Rival"));
    let client = Program::new(&house, house.account("Acme"), &["certificates:example.com:read"]).official();
    let certificates = client.certificates();
    let refused = certificates.get_certificate_private_key(acme, "example.com", 1).await.unwrap_err();
    let scope = "Permission Denied. Required Scope: certificate_private_keys:example.com:read";
    assert!(matches!(&refused, DNSimpleError::Forbidden(why) if why == scope), "{refused:?}");
    let hidden = certificates.list_certificates(acme, "theburritobot.com", None).await.unwrap_err();
    assert!(
        matches!(&hidden, DNSimpleError::NotFound(what) if what == "Domain `theburritobot.com` not found"),
        "{hidden:?}"
    );
    let foreign = Program::with_everything(&house, rival).official();
    let none = foreign.contacts().list_contacts(acme, None).await.unwrap_err();
    assert!(matches!(none, DNSimpleError::NotFound(_)), "{none:?}");
}

#[actix_web::test]
async fn it_changes_what_a_registrar_keeps() {
    let house = House::open();
    let account = house.account("Acme");
    let acme = number(account.get());
    let client = Program::new(&house, account, &["registrar:example.com:write"]).official();
    let (registrar, domain) = (client.registrar(), || "example.com".to_owned());
    assert!(!registrar.check_domain(acme, "free.example").await.unwrap().data.unwrap().available);
    let servers = vec!["ns1.example.net", "ns2.example.net"];
    let set = registrar.change_domain_delegation(acme, domain(), servers.clone()).await.unwrap();
    assert_eq!(set.data.unwrap(), servers);
    assert_eq!(registrar.get_domain_delegation(acme, domain()).await.unwrap().data.unwrap(), servers);
    assert_eq!(registrar.disable_domain_auto_renewal(acme, domain()).await.unwrap().status, 204);
    assert_eq!(registrar.enable_domain_auto_renewal(acme, domain()).await.unwrap().status, 204);
    let privacy = registrar.enable_whois_privacy(acme, domain()).await.unwrap();
    assert_eq!((privacy.status, privacy.data.unwrap().enabled), (201, Some(true)));
    let privacy = registrar.disable_whois_privacy(acme, domain()).await.unwrap();
    assert_eq!((privacy.status, privacy.data.unwrap().enabled), (200, Some(false)));
    let lock = registrar.disable_domain_transfer_lock(acme, domain()).await.unwrap();
    assert!(!lock.data.unwrap().enabled);
    let lock = registrar.enable_domain_transfer_lock(acme, domain()).await.unwrap();
    assert_eq!((lock.status, lock.data.unwrap().enabled), (201, true));
    assert!(registrar.get_domain_transfer_lock(acme, domain()).await.unwrap().data.unwrap().enabled);
    assert_eq!(facts::count(&house, "audit_events WHERE actor_kind = 'token'"), 7);
}

#[actix_web::test]
async fn it_makes_and_deletes_contacts_templates_and_webhooks() {
    let house = House::open();
    let account = house.account("Acme");
    let acme = number(account.get());
    let client = Program::with_everything(&house, account).official();
    let text = str::to_owned;
    let payload = |country: &str| ContactPayload {
        label: None,
        first_name: text("Milo"),
        last_name: text("Member"),
        job_title: None,
        organization_name: None,
        email: text("milo@acme.example"),
        phone: text("+1 212 5550142"),
        fax: None,
        address1: text("9 Canal Street"),
        address2: None,
        city: text("New York"),
        state_province: text("NY"),
        postal_code: text("10013"),
        country: text(country),
    };
    let contacts = client.contacts();
    let made = contacts.create_contact(acme, payload("US")).await.unwrap().data.unwrap();
    assert_eq!(contacts.get_contact(acme, made.id).await.unwrap().data.unwrap().first_name, "Milo");
    assert_eq!(contacts.delete_contact(acme, made.id).await.unwrap().status, 204);
    let refused = contacts.create_contact(acme, payload("")).await.unwrap_err();
    let DNSimpleError::BadRequest { message, attribute_errors } = refused else { panic!("{refused:?}") };
    assert_eq!(message, "Validation failed");
    assert!(attribute_errors.unwrap()["country"].is_array());

    let templates = client.templates();
    let new = TemplatePayload { name: text("Parked"), sid: text("parked"), description: None };
    assert_eq!(templates.create_template(acme, new).await.unwrap().status, 201);
    assert_eq!(templates.get_template(acme, text("parked")).await.unwrap().data.unwrap().name, "Parked");
    assert_eq!(templates.delete_template(acme, text("parked")).await.unwrap().status, 204);
    assert_eq!(templates.list_templates(acme, None).await.unwrap().data.unwrap().len(), 2);

    let webhooks = client.webhooks();
    let made = webhooks.create_webhook(acme, text("https://hooks.example/")).await.unwrap().data.unwrap();
    assert_eq!(webhooks.list_webhooks(acme, None).await.unwrap().data.unwrap().len(), 3);
    assert_eq!(webhooks.delete_webhook(acme, made.id.to_string()).await.unwrap().status, 204);
    let asked = client.domains().get_domain_research_status(acme, text("example.com")).await.unwrap();
    assert_eq!(asked.data.unwrap().availability, "unavailable");
}
