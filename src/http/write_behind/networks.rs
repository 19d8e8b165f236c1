//! The networks that tokens were used from.

use super::{Entry, WriteBehind};
use crate::db::{Conn, DbError};
use crate::models::token::networks::{self, MOST_NETWORKS, Seen, network_of};
use crate::policy::{ClientAddress, TokenId};
use ipnet::IpNet;
use std::collections::{HashMap, HashSet};
use time::OffsetDateTime;

/// So many that are written are remembered, so that they are not written again. Beyond it all are
/// forgotten, which costs one more look at each.
const MOST_KNOWN: usize = 200_000;

/// What need not be written again.
#[derive(Default)]
pub struct Known {
    /// How many of each token wait.
    waiting: HashMap<TokenId, usize>,
    known: HashMap<TokenId, HashSet<Option<IpNet>>>,
    known_in_all: usize,
    /// Tokens that are used from everywhere.
    full: HashSet<TokenId>,
}

impl Known {
    fn has(&self, token: TokenId, network: Option<IpNet>) -> bool {
        self.full.contains(&token) || self.known.get(&token).is_some_and(|known| known.contains(&network))
    }
}

impl Entry for Seen {
    type Key = (TokenId, Option<IpNet>);
    type Memory = Known;
    /// Tokens of which no further networks are written.
    type Written = Vec<TokenId>;

    const NAMES: &'static str = "the networks of tokens";
    const MOST_WAITING: usize = 20_000;

    fn key(&self) -> Option<Self::Key> {
        Some((self.token, self.network))
    }

    /// The earliest use is the one that is told.
    fn merge(&mut self, other: Seen) {
        if other.at < self.at {
            *self = other;
        }
    }

    fn write(conn: &mut Conn, batch: &[Seen]) -> Result<Vec<TokenId>, DbError> {
        networks::write(conn, batch)
    }

    /// One token must not take the room of all others.
    fn is_kept(&self, memory: &mut Known, _is_back: bool) -> bool {
        let waiting = memory.waiting.entry(self.token).or_default();
        let has_room = *waiting < MOST_NETWORKS;
        *waiting += usize::from(has_room);
        has_room
    }

    /// All that waited are in the batch.
    fn tidy(memory: &mut Known, _now: OffsetDateTime) {
        memory.waiting.clear();
    }

    fn remember(memory: &mut Known, batch: &[Seen], full: Vec<TokenId>, _now: OffsetDateTime) {
        if memory.known_in_all + batch.len() > MOST_KNOWN || memory.full.len() > MOST_KNOWN {
            memory.known.clear();
            memory.full.clear();
            memory.known_in_all = 0;
        }
        for one in batch {
            if memory.known.entry(one.token).or_default().insert(one.network) {
                memory.known_in_all += 1;
            }
        }
        for token in full {
            memory.known_in_all -= memory.known.remove(&token).map_or(0, |known| known.len());
            memory.full.insert(token);
        }
    }
}

impl WriteBehind<Seen> {
    /// Notes a use. Nothing is kept of one from a known network, nor of a token that is used from
    /// everywhere.
    pub fn note(&self, token: TokenId, address: ClientAddress, at: OffsetDateTime, client: &str) {
        let network = network_of(address);
        let mut waiting = self.waiting();
        // Nearly every call ends here.
        if !waiting.memory.has(token, network) {
            waiting.add(Seen { token, network, at, address, client: client.to_owned() }, false);
        }
    }

    /// How many are kept in memory, written or not.
    pub fn kept(&self) -> usize {
        let waiting = self.waiting();
        waiting.entries.len() + waiting.memory.known_in_all
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use time::macros::datetime;

    #[test]
    fn the_earliest_use_from_a_network_is_written_also_when_the_first_attempt_failed() {
        let networks = WriteBehind::<Seen>::default();
        let early = datetime!(2026-11-22 12:00 UTC);
        networks.note(7.into(), ClientAddress::Unknown, early, "early");
        let failed = networks.waiting().take_due(early, false);
        networks.note(7.into(), ClientAddress::Unknown, early + time::Duration::minutes(1), "late");
        failed.into_iter().for_each(|one| networks.waiting().add(one, true));
        let waiting: Vec<String> =
            networks.waiting().take_due(early, false).into_iter().map(|one| one.client).collect();
        assert_eq!(waiting, ["early"]);
    }
}
