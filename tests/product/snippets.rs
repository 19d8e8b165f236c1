//! The programs of the guide that read the headers in an app, cut out of its own file and run behind nginx
//! with the printed configuration.

#![cfg(target_os = "linux")]

use crate::check::token;
use crate::pages::open_with;
use crate::support::proxy::Program;
use crate::support::wire::Call;
use crate::support::{SHOP, ledger};
use serde_json::{Value, json};
use std::net::{SocketAddr, TcpStream};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use tokenhouse::models::{Account, Reference};

const GUIDE: &str = include_str!("../../docs/guide/headers.md");
const ORDERS: &str = "/v1/stores/berlin/orders";

/// The program in this language.
fn program(language: &str) -> &'static str {
    let (_, rest) = GUIDE.split_once(&format!("\n```{language}\n")).unwrap();
    let (code, _) = rest.split_once("```").unwrap();
    assert!(code.lines().count() <= 30, "{language} has {} lines", code.lines().count());
    code
}

/// A program of the guide that runs, until this is dropped.
struct App {
    child: Option<Child>,
    address: SocketAddr,
    _folder: tempfile::TempDir,
}

impl Drop for App {
    fn drop(&mut self) {
        if let Some(child) = &mut self.child {
            let _ = child.kill();
            let _ = child.wait();
        }
    }
}

/// An address of the loopback network that's this test's alone, so that each program can keep the port that
/// the guide gives it.
fn own_address(number: u8) -> String {
    let [.., high, low] = std::process::id().to_be_bytes();
    format!("127.{}.{high}.{low}", 101 + number)
}

impl App {
    /// Writes the program of this language to a file, and runs what `start` makes of its path and address.
    fn start(number: u8, language: &str, file: &str, start: impl FnOnce(&Path, &str) -> Command) -> App {
        let folder = tempfile::Builder::new().prefix("app").tempdir_in(ledger::run_folder()).unwrap();
        let address = own_address(number);
        let path = folder.path().join(file);
        std::fs::write(&path, program(language).replace("127.0.0.1", &address)).unwrap();
        let log = std::fs::File::create(folder.path().join("log")).unwrap();
        let mut child = start(&path, &address)
            .current_dir(folder.path())
            .stdin(Stdio::null())
            .stdout(log.try_clone().unwrap())
            .stderr(log)
            .spawn()
            .unwrap();
        let address = format!("{address}:3000").parse().unwrap();
        while TcpStream::connect(address).is_err() {
            let said = || std::fs::read_to_string(folder.path().join("log")).unwrap();
            assert!(matches!(child.try_wait(), Ok(None)), "{language} doesn't start: {}", said());
            std::thread::yield_now();
        }
        App { child: Some(child), address, _folder: folder }
    }
}

/// The app is told whose call it is, and nothing that a client says of itself; it refuses what comes around
/// the proxy.
fn knows_whose_call_it_is(app: &App) {
    let (house, acme) = open_with(|config| config.trusted_proxies = vec!["127.0.0.1/32".parse().unwrap()]);
    let mut conn = house.conn();
    let account = Account::find(&mut conn, acme).unwrap().unwrap();
    let reference = Reference::parse("cust_7").unwrap();
    account.set_reference(&mut conn, &reference, &house.command_line()).unwrap();
    let (id, secret) = token(&house, acme, &["orders:berlin:write"]);
    let proxy = Program::Nginx.start(SHOP, &house.address.to_string(), app.address);
    let identity = json!({
        "X-Token-Id": id.to_string(), "X-Account-Id": acme.to_string(), "X-Account-Ref": "cust_7",
        "X-User-Id": null, "X-User-Ref": null, "X-Token-Scope": "orders:berlin:read", "X-Token-Resources": null,
    });
    let own = || Call::new("GET", ORDERS).bearing(&secret);
    let forged = identity.as_object().unwrap().keys().fold(own(), |call, name| {
        call.with(name, "1").with(&name.to_ascii_lowercase().replace('-', "_"), "1")
    });
    for call in [own(), forged] {
        let seen = call.send(proxy.address);
        assert_eq!(seen.status, 200, "{seen:?}");
        assert_eq!(serde_json::from_str::<Value>(&seen.body).unwrap(), identity);
    }
    let neighbour = Call::new("GET", "/v1/stores/munich/orders").bearing(&secret);
    assert_eq!(neighbour.send(proxy.address).status, 404);
    for around in [own(), own().with("X-Token-Id", ""), own().with("X-Account-Id", "1")] {
        let seen = around.send(app.address);
        assert_eq!(seen.status, 401, "{seen:?}");
        assert!(seen.body.contains("Call this API through its proxy."), "{seen:?}");
    }
}

fn in_tests(path: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests").join(path)
}

#[actix_web::test]
async fn express_reads_the_headers() {
    let app = App::start(0, "js", "app.js", |file, _| {
        let mut command = Command::new("node");
        command.arg(file).env("NODE_PATH", in_tests("npm/node_modules"));
        command
    });
    knows_whose_call_it_is(&app);
}

#[actix_web::test]
async fn fastapi_reads_the_headers() {
    let app = App::start(1, "python", "app.py", |file, _| {
        let mut command = Command::new(in_tests("python/venv/bin/python"));
        command.arg(file);
        command
    });
    knows_whose_call_it_is(&app);
}

#[actix_web::test]
async fn go_reads_the_headers() {
    let app = App::start(2, "go", "main.go", |file, _| {
        let built = file.with_file_name("app");
        let mut build = Command::new("go");
        build.args(["build", "-o"]).args([&built, file]).env("GOFLAGS", "").env("GOTOOLCHAIN", "local");
        let output = build.env("GOCACHE", ledger::run_folder().join("go")).output().unwrap();
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
        Command::new(built)
    });
    knows_whose_call_it_is(&app);
}

/// As it's in the guide, but for the address: `build.rs` cuts it out.
#[allow(clippy::pedantic, reason = "written for readers of the guide")]
mod actix {
    include!(concat!(env!("OUT_DIR"), "/actix.rs"));

    pub fn run() {
        main().unwrap();
    }
}

/// Where the program for actix-web listens.
fn actix_address() -> String {
    own_address(3)
}

#[actix_web::test]
async fn actix_web_reads_the_headers() {
    assert!(program("rust").contains("(\"127.0.0.1\", 3000)"));
    std::thread::spawn(actix::run);
    let address = format!("{}:3000", actix_address()).parse().unwrap();
    while TcpStream::connect(address).is_err() {
        std::thread::yield_now();
    }
    let folder = tempfile::tempdir_in(ledger::run_folder()).unwrap();
    knows_whose_call_it_is(&App { child: None, address, _folder: folder });
}

#[actix_web::test]
async fn rack_reads_the_headers() {
    let app = App::start(4, "ruby", "config.ru", |file, address| {
        let mut command = Command::new("rackup");
        command.args(["--server", "webrick", "--host", address, "--port", "3000"]).arg(file);
        command
    });
    knows_whose_call_it_is(&app);
}

#[actix_web::test]
async fn php_reads_the_headers() {
    let app = App::start(5, "php", "index.php", |file, address| {
        let mut command = Command::new("php");
        command.args(["-S", &format!("{address}:3000")]).arg(file);
        command
    });
    knows_whose_call_it_is(&app);
}
