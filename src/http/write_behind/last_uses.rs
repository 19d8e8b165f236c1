//! When each secret was last used.

use super::Entry;
use crate::db::{Conn, DbError};
use crate::models::token::usage::{self, Use};
use crate::policy::{AccountId, SecretId};
use std::collections::HashMap;
use time::{Duration, OffsetDateTime};

/// A secret's use is written at most so often.
const SECRET_EVERY: Duration = Duration::seconds(30);

/// Of secrets in accounts.
impl Entry for Use {
    type Key = (SecretId, AccountId);
    /// When each was last written.
    type Memory = HashMap<(SecretId, AccountId), OffsetDateTime>;
    type Written = ();

    const NAMES: &'static str = "the last uses of tokens";
    /// Some 30 MB.
    const MOST_WAITING: usize = 100_000;

    fn key(&self) -> Option<Self::Key> {
        Some((self.secret, self.account))
    }

    /// The newest counts.
    fn merge(&mut self, other: Use) {
        if self.at < other.at {
            *self = other;
        }
    }

    fn write(conn: &mut Conn, batch: &[Use]) -> Result<(), DbError> {
        usage::write(conn, batch)
    }

    fn is_due(&self, written: &Self::Memory) -> bool {
        !written.contains_key(&(self.secret, self.account))
    }

    fn tidy(written: &mut Self::Memory, now: OffsetDateTime) {
        written.retain(|_, at| *at + SECRET_EVERY > now);
    }

    fn remember(written: &mut Self::Memory, batch: &[Use], (): (), now: OffsetDateTime) {
        written.extend(batch.iter().map(|one| ((one.secret, one.account), now)));
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::http::write_behind::WriteBehind;
    use crate::policy::ClientAddress;
    use time::macros::datetime;

    #[test]
    fn while_nothing_can_be_written_no_more_than_so_many_wait_and_the_newest_of_each_does() {
        let uses = WriteBehind::default();
        let start = datetime!(2026-11-22 12:00 UTC);
        let one = |secret, seconds| Use {
            secret,
            account: 0.into(),
            at: start + Duration::seconds(seconds),
            address: ClientAddress::Unknown,
            client: String::new(),
        };
        for secret in 0..=i64::try_from(Use::MOST_WAITING).unwrap() {
            uses.add(one(secret.into(), 0));
        }
        uses.add(one(7.into(), 5));
        uses.add(one(7.into(), 3));
        let waiting = uses.waiting();
        assert_eq!(waiting.entries.len(), Use::MOST_WAITING);
        assert_eq!(waiting.entries[waiting.places[&(7.into(), 0.into())]].at, start + Duration::seconds(5));
    }
}
