//! The summary of a policy says what a call gets: random policies in words, read back by somebody
//! who knows no code that wrote them, and asked the same questions as `decide`.

use crate::policies::{ACCOUNTS, Call, Case, NAMES, NOON, On, cases, decided};
use crate::support::soak;
use crate::words_read::{Less, Line, Named, Place, Told, read};
use proptest::prelude::*;
use proptest::test_runner::{Config, TestRunner};
use std::cell::RefCell;
use std::collections::BTreeMap;
use std::net::IpAddr;
use time::Duration;
use tokenhouse::policy::words::{Sentence, of_policy};
use tokenhouse::policy::{
    Access, AccountId, Catalogue, ClientAddress, Decision, Holder, Policy, Refusal, Rights, Role,
};

/// A question in the words of the summary.
pub struct Asked<'a> {
    pub about: &'a str,
    pub call: &'a Call,
}

impl Asked<'_> {
    fn writes(&self) -> bool {
        self.call.access == Access::Full
    }
}

/// What somebody who only read the summary would answer.
pub fn answer(told: &Told, own: Option<AccountId>, asked: &Asked<'_>) -> bool {
    let account = asked.call.account;
    match own {
        Some(own) if own != account => return false,
        Some(_) => {}
        None if told.not_member.contains(&account) || !role_allows(told, asked) => return false,
        None => {}
    }
    if told.everything {
        return own.is_some() || told.all_accounts.as_ref().is_some_and(|all| all.contains(&account));
    }
    told.lines.iter().any(|line| line.about == asked.about && lets(line, told, own, asked))
}

fn role_allows(told: &Told, asked: &Asked<'_>) -> bool {
    told.less.iter().filter(|(account, ..)| *account == asked.call.account).all(|(_, reads, less)| {
        let untouched = match less {
            Less::All => true,
            Less::These(these) => these.iter().any(|one| one == asked.about),
        };
        let only_read = reads.iter().any(|one| one == asked.about);
        !untouched && (!only_read || !asked.writes())
    })
}

fn lets(line: &Line, told: &Told, own: Option<AccountId>, asked: &Asked<'_>) -> bool {
    let Call { account, on, .. } = asked.call;
    if asked.writes() && !line.full {
        return false;
    }
    let is = |one: &Named, name: &str| one.account.or(own) == Some(*account) && one.name == name;
    let is_kept = |except: &[Named], name: Option<&str>| {
        name.is_none_or(|name| !except.iter().any(|one| is(one, name)))
    };
    let name = match on {
        On::Collection | On::New => None,
        On::Resource(name) | On::Whole(name) | On::Existing(name, ..) | On::Made(name, ..) => Some(*name),
    };
    let reached = match &line.place {
        Place::Nothing => false,
        Place::Only(only) => match (on, name) {
            (On::New, _) => false,
            (_, None) => only.iter().any(|one| !one.deleted && one.account.or(own) == Some(*account)),
            (_, Some(name)) => only.iter().any(|one| !one.deleted && is(one, name)),
        },
        Place::All(of, except) => of.or(own) == Some(*account) && is_kept(except, name),
        Place::Everywhere(except) => {
            told.all_accounts.as_ref().unwrap().contains(account) && is_kept(except, name)
        }
    };
    let of_records = match (&line.records, on) {
        (None, _) | (Some(_), On::Collection | On::New | On::Resource(_)) => true,
        (Some(_), On::Whole(_)) => false,
        (Some((names, types)), On::Existing(_, name, kind) | On::Made(_, name, kind)) => {
            let like = |pattern: &String| match pattern.split_once('*') {
                Some((start, "")) => name.starts_with(start),
                _ => name == pattern,
            };
            (names.is_empty() || names.iter().any(like))
                && (types.is_empty() || types.iter().any(|one| one == kind))
        }
    };
    reached && of_records && (line.creates || !matches!(on, On::New))
}

/// What the text says of itself must hold together.
fn holds_together(told: &Told, own: Option<AccountId>, catalogue: &Catalogue) -> Result<(), TestCaseError> {
    for permission in &catalogue.permissions {
        let lines: Vec<&Line> = told.lines.iter().filter(|line| line.about == permission.object).collect();
        let sum = told.sums.iter().find(|(_, about)| *about == permission.object).map(|(count, _)| *count);
        prop_assert_eq!(sum, (lines.len() > 1).then_some(lines.len()));
        prop_assert!(lines.len() == 1 || !lines.iter().any(|line| line.nothing_else));
        for line in lines.iter().filter(|line| line.records.is_some() && line.now.is_some()) {
            prop_assert_eq!(line.nothing_else, lines.len() == 1);
        }
        for line in &lines {
            if let (Place::Only(_), 1) = (&line.place, lines.len()) {
                prop_assert!(line.nothing_else);
            }
            if let Some((names, _)) = &line.records {
                prop_assert!(told.zones_themselves);
                prop_assert!(told.stars || !names.iter().any(|name| name.ends_with('*')));
            }
        }
        let untouched = told.untouched.contains(&permission.object);
        let expected = !told.everything
            && lines.is_empty()
            && (own.is_none() || permission.lowest_role(Access::Read).is_some());
        prop_assert_eq!(untouched, expected, "{}", permission.object);
        brought_back(told, own, &lines)?;
    }
    let wide = told.everything
        || told.lines.iter().any(|line| {
            matches!(line.place, Place::Everywhere(_))
                && !["the user's own details", "memberships"].contains(&line.about.as_str())
        });
    prop_assert_eq!(told.all_accounts.is_some(), own.is_none() && wide);
    Ok(())
}

/// What a line leaves out and another reaches is warned of.
fn brought_back(told: &Told, own: Option<AccountId>, lines: &[&Line]) -> Result<(), TestCaseError> {
    for (place, line) in lines.iter().enumerate() {
        let (Place::All(_, except) | Place::Everywhere(except)) = &line.place else { continue };
        for one in except {
            let same = |other: &Named| other.name == one.name && other.account.or(own) == one.account.or(own);
            let reached = lines.iter().enumerate().any(|(other, line)| {
                other != place
                    && match &line.place {
                        Place::Nothing => false,
                        Place::Only(only) => {
                            only.iter().any(|other| same(other) && !other.deleted && !one.deleted)
                        }
                        Place::All(of, but) => of.or(own) == one.account.or(own) && !but.iter().any(same),
                        Place::Everywhere(but) => !but.iter().any(same),
                    }
            });
            let account = one.account;
            prop_assert!(!reached || told.brought_back.contains(&(one.name.clone(), account)), "{one:?}");
        }
    }
    Ok(())
}

/// "12 now" is what the token reaches of what there is.
fn counts(told: &Told, own: Option<AccountId>, members: &[AccountId]) -> Result<(), TestCaseError> {
    for line in &told.lines {
        let (Some(now), Place::All(_, except) | Place::Everywhere(except)) = (line.now, &line.place) else {
            continue;
        };
        if except.iter().any(|one| one.deleted) {
            // What was made anew under that name is still counted.
            continue;
        }
        let held = |account: &AccountId| {
            own.is_some()
                || !told.less.iter().any(|(of, _, less)| {
                    of == account
                        && match less {
                            Less::All => true,
                            Less::These(these) => these.contains(&line.about),
                        }
                })
        };
        let accounts: Vec<AccountId> = match &line.place {
            Place::All(of, _) => members.iter().copied().filter(|id| of.or(own) == Some(*id)).collect(),
            _ => members.to_vec(),
        };
        let there = accounts.into_iter().filter(held).flat_map(|id| NAMES.map(|name| (id, name)));
        let reached = there.filter(|(id, name)| {
            !except.iter().any(|one| one.account.or(own) == Some(*id) && one.name == *name)
        });
        prop_assert_eq!(now, i64::try_from(reached.count()).unwrap(), "{:?}", line);
    }
    Ok(())
}

/// From where and when it works.
fn conditions(told: &Told, policy: &Policy) -> Result<(), TestCaseError> {
    for address in ["192.0.2.7", "192.0.2.8", "198.51.100.1", "2001:db8::1", "2001:db8::2", "2001:db9::1"] {
        let address: IpAddr = address.parse().unwrap();
        let within = |list: &[ipnet::IpNet]| list.iter().any(|network| network.contains(&address));
        let works = told.allowed.as_deref().is_none_or(within) && !within(&told.refused);
        prop_assert_eq!(works, policy.admits(address.into()), "{}", address);
    }
    let is_conditional = told.allowed.is_some() || !told.refused.is_empty();
    prop_assert_eq!(!is_conditional, policy.admits(ClientAddress::Unknown));
    for after in [-43_201, -43_200, 0, 1_799, 1_800, 3_600, 3_601, 43_199, 43_200, 86_400] {
        let now = NOON + Duration::seconds(after);
        let works = told.starts.is_none_or(|start| now >= start) && told.ends.is_none_or(|end| now < end);
        let expected = policy.not_before.is_none_or(|start| now >= start)
            && policy.expires_at.is_none_or(|end| now < end);
        prop_assert_eq!(works, expected, "{}", now);
    }
    Ok(())
}

/// Why, in the words of the counts; a refusal that a higher role would undo is the role's.
fn kind(catalogue: &Catalogue, case: &Case, call: &Call) -> &'static str {
    let decision = decided(catalogue, &case.policy, &case.holder, call);
    if let (Holder::User(roles), Decision::Refuse(_)) = (&case.holder, &decision) {
        let raised = Holder::User(roles.iter().map(|(account, _)| (*account, Role::Owner)).collect());
        if decided(catalogue, &case.policy, &raised, call) == Decision::Allow {
            return "role";
        }
    }
    match decision {
        Decision::Allow => "allow",
        Decision::Refuse(Refusal::AccountNotFound) => "account",
        Decision::Refuse(Refusal::Permission(_)) => "permission",
        Decision::Refuse(Refusal::ResourceNotFound) => "resource",
        Decision::Refuse(Refusal::PartNotFound) => "record",
        Decision::Refuse(Refusal::Narrowed(_)) => "some records only",
        Decision::Refuse(Refusal::Write(_)) => "write",
    }
}

#[test]
fn whoever_reads_the_summary_knows_what_a_call_gets() {
    let catalogue = tokenhouse::dns::catalogue().unwrap();
    let kinds: RefCell<BTreeMap<&str, u32>> = RefCell::default();
    // Policies; each is asked three questions.
    let count = soak::size(2_000, 200_000);
    let config = Config { cases: count, failure_persistence: None, ..Config::default() };
    let done = TestRunner::new(config).run(&cases(&catalogue), |(case, calls)| {
        let sentences = of_policy(&catalogue, &case.policy, &case.around);
        let sentences: Vec<String> = sentences.iter().map(Sentence::text).collect();
        let told = read(&catalogue, &case.around, &sentences);
        let (own, members) = match &case.holder {
            Holder::Account(own) => (Some(*own), vec![*own]),
            Holder::User(roles) => (None, roles.iter().map(|(account, _)| *account).collect()),
        };
        holds_together(&told, own, &catalogue)?;
        counts(&told, own, &members)?;
        conditions(&told, &case.policy)?;
        if case.policy.rights != Rights::Everything {
            prop_assert!(!told.everything && told.lines.len() == rows(&case.policy));
        }
        for call in &calls {
            let about = &catalogue.get(&call.permission).unwrap().object;
            let allowed = decided(&catalogue, &case.policy, &case.holder, call) == Decision::Allow;
            let understood = answer(&told, own, &Asked { about, call });
            prop_assert_eq!(understood, allowed, "{:?}\n{:#?}", call, sentences);
            *kinds.borrow_mut().entry(kind(&catalogue, &case, call)).or_default() += 1;
        }
        Ok(())
    });
    done.unwrap();
    let kinds = kinds.into_inner();
    let all: u32 = kinds.values().sum();
    println!("{kinds:?}");
    soak::row("questions to the words of a policy", all);
    assert_eq!((kinds.len(), ACCOUNTS.len()), (8, 3));
    // The rarest is about one in eighteen, so one in forty never fails by chance.
    for (kind, count) in &kinds {
        assert!(*count >= all / 40, "{kind} came {count} times in {all}: too seldom to say anything");
    }
}

fn rows(policy: &Policy) -> usize {
    match &policy.rights {
        Rights::Everything => 0,
        Rights::Grants(grants) => grants.len(),
    }
}
