//! Rules 4 and 5 by example: empty is nothing, and never more than the user's role.

use crate::decide::{Call, NAMES, Thing, decided, key};
use tokenhouse::dns::models::zone::ZONE;
use tokenhouse::policy::{
    Access, Act, Decision, Grant, Holder, Parts, PartsAsked, Policy, Refusal, ResourceId, ResourceRef,
    Rights, Role, Selection, decide_for_user, grants_in,
};

fn zone(again: bool) -> Thing {
    Thing { account: 1.into(), kind: ZONE, name: 0, again }
}

fn chosen(id: Option<ResourceId>) -> ResourceRef {
    ResourceRef { account: 1.into(), id, kind: ZONE, name: NAMES[0].to_owned() }
}

fn zones(access: Access, selection: Selection) -> Rights {
    Rights::Grants(vec![Grant { permission: key("zones"), access, selection, parts: Parts::default() }])
}

fn on(thing: Thing, access: Access) -> Call {
    Call {
        account: 1.into(),
        permission: key("zones"),
        access,
        thing: Some(thing),
        new: false,
        parts: PartsAsked::Aside,
    }
}

fn token() -> Holder {
    Holder::Account(1.into())
}

#[test]
fn no_grants_and_an_empty_selection_are_nothing() {
    let catalogue = tokenhouse::dns::catalogue().unwrap();
    for rights in [Rights::Grants(Vec::new()), zones(Access::Full, Selection::Only(Vec::new()))] {
        for access in [Access::Read, Access::Full] {
            let decision = decided(&catalogue, &rights, &token(), &on(zone(false), access));
            assert_eq!(decision, Decision::Refuse(Refusal::AccountNotFound));
        }
    }
}

#[test]
fn a_zone_made_anew_under_a_chosen_name_is_not_the_chosen_one() {
    let catalogue = tokenhouse::dns::catalogue().unwrap();
    let before = zones(Access::Full, Selection::Only(vec![chosen(Some(zone(false).id()))]));
    assert_eq!(decided(&catalogue, &before, &token(), &on(zone(false), Access::Full)), Decision::Allow);
    // The database forgets the id of what is deleted, and keeps the name.
    let other = ResourceRef { id: Some(999.into()), name: "z.example".to_owned(), ..chosen(None) };
    let after = zones(Access::Full, Selection::Only(vec![chosen(None), other]));
    assert_eq!(
        decided(&catalogue, &after, &token(), &on(zone(true), Access::Read)),
        Decision::Refuse(Refusal::ResourceNotFound)
    );
    let last = zones(Access::Full, Selection::Only(vec![chosen(None)]));
    assert_eq!(
        decided(&catalogue, &last, &token(), &on(zone(true), Access::Read)),
        Decision::Refuse(Refusal::AccountNotFound)
    );
}

#[test]
fn a_zone_made_anew_under_an_excepted_name_stays_excepted() {
    let catalogue = tokenhouse::dns::catalogue().unwrap();
    for except in [chosen(Some(zone(false).id())), chosen(None)] {
        let rights = zones(Access::Full, Selection::Account { account: 1.into(), except: vec![except] });
        assert_eq!(
            decided(&catalogue, &rights, &token(), &on(zone(true), Access::Read)),
            Decision::Refuse(Refusal::ResourceNotFound)
        );
        let another = Thing { name: 1, ..zone(false) };
        assert_eq!(decided(&catalogue, &rights, &token(), &on(another, Access::Full)), Decision::Allow);
    }
}

#[test]
fn making_a_zone_needs_all_including_future_ones() {
    let catalogue = tokenhouse::dns::catalogue().unwrap();
    let new = Call { thing: None, new: true, ..on(zone(false), Access::Full) };
    let only = zones(Access::Full, Selection::Only(vec![chosen(Some(zone(false).id()))]));
    assert_eq!(
        decided(&catalogue, &only, &token(), &new),
        Decision::Refuse(Refusal::Write("zones:*:write".to_owned()))
    );
    let all = zones(Access::Full, Selection::Account { account: 1.into(), except: Vec::new() });
    assert_eq!(decided(&catalogue, &all, &token(), &new), Decision::Allow);
}

#[test]
fn a_user_token_does_no_more_than_the_users_present_role() {
    let catalogue = tokenhouse::dns::catalogue().unwrap();
    let all = zones(Access::Full, Selection::Everywhere { except: Vec::new() });
    let holder = |role| Holder::User(vec![(1.into(), role)]);
    for rights in [all, Rights::Everything] {
        let write = on(zone(false), Access::Full);
        assert_eq!(decided(&catalogue, &rights, &holder(Role::ReadWrite), &write), Decision::Allow);
        assert_eq!(
            decided(&catalogue, &rights, &holder(Role::ReadOnly), &write),
            Decision::Refuse(Refusal::Write("zones:a.example:write".to_owned()))
        );
        let read = on(zone(false), Access::Read);
        assert_eq!(decided(&catalogue, &rights, &holder(Role::ReadOnly), &read), Decision::Allow);
        assert_eq!(
            decided(&catalogue, &rights, &Holder::User(Vec::new()), &read),
            Decision::Refuse(Refusal::AccountNotFound)
        );
    }
    let billing = Call { permission: key("billing"), thing: None, ..on(zone(false), Access::Read) };
    assert_eq!(
        decided(&catalogue, &Rights::Everything, &holder(Role::ReadWrite), &billing),
        Decision::Refuse(Refusal::Permission("billing:*:read".to_owned()))
    );
}

#[test]
fn what_is_the_users_own_needs_a_users_token_and_a_grant_and_no_resource() {
    let catalogue = tokenhouse::dns::catalogue().unwrap();
    let grant = |name: &str, access| Grant {
        permission: key(name),
        access,
        selection: Selection::Everywhere { except: Vec::new() },
        parts: Parts::default(),
    };
    let user = Holder::User(Vec::new());
    let decided = |rights: &Rights, holder: &Holder, name: &str, access| {
        let policy = Policy::unconditional(rights.clone());
        decide_for_user(&catalogue, &policy, holder, &key(name), access)
    };
    let denied = |scope: &str| Decision::Refuse(Refusal::Permission(scope.to_owned()));
    let reading = Rights::Grants(vec![grant("user_details", Access::Read), grant("zones", Access::Full)]);
    assert_eq!(decided(&reading, &user, "user_details", Access::Read), Decision::Allow);
    assert_eq!(
        decided(&reading, &user, "user_details", Access::Full),
        Decision::Refuse(Refusal::Write("user_details:*:write".to_owned()))
    );
    assert_eq!(decided(&reading, &user, "memberships", Access::Read), denied("memberships:*:read"));
    assert_eq!(decided(&Rights::Everything, &user, "user_details", Access::Full), Decision::Allow);
    for rights in [&reading, &Rights::Everything] {
        assert_eq!(decided(rights, &token(), "user_details", Access::Read), denied("user_details:*:read"));
        // What is in an account is decided there.
        assert_eq!(decided(rights, &user, "zones", Access::Read), denied("zones:*:read"));
    }
    let both = Rights::Grants(vec![grant("user_details", Access::Read), grant("user_details", Access::Full)]);
    assert_eq!(decided(&both, &user, "user_details", Access::Full), Decision::Allow);
    let own = Rights::Grants(vec![grant("user_details", Access::Full)]);
    assert!(!grants_in(&catalogue, &own, 1.into()), "nothing of the user is in an account");
    assert!(
        grants_in(&catalogue, &reading, 1.into()) && grants_in(&catalogue, &Rights::Everything, 1.into())
    );
}

/// What can be done on a page and by the API alike: neither way asks for another role than the other.
const BOTH_WAYS: [(Act, &str, Access); 4] = [
    (Act::ChangeAccount, "account", Access::Full),
    (Act::SeeResources, "certificates", Access::Read),
    (Act::SeeResources, "domains", Access::Read),
    (Act::SeeResources, "zones", Access::Read),
];

#[test]
fn what_a_page_and_the_api_can_both_do_needs_the_same_role_on_each() {
    let catalogue = tokenhouse::dns::catalogue().unwrap();
    for (act, permission, access) in BOTH_WAYS {
        let by_token = catalogue.get(&key(permission)).unwrap().lowest_role(access);
        assert_eq!(by_token, Some(act.lowest_role()), "{act:?} and {permission}");
    }
}
