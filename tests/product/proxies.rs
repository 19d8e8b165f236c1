//! Proxies of others in front of an API that counts its calls, each with the text that
//! `tokenhouse proxy-config` prints: what the check refuses reaches no API, and the client is told why.

mod attacks;

use crate::check::token;
use crate::commands::answered;
use crate::pages::open_of;
use crate::support::proxy::{Program, Proxy};
use crate::support::wire::{Api, Arrived, Call, Line, Seen};
use crate::support::{House, OWNER, SHOP, database, ledger, soak};
use attacks::{NOT_NORMAL, OTHER, OWN, Told};
use std::collections::{BTreeMap, BTreeSet};
use std::net::SocketAddr;
use std::path::Path;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use tokenhouse::config::{CheckListen, Config};
use tokenhouse::extension::Product;
use tokenhouse::models::{Account, Origin};
use tokenhouse::policy::{AccountId, TokenId};

/// The headers by which the API knows whose call it is.
const IDENTITY: [&str; 7] = [
    "X-Token-Id",
    "X-Account-Id",
    "X-Account-Ref",
    "X-User-Id",
    "X-User-Ref",
    "X-Token-Scope",
    "X-Token-Resources",
];

/// A shop's API behind a proxy.
struct Behind {
    house: House,
    acme: AccountId,
    api: Api,
    proxy: Proxy,
    /// May read and write the orders of Berlin.
    secret: String,
    token: TokenId,
    /// Whether the proxy normalizes a path before it asks about it.
    normalizes: bool,
    _folder: tempfile::TempDir,
}

/// How the proxy reaches the check.
enum Reached {
    /// At the main listener, as a trusted proxy.
    Address,
    /// By a socket.
    Socket,
}

impl Behind {
    fn start(program: Program, reached: Reached) -> Behind {
        let folder = tempfile::Builder::new().prefix("check").tempdir_in(ledger::run_folder()).unwrap();
        let socket = folder.path().join("check.sock");
        let change = |config: &mut Config| match reached {
            Reached::Address => config.trusted_proxies = vec!["127.0.0.1/32".parse().unwrap()],
            Reached::Socket => config.check_listen = Some(CheckListen::Unix(socket.clone())),
        };
        let (house, acme) = open_of(shop(folder.path()), change);
        let check = match reached {
            Reached::Address => house.address.to_string(),
            Reached::Socket => format!("unix:{}", socket.display()),
        };
        let (token, secret) = token(&house, acme, &["orders:berlin:write"]);
        let api = Api::start();
        let proxy = program.start(SHOP, &check, api.address);
        let normalizes = program == Program::Envoy;
        Behind { house, acme, api, proxy, secret, token, normalizes, _folder: folder }
    }

    /// What the API is told of each call with the token.
    fn identity(&self) -> BTreeMap<&'static str, String> {
        let none = || "-".to_owned();
        let values =
            [self.token.to_string(), self.acme.to_string(), none(), none(), none(), String::new(), none()];
        IDENTITY.into_iter().zip(values).collect()
    }

    /// The one call that arrived bears the token's identity, each header once, and nothing else that a
    /// runtime which takes `_` for `-` could read as one.
    fn assert_own(&self, arrived: &Arrived, scope: &str, told: &str) {
        for (name, expected) in self.identity() {
            let alike = |one: &str| one.replace(['_', '.'], "-").eq_ignore_ascii_case(name);
            let found: Vec<_> = arrived
                .fields
                .iter()
                .filter(|(one, _)| alike(one))
                .map(|(one, value)| (one.to_ascii_lowercase(), String::from_utf8_lossy(value).into_owned()))
                .collect();
            let expected = if name == "X-Token-Scope" { scope.to_owned() } else { expected };
            assert_eq!(found, [(name.to_ascii_lowercase(), expected)], "{told}: {arrived:?}");
        }
        let bears = |(name, value): &(String, Vec<u8>)| {
            name.eq_ignore_ascii_case("authorization") && !value.is_empty()
                || String::from_utf8_lossy(value).contains(&self.secret)
        };
        assert!(!arrived.fields.iter().any(bears), "{told}: the API sees the secret: {arrived:?}");
    }
}

/// The shop, whose accounts may call often, and a plan whose accounts may not.
fn shop(folder: &Path) -> Product {
    let text = std::fs::read_to_string(SHOP).unwrap();
    let often = text.replacen("hourly_calls = 10000", "hourly_calls = 1000000", 1);
    assert_ne!(often, text);
    let tiny = "[[plans]]\nkey = \"tiny\"\ntitle = \"Tiny\"\nscoped = true\nhourly_calls = 1\n\n[[routes]]";
    let file = folder.join("shop.toml");
    std::fs::write(&file, often.replacen("[[routes]]", tiny, 1)).unwrap();
    Product::choose(Some(&file), None).unwrap()
}

/// Calls that are meant for the API reach it, with the token's identity and without its secret.
fn own_calls_arrive(behind: &Behind) {
    for (method, target, scope) in [
        ("GET", format!("{OWN}?page=2&q=%2F..;"), "orders:berlin:read"),
        ("HEAD", OWN.to_owned(), "orders:berlin:read"),
        ("GET", format!("{OWN}/k%C3%B6ln%20'(7)'"), "orders:berlin:read"),
        ("POST", OWN.to_owned(), "orders:berlin:write"),
    ] {
        let seen = Call::new(method, &target).bearing(&behind.secret).send(behind.proxy.address);
        let body = if method == "HEAD" { "" } else { "served" };
        assert_eq!((seen.status, seen.body.as_str()), (200, body), "{method} {target}: {seen:?}");
        let arrived = behind.api.take();
        assert_eq!(arrived.len(), 1, "{method} {target}");
        assert_eq!((arrived[0].method.as_str(), &arrived[0].target), (method, &target));
        behind.assert_own(&arrived[0], scope, &target);
    }
    // Nobody is asked about what is public: whose call it is, nobody says.
    let forged = Call::new("GET", "/health").with("X-Token-Id", "1").with("X-Account-Id", "1");
    assert_eq!(forged.send(behind.proxy.address).status, 200);
    let arrived = behind.api.take();
    let own: Vec<_> =
        arrived[0].fields.iter().filter(|(name, _)| name.to_ascii_lowercase().ends_with("-id")).collect();
    assert!(own.iter().all(|(name, value)| name.contains("equest") || value == b"-"), "{own:?}");
}

/// What a proxy that normalizes paths asks about then: another path, and the API gets that one.
const NORMALIZED: Told = &[(403, "path_not_normal"), (403, "no_route"), (404, "resource_not_found")];

/// Each attack is refused, in the words of the check or by the proxy itself, and reaches no API.
fn attacks_are_refused(behind: &Behind) {
    for (name, call, told) in attacks::all(&behind.secret) {
        let seen = call.send(behind.proxy.address);
        let arrived = behind.api.take();
        let normalized = behind.normalizes && told == NOT_NORMAL;
        if let ([one], true) = (arrived.as_slice(), normalized) {
            assert_eq!((one.target.as_str(), seen.status), (OWN, 200), "{name}");
            continue;
        }
        assert!(arrived.is_empty(), "{name} reached the API: {arrived:?}");
        match seen.code() {
            Some(code) => {
                let said = (seen.status, code.as_str());
                let told = if normalized { NORMALIZED } else { told };
                assert!(told.contains(&said), "{name}: {seen:?}");
            }
            // TRACE and broken requests are no question.
            None => assert!((400..500).contains(&seen.status) || is_elsewhere(&call), "{name}: {seen:?}"),
        }
    }
}

/// Whether a call is for a host that the configuration doesn't name: Caddy answers it with an empty 200.
fn is_elsewhere(call: &Call) -> bool {
    call.target.starts_with(b"http://")
}

/// Whatever a client says of its own identity, the API hears the token's, or the call is refused.
fn forged_headers_are_replaced(behind: &Behind) {
    for name in IDENTITY {
        let underscored = name.replace('-', "_");
        let half = name.replacen("X-", "X_", 1);
        let other_half = format!("X-{}", name[2..].replace('-', "_"));
        let own = || Call::new("GET", OWN).bearing(&behind.secret);
        for (form, call) in [
            ("forged", own().with(name, "1")),
            ("in lower case", own().with(&name.to_ascii_lowercase(), "1")),
            ("twice", own().with(name, "1").with(name, "2")),
            ("empty", own().with(name, "")),
            ("with _", own().with(&underscored, "1")),
            ("with one _", own().with(&half, "1")),
            ("with another _", own().with(&other_half, "1")),
            ("in Connection", own().with("Connection", name)),
            ("in Connection, with close", own().with("Connection", format!("close, {name}"))),
            (
                "in two Connections",
                own().with("Connection", "close").with("Connection", name).with(name, "1"),
            ),
        ] {
            let seen = call.send(behind.proxy.address);
            let arrived = behind.api.take();
            match arrived.as_slice() {
                [one] => behind.assert_own(one, "orders:berlin:read", &format!("{name} {form}")),
                [] => assert!((400..500).contains(&seen.status), "{name} {form}: {seen:?}"),
                more => panic!("{name} {form}: {more:?}"),
            }
        }
    }
    for (name, value) in [
        ("X-HTTP-Method-Override", "DELETE"),
        ("X-HTTP-Method", "DELETE"),
        ("X-Method-Override", "DELETE"),
        ("X_HTTP_Method_Override", "DELETE"),
        ("X-Original-URI", OTHER),
        ("X-Original-URL", OTHER),
        ("X-Rewrite-URL", OTHER),
        ("X-Forwarded-Uri", OTHER),
        ("X-Forwarded-Method", "DELETE"),
        ("X-HTTP_Method_Override", "DELETE"),
        ("X-Forwarded_Uri", OTHER),
    ] {
        let seen = Call::new("GET", OWN).bearing(&behind.secret).with(name, value).send(behind.proxy.address);
        let arrived = behind.api.take();
        for one in &arrived {
            let held = one.fields.iter().find(|(_, held)| held == value.as_bytes());
            assert_eq!(held, None, "{name} reaches the API");
        }
        assert!(arrived.len() == 1 || (400..500).contains(&seen.status), "{name}: {seen:?}");
    }
}

/// What mutations insert.
const PIECES: [&[u8]; 41] = [
    b"/",
    b"//",
    b"/./",
    b"/../",
    b"..",
    b".",
    b"%2e",
    b"%2E%2e",
    b"%2F",
    b"%2f..%2f",
    b"%5C",
    b"\\",
    b";",
    b";x=1",
    b"..;",
    b"#",
    b"?",
    b"%00",
    b"%23",
    b"%3F",
    b"%252F",
    b"%25",
    b" ",
    b"\t",
    b"%",
    b"%6",
    b"\xc3\xa9",
    b"%c3%a9",
    b"%c0%ae",
    b"\xff",
    b"7",
    b"munich",
    b"berlin",
    b"Berlin",
    b"payouts",
    b"v1",
    b"health",
    b"*",
    b"refund",
    b"\"",
    b"{",
];

/// Another path of the token's, with a query.
const ORDER: &str = "/v1/stores/berlin/orders/1-2?page=3&sort=name&q=x";

/// Numbers that look random, and are the same in every run.
struct Dice(u64);

impl Dice {
    fn below(&mut self, end: usize) -> usize {
        // xorshift64*
        self.0 ^= self.0 >> 12;
        self.0 ^= self.0 << 25;
        self.0 ^= self.0 >> 27;
        let high = self.0.wrapping_mul(0x2545_f491_4f6c_dd1d) >> 32;
        usize::try_from(high).unwrap() % end
    }
}

/// A path that was one of these, before it was changed in one to three places.
fn mutated(dice: &mut Dice) -> Vec<u8> {
    let bases = [OWN, ORDER, ORDER, ORDER, OTHER, "/v1/payouts", "/health?a=b"];
    let mut path = bases[dice.below(bases.len())].as_bytes().to_vec();
    for _ in 0..=dice.below(3) {
        let at = dice.below(path.len() + 1);
        let byte = path.get(at).copied();
        match (dice.below(5), byte) {
            (0, Some(byte)) => {
                path.splice(at..=at, format!("%{byte:02x}").into_bytes());
            }
            (1, Some(_)) => {
                path.drain(at..(at + 1 + dice.below(4)).min(path.len()));
            }
            (2, Some(byte)) if byte.is_ascii_alphabetic() => path[at] = byte ^ 0x20,
            (3, _) => {
                let other = bases[dice.below(bases.len())].as_bytes();
                path.splice(at..at, other.iter().copied());
            }
            _ => {
                path.splice(at..at, PIECES[dice.below(PIECES.len())].iter().copied());
            }
        }
        if path.is_empty() {
            path.push(b'/');
        }
    }
    path
}

/// Whether the token may read what this names, to the letter: the rule written down a second time.
fn may_read(target: &str) -> bool {
    let path = target.split('?').next().unwrap();
    let Some(rest) = path.strip_prefix(OWN) else { return path == "/health" };
    let Some(order) = rest.strip_prefix('/') else { return rest.is_empty() };
    let is_plain = |byte: u8| byte.is_ascii_alphanumeric() || b"-._~!$&'()*+,=:@%".contains(&byte);
    let coded = ["%2f", "%5c", "%3b", "%3f", "%23", "%25", "%2e", "%00", "%c0"];
    let lower = order.to_ascii_lowercase();
    !order.is_empty()
        && order.bytes().all(is_plain)
        && order != "."
        && order != ".."
        && !coded.iter().any(|one| lower.contains(one))
}

/// Random spellings: what reaches the API is exactly what the token may call.
fn no_spelling_reaches_more(behind: &Behind) {
    let mut dice = Dice(0x746f_6b65_6e68_6f75);
    let (mut reached, mut unasked) = (0, 0);
    let wanted = soak::size(1_000, 10_000);
    for _ in 0..wanted {
        let call = Call::new("GET", mutated(&mut dice)).bearing(&behind.secret);
        let seen = call.send(behind.proxy.address);
        let told = call.target.escape_ascii().to_string();
        match behind.api.take().as_slice() {
            // On a busy machine a connection may end under a proxy's question, and then it's no, too.
            [] if seen.status == 503 => unasked += 1,
            [] => assert!((400..500).contains(&seen.status), "{told}: {seen:?}"),
            [one] => {
                assert!(may_read(&one.target) && one.method == "GET", "{told}: {one:?}");
                assert_eq!(seen.status, 200, "{told}");
                reached += 1;
            }
            more => panic!("{told}: {more:?}"),
        }
    }
    assert!(unasked * 100 <= wanted, "{unasked} of {wanted} calls couldn't be asked about");
    assert!(reached > wanted / 100, "{reached}");
    soak::row("paths at an API behind a proxy", wanted);
}

/// An account that has used up its calls is told when to come again.
fn a_used_up_budget_is_told(behind: &Behind) {
    let mut conn = behind.house.conn();
    let origin = Origin::command_line(behind.house.clock.now());
    let tiny = Account::create(&mut conn, "Tiny", OWNER, "tiny", &origin).unwrap();
    let (_, secret) = token(&behind.house, tiny.id, &[]);
    let call = Call::new("GET", "/v1/payouts").bearing(&secret);
    assert_eq!(call.send(behind.proxy.address).status, 200);
    let seen = call.send(behind.proxy.address);
    assert_eq!((seen.status, seen.code().as_deref()), (429, Some("quota_exceeded")), "{seen:?}");
    let wait: i64 = seen.field("retry-after").unwrap().parse().unwrap();
    assert!((1..=3_600).contains(&wait), "{wait}");
    assert_eq!(behind.api.take().len(), 1);
}

/// Without its database, and then without the check, every call is refused, and no token is called wrong.
fn away_is_no(behind: Behind) {
    let Behind { house, api, proxy, secret, .. } = behind;
    let own = Call::new("GET", OWN).bearing(&secret);
    database::set_away(&house.database, true);
    let seen = own.send(proxy.address);
    assert_eq!((seen.status, seen.code().as_deref()), (503, Some("unavailable")), "{seen:?}");
    assert!(api.take().is_empty());
    database::set_away(&house.database, false);
    while own.send(proxy.address).status != 200 {
        std::thread::yield_now();
    }
    assert_eq!(api.take().len(), 1);
    house.close();
    for _ in 0..3 {
        let seen = own.send(proxy.address);
        // Caddy has no words of its own.
        let said = (seen.status, seen.code());
        assert!([(503, Some("unavailable".to_owned())), (502, None)].contains(&said), "{seen:?}");
    }
    assert!(api.take().is_empty());
}

fn only_what_is_allowed_reaches_the_api(program: Program, reached: Reached) {
    let behind = Behind::start(program, reached);
    own_calls_arrive(&behind);
    attacks_are_refused(&behind);
    forged_headers_are_replaced(&behind);
    a_used_up_budget_is_told(&behind);
    no_spelling_reaches_more(&behind);
    away_is_no(behind);
}

#[test]
fn behind_nginx_only_what_is_allowed_reaches_the_api() {
    only_what_is_allowed_reaches_the_api(Program::Nginx, Reached::Socket);
}

#[test]
fn behind_caddy_of_debian_only_what_is_allowed_reaches_the_api() {
    only_what_is_allowed_reaches_the_api(Program::OldCaddy, Reached::Address);
}

#[test]
fn behind_caddy_only_what_is_allowed_reaches_the_api() {
    only_what_is_allowed_reaches_the_api(Program::Caddy, Reached::Socket);
}

#[test]
fn behind_envoy_only_what_is_allowed_reaches_the_api() {
    only_what_is_allowed_reaches_the_api(Program::Envoy, Reached::Socket);
}

/// A line, and another below it.
fn line_and(line: &str, more: &str) -> (String, String) {
    (line.to_owned(), format!("{line}\n{more}"))
}

/// Many callers of one proxy, and what they saw.
#[derive(Default)]
struct Calls {
    is_deleted: AtomicBool,
    before: AtomicUsize,
    after: AtomicUsize,
    /// Which nodes answered after the end, and what wasn't a refusal.
    nodes: Mutex<BTreeSet<String>>,
    wrong: Mutex<Vec<Seen>>,
}

impl Calls {
    /// Calls until so many were begun after the end.
    fn run(&self, proxy: SocketAddr, request: &[u8], wanted: usize) {
        let mut line = Line::to(proxy);
        while self.after.load(Ordering::Relaxed) < wanted {
            // Whether the deletion was answered is asked before the call is begun.
            let begun_after = self.is_deleted.load(Ordering::SeqCst);
            let seen = line.send(request);
            if !begun_after {
                self.before.fetch_add(usize::from(seen.status == 200), Ordering::Relaxed);
                continue;
            }
            self.after.fetch_add(1, Ordering::Relaxed);
            self.nodes.lock().unwrap().extend(seen.field("node"));
            if (seen.status, seen.code().as_deref()) != (401, Some("token_deleted")) {
                self.wrong.lock().unwrap().push(seen);
            }
        }
    }
}

#[actix_web::test]
async fn a_token_deleted_on_one_node_is_refused_through_nginx_by_both_from_the_next_call_on() {
    let trusted = |config: &mut Config| config.trusted_proxies = vec!["127.0.0.1/32".parse().unwrap()];
    let folder = tempfile::tempdir_in(ledger::run_folder()).unwrap();
    let (here, acme) = open_of(shop(folder.path()), trusted);
    let url = database::serving_url(&here.database);
    let there = House::of(shop(folder.path()), url, here.database.clone(), here.clock.clone(), trusted);
    let (id, secret) = token(&here, acme, &["orders:berlin:write"]);
    let api = Api::start();
    let nodes =
        |more: &str| format!("upstream tokenhouse {{ server {};{more} keepalive 32; }}", here.address);
    let lines = [
        (nodes(""), nodes(&format!(" server {};", there.address))),
        line_and("  error_page 401 = @th_401;", "auth_request_set $node $upstream_addr;"),
        line_and("  location @th_401 {", "add_header Node $node always;"),
    ];
    let proxy = Program::Nginx.start_with(SHOP, &here.address.to_string(), api.address, &lines);
    let address = proxy.address;
    let mut owner = there.signed_in(OWNER).await;
    let wanted = soak::size(1_000, 250_000);
    let calls = Arc::new(Calls::default());
    let callers: Vec<_> = (0..16)
        .map(|_| {
            let (calls, request) = (Arc::clone(&calls), Call::new("GET", OWN).bearing(&secret).bytes());
            std::thread::spawn(move || calls.run(address, &request, wanted))
        })
        .collect();
    while calls.before.load(Ordering::Relaxed) < 200 {
        actix_web::rt::task::yield_now().await;
    }
    assert_eq!(owner.delete_token(acme, id).await.status, 303);
    calls.is_deleted.store(true, Ordering::SeqCst);
    for caller in callers {
        caller.join().unwrap();
    }
    let wrong = calls.wrong.lock().unwrap();
    assert!(wrong.is_empty(), "{} were wrong, such as {:?}", wrong.len(), wrong.first());
    let both = [here.address, there.address].map(|node| node.to_string());
    assert_eq!(*calls.nodes.lock().unwrap(), BTreeSet::from(both));
    soak::row("calls refused through a proxy after an end", calls.after.load(Ordering::Relaxed));
}

/// The CI service: accounts by their reference, a header of its own for the token, and branches.
#[test]
fn the_ci_service_takes_its_own_header_through_every_proxy_for_its_own_branch_until_it_is_deleted() {
    let catalogue = SHOP.replace("shop.toml", "ci.toml");
    let product = Product::choose(Some(Path::new(&catalogue)), None).unwrap();
    let (house, acme) = House::in_front(product, "team", |config| {
        config.trusted_proxies = vec!["127.0.0.1/32".parse().unwrap()];
    });
    let url = database::url(&house.database);
    let told = |args: &[&str]| answered(&[args, &["--database-url", &url]].concat());
    let account = acme.to_string();
    told(&["account", "ref", "--account", &account, "acme"]);
    let folder = tempfile::tempdir_in(ledger::run_folder()).unwrap();
    let file = folder.path().join("projects.csv");
    std::fs::write(&file, "name\nwebsite\nbackend\n").unwrap();
    let of_acme = ["--account", &account, "--catalogue", &catalogue];
    let import = ["resource", "import", file.to_str().unwrap(), "--kind", "project"];
    told(&[&import[..], &of_acme].concat());
    let create = ["token", "create", "--name", "Deploy", "--expires", "never"];
    let scope = ["--scope", "pipelines:website/release*:write"];
    let secret = told(&[&create[..], &of_acme, &scope].concat()).trim().to_owned();
    ledger::put_down(&secret);

    let api = Api::start();
    let check = house.address.to_string();
    let proxies = [Program::Nginx, Program::OldCaddy, Program::Caddy, Program::Envoy];
    let proxies = proxies.map(|program| (program, program.start(&catalogue, &check, api.address)));
    let run = |project: &str, branch: &str| {
        Call::new("POST", format!("/api/acme/projects/{project}/branches/{branch}/runs"))
    };
    let own = || run("website", "release-2");
    for (program, proxy) in &proxies {
        for call in [own().with("X-Anvil-Token", &secret), own().bearing(&secret)] {
            let seen = call.send(proxy.address);
            assert_eq!(seen.status, 200, "{program:?} {seen:?}");
            let arrived = api.take();
            let says = |name: &str, value: &str| {
                let alike = |(one, held): &(String, Vec<u8>)| {
                    one.eq_ignore_ascii_case(name) && held == value.as_bytes()
                };
                arrived[0].fields.iter().any(alike)
            };
            assert!(says("X-Account-Ref", "acme"), "{program:?} {arrived:?}");
            assert!(says("X-Token-Scope", "pipelines:website:write"), "{program:?} {arrived:?}");
            assert!(!format!("{arrived:?}").contains(&secret), "{program:?}: the API sees the secret");
        }
        for (call, refused) in [
            (run("website", "main"), (404, "resource_not_found")),
            (run("backend", "release-2"), (404, "resource_not_found")),
            (Call::new("GET", "/api/acme/projects/website/runs"), (403, "narrowed")),
            (Call::new("GET", "/api/rival/projects/website/runs"), (404, "account_not_found")),
        ] {
            let seen = call.clone().with("X-Anvil-Token", &secret).send(proxy.address);
            let told = (seen.status, seen.code());
            assert_eq!(told, (refused.0, Some(refused.1.to_owned())), "{program:?} {call:?}");
        }
        assert_eq!(own().send(proxy.address).status, 401, "{program:?}");
    }
    let listed = told(&["token", "list", "--account", &account, "--catalogue", &catalogue]);
    let number = listed.split_whitespace().next().unwrap();
    told(&["token", "delete", number]);
    for (program, proxy) in &proxies {
        let seen = own().with("X-Anvil-Token", &secret).send(proxy.address);
        assert_eq!((seen.status, seen.code().as_deref()), (401, Some("token_deleted")), "{program:?}");
    }
    assert!(api.take().is_empty());
}
