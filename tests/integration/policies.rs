//! Random policies as the builder can make them, whose they are, and calls that aim at them.

use crate::decide::named;
use proptest::prelude::*;
use proptest::sample::{Index, select, subsequence};
use time::macros::datetime;
use time::{Duration, OffsetDateTime};
use tokenhouse::dns::models::domain::DOMAIN;
use tokenhouse::dns::models::zone::ZONE;
use tokenhouse::policy::words::{Around, Surroundings};
use tokenhouse::policy::{
    Access, AccountId, Catalogue, Decision, Grant, Holder, KindKey, Parts, PartsAsked, Permission,
    PermissionKey, Policy, Request, ResourceId, ResourceRef, Rights, Role, Selection, Target, decide,
};

/// Each account has a domain and a zone of each of these names.
pub const NAMES: [&str; 3] = ["a.example", "b.example", "sub.a.example"];
/// The user may be a member of the first two; the third was left.
pub const ACCOUNTS: [i64; 3] = [1, 2, 3];
pub const NOON: OffsetDateTime = datetime!(2026-11-22 12:00 UTC);

/// A policy, its holder, and what is around it.
#[derive(Debug, Clone)]
pub struct Case {
    pub policy: Policy,
    pub holder: Holder,
    pub around: Surroundings,
}

/// A call.
#[derive(Debug, Clone)]
pub struct Call {
    pub account: AccountId,
    pub permission: PermissionKey,
    pub access: Access,
    pub on: On,
}

/// What a call is about.
#[derive(Debug, Clone, Copy)]
pub enum On {
    /// The list, or what is the whole account's.
    Collection,
    /// A new domain.
    New,
    /// The resource of this name.
    Resource(&'static str),
    /// All records of the zone of this name.
    Whole(&'static str),
    /// A record of the zone that there is.
    Existing(&'static str, &'static str, &'static str),
    /// One that is to be.
    Made(&'static str, &'static str, &'static str),
}

pub fn id_of(account: AccountId, kind: KindKey, name: &str) -> ResourceId {
    let place = NAMES.iter().position(|one| *one == name).unwrap();
    let kind = if kind == ZONE { 10 } else { 20 };
    ResourceId::from(account.get() * 100 + kind + i64::try_from(place).unwrap())
}

pub fn decided(catalogue: &Catalogue, policy: &Policy, holder: &Holder, call: &Call) -> Decision {
    let kind = catalogue.get(&call.permission).unwrap().narrowed_by.unwrap_or(DOMAIN);
    let resource = |name| Target::Resource { id: id_of(call.account, kind, name), kind, name };
    let (target, parts) = match call.on {
        On::Collection => (Target::Collection, PartsAsked::Aside),
        On::New => (Target::New, PartsAsked::Aside),
        On::Resource(name) => (resource(name), PartsAsked::Aside),
        On::Whole(name) => (resource(name), PartsAsked::Whole),
        On::Existing(zone, name, kind) => (resource(zone), PartsAsked::Existing(named(name, kind))),
        On::Made(zone, name, kind) => (resource(zone), PartsAsked::New(named(name, kind))),
    };
    let Call { account, permission, access, .. } = call;
    decide(
        catalogue,
        policy,
        holder,
        &Request { account: *account, permission, access: *access, target, parts },
    )
}

/// A case and some calls, most of which ask for something that a grant is about.
pub fn cases(catalogue: &Catalogue) -> impl Strategy<Value = (Case, Vec<Call>)> + use<> {
    let all = catalogue.permissions.clone();
    let of_user = prop::bool::weighted(0.7);
    of_user.prop_flat_map(move |of_user| {
        let all = all.clone();
        let (rights, around) = (rights(&all, of_user), arounds(of_user));
        let aims = prop::collection::vec(parts(&all), 3);
        (rights, around, conditions(), aims).prop_map(move |(rights, around, conditions, aims)| {
            let holder = if of_user {
                let role = |one: &Around| Some((one.id, one.role?));
                Holder::User(around.accounts.iter().filter_map(role).collect())
            } else {
                Holder::Account(1.into())
            };
            let calls = aims.into_iter().map(|parts| aimed(parts, &all, &rights)).collect();
            (Case { policy: Policy { rights, ..conditions }, holder, around }, calls)
        })
    })
}

pub fn arounds(of_user: bool) -> impl Strategy<Value = Surroundings> {
    let role = || prop_oneof![1 => Just(Role::ReadOnly), 1 => select(Role::ALL.to_vec())];
    let names = select(vec![
        ["Acme", "Globex"],
        ["Acme", "Acme"],
        ["Acme, Inc.", "Sales in Acme"],
        ["account 2", "Acme (1)"],
    ]);
    let roles = (prop::option::weighted(0.95, role()), prop::option::weighted(0.9, role()));
    (names, roles).prop_map(move |(names, (first, second))| {
        let around = |id: i64, name: &str, role| {
            let each = i64::try_from(NAMES.len()).unwrap();
            Around {
                id: id.into(),
                name: name.to_owned(),
                role,
                resources: vec![(DOMAIN, each), (ZONE, each)],
            }
        };
        let accounts = if of_user {
            let both = [first.map(|role| (1, names[0], role)), second.map(|role| (2, names[1], role))];
            both.into_iter().flatten().map(|(id, name, role)| around(id, name, Some(role))).collect()
        } else {
            vec![around(1, names[0], None)]
        };
        Surroundings { of_user, accounts }
    })
}

pub fn rights(all: &[Permission], of_user: bool) -> impl Strategy<Value = Rights> + use<> {
    let known: Vec<Permission> = all.iter().filter(|one| of_user || !one.is_of_user()).cloned().collect();
    let zones: Vec<Permission> = known.iter().filter(|one| one.key.as_str() == "zones").cloned().collect();
    let grant = move || prop_oneof![5 => grants(zones.clone(), of_user), 2 => grants(known.clone(), of_user)];
    prop_oneof![
        1 => Just(Rights::Everything),
        14 => prop::collection::vec(grant(), 1..4).prop_map(Rights::Grants),
    ]
}

fn grants(known: Vec<Permission>, of_user: bool) -> impl Strategy<Value = Grant> {
    let accounts = if of_user { vec![1, 1, 1, 1, 2, 2, 2, 2, 3] } else { vec![1] };
    let account = if of_user { prop_oneof![14 => 1_i64..3, 1 => Just(3)].boxed() } else { Just(1).boxed() };
    let one = (select(accounts), select(NAMES.to_vec()), prop::bool::weighted(0.15));
    let parts = (select(known), any::<Index>(), prop::collection::vec(one, 1..4), 0..6, account, filters());
    parts.prop_map(move |(permission, access, named, reach, account, inside)| {
        let mut refs: Vec<ResourceRef> = Vec::new();
        for (account, name, gone) in named {
            let kind = permission.narrowed_by.unwrap_or(ZONE);
            let id = (!gone).then(|| id_of(account.into(), kind, name));
            let one = ResourceRef { account: account.into(), id, kind, name: name.to_owned() };
            if !refs.contains(&one) {
                refs.push(one);
            }
        }
        let here =
            |refs: Vec<ResourceRef>| refs.into_iter().filter(|one| one.account == account.into()).collect();
        let everywhere = of_user && (permission.is_of_user() || reach % 2 == 0);
        let selection = match (permission.narrowed_by, reach) {
            (None, _) if everywhere => Selection::Everywhere { except: Vec::new() },
            (None, _) => Selection::Account { account: account.into(), except: Vec::new() },
            (_, 0..3) => Selection::Only(refs),
            (_, 3) => Selection::Account { account: account.into(), except: Vec::new() },
            _ if everywhere => Selection::Everywhere { except: refs },
            _ => Selection::Account { account: account.into(), except: here(refs) },
        };
        let zones = permission.narrowed_by == Some(ZONE);
        Grant {
            access: permission.access[access.index(permission.access.len())],
            permission: permission.key,
            selection,
            parts: if zones { inside } else { Parts::default() },
        }
    })
}

fn filters() -> impl Strategy<Value = Parts> {
    let owned = |list: Vec<&str>| list.into_iter().map(str::to_owned).collect::<Vec<String>>();
    let names = subsequence(vec!["_acme-challenge*", "home", "", "*.dev", "h*"], 0..3);
    let some = (names, subsequence(vec!["A", "AAAA", "TXT"], 0..3));
    let some = some.prop_map(move |(names, types)| {
        Parts::default().with("name", owned(names)).with("type", owned(types))
    });
    prop_oneof![1 => Just(Parts::default()), 6 => some]
}

fn conditions() -> impl Strategy<Value = Policy> {
    let nets = || {
        let known = vec!["192.0.2.0/24", "192.0.2.7/32", "2001:db8::/32", "2001:db8::1/128"];
        let some = subsequence(known, 0..3);
        some.prop_map(|some| some.into_iter().map(|net| net.parse().unwrap()).collect::<Vec<_>>())
    };
    let ends = select(vec![None, Some(86_400), Some(3_601), Some(43_200)]);
    let starts = select(vec![None, Some(-43_200), Some(1_800)]);
    (nets(), nets(), starts, ends).prop_map(|(allowed_networks, refused_networks, start, end)| Policy {
        allowed_networks,
        refused_networks,
        not_before: start.map(|after| NOON + Duration::seconds(after)),
        expires_at: end.map(|after| NOON + Duration::seconds(after)),
        ..Policy::unconditional(Rights::Everything)
    })
}

/// What a call is made of, before it is aimed at a grant.
#[derive(Debug, Clone)]
struct Ingredients {
    permission: Permission,
    account: AccountId,
    full: bool,
    name: &'static str,
    record: (&'static str, &'static str),
    on: i32,
    /// Which grant it is aimed at, and what that names, if any.
    grant: Option<Index>,
    named: Option<Index>,
    account_too: bool,
}

fn parts(all: &[Permission]) -> impl Strategy<Value = Ingredients> + use<> {
    let known: Vec<Permission> = all.iter().filter(|one| !one.is_of_user()).cloned().collect();
    let account = prop_oneof![10 => 1_i64..3, 1 => Just(3), 1 => Just(4)];
    let record = select(vec![
        ("_acme-challenge.www", "TXT"),
        ("home", "A"),
        ("home", "TXT"),
        ("", "A"),
        ("*.dev", "AAAA"),
        ("www", "CNAME"),
    ]);
    let aim = (
        prop::option::weighted(0.93, any::<Index>()),
        prop::option::weighted(0.6, any::<Index>()),
        prop::bool::weighted(0.95),
    );
    let parts =
        (select(known), account, prop::bool::weighted(0.6), select(NAMES.to_vec()), record, 0..12, aim);
    parts.prop_map(|(permission, account, full, name, record, on, (grant, named, account_too))| Ingredients {
        permission,
        account: account.into(),
        full,
        name,
        record,
        on,
        grant,
        named,
        account_too,
    })
}

/// The call; most of the time about what one of the grants is about.
fn aimed(mut parts: Ingredients, all: &[Permission], rights: &Rights) -> Call {
    if let (Rights::Grants(grants), Some(grant)) = (rights, parts.grant) {
        let grant = &grants[grant.index(grants.len())];
        let permission = all.iter().find(|one| one.key == grant.permission).unwrap();
        if !permission.is_of_user() {
            parts.permission = permission.clone();
        }
        let list = grant.selection.named();
        let named = parts.named.filter(|_| !list.is_empty()).map(|named| &list[named.index(list.len())]);
        let account = match &grant.selection {
            Selection::Everywhere { .. } => named.map(|one| one.account),
            Selection::Account { account, .. } => Some(*account),
            Selection::Only(only) => Some(named.unwrap_or(&only[0]).account),
        };
        parts.account = account.filter(|_| parts.account_too).unwrap_or(parts.account);
        parts.name =
            named.and_then(|one| NAMES.into_iter().find(|name| *name == one.name)).unwrap_or(parts.name);
    }
    call(&parts)
}

/// Calls as there are routes: no list is written, and only domains are made by themselves.
fn call(parts: &Ingredients) -> Call {
    let Ingredients { permission, account, full, name, record, on, .. } = parts;
    let full = *full && permission.access.contains(&Access::Full);
    let wanted = if full { Access::Full } else { Access::Read };
    let (on, access) = match (permission.narrowed_by, *on) {
        (None, _) => (On::Collection, wanted),
        (Some(DOMAIN), 0) => (On::Collection, Access::Read),
        (Some(DOMAIN), 1..4) if permission.key.as_str() == "domains" => (On::New, Access::Full),
        (Some(DOMAIN), _) => (On::Resource(name), wanted),
        (Some(ZONE), 0) => (On::Collection, Access::Read),
        (Some(ZONE), 1) => (On::Resource(name), Access::Read),
        (Some(ZONE), 2..7) => (On::Whole(name), wanted),
        (Some(ZONE), 7) => (On::Made(name, record.0, record.1), Access::Full),
        // The records of a zone.
        (Some(_), _) => (On::Existing(name, record.0, record.1), wanted),
    };
    Call { account: *account, permission: permission.key.clone(), access, on }
}
