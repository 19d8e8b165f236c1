//! A Postgres that hangs: it keeps its connections open and answers nothing.

use super::facts::{count_in, texts_in};
use super::two_processes::Node;
use crate::commands::Shell;
use crate::support::client::{Browser, read, whoami};
use crate::support::cluster::{Cluster, Stopped};
use crate::support::{House, OWNER, START, database, ledger};
use diesel::connection::SimpleConnection;
use secrecy::SecretString;
use std::net::SocketAddr;
use std::time::{Duration, Instant};
use tokenhouse::clock::Clock;
use tokenhouse::db::{self, Conn};
use tokenhouse::models::Account;

/// Nobody waits longer than this for an answer.
const LONGEST: Duration = Duration::from_secs(5);
/// A node works again so soon after there is a database that it can write to.
const PROMISED: Duration = Duration::from_secs(5);

/// The status of a request, which is answered in time.
async fn in_time(browser: &Browser, path: &str) -> u16 {
    let begun = Instant::now();
    let status = read(browser.request("GET", path)).await.status.as_u16();
    assert!(begun.elapsed() < LONGEST, "{path}: {status} after {:?}", begun.elapsed());
    status
}

/// The status of a check, which is answered in time.
async fn checked(address: SocketAddr, secret: &str) -> u16 {
    let begun = Instant::now();
    let (status, body) = whoami(address, secret).await;
    assert!(begun.elapsed() < LONGEST, "{status} after {:?}", begun.elapsed());
    assert!([200, 503].contains(&status.as_u16()), "{status} {body}");
    status.as_u16()
}

/// Until a check is answered so.
async fn until(address: SocketAddr, secret: &str, wanted: u16) -> Duration {
    let begun = Instant::now();
    while checked(address, secret).await != wanted {
        assert!(begun.elapsed() < Duration::from_secs(40), "no {wanted}");
    }
    begun.elapsed()
}

#[actix_web::test]
async fn a_leader_that_hangs_is_left_for_the_one_that_takes_its_place() {
    let leader = Cluster::start("");
    database::fill(&leader.url("tokenhouse"));
    let follower = leader.standby();
    let url = format!(
        "postgres://postgres@127.0.0.1:{},127.0.0.1:{}/tokenhouse?target_session_attrs=read-write",
        leader.port, follower.port
    );
    let node = || House::at(url.clone(), String::new(), Clock::fixed(START), |_| {});
    let (here, there) = (node(), node());
    let mut conn = db::connect(&SecretString::from(leader.url("tokenhouse"))).unwrap();
    let acme = Account::find_by_name(&mut conn, "Acme").unwrap().unwrap().id;
    let mut owner = here.signed_in(OWNER).await;
    let (_, secret) = owner.make_full_token(acme, "Deploy").await;
    assert_eq!((checked(here.address, &secret).await, checked(there.address, &secret).await), (200, 200));
    while count_in(&mut conn, "pg_stat_replication WHERE replay_lsn < pg_current_wal_lsn()") > 0 {
        tokio::task::yield_now().await;
    }
    let _hung = leader.hang();
    let away = [&here, &there].map(|node| async {
        until(node.address, &secret, 503).await;
        assert_eq!(in_time(&node.anybody(), "/readyz").await, 503);
    });
    futures_util::future::join_all(away).await;
    follower.promote();
    let healed =
        futures_util::future::join(until(here.address, &secret, 200), until(there.address, &secret, 200));
    let (first, second) = healed.await;
    assert!(first.max(second) < PROMISED, "{first:?}, {second:?}");
    let pages = [&here, &there].map(|node| {
        let owner = owner.at(node.address);
        async move {
            let begun = Instant::now();
            while in_time(&owner, "/accounts").await != 200 || in_time(&owner, "/readyz").await != 200 {
                assert!(begun.elapsed() < Duration::from_secs(40), "pages stay away");
            }
        }
    });
    futures_util::future::join_all(pages).await;
}

/// How many threads a process has.
fn threads(node: &Node) -> usize {
    std::fs::read_dir(format!("/proc/{}/task", node.process.id())).unwrap().count()
}

/// Makes both connections by which a node looks tokens up hang with calls under way, and returns the
/// server's processes behind them.
async fn hang_lookups(node: &Node, shell: &Shell, secret: &str) -> Stopped {
    let mut blocker = database::connect(&shell.database);
    blocker.batch_execute("BEGIN; LOCK TABLE token_secrets IN ACCESS EXCLUSIVE MODE").unwrap();
    let here = format!(
        "pg_locks JOIN pg_database AS here ON here.oid = database
         WHERE NOT granted AND relation = 'token_secrets'::regclass AND datname = '{}'",
        shell.database
    );
    let waiting = |conn: &mut Conn| texts_in(conn, "pid", &here);
    let (mut conn, mut calls) = (shell.conn(), Vec::new());
    for wanted in 1..=2 {
        let (address, secret) = (node.address, secret.to_owned());
        calls.push(actix_web::rt::spawn(async move { checked(address, &secret).await }));
        // The second one must not join the query of the first.
        while waiting(&mut conn).len() < wanted {
            tokio::task::yield_now().await;
        }
    }
    let hung = Stopped::now(waiting(&mut conn));
    blocker.batch_execute("ROLLBACK").unwrap();
    let ready = Browser::new(node.address);
    assert_eq!(in_time(&ready, "/readyz").await, 503, "it asks as a call does");
    for call in calls {
        assert_eq!(call.await.unwrap(), 503);
    }
    hung
}

#[cfg(target_os = "linux")]
#[actix_web::test]
async fn look_ups_whose_connections_hang_are_told_so_in_time_and_get_others() {
    let shell = Shell::demo();
    let node = Node::start(&shell);
    let mut owner = Browser::new(node.address);
    owner.sign_in(OWNER, &ledger::password()).await;
    let acme = shell.account("Acme").parse().unwrap();
    let (_, secret) = owner.make_full_token(acme, "Deploy").await;
    let ready = Browser::new(node.address);
    let mut counts = Vec::new();
    for _ in 0..2 {
        let hung = hang_lookups(&node, &shell, &secret).await;
        until(node.address, &secret, 200).await;
        while in_time(&ready, "/readyz").await != 200 {
            tokio::task::yield_now().await;
        }
        counts.push(threads(&node));
        drop(hung);
    }
    // Threads for blocking work come when they're needed, and go after some seconds without any.
    let begun = Instant::now();
    while threads(&node) > counts[0] {
        assert!(begun.elapsed() < Duration::from_secs(40), "threads are left behind: {counts:?}");
        tokio::task::yield_now().await;
    }
}

#[actix_web::test]
async fn connections_that_hang_while_nobody_uses_them_are_replaced_at_once() {
    let house = House::open();
    let owner = house.signed_in(OWNER).await;
    let calls = futures_util::future::join_all((0..8).map(|_| in_time(&owner, "/accounts")));
    assert!(calls.await.iter().all(|status| *status == 200));
    let all = format!(
        "pg_stat_activity WHERE datname = '{}' AND application_name = 'tokenhouse' AND pid <> pg_backend_pid()",
        house.database
    );
    // Of its own, so that it isn't among those that hang.
    let mut conn = db::connect(&SecretString::from(database::url("tokenhouse"))).unwrap();
    let hung = texts_in(&mut conn, "pid", &all);
    assert!(hung.len() > 2, "{hung:?}");
    let _hung = Stopped::now(hung);
    let begun = Instant::now();
    while in_time(&owner, "/accounts").await != 200 {
        assert!(begun.elapsed() < Duration::from_secs(40), "pages stay away");
    }
}
