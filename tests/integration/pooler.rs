//! A real PgBouncer between Tokenhouse and its Postgres.

use super::two_processes::Node;
use crate::commands::Shell;
use crate::support::client::{Browser, whoami};
use crate::support::{OWNER, cluster, database, ledger, soak};
use diesel::Connection;
use diesel::connection::SimpleConnection;
use secrecy::SecretString;
use std::net::{TcpListener, TcpStream};
use std::os::unix::fs::{PermissionsExt, chown};
use std::os::unix::process::CommandExt;
use std::process::{Child, Command, Stdio};
use std::sync::atomic::{AtomicBool, Ordering};
use tempfile::TempDir;
use tokenhouse::db::{self, Conn, Source};

struct Pooler {
    process: Child,
    port: u16,
    _folder: TempDir,
}

impl Pooler {
    /// Between a port and the Postgres of the run.
    fn in_mode(mode: &str, more: &str) -> Pooler {
        // The port that was free may be taken by now.
        std::iter::from_fn(|| Some(Pooler::try_in_mode(mode, more))).take(5).flatten().next().unwrap()
    }

    fn try_in_mode(mode: &str, more: &str) -> Option<Pooler> {
        let folder = tempfile::Builder::new().prefix("pooler").tempdir_in(ledger::run_folder()).unwrap();
        std::fs::set_permissions(folder.path(), PermissionsExt::from_mode(0o755)).unwrap();
        let url = database::url("tokenhouse");
        let (_, rest) = url.split_once('@').unwrap();
        let (socket, _) = rest.split_once(':').unwrap();
        let socket = percent_encoding::percent_decode_str(socket).decode_utf8().unwrap();
        let port = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
        let settings = format!(
            "[databases]\n* = host={socket} port=5432 user=tokenhouse\n\
             [pgbouncer]\nlisten_addr = 127.0.0.1\nlisten_port = {port}\nunix_socket_dir =\nauth_type = any\n\
             ignore_startup_parameters = options,extra_float_digits\npool_mode = {mode}\n{more}\n"
        );
        let file = folder.path().join("pgbouncer.ini");
        std::fs::write(&file, settings).unwrap();
        let program = ["/usr/sbin/pgbouncer", "/usr/bin/pgbouncer", "/usr/local/bin/pgbouncer"];
        let program = program.into_iter().find(|path| std::path::Path::new(path).exists());
        let mut command = Command::new(program.expect("script/install installs PgBouncer"));
        // It refuses to be run by root.
        if let Some((user, group)) = cluster::runs_as() {
            chown(folder.path(), Some(user), Some(group)).unwrap();
            command.uid(user).gid(group);
        }
        let quiet =
            command.arg("-q").arg(&file).stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
        let mut process = quiet.spawn().unwrap();
        while TcpStream::connect(("127.0.0.1", port)).is_err() {
            if process.try_wait().unwrap().is_some() {
                return None;
            }
            std::thread::yield_now();
        }
        Some(Pooler { process, port, _folder: folder })
    }

    fn url(&self, database: &str) -> String {
        format!("postgres://tokenhouse@127.0.0.1:{}/{database}", self.port)
    }
}

impl Drop for Pooler {
    fn drop(&mut self) {
        self.process.kill().unwrap();
        self.process.wait().unwrap();
    }
}

const REFUSED: &str =
    "the connection goes through a pooler that changes the server's process between statements";

#[test]
fn a_pooler_that_shares_processes_between_transactions_is_refused_in_words() {
    let shell = Shell::demo();
    for mode in ["transaction", "statement"] {
        let pooler = Pooler::in_mode(mode, "");
        let command = |words: &[&str]| {
            let mut command = shell.command(words);
            command.env("DATABASE_URL", pooler.url(&shell.database));
            command
        };
        let serve = Node::or_refused(&mut command(&["serve", "--listen", "127.0.0.1:0"]));
        for said in [serve.err().expect("it is refused"), command(&["migrate"]).output().unwrap().into()] {
            assert_eq!((said.code, said.out.as_str(), said.err.lines().count()), (1, "", 1), "{}", said.err);
            assert!(
                said.err.contains(REFUSED) && said.err.contains("set pool_mode = session"),
                "{}",
                said.err
            );
        }
    }
}

#[test]
fn it_is_recognized_each_time_also_when_others_keep_it_busy_and_however_it_takes_turns() {
    let name = database::fresh();
    for more in ["", "server_round_robin = 1", "default_pool_size = 1", "min_pool_size = 5"] {
        let pooler = Pooler::in_mode("transaction", more);
        let url = pooler.url(&name);
        let recognized = || {
            let source = Source::from(&SecretString::from(url.clone()));
            let refused = db::connect(&source).and_then(|mut conn| db::refuse_pooler(&mut conn, &source));
            let said = refused.err().map(|error| error.to_string()).unwrap_or_default();
            assert!(said.contains(REFUSED), "{more}: {said}");
        };
        (0..3).for_each(|_| recognized());
        let done = AtomicBool::new(false);
        std::thread::scope(|scope| {
            for _ in 0..4 {
                scope.spawn(|| {
                    let mut conn = Conn::establish(&url).unwrap();
                    while !done.load(Ordering::Relaxed) {
                        conn.batch_execute("SELECT 1").unwrap();
                    }
                });
            }
            let tried = std::panic::catch_unwind(|| (0..soak::size(10, 1_000)).for_each(|_| recognized()));
            done.store(true, Ordering::Relaxed);
            tried.unwrap();
        });
        soak::row("starts behind a busy pooler", soak::size(10, 1_000));
    }
}

#[actix_web::test]
async fn a_pooler_in_session_mode_is_as_good_as_none() {
    let shell = Shell::demo();
    let pooler = Pooler::in_mode("session", "");
    let acme = shell.account("Acme").parse().unwrap();
    let mut serve = shell.command(&["serve", "--listen", "127.0.0.1:0"]);
    let node = Node::of(serve.env("DATABASE_URL", pooler.url(&shell.database)));
    let mut owner = Browser::new(node.address);
    owner.sign_in(OWNER, &ledger::password()).await;
    let (token, secret) = owner.make_full_token(acme, "Deploy").await;
    assert_eq!(whoami(node.address, &secret).await.0, 200);
    assert_eq!(owner.delete_token(acme, token).await.status, 303);
    assert_eq!(whoami(node.address, &secret).await.0, 401);
}
