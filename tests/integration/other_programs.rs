//! Programs of others, unchanged, each with a token of exactly the template or the article that names
//! it, and two more that keep records in step with a file or an argument.
//!
//! `script/install` puts those of PyPI into `tests/python/venv` and those of npm into `tests/npm`. They
//! reach this machine only. acme.sh and lego are in no registry that a test can use: the calls that
//! their sources make are replayed, and read as they read them.

use crate::builder::{Form, of_account};
use crate::facts;
use crate::program::{Program, Reply};
use crate::support::{House, OWNER};
use serde_json::{Value, json};
use std::path::Path;
use std::process::{Command, Stdio};
use tempfile::TempDir;
use tokenhouse::policy::{AccountId, TokenId};

const TESTS: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/tests");

/// Runs programs in an empty home, with the address of the API and a token.
struct Runner {
    base: String,
    secret: String,
    home: TempDir,
}

impl Runner {
    fn new(house: &House, secret: &str) -> Runner {
        Runner { base: house.url(""), secret: secret.to_owned(), home: tempfile::tempdir().unwrap() }
    }

    fn command(&self, program: &str) -> Command {
        let mut command = Command::new(program);
        command.env_clear().env("PATH", std::env::var_os("PATH").unwrap_or_default());
        // What is meant for any other machine fails at once, and asks no resolver.
        for proxy in ["HTTP_PROXY", "HTTPS_PROXY", "http_proxy", "https_proxy"] {
            command.env(proxy, "http://127.0.0.1:1");
        }
        command.env("NO_PROXY", "127.0.0.1").env("no_proxy", "127.0.0.1");
        command.env("HOME", self.home.path()).current_dir(self.home.path()).stdin(Stdio::null());
        command.env("BASE", &self.base).env("TOKEN", &self.secret);
        command.env("PYTHONDONTWRITEBYTECODE", "1");
        command
    }

    /// A program of the Python requirements.
    fn python(&self, program: &str) -> Command {
        self.command(&format!("{TESTS}/python/venv/bin/{program}"))
    }

    /// A script of `tests/python`, with the setting that the guide names for certbot's plugin and for
    /// lexicon.
    fn lexicon(&self, script: &str) -> Command {
        let mut command = self.python("python");
        command.arg(format!("{TESTS}/python/{script}"));
        let blocks = blocks("clients.md", self, 0.into());
        let setting = block(&blocks, "export ").strip_prefix("export ").and_then(|line| line.split_once('='));
        let (name, value) = setting.unwrap();
        command.env(name, value).env("LEXICON_DNSIMPLE_AUTH_TOKEN", &self.secret);
        command.env("TLDEXTRACT_CACHE", self.home.path());
        command
    }

    /// Node, with what is sent over https sent to the API over http.
    fn node(&self) -> Command {
        let mut command = self.command("node");
        command.args(["--require", &format!("{TESTS}/npm/at_base.cjs")]);
        command.env("NODE_PATH", format!("{TESTS}/npm/node_modules"));
        command
    }

    /// Writes a file into the home; returns its name.
    fn file<'a>(&self, name: &'a str, text: &str) -> &'a str {
        std::fs::write(self.home.path().join(name), text).unwrap();
        name
    }
}

/// Runs it to its end, which is a good one; what it printed.
fn run(command: &mut Command) -> String {
    let done = command
        .output()
        .unwrap_or_else(|why| panic!("{:?}: {why}; run script/test once", command.get_program()));
    let (out, err) = (String::from_utf8_lossy(&done.stdout), String::from_utf8_lossy(&done.stderr));
    assert!(done.status.success(), "{:?}\n{out}\n{err}", command.get_program());
    // octoDNS says on standard error what it plans.
    format!("{out}{err}")
}

/// A token as a person creates it from a template: chooses one zone, uses it for the other rows, and
/// leaves all else as it is. Returns its number and its secret.
async fn token_of(house: &House, template: &str, name: &str) -> (TokenId, String) {
    let acme = house.account("Acme");
    let mut owner = house.signed_in(OWNER).await;
    let mut form = Form::open(&mut owner, &format!("{}?template={template}", of_account(acme))).await;
    form.set("r1.id", &facts::zone(house, acme, name));
    form.press(&mut owner, "spread.r1").await;
    form.create(&mut owner).await
}

/// Every record of the zones, and what else a change of them would leave.
fn state(house: &House) -> Vec<String> {
    let all = "concat_ws(' ', zone_id, id, name, record_type, content, ttl, priority, regions, updated_at)";
    facts::texts(house, all, "records ORDER BY id")
}

/// What programs did, line by line: action, name, type, content.
fn done(house: &House) -> Vec<String> {
    let told = "coalesce(after, before)";
    let line = format!("concat_ws(' ', action, object_name, {told}->>'type', {told}->>'content')");
    facts::texts(house, &line, "audit_events WHERE actor_kind = 'token' ORDER BY id")
}

#[actix_web::test]
async fn certbot_proves_names_with_a_token_of_its_template_and_clears_up() {
    let house = House::open();
    let (_, secret) = token_of(&house, "acme_dns_01", "example.com").await;
    let before = state(&house).len();
    let runner = Runner::new(&house, &secret);
    let credentials = runner.file("certbot.ini", &format!("dns_dnsimple_token = {secret}\n"));
    // The name itself and all below it are proved by two values at one name.
    let names = ["example.com", "example.com", "www.example.com"];
    let said = run(runner.lexicon("certbot_challenges.py").arg(credentials).args(names));
    let proved: Vec<&str> = said.lines().filter(|line| line.starts_with("_acme-challenge.")).collect();
    assert_eq!(proved.len(), 3, "{said}");
    let each = |action: &str| -> Vec<String> {
        let line = |one: &&str| format!("record.{action} {}", one.replacen(' ', " TXT ", 1));
        proved.iter().map(line).collect()
    };
    assert_eq!(done(&house), [each("created"), each("deleted")].concat());
    assert_eq!(state(&house).len(), before);
}

#[actix_web::test]
async fn lexicon_sets_lists_and_deletes_a_challenge_with_a_token_of_that_template() {
    let house = House::open();
    let (_, secret) = token_of(&house, "acme_dns_01", "anchor.example").await;
    let runner = Runner::new(&house, &secret);
    let lexicon = |act: &str, rest: &[&str]| {
        let mut command = runner.lexicon("lexicon_in_zone.py");
        command.env("ZONE", "anchor.example").args(["dnsimple", act, "www.anchor.example", "TXT"]);
        run(command.args(rest))
    };
    let challenge = ["--name", "_acme-challenge.www", "--content", "value"];
    lexicon("create", &challenge);
    lexicon("create", &challenge);
    let listed = lexicon("list", &["--output", "JSON"]);
    let listed: Value = serde_json::from_str(listed.lines().next().unwrap()).unwrap();
    assert_eq!(listed[0]["name"], "_acme-challenge.www.anchor.example");
    assert_eq!((listed[0]["content"].as_str(), listed.as_array().unwrap().len()), (Some("value"), 1));
    lexicon("delete", &challenge);
    let line = |action| format!("record.{action} _acme-challenge.www.anchor.example TXT value");
    assert_eq!(done(&house), [line("created"), line("deleted")]);
}

#[actix_web::test]
async fn lexicon_at_the_apex_deletes_what_is_at_the_apex_and_nothing_else() {
    let house = House::open();
    // It looks for the domain first, which Edit zone DNS doesn't reach.
    let (_, secret) = token_of(&house, "manage_zone", "example.com").await;
    let of_type = |rest: &str| {
        let zone = facts::zone(&house, house.account("Acme"), "example.com");
        let of = format!("records WHERE zone_id = {zone} AND record_type = 'TXT' AND name {rest}");
        facts::texts(&house, "name", &of)
    };
    let others = of_type("<> '' ORDER BY name");
    assert!(!of_type("= ''").is_empty() && !others.is_empty());
    let runner = Runner::new(&house, &secret);
    let mut lexicon = runner.lexicon("lexicon_in_zone.py");
    lexicon.env("ZONE", "example.com").args(["dnsimple", "delete", "example.com", "TXT"]);
    run(lexicon.args(["--name", "example.com"]));
    assert_eq!((of_type("= ''"), of_type("<> '' ORDER BY name")), (vec![], others));
}

/// The calls of acme.sh's `dns_dnsimple_add` and `dns_dnsimple_rm`, and what it reads of the answers,
/// which it takes for text.
struct AcmeSh<'a> {
    program: &'a Program,
    account: String,
    zone: String,
    name: String,
}

impl AcmeSh<'_> {
    async fn begin<'a>(program: &'a Program, full: &str) -> AcmeSh<'a> {
        let whoami = text(program, "GET", "/v2/whoami", None).await;
        assert!(!whoami.contains("\"account\":null") && !whoami.contains("timeout"), "{whoami}");
        let account = between(&whoami, "\"id\":", ",\"email\":").pop().unwrap();
        // It tries each end of the name, the longest first, until one is not "not found".
        for (at, _) in full.match_indices('.') {
            let (name, zone) = (full[..at].to_owned(), full[at + 1..].to_owned());
            let found = text(program, "GET", &format!("/v2/{account}/zones/{zone}"), None).await;
            if !found.contains("not found") {
                return AcmeSh { program, account, zone, name };
            }
        }
        panic!("invalid domain")
    }

    fn records(&self) -> String {
        format!("/v2/{}/zones/{}/records", self.account, self.zone)
    }

    async fn add(&self, value: &str) {
        text(self.program, "GET", &format!("{}?per_page=100", self.records()), None).await;
        let name = &self.name;
        let body = format!("{{\"type\":\"TXT\",\"name\":\"{name}\",\"content\":\"{value}\",\"ttl\":120}}");
        let made = text(self.program, "POST", &self.records(), Some(body)).await;
        assert!(made.contains(&format!("\"name\":\"{name}\"")), "{made}");
    }

    async fn remove(&self) {
        let listed = text(self.program, "GET", &format!("{}?per_page=100", self.records()), None).await;
        let zone = &self.zone;
        let end = format!(",\"zone_id\":\"{zone}\",\"parent_id\":null,\"name\":\"{}\"", self.name);
        for id in between(&listed, "\"id\":", &end) {
            let path = format!("{}/{id}", self.records());
            assert_eq!(text(self.program, "DELETE", &path, Some(String::new())).await, "");
        }
    }
}

/// The body of an answer as it came.
async fn text(program: &Program, method: &str, path: &str, body: Option<String>) -> String {
    program.call(method, path, body).await.body
}

/// What is between `start` and each `end`, as `"$start[^,]*$end"` finds it.
fn between(text: &str, start: &str, end: &str) -> Vec<String> {
    let found = text.match_indices(end).filter_map(|(at, _)| text[..at].rsplit_once(start));
    found.map(|(_, between)| between.to_owned()).filter(|between| !between.contains(',')).collect()
}

#[actix_web::test]
async fn the_calls_of_acme_sh_prove_a_name_with_a_token_of_its_template_and_clear_up() {
    let house = House::open();
    let (token, secret) = token_of(&house, "acme_dns_01", "anchor.example").await;
    let program = Program::knowing(&house, token, &secret);
    for full in ["_acme-challenge.anchor.example", "_acme-challenge.www.anchor.example"] {
        let acme_sh = AcmeSh::begin(&program, full).await;
        acme_sh.add("one").await;
        acme_sh.add("two").await;
        acme_sh.remove().await;
    }
    let line = |action, name, value| format!("record.{action} {name}.anchor.example TXT {value}");
    let expected = ["_acme-challenge", "_acme-challenge.www"].map(|name| {
        ["created", "deleted"].map(|action| ["one", "two"].map(|value| line(action, name, value))).concat()
    });
    assert_eq!(done(&house), expected.concat());
}

/// The calls of lego's provider for DNSimple. Older ones look for the zone in a list, newer ones ask for
/// it by its name.
struct Lego<'a> {
    program: &'a Program,
    lists_zones: bool,
}

impl Lego<'_> {
    async fn account(&self) -> String {
        let whoami = self.program.get("/v2/whoami").await;
        assert!(whoami.data()["account"].is_object(), "user tokens are not supported");
        whoami.data()["account"]["id"].to_string()
    }

    async fn zone(&self, name: &str) -> String {
        let path = format!("/v2/{}/zones", self.account().await);
        let zone = if self.lists_zones {
            let listed = self.program.get(&format!("{path}?name_like={name}")).await;
            let zones = listed.data().as_array().unwrap().clone();
            zones.into_iter().find(|one| one["name"] == name).unwrap()
        } else {
            self.program.get(&format!("{path}/{name}")).await.data().clone()
        };
        assert_ne!(zone["id"], 0);
        zone["name"].as_str().unwrap().to_owned()
    }

    async fn present(&self, zone: &str, name: &str, value: &str) -> Reply {
        let zone = self.zone(zone).await;
        let path = format!("/v2/{}/zones/{zone}/records", self.account().await);
        let record = json!({ "type": "TXT", "name": name, "content": value, "ttl": 120 });
        self.program.send("POST", &path, &record).await
    }

    async fn clean_up(&self, zone: &str, name: &str) {
        let zone = self.zone(zone).await;
        let path = format!("/v2/{}/zones/{zone}/records", self.account().await);
        let found = self.program.get(&format!("{path}?name={name}&type=TXT")).await;
        let account = self.account().await;
        for one in found.data().as_array().unwrap() {
            let zone = one["zone_id"].as_str().unwrap();
            let path = format!("/v2/{account}/zones/{zone}/records/{}", one["id"]);
            assert_eq!(self.program.ask("DELETE", &path).await.status, 204);
        }
    }
}

#[actix_web::test]
async fn the_calls_of_lego_prove_a_name_with_a_token_of_its_template_and_clear_up() {
    let house = House::open();
    let (token, secret) = token_of(&house, "acme_dns_01", "anchor.example").await;
    let program = Program::knowing(&house, token, &secret);
    for lists_zones in [true, false] {
        let lego = Lego { program: &program, lists_zones };
        for (name, value) in [("_acme-challenge", "one"), ("_acme-challenge.www", "two")] {
            assert_eq!(lego.present("anchor.example", name, value).await.status, 201);
            lego.clean_up("anchor.example", name).await;
        }
    }
    let line = |action, name, value| format!("record.{action} {name}.anchor.example TXT {value}");
    let each = [("_acme-challenge", "one"), ("_acme-challenge.www", "two")]
        .map(|(name, value)| [line("created", name, value), line("deleted", name, value)]);
    assert_eq!(done(&house), [each.concat(), each.concat()].concat());
}

/// Each record of octoDNS's own test zones is kept and comes back equal, or is refused with its reason. URLFWD is
/// no type of DNS, and of the names that look like addresses RFC 1123 says that there are none.
#[actix_web::test]
async fn every_record_of_octodnss_test_zones_comes_back_equal_or_is_refused_with_an_rfc() {
    let house = House::open();
    let acme = house.account("Acme");
    let secret = house.signed_in(OWNER).await.make_full_token(acme, "Zones").await.1;
    let runner = Runner::new(&house, &secret);
    let mut script = runner.python("python");
    script
        .arg(format!("{TESTS}/python/zone_files.py"))
        .args([&acme.to_string(), &format!("{TESTS}/python/zones")]);
    let said = run(&mut script);
    let changed: Vec<&str> = said.lines().filter(|line| line.starts_with("changed")).collect();
    assert_eq!(changed, Vec::<&str>::new());
    let unexplained = |line: &&str| {
        let refused = line.starts_with("refused");
        refused && !line.starts_with("refused URLFWD ") && !line.contains("RFC 1123, section 2.1")
    };
    let refused: Vec<&str> = said.lines().filter(unexplained).collect();
    assert_eq!(refused, Vec::<&str>::new());
    assert!(said.contains("\nunit.tests 38 records, 32 kept\n"), "{said}");
}

/// What octoDNS keeps a zone in step with: the types that it and the API know and spell alike. PTR and
/// NAPTR are not among them: it expects the dot at the end of the one, and writes the other wrong.
const ZONE_FILE: &str = r#"
'':
- {type: ALIAS, value: lb.example.net.}
- {type: CAA, value: {flags: 0, tag: issue, value: ca.example}}
- {type: MX, values: [{exchange: mx1.example.net., preference: 0}, {exchange: mx2.example.net., preference: 20}]}
- {type: NS, values: [ns1.tokenhouse.example., ns2.tokenhouse.example., ns3.tokenhouse.example., ns4.tokenhouse.example.]}
- {type: TXT, values: ['v=spf1 mx -all', 'quoted \; and more']}
_sip._tcp: {type: SRV, value: {port: 5060, priority: 0, target: sip.example.net., weight: 5}}
dev: {type: NS, ttl: 600, values: [ns1.example.net., ns2.example.net.]}
host:
- {type: A, values: [192.0.2.1, 192.0.2.2]}
- {type: AAAA, value: '2001:db8::1'}
- type: SSHFP
  value: {algorithm: 4, fingerprint_type: 2, fingerprint: 0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef}
www: {type: CNAME, ttl: 60, value: anchor.example.}
"#;

#[actix_web::test]
async fn octodns_fills_a_zone_and_its_second_run_changes_nothing() {
    let house = House::open();
    let acme = house.account("Acme");
    let (_, secret) = token_of(&house, "edit_zone_dns", "anchor.example").await;
    let runner = Runner::new(&house, &secret);
    runner.file("anchor.example.yaml", ZONE_FILE);
    let settings = json!({
        "providers": {
            "file": { "class": "octodns.provider.yaml.YamlProvider", "directory": ".", "default_ttl": 3600,
                "enforce_order": false },
            "api": { "class": "octodns_at.At", "base": runner.base, "token": secret, "account": acme,
                // The name servers at the apex are the zone's own, and not for octoDNS to change.
                "strict_supports": false },
        },
        "zones": { "anchor.example.": { "sources": ["file"], "targets": ["api"] } },
    });
    let config = runner.file("config.yaml", &settings.to_string());
    let octodns = |program: &str, rest: &[&str]| {
        let mut command = runner.python(program);
        command.env("PYTHONPATH", format!("{TESTS}/python")).args(["--config-file", config]);
        run(command.args(rest))
    };
    octodns("octodns-sync", &["--doit", "--force"]);
    let own = format!("records WHERE zone_id = {}", facts::zone(&house, acme, "anchor.example"));
    assert_eq!(facts::count(&house, &format!("{own} AND NOT system_record")), 14);
    let before = (state(&house), done(&house));

    let second = octodns("octodns-sync", &["--doit", "--force"]);
    assert!(second.contains("No changes were planned"), "{second}");
    assert!((state(&house), done(&house)) == before, "the second run changed something");

    // What it reads from the API is what it read from the file.
    for (source, into) in [("file", "written"), ("api", "read")] {
        octodns("octodns-dump", &["--output-dir", into, "anchor.example.", source]);
    }
    let dumped = |folder: &str| {
        std::fs::read_to_string(runner.home.path().join(folder).join("anchor.example.yaml")).unwrap()
    };
    assert_eq!(dumped("read"), dumped("written"));
}

#[actix_web::test]
async fn dnslink_dnsimple_sets_a_link_and_its_second_run_changes_nothing() {
    let house = House::open();
    let (_, secret) = token_of(&house, "edit_zone_dns", "example.com").await;
    let runner = Runner::new(&house, &secret);
    let dnslink = |link: &str| {
        let mut node = runner.node();
        node.env("DNSIMPLE_TOKEN", &secret).arg(format!("{TESTS}/npm/node_modules/dnslink-dnsimple/bin.js"));
        let said = run(node.args(["--domain", "example.com", "--link", link]));
        assert!(said.contains(&format!("Updated DNSLink on example.com to dnslink={link}")), "{said}");
    };
    dnslink("/ipfs/one");
    let before = state(&house);
    house.clock.advance(time::Duration::HOUR);
    dnslink("/ipfs/one");
    assert!(state(&house) == before, "the second run changed something");
    dnslink("/ipfs/two");
    let line = |action, link| format!("record.{action} _dnslink.example.com TXT dnslink=/ipfs/{link}");
    assert_eq!(done(&house), [line("created", "one"), line("updated", "two")]);
}

/// The code blocks of an article, with the address, the token and the account put in.
fn blocks(article: &str, runner: &Runner, account: AccountId) -> Vec<String> {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("docs/guide").join(article);
    let text = std::fs::read_to_string(path).unwrap();
    let filled = |block: &str| {
        let block = block.replace("https://tokens.example.com", &runner.base);
        block.replace("TOKEN", &runner.secret).replace("ACCOUNT", &account.to_string())
    };
    text.split("\n```\n").skip(1).step_by(2).map(filled).collect()
}

fn block<'a>(blocks: &'a [String], part: &str) -> &'a str {
    blocks.iter().find(|block| block.contains(part)).unwrap_or_else(|| panic!("no block with {part}"))
}

#[actix_web::test]
async fn the_official_clients_of_the_guide_learn_whose_token_they_have() {
    let house = House::open();
    let acme = house.account("Acme");
    let program = Program::with_everything(&house, acme);
    let runner = Runner::new(&house, program.secret());
    let blocks = blocks("clients.md", &runner, acme);
    let said = run(runner.python("python").args(["-c", block(&blocks, "from dnsimple")]));
    assert_eq!(said.trim(), acme.to_string());
    let said = run(runner.node().args(["-e", block(&blocks, "require(\"dnsimple\")")]));
    assert!(said.contains(&format!("id: {acme}")), "{said}");
}

#[actix_web::test]
async fn cloudflares_client_asks_whether_a_token_works() {
    let house = House::open();
    let program = Program::with_everything(&house, house.account("Acme"));
    let runner = Runner::new(&house, program.secret());
    let ask = "import os; from cloudflare import Cloudflare; \
               client = Cloudflare(api_token=os.environ['TOKEN'], base_url=os.environ['BASE'] + '/client/v4'); \
               print(client.user.tokens.verify().status)";
    assert_eq!(run(runner.python("python").args(["-c", ask])).trim(), "active");
}

#[actix_web::test]
async fn the_commands_of_the_guide_are_answered_as_it_says() {
    let house = House::open();
    let acme = house.account("Acme");
    let program = Program::with_everything(&house, acme);
    let runner = Runner::new(&house, program.secret());
    let blocks = blocks("using.md", &runner, acme);
    runner.file("auth.header", &format!("Authorization: Bearer {}\n", program.secret()));
    let curl = |block: &str| {
        run(runner.command("sh").args(["-c", &format!("curl() {{ command curl -sSi \"$@\"; }}\n{block}")]))
    };
    facts::change(&house, "DELETE FROM records WHERE name = 'www' AND NOT system_record");
    let commands: Vec<&String> = blocks.iter().filter(|block| block.starts_with("curl")).collect();
    assert_eq!(commands.len(), 5);
    for command in commands {
        let status = if command.contains("-d '") { "201 Created" } else { "200 OK" };
        let said = curl(command);
        assert!(said.starts_with(&format!("HTTP/1.1 {status}\r\n")), "{said}");
    }
    let headers = block(&blocks, "xc-token");
    let headers: Value = serde_json::from_str(headers).unwrap();
    let xc_token = headers["headers"]["xc-token"].as_str().unwrap();
    let said = curl(&format!("curl -H 'xc-token: {xc_token}' {}/v2/whoami", runner.base));
    assert!(said.starts_with("HTTP/1.1 200 OK\r\n"), "{said}");
}
