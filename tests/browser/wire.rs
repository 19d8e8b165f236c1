//! What goes over the wire between a browser and the server, counted by standing in between.

use std::io::{Read, Write};
use std::net::{Shutdown, SocketAddr, TcpListener, TcpStream};
use std::sync::{Arc, Mutex};
use std::thread;

/// A request, and every byte that was answered to it: status line, headers and body, as packed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Passed {
    pub path: String,
    pub bytes: usize,
}

/// A way to a server, on a port of its own.
pub struct Wire {
    pub address: SocketAddr,
    passed: Arc<Mutex<Vec<Passed>>>,
}

impl Wire {
    /// Stands in front of this server, for as long as the process lives.
    pub fn to(server: SocketAddr) -> Wire {
        let listener = TcpListener::bind(("127.0.0.1", 0)).unwrap();
        let wire = Wire { address: listener.local_addr().unwrap(), passed: Arc::default() };
        let passed = wire.passed.clone();
        thread::spawn(move || {
            for browser in listener.incoming().map_while(Result::ok) {
                let Ok(server) = TcpStream::connect(server) else { break };
                pass(browser, server, &passed);
            }
        });
        wire
    }

    /// What has passed since this was asked last.
    pub fn passed(&self) -> Vec<Passed> {
        std::mem::take(&mut self.passed.lock().unwrap())
    }
}

/// Browsers do not send a request before the one before it on the same connection is answered, so
/// what comes back belongs to the last one that was asked.
fn pass(browser: TcpStream, server: TcpStream, passed: &Arc<Mutex<Vec<Passed>>>) {
    let asked: Arc<Mutex<String>> = Arc::default();
    let (to_server, asking) = ((browser.try_clone().unwrap(), server.try_clone().unwrap()), asked.clone());
    let counted = passed.clone();
    thread::spawn(move || {
        copy(to_server.0, to_server.1, |bytes| {
            let head = String::from_utf8_lossy(bytes);
            if let Some(path) = head.strip_prefix("GET ").and_then(|rest| rest.split(' ').next()) {
                *asking.lock().unwrap() = path.to_owned();
                counted.lock().unwrap().push(Passed { path: path.to_owned(), bytes: 0 });
            }
        });
    });
    let passed = passed.clone();
    thread::spawn(move || {
        copy(server, browser, |bytes| {
            let path = asked.lock().unwrap();
            if let Some(last) = passed.lock().unwrap().iter_mut().rev().find(|one| one.path == *path) {
                last.bytes += bytes.len();
            }
        });
    });
}

fn copy(mut from: TcpStream, mut to: TcpStream, mut seen: impl FnMut(&[u8])) {
    let mut buffer = vec![0; 64 * 1024];
    while let Ok(length @ 1..) = from.read(&mut buffer) {
        seen(&buffer[..length]);
        if to.write_all(&buffer[..length]).is_err() {
            break;
        }
    }
    let _ = to.shutdown(Shutdown::Write);
}
