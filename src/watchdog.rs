//! Connections that are given up: one thread shuts their sockets down when something takes too long.
//! The thread that waits for such a socket then reads the end of it at once.

use rustix::net::{Shutdown, shutdown};
use std::collections::BTreeMap;
use std::os::fd::OwnedFd;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Condvar, LazyLock, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

static WATCHDOG: LazyLock<&'static Watchdog> = LazyLock::new(|| {
    let watchdog: &'static Watchdog = Box::leak(Box::default());
    std::thread::spawn(|| watchdog.run());
    watchdog
});

/// A socket that can be given up.
#[derive(Debug)]
pub struct Socket {
    /// A duplicate, so that its number can't belong to another connection meanwhile.
    fd: OwnedFd,
    why: &'static str,
    is_given_up: AtomicBool,
}

impl Socket {
    /// The socket that this is a duplicate of; `why` is for the log.
    pub fn new(duplicate: OwnedFd, why: &'static str) -> Socket {
        Socket { fd: duplicate, why, is_given_up: AtomicBool::new(false) }
    }

    /// Whether it was shut down.
    pub fn is_given_up(&self) -> bool {
        self.is_given_up.load(Ordering::Relaxed)
    }
}

/// Gives the socket up unless what is returned is dropped within this time.
pub fn watch(socket: &Arc<Socket>, longest: Duration) -> Watch {
    WATCHDOG.watch(socket, longest)
}

/// Shuts down what isn't done in time.
#[derive(Default)]
struct Watchdog {
    state: Mutex<State>,
    sooner: Condvar,
}

#[derive(Default)]
struct State {
    watched: BTreeMap<(Instant, u64), Arc<Socket>>,
    last: u64,
    /// When the thread looks again by itself; `None` while it waits to be woken.
    looks_at: Option<Instant>,
}

/// Work that is watched until this is dropped.
#[derive(Debug)]
pub struct Watch {
    key: (Instant, u64),
}

impl Watchdog {
    fn watch(&self, socket: &Arc<Socket>, longest: Duration) -> Watch {
        let mut state = self.lock();
        state.last += 1;
        let key = (Instant::now() + longest, state.last);
        state.watched.insert(key, Arc::clone(socket));
        // Work ends long before its deadline, so that the thread is hardly ever woken.
        if state.looks_at.is_none_or(|at| key.0 < at) {
            state.looks_at = Some(key.0);
            self.sooner.notify_one();
        }
        Watch { key }
    }

    fn run(&self) {
        let mut state = self.lock();
        loop {
            let now = Instant::now();
            while let Some(first) = state.watched.first_entry().filter(|first| first.key().0 <= now) {
                let socket = first.remove();
                socket.is_given_up.store(true, Ordering::Relaxed);
                // It fails only where the connection has ended already.
                let _ = shutdown(&socket.fd, Shutdown::Both);
                tracing::warn!(why = socket.why, "a connection is given up");
            }
            state.looks_at = state.watched.first_key_value().map(|((at, _), _)| *at);
            state = match state.looks_at {
                Some(at) => {
                    let woken = self.sooner.wait_timeout(state, at.saturating_duration_since(now));
                    woken.unwrap_or_else(PoisonError::into_inner).0
                }
                None => self.sooner.wait(state).unwrap_or_else(PoisonError::into_inner),
            };
        }
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Drop for Watch {
    fn drop(&mut self) {
        WATCHDOG.lock().watched.remove(&self.key);
    }
}
