//! What is between a house and its Postgres: it can swallow everything that goes through, or hold
//! each part of it up for a while.

use std::io::{Read, Write};
use std::net::{Shutdown, TcpListener};
use std::os::unix::net::UnixStream;
use std::sync::{Arc, Condvar, Mutex};
use std::time::Duration;

/// What may go through now.
#[derive(Clone, Copy)]
struct Way {
    open: bool,
    late: Duration,
}

type Shared = Arc<(Mutex<Way>, Condvar)>;

/// A way to a database.
pub struct Hole {
    /// Where the way begins.
    pub url: String,
    way: Shared,
}

impl Hole {
    /// A way to this database, through which everything goes.
    pub fn before(url: &str) -> Hole {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        // postgresql://role@%2Fa%2Ffolder:5432/database
        let (role, rest) = url.split_once('@').unwrap();
        let (folder, rest) = rest.split_once(':').unwrap();
        let (port, database) = rest.split_once('/').unwrap();
        let folder = percent_encoding::percent_decode_str(folder).decode_utf8().unwrap();
        let socket = format!("{folder}/.s.PGSQL.{port}");
        let url = format!("{role}@{}/{database}", listener.local_addr().unwrap());
        let way = Arc::new((Mutex::new(Way { open: true, late: Duration::ZERO }), Condvar::new()));
        let of_threads = Arc::clone(&way);
        std::thread::spawn(move || {
            for near in listener.incoming().map_while(Result::ok) {
                let Ok(far) = UnixStream::connect(&socket) else { continue };
                let (near_again, far_again) = (near.try_clone().unwrap(), far.try_clone().unwrap());
                let (there, back) = (Arc::clone(&of_threads), Arc::clone(&of_threads));
                std::thread::spawn(move || {
                    pump(&near, &far, &there);
                    let _ = far.shutdown(Shutdown::Both);
                });
                std::thread::spawn(move || {
                    pump(&far_again, &near_again, &back);
                    let _ = near_again.shutdown(Shutdown::Both);
                });
            }
        });
        Hole { url, way }
    }

    /// Swallows everything from now on, or lets it through again.
    pub fn set_open(&self, open: bool) {
        self.way.0.lock().unwrap().open = open;
        self.way.1.notify_all();
    }

    /// Each part, there and back, comes so much later from now on.
    pub fn set_late(&self, late: Duration) {
        self.way.0.lock().unwrap().late = late;
    }
}

/// Hands on what comes, in time or late, and holds it back while nothing may go through.
fn pump(mut from: impl Read, mut to: impl Write, way: &(Mutex<Way>, Condvar)) {
    let mut bytes = vec![0; 65_536];
    while let Ok(count @ 1..) = from.read(&mut bytes) {
        let late = way.1.wait_while(way.0.lock().unwrap(), |way| !way.open).unwrap().late;
        if !late.is_zero() {
            // Nobody wakes it: a wait that is over by time is the network that is played here.
            let (alone, nobody) = (Mutex::new(()), Condvar::new());
            drop(nobody.wait_timeout_while(alone.lock().unwrap(), late, |()| true).unwrap());
        }
        if to.write_all(&bytes[..count]).is_err() {
            return;
        }
    }
}
