//! What callers have spent of an hour's budget, summed over all nodes.

use crate::db::schema::budgets;
use crate::db::{Conn, DbError};
use crate::policy::budget::Hour;
use crate::policy::{AccountId, ClientAddress, UserId};
use diesel::prelude::*;
use diesel::sql_query;
use diesel::sql_types::{Array, BigInt, Text, Timestamptz};
use std::collections::HashMap;
use std::net::IpAddr;

/// Who pays for a call.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Payer {
    /// The account of this number.
    Account(AccountId),
    /// The user of this number.
    User(UserId),
    /// Whoever is in this network and presents nothing that could be a secret.
    Unnamed(Network),
    /// Whoever is in this network and presents a secret that opens nothing.
    Unknown(Network),
}

/// What callers without an account are counted by: the address itself, or the /64 of an IPv6 one.
/// All at unknown addresses are one.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Network(ClientAddress);

impl Network {
    /// The network of an address.
    pub fn of(address: ClientAddress) -> Network {
        Network(match address {
            ClientAddress::Known(IpAddr::V6(ip)) => {
                ClientAddress::Known(IpAddr::from((u128::from(ip) >> 64 << 64).to_be_bytes()))
            }
            ClientAddress::Known(IpAddr::V4(_)) | ClientAddress::Unknown => address,
        })
    }
}

impl Payer {
    fn key(self) -> String {
        let of = |kind: &str, network: Network| match network.0 {
            ClientAddress::Known(IpAddr::V4(ip)) => format!("{kind} {ip}"),
            ClientAddress::Known(IpAddr::V6(ip)) => format!("{kind} {ip}/64"),
            ClientAddress::Unknown => format!("{kind} unknown"),
        };
        match self {
            Payer::Account(number) => format!("account {number}"),
            Payer::User(number) => format!("user {number}"),
            Payer::Unnamed(network) => of("unnamed", network),
            Payer::Unknown(network) => of("unknown", network),
        }
    }
}

#[derive(QueryableByName)]
struct Sum {
    #[diesel(sql_type = Text)]
    payer: String,
    #[diesel(sql_type = BigInt)]
    calls: i64,
}

/// Adds calls to an hour, in one statement, the same for however many, and in an order that lets several nodes do it at once;
/// answers with the sum of each payer.
pub fn add(conn: &mut Conn, hour: Hour, calls: &[(Payer, i64)]) -> Result<HashMap<Payer, i64>, DbError> {
    const ADD: &str = "INSERT INTO budgets AS known (payer, window_start, calls)
        SELECT payer, $2, calls FROM unnest($1, $3) AS new (payer, calls)
        ON CONFLICT (payer, window_start) DO UPDATE SET calls = known.calls + excluded.calls
        RETURNING payer, calls";
    let mut keys: Vec<(String, Payer, i64)> =
        calls.iter().map(|(payer, calls)| (payer.key(), *payer, *calls)).collect();
    keys.sort_unstable_by(|one, other| one.0.cmp(&other.0));
    let sums: Vec<Sum> = sql_query(ADD)
        .bind::<Array<Text>, _>(keys.iter().map(|(key, ..)| key.as_str()).collect::<Vec<_>>())
        .bind::<Timestamptz, _>(hour.start())
        .bind::<Array<BigInt>, _>(keys.iter().map(|(.., calls)| *calls).collect::<Vec<_>>())
        .get_results(conn)?;
    let sums: HashMap<String, i64> = sums.into_iter().map(|sum| (sum.payer, sum.calls)).collect();
    Ok(keys.iter().filter_map(|(key, payer, _)| Some((*payer, *sums.get(key)?))).collect())
}

/// What a payer has spent of an hour, as far as the nodes have shared it.
pub fn spent(conn: &mut Conn, payer: Payer, hour: Hour) -> Result<i64, DbError> {
    let row = budgets::table.find((payer.key(), hour.start())).select(budgets::calls);
    Ok(row.first(conn).optional()?.unwrap_or(0))
}

/// Forgets the hours before this one.
pub fn sweep(conn: &mut Conn, hour: Hour) -> Result<(), DbError> {
    diesel::delete(budgets::table.filter(budgets::window_start.lt(hour.start()))).execute(conn)?;
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn callers_are_counted_by_address_or_by_their_sixty_four_bits() {
        let key = |ip: &str| Payer::Unnamed(Network::of(ClientAddress::Known(ip.parse().unwrap()))).key();
        assert_eq!(key("192.0.2.1"), "unnamed 192.0.2.1");
        assert_eq!(key("2001:db8:1:2:3:4:5:6"), "unnamed 2001:db8:1:2::/64");
        assert_eq!(key("2001:db8:1:2::"), key("2001:db8:1:2:ffff::1"));
        assert_ne!(key("2001:db8:1:2::"), key("2001:db8:1:3::"));
        assert_eq!(Payer::Unknown(Network::of(ClientAddress::Unknown)).key(), "unknown unknown");
        assert_eq!(Payer::Account(1010.into()).key(), "account 1010");
        assert_eq!(Payer::User(3.into()).key(), "user 3");
    }
}
