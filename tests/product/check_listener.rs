//! A listener of its own for the check.

use crate::check::token;
use crate::commands::refused;
use crate::pages::open_with;
use crate::support::{House, SHOP, database, ledger};
use std::io::{Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::os::unix::fs::PermissionsExt;
use std::os::unix::net::{UnixListener, UnixStream};
use std::path::Path;
use tokenhouse::config::{CheckListen, Config};
use tokenhouse::policy::AccountId;

/// The status of an answer, and all of it.
fn asked(mut stream: impl Read + Write, path: &str, secret: &str) -> (u16, String) {
    let request = format!(
        "GET {path} HTTP/1.1\r\nHost: check\r\nConnection: close\r\nAuthorization: Bearer {secret}\r\n\
         X-Original-Method: GET\r\nX-Original-URI: /v1/stores/berlin/orders\r\n\r\n"
    );
    stream.write_all(request.as_bytes()).unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).unwrap();
    (answer.split(' ').nth(1).unwrap().parse().unwrap(), answer)
}

fn at(address: SocketAddr, path: &str, secret: &str) -> u16 {
    asked(TcpStream::connect(address).unwrap(), path, secret).0
}

fn by(socket: &Path, path: &str, secret: &str) -> u16 {
    asked(UnixStream::connect(socket).unwrap(), path, secret).0
}

/// Everything else that a server answers.
const OTHERS: [&str; 7] =
    ["/", "/sign-in", "/healthz", "/readyz", "/v2/whoami", "/static/app.css", "/authorize"];

#[actix_web::test]
async fn at_an_address_only_the_check_answers_and_only_a_proxy_that_is_trusted() {
    for listens in ["127.0.0.1:0", "0.0.0.0:0", "[::]:0"] {
        for (trusted, yes) in [("127.0.0.1/32", 200), ("192.0.2.1/32", 404)] {
            let (house, acme) = open_with(|config: &mut Config| {
                config.check_listen = CheckListen::parse(listens);
                config.trusted_proxies = vec![trusted.parse().unwrap()];
            });
            let (_, secret) = token(&house, acme, &["orders:berlin:read"]);
            let check = SocketAddr::from(([127, 0, 0, 1], house.check.unwrap().port()));
            assert_eq!(at(check, "/authorize/nginx", &secret), yes, "{listens} {trusted}");
            for path in OTHERS {
                assert_eq!(at(check, path, &secret), 404, "{listens} {path}");
            }
            assert_eq!(at(house.address, "/healthz", &secret), 200);
        }
    }
}

/// A server whose check listens at this socket.
fn listening(socket: &Path) -> (House, AccountId) {
    open_with(|config| config.check_listen = Some(CheckListen::Unix(socket.to_owned())))
}

#[actix_web::test]
async fn at_a_socket_only_the_check_answers_those_who_may_open_it() {
    let folder = tempfile::tempdir_in(ledger::run_folder()).unwrap();
    let socket = folder.path().join("check.sock");
    // A server that was killed has left its own behind.
    drop(UnixListener::bind(&socket).unwrap());
    assert!(UnixStream::connect(&socket).is_err());
    let (house, acme) = listening(&socket);
    let (_, secret) = token(&house, acme, &["orders:berlin:read"]);
    assert_eq!(by(&socket, "/authorize/nginx", &secret), 200);
    for path in OTHERS {
        assert_eq!(by(&socket, path, &secret), 404, "{path}");
    }
    // Its owner and its group: nginx runs as another user.
    assert_eq!(std::fs::metadata(&socket).unwrap().permissions().mode() & 0o777, 0o660);
    house.close();
    let (house, _) = listening(&socket);
    assert_eq!(
        by(&socket, "/authorize/nginx", "none"),
        401,
        "a server that was stopped left nothing in the way"
    );
    house.close();
}

#[actix_web::test]
async fn a_socket_in_use_and_a_file_that_is_none_are_left_alone() {
    let folder = tempfile::tempdir_in(ledger::run_folder()).unwrap();
    let socket = folder.path().join("check.sock");
    let (house, acme) = listening(&socket);
    let (_, secret) = token(&house, acme, &["orders:berlin:read"]);
    let file = folder.path().join("notes.txt");
    std::fs::write(&file, "kept").unwrap();
    let url = database::url(&house.database);
    for (at, why) in [
        (&socket, "Address already in use"),
        (&file, "Address already in use"),
        (&folder.path().join("missing/check.sock"), "No such file or directory"),
    ] {
        let at = format!("unix:{}", at.display());
        let serve = ["serve", "--catalogue", SHOP, "--database-url", &url, "--listen", "127.0.0.1:0"];
        let said = refused(&[&serve[..], &["--check-listen", &at]].concat());
        assert!(said.contains(&format!("the check cannot listen at {at}: {why}")), "{said}");
        assert!(said.contains("--check-listen"), "{said}");
    }
    assert_eq!(by(&socket, "/authorize/nginx", &secret), 200);
    assert_eq!(std::fs::read_to_string(&file).unwrap(), "kept");
}
