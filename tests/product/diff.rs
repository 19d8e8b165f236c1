//! Another catalogue on a database with tokens: what `catalogue diff` says beforehand, against every call asked
//! of `decide` under both.

use crate::support::{House, OWNER, SHOP, database, ledger, soak};
use proptest::prelude::*;
use proptest::strategy::ValueTree;
use proptest::test_runner::{Config as ProptestConfig, RngAlgorithm, TestRng, TestRunner};
use std::collections::BTreeSet;
use std::process::Command;
use tokenhouse::db;
use tokenhouse::extension::Product;
use tokenhouse::models::token::compared::{self, Differences};
use tokenhouse::models::token::{Issued, NewToken, Owner, TokenName, issue};
use tokenhouse::models::{Account, Hooks, Resource, User, membership};
use tokenhouse::policy::{
    Access, AccountId, Catalogue, Decision, Grant, Holder, KindKey, Parts, PartsAsked, PermissionKey, Policy,
    Request, ResourceId, ResourceRef, Rights, Role, Selection, Target, decide,
};
use toml::{Table, Value};
use uuid::Uuid;

const STORE: KindKey = KindKey::literal("store");
const STORES: [&str; 3] = ["berlin", "munich", "rome"];

fn catalogue(text: &str) -> Catalogue {
    let (catalogue, faults) = Catalogue::check(text, &[]);
    catalogue.unwrap_or_else(|| panic!("{faults:?}\n{text}"))
}

/// The shop with a plan that takes any number of tokens.
fn shop() -> Table {
    let mut shop: Table = std::fs::read_to_string(SHOP).unwrap().parse().unwrap();
    entries(&mut shop, "plans")[0]["account_tokens"] = Value::Integer(1_000_000);
    shop
}

fn entries<'a>(catalogue: &'a mut Table, list: &str) -> &'a mut Vec<Value> {
    catalogue[list].as_array_mut().unwrap()
}

fn permission<'a>(catalogue: &'a mut Table, key: &str) -> &'a mut Table {
    let found = entries(catalogue, "permissions").iter_mut().find(|one| one["key"].as_str() == Some(key));
    found.unwrap().as_table_mut().unwrap()
}

/// Without the routes and templates that need what is gone.
fn without_scope(catalogue: &mut Table, scope: &str) {
    entries(catalogue, "routes").retain(|route| {
        route.get("scope").and_then(Value::as_str).is_none_or(|needs| !needs.starts_with(scope))
    });
    catalogue.remove("templates");
}

/// What is changed of the shop, by name.
fn changes() -> Vec<(&'static str, Table)> {
    let changed = |change: fn(&mut Table)| {
        let mut catalogue = shop();
        change(&mut catalogue);
        catalogue
    };
    vec![
        ("nothing", shop()),
        (
            "payouts are gone",
            changed(|shop| {
                without_scope(shop, "payouts:");
                entries(shop, "permissions").retain(|one| one["key"].as_str() != Some("payouts"));
            }),
        ),
        (
            "orders can only be read",
            changed(|shop| {
                without_scope(shop, "orders:write");
                let orders = permission(shop, "orders");
                orders.insert("levels".to_owned(), vec!["read"].into());
                orders.remove("verbs");
                orders["lowest_role"].as_table_mut().unwrap().remove("write");
            }),
        ),
        (
            "refunds are for owners, and can be read",
            changed(|shop| {
                let refunds = permission(shop, "refunds");
                refunds.insert("levels".to_owned(), vec!["read", "write"].into());
                let roles = [("read", "admin"), ("write", "owner")];
                refunds["lowest_role"] =
                    Value::Table(roles.into_iter().map(|(k, v)| (k.to_owned(), v.into())).collect());
            }),
        ),
        (
            "orders have another name",
            changed(|shop| permission(shop, "orders")["object"] = "purchases".into()),
        ),
        (
            "orders are no longer narrowed",
            changed(|shop| {
                without_scope(shop, "orders:");
                permission(shop, "orders").remove("narrowed_by");
            }),
        ),
        ("the plan has no scopes", changed(|shop| entries(shop, "plans")[0]["scoped"] = false.into())),
    ]
}

/// A token, as the database has it.
struct Made {
    policy: Policy,
    holder: Holder,
    plan: Option<&'static str>,
}

fn grants(account: AccountId, stores: &[ResourceRef]) -> BoxedStrategy<Vec<Grant>> {
    let stores = stores.to_vec();
    let offers = vec![
        ("stores", Access::Read),
        ("stores", Access::Full),
        ("orders", Access::Read),
        ("orders", Access::Full),
        ("refunds", Access::Full),
        ("payouts", Access::Read),
    ];
    let one = (prop::sample::select(offers), 0..3, prop::sample::subsequence(stores, 1..3));
    let grant = one.prop_map(move |((key, access), reach, named)| {
        let selection = match reach {
            0 if key != "payouts" => Selection::Only(named),
            1 if key != "payouts" => Selection::Account { account, except: named },
            _ => Selection::Account { account, except: Vec::new() },
        };
        let permission = PermissionKey::try_from(key.to_owned()).unwrap();
        Grant { permission, access, selection, parts: Parts::default() }
    });
    prop::collection::vec(grant, 1..4).boxed()
}

/// A site with this many tokens: of an account, and of users with each role there.
fn site(count: usize) -> (House, Vec<Made>) {
    let text = shop().to_string();
    let product = Product { catalogue: catalogue(&text), extension: None };
    let (house, acme) = House::in_front(product, "basic", |_| {});
    let (mut conn, origin) = (house.conn(), house.command_line());
    let kind = house.app.catalogue.kinds[0].clone();
    let names = STORES.map(str::to_owned);
    Resource::add(&mut conn, acme, (&kind).into(), &names, &Hooks::NONE, &origin).unwrap();
    let stores: Vec<ResourceRef> = STORES
        .iter()
        .map(|name| Resource::find(&mut conn, acme, STORE, name).unwrap().unwrap().to_ref())
        .collect();
    let account = Account::find(&mut conn, acme).unwrap().unwrap();
    let people: Vec<(Owner, Holder, User)> = Role::ALL
        .iter()
        .map(|role| {
            let user = match role {
                Role::Owner => house.user(OWNER),
                _ => house.new_user(&format!("{}@example.com", role.key()), "Member"),
            };
            membership::set(&mut conn, &account, &user, Role::Owner, &origin).unwrap();
            (Owner::User(user.id), Holder::User(vec![(acme, *role)]), user)
        })
        .collect();
    let rng = TestRng::from_seed(RngAlgorithm::ChaCha, &[21; 32]);
    let mut runner = TestRunner::new_with_rng(ProptestConfig::default(), rng);
    let made = (0..count)
        .map(|number| {
            let rights = match number % 9 {
                0 => Rights::Everything,
                _ => Rights::Grants(grants(acme, &stores).new_tree(&mut runner).unwrap().current()),
            };
            let (owner, holder, plan) = match number % 3 {
                0 => {
                    let (owner, holder, _) = people[number / 3 % people.len()].clone();
                    (owner, holder, None)
                }
                _ => (Owner::Account(acme), Holder::Account(acme), Some("basic")),
            };
            let policy = Policy::unconditional(rights);
            let name = TokenName::parse(&format!("Token {number}")).unwrap();
            let new = NewToken { name, policy: policy.clone(), nonce: Uuid::new_v4() };
            let issued =
                db::in_one(&mut conn, |conn| issue(conn, &house.app.catalogue, owner, &new, "shop", &origin));
            let issued = issued.unwrap();
            let Issued::Made { secret, .. } = issued else { panic!("{issued:?}: {policy:?}") };
            ledger::put_down(secret.expose());
            Made { policy, holder, plan }
        })
        .collect();
    // What they hold now, they could hold when their tokens were created.
    for ((_, _, user), role) in people.iter().zip(Role::ALL) {
        membership::set(&mut conn, &account, user, role, &origin).unwrap();
    }
    drop(conn);
    (house, made)
}

/// Every call that a catalogue takes, of which `decide` says yes.
fn allowed(catalogue: &Catalogue, acme: AccountId, token: &Made, stores: &[ResourceRef]) -> BTreeSet<String> {
    let scoped = token.policy.rights != Rights::Everything;
    if scoped && token.plan.is_some_and(|plan| !catalogue.has_scopes(plan)) {
        return BTreeSet::new();
    }
    let mut calls = BTreeSet::new();
    for permission in &catalogue.permissions {
        for access in &permission.access {
            let other = Target::Resource { id: ResourceId::from(987_654), kind: STORE, name: "other" };
            let mut targets = vec![Target::Collection, Target::New, Target::All, other];
            targets.extend(stores.iter().map(|one| Target::Resource {
                id: one.id.unwrap(),
                kind: one.kind,
                name: &one.name,
            }));
            for target in targets {
                let parts = PartsAsked::Aside;
                let request =
                    Request { account: acme, permission: &permission.key, access: *access, target, parts };
                if decide(catalogue, &token.policy, &token.holder, &request) == Decision::Allow {
                    calls.insert(format!("{}:{access:?} {target:?}", permission.key));
                }
            }
        }
    }
    calls
}

#[actix_web::test]
async fn tokens_that_lose_or_gain_by_a_catalogue_are_those_whose_calls_decide_answers_otherwise() {
    let count = soak::size(180, 10_000);
    let (house, made) = site(count);
    let old = catalogue(&shop().to_string());
    let acme = Account::find_by_name(&mut house.conn(), "Acme").unwrap().unwrap().id;
    let stores: Vec<ResourceRef> = STORES
        .iter()
        .map(|name| Resource::find(&mut house.conn(), acme, STORE, name).unwrap().unwrap().to_ref())
        .collect();
    let mut seen = (0, 0, 0);
    for (name, changed) in changes() {
        let new = catalogue(&changed.to_string());
        let found: Differences = compared::all(&mut house.conn(), &old, &new, house.clock.now(), 10).unwrap();
        let (mut lose, mut gain) = (0, 0);
        for token in &made {
            let (before, after) = (allowed(&old, acme, token, &stores), allowed(&new, acme, token, &stores));
            if before.difference(&after).next().is_some() {
                lose += 1;
            } else if after.difference(&before).next().is_some() {
                gain += 1;
            }
        }
        assert_eq!((found.lose.count, found.gain.count), (lose, gain), "{name}");
        assert_eq!(usize::try_from(found.all).unwrap(), count);
        assert_eq!(usize::try_from(found.everything).unwrap(), count.div_ceil(9));
        for one in [&found.lose, &found.gain, &found.reworded] {
            assert_eq!(one.named.len(), usize::try_from(one.count).unwrap().min(10), "{name}");
        }
        let reworded = found.reworded.count;
        assert_eq!(
            reworded > 0 && lose + gain == 0,
            name == "orders have another name",
            "{name}: {reworded}"
        );
        assert!(name != "nothing" || lose + gain + reworded == 0, "{found:?}");
        seen = (seen.0 + lose, seen.1 + gain, seen.2 + reworded);
    }
    assert!(seen.0 > 0 && seen.1 > 0 && seen.2 > 0, "{seen:?}");
    soak::row("tokens under another catalogue against decide", count as u64);
}

#[actix_web::test]
async fn the_command_names_tokens_and_calls_and_takes_the_catalogue_that_the_database_ran_with() {
    let (house, _) = site(40);
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("new.toml");
    let (_, changed) = changes().into_iter().find(|(name, _)| *name == "payouts are gone").unwrap();
    std::fs::write(&file, changed.to_string()).unwrap();
    let run = |files: &[&std::path::Path]| {
        let mut command = Command::new(env!("CARGO_BIN_EXE_tokenhouse"));
        command.args(["catalogue", "diff"]).args(files).env("DATABASE_URL", database::url(&house.database));
        for name in ["TOKENHOUSE_CATALOGUE", "TOKENHOUSE_CONFIG"] {
            command.env_remove(name);
        }
        let output = command.output().unwrap();
        assert!(output.status.success(), "{output:?}");
        String::from_utf8(output.stdout).unwrap()
    };
    let said = run(&[&file]);
    for line in [
        "No longer offered: payouts:read.",
        "GET /v1/payouts would be refused: no route takes it.",
        " of 40 live tokens would lose something they may do now.",
        "0 of 40 live tokens would gain something, and lose nothing.",
        "loses Payouts (read)",
        "5 of them have Everything",
    ] {
        assert!(said.contains(line), "{line}\n{said}");
    }
    assert!(said.lines().filter(|line| line.starts_with("  ")).count() <= 22, "{said}");
    let old = folder.path().join("old.toml");
    std::fs::write(&old, shop().to_string()).unwrap();
    assert_eq!(run(&[&old, &file]), said);
    assert!(run(&[&file, &file]).starts_with("0 of 40 live tokens would lose"));
}
