//! A person's own tokens from the builder: over several accounts, and never more than the person.

use crate::builder::Form;
use crate::facts::{self, domain, zone};
use crate::program::Program;
use crate::support::{House, MEMBER, OWNER, READER, made};
use tokenhouse::dns::models::zone::ZONE;
use tokenhouse::models::token::Owner;
use tokenhouse::models::{Account, Resource, membership};
use tokenhouse::policy::{
    Access, AccountId, Grant, Parts, PermissionKey, Policy, ResourceRef, Rights, Role, Selection,
};

const BUILD: &str = "/user/tokens/build";

/// Makes the person a member of an account.
fn join(house: &House, account: &str, email: &str, role: Role) -> i64 {
    let mut conn = house.conn();
    let account = Account::find_by_name(&mut conn, account).unwrap().unwrap();
    membership::set(&mut conn, &account, &house.user(email), role, &house.command_line()).unwrap();
    account.id.get()
}

#[actix_web::test]
async fn a_token_over_two_accounts_with_one_zone_left_out_reaches_all_others_and_not_that_one() {
    let house = House::open();
    let acme = house.account("Acme");
    let rival = join(&house, "Rival", OWNER, Role::ReadWrite);
    let left_out = zone(&house, rival.into(), "rival.example");
    let mut owner = house.signed_in(OWNER).await;
    let mut form = Form::open(&mut owner, BUILD).await;
    form.set("name", "Everywhere but one").set("r1.permission", "zones").press(&mut owner, "update").await;
    form.set("r1.access", "full").set("r1.where", "everywhere_except").set("r1.q", "rival.ex");
    let found = form.press(&mut owner, "search").await;
    assert_eq!(found.all("[data-found] li"), ["rival.example Rival"], "with its account");
    form.set("r1.id", &left_out);
    let (token, secret) = form.create(&mut owner).await;
    assert!(secret.starts_with("tkh_u_"), "a user token");
    let program = Program::knowing(&house, token, &secret);
    assert_eq!(program.get(&format!("/v2/{acme}/zones/example.com/records")).await.status, 200);
    assert_eq!(program.get(&format!("/v2/{rival}/zones/competitor.example")).await.status, 200);
    assert_eq!(program.get(&format!("/v2/{rival}/zones/rival.example")).await.status, 404);
    let record = serde_json::json!({ "name": "www", "type": "A", "content": "192.0.2.1" });
    let records = |zone: &str| format!("/v2/{rival}/zones/{zone}/records");
    assert_eq!(program.send("POST", &records("competitor.example"), &record).await.status, 201);
    assert_eq!(program.send("POST", &records("rival.example"), &record).await.status, 404);
    assert!(!program.get(&format!("/v2/{rival}/zones")).await.each("name").contains(&"rival.example".into()));

    // It follows the present role at the next call.
    join(&house, "Rival", OWNER, Role::ReadOnly);
    assert_eq!(program.get(&format!("/v2/{rival}/zones/competitor.example")).await.status, 200);
    assert_eq!(program.send("POST", &records("competitor.example"), &record).await.status, 403);
    let gone = Account::find(&mut house.conn(), rival.into()).unwrap().unwrap();
    membership::remove(&mut house.conn(), &gone, &house.user(OWNER), &house.command_line()).unwrap();
    assert_eq!(program.get(&format!("/v2/{rival}/zones/competitor.example")).await.status, 404);
    assert_eq!(program.get(&format!("/v2/{acme}/zones/example.com")).await.status, 200);
}

#[actix_web::test]
async fn nobody_grants_in_an_account_what_the_role_there_does_not_allow() {
    let house = House::open();
    let acme = house.account("Acme");
    let rival = join(&house, "Rival", MEMBER, Role::ReadOnly);
    let (here, there) = (zone(&house, acme, "example.com"), zone(&house, rival.into(), "rival.example"));
    let (rival, acme) = (rival.to_string(), acme.to_string());
    let mut member = house.signed_in(MEMBER).await;
    let in_rival = "In Rival you are read_only, and Zones with Full access needs read_write there.";
    let zones = |rest: &[(&'static str, &str)]| -> Vec<(String, String)> {
        [("r1.permission", "zones"), ("r1.access", "full")]
            .iter()
            .chain(rest)
            .map(|(name, value)| ((*name).to_owned(), (*value).to_owned()))
            .collect()
    };
    for (fields, place, why) in [
        (zones(&[("r1.where", "all"), ("r1.account", &rival)]), "r1.where", in_rival),
        (zones(&[("r1.where", "except"), ("r1.account", &rival)]), "r1.where", in_rival),
        (zones(&[("r1.where", "named"), ("r1.id", &here), ("r1.id", &there)]), "r1.where", in_rival),
        (zones(&[("r1.where", "all")]), "r1.where", "Choose an account."),
        (
            zones(&[("r1.where", "all"), ("r1.account", "987654")]),
            "r1.where",
            "You are not a member of that account.",
        ),
        (
            zones(&[("r1.where", "except"), ("r1.account", &acme), ("r1.id", &there)]),
            "r1.where",
            "rival.example is in Rival, and not among what Acme has",
        ),
        (
            zones(&[("r1.permission", "billing"), ("r1.where", "all"), ("r1.account", &acme)]),
            "r1.access",
            "None of your roles may grant Billing with Full access.",
        ),
    ] {
        let mut form = Form::open(&mut member, BUILD).await;
        form.set("name", "Too much");
        for (name, value) in &fields {
            form.set(name, value);
        }
        let answer = form.press(&mut member, "generate").await;
        assert_eq!(answer.status, 422, "{fields:?}: {}", answer.text());
        let beside = answer.all(&format!("[id='{place}-error']"));
        assert!(beside.len() == 1 && beside[0].starts_with(why), "{fields:?}: {beside:?}");
    }
    assert_eq!(facts::count(&house, "tokens"), 0);
    // What may be read there may be granted for reading.
    let mut form = Form::open(&mut member, BUILD).await;
    form.set("name", "Reads").set("r1.permission", "zones").set("r1.access", "read");
    form.set("r1.where", "all").set("r1.account", &rival);
    let (token, secret) = form.create(&mut member).await;
    let program = Program::knowing(&house, token, &secret);
    assert_eq!(program.get(&format!("/v2/{rival}/zones/rival.example")).await.status, 200);
    assert_eq!(program.get(&format!("/v2/{acme}/zones/example.com")).await.status, 404);
}

#[actix_web::test]
async fn what_the_person_may_not_grant_is_disabled_with_the_reason() {
    let house = House::open();
    join(&house, "Rival", MEMBER, Role::ReadOnly);
    let mut member = house.signed_in(MEMBER).await;
    let mut form = Form::open(&mut member, BUILD).await;
    let page = form.set("r1.permission", "zones").press(&mut member, "update").await;
    assert_eq!(
        page.all("option[disabled]"),
        [
            "Certificate private keys (needs the role admin)",
            "Billing (needs the role admin)",
            "Webhooks (needs the role admin)"
        ]
    );
    assert!(
        page.all("select[name='r1.account'] option").contains(&"Rival (as read_only: Read only)".to_owned())
    );
    let page = form.set("r1.permission", "contacts").press(&mut member, "update").await;
    assert_eq!(page.attributes("input[name='r1.access'][disabled]", "value"), ["full"]);
    assert!(page.text().contains("Full access needs the role admin, which you have in no account."));
    // On the start page, too.
    let start = member.get("/user/tokens/start").await;
    let billing = start.all("#template-read_billing").join(" ");
    assert!(billing.contains("None of your roles goes so far: it needs Billing."), "{billing}");
    assert!(!start.links().contains(&format!("{BUILD}?template=read_billing")));
    let all = start.all("#template-read_all").join(" ");
    assert!(all.contains("Without Billing, Webhooks"), "{all}");
}

#[actix_web::test]
async fn what_the_person_may_not_grant_stays_in_its_row_until_it_is_changed() {
    let house = House::open();
    let acme = house.account("Acme").to_string();
    let mut member = house.signed_in(MEMBER).await;
    let address = format!("{BUILD}?scope=domains:*:read&scope=billing:*:read&scope=contacts:*:write");
    let mut form = Form::open(&mut member, &address).await;
    form.set("name", "Books");
    for row in ["r1", "r2", "r3"] {
        form.set(&format!("{row}.where"), "all").set(&format!("{row}.account"), &acme);
    }
    for button in ["summary", "update", "generate"] {
        let answer = form.press(&mut member, button).await;
        assert_eq!(form.get("r2.permission"), "billing", "{button}");
        assert_eq!((form.get("r3.permission"), form.get("r3.access")), ("contacts", "full"), "{button}");
        if button == "update" {
            continue;
        }
        assert_eq!(answer.status, 422, "{button}");
        for (row, why) in [
            ("r2", "None of your roles may grant Billing with Read only."),
            ("r3", "None of your roles may grant Contacts with Full access."),
        ] {
            assert_eq!(answer.all(&format!("[id='{row}.access-error']")), [why], "{button}");
        }
    }
    // An account in which the permission cannot be had stays, too.
    let rival = join(&house, "Rival", OWNER, Role::ReadOnly).to_string();
    let mut owner = house.signed_in(OWNER).await;
    let mut form = Form::open(&mut owner, BUILD).await;
    form.set("name", "Books").set("r1.permission", "billing").set("r1.access", "read");
    form.set("r1.where", "all").set("r1.account", &rival).press(&mut owner, "update").await;
    assert_eq!(form.get("r1.account"), rival);
    let answer = form.press(&mut owner, "summary").await;
    assert!(answer.all("[id='r1.where-error']").join("").starts_with("In Rival you are read_only"));
}

#[actix_web::test]
async fn the_only_account_is_preselected_in_sight_and_not_filled_in_behind_ones_back() {
    let house = House::open();
    let acme = house.account("Acme").to_string();
    let mut member = house.signed_in(MEMBER).await;
    let mut form = Form::open(&mut member, BUILD).await;
    form.set("name", "One").set("r1.permission", "zones").press(&mut member, "update").await;
    assert_eq!(form.get("r1.account"), acme);
    form.set("r1.access", "read").set("r1.where", "all").set("r1.account", "");
    let answer = form.press(&mut member, "summary").await;
    assert_eq!(answer.all("[id='r1.where-error']"), ["Choose an account."]);
    assert_eq!(form.get("r1.account"), "", "an emptied choice is not made again");
    let words = async |member: &mut crate::support::client::Browser, account: &str| {
        let fields = [
            ("shape", "builder"),
            ("expires", "90"),
            ("row", "r1"),
            ("r1.permission", "zones"),
            ("r1.access", "read"),
            ("r1.where", "all"),
            ("r1.account", account),
        ];
        let answer = member.post("/user/tokens/words", &fields).await;
        let said: serde_json::Value = serde_json::from_str(&answer.body).unwrap();
        said["sentences"].as_array().unwrap().len()
    };
    assert_eq!(words(&mut member, "").await, 0, "no words for what would be refused");
    assert!(words(&mut member, &acme).await > 0);
    form.set("r1.account", &acme).create(&mut member).await;
    assert_eq!(facts::texts(&house, "account_id", "token_grants"), [acme]);
}

#[actix_web::test]
async fn another_like_it_says_what_is_in_an_account_that_one_has_left_and_not_whether_it_is_there() {
    let house = House::open();
    let acme = house.account("Acme");
    let rival = join(&house, "Rival", OWNER, Role::Owner);
    let of = |account: AccountId, name: &str| -> ResourceRef {
        let found = Resource::find(&mut house.conn(), account, ZONE, name).unwrap();
        found.unwrap().to_ref()
    };
    let grant = |selection| Grant {
        permission: PermissionKey::try_from("zones".to_owned()).unwrap(),
        access: Access::Read,
        selection,
        parts: Parts::default(),
    };
    let policy = Policy::unconditional(Rights::Grants(vec![
        grant(Selection::Only(vec![of(acme, "example.com"), of(rival.into(), "rival.example")])),
        grant(Selection::Everywhere { except: vec![of(rival.into(), "competitor.example")] }),
    ]));
    let person = house.user(OWNER);
    let (token, _) = made::with(&house, Owner::User(person.id), "Both", policy);
    let left = Account::find(&mut house.conn(), rival.into()).unwrap().unwrap();
    membership::remove(&mut house.conn(), &left, &person, &house.command_line()).unwrap();
    let mut owner = house.signed_in(OWNER).await;
    let mut pages = Vec::new();
    let names = ["rival.example".to_owned(), "competitor.example".to_owned()];
    for step in ["there", "deleted", "again"] {
        let (mut conn, origin) = (house.conn(), house.command_line());
        match step {
            "deleted" => {
                for name in &names {
                    Resource::remove_domain(&mut conn, rival.into(), name, &origin).unwrap();
                }
            }
            "again" => drop(Resource::add_domains(&mut conn, rival.into(), &names, &origin).unwrap()),
            _ => {}
        }
        let page = owner.get(&format!("{BUILD}?like={token}")).await;
        let mut fields = Form::read(&page);
        fields.retain(|(name, _)| name != "nonce");
        pages.push((page.all(".notice p"), fields));
    }
    assert_eq!(
        pages[0].0[..2],
        [
            "rival.example is in an account that you are not a member of, and is not selected here.",
            "competitor.example is in an account that you are not a member of, and is not selected here."
        ]
    );
    assert_eq!(pages[0], pages[1]);
    assert_eq!(pages[0], pages[2]);
    let chosen: Vec<&String> =
        pages[0].1.iter().filter(|(name, _)| name.ends_with(".id")).map(|(_, id)| id).collect();
    assert_eq!(chosen, [&zone(&house, acme, "example.com")]);
}

#[actix_web::test]
async fn account_and_user_permissions_of_ones_own_token() {
    let house = House::open();
    let (acme, hobby) = (house.account("Acme"), house.account("Hobby"));
    let mut owner = house.signed_in(OWNER).await;
    let mut form = Form::open(&mut owner, BUILD).await;
    form.set("name", "Books")
        .set("r1.permission", "billing")
        .set("row", "r2")
        .set("r2.permission", "user_details");
    let page = form.press(&mut owner, "update").await;
    assert!(page.text().contains("It's about you, and needs no resource."));
    assert_eq!(page.attributes("input[name='r1.where']", "value"), ["all", "everywhere"]);
    form.set("r1.access", "read").set("r2.access", "read");
    let answer = form.press(&mut owner, "summary").await;
    assert_eq!(answer.all("[id='r1.where-error']"), ["Choose in which accounts Billing applies."]);
    form.set("r1.where", "all").set("r1.account", &acme.to_string());
    let (token, secret) = form.create(&mut owner).await;
    let program = Program::knowing(&house, token, &secret);
    assert_eq!(program.get(&format!("/v2/{acme}/billing/charges")).await.status, 200);
    assert_ne!(program.get(&format!("/v2/{hobby}/billing/charges")).await.status, 200);
    assert_eq!(
        facts::texts(&house, "permission || ' ' || reach", "token_grants ORDER BY permission"),
        ["billing account", "user_details everything"]
    );
}

#[actix_web::test]
async fn new_leads_to_the_templates_and_those_to_account_tokens_where_one_is_enough() {
    let house = House::open();
    let acme = house.account("Acme");
    let mut owner = house.signed_in(OWNER).await;
    assert_eq!(owner.get("/user/tokens/new").await.location(), "/user/tokens/start");
    assert_eq!(owner.get("/user/tokens/new?like=7").await.location(), "/user/tokens/build?like=7");
    let start = owner.get("/user/tokens/start").await;
    assert!(start.text().contains("Is one account enough? Then an account token is the better choice"));
    assert!(start.links().contains(&format!("/accounts/{acme}/tokens/start")), "{:?}", start.links());
    assert!(start.links().contains(&BUILD.to_owned()));
    let mut reader = house.signed_in(READER).await;
    for path in ["/user/tokens/start", BUILD] {
        let answer = reader.get(path).await;
        assert_eq!(answer.status, 403);
        assert!(
            answer.text().contains("you need the role read_write in at least one account"),
            "{}",
            answer.text()
        );
    }
}

#[actix_web::test]
async fn the_search_finds_in_every_account_of_the_person_and_in_no_other() {
    let house = House::open();
    join(&house, "Rival", MEMBER, Role::ReadOnly);
    let mut member = house.signed_in(MEMBER).await;
    let found = member.get("/user/tokens/resources?kind=zone&q=example").await;
    let found: serde_json::Value = serde_json::from_str(&found.body).unwrap();
    assert_eq!(found["total"], 42, "39 of Acme's are called so, and three of Rival's");
    let answer = member.get("/user/tokens/resources?kind=zone&q=rival").await;
    let answer: serde_json::Value = serde_json::from_str(&answer.body).unwrap();
    assert_eq!(
        (&answer["found"][0]["name"], &answer["found"][0]["account"]),
        (&"rival.example".into(), &"Rival".into())
    );
    let hobby = member.get("/user/tokens/resources?kind=zone&q=hobby").await;
    assert!(hobby.body.contains("\"total\":0"), "{}", hobby.body);
}

#[actix_web::test]
async fn use_for_all_zone_rows_keeps_each_resource_in_its_account() {
    let house = House::open();
    let acme = house.account("Acme");
    let rival = join(&house, "Rival", OWNER, Role::Owner);
    // The same name in both accounts.
    let (mut conn, origin) = (house.conn(), house.command_line());
    tokenhouse::models::Resource::add_domains(&mut conn, rival.into(), &["example.com".to_owned()], &origin)
        .unwrap();
    let mut owner = house.signed_in(OWNER).await;
    let mut form = Form::open(&mut owner, &format!("{BUILD}?template=manage_zone")).await;
    form.set("r1.id", &zone(&house, rival.into(), "example.com"));
    form.press(&mut owner, "spread.r1").await;
    let chosen: Vec<&String> =
        form.fields.iter().filter(|(name, _)| name == "r2.id").map(|(_, id)| id).collect();
    assert_eq!(chosen, [&domain(&house, rival.into(), "example.com")]);
    assert_ne!(chosen, [&domain(&house, acme, "example.com")]);
    // A scope that could mean either is left for the person to choose.
    let page = owner.get(&format!("{BUILD}?scope=zones:example.com:read")).await;
    assert!(page.text().contains("Several of your accounts have a zone example.com: choose which."));
    assert!(page.attributes("input[name='r1.id'][checked]", "value").is_empty());
}

#[actix_web::test]
async fn everything_of_a_user_token_is_said_loudly_and_follows_the_role() {
    let house = House::open();
    let acme = house.account("Acme");
    let mut member = house.signed_in(MEMBER).await;
    let mut form = Form::open(&mut member, BUILD).await;
    assert_eq!(form.get("reach"), "choose", "never preselected");
    form.set("name", "All of me").set("reach", "everything");
    let summary = form.press(&mut member, "summary").await;
    assert!(summary.text().contains("everything"), "{}", summary.text());
    form.press(&mut member, "back").await;
    assert_eq!(form.get("reach"), "everything");
    let (token, secret) = form.create(&mut member).await;
    let program = Program::knowing(&house, token, &secret);
    assert_eq!(program.get(&format!("/v2/{acme}/zones/example.com")).await.status, 200);
    assert_eq!(
        program.get(&format!("/v2/{acme}/billing/charges")).await.status,
        403,
        "read_write sees no billing"
    );
}
