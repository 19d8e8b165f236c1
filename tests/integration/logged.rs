//! What opens something stays out of the log, wherever in a line it would be.

use crate::support::client::{Answer, read};
use crate::support::{House, MEMBER, OWNER, STRANGER, ledger};
use percent_encoding::percent_decode_str;
use std::io::{Read, Write};
use std::net::{Shutdown, TcpStream};
use tokenhouse::models::link::LinkSecret;
use tokenhouse::models::token::secret::{Kind, Secret};

/// A text in the spellings that a path can have.
fn spelled(text: &str) -> Vec<String> {
    let encoded: String = text.bytes().map(|byte| format!("%{byte:02x}")).collect();
    let half = text.len() / 2;
    let mixed = format!("{}{}", &encoded[..half * 3], &text[half..]);
    vec![text.to_owned(), encoded.replace('%', "%25"), encoded, mixed]
}

#[actix_web::test]
async fn a_link_or_a_secret_is_in_no_line_of_the_log_however_its_address_is_spelled() {
    let house = House::open();
    let (link, secret) = (LinkSecret::generate().unwrap(), Secret::generate("tkh", Kind::User).unwrap());
    let held = [link.expose(), secret.expose()];
    held.into_iter().for_each(ledger::put_down);
    for place in [
        "/reset/",
        "/%72eset/",
        "/r%65%73et/",
        "/address/",
        "/invitations/",
        "/reset//",
        "/nowhere/",
        "/v2/1/",
    ] {
        for end in held.into_iter().flat_map(spelled) {
            read(house.anybody().request("GET", &format!("{place}{end}"))).await;
            read(house.anybody().request("GET", &format!("{place}{end}/join"))).await;
        }
    }
    for held in held {
        tracing::warn!(
            cause = format!("could not open “https://tokens.example/reset/{held}”: refused"),
            "from afar"
        );
    }
    let mut log = std::fs::read_to_string(ledger::run_folder().join("log.txt")).unwrap();
    for depth in 0..3 {
        for held in held {
            assert!(!log.contains(held), "decoded {depth} times, the log holds {held}");
        }
        log = percent_decode_str(&log).decode_utf8_lossy().into_owned();
    }
    assert!(log.contains("path=/nowhere/…/join}"), "the rest is logged");
}

/// The last line of a request in the log.
fn line_of(answer: &Answer) -> String {
    let log = std::fs::read_to_string(ledger::run_folder().join("log.txt")).unwrap();
    let of_request = |line: &&str| line.contains(answer.header("x-request-id")) && line.contains("answered");
    log.lines().find(of_request).unwrap_or_else(|| panic!("no line of {answer:?}")).to_owned()
}

#[actix_web::test]
async fn the_line_of_a_request_says_where_the_caller_is_and_who() {
    let house = House::open();
    let acme = house.account("Acme");
    let user = |email| house.user(email).id;
    let refused = house.signed_in(STRANGER).await.get(&format!("/accounts/{acme}/tokens")).await;
    let line = line_of(&refused);
    let who = format!("status=404 from=127.0.0.1 user={}", user(STRANGER));
    assert!(line.contains(&who), "{line}");
    let refused = house.signed_in(MEMBER).await.get(&format!("/accounts/{acme}/settings/limits")).await;
    let line = line_of(&refused);
    let who = format!("status=403 from=127.0.0.1 user={}", user(MEMBER));
    assert!(line.contains(&who), "{line}");
    let line = line_of(&house.anybody().get("/sign-in").await);
    assert!(line.contains("status=200 from=127.0.0.1") && !line.contains("user="), "{line}");
    let (token, secret) = house.signed_in(OWNER).await.make_full_token(acme, "Deploy").await;
    let call = house.anybody().request("GET", &format!("/v2/{acme}/zones/none.example")).bearer_auth(secret);
    let line = line_of(&read(call).await);
    assert!(line.contains(&format!("status=404 from=127.0.0.1 token={token}")), "{line}");
}

/// Sends bytes as they are; what comes back until the connection ends.
fn sent(house: &House, bytes: &[u8]) -> String {
    let mut connection = TcpStream::connect(house.address).unwrap();
    connection.write_all(bytes).unwrap();
    connection.shutdown(Shutdown::Write).unwrap();
    let mut answer = Vec::new();
    let _ = connection.read_to_end(&mut answer);
    String::from_utf8_lossy(&answer).into_owned()
}

#[actix_web::test]
async fn what_is_not_http_leaves_no_error_in_the_log() {
    let house = House::open();
    let log = || std::fs::read_to_string(ledger::run_folder().join("log.txt")).unwrap();
    let before = log().len();
    for junk in [&b"\x16\x03\x01\x02\x00\x01\x00\r\n\r\n"[..], b"GET / HTTP/9.9\r\n\r\n", b"\r\n: \r\n\r\n"] {
        assert!(sent(&house, junk).starts_with("HTTP/1.1 400"), "{}", junk.escape_ascii());
    }
    let log = log();
    let error = log[before..].lines().find(|line| line.contains("ERROR actix_http"));
    assert_eq!(error, None);
}

#[actix_web::test]
async fn a_body_whose_parts_are_broken_is_answered() {
    let house = House::open();
    for path in ["/sign-in", "/leaked", "/v2/whoami", "/v2/1/zones"] {
        let head = format!("POST {path} HTTP/1.1\r\nHost: localhost\r\nTransfer-Encoding: chunked\r\n\r\n");
        for parts in ["zz\r\n", "3\r\nabcdef\r\n", "3\r\nabc\r\nzz\r\n"] {
            let answer = sent(&house, format!("{head}{parts}").as_bytes());
            assert!(
                answer.starts_with("HTTP/1.1 4") || answer.starts_with("HTTP/1.1 202"),
                "{path} {parts:?}: {answer}"
            );
        }
    }
}
