//! Lists that are filtered in SQL, against what is decided for each single thing.

use crate::facts;
use crate::support::{House, soak};
use proptest::prelude::*;
use proptest::test_runner::{Config, TestRunner};
use tokenhouse::dns::models::domain::DOMAIN;
use tokenhouse::dns::models::record::Filter;
use tokenhouse::dns::models::zone::ZONE;
use tokenhouse::dns::models::{Direction, Domain, HOOKS, Record, Zone, domain};
use tokenhouse::models::{Reach, Resource, Window};
use tokenhouse::policy::{
    Access, Decision, Grant, Holder, Parts, PartsAsked, Policy, Request, ResourceId, ResourceRef, Rights,
    Selection, Target, decide, readable,
};

const ALL: Window = Window { offset: 0, limit: 1_000 };

fn selections(known: Vec<ResourceRef>) -> impl Strategy<Value = Selection> {
    let one = (prop::sample::select(known), 0..4).prop_map(|(one, change)| match change {
        0 => ResourceRef { id: None, ..one },
        1 => ResourceRef { account: (one.account.get() + 1).into(), ..one },
        _ => one,
    });
    (prop::collection::vec(one, 0..6), 0..4, 1_010_i64..1_013).prop_map(|(named, kind, account)| match kind {
        0 => Selection::Everywhere { except: named },
        1 => Selection::Account { account: account.into(), except: named },
        _ => Selection::Only(named),
    })
}

fn grants(known: Vec<ResourceRef>) -> impl Strategy<Value = Vec<Grant>> {
    let catalogue = tokenhouse::dns::catalogue().unwrap();
    let key = |name: &str| catalogue.find(name).unwrap().key.clone();
    let keys = vec![key("zones"), key("domains")];
    let grant = (prop::sample::select(keys), any::<bool>(), selections(known), filters());
    // Of the kind that the permission is narrowed by, as every form and command sees to it.
    let grant = grant.prop_map(|(permission, full, mut selection, parts)| {
        let zones = permission.as_str() == "zones";
        match &mut selection {
            Selection::Everywhere { except } | Selection::Account { except, .. } => except,
            Selection::Only(only) => only,
        }
        .retain(|one| one.kind == if zones { ZONE } else { DOMAIN });
        Grant {
            permission,
            access: if full { Access::Full } else { Access::Read },
            selection,
            parts: if zones { parts } else { Parts::default() },
        }
    });
    prop::collection::vec(grant, 0..4)
}

fn filters() -> impl Strategy<Value = Parts> {
    let names = ["", "www", "www*", "*", "_*", "_acme%*", "_dmarc", "d_v*", "*dev", "\\*"].map(str::to_owned);
    let types = ["A", "TXT", "MX", "NS", "CNAME"].map(str::to_owned);
    (
        prop::collection::vec(prop::sample::select(names.to_vec()), 0..3),
        prop::collection::vec(prop::sample::select(types.to_vec()), 0..3),
    )
        .prop_map(|(names, types)| Parts::default().with("name", names).with("type", types))
}

#[test]
fn a_domain_that_was_found_is_deleted_and_not_another_that_has_its_name_by_now() {
    let house = House::open();
    let (acme, mut conn) = (house.account("Acme"), house.conn());
    let origin = house.command_line();
    let found = Resource::find(&mut conn, acme, DOMAIN, "anchor.example").unwrap().unwrap();
    Resource::remove_domain(&mut conn, acme, "anchor.example", &origin).unwrap();
    Resource::add_domains(&mut conn, acme, &["anchor.example".to_owned()], &origin).unwrap();
    assert!(!found.delete(&mut conn, &HOOKS, &origin).unwrap());
    let newer = Resource::find(&mut conn, acme, DOMAIN, "anchor.example").unwrap().unwrap();
    assert!(Resource::find(&mut conn, acme, ZONE, "anchor.example").unwrap().is_some());
    assert!(newer.delete(&mut conn, &HOOKS, &origin).unwrap());
    assert!(Resource::find(&mut conn, acme, ZONE, "anchor.example").unwrap().is_none());
}

#[test]
fn what_a_list_shows_is_what_is_allowed_one_by_one() {
    let house = House::open();
    let (acme, mut conn) = (house.account("Acme"), house.conn());
    let origin = house.command_line();
    // One that was made anew: its name is the same, its id is not.
    let first = Resource::find(&mut conn, acme, ZONE, "anchor.example").unwrap().unwrap();
    Resource::remove_domain(&mut conn, acme, "anchor.example", &origin).unwrap();
    Resource::add_domains(&mut conn, acme, &["anchor.example".to_owned()], &origin).unwrap();
    facts::change(&house, "DELETE FROM resources WHERE name LIKE '%-shop.example'");
    let mut here = Vec::new();
    for kind in [DOMAIN, ZONE] {
        here.extend(Resource::search(&mut conn, &[acme], kind, "", 100).unwrap());
    }
    let mut known: Vec<ResourceRef> = here.iter().map(Resource::to_ref).collect();
    known.push(first.to_ref());
    known.push(
        Resource::find(&mut conn, house.account("Rival"), ZONE, "rival.example").unwrap().unwrap().to_ref(),
    );

    let catalogue = tokenhouse::dns::catalogue().unwrap();
    let seen = std::cell::RefCell::new((conn, [0_u32; 3]));
    let cases = soak::size(100, 10_000);
    let mut runner = TestRunner::new(Config { cases, failure_persistence: None, ..Config::default() });
    let result = runner.run(&grants(known), |grants| {
        let mut seen = seen.borrow_mut();
        let (conn, counts) = &mut *seen;
        let policy = Policy::unconditional(Rights::Grants(grants));
        let holder = Holder::Account(acme);
        for (key, kind) in [("zones", ZONE), ("domains", DOMAIN)] {
            let permission = &catalogue.find(key).unwrap().key;
            let reach = readable(&catalogue, &policy, &holder, acme, permission);
            let reach = Reach(reach.into_iter().map(|(selection, _)| selection).collect());
            let (listed, total) = match kind {
                ZONE => {
                    let (rows, total) =
                        Zone::list(conn, acme, &reach, None, &[("id", Direction::Ascending)], ALL).unwrap();
                    (rows.into_iter().map(|zone| zone.id).collect::<Vec<_>>(), total)
                }
                _ => {
                    let all = domain::Filter::default();
                    let (rows, total) =
                        Domain::list(conn, acme, &reach, &all, &[("id", Direction::Ascending)], ALL).unwrap();
                    (rows.into_iter().map(|domain| domain.id).collect(), total)
                }
            };
            let allowed = |one: &&Resource| {
                let (target, parts) = (one.target(), PartsAsked::Aside);
                let request = Request { account: acme, permission, access: Access::Read, target, parts };
                one.kind == kind && decide(&catalogue, &policy, &holder, &request) == Decision::Allow
            };
            let mut decided: Vec<ResourceId> = here.iter().filter(allowed).map(|one| one.id).collect();
            decided.sort_unstable();
            prop_assert_eq!(i64::try_from(listed.len()).unwrap(), total);
            prop_assert_eq!(&listed, &decided);
            counts[if decided.is_empty() { 0 } else { 1 }] += 1;
        }
        let zone = here.iter().find(|one| one.kind == ZONE && one.name == "example.com").unwrap();
        let permission = &catalogue.find("zones").unwrap().key;
        let filters: Vec<Parts> = readable(&catalogue, &policy, &holder, acme, permission)
            .into_iter()
            .filter(|(selection, _)| selection.reaches(acme, zone.id, ZONE, &zone.name))
            .map(|(_, parts)| parts)
            .collect();
        let order = [("id", Direction::Ascending)];
        let every = Record::list(conn, zone, &[Parts::default()], &Filter::default(), &order, ALL).unwrap().0;
        let (listed, total) = Record::list(conn, zone, &filters, &Filter::default(), &order, ALL).unwrap();
        let target: Target<'_> = zone.target();
        let allowed = |record: &&Record| {
            let named = [("name", record.name.as_str()), ("type", record.record_type.as_str())];
            let parts = PartsAsked::Existing(&named);
            let request = Request { account: acme, permission, access: Access::Read, target, parts };
            decide(&catalogue, &policy, &holder, &request) == Decision::Allow
        };
        let decided: Vec<Record> = every.iter().filter(allowed).cloned().collect();
        counts[2] += u32::from(!decided.is_empty() && decided.len() < every.len());
        prop_assert_eq!(i64::try_from(listed.len()).unwrap(), total);
        prop_assert_eq!(listed, decided);
        Ok(())
    });
    result.unwrap();
    let (_, [nothing, some, part]) = seen.into_inner();
    println!("lists: {nothing} with nothing, {some} with something; {part} with a part of a zone's records");
    soak::row("random tokens against what lists show", cases);
    assert!(nothing > cases / 20 && some > cases / 20 && part > cases / 20);
}
