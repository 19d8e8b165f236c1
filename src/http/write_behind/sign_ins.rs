//! Sign-ins, good and bad. Kept in memory also so that an attempt for a user who exists takes no longer
//! than one for nobody.

use super::Entry;
use crate::db::{Conn, DbError};
use crate::models::sighting::{self, SightingKind, SignIn};
use crate::models::token::networks::network_of;
use crate::policy::UserId;
use ipnet::IpNet;
use std::collections::{HashMap, HashSet};
use std::convert::Infallible;
use time::{Duration, OffsetDateTime};

/// A refused attempt is noted once in this time for each user and network,
const REFUSED_EVERY: Duration = Duration::minutes(1);
/// and for each user not more often than this, from wherever.
const MOST_REFUSED: usize = 20;

/// The refused attempts of one user since a moment.
pub struct Refused {
    since: OffsetDateTime,
    networks: HashSet<Option<IpNet>>,
}

impl Entry for SignIn {
    /// No two are the same.
    type Key = Infallible;
    type Memory = HashMap<UserId, Refused>;
    type Written = ();

    const NAMES: &'static str = "sign-ins";
    const MOST_WAITING: usize = 20_000;

    fn key(&self) -> Option<Infallible> {
        None
    }

    /// Never called, without a key.
    fn merge(&mut self, _other: SignIn) {}

    fn write(conn: &mut Conn, batch: &[SignIn]) -> Result<(), DbError> {
        sighting::put_down(conn, batch)
    }

    fn is_kept(&self, refused: &mut Self::Memory, is_back: bool) -> bool {
        if self.kind == SightingKind::SignedIn || is_back {
            return true;
        }
        let fresh = || Refused { since: self.at, networks: HashSet::new() };
        let refused = refused.entry(self.user).or_insert_with(fresh);
        if self.at - refused.since >= REFUSED_EVERY {
            *refused = fresh();
        }
        refused.networks.len() < MOST_REFUSED && refused.networks.insert(network_of(self.address))
    }

    fn tidy(refused: &mut Self::Memory, now: OffsetDateTime) {
        refused.retain(|_, refused| now - refused.since < REFUSED_EVERY);
    }
}
