//! The form for a new token: what it makes, and what it refuses beside the field.

use crate::facts::{self, zone};
use crate::support::{House, MEMBER, OWNER, READER};
use tokenhouse::models::Resource;

const GRANTS: &str = "permission || ' ' || access || ' ' || reach || ' ' || coalesce(
    (SELECT string_agg(effect || ' ' || name, ', ' ORDER BY name)
     FROM token_grant_resources AS named WHERE named.grant_id = grants.id), '')";

#[actix_web::test]
async fn a_token_for_two_zones_says_so_and_is_stored_so() {
    let house = House::open();
    let acme = house.account("Acme");
    let (one, two) = (zone(&house, acme, "example.com"), zone(&house, acme, "theburritobot.com"));
    let mut owner = house.signed_in(OWNER).await;
    let nonce = owner.new_form(acme).await;
    let fields = [
        ("nonce", nonce.as_str()),
        ("do", "generate"),
        ("name", "  DNS 部署  "),
        ("reach", "choose"),
        ("expires", "30"),
        ("zones.access", "full"),
        ("zones.where", "named"),
        ("zones.id", &one),
        ("zones.id", &two),
    ];
    let answer = owner.post(&format!("/accounts/{acme}/tokens"), &fields).await;
    assert_eq!(answer.status, 200);
    let said = answer.all(".sentences li");
    assert_eq!(
        said[0],
        "Can read, create, change and delete DNS records of example.com and theburritobot.com, and of no other zone."
    );
    assert!(answer.text().contains("through 22 December 2026 (UTC)"));
    assert_eq!(
        facts::texts(&house, GRANTS, "token_grants AS grants"),
        ["zones full named include example.com, include theburritobot.com"]
    );
    assert_eq!(facts::texts(&house, "name || ' ' || full_access", "tokens"), ["DNS 部署 false"]);
}

#[actix_web::test]
async fn all_future_resources_and_an_account_permission_are_stored_as_such() {
    let house = House::open();
    let acme = house.account("Acme");
    let mut owner = house.signed_in(OWNER).await;
    let fields = [
        ("name", "Wide"),
        ("reach", "choose"),
        ("expires", "never"),
        ("domains.access", "read"),
        ("domains.where", "all"),
        ("billing.access", "full"),
        ("zones.access", "none"),
        ("zones.where", "all"),
    ];
    let (token, _) = owner.make_token(acme, &fields).await;
    assert_eq!(
        facts::texts(&house, GRANTS, "token_grants AS grants ORDER BY permission"),
        ["billing full account ", "domains read account "]
    );
    let page = owner.get(&format!("/accounts/{acme}/tokens/{token}")).await;
    let said = page.all(".sentences li").join(" ");
    assert!(said.contains("Can read all domains: 40 now, and those added later."), "{said}");
    assert!(said.contains("never expires"), "{said}");
}

#[actix_web::test]
async fn every_refusal_stands_beside_its_field_and_what_was_entered_is_kept() {
    let house = House::open();
    let (acme, rival) = (house.account("Acme"), house.account("Rival"));
    let foreign = zone(&house, rival, "rival.example");
    let gone = zone(&house, acme, "theburritobot.com");
    Resource::remove_domain(&mut house.conn(), acme, "theburritobot.com", &house.command_line()).unwrap();
    let long = "字".repeat(256);
    type Case<'a> = (&'a [(&'a str, &'a str)], &'a str, &'a str);
    let cases: [Case<'_>; 12] = [
        (&[("name", " "), ("reach", "everything")], "name", "Give the token a name."),
        (&[("name", &long), ("reach", "everything")], "name", "Use at most 255 characters."),
        (&[("name", "a\nb"), ("reach", "everything")], "name", "Leave out line breaks"),
        (&[("name", "CI")], "reach", "Choose at least one permission"),
        (&[("name", "CI"), ("zones.access", "read")], "zones.where", "Choose where Zones applies"),
        (
            &[("name", "CI"), ("zones.access", "read"), ("zones.where", "named")],
            "zones.where",
            "Select at least one zone",
        ),
        (
            &[("name", "CI"), ("zones.access", "read"), ("zones.where", "named"), ("zones.id", &foreign)],
            "zones.where",
            "was deleted meanwhile",
        ),
        (
            &[("name", "CI"), ("zones.access", "read"), ("zones.where", "named"), ("zones.id", &gone)],
            "zones.where",
            "was deleted meanwhile",
        ),
        (
            &[("name", "CI"), ("domain_research.access", "full")],
            "domain_research.access",
            "Domain research can be read only.",
        ),
        (
            &[("name", "CI"), ("reach", "everything"), ("expires", "date"), ("expires_on", "2026-02-30")],
            "expires_on",
            "Write the day as year-month-day",
        ),
        (
            &[("name", "CI"), ("reach", "everything"), ("expires", "date"), ("expires_on", "2026-11-21")],
            "expires_on",
            "This day has passed.",
        ),
        (
            &[("name", "CI"), ("reach", "everything"), ("expires", "soon")],
            "expires_on",
            "Choose until when the token works.",
        ),
    ];
    let mut owner = house.signed_in(OWNER).await;
    for (fields, place, why) in cases {
        let nonce = owner.new_form(acme).await;
        let mut all = vec![("nonce", nonce.as_str()), ("do", "generate")];
        all.extend_from_slice(fields);
        if !fields.iter().any(|(name, _)| *name == "expires") {
            all.push(("expires", "never"));
        }
        let answer = owner.post(&format!("/accounts/{acme}/tokens"), &all).await;
        assert_eq!(answer.status, 422, "{fields:?}");
        let beside = answer.all(&format!("[id='{place}-error']"));
        assert!(beside.len() == 1 && beside[0].contains(why), "{fields:?}: {beside:?}");
        assert!(answer.text().contains("Please look again: nothing was made"));
        assert_eq!(answer.value_of("nonce"), nonce);
        let kept = |name: &str| answer.attributes(&format!("input[name='{name}'][checked]"), "value");
        for (name, value) in fields.iter().filter(|(_, value)| !value.contains(['\n']) && *value != "soon") {
            match *name {
                "name" | "expires_on" => assert_eq!(answer.value_of(name), *value),
                // One that is not there is not offered again.
                "zones.id" => {}
                "domain_research.access" => {}
                other => assert_eq!(kept(other), [*value], "{other} of {fields:?}"),
            }
        }
    }
    assert_eq!(facts::count(&house, "tokens"), 0);
}

#[actix_web::test]
async fn more_than_five_hundred_named_resources_are_refused_with_their_number() {
    let house = House::open();
    let acme = house.account("Acme");
    let names: Vec<String> = (0..501).map(|number| format!("n{number}.example")).collect();
    Resource::add_domains(&mut house.conn(), acme, &names, &house.command_line()).unwrap();
    let ids = facts::texts(&house, "id", "resources WHERE kind = 'zone' AND name ~ '^n[0-9]+[.]example$'");
    assert_eq!(ids.len(), 501);
    let mut owner = house.signed_in(OWNER).await;
    let nonce = owner.new_form(acme).await;
    let mut fields = vec![
        ("nonce", nonce.as_str()),
        ("do", "generate"),
        ("name", "Many"),
        ("expires", "90"),
        ("zones.access", "read"),
        ("zones.where", "named"),
    ];
    fields.extend(ids.iter().map(|id| ("zones.id", id.as_str())));
    let answer = owner.post(&format!("/accounts/{acme}/tokens"), &fields).await;
    assert_eq!(answer.status, 422);
    let beside = answer.all("[id='zones.where-error']").join(" ");
    assert!(
        beside.starts_with("One token can name 500 resources, this one names 501. Take all zones"),
        "{beside}"
    );
    fields.pop();
    let answer = owner.post(&format!("/accounts/{acme}/tokens"), &fields).await;
    assert_eq!(answer.status, 200);
    assert_eq!(facts::count(&house, "token_grant_resources"), 500);
}

#[actix_web::test]
async fn an_expiry_day_is_stored_as_the_first_instant_after_it() {
    let house = House::open();
    let acme = house.account("Acme");
    let mut owner = house.signed_in(OWNER).await;
    for (expires, day, stored) in [
        ("date", "2026-11-22", "2026-11-23 00:00:00+00"),
        ("date", "2026-12-24", "2026-12-25 00:00:00+00"),
        ("90", "", "2027-02-21 00:00:00+00"),
    ] {
        let fields = [("name", "CI"), ("reach", "everything"), ("expires", expires), ("expires_on", day)];
        let (token, _) = owner.make_token(acme, &fields).await;
        assert_eq!(facts::texts(&house, "expires_at", &format!("tokens WHERE id = {token}")), [stored]);
    }
}

#[actix_web::test]
async fn only_owners_and_admins_make_tokens_and_the_others_are_told_who_can() {
    let house = House::open();
    let acme = house.account("Acme");
    for (person, role) in [(MEMBER, "read_write"), (READER, "read_only")] {
        let mut browser = house.signed_in(person).await;
        let fields = [("name", "CI"), ("reach", "everything"), ("expires", "90"), ("do", "generate")];
        for answer in [
            browser.get(&format!("/accounts/{acme}/tokens/new")).await,
            browser.post(&format!("/accounts/{acme}/tokens"), &fields).await,
            browser.post(&format!("/accounts/{acme}/tokens/words"), &fields).await,
            browser.get(&format!("/accounts/{acme}/tokens/resources?kind=zone")).await,
        ] {
            assert_eq!(answer.status, 403, "{person}");
            let text = answer.text();
            assert!(text.contains(&format!("Your role in Acme is {role}")), "{text}");
            assert!(text.contains("Ask an owner or admin of the account."), "{text}");
        }
    }
    assert_eq!(facts::count(&house, "tokens"), 0);
}
