//! Two Postgres under Patroni, whose leader is killed, and then hangs, while two nodes are at work. What
//! was answered is written into a book, which has to be true in the end and at every moment. Only
//! `script/soak` runs this: it takes minutes, and needs what no other test does.

use crate::support::client::{Browser, whoami};
use crate::support::cluster::{Stopped, runs_as};
use crate::support::{House, OWNER, START, database, ledger, soak};
use futures_util::future::join_all;
use std::net::TcpListener;
use std::os::unix::fs::{PermissionsExt, chown};
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::Mutex;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::{Duration, Instant};
use tempfile::TempDir;
use tokenhouse::clock::Clock;
use tokenhouse::policy::AccountId;

/// After this a failover isn't coming.
const LONGEST: Duration = Duration::from_secs(180);

/// Where `script/install` puts Patroni.
fn program(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/python/patroni/bin").join(name)
}

fn free_port() -> u16 {
    TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port()
}

/// A program of Patroni's, as the user who may run Postgres; ended with this.
struct Running(Child);

impl Running {
    fn start(name: &str, config: &Path) -> Running {
        let log = std::fs::File::create(config.with_extension("log")).unwrap();
        let mut command = Command::new(program(name));
        command.arg(config).current_dir(config.parent().unwrap()).stdin(Stdio::null());
        command.stdout(log.try_clone().unwrap()).stderr(log);
        if let Some((user, group)) = runs_as() {
            command.uid(user).gid(group);
        }
        Running(command.spawn().expect("script/install installs Patroni"))
    }

    fn id(&self) -> String {
        self.0.id().to_string()
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

/// A Postgres and the Patroni that looks after it.
struct Member {
    port: u16,
    rest: u16,
    config: PathBuf,
    data: PathBuf,
    patroni: Option<Running>,
}

impl Member {
    fn start(&mut self) {
        self.patroni = Some(Running::start("patroni", &self.config));
    }

    /// The processes of this member: Patroni, Postgres and all that it has started.
    fn processes(&self) -> Vec<String> {
        let mut all = vec![self.patroni.as_ref().unwrap().id()];
        let postmaster = std::fs::read_to_string(self.data.join("postmaster.pid")).unwrap();
        let postmaster = postmaster.lines().next().unwrap().to_owned();
        let children = Command::new("pgrep").args(["-P", &postmaster]).output().unwrap();
        all.push(postmaster);
        all.extend(String::from_utf8(children.stdout).unwrap().split_whitespace().map(str::to_owned));
        all
    }

    /// Ends all of them at once, as the end of a machine does.
    fn kill(&mut self) {
        let processes = self.processes();
        Command::new("kill").arg("-KILL").args(&processes).stderr(Stdio::null()).status().unwrap();
        self.patroni = None;
    }
}

impl Drop for Member {
    fn drop(&mut self) {
        if self.patroni.is_some() && self.data.join("postmaster.pid").exists() {
            self.kill();
        }
    }
}

struct Pair {
    members: [Member; 2],
    _voter: Running,
    folder: TempDir,
}

impl Pair {
    fn start() -> Pair {
        let folder = tempfile::Builder::new().prefix("patroni").tempdir_in(ledger::run_folder()).unwrap();
        let own = |path: &Path| {
            std::fs::set_permissions(path, PermissionsExt::from_mode(0o755)).unwrap();
            if let Some((user, group)) = runs_as() {
                chown(path, Some(user), Some(group)).unwrap();
            }
        };
        own(folder.path());
        let raft = [free_port(), free_port(), free_port()];
        let of_raft = |number: usize| {
            let others: Vec<String> = raft
                .iter()
                .filter(|port| **port != raft[number])
                .map(|port| format!("127.0.0.1:{port}"))
                .collect();
            let data = folder.path().join(format!("raft{number}"));
            std::fs::create_dir(&data).unwrap();
            own(&data);
            format!(
                "raft:\n  data_dir: {}\n  self_addr: 127.0.0.1:{}\n  partner_addrs: [{}]\n",
                data.display(),
                raft[number],
                others.join(", ")
            )
        };
        let voter = folder.path().join("voter.yml");
        std::fs::write(&voter, of_raft(2)).unwrap();
        let binaries = crate::support::cluster::binaries();
        let members = [0, 1].map(|number| {
            let (port, rest) = (free_port(), free_port());
            let data = folder.path().join(format!("data{number}"));
            let config = folder.path().join(format!("member{number}.yml"));
            let text = format!(
                "scope: tokenhouse\nname: member{number}\n\
                 restapi: {{listen: 127.0.0.1:{rest}, connect_address: 127.0.0.1:{rest}}}\n{raft}\
                 bootstrap:\n  dcs:\n    ttl: 20\n    loop_wait: 2\n    retry_timeout: 5\n    synchronous_mode: true\n    \
                 postgresql:\n      use_pg_rewind: true\n      parameters: {{wal_log_hints: 'on', max_connections: 60, shared_buffers: 32MB}}\n  \
                 initdb: [{{encoding: UTF8}}, {{auth: trust}}]\n\
                 postgresql:\n  listen: 127.0.0.1:{port}\n  connect_address: 127.0.0.1:{port}\n  data_dir: {data}\n  bin_dir: {bin}\n  \
                 pgpass: {folder}/pgpass{number}\n  \
                 pg_hba: ['host all all 127.0.0.1/32 trust', 'host replication all 127.0.0.1/32 trust', 'local all all trust']\n  \
                 authentication: {{superuser: {{username: postgres}}, replication: {{username: postgres}}}}\n  \
                 parameters: {{unix_socket_directories: {folder}}}\n",
                raft = of_raft(number),
                data = data.display(),
                bin = binaries.display(),
                folder = folder.path().display(),
            );
            std::fs::write(&config, text).unwrap();
            Member { port, rest, config, data, patroni: None }
        });
        let mut pair = Pair { members, _voter: Running::start("patroni_raft_controller", &voter), folder };
        pair.members.iter_mut().for_each(Member::start);
        pair
    }

    fn url(&self, database: &str) -> String {
        let hosts = self.members.each_ref().map(|member| format!("127.0.0.1:{}", member.port));
        format!("postgres://postgres@{}/{database}", hosts.join(","))
    }

    /// Which of the two is the leader, once the other one may take its place.
    async fn leader(&self) -> usize {
        let begun = Instant::now();
        let http = reqwest::Client::builder().no_proxy().timeout(Duration::from_secs(1)).build().unwrap();
        loop {
            for (number, member) in self.members.iter().enumerate() {
                let answer = http.get(format!("http://127.0.0.1:{}/synchronous", member.rest)).send().await;
                if answer.is_ok_and(|answer| answer.status() == 200) {
                    return 1 - number;
                }
            }
            assert!(begun.elapsed() < LONGEST, "no pair in sync: {}", self.folder.path().display());
            tokio::time::sleep(Duration::from_millis(200)).await;
        }
    }
}

fn asked(url: &str, query: &str) -> Option<i64> {
    use diesel::prelude::*;
    let mut conn = tokenhouse::db::Conn::establish(url).ok()?;
    diesel::select(diesel::dsl::sql::<diesel::sql_types::BigInt>(&format!("({query})")))
        .get_result(&mut conn)
        .ok()
}

/// What was answered.
#[derive(Default)]
struct Book {
    live: Mutex<Vec<String>>,
    deleted: Mutex<Vec<String>>,
    wrong: Mutex<Vec<String>>,
    created: AtomicU64,
    refused: AtomicU64,
    unavailable: AtomicU64,
    done: AtomicBool,
}

impl Book {
    /// Asks for a token of the book, which has to be as it says. A deletion is written down when it was
    /// answered, so what is asked after that began later.
    async fn check(&self, node: &House, secret: &str, is_live: bool) {
        let status = whoami(node.address, secret).await.0.as_u16();
        match (status, is_live) {
            (503, _) => drop(self.unavailable.fetch_add(1, Ordering::Relaxed)),
            (200, true) => {}
            (401, false) => drop(self.refused.fetch_add(1, Ordering::Relaxed)),
            _ => self.wrong.lock().unwrap().push(format!("{status} for one that is live: {is_live}")),
        }
    }

    async fn change(&self, mut browser: Browser, acme: AccountId, keeps: usize) {
        let mut mine = 0;
        while !self.done.load(Ordering::Relaxed) {
            let list = format!("/accounts/{acme}/tokens");
            let form = browser.get(&format!("{list}/new")).await;
            if form.status != 200 {
                tokio::task::yield_now().await;
                continue;
            }
            let nonce = form.value_of("nonce");
            let fields = [
                ("nonce", nonce.as_str()),
                ("do", "generate"),
                ("name", "Failover"),
                ("reach", "everything"),
                ("expires", "90"),
            ];
            let answer = browser.post(&list, &fields).await;
            if answer.status != 200 {
                continue;
            }
            let secret = answer.secret();
            let path = answer.links().iter().find_map(|href| {
                let id: i64 = href.strip_prefix(&format!("{list}/"))?.parse().ok()?;
                Some(format!("{list}/{id}/delete"))
            });
            self.created.fetch_add(1, Ordering::Relaxed);
            if mine < keeps {
                mine += 1;
                self.live.lock().unwrap().push(secret);
                continue;
            }
            let path = path.unwrap();
            while !self.done.load(Ordering::Relaxed) {
                browser.get(&path).await;
                // Also 404 or 409 once it was deleted by a call that was answered with 503.
                if browser.post(&path, &[]).await.status == 303 {
                    self.deleted.lock().unwrap().push(secret);
                    break;
                }
            }
        }
    }

    async fn look(&self, nodes: &[&House]) {
        let mut turn = 0_usize;
        while !self.done.load(Ordering::Relaxed) {
            turn += 1;
            let pick = |list: &Mutex<Vec<String>>| {
                let list = list.lock().unwrap();
                // The newest are those that a failover could lose.
                list.len().checked_sub(1 + turn % 7 % list.len().max(1)).map(|at| list[at].clone())
            };
            for node in nodes {
                if let Some(secret) = pick(&self.deleted) {
                    self.check(node, &secret, false).await;
                }
                if let Some(secret) = pick(&self.live) {
                    self.check(node, &secret, true).await;
                }
            }
            tokio::task::yield_now().await;
        }
    }
}

#[actix_web::test]
#[ignore = "script/soak runs it"]
async fn with_patroni_the_book_is_true_while_its_leader_is_killed_and_while_it_hangs() {
    database::url("tokenhouse");
    let mut pair = Pair::start();
    let first = pair.leader().await;
    let direct = format!("postgres://postgres@127.0.0.1:{}", pair.members[first].port);
    database::run(&format!("{direct}/postgres"), "CREATE DATABASE tokenhouse");
    database::fill(&format!("{direct}/tokenhouse"));
    let node = || House::at(pair.url("tokenhouse"), String::new(), Clock::fixed(START), |_| {});
    let (here, there) = (node(), node());
    let acme = asked(&format!("{direct}/tokenhouse"), "SELECT id FROM accounts WHERE name = 'Acme'").unwrap();
    database::run(&format!("{direct}/tokenhouse"), "UPDATE accounts SET plan = 'enterprise'");
    let browsers = [here.signed_in(OWNER).await, there.signed_in(OWNER).await];
    let book = Book::default();
    let nodes = [&here, &there];
    let load = async {
        let changes = join_all(browsers.map(|browser| book.change(browser, acme.into(), 10)));
        futures_util::future::join3(changes, book.look(&nodes), book.look(&nodes)).await;
    };
    let (deleted, created) = (|| book.deleted.lock().unwrap().len(), || book.created.load(Ordering::Relaxed));
    let more = async |what: &str| {
        let (begun, until) = (Instant::now(), (created() + 20, deleted() + 20));
        while created() < until.0 || deleted() < until.1 {
            assert!(begun.elapsed() < LONGEST, "nothing is written {what}");
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
        println!("{what}: written again after {:?}", begun.elapsed());
    };
    let nights = async {
        more("in peace").await;
        let leader = pair.leader().await;
        pair.members[leader].kill();
        more("after the leader was killed").await;
        pair.members[leader].start();
        let leader = pair.leader().await;
        let hung = Stopped::now(pair.members[leader].processes());
        more("while the leader hangs").await;
        drop(hung);
        pair.leader().await;
        more("after it was resumed").await;
        book.done.store(true, Ordering::Relaxed);
    };
    futures_util::future::join(load, nights).await;
    for (list, is_live) in [(&book.live, true), (&book.deleted, false)] {
        let all = list.lock().unwrap().clone();
        for secret in all {
            for node in nodes {
                book.check(node, &secret, is_live).await;
            }
        }
    }
    assert_eq!(*book.wrong.lock().unwrap(), Vec::<String>::new());
    println!(
        "created {}, deleted {}, refused {}, unavailable {}",
        created(),
        deleted(),
        book.refused.load(Ordering::Relaxed),
        book.unavailable.load(Ordering::Relaxed)
    );
    soak::row("calls against the book of a failover", book.refused.load(Ordering::Relaxed));
}
