//! Rules about policies as a whole, over random ones: merging changes nothing, a lower role only
//! narrows, and nobody makes a token that can do more than its maker.

use crate::decide;
use crate::policies::{self, ACCOUNTS, arounds, rights};
use crate::support::soak;
use proptest::prelude::*;
use proptest::sample::select;
use proptest::test_runner::{Config, TestRunner};
use std::cell::Cell;
use tokenhouse::policy::{
    AccountId, Decision, Grant, Holder, Policy, Rights, Role, Selection, may_grant, merged, user_can_hold,
};

fn config(cases: u32) -> Config {
    Config { cases, failure_persistence: None, ..Config::default() }
}

fn share(what: &str, some: &Cell<u32>, all: u32) {
    println!("{what}: {} of {all}", some.get());
    assert!(some.get() >= all / 20, "{what} came {} times in {all}: too seldom to say anything", some.get());
}

#[test]
fn merging_changes_no_decision_whatever_is_asked() {
    let cases = soak::size(2_000, 600_000);
    let catalogue = tokenhouse::dns::catalogue().unwrap();
    let (less, allowed) = (Cell::new(0), Cell::new(0));
    let twice = (decide::cases(), decide::cases()).prop_map(|(one, other)| {
        // Grants that share their parts are what there is to merge.
        let both = match (one.0.clone(), other.0) {
            (Rights::Grants(mut grants), Rights::Grants(more)) => {
                let like = grants.first().cloned();
                grants.extend(more);
                if let (Some(like), Some(last)) = (like, grants.last_mut()) {
                    last.permission = like.permission;
                    last.parts = like.parts;
                }
                grants
            }
            (Rights::Grants(grants), _) | (_, Rights::Grants(grants)) => grants,
            _ => Vec::new(),
        };
        (both, one.1, one.2)
    });
    let done = TestRunner::new(config(cases)).run(&twice, |(grants, holder, call)| {
        let fewer = merged(grants.clone());
        if fewer.len() < grants.len() {
            less.set(less.get() + 1);
        }
        prop_assert_eq!(merged(fewer.clone()), fewer.clone(), "merging again");
        let before = decide::decided(&catalogue, &Rights::Grants(grants), &holder, &call);
        let after = decide::decided(&catalogue, &Rights::Grants(fewer), &holder, &call);
        if before == Decision::Allow {
            allowed.set(allowed.get() + 1);
        }
        prop_assert_eq!(before, after);
        Ok(())
    });
    done.unwrap();
    soak::row("random policies against the rules", cases);
    share("merged", &less, cases);
    share("allowed", &allowed, cases);
}

#[test]
fn merging_changes_no_decision_about_policies_that_the_builder_makes() {
    let cases = soak::size(1_000, 300_000);
    let catalogue = tokenhouse::dns::catalogue().unwrap();
    let less = Cell::new(0);
    let done = TestRunner::new(config(cases)).run(&policies::cases(&catalogue), |(case, calls)| {
        let Rights::Grants(grants) = &case.policy.rights else { return Ok(()) };
        let fewer = merged(grants.clone());
        if fewer.len() < grants.len() {
            less.set(less.get() + 1);
        }
        let policy = Policy { rights: Rights::Grants(fewer), ..case.policy.clone() };
        for call in &calls {
            let before = policies::decided(&catalogue, &case.policy, &case.holder, call);
            prop_assert_eq!(before, policies::decided(&catalogue, &policy, &case.holder, call));
        }
        Ok(())
    });
    done.unwrap();
    soak::row("random policies against the rules", cases);
    share("merged", &less, cases);
}

#[test]
fn a_lower_role_or_none_allows_nothing_that_was_refused_before() {
    let cases = soak::size(1_000, 300_000);
    let catalogue = tokenhouse::dns::catalogue().unwrap();
    let (lost, kept) = (Cell::new(0), Cell::new(0));
    let lowered = (policies::cases(&catalogue), any::<bool>(), 0..Role::ALL.len(), any::<bool>());
    let done = TestRunner::new(config(cases)).run(&lowered, |((case, calls), first, role, out)| {
        let Holder::User(roles) = &case.holder else { return Ok(()) };
        let changed = AccountId::from(if first { 1 } else { 2 });
        let lower = |(account, had): &(AccountId, Role)| match (*account == changed, out) {
            (false, _) => Some((*account, *had)),
            (true, true) => None,
            (true, false) => Some((*account, Role::ALL[role].min(*had))),
        };
        let after = Holder::User(roles.iter().filter_map(lower).collect());
        for call in &calls {
            let before = policies::decided(&catalogue, &case.policy, &case.holder, call) == Decision::Allow;
            let after = policies::decided(&catalogue, &case.policy, &after, call) == Decision::Allow;
            prop_assert!(before || !after, "{:?} was not allowed with the higher role", call);
            prop_assert!(call.account == changed || before == after, "{:?}: the other account", call);
            let counted = match (before, after) {
                (true, false) => &lost,
                (true, true) => &kept,
                _ => continue,
            };
            counted.set(counted.get() + 1);
        }
        Ok(())
    });
    done.unwrap();
    soak::row("random policies against the rules", cases);
    share("lost", &lost, cases);
    share("kept", &kept, cases);
}

#[test]
fn no_token_that_may_be_made_can_do_what_its_maker_cannot() {
    let cases = soak::size(1_500, 500_000);
    let catalogue = tokenhouse::dns::catalogue().unwrap();
    let (made, refused, allowed) = (Cell::new(0), Cell::new(0), Cell::new(0));
    let roles = (select(Role::ALL.to_vec()), select(Role::ALL.to_vec()));
    let makers = (policies::cases(&catalogue), roles);
    let done = TestRunner::new(config(cases)).run(&makers, |((case, calls), (first, second))| {
        let roles = [(AccountId::from(1), first), (AccountId::from(2), second)];
        let rights = &case.policy.rights;
        let (may, holder) = match &case.holder {
            Holder::Account(own) => (may_grant(&catalogue, rights, first), Holder::Account(*own)),
            Holder::User(_) => (
                match rights {
                    Rights::Everything => true,
                    Rights::Grants(grants) => {
                        grants.iter().all(|grant| user_can_hold(&catalogue, &roles, grant))
                    }
                },
                Holder::User(roles.to_vec()),
            ),
        };
        let counted = if may { &made } else { &refused };
        counted.set(counted.get() + 1);
        if !may {
            return Ok(());
        }
        let named = named_only(&case.policy);
        let everybody = Holder::User(ACCOUNTS.map(|account| (account.into(), Role::Owner)).to_vec());
        for call in &calls {
            let now = policies::decided(&catalogue, &case.policy, &holder, call) == Decision::Allow;
            // A role that is raised later brings no more than what was the maker's to give, where the
            // grant says in which accounts.
            let later = policies::decided(&catalogue, &named, &everybody, call) == Decision::Allow;
            let later = later && matches!(holder, Holder::User(_));
            if !now && !later {
                continue;
            }
            allowed.set(allowed.get() + 1);
            let role = roles.iter().find(|(account, _)| *account == call.account).map(|(_, role)| *role);
            let lowest = catalogue.get(&call.permission).unwrap().lowest_role(call.access);
            prop_assert!(role >= lowest && lowest.is_some(), "{:?} with {:?}", call, role);
        }
        Ok(())
    });
    done.unwrap();
    soak::row("random policies against the rules", cases);
    share("made", &made, cases);
    share("refused", &refused, cases);
    share("allowed", &allowed, cases);
}

/// The same policy without the grants that go wherever its user goes.
fn named_only(policy: &Policy) -> Policy {
    let rights = match &policy.rights {
        Rights::Everything => Rights::Grants(Vec::new()),
        Rights::Grants(grants) => {
            let here = |grant: &&Grant| !matches!(grant.selection, Selection::Everywhere { .. });
            Rights::Grants(grants.iter().filter(here).cloned().collect())
        }
    };
    Policy { rights, ..policy.clone() }
}

#[test]
fn random_policies_are_such_as_the_builder_makes() {
    let catalogue = tokenhouse::dns::catalogue().unwrap();
    let any_rights = (rights(&catalogue.permissions, true), arounds(true));
    let done = TestRunner::new(config(500)).run(&any_rights, |(rights, around)| {
        let Rights::Grants(grants) = rights else { return Ok(()) };
        prop_assert!(!grants.is_empty() && around.accounts.len() <= 2);
        for grant in grants {
            let permission = catalogue.get(&grant.permission).unwrap();
            prop_assert!(permission.access.contains(&grant.access));
            prop_assert!(permission.narrowed_by.is_some() || grant.selection.named().is_empty());
            prop_assert!(grant.parts.is_open() || permission.key.as_str() == "zones");
        }
        Ok(())
    });
    done.unwrap();
}
