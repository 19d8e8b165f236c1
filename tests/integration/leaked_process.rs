//! `POST /leaked` to a process of its own: killed after its answer, and sent what is far too large.

use crate::commands::Shell;
use crate::facts::count_in;
use crate::support::client::{read, whoami};
use crate::support::ledger;
use reqwest::Client;
use std::io::{BufRead, BufReader, Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::process::{Child, Stdio};
use std::time::{Duration, Instant};

struct Process {
    child: Child,
    address: SocketAddr,
}

impl Process {
    fn start(shell: &Shell) -> Process {
        let mut child =
            shell.command(&["serve", "--listen", "127.0.0.1:0"]).stderr(Stdio::piped()).spawn().unwrap();
        let mut lines = BufReader::new(child.stderr.take().unwrap()).lines().map(Result::unwrap);
        let open = lines.find(|line| line.contains("is open at")).expect("the process serves");
        let address = open.split("http://").nth(1).unwrap().trim_end_matches('/').parse().unwrap();
        // What it says belongs to the log that is searched for secrets.
        std::thread::spawn(move || {
            for line in lines {
                ledger::log_file().lock().unwrap().write_all(format!("{line}\n").as_bytes()).unwrap();
            }
        });
        Process { child, address }
    }

    async fn report(&self, secret: &str) -> u16 {
        let http = Client::builder().no_proxy().build().unwrap();
        read(http.post(format!("http://{}/leaked", self.address)).body(secret.to_owned()))
            .await
            .status
            .as_u16()
    }

    /// What it holds in memory, in KiB.
    fn memory(&self) -> u64 {
        let status = std::fs::read_to_string(format!("/proc/{}/status", self.child.id())).unwrap();
        let line = status.lines().find(|line| line.starts_with("VmRSS:")).unwrap();
        line.split_whitespace().nth(1).unwrap().parse().unwrap()
    }

    fn kill(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        self.kill();
    }
}

#[actix_web::test]
async fn what_was_answered_is_done_though_the_process_was_killed_after_the_answer() {
    let shell = Shell::demo();
    let acme = shell.account("Acme");
    let words = ["--name", "Leaked", "--scope", "zones:*:read", "--expires", "2099-01-01"];
    let mut left = 0;
    for _ in 0..3 {
        let (_, secret) = shell.token(&acme, &words);
        let mut process = Process::start(&shell);
        assert_eq!(process.report(&secret).await, 202);
        process.kill();
        left += count_in(&mut shell.conn(), "leak_reports");
        let next = Process::start(&shell);
        let begun = Instant::now();
        while whoami(next.address, &secret).await.0 == 200 {
            assert!(begun.elapsed() < Duration::from_secs(5), "still alive");
        }
        assert_eq!(whoami(next.address, &secret).await.1["code"], "token_deleted");
        assert_eq!(count_in(&mut shell.conn(), "leak_reports"), 0);
    }
    // It looks once a second, and was killed at once.
    assert!(left > 0, "nothing was left to be done by the next one");
}

#[actix_web::test]
async fn a_huge_body_costs_no_memory() {
    let shell = Shell::demo();
    let process = Process::start(&shell);
    let (_, secret) =
        shell.token(&shell.account("Acme"), &["--name", "Fine", "--full", "--expires", "never"]);
    assert_eq!(process.report("nothing").await, 202);
    let before = process.memory();
    for _ in 0..4 {
        let mut stream = TcpStream::connect(process.address).unwrap();
        stream.set_write_timeout(Some(Duration::from_secs(10))).unwrap();
        stream.set_read_timeout(Some(Duration::from_secs(10))).unwrap();
        let head = "POST /leaked HTTP/1.1\r\nhost: house\r\ntransfer-encoding: chunked\r\n\r\n";
        stream.write_all(head.as_bytes()).unwrap();
        let part = [b"10000\r\n".as_slice(), &[b'x'; 0x10000], b"\r\n"].concat();
        let mut sent = 0;
        while sent < 64 * 1024 * 1024 && stream.write_all(&part).is_ok() {
            sent += part.len();
        }
        // The answer may be lost with the connection; if it comes, it is the usual one.
        let mut answer = Vec::new();
        let _ = stream.read_to_end(&mut answer);
        assert!(answer.is_empty() || answer.starts_with(b"HTTP/1.1 202 "));
    }
    let grown = process.memory().saturating_sub(before);
    assert!(grown < 50 * 1024, "{grown} KiB");
    assert_eq!(whoami(process.address, &secret).await.0, 200);
}
