//! Two operating-system processes on one database, and fifty callers: what one process has
//! answered as ended, the other refuses from the very next call on.

use crate::commands::{Said, Shell};
use crate::support::client::{Browser, read};
use crate::support::{MEMBER, OWNER, START, ledger, soak};
use std::future::Future;
use std::io::{BufRead, BufReader, Read, Write};
use std::net::SocketAddr;
use std::process::{Child, Command, Stdio};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, OnceLock};
use std::time::Instant;
use tokenhouse::models::membership::Changed;
use tokenhouse::models::{Account, Origin, User, membership};
use tokenhouse::policy::AccountId;

const CALLERS: usize = 50;

/// A process that serves.
pub struct Node {
    pub process: Child,
    pub address: SocketAddr,
}

impl Node {
    pub fn start(shell: &Shell) -> Node {
        Node::of(&mut shell.command(&["serve", "--listen", "127.0.0.1:0"]))
    }

    /// The one that this command starts.
    pub fn of(serve: &mut Command) -> Node {
        Node::or_refused(serve).unwrap_or_else(|refused| panic!("it ended before it served: {}", refused.err))
    }

    /// The same, or what it said when it ended before it served.
    pub fn or_refused(serve: &mut Command) -> Result<Node, Said> {
        let mut process = serve.stderr(Stdio::piped()).spawn().unwrap();
        let mut said = BufReader::new(process.stderr.take().unwrap());
        let (mut line, mut err) = (String::new(), String::new());
        let address = loop {
            line.clear();
            if said.read_line(&mut line).unwrap() == 0 {
                let code = process.wait().unwrap().code().unwrap();
                return Err(Said { code, out: String::new(), err });
            }
            err.push_str(&line);
            if let Some((_, link)) = line.split_once("is open at http://") {
                break link.trim().trim_end_matches('/').parse().unwrap();
            }
        };
        // A full pipe would stop it; what it says belongs to the log that is searched for secrets.
        std::thread::spawn(move || {
            let mut rest = Vec::new();
            said.read_to_end(&mut rest).unwrap();
            ledger::log_file().lock().unwrap().write_all(&rest).unwrap();
        });
        Ok(Node { process, address })
    }
}

impl Drop for Node {
    fn drop(&mut self) {
        self.process.kill().unwrap();
        self.process.wait().unwrap();
    }
}

/// Two processes on one database: Acme is on a plan without a budget.
struct Two {
    shell: Shell,
    here: Node,
    there: Node,
    acme: AccountId,
}

impl Two {
    fn start() -> Two {
        let shell = Shell::demo();
        let acme = shell.account("Acme");
        shell.ok(&["account", "plan", "--account", &acme, "--plan", "enterprise"]);
        let (here, there) = (Node::start(&shell), Node::start(&shell));
        Two { shell, here, there, acme: acme.parse().unwrap() }
    }

    /// The owner's browser on the other process.
    async fn owner(&self) -> Browser {
        let mut owner = Browser::new(self.there.address);
        owner.sign_in(OWNER, &ledger::password()).await;
        owner
    }

    /// Fifty callers of this process; `end` ends what they live on, and comes back when that was
    /// answered. Of the calls begun after it, each gets this answer; there are a thousand at least,
    /// and a quarter of a million in the long form.
    async fn none_succeeds_after(
        &self,
        secret: &str,
        path: &str,
        end: impl Future<Output = ()>,
        (status, code): (u16, &str),
    ) {
        let wanted = soak::size(1_000, 250_000);
        let ended: Arc<OnceLock<Instant>> = Arc::default();
        let (before, after) = (Arc::new(AtomicU64::new(0)), Arc::new(AtomicU64::new(0)));
        let callers: Vec<_> = (0..CALLERS)
            .map(|_| {
                let request = Browser::new(self.here.address).request("GET", path).bearer_auth(secret);
                let (ended, before, after) = (ended.clone(), before.clone(), after.clone());
                actix_web::rt::spawn(async move {
                    let mut wrong = Vec::new();
                    while after.load(Ordering::Relaxed) < wanted {
                        // Whether the answer was there already is asked before the call is begun.
                        let begun_after = ended.get().is_some();
                        let answer = read(request.try_clone().unwrap()).await;
                        let body: serde_json::Value = serde_json::from_str(&answer.body).unwrap();
                        if begun_after {
                            after.fetch_add(1, Ordering::Relaxed);
                            wrong.push((answer.status.as_u16(), body["code"].to_string()));
                        } else if answer.status == 200 {
                            before.fetch_add(1, Ordering::Relaxed);
                        }
                    }
                    wrong
                })
            })
            .collect();
        while before.load(Ordering::Relaxed) < 200 {
            actix_web::rt::task::yield_now().await;
        }
        end.await;
        ended.set(Instant::now()).unwrap();
        let expected = (status, format!("\"{code}\""));
        let mut seen = 0;
        for caller in callers {
            for answer in caller.await.unwrap() {
                assert_eq!(answer, expected, "a call begun after the answer");
                seen += 1;
            }
        }
        assert!(seen >= wanted, "{seen}");
        println!("{path}: {} before, {seen} after, each {status} {code}", before.load(Ordering::Relaxed));
        soak::row("calls refused on another node after an end", seen);
    }
}

#[actix_web::test]
async fn a_token_deleted_in_the_dashboard_of_one_process_is_refused_by_the_other_at_once() {
    let two = Two::start();
    let mut owner = two.owner().await;
    let (token, secret) = owner.make_full_token(two.acme, "Deleted there").await;
    let path = format!("/accounts/{}/tokens/{token}/delete", two.acme);
    owner.get(&path).await;
    let end = async {
        // The answer counts from its first byte on.
        assert_eq!(owner.form(&path, &[]).send().await.unwrap().status(), 303);
    };
    two.none_succeeds_after(&secret, "/v2/whoami", end, (401, "token_deleted")).await;
}

#[actix_web::test]
async fn a_member_who_was_removed_reaches_the_account_through_no_process() {
    let two = Two::start();
    let acme = two.acme.to_string();
    let said = two.shell.ok(&[
        "token",
        "create",
        "--user",
        MEMBER,
        "--name",
        "Member's",
        "--scope",
        "zones:*:read",
        "--expires",
        "2027-03-31",
    ]);
    let secret = said.out.trim().to_owned();
    ledger::put_down(&secret);
    let (mut conn, origin) = (two.shell.conn(), Origin::command_line(START));
    let account = Account::find(&mut conn, two.acme).unwrap().unwrap();
    let member = User::find_by_email(&mut conn, MEMBER).unwrap().unwrap();
    let end = async {
        assert_eq!(membership::remove(&mut conn, &account, &member, &origin).unwrap(), Changed::Done);
    };
    let path = format!("/v2/{acme}/zones/example.com");
    two.none_succeeds_after(&secret, &path, end, (404, "account_not_found")).await;
}

#[actix_web::test]
async fn a_plan_that_was_lowered_freezes_its_scoped_tokens_on_every_process() {
    let two = Two::start();
    let (mut conn, origin) = (two.shell.conn(), Origin::command_line(START));
    let account = Account::find(&mut conn, two.acme).unwrap().unwrap();
    let fields = [
        ("name", "Scoped"),
        ("reach", "choose"),
        ("zones.access", "read"),
        ("zones.where", "all"),
        ("expires", "90"),
    ];
    let (_, secret) = two.owner().await.make_token(two.acme, &fields).await;
    let end = async {
        account.set_plan(&mut conn, "solo", &origin).unwrap();
    };
    two.none_succeeds_after(&secret, "/v2/whoami", end, (401, "token_frozen")).await;
}

#[actix_web::test]
async fn a_zone_that_was_deleted_through_one_process_is_gone_for_the_other() {
    let two = Two::start();
    let mut owner = two.owner().await;
    let (_, secret) = owner.make_full_token(two.acme, "Reader").await;
    let (_, other) = owner.make_full_token(two.acme, "Remover").await;
    let acme = two.acme;
    let end = async {
        let remove = owner.request("DELETE", &format!("/v2/{acme}/domains/example.com")).bearer_auth(&other);
        assert_eq!(remove.send().await.unwrap().status(), 204);
    };
    let path = format!("/v2/{acme}/zones/example.com");
    two.none_succeeds_after(&secret, &path, end, (404, "resource_not_found")).await;
}
