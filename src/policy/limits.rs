//! What an account demands of the tokens that work in it.

use super::{Access, Policy, Rights};
use time::{Duration, OffsetDateTime};

/// An account's limits, as they bind a token at the moment of a call.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Limits {
    /// The longest life, in days; none means any.
    pub longest_life_days: Option<i32>,
    /// Whether a token may live for ever.
    pub never_allowed: bool,
    /// Whether a token that may change something needs a network condition.
    pub write_needs_network: bool,
    /// Whether a token may have Everything.
    pub everything_allowed: bool,
    /// When they were set: tokens made from then on are bound.
    pub set_at: OffsetDateTime,
    /// From when older tokens are bound too; none means never.
    pub binds_older_from: Option<OffsetDateTime>,
}

impl Limits {
    /// Whether a token that was made then is against them now.
    pub fn refuse(&self, policy: &Policy, created_at: OffsetDateTime, now: OffsetDateTime) -> bool {
        let binds = created_at >= self.set_at || self.binds_older_from.is_some_and(|from| from <= now);
        binds && self.are_broken_by(policy, created_at)
    }

    fn are_broken_by(&self, policy: &Policy, created_at: OffsetDateTime) -> bool {
        let may_write = match &policy.rights {
            Rights::Everything => true,
            Rights::Grants(grants) => grants.iter().any(|grant| grant.access == Access::Full),
        };
        let lives_too_long = match (policy.expires_at, self.longest_life_days) {
            (None, _) => !self.never_allowed,
            // "Expires on" means through that day, so that 90 days are up to one more.
            (Some(end), Some(days)) => end > created_at + Duration::days(i64::from(days) + 1),
            (Some(_), None) => false,
        };
        lives_too_long
            || (self.write_needs_network && may_write && policy.allowed_networks.is_empty())
            || (!self.everything_allowed && policy.rights == Rights::Everything)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use time::macros::datetime;

    const NOW: OffsetDateTime = datetime!(2026-11-22 12:00 UTC);

    fn limits() -> Limits {
        Limits {
            longest_life_days: None,
            never_allowed: true,
            write_needs_network: false,
            everything_allowed: true,
            set_at: NOW,
            binds_older_from: None,
        }
    }

    fn everything(expires_at: Option<OffsetDateTime>) -> Policy {
        Policy { expires_at, ..Policy::unconditional(Rights::Everything) }
    }

    #[test]
    fn limits_that_demand_nothing_refuse_nothing() {
        assert!(!limits().refuse(&everything(None), NOW, NOW));
    }

    #[test]
    fn each_demand_refuses_what_is_against_it() {
        let never = Limits { never_allowed: false, ..limits() };
        assert!(never.refuse(&everything(None), NOW, NOW));
        assert!(!never.refuse(&everything(Some(NOW + Duration::days(900))), NOW, NOW));
        let short = Limits { longest_life_days: Some(30), ..limits() };
        assert!(short.refuse(&everything(Some(NOW + Duration::days(32))), NOW, NOW));
        assert!(!short.refuse(&everything(Some(NOW + Duration::days(31))), NOW, NOW));
        let networks = Limits { write_needs_network: true, ..limits() };
        assert!(networks.refuse(&everything(None), NOW, NOW));
        let within = Policy { allowed_networks: vec!["192.0.2.0/24".parse().unwrap()], ..everything(None) };
        assert!(!networks.refuse(&within, NOW, NOW));
        assert!(!networks.refuse(&Policy::unconditional(Rights::Grants(Vec::new())), NOW, NOW));
        let scoped = Limits { everything_allowed: false, ..limits() };
        assert!(scoped.refuse(&everything(None), NOW, NOW));
        assert!(!scoped.refuse(&Policy::unconditional(Rights::Grants(Vec::new())), NOW, NOW));
    }

    #[test]
    fn older_tokens_are_bound_from_the_date_that_was_chosen() {
        let older = NOW - Duration::days(1);
        let new_ones_only = Limits { never_allowed: false, ..limits() };
        assert!(!new_ones_only.refuse(&everything(None), older, NOW));
        let from_tomorrow = Limits { binds_older_from: Some(NOW + Duration::days(1)), ..new_ones_only };
        assert!(!from_tomorrow.refuse(&everything(None), older, NOW));
        assert!(from_tomorrow.refuse(&everything(None), older, NOW + Duration::days(1)));
    }
}
