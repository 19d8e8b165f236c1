//! The networks that tokens were used from: written apart from the calls, a batch at a time.

use crate::db::schema::{token_networks, tokens};
use crate::db::{Conn, DbError};
use crate::models::sighting::{self, SightingKind};
use crate::policy::{AccountId, ClientAddress, TokenId, UserId};
use diesel::dsl::count_star;
use diesel::prelude::*;
use diesel::sql_query;
use diesel::sql_types::{Array, BigInt, Cidr, Nullable, Timestamptz};
use ipnet::{IpNet, Ipv4Net, Ipv6Net};
use std::collections::{HashMap, HashSet};
use std::net::IpAddr;
use time::OffsetDateTime;

/// So many networks are kept of a token. One that is used from more is used from everywhere, and
/// further ones tell nothing.
pub const MOST_NETWORKS: usize = 200;

/// A use of a token from a network that may be new for it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Seen {
    /// Number of the token.
    pub token: TokenId,
    /// The network, as [`network_of`] has it.
    pub network: Option<IpNet>,
    /// When it was first used from there.
    pub at: OffsetDateTime,
    /// From which address.
    pub address: ClientAddress,
    /// What the client said it is.
    pub client: String,
}

/// The /24 of an IPv4 address, the /48 of an IPv6 one; `None` of an unknown address, which is told
/// like a network of its own.
pub fn network_of(address: ClientAddress) -> Option<IpNet> {
    Some(match address.ip()? {
        IpAddr::V4(ip) => Ipv4Net::new(ip, 24).unwrap_or(ip.into()).trunc().into(),
        IpAddr::V6(ip) => Ipv6Net::new(ip, 48).unwrap_or(ip.into()).trunc().into(),
    })
}

struct Owned {
    id: TokenId,
    account: Option<AccountId>,
    user: Option<UserId>,
    name: String,
    /// How many networks are kept of it.
    known: usize,
}

/// Keeps the networks that are new for their tokens, each with a sighting. Tokens that are gone are
/// passed over. Answers with those of which no further network is kept.
pub fn write(conn: &mut Conn, seen: &[Seen]) -> Result<Vec<TokenId>, DbError> {
    let mut seen: Vec<&Seen> = seen.iter().collect();
    seen.sort_by_key(|one| (one.token, one.at));
    let mut full = Vec::new();
    for part in seen.chunks(1_000) {
        // Under a lock on the tokens, so that nodes that write at once keep no more than they may,
        // and in the order of everything that takes several of them.
        let mut owned = lock(conn, part)?;
        let known: HashSet<(TokenId, Option<IpNet>)> = token_networks::table
            .filter(token_networks::token_id.eq_any(owned.keys()))
            .filter(
                token_networks::network
                    .eq_any(part.iter().filter_map(|one| one.network))
                    .or(token_networks::network.is_null()),
            )
            .select((token_networks::token_id, token_networks::network))
            .load(conn)?
            .into_iter()
            .collect();
        let mut new = Vec::new();
        for one in part.iter().filter(|one| !known.contains(&(one.token, one.network))) {
            let Some(token) = owned.get_mut(&one.token) else { continue };
            if token.known >= MOST_NETWORKS {
                continue;
            }
            let kind = if token.known == 0 { SightingKind::FirstUse } else { SightingKind::NewNetwork };
            token.known += 1;
            new.push((*one, kind));
        }
        keep(conn, &new, &owned)?;
        full.extend(owned.into_values().filter(|token| token.known >= MOST_NETWORKS).map(|token| token.id));
    }
    Ok(full)
}

/// Writes new networks, each with a sighting of this kind.
fn keep(
    conn: &mut Conn,
    new: &[(&Seen, SightingKind)],
    owned: &HashMap<TokenId, Owned>,
) -> Result<(), DbError> {
    const WRITE: &str =
        "INSERT INTO token_networks (token_id, network, first_at) SELECT * FROM unnest($1, $2, $3)";
    if new.is_empty() {
        return Ok(());
    }
    let each = || new.iter().map(|(one, _)| one);
    sql_query(WRITE)
        .bind::<Array<BigInt>, _>(each().map(|one| one.token).collect::<Vec<_>>())
        .bind::<Array<Nullable<Cidr>>, _>(each().map(|one| one.network).collect::<Vec<_>>())
        .bind::<Array<Timestamptz>, _>(each().map(|one| one.at).collect::<Vec<_>>())
        .execute(conn)?;
    let sightings = new.iter().map(|(one, kind)| {
        let token = owned.get(&one.token);
        sighting::Row {
            at: one.at,
            kind: *kind,
            account: token.and_then(|token| token.account),
            user: token.and_then(|token| token.user),
            token: Some(one.token),
            name: token.map_or("", |token| &token.name),
            address: one.address,
            client: &one.client,
        }
    });
    sighting::write(conn, &sightings.collect::<Vec<_>>())
}

fn lock(conn: &mut Conn, seen: &[&Seen]) -> Result<HashMap<TokenId, Owned>, DbError> {
    let rows: Vec<(TokenId, Option<AccountId>, Option<UserId>, String)> = tokens::table
        .filter(tokens::id.eq_any(seen.iter().map(|one| one.token)))
        .order(tokens::id)
        .select((tokens::id, tokens::account_id, tokens::user_id, tokens::name))
        .for_no_key_update()
        .load(conn)?;
    let counts: HashMap<TokenId, i64> = token_networks::table
        .filter(token_networks::token_id.eq_any(rows.iter().map(|row| row.0)))
        .group_by(token_networks::token_id)
        .select((token_networks::token_id, count_star()))
        .load::<(TokenId, i64)>(conn)?
        .into_iter()
        .collect();
    let known = |id: TokenId| usize::try_from(counts.get(&id).copied().unwrap_or(0)).unwrap_or(usize::MAX);
    let owned = |(id, account, user, name)| (id, Owned { id, account, user, name, known: known(id) });
    Ok(rows.into_iter().map(owned).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_network_is_the_24_or_the_48_of_an_address() {
        let network = |ip: &str| network_of(ClientAddress::Known(ip.parse().unwrap())).unwrap().to_string();
        assert_eq!(network("203.0.113.77"), "203.0.113.0/24");
        assert_eq!(network("2001:db8:1:2:3:4:5:6"), "2001:db8:1::/48");
        assert_eq!(network_of(ClientAddress::Unknown), None);
    }
}
