//! A server that is started before its database, or with one that it can't use.

use crate::commands::{Said, Shell};
use crate::support::{database, product};
use secrecy::SecretString;
use std::io::{BufRead, BufReader, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::os::unix::fs::symlink;
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStderr, Command, Stdio};
use std::time::Duration;
use tokenhouse::clock::Clock;
use tokenhouse::config::Config;
use tokenhouse::server::Server;

const WAITS: &str = "waiting for the database";

/// A server that is on its way.
struct Starting {
    child: Child,
    log: BufReader<ChildStderr>,
}

impl Starting {
    fn on(url: &str) -> Starting {
        let mut child = serve(url).stderr(Stdio::piped()).spawn().unwrap();
        let log = BufReader::new(child.stderr.take().unwrap());
        Starting { child, log }
    }

    /// Reads its log up to a line that holds these words.
    fn reads(&mut self, words: &str) -> String {
        let mut all = String::new();
        loop {
            let before = all.len();
            assert!(self.log.read_line(&mut all).unwrap() > 0, "it ended without “{words}”: {all}");
            if all[before..].contains(words) {
                return all[before..].to_owned();
            }
        }
    }

    /// Ends it with this signal; returns the exit code.
    fn end(&mut self, signal: &str) -> Option<i32> {
        let sent = Command::new("kill").args([signal, &self.child.id().to_string()]).status().unwrap();
        assert!(sent.success());
        self.child.wait().unwrap().code()
    }
}

impl Drop for Starting {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

fn serve(url: &str) -> Command {
    let shell = Shell { database: String::new() };
    let mut command = shell.command(&["serve", "--listen", "127.0.0.1:0"]);
    command.env("DATABASE_URL", url).env_remove("RUST_LOG");
    command
}

/// The address of this database through a socket in another folder, and where the socket itself is.
fn through(folder: &Path, database: &str) -> (String, PathBuf) {
    let url = database::url(database);
    let (role, rest) = url.split_once('@').unwrap();
    let (real, rest) = rest.split_once(':').unwrap();
    let real = percent_encoding::percent_decode_str(real).decode_utf8().unwrap().into_owned();
    let folder =
        percent_encoding::utf8_percent_encode(folder.to_str().unwrap(), percent_encoding::NON_ALPHANUMERIC);
    (format!("{role}@{folder}:{rest}"), Path::new(&real).join(".s.PGSQL.5432"))
}

/// A Postgres that refuses every connection with this state and these words; after it has asked for
/// a password where `asks` says so.
fn refusing(state: &'static str, words: &'static str, asks: bool) -> String {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    std::thread::spawn(move || {
        for stream in listener.incoming().map_while(Result::ok) {
            // One that hangs up early, as one that only asks whether it's up, is none of its business.
            let _ = refuse(stream, state, words, asks);
        }
    });
    format!("postgres://tokenhouse:pass@{address}/tokenhouse")
}

fn refuse(mut stream: TcpStream, state: &str, words: &str, asks: bool) -> std::io::Result<()> {
    let read = |stream: &mut TcpStream, before: usize| {
        let mut head = vec![0; before + 4];
        stream.read_exact(&mut head)?;
        let length = u32::from_be_bytes(head[before..].try_into().unwrap());
        stream.read_exact(&mut vec![0; usize::try_from(length).unwrap() - 4])
    };
    read(&mut stream, 0)?;
    if asks {
        stream.write_all(b"R\0\0\0\x08\0\0\0\x03")?;
        read(&mut stream, 1)?;
    }
    // Severity in the server's language, and for programs; state; words.
    let body = format!("SВАЖНО\0VFATAL\0C{state}\0M{words}\0\0");
    let length = u32::try_from(body.len() + 4).unwrap().to_be_bytes();
    stream.write_all(&[b"E", &length[..], body.as_bytes()].concat())
}

#[test]
fn a_server_that_is_started_before_its_database_waits_for_it() {
    let folder = tempfile::tempdir().unwrap();
    let (url, socket) = through(folder.path(), &database::fresh());
    let mut starting = Starting::on(&url);
    let line = starting.reads(WAITS);
    assert!(line.contains("No such file or directory"), "{line}");
    symlink(socket, folder.path().join(".s.PGSQL.5432")).unwrap();
    starting.reads("the database answers");
    starting.reads("is open at");
    assert_eq!(starting.end("-INT"), Some(0));
}

#[test]
fn a_server_that_waits_for_its_database_ends_at_once_when_told() {
    let folder = tempfile::tempdir().unwrap();
    let (url, _) = through(folder.path(), "tokenhouse");
    let mut starting = Starting::on(&url);
    starting.reads(WAITS);
    // One that had waited to the end would have failed.
    assert_eq!(starting.end("-TERM"), Some(0));
}

#[test]
fn what_passes_by_itself_is_waited_for_in_whatever_language_the_server_says_it() {
    for url in [
        // Nobody listens on port 1; names below .invalid never resolve.
        "postgres://tokenhouse@127.0.0.1:1/tokenhouse".to_owned(),
        "postgres://tokenhouse@nowhere.invalid/tokenhouse".to_owned(),
        refusing("57P03", "система баз данных запускается", false),
        refusing("53300", "sorry, too many clients already", false),
    ] {
        let mut starting = Starting::on(&url);
        starting.reads(WAITS);
        assert_eq!(starting.end("-INT"), Some(0), "{url}");
    }
}

#[actix_web::test]
async fn a_database_that_never_comes_ends_the_start_with_the_cause() {
    let folder = tempfile::tempdir().unwrap();
    let (url, _) = through(folder.path(), "tokenhouse");
    let mut config = Config::for_tests(url.clone()).unwrap();
    config.database_wait = Duration::from_millis(1);
    let ended = Server::build(&config, &SecretString::from(url), Clock::system(), product()).await;
    let cause = ended.err().expect("there is no database").to_string();
    assert!(cause.starts_with("cannot use the database: the database is not available: "), "{cause}");
    assert!(cause.contains("No such file or directory"), "{cause}");
}

#[test]
fn what_no_waiting_mends_ends_the_start_at_once() {
    let missing = database::url("no_such_database");
    let role = database::url("tokenhouse").replace("tokenhouse@", "no_such_role@");
    let password = refusing("28P01", "пользователь не прошёл проверку подлинности", true);
    let option = format!("{}?sslmode=sometimes", database::url("tokenhouse"));
    for url in [missing, role, password, option] {
        let said = Said::from(serve(&url).output().unwrap());
        assert_eq!((said.code, said.err.lines().count()), (1, 1), "{url}: {}", said.err);
        assert!(said.err.starts_with("tokenhouse: cannot use the database"), "{}", said.err);
        assert!(!said.err.contains(WAITS), "{}", said.err);
    }
}
