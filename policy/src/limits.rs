//! What an account demands of the tokens that work in it.

use super::{Access, Policy, Rights};
use ipnet::IpNet;
use time::{Duration, OffsetDateTime};

/// The widest network that counts as an address of a client's own: so many bits of IPv4.
pub const WIDEST_IPV4: u8 = 8;

/// The same for IPv6.
pub const WIDEST_IPV6: u8 = 16;

/// Which tokens a demand binds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Bound {
    /// Tokens that were made, or whose user joined, from then on are bound.
    pub since: OffsetDateTime,
    /// From when older tokens are bound too; none means never.
    pub older_from: Option<OffsetDateTime>,
}

impl Bound {
    /// Whether it binds a token that is there since then.
    pub fn binding(&self, here_since: OffsetDateTime, now: OffsetDateTime) -> Binding {
        match self.older_from {
            _ if here_since >= self.since => Binding::Already,
            Some(from) if from <= now => Binding::Already,
            Some(from) => Binding::From(from),
            None => Binding::Never,
        }
    }
}

/// Whether limits bind a token; what binds first comes first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Binding {
    /// They do.
    Already,
    /// From then on.
    From(OffsetDateTime),
    /// They do not.
    Never,
}

/// When a token was made, and since when it is in the account.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Made {
    /// When it was made: its life counts from then.
    pub created_at: OffsetDateTime,
    /// The same; for user tokens the beginning of the membership where that is later.
    pub here_since: OffsetDateTime,
}

impl Made {
    /// A token that was in the account from its first moment.
    pub fn here(created_at: OffsetDateTime) -> Made {
        Made { created_at, here_since: created_at }
    }

    /// A token whose user joined the account then.
    pub fn joined(created_at: OffsetDateTime, joined: OffsetDateTime) -> Made {
        Made { created_at, here_since: created_at.max(joined) }
    }
}

/// An account's limits, as they bind a token at the moment of a call. Each demand binds on its own:
/// what one of them refuses stays refused when another is changed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Limits {
    /// How many account tokens may be live, where that is fewer than the plan allows.
    pub account_tokens: Option<i64>,
    /// The longest life, in days; none means any.
    pub longest_life_days: Option<i32>,
    /// Whether a token may live for ever.
    pub never_allowed: bool,
    /// Which tokens these two bind.
    pub life: Bound,
    /// Whether a token that may change something needs a network condition.
    pub write_needs_network: bool,
    /// Which tokens that binds.
    pub network: Bound,
    /// Whether a token may have Everything.
    pub everything_allowed: bool,
    /// Which tokens that binds.
    pub everything: Bound,
}

/// What of a token is against an account's limits.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Breach {
    /// It lives longer than so many days.
    LivesTooLong(i32),
    /// It has no end.
    LivesForEver,
    /// It may change something, and names no addresses, or networks too wide to be any.
    WritesFromAnywhere,
    /// It has Everything.
    Everything,
}

impl Breach {
    /// What it is, as the end of "… is against them, because it".
    pub fn said(self) -> String {
        match self {
            Breach::LivesTooLong(1) => "lives longer than 1 day".to_owned(),
            Breach::LivesTooLong(days) => format!("lives longer than {days} days"),
            Breach::LivesForEver => "has no expiry".to_owned(),
            Breach::WritesFromAnywhere => {
                format!("may change something and does not name addresses, {}", narrow_networks())
            }
            Breach::Everything => "has Everything".to_owned(),
        }
    }

    /// What to do about it, beside the field of a form.
    pub fn advice(self) -> String {
        match self {
            Breach::LivesTooLong(1) => {
                "The account's limits allow 1 day at most. Choose an earlier day.".to_owned()
            }
            Breach::LivesTooLong(days) => {
                format!("The account's limits allow {days} days at most. Choose an earlier day.")
            }
            Breach::LivesForEver => {
                "The account's limits want every token to have an end. Choose until when it works.".to_owned()
            }
            Breach::WritesFromAnywhere => {
                let narrow = narrow_networks();
                format!(
                    "The account's limits want addresses that it works from, {narrow}, as it may change something."
                )
            }
            Breach::Everything => {
                "The account's limits have no tokens with Everything. Choose permissions.".to_owned()
            }
        }
    }
}

/// "in networks of /8 (IPv6: /16) or narrower".
pub fn narrow_networks() -> String {
    format!("in networks of /{WIDEST_IPV4} (IPv6: /{WIDEST_IPV6}) or narrower")
}

/// Whether these are addresses of somebody: each single network is narrow, so that the hundred of
/// a token do not add up to every address there is.
fn names_addresses(networks: &[IpNet]) -> bool {
    let narrow = |network: &IpNet| match network {
        IpNet::V4(network) => network.prefix_len() >= WIDEST_IPV4,
        IpNet::V6(network) => network.prefix_len() >= WIDEST_IPV6,
    };
    !networks.is_empty() && networks.iter().all(narrow)
}

impl Limits {
    /// Limits that demand nothing, as if set at this moment.
    pub fn none(since: OffsetDateTime) -> Limits {
        let bound = Bound { since, older_from: None };
        Limits {
            account_tokens: None,
            longest_life_days: None,
            never_allowed: true,
            life: bound,
            write_needs_network: false,
            network: bound,
            everything_allowed: true,
            everything: bound,
        }
    }

    /// Whether they demand anything of a token's life.
    pub fn demands_life(&self) -> bool {
        self.longest_life_days.is_some() || !self.never_allowed
    }

    /// Whether these demand more of a token's life than others did.
    pub fn shortens(&self, before: &Limits) -> bool {
        let fewer = |days: i32| before.longest_life_days.is_none_or(|known| days < known);
        self.longest_life_days.is_some_and(fewer) || (before.never_allowed && !self.never_allowed)
    }

    /// What is asked for in place of these: a demand that became stricter binds new tokens, and
    /// older ones from the moment that is given; any other binds whom it bound. With `life_stays`
    /// that of a token's life does, too.
    pub fn becoming(
        &self,
        asked: &Limits,
        life_stays: bool,
        older_from: Option<OffsetDateTime>,
        now: OffsetDateTime,
    ) -> Limits {
        let bound = |known: Bound, stricter: bool| {
            if stricter { Bound { since: now, older_from } } else { known }
        };
        Limits {
            life: bound(self.life, asked.shortens(self) && !life_stays),
            network: bound(self.network, asked.write_needs_network && !self.write_needs_network),
            everything: bound(self.everything, !asked.everything_allowed && self.everything_allowed),
            ..asked.clone()
        }
    }

    /// The same, with older tokens bound from this moment on; never later than they were.
    pub fn binding_older(self, from: OffsetDateTime) -> Limits {
        let earlier = |bound: Bound, demanded: bool| Bound {
            older_from: if demanded {
                Some(bound.older_from.map_or(from, |known| known.min(from)))
            } else {
                bound.older_from
            },
            ..bound
        };
        Limits {
            life: earlier(self.life, self.demands_life()),
            network: earlier(self.network, self.write_needs_network),
            everything: earlier(self.everything, !self.everything_allowed),
            ..self
        }
    }

    /// What they demand, each with whom it binds.
    pub fn demanded(&self) -> Vec<Bound> {
        let life = self.demands_life().then_some(self.life);
        let network = self.write_needs_network.then_some(self.network);
        let everything = (!self.everything_allowed).then_some(self.everything);
        [life, network, everything].into_iter().flatten().collect()
    }

    /// Which tokens a demand binds that was not kept.
    pub fn bound(&self, breach: Breach) -> Bound {
        match breach {
            Breach::LivesTooLong(_) | Breach::LivesForEver => self.life,
            Breach::WritesFromAnywhere => self.network,
            Breach::Everything => self.everything,
        }
    }

    /// Whether any of these breaches keeps a token out.
    pub fn binding(&self, breaches: &[Breach], made: Made, now: OffsetDateTime) -> Binding {
        let of_one = |breach: &Breach| self.bound(*breach).binding(made.here_since, now);
        breaches.iter().map(of_one).min().unwrap_or(Binding::Never)
    }

    /// Whether a token is refused now.
    pub fn refuse(&self, policy: &Policy, made: Made, now: OffsetDateTime) -> bool {
        self.binding(&self.broken_by(policy, made.created_at), made, now) == Binding::Already
    }

    /// What of a token that was made then is against them, whether or not it is bound.
    pub fn broken_by(&self, policy: &Policy, created_at: OffsetDateTime) -> Vec<Breach> {
        let may_write = match &policy.rights {
            Rights::Everything => true,
            Rights::Grants(grants) => grants.iter().any(|grant| grant.access == Access::Full),
        };
        let life = match (policy.expires_at, self.longest_life_days) {
            (None, _) if !self.never_allowed => Some(Breach::LivesForEver),
            // "Expires on" means through that day, so that 90 days are up to one more.
            (Some(end), Some(days)) if end > created_at + Duration::days(i64::from(days) + 1) => {
                Some(Breach::LivesTooLong(days))
            }
            _ => None,
        };
        let anywhere = self.write_needs_network && may_write && !names_addresses(&policy.allowed_networks);
        let everything = !self.everything_allowed && policy.rights == Rights::Everything;
        life.into_iter()
            .chain(anywhere.then_some(Breach::WritesFromAnywhere))
            .chain(everything.then_some(Breach::Everything))
            .collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use time::macros::datetime;

    const NOW: OffsetDateTime = datetime!(2026-11-22 12:00 UTC);

    fn limits() -> Limits {
        Limits::none(NOW)
    }

    fn everything(expires_at: Option<OffsetDateTime>) -> Policy {
        Policy { expires_at, ..Policy::unconditional(Rights::Everything) }
    }

    #[test]
    fn limits_that_demand_nothing_refuse_nothing() {
        assert!(!limits().refuse(&everything(None), Made::here(NOW), NOW));
    }

    #[test]
    fn each_demand_refuses_what_is_against_it() {
        let never = Limits { never_allowed: false, ..limits() };
        assert!(never.refuse(&everything(None), Made::here(NOW), NOW));
        assert!(!never.refuse(&everything(Some(NOW + Duration::days(900))), Made::here(NOW), NOW));
        let short = Limits { longest_life_days: Some(30), ..limits() };
        assert!(short.refuse(&everything(Some(NOW + Duration::days(32))), Made::here(NOW), NOW));
        assert!(!short.refuse(&everything(Some(NOW + Duration::days(31))), Made::here(NOW), NOW));
        let networks = Limits { write_needs_network: true, ..limits() };
        assert!(networks.refuse(&everything(None), Made::here(NOW), NOW));
        let within = Policy { allowed_networks: vec!["192.0.2.0/24".parse().unwrap()], ..everything(None) };
        assert!(!networks.refuse(&within, Made::here(NOW), NOW));
        assert!(!networks.refuse(&Policy::unconditional(Rights::Grants(Vec::new())), Made::here(NOW), NOW));
        let scoped = Limits { everything_allowed: false, ..limits() };
        assert!(scoped.refuse(&everything(None), Made::here(NOW), NOW));
        assert!(!scoped.refuse(&Policy::unconditional(Rights::Grants(Vec::new())), Made::here(NOW), NOW));
    }

    #[test]
    fn older_tokens_are_bound_from_the_date_that_was_chosen() {
        let older = Made::here(NOW - Duration::days(1));
        let new_ones_only = Limits { never_allowed: false, ..limits() };
        assert!(!new_ones_only.refuse(&everything(None), older, NOW));
        let from_tomorrow = new_ones_only.binding_older(NOW + Duration::days(1));
        assert!(!from_tomorrow.refuse(&everything(None), older, NOW));
        assert!(from_tomorrow.refuse(&everything(None), older, NOW + Duration::days(1)));
        let later = from_tomorrow.clone().binding_older(NOW + Duration::days(2));
        assert_eq!(later, from_tomorrow, "what was said stands");
    }

    #[test]
    fn an_older_token_of_whoever_joins_later_is_bound() {
        let never = Limits { never_allowed: false, ..limits() };
        let older = NOW - Duration::days(1);
        assert!(!never.refuse(&everything(None), Made::joined(older, older), NOW));
        assert!(never.refuse(&everything(None), Made::joined(older, NOW), NOW));
    }

    #[test]
    fn a_demand_that_did_not_become_stricter_binds_whom_it_bound() {
        let later = NOW + Duration::days(10);
        let before = Limits { never_allowed: false, longest_life_days: Some(30), ..limits() };
        let refused = Made::here(NOW);
        let asked = Limits { everything_allowed: false, write_needs_network: true, ..before.clone() };
        let after = before.becoming(&asked, false, None, later);
        assert!(after.refuse(&everything(None), refused, later));
        assert_eq!((after.life, after.network.since, after.everything.since), (before.life, later, later));
        for (days, never_allowed, stricter) in
            [(Some(30), true, false), (Some(31), false, false), (None, false, false), (Some(29), true, true)]
        {
            let asked = Limits { longest_life_days: days, never_allowed, ..limits() };
            let after = before.becoming(&asked, false, None, later);
            assert_eq!(after.life.since == later, stricter, "{days:?} {never_allowed}");
            assert_eq!(before.becoming(&asked, true, None, later).life, before.life);
        }
        let first = limits().becoming(&before, false, Some(later), later);
        assert_eq!(first.life, Bound { since: later, older_from: Some(later) });
    }

    #[test]
    fn networks_that_hold_every_address_are_no_condition() {
        let networks = Limits { write_needs_network: true, ..limits() };
        let from = |allowed: &[&str]| Policy {
            allowed_networks: allowed.iter().map(|network| network.parse().unwrap()).collect(),
            ..everything(None)
        };
        for wide in
            [&["0.0.0.0/0", "::/0"][..], &["0.0.0.0/1", "128.0.0.0/1"], &["192.0.2.1/32", "2000::/15"]]
        {
            assert_eq!(networks.broken_by(&from(wide), NOW), [Breach::WritesFromAnywhere], "{wide:?}");
        }
        assert_eq!(networks.broken_by(&from(&["10.0.0.0/8", "2001::/16"]), NOW), []);
    }
}
