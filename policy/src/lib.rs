//! What may be permitted, and whether a call is: pure, with no I/O, no clock, no framework.
//!
//! A [`Policy`] is what a token may do and under which conditions; [`decide`] is the only
//! place that answers whether a request is within it.

mod closed_list;

mod access;
pub mod ascii;
pub mod budget;
pub mod catalogue;
mod client;
mod comparison;
mod decision;
mod kind;
mod limits;
mod maker;
mod merge;
pub mod networks;
mod numbers;
mod parts;
pub mod path;
mod refusal;
mod role;
mod routes;
#[cfg(test)]
mod samples;
pub mod scope;
mod selection;
mod state;
pub mod words;

pub use access::Access;
pub use catalogue::{Catalogue, CatalogueError, InPath, Permission, PermissionKey, Plan, Product, Template};
pub use client::ClientAddress;
pub use comparison::{Changed, Compared, compare};
pub use decision::{
    Decision, Holder, PartsAsked, Refusal, Request, Target, decide, decide_for_user, grants_in, readable,
};
pub use kind::{Case, Kind, KindKey, LONGEST_NAME, NamePattern, NarrowedSentences, Unique};
pub use limits::{Binding, Bound, Breach, Limits, Made, WIDEST_IPV4, WIDEST_IPV6, narrow_networks};
pub use maker::{may_grant, user_can_hold};
pub use merge::merged;
pub use numbers::{AccountId, NotANumber, ResourceId, SecretId, TokenId, UserId};
pub use parts::{Form, MOST_PARTS, MOST_PATTERNS, Part, PartForm, Parts};
pub use refusal::{RefusalCode, RefusalFacts};
pub use role::{Act, OwnAct, Proof, Role, SiteAct};
pub use routes::{About, Found, Needs, Route, Routes, Segment};
pub use selection::{Grant, ResourceRef, Selection};
pub use state::{Standing, State};

use ipnet::IpNet;
use time::OffsetDateTime;

/// At most so many resources are named in one token.
pub const MOST_NAMED_RESOURCES: usize = 500;

/// What a token may do.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Rights {
    /// All that its holder reaches, now and later, sensitive permissions included.
    Everything,
    /// The union of these grants; none of them means nothing at all.
    Grants(Vec<Grant>),
}

/// Rights and conditions of a token. It never changes once the token exists.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Policy {
    /// What it may do.
    pub rights: Rights,
    /// Client networks it works from; empty means from anywhere.
    pub allowed_networks: Vec<IpNet>,
    /// Client networks it never works from, also inside an allowed one.
    pub refused_networks: Vec<IpNet>,
    /// The first instant at which it works.
    pub not_before: Option<OffsetDateTime>,
    /// The first instant at which it no longer works.
    pub expires_at: Option<OffsetDateTime>,
}

impl Policy {
    /// Rights without any condition.
    pub fn unconditional(rights: Rights) -> Policy {
        Policy {
            rights,
            allowed_networks: Vec::new(),
            refused_networks: Vec::new(),
            not_before: None,
            expires_at: None,
        }
    }

    /// Whether a client at this address may use the token. One at an unknown address may not, once
    /// there is any network condition: it could be in a network that is refused.
    pub fn admits(&self, address: ClientAddress) -> bool {
        let ip = match address {
            ClientAddress::Known(ip) => ip,
            ClientAddress::Unknown => {
                return self.allowed_networks.is_empty() && self.refused_networks.is_empty();
            }
        };
        let within = |networks: &[IpNet]| networks.iter().any(|network| network.contains(&ip));
        !within(&self.refused_networks)
            && (self.allowed_networks.is_empty() || within(&self.allowed_networks))
    }
}

/// What somebody wrote, to be repeated in a sentence: cut where it would fill a page.
pub fn shown(written: &str) -> String {
    let start: String = written.chars().filter(|sign| !sign.is_control()).take(80).collect();
    if start.len() < written.len() { format!("{start}…") } else { start }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(ip: &str) -> ClientAddress {
        ClientAddress::from(ip.parse::<std::net::IpAddr>().unwrap())
    }

    fn policy(allowed: &[&str], refused: &[&str]) -> Policy {
        let nets = |list: &[&str]| list.iter().map(|net| net.parse().unwrap()).collect();
        Policy {
            allowed_networks: nets(allowed),
            refused_networks: nets(refused),
            ..Policy::unconditional(Rights::Everything)
        }
    }

    #[test]
    fn a_token_without_networks_works_from_anywhere() {
        assert!(policy(&[], &[]).admits(at("203.0.113.7")));
    }

    #[test]
    fn a_refused_network_wins_over_an_allowed_one() {
        let policy = policy(&["192.0.2.0/24"], &["192.0.2.7/32"]);
        assert!(policy.admits(at("192.0.2.8")));
        assert!(!policy.admits(at("192.0.2.7")));
        assert!(!policy.admits(at("198.51.100.1")));
    }

    #[test]
    fn a_mapped_address_counts_as_the_ipv4_address_it_is() {
        assert!(!policy(&[], &["192.0.2.0/24"]).admits(at("::ffff:192.0.2.9")));
    }
    #[test]
    fn an_unknown_client_is_refused_by_any_network_condition_and_by_nothing_else() {
        assert!(policy(&[], &[]).admits(ClientAddress::Unknown));
        for (allowed, refused) in [
            (&["192.0.2.0/24"][..], &[][..]),
            (&[], &["192.0.2.0/24"]),
            (&["192.0.2.0/24"], &["192.0.2.7/32"]),
            (&["0.0.0.0/0", "::/0"], &[]),
        ] {
            assert!(!policy(allowed, refused).admits(ClientAddress::Unknown), "{allowed:?} {refused:?}");
        }
    }
}
