//! Two streaming servers: an old primary that comes back is refused, and what to do when it shouldn't
//! be.

use super::two_processes::Node;
use crate::commands::{Said, Shell};
use crate::support::client::{Browser, whoami};
use crate::support::cluster::Cluster;
use crate::support::{House, OWNER, START, database, ledger};
use crate::{facts, support};
use secrecy::SecretString;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::{Duration, Instant};
use tokenhouse::clock::Clock;
use tokenhouse::db::{self, Conn};
use tokenhouse::models::Account;

/// What a node of these servers is started with, and what it remembers them in.
struct Place {
    url: String,
    file: PathBuf,
}

impl Place {
    fn command(&self, words: &[&str]) -> Command {
        let mut command = Shell { database: "tokenhouse".to_owned() }.command(words);
        command.env("DATABASE_URL", &self.url).env("TOKENHOUSE_PRIMARY_FILE", &self.file);
        command
    }

    fn serve(&self) -> Node {
        Node::of(&mut self.command(&["serve", "--listen", "127.0.0.1:0"]))
    }

    fn run(&self, words: &[&str]) -> Said {
        self.command(words).output().unwrap().into()
    }

    /// That a server isn't started, and says this in one line.
    fn is_refused(&self, why: &str) {
        let serve = Node::or_refused(&mut self.command(&["serve", "--listen", "127.0.0.1:0"]));
        for said in [serve.err().expect("it is refused"), self.run(&["migrate"])] {
            assert_eq!((said.code, said.out.as_str(), said.err.lines().count()), (1, "", 1), "{}", said.err);
            assert!(
                said.err.contains(why) && said.err.contains("`tokenhouse database accept`"),
                "{}",
                said.err
            );
        }
    }
}

fn at(hosts: &[&Cluster]) -> String {
    let hosts: Vec<String> = hosts.iter().map(|cluster| format!("127.0.0.1:{}", cluster.port)).collect();
    format!("postgres://postgres@{}/tokenhouse", hosts.join(","))
}

/// Stops a server as it's stopped in peace, and waits until it's gone.
fn stop(cluster: &Cluster) {
    let file = cluster.data().join("postmaster.pid");
    let pid = std::fs::read_to_string(&file).unwrap().lines().next().unwrap().to_owned();
    assert!(Command::new("kill").args(["-INT", &pid]).status().unwrap().success());
    while file.exists() {
        std::thread::yield_now();
    }
}

/// Waits until a check is answered so. `never` isn't answered meanwhile.
async fn until(address: SocketAddr, secret: &str, wanted: u16, never: u16) {
    let begun = Instant::now();
    loop {
        let status = whoami(address, secret).await.0.as_u16();
        if status == wanted {
            return;
        }
        assert_ne!(status, never);
        assert!(begun.elapsed() < Duration::from_secs(40), "{status}, not {wanted}");
    }
}

/// Waits until the standby has everything.
async fn caught_up(primary: &mut Conn) {
    while facts::count_in(primary, "pg_stat_replication WHERE replay_lsn = pg_current_wal_lsn()") == 0 {
        tokio::task::yield_now().await;
    }
}

fn file_in(folder: &Path, name: &str) -> PathBuf {
    folder.join(name).join("primary.toml")
}

#[actix_web::test]
async fn an_old_primary_that_comes_back_is_refused_in_whichever_order_the_url_names_it() {
    let folder = tempfile::tempdir_in(ledger::run_folder()).unwrap();
    let first = Cluster::start("");
    database::fill(&first.url("tokenhouse"));
    let second = first.standby();
    let places = [
        Place { url: at(&[&first, &second]), file: file_in(folder.path(), "here") },
        Place { url: at(&[&second, &first]), file: file_in(folder.path(), "there") },
    ];
    let mut nodes = places.each_ref().map(Place::serve);
    let mut conn = db::connect(&SecretString::from(first.url("tokenhouse"))).unwrap();
    let acme = Account::find_by_name(&mut conn, "Acme").unwrap().unwrap().id;
    let mut owner = Browser::new(nodes[0].address);
    owner.sign_in(OWNER, &ledger::password()).await;
    let (token, secret) = owner.make_full_token(acme, "Deploy").await;
    caught_up(&mut conn).await;
    drop(conn);

    stop(&first);
    for node in &nodes {
        // The standby may not have everything: it's asked nothing before it's promoted.
        until(node.address, &secret, 503, 401).await;
    }
    second.promote();
    for node in &nodes {
        until(node.address, &secret, 200, 401).await;
    }
    assert_eq!(owner.delete_token(acme, token).await.status, 303);
    first.serve("");
    for restarts in 0..2 {
        for node in &nodes {
            assert_eq!(whoami(node.address, &secret).await.0, 401, "after {restarts} restarts");
        }
        nodes = places.each_ref().map(Place::serve);
    }
    // One that has never seen either asks both.
    for url in [at(&[&first, &second]), at(&[&second, &first])] {
        let new = Place { url, file: file_in(folder.path(), "new") };
        std::fs::remove_file(&new.file).ok();
        assert_eq!(whoami(new.serve().address, &secret).await.0, 401);
    }

    // Only the old one answers: those that run move to it, and refuse it.
    stop(&second);
    for node in &nodes {
        until(node.address, &secret, 503, 200).await;
        for _ in 0..20 {
            assert_eq!(whoami(node.address, &secret).await.0, 503);
        }
    }
    for place in &places {
        place.is_refused("is on timeline 1, and timeline 2 was used before");
    }
    // Those that run find it again by themselves.
    second.serve("");
    for node in &nodes {
        until(node.address, &secret, 401, 200).await;
    }
    let said = places[0].run(&["database", "accept"]);
    assert!(said.code == 1 && said.err.contains("are all primaries: stop those that"), "{}", said.err);

    // The operator says so, in spite of it: each node learns it from its file.
    stop(&second);
    for (place, node) in places.iter().zip(&nodes) {
        let said = place.run(&["database", "accept"]);
        let expected = format!(
            "The server at 127.0.0.1:{}, on timeline 1, is the one that is used from now on.\n",
            first.port
        );
        assert_eq!((said.code, said.out.as_str(), said.err), (0, "", expected));
        until(node.address, &secret, 200, 401).await;
    }
}

#[actix_web::test]
async fn a_primary_that_was_replaced_and_still_runs_is_left_by_those_that_are_connected_to_it() {
    let first = Cluster::start("");
    database::fill(&first.url("tokenhouse"));
    let second = first.standby();
    let house = House::at(at(&[&first, &second]), String::new(), Clock::fixed(START), |_| {});
    let mut conn = db::connect(&SecretString::from(first.url("tokenhouse"))).unwrap();
    let acme = Account::find_by_name(&mut conn, "Acme").unwrap().unwrap().id;
    let (token, secret) = house.signed_in(OWNER).await.make_full_token(acme, "Deploy").await;
    caught_up(&mut conn).await;
    second.promote();
    let end = format!("UPDATE tokens SET deleted_at = now(), deleted_why = 'person' WHERE id = {token}");
    database::run(&second.url("tokenhouse"), &end);
    house.app.db.look_for_primary().await.unwrap();
    assert_eq!(whoami(house.address, &secret).await.0, 401, "both answer, and the newer one counts");
    assert_eq!(facts::count_in(&mut conn, &format!("tokens WHERE id = {token} AND deleted_at IS NULL")), 1);
}

#[actix_web::test]
async fn another_system_at_the_same_address_is_refused_until_it_is_accepted_unless_it_is_empty() {
    let folder = tempfile::tempdir_in(ledger::run_folder()).unwrap();
    let first = Cluster::start("");
    let place = Place { url: at(&[&first]), file: file_in(folder.path(), "state") };
    assert_eq!(place.run(&["migrate"]).code, 0);
    stop(&first);
    let in_its_place = || {
        let mut other = Cluster::prepared(&[]);
        other.port = first.port;
        other.serve("");
        database::run(&other.url("postgres"), "CREATE DATABASE tokenhouse");
        other
    };
    let restored = in_its_place();
    database::fill(&restored.url("tokenhouse"));
    place.is_refused("is another system than the one that was used before");
    let accepted = place.run(&["database", "accept"]);
    assert!(accepted.code == 0 && accepted.err.contains("on timeline 1, is the one"), "{}", accepted.err);
    assert_eq!(
        support::client::read(Browser::new(place.serve().address).request("GET", "/readyz")).await.status,
        200
    );
    stop(&restored);
    let empty = in_its_place();
    assert_eq!(place.run(&["migrate"]).code, 0, "nothing in it is out of date");
    assert_eq!(place.run(&["migrate"]).code, 0, "nor after it was filled");
    drop(empty);
}

#[actix_web::test]
async fn a_server_runs_without_the_file_and_says_so() {
    let folder = tempfile::tempdir_in(ledger::run_folder()).unwrap();
    let in_the_way = folder.path().join("file");
    std::fs::write(&in_the_way, "").unwrap();
    let url = database::url(&database::fresh());
    let place = Place { url, file: in_the_way.join("primary.toml") };
    let node = place.serve();
    assert_eq!(whoami(node.address, &ledger::password()).await.0, 401);
    let said = place.run(&["database", "accept"]);
    assert!(
        said.code == 1 && said.err.contains("the file that remembers the primary can't be written"),
        "{}",
        said.err
    );
}
