//! Standard output and standard error that nobody reads, or that have no room: the log of a server
//! never holds up its work, and what only a command's output has is undone when it's lost.

use crate::commands::{Said, Shell};
use crate::facts::{count_in, texts_in};
use crate::support::ledger;
use reqwest::Client;
use std::fs::OpenOptions;
use std::io::{BufRead, BufReader};
use std::process::{Child, ChildStderr, Command, Stdio};
use std::time::{Duration, Instant};

/// Longer than anything here takes: what takes longer hangs.
const HANGS: Duration = Duration::from_secs(30);

/// A server whose log the test reads, or leaves unread.
struct Process {
    child: Child,
    address: String,
    log: Option<BufReader<ChildStderr>>,
}

impl Process {
    fn start() -> Process {
        let shell = Shell::demo();
        let mut child =
            shell.command(&["serve", "--listen", "127.0.0.1:0"]).stderr(Stdio::piped()).spawn().unwrap();
        let mut log = BufReader::new(child.stderr.take().unwrap());
        let address = loop {
            let mut line = String::new();
            assert!(log.read_line(&mut line).unwrap() > 0, "it ended before it served");
            if let Some((_, link)) = line.split_once("is open at http://") {
                break link.trim().trim_end_matches('/').to_owned();
            }
        };
        Process { child, address, log: Some(log) }
    }

    async fn status(&self, path: &str) -> u16 {
        let http = Client::builder().no_proxy().timeout(HANGS).build().unwrap();
        http.get(format!("http://{}{path}", self.address)).send().await.unwrap().status().as_u16()
    }

    /// Ends it with this signal; returns the exit code.
    fn end(&mut self, signal: &str) -> Option<i32> {
        let sent = Command::new("kill").args([signal, &self.child.id().to_string()]).status().unwrap();
        assert!(sent.success());
        let begun = Instant::now();
        loop {
            if let Some(status) = self.child.try_wait().unwrap() {
                return status.code();
            }
            assert!(begun.elapsed() < HANGS, "the process does not end");
            std::thread::yield_now();
        }
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// A pipe whose reader has gone: each write fails.
fn closed() -> Stdio {
    let (reader, writer) = std::io::pipe().unwrap();
    drop(reader);
    writer.into()
}

/// A disk without room: each write fails.
fn full() -> Stdio {
    OpenOptions::new().write(true).open("/dev/full").unwrap().into()
}

/// Runs a command whose standard output leads to `out`.
fn run_into(shell: &Shell, out: Stdio, words: &[&str]) -> Said {
    let child = shell.command(words).stdout(out).stderr(Stdio::piped()).spawn().unwrap();
    child.wait_with_output().unwrap().into()
}

#[actix_web::test]
async fn a_server_whose_log_reader_has_gone_answers_and_ends_when_told() {
    let mut process = Process::start();
    process.log = None;
    for _ in 0..4 {
        assert_eq!(process.status("/readyz").await, 200);
    }
    assert_eq!(process.end("-TERM"), Some(0));
}

#[actix_web::test]
async fn a_server_whose_log_is_left_unread_answers_and_ends_when_told() {
    let mut process = Process::start();
    // More than fits into a pipe, by far.
    let long = format!("/{}", "x".repeat(8_000));
    for _ in 0..40 {
        assert_eq!(process.status(&long).await, 404);
    }
    assert_eq!(process.status("/readyz").await, 200);
    assert_eq!(process.end("-INT"), Some(0));
}

#[test]
fn a_listing_whose_reader_has_seen_enough_ends_quietly() {
    let shell = Shell::demo();
    let acme = shell.account("Acme");
    shell.token(&acme, &["--name", "CI", "--expires", "never", "--full"]);
    let list = ["token", "list", "--account", &acme];
    let said = run_into(&shell, closed(), &list);
    assert_eq!((said.code, said.err.lines().count()), (0, 1), "{}", said.err);
    let said = run_into(&shell, full(), &list);
    assert_eq!(said.code, 1, "{}", said.err);
    assert!(said.err.lines().last().unwrap().starts_with("tokenhouse: "), "{}", said.err);
    assert!(!said.err.contains("panicked"), "{}", said.err);
}

#[test]
fn a_token_whose_secret_could_not_be_delivered_is_deleted_and_recorded() {
    let shell = Shell::demo();
    let acme = shell.account("Acme");
    for out in [full(), closed()] {
        let create =
            ["token", "create", "--account", &acme, "--name", "Undelivered", "--expires", "never", "--full"];
        let said = run_into(&shell, out, &create);
        assert_eq!(said.code, 1, "{}", said.err);
        let last = said.err.lines().last().unwrap();
        assert!(last.starts_with("tokenhouse: ") && last.contains("was deleted"), "{}", said.err);
        assert!(!said.err.contains("panicked"), "{}", said.err);
    }
    assert_eq!(count_in(&mut shell.conn(), "tokens WHERE deleted_at IS NULL"), 0);
    let recorded = "audit_events WHERE object_kind = 'token' ORDER BY id";
    assert_eq!(
        texts_in(&mut shell.conn(), "action || ' ' || actor_kind", recorded),
        [
            "token.created command_line",
            "token.deleted command_line",
            "token.created command_line",
            "token.deleted command_line"
        ]
    );
}

#[test]
fn a_password_that_could_not_be_delivered_is_not_set() {
    let shell = Shell::demo();
    let hashes = || texts_in(&mut shell.conn(), "email || ' ' || password_hash", "users ORDER BY id");
    let lines = || count_in(&mut shell.conn(), "audit_events");
    let before = (hashes(), lines());
    for words in [
        &["user", "create", "--email", "new@example.com", "--name", "New"][..],
        &["user", "password", "--email", "owner@example.com"],
        &["account", "create", "--name", "New", "--owner", "owner@example.com"],
    ] {
        let said = run_into(&shell, full(), words);
        assert_eq!(said.code, 1, "{words:?}: {}", said.err);
        let last = said.err.lines().last().unwrap();
        assert!(last.contains("Nothing was changed."), "{words:?}: {}", said.err);
        assert_eq!((hashes(), lines()), before, "{words:?}");
    }
}

#[test]
fn demo_sign_ins_that_nobody_could_read_are_not_created() {
    let shell = Shell::empty();
    shell.ok(&["migrate"]);
    let status = shell.command(&["demo"]).stdout(Stdio::null()).stderr(closed()).status().unwrap();
    assert_eq!(status.code(), Some(1));
    assert_eq!(count_in(&mut shell.conn(), "users"), 0);
}

#[test]
fn a_command_whose_notes_nobody_reads_does_its_work() {
    let shell = Shell::demo();
    let acme = shell.account("Acme");
    let create = ["token", "create", "--account", &acme, "--name", "CI", "--expires", "never", "--full"];
    let child = shell.command(&create).stdout(Stdio::piped()).stderr(closed()).spawn().unwrap();
    let said = Said::from(child.wait_with_output().unwrap());
    ledger::put_down(said.out.trim());
    assert_eq!((said.code, said.out.trim().len()), (0, 42));
    let list = ["token", "list", "--account", &acme];
    let child = shell.command(&list).stdout(Stdio::piped()).stderr(closed()).spawn().unwrap();
    let said = Said::from(child.wait_with_output().unwrap());
    assert_eq!((said.code, said.out.lines().count()), (0, 1));
}
