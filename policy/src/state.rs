//! What a token's state can be: the table of product.md, first match from the top.

use super::RefusalCode;
use time::OffsetDateTime;

/// A token's state.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum State {
    /// Deleted by somebody; nobody undoes it.
    Deleted,
    /// Its expiry has passed.
    Expired,
    /// This secret was replaced by a newer one.
    SecretReplaced,
    /// Its user is deactivated, or its account is suspended or being deleted.
    OwnerAway,
    /// Disabled by a person.
    Disabled,
    /// The plan no longer has scoped account tokens.
    Frozen,
    /// It starts later.
    NotYet,
    /// It works.
    Active,
}

/// The facts that a token's state follows from.
#[derive(Debug, Clone, Copy, Default)]
pub struct Standing {
    /// Whether somebody deleted it.
    pub deleted: bool,
    /// The first instant at which it no longer works.
    pub expires_at: Option<OffsetDateTime>,
    /// Whether this secret was ended.
    pub secret_ended: bool,
    /// The first instant at which this secret no longer works, where it ends by itself.
    pub secret_ends_at: Option<OffsetDateTime>,
    /// Whether its user is deactivated, or its account is not active.
    pub owner_away: bool,
    /// Whether somebody disabled it.
    pub disabled: bool,
    /// Whether it is a scoped account token on a plan without these.
    pub frozen: bool,
    /// The first instant at which it works.
    pub not_before: Option<OffsetDateTime>,
}

impl Standing {
    /// The state at this moment.
    pub fn state(&self, now: OffsetDateTime) -> State {
        if self.deleted {
            State::Deleted
        } else if self.expires_at.is_some_and(|end| end <= now) {
            State::Expired
        } else if self.secret_ended || self.secret_ends_at.is_some_and(|end| end <= now) {
            State::SecretReplaced
        } else if self.owner_away {
            State::OwnerAway
        } else if self.disabled {
            State::Disabled
        } else if self.frozen {
            State::Frozen
        } else if self.not_before.is_some_and(|start| start > now) {
            State::NotYet
        } else {
            State::Active
        }
    }
}

impl State {
    /// Every state, in the order of the table.
    pub const ALL: [State; 8] = [
        State::Deleted,
        State::Expired,
        State::SecretReplaced,
        State::OwnerAway,
        State::Disabled,
        State::Frozen,
        State::NotYet,
        State::Active,
    ];

    /// Why a call with such a token is refused; `None` if it works.
    pub fn code(self) -> Option<RefusalCode> {
        match self {
            State::Deleted => Some(RefusalCode::TokenDeleted),
            State::Expired => Some(RefusalCode::TokenExpired),
            State::SecretReplaced => Some(RefusalCode::SecretReplaced),
            State::OwnerAway => Some(RefusalCode::OwnerAway),
            State::Disabled => Some(RefusalCode::TokenDisabled),
            State::Frozen => Some(RefusalCode::TokenFrozen),
            State::NotYet => Some(RefusalCode::TokenNotYet),
            State::Active => None,
        }
    }

    /// In one word or two, as the command line says it.
    pub fn word(self) -> &'static str {
        match self {
            State::Deleted => "deleted",
            State::Expired => "expired",
            State::SecretReplaced => "secret replaced",
            State::OwnerAway => "owner away",
            State::Disabled => "disabled",
            State::Frozen => "frozen",
            State::NotYet => "not yet",
            State::Active => "active",
        }
    }

    /// Whether nothing brings it back.
    pub fn has_ended(self) -> bool {
        matches!(self, State::Deleted | State::Expired)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use time::macros::datetime;

    #[test]
    fn the_first_cause_from_the_top_names_the_state() {
        let now = datetime!(2026-11-22 12:00 UTC);
        let earlier = Some(datetime!(2026-11-22 11:00 UTC));
        let mut standing = Standing {
            deleted: true,
            expires_at: earlier,
            secret_ended: true,
            secret_ends_at: earlier,
            owner_away: true,
            disabled: true,
            frozen: true,
            not_before: Some(datetime!(2026-11-23 12:00 UTC)),
        };
        assert_eq!(standing.state(now), State::Deleted);
        standing.deleted = false;
        assert_eq!(standing.state(now), State::Expired);
        standing.expires_at = None;
        assert_eq!(standing.state(now), State::SecretReplaced);
        standing.secret_ended = false;
        assert_eq!(standing.state(now), State::SecretReplaced);
        standing.secret_ends_at = None;
        assert_eq!(standing.state(now), State::OwnerAway);
        standing.owner_away = false;
        assert_eq!(standing.state(now), State::Disabled);
        standing.disabled = false;
        assert_eq!(standing.state(now), State::Frozen);
        standing.frozen = false;
        assert_eq!(standing.state(now), State::NotYet);
        standing.not_before = None;
        assert_eq!(standing.state(now), State::Active);
    }

    #[test]
    fn a_token_expires_at_its_very_instant_and_starts_at_its_very_instant() {
        let now = datetime!(2026-11-22 12:00 UTC);
        let ends = Standing { expires_at: Some(now), ..Standing::default() };
        let starts = Standing { not_before: Some(now), ..Standing::default() };
        assert_eq!(ends.state(now), State::Expired);
        assert_eq!(starts.state(now), State::Active);
    }
}
