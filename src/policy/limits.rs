//! What an account demands of the tokens that work in it.

use super::{Access, Policy, Rights};
use time::{Duration, OffsetDateTime};

/// An account's limits, as they bind a token at the moment of a call.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Limits {
    /// How many account tokens may be live, where that is fewer than the plan allows.
    pub account_tokens: Option<i64>,
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

/// What of a token is against an account's limits.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Breach {
    /// It lives longer than so many days.
    LivesTooLong(i32),
    /// It has no end.
    LivesForEver,
    /// It may change something, and works from any address.
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
            Breach::WritesFromAnywhere => "may change something and works from any address".to_owned(),
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
                "The account's limits want addresses that it works from, as it may change something."
                    .to_owned()
            }
            Breach::Everything => {
                "The account's limits have no tokens with Everything. Choose permissions.".to_owned()
            }
        }
    }
}

impl Limits {
    /// Limits that demand nothing, as if set at this moment.
    pub fn none(set_at: OffsetDateTime) -> Limits {
        Limits {
            account_tokens: None,
            longest_life_days: None,
            never_allowed: true,
            write_needs_network: false,
            everything_allowed: true,
            set_at,
            binds_older_from: None,
        }
    }

    /// Whether a token that was made then is against them now.
    pub fn refuse(&self, policy: &Policy, created_at: OffsetDateTime, now: OffsetDateTime) -> bool {
        self.binds(created_at, now) && !self.broken_by(policy, created_at).is_empty()
    }

    /// Whether a token that was made then is bound now.
    pub fn binds(&self, created_at: OffsetDateTime, now: OffsetDateTime) -> bool {
        created_at >= self.set_at || self.binds_older_from.is_some_and(|from| from <= now)
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
        let anywhere = self.write_needs_network && may_write && policy.allowed_networks.is_empty();
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
