//! The hourly budgets of the API, counted in memory and shared between nodes through the database.
//!
//! **Accounts and users.** A node charges calls in memory, and may let through a sixteenth of what
//! is left before it adds its count to the sum in the database and learns what the others spent.
//! The one call that finds this due waits for it: the first of a payer in each hour, and about a
//! hundred of 2,400. Besides, a round every five seconds shares what is owed. So one node lets
//! through exactly the limit; several let through at most a sixteenth of the limit more for each
//! node but one (150 of 2,400). In even use that is one call on two nodes, and four in a hundred on
//! eight. Nobody is refused before the sum of what all nodes let through has reached the limit.
//!
//! **Callers without an account** are counted by network, and cost no query: their counts are
//! shared by the rounds only. Within five seconds each node can let through the whole limit.
//!
//! **Without the database** a node counts alone, up to the limit; no call is refused for it, and
//! what is owed is shared when the database is back. A node waits for a second at most. An answer
//! that comes later than that is not heard, so that what it shared (a sixteenth of what was left
//! at most) may count twice. A node that is killed forgets what it owed.
//!
//! **Memory.** At most 65,536 payers and 16,384 networks in each node; whoever owes the least
//! makes room for a new one. An account or user is asked for again at its next call, so that
//! nothing but what it owed is lost; a network starts anew until the next round.

use crate::db::{Db, DbError};
use crate::models::budget::{self, Network, Payer};
use crate::policy::ClientAddress;
use crate::policy::budget::{Charge, Hour, Quota, Tally, UNKNOWN, UNNAMED};
use std::collections::HashMap;
use std::collections::hash_map::Entry;
use std::hash::{BuildHasher, RandomState};
use std::sync::{Mutex, MutexGuard, PoisonError};
use time::OffsetDateTime;
use tokio::sync::watch;

/// How often the nodes share what they owe.
pub const SHARE_EVERY: std::time::Duration = std::time::Duration::from_secs(5);
/// A call waits no longer than this for what the other nodes know.
const LONGEST_WAIT: std::time::Duration = std::time::Duration::from_secs(1);

const SHARDS: usize = 64;
const PAYERS_A_SHARD: usize = 65_536 / SHARDS;
const NETWORKS_A_SHARD: usize = 16_384 / SHARDS;
/// How many are looked at to find one that makes room.
const LOOKED_AT: usize = 16;
/// How many payers go into one statement.
const CHUNK: usize = 1_000;

/// What became of a charge, and what is left.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Paid {
    /// It was within the budget.
    Within(Quota),
    /// The budget was used up already.
    Over(Quota),
}

/// Who a caller without an account is taken for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Stranger {
    /// Nothing that could be a secret was presented.
    Unnamed,
    /// What could be a secret was presented.
    Unknown,
}

impl Stranger {
    fn payer(self, address: ClientAddress) -> (Payer, i64) {
        match self {
            Stranger::Unnamed => (Payer::Unnamed(Network::of(address)), UNNAMED),
            Stranger::Unknown => (Payer::Unknown(Network::of(address)), UNKNOWN),
        }
    }
}

/// Who asks what the other nodes know of a payer.
enum Turn<'a> {
    /// This call.
    Ours(Question<'a>),
    /// Another call, whose question ends with this.
    Another(watch::Receiver<()>),
}

/// A question that is on its way. It also ends with its call, when the client has gone.
struct Question<'a> {
    budgets: &'a Budgets,
    payer: Payer,
    _end: watch::Sender<()>,
}

impl Drop for Question<'_> {
    fn drop(&mut self) {
        self.budgets.asking().remove(&self.payer);
    }
}

/// All budgets, as this node knows them.
pub struct Budgets {
    db: Db,
    payers: Shards,
    networks: Shards,
    /// One question at a time for each payer, whose other calls wait for its end.
    asking: Mutex<HashMap<Payer, watch::Receiver<()>>>,
}

impl Budgets {
    /// Budgets that are shared through this database.
    pub fn new(db: Db) -> Budgets {
        let (payers, networks) = (Shards::new(PAYERS_A_SHARD), Shards::new(NETWORKS_A_SHARD));
        Budgets { db, payers, networks, asking: Mutex::default() }
    }

    /// Charges a call to an account or a user.
    pub async fn charge(&self, payer: Payer, limit: Option<i64>, now: OffsetDateTime) -> Paid {
        let hour = Hour::of(now);
        let Some(limit) = limit else { return Paid::Within(Quota::of(None, 0, hour)) };
        let charged = |tally: &mut Tally| match tally.charge(limit) {
            Charge::Within => Some(paid(true, limit, tally, hour)),
            Charge::Over => Some(paid(false, limit, tally, hour)),
            Charge::AskFirst => None,
        };
        loop {
            if let Some(paid) = self.payers.with(payer, hour, charged) {
                return paid;
            }
            match self.turn(payer) {
                Turn::Ours(_question) => {
                    self.ask(payer, hour).await;
                    let alone = |tally: &mut Tally| paid(tally.charge_alone(limit), limit, tally, hour);
                    return self.payers.with(payer, hour, alone);
                }
                // It ends with an error: nothing is ever sent.
                Turn::Another(mut question) => drop(question.changed().await),
            }
        }
    }

    /// Whose question about the payer is next.
    fn turn(&self, payer: Payer) -> Turn<'_> {
        match self.asking().entry(payer) {
            Entry::Occupied(asked) => Turn::Another(asked.get().clone()),
            Entry::Vacant(free) => {
                let (end, question) = watch::channel(());
                free.insert(question);
                Turn::Ours(Question { budgets: self, payer, _end: end })
            }
        }
    }

    fn asking(&self) -> MutexGuard<'_, HashMap<Payer, watch::Receiver<()>>> {
        self.asking.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Charges a call to the network of a caller who has no account.
    pub fn charge_stranger(&self, stranger: Stranger, address: ClientAddress, now: OffsetDateTime) -> Paid {
        let (hour, (payer, limit)) = (Hour::of(now), stranger.payer(address));
        self.networks.with(payer, hour, |tally| paid(tally.charge_alone(limit), limit, tally, hour))
    }

    /// What is left to the network of a caller; nothing is charged.
    pub fn of_stranger(&self, stranger: Stranger, address: ClientAddress, now: OffsetDateTime) -> Quota {
        let (hour, (payer, limit)) = (Hour::of(now), stranger.payer(address));
        Quota::of(Some(limit), self.networks.look(payer, hour).spent(), hour)
    }

    /// What is left to an account or a user, where so much of this hour stands in the database:
    /// what this node still owes is spent, too.
    pub fn of_payer(&self, payer: Payer, limit: Option<i64>, stored: i64, now: OffsetDateTime) -> Quota {
        let hour = Hour::of(now);
        let known = self.payers.look(payer, hour);
        Quota::of(limit, known.spent().max(stored + known.owed()), hour)
    }

    /// Shares what this node owes.
    pub async fn share(&self, now: OffsetDateTime) -> Result<(), DbError> {
        let hour = Hour::of(now);
        for shards in [&self.payers, &self.networks] {
            let owed = shards.take_all(hour);
            for (number, chunk) in owed.chunks(CHUNK).enumerate() {
                let calls = chunk.to_vec();
                match self.db.run(move |conn| budget::add(conn, hour, &calls)).await {
                    Ok(sums) => shards.learn(chunk, &sums, hour),
                    Err(error) => {
                        shards.keep(&owed[number * CHUNK..], hour);
                        return Err(error);
                    }
                }
            }
        }
        Ok(())
    }

    /// Shares what one payer owes, and learns what all nodes have spent.
    async fn ask(&self, payer: Payer, hour: Hour) {
        let owed = [(payer, self.payers.with(payer, hour, Tally::take))];
        let sums = self.db.run(move |conn| budget::add(conn, hour, &owed));
        let failed = match tokio::time::timeout(LONGEST_WAIT, sums).await {
            Ok(Ok(sums)) => return self.payers.learn(&owed, &sums, hour),
            Ok(Err(error)) => error,
            Err(late) => DbError::unavailable(late),
        };
        tracing::warn!(%failed, "a budget is counted by this node alone");
        self.payers.keep(&owed, hour);
    }
}

fn paid(within: bool, limit: i64, tally: &Tally, hour: Hour) -> Paid {
    let quota = Quota::of(Some(limit), tally.spent(), hour);
    if within { Paid::Within(quota) } else { Paid::Over(quota) }
}

/// Tallies of one hour, apart by payer so that calls seldom wait for each other.
struct Shards {
    hasher: RandomState,
    most: usize,
    shards: Vec<Mutex<Shard>>,
}

#[derive(Default)]
struct Shard {
    hour: Option<Hour>,
    tallies: HashMap<Payer, Tally>,
}

impl Shards {
    fn new(most: usize) -> Shards {
        Shards { hasher: RandomState::new(), most, shards: (0..SHARDS).map(|_| Mutex::default()).collect() }
    }

    fn place(&self, payer: Payer) -> usize {
        usize::try_from(self.hasher.hash_one(payer) % SHARDS as u64).unwrap_or(0)
    }

    /// Does something with a payer's tally; one that is new makes its shard no larger than it may be.
    fn with<T>(&self, payer: Payer, hour: Hour, work: impl FnOnce(&mut Tally) -> T) -> T {
        let mut shard = self.shard(self.place(payer), hour);
        let tallies = &mut shard.tallies;
        if tallies.len() >= self.most && !tallies.contains_key(&payer) {
            let least = tallies.iter().take(LOOKED_AT).min_by_key(|(_, tally)| tally.owed());
            if let Some(least) = least.map(|(payer, _)| *payer) {
                tallies.remove(&least);
            }
        }
        work(tallies.entry(payer).or_default())
    }

    fn look(&self, payer: Payer, hour: Hour) -> Tally {
        self.shard(self.place(payer), hour).tallies.get(&payer).cloned().unwrap_or_default()
    }

    fn take_all(&self, hour: Hour) -> Vec<(Payer, i64)> {
        let mut owed = Vec::new();
        for place in 0..SHARDS {
            let mut shard = self.shard(place, hour);
            let owing = shard.tallies.iter_mut().filter(|(_, tally)| tally.owed() > 0);
            owed.extend(owing.map(|(payer, tally)| (*payer, tally.take())));
        }
        owed
    }

    fn learn(&self, taken: &[(Payer, i64)], sums: &HashMap<Payer, i64>, hour: Hour) {
        self.settle(taken, hour, |payer, tally, taken| {
            tally.learn(taken, sums.get(&payer).copied().unwrap_or(taken));
        });
    }

    fn keep(&self, taken: &[(Payer, i64)], hour: Hour) {
        self.settle(taken, hour, |_, tally, taken| tally.keep(taken));
    }

    fn settle(&self, taken: &[(Payer, i64)], hour: Hour, work: impl Fn(Payer, &mut Tally, i64)) {
        for (payer, taken) in taken {
            let mut shard = self.shard(self.place(*payer), hour);
            // What was forgotten meanwhile, or was of an hour that is over, has nothing to settle.
            if shard.hour == Some(hour)
                && let Some(tally) = shard.tallies.get_mut(payer)
            {
                work(*payer, tally, *taken);
            }
        }
    }

    /// A shard, emptied when its hour is over. A call that was begun in the hour before counts in
    /// the new one.
    fn shard(&self, place: usize, hour: Hour) -> MutexGuard<'_, Shard> {
        let mut shard = self.shards[place].lock().unwrap_or_else(PoisonError::into_inner);
        if shard.hour.is_none_or(|known| known < hour) {
            shard.hour = Some(hour);
            shard.tallies.clear();
        }
        shard
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::db::Source;
    use secrecy::SecretString;
    use time::macros::datetime;

    #[test]
    fn a_question_about_one_payer_keeps_no_other_waiting_and_ends_with_its_call() {
        let nowhere = SecretString::from("postgres://nobody@127.0.0.1:1/none");
        let budgets = Budgets::new(Db::new(&Source::from(&nowhere), 1));
        // More than there are shards.
        let payers: Vec<Payer> = (0..1_000).map(|number| Payer::Account(number.into())).collect();
        let asked: Vec<Turn<'_>> = payers.iter().map(|payer| budgets.turn(*payer)).collect();
        assert!(asked.iter().all(|turn| matches!(turn, Turn::Ours(_))));
        let Turn::Another(end) = budgets.turn(payers[7]) else { panic!("it is asked about already") };
        assert!(end.has_changed().is_ok());
        drop(asked);
        assert!(end.has_changed().is_err(), "who waits is told");
        assert!(matches!(budgets.turn(payers[7]), Turn::Ours(_)));
    }

    fn hour(number: u8) -> Hour {
        Hour::of(datetime!(2026-11-22 0:00 UTC) + time::Duration::hours(number.into()))
    }

    fn kept(shards: &Shards) -> usize {
        (0..SHARDS).map(|place| shards.shard(place, hour(0)).tallies.len()).sum()
    }

    #[test]
    fn however_many_call_no_more_are_kept_and_whoever_owes_the_least_makes_room() {
        let shards = Shards::new(LOOKED_AT);
        let busy = Payer::Account((-1).into());
        for _ in 0..10 {
            assert!(shards.with(busy, hour(0), |tally| tally.charge_alone(100)));
        }
        for number in 0..10_000 {
            shards.with(Payer::Account(number.into()), hour(0), |tally| tally.charge_alone(100));
        }
        assert_eq!(kept(&shards), SHARDS * LOOKED_AT);
        assert_eq!(shards.look(busy, hour(0)).owed(), 10);
    }

    #[test]
    fn a_new_hour_forgets_the_old_one_and_what_was_on_its_way() {
        let (shards, payer) = (Shards::new(4), Payer::User(1.into()));
        shards.with(payer, hour(1), |tally| tally.charge_alone(100));
        let taken = shards.take_all(hour(1));
        assert_eq!(taken, [(payer, 1)]);
        shards.with(payer, hour(2), |tally| tally.charge_alone(100));
        shards.learn(&taken, &HashMap::from([(payer, 99)]), hour(1));
        shards.keep(&taken, hour(1));
        assert_eq!(shards.look(payer, hour(2)).spent(), 1);
        // A call that was begun before the full hour and is charged after it.
        shards.with(payer, hour(1), |tally| tally.charge_alone(100));
        assert_eq!(shards.look(payer, hour(2)).spent(), 2);
    }
}
