//! The process is told to end: balancers hear of it first, and nobody is cut off.

use crate::commands::Shell;
use crate::support::client::read;
use reqwest::Client;
use std::io::{BufRead, BufReader, Read, Write};
use std::net::TcpStream;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

/// A process that serves.
struct Process {
    child: Child,
    address: String,
}

impl Process {
    fn start() -> Process {
        let shell = Shell::demo();
        let mut child =
            shell.command(&["serve", "--listen", "127.0.0.1:0"]).stderr(Stdio::piped()).spawn().unwrap();
        let mut lines = BufReader::new(child.stderr.take().unwrap()).lines().map(Result::unwrap);
        let open = lines.find(|line| line.contains("is open at")).expect("the process serves");
        let address = open.split("http://").nth(1).unwrap().trim_end_matches('/').to_owned();
        // Read on, so that the process can write.
        std::thread::spawn(move || lines.for_each(drop));
        Process { child, address }
    }

    fn signal(&self, name: &str) {
        let sent = Command::new("kill").args([name, &self.child.id().to_string()]).status().unwrap();
        assert!(sent.success());
    }

    /// A form of which half was sent.
    fn half_a_form(&self) -> TcpStream {
        let mut stream = TcpStream::connect(&self.address).unwrap();
        let head = "POST /sign-in HTTP/1.1\r\nhost: house\r\ncontent-type: application/x-www-form-urlencoded\r\n\
                    content-length: 12\r\n\r\nemail=";
        stream.write_all(head.as_bytes()).unwrap();
        stream
    }

    async fn status(&self, path: &str) -> u16 {
        let http = Client::builder().no_proxy().build().unwrap();
        read(http.get(format!("http://{}{path}", self.address))).await.status.as_u16()
    }

    fn takes_callers(&self) -> bool {
        TcpStream::connect(&self.address).is_ok()
    }

    /// The exit code; within half a minute, whatever happens.
    fn end(&mut self) -> Option<i32> {
        let begun = Instant::now();
        loop {
            if let Some(status) = self.child.try_wait().unwrap() {
                return status.code();
            }
            assert!(begun.elapsed() < Duration::from_secs(30), "the process does not end");
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

#[actix_web::test]
async fn a_process_told_to_end_says_so_first_and_then_finishes_what_is_in_flight() {
    let mut process = Process::start();
    assert_eq!(process.status("/readyz").await, 200);
    let mut slow = process.half_a_form();
    process.signal("-TERM");
    while process.status("/readyz").await == 200 {}
    // It is ready for nobody new, and answers whoever has not heard of that.
    assert_eq!((process.status("/healthz").await, process.status("/v2/whoami").await), (200, 401));
    // And tells them to connect elsewhere next.
    let http = Client::builder().no_proxy().build().unwrap();
    for path in ["/healthz", "/v2/whoami", "/sign-in"] {
        let answer = read(http.get(format!("http://{}{path}", process.address))).await;
        assert_eq!(answer.header("connection"), "close", "{path}");
    }
    while process.takes_callers() {
        tokio::task::yield_now().await;
    }
    assert!(process.child.try_wait().unwrap().is_none(), "half a form is still in flight");
    slow.write_all(b"nobody").unwrap();
    let mut answer = String::new();
    slow.read_to_string(&mut answer).unwrap();
    assert!(answer.starts_with("HTTP/1.1 403 "), "{answer}");
    assert!(answer.ends_with("</html>") || answer.ends_with("</html>\n"), "{answer}");
    assert_eq!(process.end(), Some(0));
}

#[actix_web::test]
async fn of_the_calls_begun_before_the_signal_none_is_cut() {
    let mut process = Process::start();
    let calls: Vec<TcpStream> = (0..50)
        .map(|_| {
            let mut stream = TcpStream::connect(&process.address).unwrap();
            stream.write_all(b"GET /v2/whoami HTTP/1.1\r\nhost: house\r\nconnection: close\r\n\r\n").unwrap();
            stream
        })
        .collect();
    process.signal("-TERM");
    for mut call in calls {
        let mut answer = String::new();
        call.read_to_string(&mut answer).unwrap();
        assert!(answer.starts_with("HTTP/1.1 4") && answer.ends_with('}'), "{answer:?}");
    }
    assert_eq!(process.end(), Some(0));
}

#[actix_web::test]
async fn a_second_signal_ends_at_once() {
    for second in ["-TERM", "-INT"] {
        let mut process = Process::start();
        let _slow = process.half_a_form();
        process.signal("-TERM");
        while process.status("/readyz").await == 200 {}
        let begun = Instant::now();
        process.signal(second);
        assert_eq!(process.end(), Some(0));
        // What is in flight would have been waited for, for 25 seconds.
        assert!(begun.elapsed() < Duration::from_secs(10), "{second}: {:?}", begun.elapsed());
    }
}
