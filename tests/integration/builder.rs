//! The builder over HTTP: what its tokens may do, and what it refuses beside the field.

use crate::facts::{self, domain, zone};
use crate::program::Program;
use crate::support::client::{Answer, Browser, whoami};
use crate::support::{House, OWNER};
use serde_json::json;
use time::Duration;
use time::macros::datetime;
use tokenhouse::models::Resource;
use tokenhouse::policy::{AccountId, TokenId};

/// Where the builder of an account is.
pub fn of_account(account: AccountId) -> String {
    format!("/accounts/{account}/tokens/build")
}

/// The builder's form as a browser has it that runs no script: filled in step by step.
pub struct Form {
    pub path: String,
    pub fields: Vec<(String, String)>,
}

impl Form {
    /// Opens the builder.
    pub async fn open(browser: &mut Browser, address: &str) -> Form {
        let page = browser.get(address).await;
        assert_eq!(page.status, 200, "{}", page.text());
        let path = address.split('?').next().unwrap().to_owned();
        Form { path, fields: Form::read(&page) }
    }

    /// The fields of the page's form, but for its form token.
    pub fn read(page: &Answer) -> Vec<(String, String)> {
        let mut fields = page.filled("main form");
        fields.retain(|(name, _)| name != "csrf");
        fields
    }

    /// Fills in a field; a resource is ticked besides those that are.
    pub fn set(&mut self, name: &str, value: &str) -> &mut Form {
        if !name.ends_with(".id") && name != "row" {
            self.fields.retain(|(known, _)| known != name);
        }
        self.fields.push((name.to_owned(), value.to_owned()));
        self
    }

    pub fn get(&self, name: &str) -> &str {
        self.fields.iter().find(|(known, _)| known == name).map_or("", |(_, value)| value)
    }

    /// Presses a button; the form is then as the answer has it.
    pub async fn press(&mut self, browser: &mut Browser, button: &str) -> Answer {
        let mut fields: Vec<(&str, &str)> =
            self.fields.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect();
        fields.push(("do", button));
        let answer = browser.post(&self.path, &fields).await;
        if answer.body.contains(r#"name="nonce""#) {
            self.fields = Form::read(&answer);
        }
        answer
    }

    /// Goes on to the summary and creates the token; returns its number and its secret.
    pub async fn create(&mut self, browser: &mut Browser) -> (TokenId, String) {
        let summary = self.press(browser, "summary").await;
        assert_eq!(
            (summary.status.as_u16(), summary.heading().as_str()),
            (200, "Summary"),
            "{}",
            summary.text()
        );
        let made = self.press(browser, "generate").await;
        assert_eq!(made.status, 200, "{}", made.text());
        let base = self.path.strip_suffix("build").unwrap().to_owned();
        let id = made.links().iter().find_map(|href| href.strip_prefix(&base)?.parse().ok());
        (id.expect("a link to the token"), made.secret())
    }
}

/// Fields in one go, for a row `r1`.
async fn made(browser: &mut Browser, address: &str, fields: &[(&str, &str)]) -> (TokenId, String) {
    let mut form = Form::open(browser, address).await;
    form.set("name", "Made").set("expires", "30");
    for (name, value) in fields {
        form.set(name, value);
    }
    form.create(browser).await
}

#[actix_web::test]
async fn a_template_its_zone_the_summary_and_the_token_that_does_that_and_nothing_else() {
    let house = House::open();
    let acme = house.account("Acme");
    let burrito = zone(&house, acme, "theburritobot.com");
    let mut owner = house.signed_in(OWNER).await;
    let start = owner.get(&format!("/accounts/{acme}/tokens/start")).await;
    let template = format!("{}?template=edit_zone_dns", of_account(acme));
    assert!(start.links().contains(&template), "{:?}", start.links());
    let mut form = Form::open(&mut owner, &template).await;
    assert_eq!(form.get("name"), "Edit zone DNS");
    assert_eq!((form.get("r1.permission"), form.get("r1.access")), ("zones", "full"));
    assert_eq!(form.get("r1.where"), "named");

    form.set("r1.q", "burrito");
    let found = form.press(&mut owner, "search").await;
    assert_eq!(found.all("[data-found] li"), ["theburritobot.com"]);
    form.set("r1.id", &burrito);
    let summary = form.press(&mut owner, "summary").await;
    let said = summary.all(".sentences li").join(" ");
    assert!(said.contains("DNS records of theburritobot.com"), "{said}");
    assert_eq!(summary.all(".summary-scopes code"), ["zones:theburritobot.com:write"]);
    assert_eq!(facts::count(&house, "tokens"), 0, "nothing is made before Generate token");

    let (token, secret) = {
        let made = form.press(&mut owner, "generate").await;
        assert_eq!(made.status, 200, "{}", made.text());
        (facts::number(&house, "SELECT id FROM tokens"), made.secret())
    };
    let program = Program::knowing(&house, token.into(), &secret);
    let records = format!("/v2/{acme}/zones/theburritobot.com/records");
    assert_eq!(program.get(&records).await.status, 200);
    let record = json!({ "name": "www", "type": "A", "content": "192.0.2.1" });
    assert_eq!(program.send("POST", &records, &record).await.status, 201);
    assert_eq!(program.get(&format!("/v2/{acme}/zones/example.com/records")).await.status, 404);
    program
        .get(&format!("/v2/{acme}/domains/theburritobot.com"))
        .await
        .needs("permission_denied", "domains:theburritobot.com:read");
}

#[actix_web::test]
async fn each_template_makes_a_token_of_its_own_kind() {
    let house = House::open();
    let acme = house.account("Acme");
    let (zone, domain) = (zone(&house, acme, "example.com"), domain(&house, acme, "example.com"));
    let mut owner = house.signed_in(OWNER).await;
    let mut scopes = Vec::new();
    for key in [
        "edit_zone_dns",
        "acme_dns_01",
        "dynamic_dns",
        "manage_zone",
        "deploy_certificates",
        "registrar_automation",
        "monitor",
        "read_billing",
        "read_all",
    ] {
        let mut form = Form::open(&mut owner, &format!("{}?template={key}", of_account(acme))).await;
        let rows: Vec<String> =
            form.fields.iter().filter(|(name, _)| name == "row").map(|(_, row)| row.clone()).collect();
        for row in rows {
            if form.get(&format!("{row}.where")) == "named" {
                let zones = form.get(&format!("{row}.permission")) == "zones";
                form.set(&format!("{row}.id"), if zones { &zone } else { &domain });
            }
        }
        let (token, _) = form.create(&mut owner).await;
        let stored = facts::texts(
            &house,
            "permission || access || reach || parts::text",
            &format!("token_grants WHERE token_id = {token} ORDER BY permission"),
        );
        assert!(!stored.iter().any(|one| one.contains("private_keys")), "{key}");
        assert!(!scopes.contains(&stored), "{key} grants what another does");
        scopes.push(stored);
    }
}

#[actix_web::test]
async fn an_acme_token_sets_its_txt_record_and_nothing_else() {
    let house = House::open();
    let acme = house.account("Acme");
    let mut owner = house.signed_in(OWNER).await;
    let address = format!("{}?template=acme_dns_01", of_account(acme));
    let (id, domain) = (zone(&house, acme, "example.com"), domain(&house, acme, "example.com"));
    let (token, secret) = made(&mut owner, &address, &[("r1.id", &id), ("r2.id", &domain)]).await;
    assert_eq!(
        facts::texts(&house, "concat_ws(' ', permission, access, parts)", "token_grants ORDER BY permission"),
        ["domains read {}", r#"zones full {"name": ["_acme-challenge*"], "type": ["TXT"]}"#]
    );
    let program = Program::knowing(&house, token, &secret);
    let records = format!("/v2/{acme}/zones/example.com/records");
    let record =
        |name: &str, kind: &str, content: &str| json!({ "name": name, "type": kind, "content": content });
    let challenge = program.send("POST", &records, &record("_acme-challenge", "TXT", "token")).await;
    assert_eq!(challenge.status, 201, "{challenge:?}");
    let below = program.send("POST", &records, &record("_acme-challenge.www", "TXT", "token")).await;
    assert_eq!(below.status, 201, "{below:?}");
    for (name, kind, content) in
        [("www", "TXT", "x"), ("_acme-challenge", "A", "192.0.2.1"), ("", "TXT", "x")]
    {
        let refused = program.send("POST", &records, &record(name, kind, content)).await;
        assert_eq!(refused.status, 403, "{name} {kind}: {refused:?}");
    }
    let listed = program.get(&records).await.each("name");
    assert!(listed.iter().all(|name| name.as_str().unwrap().starts_with("_acme-challenge")), "{listed:?}");
    let mine = challenge.data()["id"].clone();
    assert_eq!(program.ask("DELETE", &format!("{records}/{mine}")).await.status, 204);
    assert_eq!(program.get(&format!("/v2/{acme}/domains")).await.each("name"), [json!("example.com")]);
    let scope = "domains:example.com:write";
    program.ask("DELETE", &format!("/v2/{acme}/domains/example.com")).await.needs("write_denied", scope);
}

#[actix_web::test]
async fn networks_and_days_hold_at_the_api() {
    let house = House::open();
    let acme = house.account("Acme");
    let mut owner = house.signed_in(OWNER).await;
    let row = [("r1.permission", "zones"), ("r1.access", "read"), ("r1.where", "all")];
    let of = |rest: &[(&'static str, &'static str)]| [&row[..], rest].concat();
    let path = of_account(acme);
    let (_, elsewhere) = made(&mut owner, &path, &of(&[("from", "198.51.100.0/24\n2001:db8::/32")])).await;
    let (status, body) = whoami(house.address, &elsewhere).await;
    assert_eq!((status.as_u16(), body["code"].as_str()), (403, Some("address_refused")));
    let (_, here) = made(&mut owner, &path, &of(&[("from", "127.0.0.0/8")])).await;
    assert_eq!(whoami(house.address, &here).await.0, 200);
    let (_, not_here) =
        made(&mut owner, &path, &of(&[("from", "127.0.0.0/8"), ("not_from", "::ffff:127.0.0.1")])).await;
    assert_eq!(whoami(house.address, &not_here).await.1["code"], "address_refused");

    let mut form = Form::open(&mut owner, &path).await;
    for (name, value) in of(&[("starts_on", "2026-12-01"), ("expires", "date"), ("expires_on", "2026-12-02")])
    {
        form.set(name, value);
    }
    let (_, later) = form.set("name", "Later").create(&mut owner).await;
    assert_eq!(whoami(house.address, &later).await.1["code"], "token_not_yet");
    house.clock.advance(datetime!(2026-12-01 0:00 UTC) - house.clock.now() - Duration::SECOND);
    assert_eq!(whoami(house.address, &later).await.1["code"], "token_not_yet");
    house.clock.advance(Duration::SECOND);
    assert_eq!(whoami(house.address, &later).await.0, 200);
    house.clock.advance(Duration::days(2));
    assert_eq!(whoami(house.address, &later).await.1["code"], "token_expired");
}

#[actix_web::test]
async fn every_refusal_stands_beside_its_field_and_what_was_entered_is_kept() {
    let house = House::open();
    let (acme, rival) = (house.account("Acme"), house.account("Rival"));
    let foreign = zone(&house, rival, "rival.example");
    let long = "192.0.2.7,".repeat(820);
    let zones: &[(&str, &str)] = &[("r1.permission", "zones"), ("r1.access", "read"), ("r1.where", "all")];
    type Case<'a> = (&'a [(&'a str, &'a str)], &'a [(&'a str, &'a str)], &'a str, &'a str);
    let cases: &[Case<'_>] = &[
        (zones, &[("name", " ")], "name", "Give the token a name."),
        (&[], &[], "reach", "Choose at least one permission: without any"),
        (&[], &[("r1.access", "read")], "r1.permission", "Choose a permission."),
        (&[], &[("r1.permission", "zones")], "r1.access", "Choose how much of Zones it may do."),
        (&[], &[("r1.permission", "zones"), ("r1.access", "read")], "r1.where", "Choose where Zones applies"),
        (zones, &[("r1.where", "named")], "r1.where", "Select at least one zone"),
        (zones, &[("r1.where", "except")], "r1.where", "Select what to leave out, or choose All zones, incl"),
        (zones, &[("r1.part.name", &long)], "r1.part.name", "At most 4 KB of names fit here."),
        (zones, &[("from", &long)], "from", "At most 8 KB of networks fit here."),
        (zones, &[("r1.where", "named"), ("r1.id", &foreign)], "r1.where", "was deleted meanwhile"),
        (zones, &[("r1.where", "except"), ("r1.id", &foreign)], "r1.where", "was deleted meanwhile"),
        (zones, &[("r1.where", "everywhere")], "r1.where", "Choose where Zones applies"),
        (zones, &[("r1.part.name", "www.")], "r1.part.name", "www."),
        (zones, &[("r1.part.type", "TEXT")], "r1.part.type", "TEXT"),
        // Commas only are not the same as nothing, which means any.
        (zones, &[("r1.part.name", ",")], "r1.part.name", "“,” holds no names"),
        (zones, &[("r1.part.type", " , ")], "r1.part.type", "“,” holds no types"),
        (zones, &[("from", ",")], "from", "Write addresses or networks, or leave the field empty."),
        (
            &[],
            &[("r1.permission", "domain_research"), ("r1.access", "full")],
            "r1.access",
            "can be read only",
        ),
        (
            &[],
            &[("r1.permission", "memberships"), ("r1.access", "read")],
            "r1.permission",
            "for user tokens only",
        ),
        (
            zones,
            &[("from", "192.0.2.1\n10.0.0.5/8")],
            "from",
            "Line 2: 10.0.0.5/8 has bits beyond its /8. Did you mean 10.0.0.0/8?",
        ),
        (zones, &[("not_from", "192.0.2.300")], "not_from", "Line 1: “192.0.2.300” is neither"),
        (zones, &[("from", "192.0.2.7"), ("not_from", "192.0.2.0/24")], "not_from", "work from nowhere"),
        (zones, &[("starts_on", "2026-11-21")], "starts_on", "This day has passed."),
        (
            zones,
            &[("starts_on", "2027-03-01")],
            "starts_on",
            "It would start on 1 March 2027, after its last day",
        ),
        (zones, &[("expires", "date"), ("expires_on", "2026-11-21")], "expires_on", "This day has passed."),
        (zones, &[("expires", "")], "expires_on", "Choose until when"),
    ];
    let mut owner = house.signed_in(OWNER).await;
    for (row, more, place, why) in cases {
        let mut form = Form::open(&mut owner, &of_account(acme)).await;
        form.set("name", "CI");
        for (name, value) in row.iter().chain(*more) {
            form.set(name, value);
        }
        let nonce = form.get("nonce").to_owned();
        for button in ["summary", "generate"] {
            let answer = form.press(&mut owner, button).await;
            assert_eq!(answer.status, 422, "{more:?}: {}", answer.text());
            let beside = answer.all(&format!("[id='{place}-error']"));
            assert!(beside.len() == 1 && beside[0].contains(why), "{more:?}: {beside:?}");
            assert!(answer.text().contains("Please look again: nothing was made"));
            assert_eq!(form.get("nonce"), nonce);
            for (name, value) in row.iter().chain(*more) {
                let overwritten = more.iter().any(|(other, last)| other == name && last != value);
                // What is not there is not offered again, nor is what nobody can choose.
                let gone = matches!(*value, "everywhere" | "memberships" | "") || *name == "r1.id";
                let unshown = *value == "full" || row.is_empty() && *name == "r1.access";
                if !overwritten && !gone && !unshown && *name != "name" {
                    assert_eq!(form.get(name), *value, "{name} of {more:?}");
                }
            }
            if *place == "expires_on" && more[0].1.is_empty() {
                form.set("expires", "");
            }
            for (name, value) in *more {
                form.set(name, value);
            }
        }
    }
    assert_eq!(facts::count(&house, "tokens"), 0);
}

#[actix_web::test]
async fn five_hundred_and_one_named_resources_are_refused_beside_the_row_with_the_way_out() {
    let house = House::open();
    let acme = house.account("Acme");
    let names: Vec<String> = (0..501).map(|number| format!("n{number}.example")).collect();
    Resource::add_domains(&mut house.conn(), acme, &names, &house.command_line()).unwrap();
    let ids = facts::texts(&house, "id", "resources WHERE kind = 'zone' AND name ~ '^n[0-9]+[.]example$'");
    let mut owner = house.signed_in(OWNER).await;
    let mut form = Form::open(&mut owner, &of_account(acme)).await;
    form.set("name", "Many").set("r1.permission", "zones").set("r1.access", "read").set("r1.where", "named");
    for id in &ids {
        form.set("r1.id", id);
    }
    let answer = form.press(&mut owner, "summary").await;
    assert_eq!(answer.status, 422);
    let beside = answer.all("[id='r1.where-error']");
    assert!(beside[0].starts_with("One token can name 500 resources, this one names 501."), "{beside:?}");
    assert!(beside[0].contains("all zones except some"), "{beside:?}");
    assert_eq!(answer.attributes("input[name='r1.id'][checked]", "value").len(), 501, "all are kept");
    // Left out instead, they are as many.
    assert_eq!(form.set("r1.where", "except").press(&mut owner, "summary").await.status, 422);
    form.fields.retain(|(name, value)| name != "r1.id" || value == &ids[0]);
    form.create(&mut owner).await;
    assert_eq!(facts::texts(&house, "effect", "token_grant_resources"), ["exclude"]);
}

#[actix_web::test]
async fn a_form_of_an_older_session_makes_nothing_and_keeps_what_was_entered() {
    let house = House::open();
    let acme = house.account("Acme");
    let mut owner = house.signed_in(OWNER).await;
    let mut form = Form::open(&mut owner, &of_account(acme)).await;
    form.set("name", "CI").set("r1.permission", "zones").set("r1.access", "read").set("r1.where", "all");
    form.set("from", "192.0.2.7");
    owner.csrf = "of another session".to_owned();
    for button in ["generate", "summary"] {
        owner.csrf = "of another session".to_owned();
        let answer = form.press(&mut owner, button).await;
        assert_eq!(answer.status, 403);
        assert!(answer.text().contains("This form was out of date, so nothing was made."));
        assert_eq!((form.get("name"), form.get("r1.access"), form.get("from")), ("CI", "read", "192.0.2.7"));
    }
    assert_eq!(facts::count(&house, "tokens"), 0);
    form.create(&mut owner).await;
}

#[actix_web::test]
async fn the_same_form_twice_makes_one_token_and_its_secret_is_shown_once() {
    let house = House::open();
    let acme = house.account("Acme");
    let mut owner = house.signed_in(OWNER).await;
    let mut form = Form::open(&mut owner, &of_account(acme)).await;
    form.set("name", "CI").set("r1.permission", "zones").set("r1.access", "read").set("r1.where", "all");
    let sent = Form { path: form.path.clone(), fields: form.fields.clone() };
    let (token, secret) = form.create(&mut owner).await;
    let again = Form { ..sent }.press(&mut owner, "generate").await;
    let page = format!("/accounts/{acme}/tokens/{token}?repeated=1");
    assert_eq!((again.status.as_u16(), again.location()), (303, page.as_str()));
    assert!(!again.body.contains(&secret));
    assert_eq!(facts::count(&house, "tokens"), 1);
}

#[actix_web::test]
async fn what_makes_no_sense_is_no_fault_of_the_server_and_makes_nothing() {
    let house = House::open();
    let acme = house.account("Acme");
    let mut owner = house.signed_in(OWNER).await;
    let path = of_account(acme);
    for (query, status) in [
        ("like=abc", 400),
        ("like=99999999999999999999", 400),
        ("like=-1", 400),
        ("template=%00", 400),
        ("name=%ff", 400),
        ("template=%3Cscript%3E&scope=%27&scope=zones:%25_:read&expires=%27&from=%3Cb%3E", 200),
        ("scope=zones:%2500:read&scope=zones:*,!a%2500:read&scope=zones:*/%2500/A:read", 200),
        ("scope=zones:999999999999999999999:read&scope=zones:\u{fffd}:read", 200),
    ] {
        let answer = owner.get(&format!("{path}?{query}")).await;
        assert_eq!(answer.status, status, "{query}");
        assert!(!answer.body.contains("<script>") && !answer.body.contains("<b>\u{3c}"), "{query}");
    }
    let mut form = Form::open(&mut owner, &path).await;
    for (name, value, status) in [
        ("name", "a\0b", 400),
        ("r1.q", "%_\\'", 200),
        ("r1.id", "99999999999999999999", 200),
        ("r1.account", "-9223372036854775809", 200),
        ("row", "r99999999999999999", 200),
        ("row", "../../x", 200),
        ("do", "remove.", 200),
        ("do", "spread.r77", 200),
        ("do", "nothing", 200),
    ] {
        let fields =
            [("nonce", "x"), ("row", "r1"), ("r1.permission", "zones"), ("r1.where", "named"), (name, value)];
        assert_eq!(owner.post(&path, &fields).await.status, status, "{name}={value}");
    }
    // Of a field that comes twice, the first counts: at the summary and at the token.
    form.set("name", "Twice").set("r1.permission", "zones").set("r1.access", "read").set("r1.where", "all");
    form.fields.push(("r1.access".to_owned(), "full".to_owned()));
    form.fields.push(("row".to_owned(), "r1".to_owned()));
    form.create(&mut owner).await;
    assert_eq!(facts::texts(&house, "permission || ' ' || access", "token_grants"), ["zones read"]);
}

#[actix_web::test]
async fn a_plan_without_scopes_has_no_builder_and_a_builder_left_open_makes_nothing_wider() {
    let house = House::open();
    let (acme, hobby) = (house.account("Acme"), house.account("Hobby"));
    let mut owner = house.signed_in(OWNER).await;
    for end in ["start", "build"] {
        let answer = owner.get(&format!("/accounts/{hobby}/tokens/{end}")).await;
        assert_eq!(answer.location(), format!("/accounts/{hobby}/tokens/new"), "{end}");
    }
    let mut form = Form::open(&mut owner, &of_account(acme)).await;
    form.set("name", "CI").set("r1.permission", "zones").set("r1.access", "read").set("r1.where", "all");
    house.set_plan("Acme", "solo");
    let answer = form.press(&mut owner, "generate").await;
    assert_eq!(answer.status, 422);
    assert!(answer.all("[id='reach-error']")[0].contains("no scoped tokens any more"));
    assert_eq!(facts::count(&house, "tokens"), 0);
}
