//! Which tokens reach a zone or a domain, through which rule, and who may see that.

use crate::support::client::Answer;
use crate::support::{ADMIN, House, MEMBER, OWNER, READER, START};
use crate::{facts, made};
use time::Duration;
use tokenhouse::dns::models::record::narrowed;
use tokenhouse::dns::models::zone::ZONE;
use tokenhouse::models::Resource;
use tokenhouse::models::token::Owner;
use tokenhouse::policy::{Access, AccountId, Grant, PermissionKey, Policy, ResourceRef, Rights, Selection};

fn zone(house: &House, account: AccountId, name: &str) -> ResourceRef {
    Resource::find(&mut house.conn(), account, ZONE, name).unwrap().unwrap().to_ref()
}

fn rows(page: &Answer) -> Vec<String> {
    page.all(".reaching > li")
}

#[actix_web::test]
async fn a_zone_names_each_token_that_reaches_it_with_its_rule_and_no_other() {
    let house = House::open();
    let acme = house.account("Acme");
    let of = Owner::Account(acme);
    let (one, two) = (zone(&house, acme, "example.com"), zone(&house, acme, "theburritobot.com"));
    let all = |except: &[&ResourceRef]| Selection::Account {
        account: acme,
        except: except.iter().map(|one| (*one).clone()).collect(),
    };
    let only = |list: &[&ResourceRef]| Selection::Only(list.iter().map(|one| (*one).clone()).collect());
    made::with(&house, of, "Everything", Policy::unconditional(Rights::Everything));
    made::granted(&house, of, "All", &[("zones", Access::Read, all(&[]))]);
    made::granted(&house, of, "But two", &[("zones", Access::Full, all(&[&two]))]);
    made::granted(&house, of, "But one", &[("zones", Access::Full, all(&[&one]))]);
    made::granted(&house, of, "This", &[("zones", Access::Full, only(&[&one]))]);
    made::granted(
        &house,
        of,
        "Both ways",
        &[("zones", Access::Read, only(&[&one, &two])), ("zones", Access::Full, all(&[]))],
    );
    made::granted(&house, of, "Other zone", &[("zones", Access::Full, only(&[&two]))]);
    made::granted(&house, of, "Domains", &[("domains", Access::Full, all(&[]))]);
    let parts = narrowed(&["_acme-challenge*", ""], &["TXT"]);
    let narrowed = Grant {
        permission: PermissionKey::try_from("zones".to_owned()).unwrap(),
        access: Access::Full,
        selection: only(&[&one]),
        parts,
    };
    made::with(&house, of, "ACME", Policy::unconditional(Rights::Grants(vec![narrowed])));
    let (deleted, _) = made::with(&house, of, "Deleted", Policy::unconditional(Rights::Everything));
    let (disabled, _) = made::with(&house, of, "Disabled", Policy::unconditional(Rights::Everything));
    let expired =
        Policy { expires_at: Some(START + Duration::hours(1)), ..Policy::unconditional(Rights::Everything) };
    made::with(&house, of, "Expired", expired);
    facts::change(
        &house,
        &format!("UPDATE tokens SET deleted_at = now(), deleted_why = 'person' WHERE id = {deleted}"),
    );
    facts::change(&house, &format!("UPDATE tokens SET disabled_at = now() WHERE id = {disabled}"));
    made::with(
        &house,
        Owner::Account(house.account("Rival")),
        "Foreign",
        Policy::unconditional(Rights::Everything),
    );
    house.clock.advance(Duration::hours(1));

    let mut owner = house.signed_in(OWNER).await;
    let path = |one: &ResourceRef| format!("/accounts/{acme}/zones/{}", one.id.unwrap());
    let page = owner.get(&path(&one)).await;
    let hints = facts::texts(
        &house,
        "name || ' ' || hint",
        "tokens AS t JOIN token_secrets AS s ON s.token_id = t.id",
    );
    let hint = |name: &str| {
        hints.iter().find_map(|line| line.strip_prefix(&format!("{name} tkh"))).unwrap().to_owned()
    };
    let row = |name: &str, state: &str, rules: &str| format!("{name}{state} tkh{} {rules}", hint(name));
    assert_eq!(
        rows(&page),
        [
            row("Disabled", " Disabled · paused", "Everything: all of the account Full access"),
            row(
                "ACME",
                "",
                "Zones: only this zone, TXT records named _acme-challenge* or @ (the zone's own name) only Full access"
            ),
            row(
                "Both ways",
                "",
                "Zones: only this one and 1 other Read only Zones: all zones, including future ones Full access"
            ),
            row("This", "", "Zones: only this zone Full access"),
            row("But two", "", "Zones: all zones except theburritobot.com Full access"),
            row("All", "", "Zones: all zones, including future ones Read only"),
            row("Everything", "", "Everything: all of the account Full access"),
        ]
    );
    let names = owner.get(&path(&two)).await.all(".reaching .row-name");
    assert_eq!(names, ["Disabled", "Other zone", "Both ways", "But one", "All", "Everything"]);
    let domain = facts::domain(&house, acme, "example.com");
    let names = owner.get(&format!("/accounts/{acme}/domains/{domain}")).await.all(".reaching .row-name");
    assert_eq!(names, ["Disabled", "Domains", "Everything"]);

    // Linked both ways.
    let token = facts::texts(&house, "id", "tokens WHERE name = 'This'").remove(0);
    assert!(page.links().contains(&format!("/accounts/{acme}/tokens/{token}")));
    let back = owner.get(&format!("/accounts/{acme}/tokens/{token}")).await;
    assert_eq!(back.attributes(".names a", "href"), [path(&one)]);
}

#[actix_web::test]
async fn a_zone_made_anew_is_reached_by_no_token_that_named_the_old_one_and_stays_left_out() {
    let house = House::open();
    let acme = house.account("Acme");
    let of = Owner::Account(acme);
    let old = zone(&house, acme, "example.com");
    made::granted(&house, of, "Only", &[("zones", Access::Full, Selection::Only(vec![old.clone()]))]);
    made::granted(
        &house,
        of,
        "But",
        &[("zones", Access::Full, Selection::Account { account: acme, except: vec![old] })],
    );
    made::granted(
        &house,
        of,
        "All",
        &[("zones", Access::Full, Selection::Account { account: acme, except: vec![] })],
    );
    let origin = house.command_line();
    Resource::remove_domain(&mut house.conn(), acme, "example.com", &origin).unwrap();
    Resource::add_domains(&mut house.conn(), acme, &["example.com".to_owned()], &origin).unwrap();
    let new = facts::zone(&house, acme, "example.com");
    let page = house.signed_in(OWNER).await.get(&format!("/accounts/{acme}/zones/{new}")).await;
    assert_eq!(page.all(".reaching .row-name"), ["All"]);
    assert_eq!(facts::count(&house, "token_grant_resources WHERE resource_id IS NULL"), 2);
}

#[actix_web::test]
async fn user_tokens_are_shown_with_their_users_role_to_owners_and_admins_and_ones_own_to_everybody() {
    let house = House::open();
    let acme = house.account("Acme");
    let one = zone(&house, acme, "example.com");
    let everywhere = |except| Selection::Everywhere { except };
    let id = |email: &str| house.user(email).id;
    let of = |email: &str| Owner::User(id(email));
    made::granted(&house, of(MEMBER), "Members", &[("zones", Access::Full, everywhere(vec![]))]);
    made::granted(&house, of(MEMBER), "Not here", &[("zones", Access::Full, everywhere(vec![one.clone()]))]);
    made::granted(&house, of(MEMBER), "Own only", &[("user_details", Access::Read, everywhere(vec![]))]);
    made::with(&house, of(READER), "Readers", Policy::unconditional(Rights::Everything));
    made::granted(
        &house,
        of(OWNER),
        "Owners",
        &[("zones", Access::Read, Selection::Only(vec![one.clone()]))],
    );
    made::with(&house, of(crate::support::STRANGER), "Strangers", Policy::unconditional(Rights::Everything));
    made::with(&house, Owner::Account(acme), "Accounts", Policy::unconditional(Rights::Everything));
    let path = format!("/accounts/{acme}/zones/{}", one.id.unwrap());
    let seen = |page: Answer| page.all(".reaching .row-name");
    for admin in [OWNER, ADMIN] {
        let page = house.signed_in(admin).await.get(&path).await;
        assert_eq!(seen(page), ["Accounts", "Owners", "Readers", "Members"], "{admin}");
    }
    let page = house.signed_in(OWNER).await.get(&path).await;
    let row = |name: &str| rows(&page).into_iter().find(|row| row.starts_with(name)).unwrap();
    assert!(row("Readers").ends_with("Everything: all of the account Read only"), "{}", row("Readers"));
    assert!(row("Readers").contains(READER));
    assert!(row("Members").ends_with("Zones: all zones, including future ones Full access"));
    assert_eq!(seen(house.signed_in(MEMBER).await.get(&path).await), ["Accounts", "Members"]);

    // A reader sees the names of the account's tokens, and all of one's own.
    let page = house.signed_in(READER).await.get(&path).await;
    assert_eq!(rows(&page)[0], "Accounts");
    assert!(rows(&page)[1].ends_with("Everything: all of the account Read only"), "{:?}", rows(&page));
    assert_eq!(rows(&page).len(), 2);
    assert!(page.text().contains("Your role sees the names and states of tokens."));

    // Who is no member any more brings along no token.
    facts::change(&house, &format!("DELETE FROM memberships WHERE user_id = {}", id(MEMBER)));
    assert_eq!(seen(house.signed_in(OWNER).await.get(&path).await), ["Accounts", "Owners", "Readers"]);
    assert_eq!(facts::count(&house, "tokens WHERE kind = 'user'"), 6);
}

#[actix_web::test]
async fn many_tokens_that_reach_a_zone_come_a_page_at_a_time_each_once() {
    let house = House::open();
    let acme = house.account("Acme");
    let one = zone(&house, acme, "example.com");
    let all = Selection::Account { account: acme, except: vec![] };
    for number in 0..20 {
        made::granted(
            &house,
            Owner::Account(acme),
            &format!("All {number}"),
            &[("zones", Access::Read, all.clone())],
        );
        made::with(
            &house,
            Owner::Account(acme),
            &format!("Full {number}"),
            Policy::unconditional(Rights::Everything),
        );
        let both = [
            ("zones", Access::Read, Selection::Only(vec![one.clone()])),
            ("zones", Access::Full, all.clone()),
        ];
        made::granted(&house, Owner::Account(acme), &format!("Both {number}"), &both);
        house.clock.advance(Duration::seconds(i64::from(number % 2)));
    }
    let mut owner = house.signed_in(OWNER).await;
    let mut path = Some(format!("/accounts/{acme}/zones/{}", one.id.unwrap()));
    let (mut seen, mut sizes) = (Vec::new(), Vec::new());
    while let Some(here) = path {
        let page = owner.get(&here).await;
        let names = page.all(".reaching .row-name");
        sizes.push(names.len());
        seen.extend(names);
        path = page.attributes("#tokens .pager a", "href").into_iter().next();
    }
    assert_eq!(sizes, [25, 25, 10]);
    assert_eq!(seen, facts::texts(&house, "name", "tokens ORDER BY created_at DESC, id DESC"));
}
