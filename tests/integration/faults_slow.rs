//! Everything is slow: the database, and those who call.

use super::hole::Hole;
use super::two_processes::Node;
use crate::commands::Shell;
use crate::support::client::{read, whoami};
use crate::support::{House, OWNER, START, database};
use futures_util::future::join_all;
use std::io::{ErrorKind, Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::sync::{Condvar, Mutex};
use std::time::{Duration, Instant};
use tokenhouse::clock::Clock;

/// A connection that sent this much and then no more.
fn begun(address: SocketAddr, sent: &str) -> TcpStream {
    let mut stream = TcpStream::connect(address).unwrap();
    stream.write_all(sent.as_bytes()).unwrap();
    stream
}

/// What comes until the server closes the connection, and how long that takes.
fn until_cut(mut stream: TcpStream, longest: Duration) -> (String, Duration) {
    let begun = Instant::now();
    stream.set_read_timeout(Some(longest)).unwrap();
    let (mut said, mut bytes) = (Vec::new(), [0; 4_096]);
    loop {
        match stream.read(&mut bytes) {
            Ok(0) => break,
            Ok(count) => said.extend_from_slice(&bytes[..count]),
            Err(error) if error.kind() == ErrorKind::ConnectionReset => break,
            Err(error) => panic!("it was not cut within {longest:?}: {error}"),
        }
    }
    (String::from_utf8_lossy(&said).into_owned(), begun.elapsed())
}

/// What a call takes, in the middle of twenty.
async fn median(house: &House, secret: &str) -> Duration {
    let mut took = Vec::new();
    for _ in 0..20 {
        let begun = Instant::now();
        assert_eq!(whoami(house.address, secret).await.0, 200);
        took.push(begun.elapsed());
    }
    took.sort();
    took[took.len() / 2]
}

#[actix_web::test]
async fn with_a_slow_database_thirty_two_callers_do_not_pile_up() {
    let name = database::fresh();
    let hole = Hole::before(&database::url(&name));
    let house = House::at(hole.url.clone(), name, Clock::fixed(START), |_| {});
    let acme = house.account("Acme");
    house.set_plan("Acme", "enterprise");
    let (_, secret) = house.signed_in(OWNER).await.make_full_token(acme, "Deploy").await;
    hole.set_late(Duration::from_millis(40));
    let one = median(&house, &secret).await;
    let callers = join_all((0..32).map(|_| async {
        let mut took = Vec::new();
        for _ in 0..6 {
            let begun = Instant::now();
            let (status, _) = whoami(house.address, &secret).await;
            took.push((begun.elapsed(), status.as_u16()));
        }
        took
    }));
    let mut took: Vec<(Duration, u16)> = callers.await.into_iter().flatten().collect();
    took.sort();
    let p99 = took[took.len() * 99 / 100].0;
    assert!(took.iter().all(|(_, status)| *status == 200), "{took:?}");
    assert!(p99 < one * 10, "p99 {p99:?} with 32, {one:?} alone");
}

#[actix_web::test]
async fn a_database_slower_than_anybody_waits_is_said_with_when_to_come_again() {
    let name = database::fresh();
    let hole = Hole::before(&database::url(&name));
    let house = House::at(hole.url.clone(), name, Clock::fixed(START), |_| {});
    let acme = house.account("Acme");
    let (_, secret) = house.signed_in(OWNER).await.make_full_token(acme, "Deploy").await;
    hole.set_late(Duration::from_secs(6));
    let begun = Instant::now();
    let request = reqwest::Client::new().get(house.url("/v2/whoami")).bearer_auth(&secret);
    let answer = read(request).await;
    assert_eq!((answer.status.as_u16(), answer.header("retry-after")), (503, "2"));
    assert!(begun.elapsed() < Duration::from_secs(5), "{:?}", begun.elapsed());
    hole.set_late(Duration::ZERO);
}

#[actix_web::test]
async fn those_who_send_slowly_keep_nobody_waiting_and_are_cut() {
    let house = House::open();
    let acme = house.account("Acme");
    let (_, secret) = house.signed_in(OWNER).await.make_full_token(acme, "Deploy").await;
    let head = "GET /v2/whoami HTTP/1.1\r\nhost: house\r\nx-slow: ";
    let body = "POST /sign-in HTTP/1.1\r\nhost: house\r\ncontent-type: application/x-www-form-urlencoded\r\n\
                content-length: 90000\r\n\r\nemail=";
    let alone = median(&house, &secret).await;
    let heads: Vec<TcpStream> = (0..120).map(|_| begun(house.address, head)).collect();
    let bodies: Vec<TcpStream> = (0..120).map(|_| begun(house.address, body)).collect();
    // These ask and never read what they are answered.
    let ask = "GET /v2/openapi.json HTTP/1.1\r\nhost: house\r\n\r\n".repeat(20);
    let _deaf: Vec<TcpStream> = (0..10).map(|_| begun(house.address, &ask)).collect();
    let among = median(&house, &secret).await;
    assert!(among < alone * 5 + Duration::from_millis(100), "{among:?} among them, {alone:?} alone");
    let cut = std::thread::spawn(move || {
        let heads = heads.into_iter().map(|one| until_cut(one, Duration::from_secs(25)).0);
        let heads: Vec<String> = heads.collect();
        (heads, until_cut(bodies.into_iter().next().unwrap(), Duration::from_secs(45)).0)
    });
    let (heads, body) = cut.join().unwrap();
    assert!(heads.iter().all(|said| said.is_empty() || said.starts_with("HTTP/1.1 408")), "{:?}", heads[0]);
    assert!(body.starts_with("HTTP/1.1 400"), "{body}");
    assert_eq!(whoami(house.address, &secret).await.0, 200);
}

#[actix_web::test]
async fn who_takes_nothing_of_a_long_answer_is_cut() {
    let house = House::open();
    let ask = "GET /v2/openapi.json HTTP/1.1\r\nhost: house\r\n\r\n".repeat(20);
    let mut deaf = begun(house.address, &ask);
    rustix::net::sockopt::set_socket_recv_buffer_size(&deaf, 4_096).unwrap();
    let cut = actix_web::rt::task::spawn_blocking(move || {
        let begun = Instant::now();
        let (alone, nobody) = (Mutex::new(()), Condvar::new());
        // What is sent to a connection that was closed is answered with its end; nobody wakes the wait.
        while deaf.write_all(b"\r\n").is_ok() {
            assert!(begun.elapsed() < Duration::from_secs(100), "it isn't cut");
            drop(nobody.wait_timeout(alone.lock().unwrap(), Duration::from_millis(200)).unwrap());
        }
    });
    cut.await.unwrap();
    assert_eq!(read(house.anybody().request("GET", "/healthz")).await.status, 200);
}

#[actix_web::test]
async fn a_body_without_an_end_is_refused_at_once_and_kept_nowhere() {
    let shell = Shell::demo();
    let node = Node::start(&shell);
    let resident = || {
        let status = std::fs::read_to_string(format!("/proc/{}/status", node.process.id())).unwrap();
        let line = status.lines().find(|line| line.starts_with("VmRSS:")).unwrap().to_owned();
        line.split_whitespace().nth(1).unwrap().parse::<i64>().unwrap()
    };
    let part = format!("{:x}\r\n{}\r\n", 65_536, "x".repeat(65_536));
    let before = resident();
    for (path, kind) in
        [("/sign-in", "application/x-www-form-urlencoded"), ("/v2/1010/domains", "application/json")]
    {
        let head = format!(
            "POST {path} HTTP/1.1\r\nhost: house\r\nsec-fetch-site: same-origin\r\ncontent-type: {kind}\r\n\
             transfer-encoding: chunked\r\n\r\n"
        );
        let mut stream = begun(node.address, &head);
        stream.set_write_timeout(Some(Duration::from_secs(5))).unwrap();
        let begun = Instant::now();
        while stream.write_all(part.as_bytes()).is_ok() {
            assert!(begun.elapsed() < Duration::from_secs(10), "{path} takes and takes");
        }
        let (said, _) = until_cut(stream, Duration::from_secs(10));
        assert!(said.is_empty() || said.contains(" 413 ") || said.contains(" 401 "), "{path}: {said}");
    }
    let huge = format!("GET / HTTP/1.1\r\nhost: house\r\nx-huge: {}\r\n\r\n", "y".repeat(1_000_000));
    let mut stream = TcpStream::connect(node.address).unwrap();
    let _ = stream.write_all(huge.as_bytes());
    let (said, _) = until_cut(stream, Duration::from_secs(10));
    assert!(said.is_empty() || said.starts_with("HTTP/1.1 4"), "{said}");
    let grown = resident() - before;
    assert!(grown < 50_000, "it grew by {grown} KB");
}

#[actix_web::test]
async fn a_node_whose_clock_is_wrong_goes_by_the_databases() {
    let name = database::fresh();
    let (right, wrong) = (Clock::system(), Clock::wrong(time::Duration::hours(30)));
    let ahead = House::on(name.clone(), wrong, |_| {});
    let house = House::on(name, right, |_| {});
    let off = ahead.clock.now() - house.clock.now();
    assert!(off.abs() < time::Duration::seconds(2), "{off}");
    let acme = house.account("Acme");
    let mut owner = ahead.signed_in(OWNER).await;
    let (token, secret) = owner.make_full_token(acme, "Deploy").await;
    for node in [&ahead, &house] {
        let request = reqwest::Client::new().get(node.url("/v2/whoami")).bearer_auth(&secret);
        let answer = read(request).await;
        assert_eq!(answer.status, 200);
        let reset: i64 = answer.header("x-ratelimit-reset").parse().unwrap();
        let left = reset - house.clock.now().unix_timestamp();
        assert!((-2..=3_602).contains(&left), "the hour ends in {left} s");
    }
    let mut here = owner.at(house.address);
    let page = here.get(&format!("/accounts/{acme}/tokens/{token}")).await;
    assert_eq!(page.status, 200, "the session holds on the other node, too");
    assert!(page.text().contains("Last used") && !page.text().contains(" ago"), "{}", page.text());
}
