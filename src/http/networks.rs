//! Networks that tokens were used from, on their way to the database: kept in memory, written a
//! batch at a time, so that no call waits for a write.

use crate::db::{Db, DbError};
use crate::models::token::networks::{self, MOST_NETWORKS, Seen};
use crate::policy::ClientAddress;
use ipnet::IpNet;
use std::collections::{HashMap, HashSet};
use std::sync::{Mutex, MutexGuard, PoisonError};
use time::OffsetDateTime;

/// At most so many networks wait to be written; further ones wait for their next use.
const MOST_WAITING: usize = 20_000;
/// So many that are written are remembered, so that they are not written again. Beyond it all are
/// forgotten, which costs one more look at each.
const MOST_KNOWN: usize = 200_000;

/// The networks that are not written yet, and those that need not be.
#[derive(Default)]
pub struct Networks(Mutex<Inner>);

#[derive(Default)]
struct Inner {
    waiting: HashMap<i64, HashMap<Option<IpNet>, Seen>>,
    waiting_in_all: usize,
    known: HashMap<i64, HashSet<Option<IpNet>>>,
    known_in_all: usize,
    full: HashSet<i64>,
}

impl Networks {
    /// Notes a use. Nothing is kept of one from a known network, nor of a token that is used from
    /// everywhere.
    pub fn note(&self, token: i64, address: ClientAddress, at: OffsetDateTime, client: &str) {
        let network = networks::network_of(address);
        let mut inner = self.inner();
        if inner.known.get(&token).is_some_and(|known| known.contains(&network))
            || inner.full.contains(&token)
        {
            return;
        }
        let client = || client.to_owned();
        inner.wait(token, network, || Seen { token, network, at, address, client: client() });
    }

    /// Writes all of them.
    pub async fn flush(&self, db: &Db) -> Result<(), DbError> {
        let due: Vec<Seen> = {
            let mut inner = self.inner();
            inner.waiting_in_all = 0;
            inner.waiting.drain().flat_map(|(_, of_token)| of_token.into_values()).collect()
        };
        if due.is_empty() {
            return Ok(());
        }
        let batch = due.clone();
        let result = db.transaction(move |conn| networks::write(conn, &batch)).await;
        let mut inner = self.inner();
        match result {
            Ok(full) => {
                inner.remember(&due, full);
                Ok(())
            }
            // Nothing is lost while the database is away: they wait for the next round.
            Err(error) if error.passes() => {
                due.into_iter().for_each(|one| inner.wait(one.token, one.network, || one));
                Err(error)
            }
            // What cannot be written at all must not hold up the networks of every other token.
            Err(error) => Err(error),
        }
    }

    /// How many are kept in memory, written or not.
    pub fn kept(&self) -> usize {
        let inner = self.inner();
        inner.waiting_in_all + inner.known_in_all
    }

    fn inner(&self) -> MutexGuard<'_, Inner> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Inner {
    /// The earliest use from a network is the one that is told.
    fn wait(&mut self, token: i64, network: Option<IpNet>, seen: impl FnOnce() -> Seen) {
        let is_over = self.waiting_in_all >= MOST_WAITING;
        let of_token = self.waiting.entry(token).or_default();
        if !is_over && of_token.len() < MOST_NETWORKS && !of_token.contains_key(&network) {
            of_token.insert(network, seen());
            self.waiting_in_all += 1;
        }
        if of_token.is_empty() {
            self.waiting.remove(&token);
        }
    }

    fn remember(&mut self, written: &[Seen], full: Vec<i64>) {
        if self.known_in_all + written.len() > MOST_KNOWN || self.full.len() > MOST_KNOWN {
            self.known.clear();
            self.full.clear();
            self.known_in_all = 0;
        }
        for one in written {
            if self.known.entry(one.token).or_default().insert(one.network) {
                self.known_in_all += 1;
            }
        }
        for token in full {
            self.known_in_all -= self.known.remove(&token).map_or(0, |known| known.len());
            self.full.insert(token);
        }
    }
}
