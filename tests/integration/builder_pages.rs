//! The builder's form over HTTP: its rows, its buttons without scripting, and what fills it in.

use crate::builder::{Form, of_account};
use crate::facts::{self, domain, zone};
use crate::support::{House, OWNER, made};
use time::macros::datetime;
use tokenhouse::dns::models::record::narrowed;
use tokenhouse::dns::models::zone::ZONE;
use tokenhouse::models::Resource;
use tokenhouse::models::token::Owner;
use tokenhouse::policy::{
    Access, AccountId, Grant, Parts, PermissionKey, Policy, ResourceRef, Rights, Selection, networks,
};

#[actix_web::test]
async fn rows_are_added_and_removed_without_scripting_and_the_rest_stays() {
    let house = House::open();
    let acme = house.account("Acme");
    let mut owner = house.signed_in(OWNER).await;
    let mut form = Form::open(&mut owner, &of_account(acme)).await;
    let rows = |form: &Form| -> Vec<String> {
        form.fields.iter().filter(|(name, _)| name == "row").map(|(_, row)| row.clone()).collect()
    };
    assert_eq!(rows(&form), ["r1"]);
    form.set("name", "CI").set("r1.permission", "zones").set("from", "192.0.2.7");
    let chosen = form.press(&mut owner, "update").await;
    assert!(chosen.text().contains("DNS records, and the zones they live in."));
    form.set("r1.access", "read").set("r1.where", "all");
    form.press(&mut owner, "add").await;
    form.press(&mut owner, "add").await;
    assert_eq!(rows(&form), ["r1", "r2", "r3"]);
    form.set("r3.permission", "billing");
    form.press(&mut owner, "update").await;
    form.set("r3.access", "read");
    form.press(&mut owner, "remove.r2").await;
    assert_eq!(rows(&form), ["r1", "r3"]);
    form.press(&mut owner, "add").await;
    assert_eq!(rows(&form), ["r1", "r3", "r4"]);
    assert_eq!((form.get("name"), form.get("from"), form.get("r1.where")), ("CI", "192.0.2.7", "all"));
    form.create(&mut owner).await;
    assert_eq!(
        facts::texts(&house, "permission", "token_grants ORDER BY permission"),
        ["billing", "zones"],
        "a row in which nothing is chosen says nothing"
    );
}

#[actix_web::test]
async fn a_form_takes_fifty_rows_and_says_so() {
    let house = House::open();
    let mut owner = house.signed_in(OWNER).await;
    let path = of_account(house.account("Acme"));
    let mut form = Form::open(&mut owner, &path).await;
    for row in 2..=50 {
        form.set("row", &format!("r{row}"));
    }
    let page = form.press(&mut owner, "add").await;
    assert_eq!(page.all("[data-rule]").len(), 50);
    assert!(page.text().contains("One form takes this many rows."));
    assert!(page.all("button[value='add']").is_empty());
}

#[actix_web::test]
async fn back_from_the_summary_keeps_everything() {
    let house = House::open();
    let acme = house.account("Acme");
    let (one, two) = (zone(&house, acme, "example.com"), domain(&house, acme, "example.com"));
    let mut owner = house.signed_in(OWNER).await;
    let mut form = Form::open(&mut owner, &of_account(acme)).await;
    form.set("name", "  All & \"sundry\" ").set("r1.permission", "zones").press(&mut owner, "add").await;
    form.set("r2.permission", "certificates").press(&mut owner, "add").await;
    form.set("r3.permission", "billing").press(&mut owner, "update").await;
    for (name, value) in [
        ("r1.access", "full"),
        ("r1.where", "named"),
        ("r1.id", &one),
        ("r1.part.name", "www, @"),
        ("r1.part.type", "A, TXT"),
        ("r2.access", "read"),
        ("r2.where", "except"),
        ("r2.id", &two),
        ("r3.access", "full"),
        ("from", "192.0.2.0/24\n2001:db8::1"),
        ("not_from", "192.0.2.7"),
        ("starts_on", "2026-12-01"),
        ("expires", "date"),
        ("expires_on", "2027-01-31"),
    ] {
        form.set(name, value);
    }
    let mut before = form.fields.clone();
    let summary = form.press(&mut owner, "summary").await;
    assert_eq!(summary.heading(), "Summary", "{}", summary.text());
    let said = summary.text();
    for part in ["example.com", "www", "192.0.2.0/24", "192.0.2.7", "1 December 2026", "31 January 2027"] {
        assert!(said.contains(part), "{part} in: {said}");
    }
    let back = form.press(&mut owner, "back").await;
    assert_eq!((back.status.as_u16(), back.heading().as_str()), (200, "New account token"));
    // What is only searched for is not part of the token.
    let searches = |fields: &mut Vec<(String, String)>| fields.retain(|(name, _)| !name.ends_with(".q"));
    let mut after = form.fields.clone();
    for fields in [&mut before, &mut after] {
        searches(fields);
        fields.sort();
    }
    assert_eq!(before, after);
    assert_eq!(facts::count(&house, "tokens"), 0);
    form.create(&mut owner).await;
    assert_eq!(
        facts::texts(
            &house,
            "not_before || ' ' || expires_at || ' ' || allowed_networks::text || refused_networks::text",
            "tokens"
        ),
        ["2026-12-01 00:00:00+00 2027-02-01 00:00:00+00 {192.0.2.0/24,2001:db8::1/128}{192.0.2.7/32}"]
    );
}

#[actix_web::test]
async fn one_rows_resources_are_used_for_all_zone_rows_domain_for_zone() {
    let house = House::open();
    let acme = house.account("Acme");
    let mut owner = house.signed_in(OWNER).await;
    let mut form = Form::open(&mut owner, &format!("{}?template=manage_zone", of_account(acme))).await;
    form.set("r1.id", &zone(&house, acme, "example.com"));
    form.set("r1.id", &zone(&house, acme, "theburritobot.com"));
    let page = form.press(&mut owner, "update").await;
    assert_eq!(page.all("button[value='spread.r1']"), ["Use for every row with resources"]);
    form.press(&mut owner, "spread.r1").await;
    let chosen: Vec<&str> =
        form.fields.iter().filter(|(name, _)| name == "r2.id").map(|(_, id)| id.as_str()).collect();
    let mut domains = [domain(&house, acme, "example.com"), domain(&house, acme, "theburritobot.com")];
    domains.sort();
    let mut sorted = chosen.clone();
    sorted.sort_unstable();
    assert_eq!(sorted, domains);
    assert_eq!(form.get("r2.where"), "named");
}

#[actix_web::test]
async fn my_current_address_is_added_to_those_it_works_from_once() {
    let house = House::open();
    let mut owner = house.signed_in(OWNER).await;
    let mut form = Form::open(&mut owner, &of_account(house.account("Acme"))).await;
    form.set("from", "192.0.2.0/24");
    for _ in 0..2 {
        let page = form.press(&mut owner, "address").await;
        assert!(page.text().contains("Use my current address, 127.0.0.1"));
        assert_eq!(form.get("from"), "192.0.2.0/24\n127.0.0.1");
    }
}

#[actix_web::test]
async fn an_address_fills_the_form_in_and_makes_nothing_until_it_is_posted() {
    let house = House::open();
    let acme = house.account("Acme");
    let mut owner = house.signed_in(OWNER).await;
    let query = "name=Nightly%20DNS&scope=zones:example.com/_acme-challenge*/TXT:write&scope=domains:*,!theburritobot.com:read\
                 &scope=zones:nowhere.example:read&expires=30&from=192.0.2.0/24&from=198.51.100.7&not_from=192.0.2.7\
                 &starts_on=2026-12-01";
    let path = of_account(acme);
    let page = owner.get(&format!("{path}?{query}")).await;
    assert!(page.text().contains("There is no zone nowhere.example here."), "{}", page.text());
    assert!(page.all("#words li").is_empty(), "it is not complete yet");
    let mut form = Form { path: path.clone(), fields: Form::read(&page) };
    assert_eq!((form.get("name"), form.get("from")), ("Nightly DNS", "192.0.2.0/24\n198.51.100.7"));
    assert_eq!(
        (form.get("r1.part.name"), form.get("r1.part.type"), form.get("r1.access")),
        ("_acme-challenge*", "TXT", "full")
    );
    assert_eq!((form.get("r2.where"), form.get("r3.where")), ("except", "named"));
    assert_eq!(form.get("r2.id"), domain(&house, acme, "theburritobot.com"));
    assert_eq!(facts::count(&house, "tokens"), 0);
    form.press(&mut owner, "remove.r3").await;
    form.create(&mut owner).await;
    assert_eq!(
        facts::texts(
            &house,
            "permission || ' ' || access || ' ' || reach",
            "token_grants ORDER BY permission"
        ),
        ["domains read account", "zones full named"]
    );
    let page = owner.get(&format!("{path}?template=dynamic_dns&expires=never&scope=billing:*:read")).await;
    let form = Form { path, fields: Form::read(&page) };
    assert_eq!(
        (form.get("r1.part.name"), form.get("r2.permission"), form.get("expires")),
        ("home", "billing", "never")
    );
}

/// A token with everything that the builder can say.
fn rich(house: &House, acme: AccountId) -> i64 {
    let of = |name: &str| Resource::find(&mut house.conn(), acme, ZONE, name).unwrap().unwrap().to_ref();
    let grant = |key: &str, access, selection, parts| Grant {
        permission: PermissionKey::try_from(key.to_owned()).unwrap(),
        access,
        selection,
        parts,
    };
    let except: Vec<ResourceRef> = ["anchor.example", "bakery.example", "candle.example"].map(of).to_vec();
    let records = narrowed(&["", "_a*"], &["TXT"]);
    let rights = Rights::Grants(vec![
        grant("zones", Access::Read, Selection::Account { account: acme, except }, Parts::default()),
        grant("zones", Access::Full, Selection::Only(vec![of("example.com")]), records),
        grant(
            "billing",
            Access::Read,
            Selection::Account { account: acme, except: vec![] },
            Parts::default(),
        ),
    ]);
    let policy = Policy {
        rights,
        allowed_networks: networks::parse("192.0.2.0/24\n2001:db8::1").unwrap(),
        refused_networks: networks::parse("192.0.2.7").unwrap(),
        not_before: Some(datetime!(2026-12-01 0:00 UTC)),
        expires_at: None,
    };
    made::with(house, Owner::Account(acme), "Rich", policy).0.get()
}

const STORED: &str = "SELECT string_agg(concat_ws(' ', permission, access, reach, grants.account_id, parts,
    (SELECT string_agg(effect || ' ' || resource_id || ' ' || name, ',' ORDER BY name)
     FROM token_grant_resources WHERE grant_id = grants.id)), ' | ' ORDER BY grants.id)
    || ' ' || max(allowed_networks::text || refused_networks::text || not_before || coalesce(expires_at::text, 'never'))
    FROM tokens JOIN token_grants AS grants ON token_id = tokens.id WHERE tokens.id = ";

#[actix_web::test]
async fn another_like_it_says_exactly_the_same() {
    let house = House::open();
    let acme = house.account("Acme");
    let first = rich(&house, acme);
    let mut owner = house.signed_in(OWNER).await;
    // The simple form cannot say it.
    let simple = owner.get(&format!("/accounts/{acme}/tokens/new?like={first}")).await;
    let like = format!("{}?like={first}", of_account(acme));
    assert_eq!((simple.status.as_u16(), simple.location()), (303, like.as_str()));
    let (second, _) = Form::open(&mut owner, &like).await.create(&mut owner).await;
    let stored = |id: i64| facts::text(&house, &format!("{STORED}{id}"));
    assert_eq!(stored(second.get()), stored(first));
    assert!(stored(first).contains("exclude"), "{}", stored(first));

    // Foreign ones and those that are not there leave it empty.
    let other = made::token(&house, house.account("Rival"), None);
    for id in [other, 987_654.into()] {
        let form = Form::open(&mut owner, &format!("{}?like={id}", of_account(acme))).await;
        assert_eq!((form.get("name"), form.get("r1.permission")), ("", ""), "{id}");
    }
}

#[actix_web::test]
async fn what_was_left_out_and_deleted_is_left_out_again_where_it_is_back_and_named_where_it_is_not() {
    let house = House::open();
    let acme = house.account("Acme");
    let first = rich(&house, acme);
    let origin = house.command_line();
    for gone in ["anchor.example", "bakery.example", "example.com"] {
        Resource::remove_domain(&mut house.conn(), acme, gone, &origin).unwrap();
    }
    Resource::add_domains(
        &mut house.conn(),
        acme,
        &["anchor.example".to_owned(), "example.com".to_owned()],
        &origin,
    )
    .unwrap();
    let mut owner = house.signed_in(OWNER).await;
    let path = of_account(acme);
    let page = owner.get(&format!("{path}?like={first}")).await;
    let form = Form { path, fields: Form::read(&page) };
    let ids = |name: &str| {
        let of = form.fields.iter().filter(|(known, _)| known == name);
        of.map(|(_, id)| id.clone()).collect::<Vec<_>>()
    };
    let mut left_out = [zone(&house, acme, "anchor.example"), zone(&house, acme, "candle.example")];
    let mut there = ids("r1.id");
    left_out.sort();
    there.sort();
    assert_eq!(there, left_out, "the new one of the same name is left out, too");
    assert_eq!(ids("r2.id"), Vec::<String>::new(), "a new one of the same name is not chosen");
    let said = page.all(".notice p").join(" ");
    assert!(said.contains("bakery.example was left out there and is deleted"), "{said}");
    assert!(said.contains("example.com was deleted, and is not chosen here."), "{said}");
}

#[actix_web::test]
async fn the_simple_form_leads_here_and_can_leave_out_what_is_selected() {
    let house = House::open();
    let acme = house.account("Acme");
    let burrito = zone(&house, acme, "theburritobot.com");
    let mut owner = house.signed_in(OWNER).await;
    let form = owner.get(&format!("/accounts/{acme}/tokens/new")).await;
    assert!(form.links().contains(&format!("/accounts/{acme}/tokens/start")));
    let fields = [
        ("name", "All but one"),
        ("reach", "choose"),
        ("expires", "90"),
        ("zones.access", "read"),
        ("zones.where", "except"),
        ("zones.id", burrito.as_str()),
    ];
    let (token, secret) = owner.make_token(acme, &fields).await;
    let program = crate::program::Program::knowing(&house, token, &secret);
    assert_eq!(program.get(&format!("/v2/{acme}/zones/example.com")).await.status, 200);
    assert_eq!(program.get(&format!("/v2/{acme}/zones/theburritobot.com")).await.status, 404);
    assert!(
        !program
            .get(&format!("/v2/{acme}/zones?per_page=100"))
            .await
            .each("name")
            .contains(&"theburritobot.com".into())
    );
    // Another like it is still one that the simple form can say.
    let like = owner.get(&format!("/accounts/{acme}/tokens/new?like={token}")).await;
    assert_eq!(like.status, 200);
    assert_eq!(like.attributes("input[name='zones.where'][checked]", "value"), ["except"]);
    assert_eq!(like.attributes("input[name='zones.id'][checked]", "value"), [burrito]);
}

#[actix_web::test]
async fn rows_that_say_the_same_become_one_and_the_words_follow_the_builder() {
    let house = House::open();
    let acme = house.account("Acme");
    let mut owner = house.signed_in(OWNER).await;
    let mut form = Form::open(&mut owner, &of_account(acme)).await;
    form.set("name", "CI").set("row", "r2");
    for (row, name) in [("r1", "example.com"), ("r2", "theburritobot.com")] {
        form.set(&format!("{row}.permission"), "zones").set(&format!("{row}.access"), "read");
        form.set(&format!("{row}.where"), "named").set(&format!("{row}.id"), &zone(&house, acme, name));
    }
    let fields: Vec<(&str, &str)> =
        form.fields.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect();
    let words = owner.post(&format!("/accounts/{acme}/tokens/words"), &fields).await;
    assert_eq!(words.status, 200);
    assert!(words.body.contains("example.com") && words.body.contains("theburritobot.com"), "{}", words.body);
    form.create(&mut owner).await;
    assert_eq!(facts::count(&house, "token_grants"), 1);
    assert_eq!(facts::count(&house, "token_grant_resources"), 2);
}
