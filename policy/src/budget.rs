//! Hourly budgets: the hours of the one clock, and what one node knows of what is spent in one.

use time::{Duration, OffsetDateTime};

/// Calls an hour of a payer whose plan says nothing else.
pub const EACH: i64 = 2_400;
/// Calls an hour and network that present nothing which could be a secret.
pub const UNNAMED: i64 = 30;
/// Calls an hour and network that present what could be a secret, and is none.
pub const UNKNOWN: i64 = 3_000;
/// What is said where there is no limit.
pub const UNLIMITED: i64 = 1_000_000;

/// This part of what is left may be spent before the other nodes are told.
const PART: i64 = 16;
const SECONDS: i64 = 3_600;

/// A fixed hour of UTC, as a budget is counted in.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Hour(i64);

impl Hour {
    /// The hour of this moment.
    pub fn of(now: OffsetDateTime) -> Hour {
        Hour(now.unix_timestamp().div_euclid(SECONDS))
    }

    /// Its first instant.
    pub fn start(self) -> OffsetDateTime {
        OffsetDateTime::from_unix_timestamp(self.0 * SECONDS).unwrap_or(OffsetDateTime::UNIX_EPOCH)
    }

    /// The first instant of the next one, in Unix seconds.
    pub fn reset(self) -> i64 {
        (self.0 + 1) * SECONDS
    }
}

/// What a budget is and what is left of it, as each answer of the API says.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Quota {
    /// Calls an hour.
    pub limit: i64,
    /// How many are left in this one.
    pub remaining: i64,
    /// When the next hour begins, in Unix seconds.
    pub reset: i64,
}

impl Quota {
    /// So much was spent of this hour's budget; no limit is said as a large one.
    pub fn of(limit: Option<i64>, spent: i64, hour: Hour) -> Quota {
        let remaining = limit.map_or(UNLIMITED, |limit| (limit - spent).max(0));
        Quota { limit: limit.unwrap_or(UNLIMITED), remaining, reset: hour.reset() }
    }

    /// How long until the next hour, in whole seconds, rounded up.
    pub fn wait(&self, now: OffsetDateTime) -> Duration {
        Duration::seconds(self.reset - now.unix_timestamp())
    }
}

/// What may become of a call.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Charge {
    /// It is paid for.
    Within,
    /// Nothing is left, and nothing was charged.
    Over,
    /// The other nodes must be asked first, and nothing was charged.
    AskFirst,
}

/// One payer's calls in one hour, as one node knows them.
#[derive(Debug, Clone, Default)]
pub struct Tally {
    limit: i64,
    shared: i64,
    on_the_way: i64,
    own: i64,
    may_owe: i64,
}

impl Tally {
    /// Charges a call, if it can be told without the other nodes.
    pub fn charge(&mut self, limit: i64) -> Charge {
        self.limit = limit;
        if self.spent() >= limit {
            Charge::Over
        } else if self.own + self.on_the_way >= self.may_owe {
            Charge::AskFirst
        } else {
            self.own += 1;
            Charge::Within
        }
    }

    /// Charges a call by what this node knows, without asking anybody; says whether it could.
    pub fn charge_alone(&mut self, limit: i64) -> bool {
        self.limit = limit;
        let within = self.spent() < limit;
        self.own += i64::from(within);
        within
    }

    /// All that this node knows of.
    pub fn spent(&self) -> i64 {
        self.shared + self.on_the_way + self.own
    }

    /// What the other nodes do not know of, and is not on its way to them.
    pub fn owed(&self) -> i64 {
        self.own
    }

    /// Takes what is owed, to be shared: [`Tally::learn`] or [`Tally::keep`] follows.
    pub fn take(&mut self) -> i64 {
        self.on_the_way += self.own;
        std::mem::take(&mut self.own)
    }

    /// What was taken is shared, and this is the sum of all nodes.
    pub fn learn(&mut self, taken: i64, sum: i64) {
        self.on_the_way = (self.on_the_way - taken).max(0);
        // Sums can overtake each other on their way back; what is spent never becomes less.
        self.shared = self.shared.max(sum);
        self.may_owe = ((self.limit - self.shared) / PART).max(1);
    }

    /// What was taken could not be shared: it stays owed, and for as much again nobody is asked.
    pub fn keep(&mut self, taken: i64) {
        self.on_the_way = (self.on_the_way - taken).max(0);
        self.own += taken;
        self.may_owe = self.own + self.on_the_way + ((self.limit - self.spent()) / PART).max(1);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use time::macros::datetime;

    /// What all nodes have shared.
    struct Sum(i64);

    fn charge(node: &mut Tally, sum: &mut Sum, limit: i64) -> (bool, bool) {
        let mut asked = false;
        loop {
            match node.charge(limit) {
                Charge::Within => return (true, asked),
                Charge::Over => return (false, asked),
                Charge::AskFirst => {
                    let taken = node.take();
                    sum.0 += taken;
                    node.learn(taken, sum.0);
                    asked = true;
                }
            }
        }
    }

    #[test]
    fn an_hour_begins_at_its_full_and_ends_where_the_next_begins() {
        let hour = Hour::of(datetime!(2026-11-22 12:59:59.999999 UTC));
        assert_eq!(hour.start(), datetime!(2026-11-22 12:00 UTC));
        assert_eq!(hour.reset(), datetime!(2026-11-22 13:00 UTC).unix_timestamp());
        assert!(Hour::of(datetime!(2026-11-22 13:00 UTC)) > hour);
    }

    #[test]
    fn one_node_lets_through_exactly_the_limit_and_seldom_asks() {
        let (mut node, mut sum) = (Tally::default(), Sum(0));
        let outcomes: Vec<_> = (0..3_000).map(|_| charge(&mut node, &mut sum, EACH)).collect();
        assert_eq!(outcomes.iter().filter(|(within, _)| *within).count(), 2_400);
        let asked = outcomes.iter().filter(|(_, asked)| *asked).count();
        assert!(asked < 110, "{asked} questions for 2,400 calls");
        assert!(!outcomes[2_500].1, "a payer with nothing left is refused without a question");
    }

    #[test]
    fn nodes_in_turn_let_through_hardly_more_than_the_limit() {
        for (nodes, more) in [(2, 1), (3, 2), (8, 100)] {
            let mut sum = Sum(0);
            let mut all = vec![Tally::default(); nodes];
            let within = (0..3_000 * nodes).filter(|n| charge(&mut all[n % nodes], &mut sum, EACH).0).count();
            assert!((2_400..=2_400 + more).contains(&within), "{within} on {nodes} nodes");
        }
    }

    #[test]
    fn a_node_that_stood_by_lets_through_a_sixteenth_at_most() {
        let (mut idle, mut busy, mut sum) = (Tally::default(), Tally::default(), Sum(0));
        assert!(charge(&mut idle, &mut sum, EACH).0);
        while charge(&mut busy, &mut sum, EACH).0 {}
        let late = (0..3_000).filter(|_| charge(&mut idle, &mut sum, EACH).0).count();
        assert!((1..=150).contains(&late), "{late}");
    }

    #[test]
    fn a_node_that_reaches_nobody_counts_alone_up_to_the_limit() {
        let mut node = Tally::default();
        let (mut within, mut asked) = (0, 0);
        loop {
            match node.charge(EACH) {
                Charge::Within => within += 1,
                Charge::Over => break,
                Charge::AskFirst => {
                    let taken = node.take();
                    node.keep(taken);
                    asked += 1;
                }
            }
        }
        assert_eq!((within, node.owed()), (2_400, 2_400));
        assert!(asked < 110, "{asked}");
    }

    #[test]
    fn sums_that_overtake_each_other_never_give_anything_back() {
        let mut node = Tally::default();
        let (first, second) = (node.take(), node.take());
        node.learn(second, 2_000);
        node.learn(first, 1_000);
        assert_eq!(node.spent(), 2_000);
    }

    #[test]
    fn a_budget_never_shows_less_than_nothing_and_none_shows_a_million() {
        let hour = Hour::of(datetime!(2026-11-22 12:00 UTC));
        let quota = |limit, remaining| Quota { limit, remaining, reset: hour.reset() };
        assert_eq!(Quota::of(Some(30), 31, hour), quota(30, 0));
        assert_eq!(Quota::of(None, 5_000_000, hour), quota(UNLIMITED, UNLIMITED));
    }
}
