//! The check against a second implementation of what docs/guide/in-front.md says, over random catalogues,
//! tokens and calls.

use crate::check::ask;
use crate::sentences;
use crate::support::{House, OWNER, START, database, ledger, soak};
use proptest::prelude::*;
use proptest::strategy::ValueTree;
use proptest::test_runner::{Config as ProptestConfig, RngAlgorithm, TestRng, TestRunner};
use secrecy::SecretString;
use std::collections::BTreeMap;
use std::net::IpAddr;
use tokenhouse::authorization::{RouteCall, Step, trial};
use tokenhouse::clock::Clock;
use tokenhouse::db;
use tokenhouse::extension::Product;
use tokenhouse::models::token::{Issued, NewToken, Owner, TokenName, issue};
use tokenhouse::models::{Account, Hooks, OfKind, Resource, membership};
use tokenhouse::policy::words::{self, Around, Surroundings};
use tokenhouse::policy::{
    Access, AccountId, Catalogue, ClientAddress, Grant, KindKey, Parts, PermissionKey, Policy, RefusalCode,
    ResourceId, ResourceRef, Rights, Role, Selection, TokenId, Unique,
};
use uuid::Uuid;

/// Resources that an account has of each kind; `x` is one that nobody has.
const NAMES: [&str; 3] = ["a", "b", "c"];
/// Names of parts that calls ask for.
const INSIDE: [&str; 3] = ["main", "release-1", "other"];

/// A permission of a random catalogue.
#[derive(Debug, Clone)]
struct Permitted {
    key: String,
    /// Number of the kind that narrows it.
    kind: Option<usize>,
    parts: bool,
    levels: &'static [&'static str],
    role: Role,
}

/// What a random catalogue is made of.
#[derive(Debug, Clone)]
struct Made {
    /// How many parts each kind has.
    kinds: Vec<usize>,
    permissions: Vec<Permitted>,
    numbered: bool,
}

/// What a call is about.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum What {
    /// A resource by its name.
    One,
    /// The same, with a name for each part.
    Inside,
    /// The same, where the API keeps to the parts.
    Kept,
    List,
    New,
    All,
    /// The account as a whole.
    Account,
}

#[derive(Debug, Clone)]
struct Question {
    permission: usize,
    what: What,
    write: bool,
    name: &'static str,
    inside: [&'static str; 2],
    /// The token's account, or another one.
    own: bool,
}

fn made() -> impl Strategy<Value = Made> {
    let permission = (0..3_usize, any::<bool>(), 0..3_usize, prop::sample::select(Role::ALL.to_vec()));
    let permissions = prop::collection::vec(permission, 2..5);
    (prop::collection::vec(0..3_usize, 1..3), permissions, any::<bool>()).prop_map(
        |(kinds, permissions, numbered)| {
            let permissions = permissions
                .into_iter()
                .enumerate()
                .map(|(number, (kind, parts, levels, role))| {
                    let kind = Some(kind).filter(|kind| *kind < kinds.len());
                    Permitted {
                        key: format!("p_{}", ["one", "two", "three", "four"][number]),
                        kind,
                        parts: parts && kind.is_some_and(|kind| kinds[kind] > 0),
                        levels: [&["read", "write"][..], &["read"], &["write"]][levels],
                        role,
                    }
                })
                .collect();
            Made { kinds, permissions, numbered }
        },
    )
}

impl Made {
    fn text(&self) -> String {
        let mut text = format!(
            "format = 2\nproduct = {{ name = \"Any\", prefix = \"any\" }}\naccounts = {{ in_path = \"{}\" }}\n\
             categories = [{{ key = \"all\", title = \"All\" }}]\n\
             plans = [{{ key = \"plan\", title = \"Plan\", scoped = true }}]\n",
            if self.numbered { "number" } else { "absent" }
        );
        for (number, parts) in self.kinds.iter().enumerate() {
            text += &format!(
                "[[kinds]]\nkey = \"k{number}\"\ntitle = \"Kind {number}\"\nplural = \"kinds {number}\"\n\
                 pattern = \"[a-z]{{1,8}}\"\nexample = \"a\"\n"
            );
            for part in 0..*parts {
                text += &format!(
                    "[[kinds.parts]]\nkey = \"part{part}\"\ntitle = \"Parts {part}\"\nform = \"prefix\"\nsays = \"{}\"\n",
                    ["on", "at"][part]
                );
            }
        }
        for one in &self.permissions {
            let levels: Vec<String> = one.levels.iter().map(|level| format!("\"{level}\"")).collect();
            let roles: Vec<String> =
                one.levels.iter().map(|level| format!("{level} = \"{}\"", one.role.key())).collect();
            text += &format!(
                "[[permissions]]\nkey = \"{0}\"\ntitle = \"{0}\"\ndescription = \"{0}.\"\nobject = \"{0}s\"\n\
                 category = \"all\"\nlevels = [{1}]\nlowest_role = {{ {2} }}\n",
                one.key,
                levels.join(", "),
                roles.join(", ")
            );
            if let Some(kind) = one.kind {
                text += &format!("narrowed_by = \"k{kind}\"\n");
            }
            if one.parts {
                let keys: Vec<String> =
                    (0..self.kinds[one.kind.unwrap()]).map(|part| format!("\"part{part}\"")).collect();
                text += &format!("parts = [{}]\n", keys.join(", "));
            }
        }
        for permission in 0..self.permissions.len() {
            for write in [false, true] {
                for what in self.whats(permission, write) {
                    text += &self.route(permission, what, write);
                }
            }
        }
        text
    }

    /// What calls with this access can be about; a permission that can only be read has no others.
    fn whats(&self, permission: usize, write: bool) -> Vec<What> {
        let one = &self.permissions[permission];
        if write && !one.levels.contains(&"write") {
            return Vec::new();
        }
        match (one.kind, one.parts, write) {
            (None, ..) => vec![What::Account],
            (Some(_), true, _) => vec![What::One, What::Inside, What::Kept, What::List, What::All],
            (Some(_), false, true) => vec![What::One, What::New, What::All],
            (Some(_), false, false) => vec![What::One, What::List, What::All],
        }
    }

    fn path(&self, permission: usize, what: What, account: &str, name: &str, inside: &[String]) -> String {
        let account = if self.numbered { format!("/{account}") } else { String::new() };
        let start = format!("{account}/{}", self.permissions[permission].key);
        match what {
            What::One => format!("{start}/one/{name}"),
            What::Inside => format!("{start}/inside/{name}/{}", inside.join("/")),
            What::Kept => format!("{start}/kept/{name}"),
            What::List => format!("{start}/list"),
            What::New => format!("{start}/new"),
            What::All => format!("{start}/all"),
            What::Account => start,
        }
    }

    fn route(&self, permission: usize, what: What, write: bool) -> String {
        let one = &self.permissions[permission];
        let kind = one.kind.unwrap_or_default();
        let parts: Vec<String> =
            (0..self.kinds[kind]).map(|part| format!("{{k{kind}.part{part}}}")).collect();
        let path = self.path(permission, what, "{account}", &format!("{{k{kind}}}"), &parts);
        let (method, level) = if write { ("PUT", "write") } else { ("GET", "read") };
        let more = match what {
            What::Kept => "parts = \"filtered\"\n",
            What::List => "target = \"filtered\"\n",
            What::New => "target = \"new\"\n",
            What::All => "target = \"all\"\n",
            What::One | What::Inside | What::Account => "",
        };
        let key = &one.key;
        format!("[[routes]]\nmethods = [\"{method}\"]\npath = \"{path}\"\nscope = \"{key}:{level}\"\n{more}")
    }

    /// The grants of a token: valid ones, as every form and command sees to it.
    fn grants(
        &self,
        account: AccountId,
        there: &BTreeMap<(usize, &str), ResourceId>,
    ) -> BoxedStrategy<Vec<Grant>> {
        let made = self.clone();
        let there: BTreeMap<(usize, String), ResourceId> =
            there.iter().map(|((kind, name), id)| ((*kind, (*name).to_owned()), *id)).collect();
        let patterns = || {
            let known = vec!["main", "release*", "*-1", "o*"];
            prop::sample::subsequence(known, 0..3)
        };
        let one = (
            0..self.permissions.len(),
            any::<bool>(),
            0..4_usize,
            prop::sample::subsequence(NAMES.to_vec(), 1..3),
            (patterns(), patterns(), any::<bool>()),
        );
        let grant = one.prop_map(move |(permission, full, reach, names, (first, second, gone))| {
            let one = &made.permissions[permission];
            let full = if one.levels.len() == 1 { one.levels == ["write"] } else { full };
            let reference = |name: &&str| {
                let kind = one.kind.unwrap_or_default();
                let id = there.get(&(kind, (*name).to_owned())).copied().filter(|_| !(gone && *name == "c"));
                let kind = KindKey::try_from(format!("k{kind}").as_str()).unwrap();
                ResourceRef { account, id, kind, name: (*name).to_owned() }
            };
            let named: Vec<ResourceRef> =
                names.iter().map(reference).filter(|one| one.id.is_some()).collect();
            let selection = match (one.kind, reach) {
                (None, _) | (_, 0) => Selection::Account { account, except: Vec::new() },
                (_, 1) => Selection::Account { account, except: named },
                _ if named.is_empty() => Selection::Account { account, except: Vec::new() },
                _ => Selection::Only(named),
            };
            let owned = |list: Vec<&str>| list.into_iter().map(str::to_owned).collect::<Vec<_>>();
            let mut parts = Parts::default();
            if one.parts {
                for (number, patterns) in [first, second].into_iter().enumerate() {
                    if number < made.kinds[one.kind.unwrap()] {
                        parts = parts.with(&format!("part{number}"), owned(patterns));
                    }
                }
            }
            let permission = PermissionKey::try_from(one.key.clone()).unwrap();
            Grant { permission, access: if full { Access::Full } else { Access::Read }, selection, parts }
        });
        prop::collection::vec(grant, 1..4).boxed()
    }

    fn questions(&self) -> BoxedStrategy<Question> {
        let made = self.clone();
        let name = prop_oneof![8 => prop::sample::select(NAMES.to_vec()), 1 => Just("x")];
        let inside = [prop::sample::select(INSIDE.to_vec()), prop::sample::select(INSIDE.to_vec())];
        let whats: Vec<(usize, bool, What)> = (0..self.permissions.len())
            .flat_map(|permission| [(permission, false), (permission, true)])
            .flat_map(|(permission, write)| {
                made.whats(permission, write).into_iter().map(move |what| (permission, write, what))
            })
            .collect();
        (prop::sample::select(whats), name, inside, prop::bool::weighted(0.93))
            .prop_map(|((permission, write, what), name, inside, own)| Question {
                permission,
                what,
                write,
                name,
                inside,
                own,
            })
            .boxed()
    }
}

/// Whether a pattern stands for a name, read as a person would.
fn fits(patterns: &[String], name: &str) -> bool {
    patterns.is_empty()
        || patterns.iter().any(|pattern| match pattern.split_once('*') {
            Some((start, "")) => name.starts_with(start),
            _ => pattern == name,
        })
}

/// What the document says of a call: the status, and the code of a refusal.
fn expected(made: &Made, rights: &Rights, role: Option<Role>, question: &Question) -> (u16, &'static str) {
    let Question { permission, what, write, name, inside, own } = question;
    if !own && made.numbered {
        return (404, "account_not_found");
    }
    let one = &made.permissions[*permission];
    let held = role.is_none_or(|role| role >= one.role);
    let grants = match rights {
        Rights::Everything if held => return (200, ""),
        Rights::Everything => return (403, "permission_denied"),
        Rights::Grants(grants) => grants,
    };
    let of_permission: Vec<&Grant> =
        grants.iter().filter(|grant| grant.permission.as_str() == one.key && held).collect();
    if of_permission.is_empty() {
        return (403, "permission_denied");
    }
    let registered = NAMES.contains(name);
    let selected = |grant: &&&Grant| match (&grant.selection, what) {
        (_, What::List | What::Account) => true,
        (Selection::Account { except, .. }, What::All) => except.is_empty() && grant.parts.is_open(),
        (Selection::Account { .. }, What::New) => true,
        (_, What::All | What::New) => false,
        (Selection::Account { except, .. }, _) if registered => except.iter().all(|one| one.name != *name),
        (Selection::Account { except, .. }, _) => except.is_empty(),
        (Selection::Only(only), _) => only.iter().any(|one| one.name == *name),
        (Selection::Everywhere { .. }, _) => false,
    };
    let through = |grant: &&&Grant| match what {
        What::One => grant.parts.is_open() || !one.parts,
        What::Inside => fits(grant.parts.of("part0"), inside[0]) && fits(grant.parts.of("part1"), inside[1]),
        _ => true,
    };
    let enough = |grant: &&&Grant| !write || grant.access == Access::Full;
    let selecting: Vec<&Grant> = of_permission.iter().filter(selected).copied().collect();
    if selecting.iter().filter(through).any(|grant| enough(&grant)) {
        return (200, "");
    }
    match what {
        What::New => (403, "write_denied"),
        What::All if of_permission.iter().any(|grant| enough(&grant)) => (403, "narrowed"),
        What::All => (403, "write_denied"),
        _ if selecting.is_empty() => (404, "resource_not_found"),
        What::Inside if !selecting.iter().any(|grant| through(&grant)) => (404, "resource_not_found"),
        What::One if one.parts && selecting.iter().any(|grant| enough(&grant)) => (403, "narrowed"),
        _ => (403, "write_denied"),
    }
}

#[actix_web::test]
async fn the_check_says_what_a_second_implementation_says_over_random_catalogues_tokens_and_calls() {
    let rng = TestRng::from_seed(RngAlgorithm::ChaCha, &[7; 32]);
    let mut runner = TestRunner::new_with_rng(ProptestConfig::default(), rng);
    let mut seen: BTreeMap<(u16, &str), u32> = BTreeMap::new();
    let (catalogues, tokens, calls) = (soak::size(5, 100), 8, 25);
    for _ in 0..catalogues {
        let made = made().new_tree(&mut runner).unwrap().current();
        let text = made.text();
        let (catalogue, faults) = Catalogue::check(&text, &[]);
        assert!(faults.is_empty(), "{faults:?}\n{text}");
        let product = Product { catalogue: catalogue.unwrap(), extension: None };
        let (house, acme, there) = open(product, &made);
        let owner = Owner::User(house.user(OWNER).id);
        for number in 0..tokens {
            let of_user = number % 3 == 2;
            let rights = match number {
                0 | 5 => Rights::Everything,
                _ => Rights::Grants(made.grants(acme, &there).new_tree(&mut runner).unwrap().current()),
            };
            let role = Role::ALL[number % Role::ALL.len()];
            let role = of_user.then_some(role);
            let whose = if of_user { owner } else { Owner::Account(acme) };
            // What a person reads of an account's token says the same.
            let told_by_words = (!of_user).then(|| {
                let resources = house.app.catalogue.kinds.iter().map(|kind| (kind.key, 3)).collect();
                let around = Around { id: acme, name: "Acme".to_owned(), role: None, resources };
                let around = Surroundings { of_user: false, accounts: vec![around] };
                let policy = Policy::unconditional(rights.clone());
                let sentences = words::of_policy(&house.app.catalogue, &policy, &around);
                let sentences: Vec<String> = sentences.iter().map(words::Sentence::text).collect();
                (sentences::read(&house.app.catalogue, acme, &sentences), sentences)
            });
            let (id, secret) = token(&house, whose, rights.clone());
            if let Some(role) = role {
                set_role(&house, acme, role);
            }
            for _ in 0..calls {
                let question = made.questions().new_tree(&mut runner).unwrap().current();
                let account = if question.own { acme.to_string() } else { "1".to_owned() };
                let parts = made.permissions[question.permission].kind.map_or(0, |kind| made.kinds[kind]);
                let inside: Vec<String> =
                    question.inside.iter().take(parts).map(|one| (*one).to_owned()).collect();
                let path = made.path(question.permission, question.what, &account, question.name, &inside);
                let method = if question.write { "PUT" } else { "GET" };
                let said = ask(&house, Some(&secret), method, &path).await;
                let told = if said.status == 200 { (200, String::new()) } else { said.refused() };
                let right = expected(&made, &rights, role, &question);
                assert_eq!(
                    (told.0, told.1.as_str()),
                    right,
                    "{method} {path}\n{question:?}\n{rights:?}\n{role:?}\n{text}"
                );
                let (status, code, last) = tried(&house, id, method, &path).await;
                assert_eq!(
                    (status, code.as_str()),
                    right,
                    "tried: {method} {path}\n{question:?}\n{rights:?}"
                );
                let step = RefusalCode::from_key(&code).map_or(Some(Step::Access), Step::of);
                assert_eq!(last, step, "{method} {path}\n{question:?}\n{rights:?}");
                if let Some((understood, sentences)) = &told_by_words {
                    let by_words = expected(&made, understood, role, &question);
                    assert_eq!(by_words, right, "{method} {path}\n{sentences:#?}\n{rights:?}");
                }
                *seen.entry(right).or_default() += 1;
            }
            set_role(&house, acme, Role::Owner);
        }
    }
    let all: u32 = seen.values().sum();
    soak::row("calls by random catalogues against a second implementation", all);
    for (case, least) in [((200, ""), 5), ((403, "permission_denied"), 5), ((404, "resource_not_found"), 5)] {
        let share = seen.get(&case).copied().unwrap_or(0) * 100 / all;
        assert!(share >= least, "{case:?} came in {share} of a hundred calls: {seen:?}");
    }
    for code in ["write_denied", "narrowed", "account_not_found"] {
        assert!(seen.keys().any(|(_, known)| *known == code), "{code} never came: {seen:?}");
    }
}

/// A server with this catalogue, its account, and ids of what the account has.
fn open<'a>(product: Product, made: &Made) -> (House, AccountId, BTreeMap<(usize, &'a str), ResourceId>) {
    let database = database::empty();
    let mut conn = db::connect(&SecretString::from(database::url(&database))).unwrap();
    db::migrate(&mut conn).unwrap();
    let url = database::serving_url(&database);
    let house = House::of(product, url, database, Clock::fixed(START), |config| {
        config.trusted_proxies = vec!["127.0.0.1/32".parse().unwrap()];
    });
    let origin = house.command_line();
    let owner = house.new_user(OWNER, "Olive Owner");
    let acme = Account::create(&mut conn, "Acme", OWNER, "plan", &origin).unwrap();
    membership::set(&mut conn, &acme, &owner, Role::Owner, &origin).unwrap();
    // Another owner, so that the first one's role can be lowered.
    let second = house.new_user("second@example.com", "Second Owner");
    membership::set(&mut conn, &acme, &second, Role::Owner, &origin).unwrap();
    let mut there = BTreeMap::new();
    for number in 0..made.kinds.len() {
        let key = KindKey::try_from(format!("k{number}").as_str()).unwrap();
        let names = NAMES.map(str::to_owned);
        let kind = OfKind { key, plural: "kinds", unique: Unique::Account };
        Resource::add(&mut conn, acme.id, kind, &names, &Hooks::NONE, &origin).unwrap();
        for name in NAMES {
            let found = Resource::find(&mut conn, acme.id, key, name).unwrap().unwrap();
            there.insert((number, name), found.id);
        }
    }
    (house, acme.id, there)
}

fn set_role(house: &House, account: AccountId, role: Role) {
    let mut conn = house.conn();
    let acme = Account::find(&mut conn, account).unwrap().unwrap();
    membership::set(&mut conn, &acme, &house.user(OWNER), role, &house.command_line()).unwrap();
}

/// What *Would this call work?* says of it, the last step with its code.
async fn tried(house: &House, id: TokenId, method: &str, path: &str) -> (u16, String, Option<Step>) {
    let call = RouteCall { found: house.app.catalogue.routes.find(method, path) };
    let address = ClientAddress::from(IpAddr::from([198, 51, 100, 7]));
    let trace = trial(&house.app, id, &call, address, START).await.unwrap().unwrap();
    match &trace.outcome {
        Ok(_) => (200, String::new(), trace.last),
        Err(refused) => (refused.said().status, refused.said().key.to_owned(), trace.last),
    }
}

fn token(house: &House, owner: Owner, rights: Rights) -> (TokenId, String) {
    let new = NewToken {
        name: TokenName::parse("Random").unwrap(),
        policy: Policy::unconditional(rights),
        nonce: Uuid::new_v4(),
    };
    let catalogue = house.app.catalogue.clone();
    let made = db::in_one(&mut house.conn(), |conn| {
        issue(conn, &catalogue, owner, &new, "any", &house.command_line())
    });
    let Issued::Made { id, secret } = made.unwrap() else { panic!("not made") };
    ledger::put_down(secret.expose());
    (id, secret.expose().to_owned())
}
