//! `decide` against a naive second implementation, written from product.md.

use crate::support::soak;
use proptest::prelude::*;
use proptest::test_runner::{Config, TestRunner};
use std::cell::RefCell;
use std::collections::BTreeMap;
use tokenhouse::dns::models::domain::DOMAIN;
use tokenhouse::dns::models::record::narrowed;
use tokenhouse::dns::models::zone::ZONE;
use tokenhouse::policy::{
    Access, AccountId, Catalogue, Decision, Grant, Holder, KindKey, Parts, PartsAsked, PermissionKey, Policy,
    Refusal, Request, ResourceId, ResourceRef, Rights, Role, Selection, Target, decide,
};

pub(crate) const NAMES: [&str; 2] = ["a.example", "b.example"];

/// A resource of the small world: of the first generation, or made anew under the same name.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Thing {
    pub(crate) account: AccountId,
    pub(crate) kind: KindKey,
    pub(crate) name: usize,
    pub(crate) again: bool,
}

impl Thing {
    /// An id of its own: no two resources ever share one.
    pub(crate) fn id(self) -> ResourceId {
        let kind = if self.kind == ZONE { 10 } else { 20 };
        let name = i64::try_from(self.name).unwrap();
        ResourceId::from(self.account.get() * 100 + kind + name + if self.again { 1_000 } else { 0 })
    }
}

/// A call, with texts of its own.
#[derive(Debug, Clone)]
pub(crate) struct Call {
    pub(crate) account: AccountId,
    pub(crate) permission: PermissionKey,
    pub(crate) access: Access,
    /// None: the collection, or something new.
    pub(crate) thing: Option<Thing>,
    pub(crate) new: bool,
    pub(crate) parts: PartsAsked<'static>,
}

/// A record, as a call names it.
pub(crate) fn named(
    name: &'static str,
    record_type: &'static str,
) -> &'static [(&'static str, &'static str)] {
    Vec::leak(vec![("name", name), ("type", record_type)])
}

pub(crate) fn key(name: &str) -> PermissionKey {
    PermissionKey::try_from(name.to_owned()).unwrap()
}

fn things() -> impl Strategy<Value = Thing> {
    let kind = prop_oneof![3 => Just(ZONE), 1 => Just(DOMAIN)];
    (prop_oneof![9 => Just(1_i64), 1 => Just(2)], kind, 0..NAMES.len(), any::<bool>())
        .prop_map(|(account, kind, name, again)| Thing { account: account.into(), kind, name, again })
}

fn refs() -> impl Strategy<Value = ResourceRef> {
    (things(), prop::bool::weighted(0.25)).prop_map(|(thing, deleted)| ResourceRef {
        account: thing.account,
        id: (!deleted).then(|| thing.id()),
        kind: thing.kind,
        name: NAMES[thing.name].to_owned(),
    })
}

fn permissions() -> impl Strategy<Value = PermissionKey> {
    // Zones: everybody may read; domains: read_write may change; billing: admins only.
    prop_oneof![12 => Just("zones"), 2 => Just("domains"), 1 => Just("billing"), 1 => Just("contacts")]
        .prop_map(key)
}

fn kind_of(permission: &PermissionKey) -> Option<KindKey> {
    match permission.as_str() {
        "zones" => Some(ZONE),
        "domains" => Some(DOMAIN),
        _ => None,
    }
}

/// The resource of the same name and account, and of this kind.
fn of_kind(one: &ResourceRef, kind: KindKey) -> ResourceRef {
    let name = NAMES.iter().position(|name| *name == one.name).unwrap();
    let again = one.id.is_some_and(|id| id > 1_000.into());
    let thing = Thing { account: one.account, kind, name, again };
    ResourceRef { kind, id: one.id.map(|_| thing.id()), ..one.clone() }
}

fn accesses() -> impl Strategy<Value = Access> {
    prop_oneof![Just(Access::Read), Just(Access::Full)]
}

fn grants() -> impl Strategy<Value = Grant> {
    let some = || prop::collection::vec(refs(), 0..3);
    let selection = prop_oneof![
        1 => some().prop_map(|except| Selection::Everywhere { except }),
        2 => (prop_oneof![9 => Just(1_i64), 1 => Just(2)], some())
            .prop_map(|(account, except)| Selection::Account { account: account.into(), except }),
        3 => some().prop_map(Selection::Only),
    ];
    let parts = prop_oneof![
        1 => Just(Parts::default()),
        2 => Just(narrowed(&["_acme-challenge*"], &["TXT"])),
    ];
    // Most name what the permission is narrowed by, as every form and command sees to it.
    (permissions(), accesses(), selection, parts, prop::bool::weighted(0.95)).prop_map(
        |(permission, access, mut selection, parts, sound)| {
            let kind = kind_of(&permission);
            let parts = if sound && kind != Some(ZONE) { Parts::default() } else { parts };
            let named = match &mut selection {
                Selection::Everywhere { except } | Selection::Account { except, .. } => except,
                Selection::Only(only) => only,
            };
            match kind.filter(|_| sound) {
                Some(kind) => named.iter_mut().for_each(|one| *one = of_kind(one, kind)),
                None if sound => selection = Selection::Account { account: 1.into(), except: Vec::new() },
                None => {}
            }
            Grant { permission, access, selection, parts }
        },
    )
}

fn holders() -> impl Strategy<Value = Holder> {
    let role = || prop::sample::select(Role::ALL.to_vec());
    let mine = (role(), prop::option::of(role())).prop_map(|(first, second)| {
        let second = second.map(|role| (AccountId::from(2), role));
        Holder::User([(AccountId::from(1), first)].into_iter().chain(second).collect())
    });
    prop_oneof![11 => Just(Holder::Account(1.into())), 1 => Just(Holder::Account(2.into())), 6 => mine]
}

fn calls() -> impl Strategy<Value = Call> {
    let parts = prop_oneof![
        2 => Just(PartsAsked::Aside),
        12 => Just(PartsAsked::Whole),
        1 => Just(PartsAsked::Existing(named("_acme-challenge.www", "TXT"))),
        12 => Just(PartsAsked::Existing(named("www", "A"))),
        1 => Just(PartsAsked::New(named("_acme-challenge", "TXT"))),
        1 => Just(PartsAsked::New(named("_acme-challenge", "CNAME"))),
    ];
    let target = prop_oneof![5 => things().prop_map(Some), 2 => Just(None)];
    (permissions(), accesses(), target, prop::bool::weighted(0.5), parts).prop_map(
        |(permission, access, thing, new, parts)| {
            let new = new && thing.is_none();
            Call {
                account: thing.map_or(1.into(), |thing| thing.account),
                permission,
                // What makes something needs full access.
                access: if new { Access::Full } else { access },
                thing,
                new,
                parts: if thing.is_some() { parts } else { PartsAsked::Aside },
            }
        },
    )
}

/// Calls of which most ask for something that a grant is about: what is refused late would hardly
/// be met by chance.
pub(crate) fn cases() -> impl Strategy<Value = (Rights, Holder, Call)> {
    let aim = prop::option::weighted(0.8, (any::<prop::sample::Index>(), any::<prop::sample::Index>()));
    (rights(), holders(), calls(), aim).prop_map(|(rights, holder, mut call, aim)| {
        if let (Rights::Grants(grants), Some((grant, named))) = (&rights, aim)
            && !grants.is_empty()
        {
            let grant = &grants[grant.index(grants.len())];
            call.permission = grant.permission.clone();
            let known: Vec<Thing> = grant.selection.named().iter().filter_map(thing_of).collect();
            if call.thing.is_some() && !known.is_empty() && matches!(grant.selection, Selection::Only(_)) {
                let thing = known[named.index(known.len())];
                (call.thing, call.account) = (Some(thing), thing.account);
            }
        }
        (rights, holder, call)
    })
}

fn thing_of(one: &ResourceRef) -> Option<Thing> {
    let name = NAMES.iter().position(|name| *name == one.name)?;
    Some(Thing { account: one.account, kind: one.kind, name, again: one.id? >= 1_000.into() })
}

fn rights() -> impl Strategy<Value = Rights> {
    prop_oneof![
        1 => Just(Rights::Everything),
        1 => prop::collection::vec(grants(), 0..5).prop_map(Rights::Grants),
        12 => prop::collection::vec(grants(), 1..3).prop_map(Rights::Grants),
    ]
}

/// The document's words, one after the other, on the same facts.
fn naive(catalogue: &Catalogue, rights: &Rights, holder: &Holder, call: &Call) -> Decision {
    let name = call.thing.map_or("*", |thing| NAMES[thing.name]);
    let level = if call.access == Access::Full { "write" } else { "read" };
    let scope = format!("{}:{name}:{level}", call.permission);
    // "Reaches that account only" / "what that user can reach at the moment of the call".
    let role = match holder {
        Holder::Account(own) => {
            if *own != call.account {
                return Decision::Refuse(Refusal::AccountNotFound);
            }
            Role::Owner
        }
        Holder::User(roles) => {
            let roles: BTreeMap<AccountId, Role> = roles.iter().copied().collect();
            match roles.get(&call.account) {
                Some(role) => *role,
                None => return Decision::Refuse(Refusal::AccountNotFound),
            }
        }
    };
    // "Its grants and its user's present role": the role takes away what it may not hold.
    let permission = catalogue.find(call.permission.as_str()).unwrap();
    let role_reads = permission.lowest_role(Access::Read).is_some_and(|lowest| lowest <= role);
    let role_writes = permission.lowest_role(Access::Full).is_some_and(|lowest| lowest <= role);
    let wanted_is_write = call.access == Access::Full;
    let (mut in_account, mut has_permission) = (false, false);
    let (mut selected, mut reads, mut writes) = (false, false, false);
    // Enough access, but for the records.
    let mut but_for_records = false;
    match rights {
        Rights::Everything => {
            in_account = true;
            has_permission = role_reads;
            selected = role_reads;
            reads = role_reads;
            writes = role_writes;
        }
        Rights::Grants(grants) => {
            for grant in grants {
                let here = match &grant.selection {
                    Selection::Everywhere { .. } => true,
                    Selection::Account { account, .. } => *account == call.account,
                    // "Deleting the last leaves nothing."
                    Selection::Only(only) => {
                        only.iter().filter(|one| one.account == call.account).any(|one| one.id.is_some())
                    }
                };
                if !here {
                    continue;
                }
                in_account = true;
                // "A narrow grant never becomes a wide one": what names another kind, or narrows what has
                // no parts, gives nothing.
                let kind = kind_of(&grant.permission);
                let sound = grant.selection.named().iter().all(|one| Some(one.kind) == kind)
                    && (grant.parts.is_open() || kind == Some(ZONE));
                if grant.permission != call.permission || !role_reads || !sound {
                    continue;
                }
                has_permission = true;
                let covers = match (&grant.selection, call.thing) {
                    // "Creating a resource needs all, including future ones."
                    (Selection::Only(_), None) => !call.new,
                    (_, None) => true,
                    // "Only these matches by id."
                    (Selection::Only(only), Some(thing)) => {
                        only.iter().filter_map(|one| one.id).any(|id| id == thing.id())
                    }
                    // "All except these matches by id or by account, kind and name, for ever."
                    (Selection::Everywhere { except } | Selection::Account { except, .. }, Some(thing)) => {
                        let by_id = except.iter().any(|one| one.id == Some(thing.id()));
                        let place = (thing.account, thing.kind, NAMES[thing.name]);
                        let by_name =
                            except.iter().any(|one| (one.account, one.kind, one.name.as_str()) == place);
                        !by_id && !by_name
                    }
                };
                // The one filter of this world: TXT records below _acme-challenge.
                let record = grant.parts.is_open()
                    || match call.parts {
                        PartsAsked::Aside => true,
                        PartsAsked::Whole => false,
                        PartsAsked::Existing(named) | PartsAsked::New(named) => {
                            named[0].1.starts_with("_acme-challenge") && named[1].1 == "TXT"
                        }
                    };
                let writing = grant.access == Access::Full && role_writes;
                but_for_records = but_for_records || (covers && (writing || !wanted_is_write));
                selected = selected || covers;
                if covers && record {
                    reads = true;
                    writes = writes || writing;
                }
            }
        }
    }
    // "The order in which a call is refused."
    if !in_account {
        Decision::Refuse(Refusal::AccountNotFound)
    } else if !has_permission {
        Decision::Refuse(Refusal::Permission(scope))
    } else if (wanted_is_write && writes) || (!wanted_is_write && reads) {
        Decision::Allow
    } else if call.new {
        Decision::Refuse(Refusal::Write(scope))
    } else if !selected {
        Decision::Refuse(Refusal::ResourceNotFound)
    } else {
        // Getting or deleting a record outside finds nothing; making it, or taking all of the zone
        // at once, is refused by the scope's name.
        match call.parts {
            PartsAsked::Existing(..) if !reads => Decision::Refuse(Refusal::PartNotFound),
            PartsAsked::Whole if but_for_records => Decision::Refuse(Refusal::Narrowed(scope)),
            _ => Decision::Refuse(Refusal::Write(scope)),
        }
    }
}

pub(crate) fn decided(catalogue: &Catalogue, rights: &Rights, holder: &Holder, call: &Call) -> Decision {
    let target = match call.thing {
        Some(thing) => Target::Resource { id: thing.id(), kind: thing.kind, name: NAMES[thing.name] },
        None if call.new => Target::New,
        None => Target::Collection,
    };
    ask(catalogue, rights, holder, call, target)
}

/// The same, before the resource is looked up.
fn asked(catalogue: &Catalogue, rights: &Rights, holder: &Holder, call: &Call) -> Decision {
    ask(catalogue, rights, holder, call, Target::Asked(NAMES[0]))
}

fn ask(catalogue: &Catalogue, rights: &Rights, holder: &Holder, call: &Call, target: Target<'_>) -> Decision {
    let Call { account, permission, access, parts, .. } = call;
    let request = Request { account: *account, permission, access: *access, target, parts: *parts };
    decide(catalogue, &Policy::unconditional(rights.clone()), holder, &request)
}

#[test]
fn decide_agrees_with_the_document_on_random_tokens_and_calls() {
    let catalogue = tokenhouse::dns::catalogue().unwrap();
    let kinds: RefCell<BTreeMap<&str, u32>> = RefCell::default();
    let count = soak::size(20_000, 5_000_000);
    let config = Config { cases: count, failure_persistence: None, ..Config::default() };
    let done = TestRunner::new(config).run(&cases(), |(rights, holder, call)| {
        let decision = decided(&catalogue, &rights, &holder, &call);
        prop_assert_eq!(&decision, &naive(&catalogue, &rights, &holder, &call));
        let refused_before = |decision: &Decision| {
            matches!(
                decision,
                Decision::Refuse(Refusal::AccountNotFound) | Decision::Refuse(Refusal::Permission(_))
            )
        };
        let asked = asked(&catalogue, &rights, &holder, &call);
        prop_assert_eq!(refused_before(&asked), refused_before(&decision), "before the look-up: {:?}", asked);
        let kind = match decision {
            Decision::Allow => "allow",
            Decision::Refuse(Refusal::AccountNotFound) => "no such account",
            Decision::Refuse(Refusal::Permission(_)) => "no permission",
            Decision::Refuse(Refusal::ResourceNotFound) => "no such resource",
            Decision::Refuse(Refusal::PartNotFound) => "no such record",
            Decision::Refuse(Refusal::Narrowed(_)) => "some records only",
            Decision::Refuse(Refusal::Write(_)) => "no write",
        };
        if let (Decision::Allow, Holder::User(roles)) = (&decision, &holder) {
            let role = roles.iter().find(|(account, _)| *account == call.account).unwrap().1;
            let lowest = catalogue.find(call.permission.as_str()).unwrap().lowest_role(call.access).unwrap();
            prop_assert!(role >= lowest, "more than the role");
        }
        *kinds.borrow_mut().entry(kind).or_default() += 1;
        Ok(())
    });
    done.unwrap();
    println!("{:?}", kinds.borrow());
    soak::row("decisions against a second implementation", kinds.borrow().values().sum::<u32>());
    assert_eq!(kinds.borrow().len(), 7);
    for (kind, seen) in kinds.borrow().iter() {
        assert!(*seen >= count / 20, "{kind} came {seen} times in {count}: too seldom to say anything");
    }
}
