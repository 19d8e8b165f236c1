//! The clock of one node's machine is set to another time while it runs.

use super::two_processes::Node;
use crate::commands::Shell;
use crate::support::client::{Browser, read, whoami};
use crate::support::{OWNER, ledger};
use std::path::PathBuf;

/// What steps a process's clock: Debian's package faketime.
fn faketime() -> PathBuf {
    let folders = std::fs::read_dir("/usr/lib").unwrap().map(|folder| folder.unwrap().path());
    let mut found = folders.map(|folder| folder.join("faketime/libfaketime.so.1"));
    found.find(|library| library.exists()).expect("libfaketime, which script/install installs")
}

#[cfg(target_os = "linux")]
#[actix_web::test]
async fn a_token_lives_on_at_a_node_whose_clock_is_stepped_past_its_end() {
    let shell = Shell::demo();
    let folder = tempfile::tempdir_in(ledger::run_folder()).unwrap();
    let step = folder.path().join("step");
    std::fs::write(&step, "+0\n").unwrap();
    let mut command = shell.command(&["serve", "--listen", "127.0.0.1:0"]);
    command.env("LD_PRELOAD", faketime()).env("FAKETIME_TIMESTAMP_FILE", &step);
    // The time that has passed since the start of the machine is not what anybody sets.
    command.env("FAKETIME_NO_CACHE", "1").env("DONT_FAKE_MONOTONIC", "1");
    let (stepped, other) = (Node::of(&mut command), Node::start(&shell));
    let mut owner = Browser::new(stepped.address);
    owner.sign_in(OWNER, &ledger::password()).await;
    let acme = shell.account("Acme").parse().unwrap();
    let (_, secret) = owner.make_full_token(acme, "Ninety days").await;
    let this_year = date(&stepped).await;
    // In one write, so that no half of it is read.
    let next = folder.path().join("next");
    std::fs::write(&next, "+400d\n").unwrap();
    std::fs::rename(next, &step).unwrap();
    while date(&stepped).await == this_year {
        tokio::task::yield_now().await;
    }
    for node in [&stepped, &other] {
        assert_eq!(whoami(node.address, &secret).await.0, 200);
    }
    assert_eq!(owner.get("/accounts").await.status, 200, "the session holds, too");
}

/// The year that a node's machine has.
async fn date(node: &Node) -> String {
    let answer = read(Browser::new(node.address).request("GET", "/healthz")).await;
    answer.header("date").split(' ').nth(3).unwrap().to_owned()
}
