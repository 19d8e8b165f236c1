//! A server that takes mail, as far as a test wants it to.

use std::net::SocketAddr;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};
use tokio::io::{AsyncBufReadExt, AsyncWriteExt, BufReader};
use tokio::net::{TcpListener, TcpStream};

/// What it has taken, and whether it takes anything.
#[derive(Default)]
struct Desk {
    taken: Mutex<Vec<String>>,
    away: AtomicBool,
}

/// It speaks as much of SMTP as a client without extensions needs.
pub struct SmtpServer {
    address: SocketAddr,
    desk: Arc<Desk>,
}

impl SmtpServer {
    pub async fn open() -> SmtpServer {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let (address, desk) = (listener.local_addr().unwrap(), Arc::new(Desk::default()));
        let behind = Arc::clone(&desk);
        tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                tokio::spawn(talk(stream, Arc::clone(&behind)));
            }
        });
        SmtpServer { address, desk }
    }

    /// For `--smtp`.
    pub fn url(&self) -> String {
        format!("smtp://{}", self.address)
    }

    /// Takes nothing, or goes on taking.
    pub fn away(&self, away: bool) {
        self.desk.away.store(away, Ordering::SeqCst);
    }

    /// Every mail that was taken, with its headers.
    pub fn taken(&self) -> Vec<String> {
        self.desk.taken.lock().unwrap().clone()
    }
}

/// Who is called nobody is not here; all others are.
async fn talk(stream: TcpStream, desk: Arc<Desk>) {
    let (reader, mut writer) = stream.into_split();
    let mut lines = BufReader::new(reader).lines();
    let mut said = if desk.away.load(Ordering::SeqCst) { "421 away" } else { "220 here" };
    loop {
        if writer.write_all(format!("{said}\r\n").as_bytes()).await.is_err() {
            return;
        }
        let Ok(Some(line)) = lines.next_line().await else { return };
        said = match line.split([' ', ':']).next().unwrap() {
            "RCPT" if line.contains("<nobody@") => "550 no such person",
            "DATA" => {
                writer.write_all(b"354 go on\r\n").await.unwrap();
                let mut mail = String::new();
                while let Ok(Some(line)) = lines.next_line().await {
                    if line == "." {
                        break;
                    }
                    mail.push_str(line.strip_prefix('.').unwrap_or(&line));
                    mail.push('\n');
                }
                desk.taken.lock().unwrap().push(mail);
                "250 taken"
            }
            _ => "250 fine",
        };
    }
}
