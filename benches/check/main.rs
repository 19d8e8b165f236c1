//! What a call costs: one table, every row beside the bare handler. `script/bench` runs it, and
//! says where the server's release build is.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::print_stdout,
    clippy::print_stderr,
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "a broken expectation ends the run; the table is what it prints"
)]

#[path = "../../tests/support/mod.rs"]
mod support;

mod fill;
mod load;

use crate::fill::{LISTS, MAKING, Secrets};
use crate::load::{CONNECTIONS, Load, Run, Spent, Watched};
use crate::support::client::{Answer, Browser, read};
use crate::support::{OWNER, ledger};
use secrecy::SecretString;
use std::fs;
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::Duration;
use tokenhouse::db;
use tokenhouse::db::private::{DATABASE, PrivatePostgres, Tuning};

/// A line of the table.
struct Row<'a> {
    server: &'a Served,
    name: String,
    status: u16,
    /// The status of the answer to its first request, sent once.
    answered: u16,
    load: Load,
}

/// How much is done: for a table, or to try it out.
struct Size {
    tokens: i64,
    live: usize,
    rounds: usize,
    seconds: u32,
    bare_seconds: u32,
}

const WHOLE: Size = Size { tokens: 1_000_000, live: 10_000, rounds: 3, seconds: 5, bare_seconds: 3 };
const QUICK: Size = Size { tokens: 20_000, live: 2_000, rounds: 1, seconds: 2, bare_seconds: 1 };

fn main() {
    // cargo passes `--bench` along; what is asked of this run comes after it.
    let asked: Vec<String> = std::env::args().skip(1).filter(|argument| argument != "--bench").collect();
    let size = if asked.iter().any(|argument| argument == "--quick") { QUICK } else { WHOLE };
    let only = asked.iter().find(|argument| !argument.starts_with('-')).cloned();
    let folder = ledger::run_folder();
    let postgres = PrivatePostgres::start(&folder.join("pg"), Tuning { durable: true }).unwrap();
    let url = postgres.url(DATABASE);
    eprintln!("filling in {} tokens …", size.tokens);
    let mut conn = db::connect(&SecretString::from(url.clone())).unwrap();
    db::migrate(&mut conn).unwrap();
    let secrets = fill::fill(&mut conn, size.tokens, size.live);
    drop(conn);
    pgbench(&["-i", "-q", "-s", "10"], &url);
    let server = Served::start(&url, &[]);
    // The same tokens in front of an API that runs elsewhere, and nginx in front of both: one that asks the
    // check, and one that asks what always says yes.
    let catalogue = folder.join("catalogue.toml");
    fs::write(&catalogue, CATALOGUE).unwrap();
    let check = Served::start(&url, &["--catalogue", catalogue.to_str().unwrap()]);
    // A yes is empty: nginx keeps no connection on which it left a body.
    let yes = "location /authorize/ { add_header X-Token-Id 1; return 200; }";
    let fixed =
        Served::nginx(&folder, &format!("server {{ listen 80; {yes} location / {{ return 200 served; }} }}"));
    let asking = Served::asking(&folder, check.address, fixed.address);
    let asking_fixed = Served::asking(&folder, fixed.address, fixed.address);
    let pid = fs::read_to_string(folder.join("pg/postgres/postmaster.pid")).unwrap();
    let postmaster = pid.lines().next().unwrap().trim().parse().unwrap();
    let watched = Watched { server: server.process.id(), postmaster };
    let mut rows = actix_web::rt::System::new().block_on(rows(&server, &secrets, &folder, &size));
    rows.extend(questions(&check, &secrets, &folder));
    let proxied = [
        (&asking, "through nginx, which asks the check"),
        (&asking_fixed, "through nginx, which asks what always says yes"),
    ];
    rows.extend(
        proxied.map(|(nginx, name)| {
            nginx.row(&folder, name, 200, CONNECTIONS, &[call("/me", &secrets.many[0])])
        }),
    );
    println!(
        "\n| row | requests/s | of the bare handler | p50 ms | p99 ms | CPU µs server | CPU µs Postgres | peak MB |\n\
         | --- | --- | --- | --- | --- | --- | --- | --- |"
    );
    let bare = &rows[0];
    bare.load.run(&server.address.to_string(), 1, &watched);
    let mut bares = Vec::new();
    let wanted = |row: &&Row| only.as_ref().is_none_or(|only| row.name.contains(only));
    let measured: Vec<bool> = rows
        .iter()
        .skip(1)
        .filter(wanted)
        .map(|row| measure(row, bare, &mut bares, &watched, &size))
        .collect();
    if measured.is_empty() {
        eprintln!("no row has that in its name");
    }
    if !bares.is_empty() {
        print_row("the bare handler, `/healthz`", &median(&mut bares, |run| run.rate), 1.0);
    }
    let compared = select_only(&url, &watched, &size);
    // A table that lacks a row isn't a result.
    let failed = !compared || measured.is_empty() || measured.contains(&false);
    drop(rows);
    drop((asking, asking_fixed, fixed, check, server));
    postgres.stop().unwrap();
    std::process::exit(i32::from(failed));
}

/// Round by round beside the bare handler: others may be at work on the machine, and the ratio of
/// two neighbours does not care.
fn measure(row: &Row, bare: &Row, bares: &mut Vec<Run>, watched: &Watched, size: &Size) -> bool {
    if row.answered != row.status {
        println!("| {} | FAILED: answered {}, not {} |", row.name, row.answered, row.status);
        return false;
    }
    let (address, of_bare) = (row.server.address.to_string(), bare.server.address.to_string());
    let of_row = Watched { server: row.server.process.id(), ..*watched };
    let mut runs = Vec::new();
    row.load.run(&address, 1, &of_row);
    for _ in 0..size.rounds {
        let before = bare.load.run(&of_bare, size.bare_seconds, watched);
        runs.push((row.load.run(&address, size.seconds, &of_row), before));
        bares.push(before);
    }
    let right = |run: &Run| if row.status >= 400 { run.refused == run.answers } else { run.refused == 0 };
    if let Some((run, _)) = runs.iter().find(|(run, _)| !right(run)) {
        println!("| {} | FAILED: {} of {} answers were refusals |", row.name, run.refused, run.answers);
        return false;
    }
    let (run, before) = median(&mut runs, |(run, before)| run.rate / before.rate);
    print_row(&row.name, &run, run.rate / before.rate);
    true
}

fn median<T: Clone>(runs: &mut [T], by: impl Fn(&T) -> f64) -> T {
    runs.sort_by(|left, right| by(left).total_cmp(&by(right)));
    runs[runs.len() / 2].clone()
}

fn print_row(name: &str, run: &Run, ratio: f64) {
    println!(
        "| {name} | {:.0} | {ratio:.2} | {:.2} | {:.2} | {:.1} | {:.1} | {:.0} |",
        run.rate, run.p50, run.p99, run.server, run.postgres, run.memory
    );
    eprintln!("  {name}: wrk itself took {:.1} µs a request", run.wrk);
}

/// Every row, asked once each so that the status is the right one to the letter.
async fn rows<'a>(server: &'a Served, secrets: &Secrets, folder: &Path, size: &Size) -> Vec<Row<'a>> {
    let mut owner = Browser::new(server.address);
    owner.get("/sign-in").await;
    let answer = owner.post("/sign-in", &[("email", OWNER), ("password", &ledger::password())]).await;
    let session = cookie(&answer, "tokenhouse");
    owner.get("/accounts").await;
    let page = |account: i64| {
        format!(
            "GET /accounts/{account}/tokens HTTP/1.1\r\nHost: bench\r\nCookie: {session}\r\nAccept-Encoding: gzip\r\n\r\n"
        )
    };
    let whoami = |secret: &String| call("/v2/whoami", secret);
    let mistyped = {
        let last = secrets.many[0].chars().last().unwrap();
        let wrong = if last == 'x' { 'y' } else { 'x' };
        format!("{}{wrong}", &secrets.many[0][..secrets.many[0].len() - 1])
    };
    let many: Vec<String> = secrets.many.iter().map(whoami).collect();
    let records = format!("/v2/{}/zones/example.com/records", secrets.acme);
    let mut wanted = vec![
        (
            "the bare handler".to_owned(),
            200,
            CONNECTIONS,
            vec!["GET /healthz HTTP/1.1\r\nHost: bench\r\n\r\n".to_owned()],
        ),
        ("whoami, one hot token".to_owned(), 200, CONNECTIONS, many[..1].to_vec()),
        ("whoami, 50 tokens".to_owned(), 200, CONNECTIONS, many[..50].to_vec()),
        (format!("whoami, {} tokens at random", size.live), 200, CONNECTIONS, many.clone()),
        (
            "whoami, a token that names 500 resources".to_owned(),
            200,
            CONNECTIONS,
            vec![whoami(&secrets.naming_many)],
        ),
        ("mistyped: 401".to_owned(), 401, CONNECTIONS, vec![whoami(&mistyped)]),
        ("deleted: 401".to_owned(), 401, CONNECTIONS, vec![whoami(&secrets.deleted)]),
        (
            "records of a zone, a token narrowed to it".to_owned(),
            200,
            CONNECTIONS,
            vec![call(&records, &secrets.narrowed)],
        ),
    ];
    for (account, tokens) in LISTS {
        let tokens = tokens.min(size.tokens / 2);
        wanted.push((format!("list page, {tokens} tokens"), 200, 8, vec![page(account)]));
    }
    wanted.push(("token creation".to_owned(), 200, 8, vec![creation(&mut owner, &session).await]));
    wanted.push(("sign-in".to_owned(), 303, 8, vec![sign_in(server).await]));
    wanted
        .into_iter()
        .map(|(name, status, connections, requests)| {
            server.row(folder, &name, status, connections, &requests)
        })
        .collect()
}

/// An API that runs elsewhere, for the tokens that are there.
const CATALOGUE: &str = r#"
format = 2
[product]
name = "Elsewhere"
prefix = "tkh"
[accounts]
in_path = "absent"
[[kinds]]
key = "zone"
title = "Zone"
plural = "zones"
pattern = "[a-z0-9.-]{1,253}"
example = "example.com"
unique = "site"
[[categories]]
key = "all"
title = "All"
[[permissions]]
key = "zones"
title = "Zones"
description = "Zones."
object = "zones"
category = "all"
narrowed_by = "zone"
levels = ["read", "write"]
lowest_role = { read = "read_only", write = "read_write" }
[[plans]]
key = "enterprise"
title = "Enterprise"
scoped = true
[[routes]]
methods = ["GET"]
path = "/me"
any_token = true
[[routes]]
methods = ["GET"]
path = "/zones/{zone}"
scope = "zones:read"
"#;

/// What proxies ask.
fn questions<'a>(check: &'a Served, secrets: &Secrets, folder: &Path) -> [Row<'a>; 3] {
    [
        ("authorize, one hot token", &secrets.many[0], "/me"),
        ("authorize, a token that names a zone", &secrets.narrowed, "/zones/example.com"),
        ("authorize, a token that names 500 zones", &secrets.naming_many, "/zones/zone-7.example"),
    ]
    .map(|(name, secret, target)| {
        let question = format!(
            "GET /authorize/nginx HTTP/1.1\r\nHost: bench\r\nAuthorization: Bearer {secret}\r\n\
             X-Original-Method: GET\r\nX-Original-URI: {target}\r\nX-Forwarded-For: 192.0.2.7\r\n\r\n"
        );
        check.row(folder, name, 200, CONNECTIONS, &[question])
    })
}

/// The cookie of this name that an answer sets, as a browser sends it back.
fn cookie(answer: &Answer, name: &str) -> String {
    let cookie = answer.cookie(name).split(';').next().unwrap();
    assert!(!cookie.is_empty(), "no cookie {name}: {}", answer.text());
    cookie.to_owned()
}

fn call(path: &str, secret: &String) -> String {
    format!("GET {path} HTTP/1.1\r\nHost: bench\r\nAuthorization: Bearer {secret}\r\n\r\n")
}

fn form(path: &str, headers: &str, fields: &[(&str, &str)]) -> String {
    let mut body = form_urlencoded::Serializer::new(String::new());
    // What wrk's script puts in is longer than its place: the length is that of the whole.
    let body = body.extend_pairs(fields).finish().replace("%40UUID%40", "@UUID@");
    let length = body.replace("@UUID@", &uuid::Uuid::nil().to_string()).len();
    format!(
        "POST {path} HTTP/1.1\r\nHost: bench\r\nSec-Fetch-Site: same-origin\r\n{headers}\
         Content-Type: application/x-www-form-urlencoded\r\nContent-Length: {length}\r\n\r\n{body}"
    )
}

async fn creation(owner: &mut Browser, session: &str) -> String {
    owner.get(&format!("/accounts/{MAKING}/tokens/new")).await;
    let fields = [
        ("csrf", owner.csrf.as_str()),
        ("nonce", "@UUID@"),
        ("do", "generate"),
        ("name", "Bench"),
        ("reach", "everything"),
        ("expires", "90"),
    ];
    form(&format!("/accounts/{MAKING}/tokens"), &format!("Cookie: {session}\r\n"), &fields)
}

/// From a new address each time: only so many are let in from one.
async fn sign_in(server: &Served) -> String {
    let nobody = Browser::new(server.address);
    let answer = read(nobody.request("GET", "/sign-in")).await;
    let cookie = cookie(&answer, "tokenhouse-form");
    let password = ledger::password();
    let csrf = answer.value_of("csrf");
    let fields = [("csrf", csrf.as_str()), ("email", OWNER), ("password", &password)];
    form("/sign-in", &format!("Cookie: {cookie}\r\nX-Forwarded-For: @ADDRESS@\r\n"), &fields)
}

/// `pgbench -S`: Postgres alone, a row by its key. `false` when it measured nothing.
fn select_only(url: &str, watched: &Watched, size: &Size) -> bool {
    let seconds = size.seconds.to_string();
    let before = Spent::now(watched);
    let said = pgbench(&["-S", "-M", "prepared", "-n", "-c", "8", "-j", "1", "-T", &seconds], url);
    let spent = Spent::now(watched).since(before);
    let number = |start: &str| -> f64 {
        let line = said.lines().find_map(|line| line.strip_prefix(start)).unwrap_or_default();
        line.trim_start_matches(['=', ' '])
            .split(' ')
            .next()
            .and_then(|word| word.parse().ok())
            .unwrap_or(0.0)
    };
    let (rate, answers) = (number("tps"), number("number of transactions actually processed:"));
    println!(
        "| `pgbench -S`, 8 connections | {rate:.0} | – | {:.2} (mean) | – | – | {:.1} | – |",
        number("latency average"),
        spent.postgres / answers.max(1.0)
    );
    rate > 0.0
}

fn pgbench(arguments: &[&str], url: &str) -> String {
    let program = std::env::var("PGBENCH").unwrap_or_else(|_| "pgbench".to_owned());
    let output = Command::new(program).args(arguments).arg(url).output().expect("pgbench runs");
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8_lossy(&output.stdout).into_owned()
}

/// The program that is measured.
fn tokenhouse() -> Command {
    Command::new(std::env::var("TOKENHOUSE_BINARY").expect("where the release build is"))
}

/// An address that is free now, and taken in a moment.
fn free() -> SocketAddr {
    TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap()
}

/// The release build or a proxy, as a process of its own.
struct Served {
    address: SocketAddr,
    process: Child,
}

impl Served {
    fn start(url: &str, more: &[&str]) -> Served {
        let address = free();
        let process = tokenhouse()
            .args(["serve", "--listen", &address.to_string(), "--trusted-proxy", "127.0.0.1"])
            .args(more)
            .env("DATABASE_URL", url)
            // Lines are written as always; where they end is not what is measured.
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        Served::once_open(address, process)
    }

    /// nginx as `proxy-config` sets it up.
    fn asking(folder: &Path, check: SocketAddr, api: SocketAddr) -> Served {
        let output = tokenhouse()
            .args(["proxy-config", "nginx", "--check", &check.to_string()])
            .args(["--upstream", &api.to_string(), "--name", "bench"])
            .output()
            .unwrap();
        Served::nginx(folder, &String::from_utf8(output.stdout).unwrap())
    }

    /// nginx that listens at a free port in place of 80.
    fn nginx(folder: &Path, servers: &str) -> Served {
        let address = free();
        assert!(servers.contains("listen 80;"), "{servers}");
        let servers = servers.replace("listen 80;", &format!("listen {address};"));
        let home = folder.join(format!("nginx-{}", address.port()));
        fs::create_dir(&home).unwrap();
        let settings = format!(
            "daemon off; master_process off; pid pid; error_log stderr; events {{}}\n\
             http {{ access_log off; keepalive_requests 1000000000;\n\
             client_body_temp_path a; proxy_temp_path b; fastcgi_temp_path c; uwsgi_temp_path d;\n\
             scgi_temp_path e;\n{servers} }}\n"
        );
        fs::write(home.join("nginx.conf"), settings).unwrap();
        let process = Command::new("/usr/sbin/nginx")
            .args(["-p", home.to_str().unwrap(), "-c", "nginx.conf", "-e", "stderr"])
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        Served::once_open(address, process)
    }

    /// A row about what it answers.
    fn row(&self, folder: &Path, name: &str, status: u16, connections: u32, requests: &[String]) -> Row<'_> {
        let answered = self.status(&requests[0]);
        let load = Load::of(folder, name, connections, requests);
        Row { server: self, name: name.to_owned(), status, answered, load }
    }

    fn once_open(address: SocketAddr, process: Child) -> Served {
        let served = Served { address, process };
        for _ in 0..200 {
            if TcpStream::connect(address).is_ok() {
                return served;
            }
            std::thread::sleep(Duration::from_millis(50));
        }
        panic!("nothing listens at {address}");
    }

    /// The status of the answer to a request as wrk would send it.
    fn status(&self, request: &str) -> u16 {
        use std::io::{BufRead as _, BufReader, Write as _};
        let request =
            request.replace("@UUID@", &uuid::Uuid::new_v4().to_string()).replace("@ADDRESS@", "10.0.0.1");
        let mut stream = TcpStream::connect(self.address).unwrap();
        stream.write_all(request.as_bytes()).unwrap();
        let mut line = String::new();
        BufReader::new(stream).read_line(&mut line).unwrap();
        line.split(' ').nth(1).and_then(|status| status.parse().ok()).unwrap_or(0)
    }
}

impl Drop for Served {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}
