//! What comes of a call.

use crate::db::DbError;
use crate::models::token::lookup::Found;
use crate::models::{Account, Resource};
use crate::policy::budget::Quota;
use crate::policy::{ClientAddress, Refusal, RefusalCode, TokenId};
use std::sync::Arc;
use time::{Duration, OffsetDateTime};

/// What comes of a call.
pub struct Verdict {
    /// Whether it may go on.
    pub outcome: Result<Admitted, Refused>,
    /// What is left of the budget that it was charged to; `None` if it was never charged, because the
    /// database is away.
    pub quota: Option<Quota>,
    /// Number of the token behind the credential, whether it works or not.
    pub token: Option<TokenId>,
}

/// A call that may go on.
#[derive(Debug, Clone)]
pub struct Admitted {
    /// The token.
    pub found: Arc<Found>,
    /// When the call was decided.
    pub now: OffsetDateTime,
    /// Where the caller is.
    pub address: ClientAddress,
    /// The account that the call names; `None` for a call about the token or its user.
    pub account: Option<Account>,
    /// The resource that the call names, if it names one.
    pub resource: Option<Resource>,
    /// What of the token's rights a call by a route used; `None` for any other call.
    pub used: Option<Used>,
}

/// What of a token's rights a call used.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Used {
    /// Scope text; where the API itself keeps to the parts of the grants, that of each grant that lets the
    /// call through, divided by blanks.
    pub scope: String,
    /// For a list that the API filters: names of the resources that are reached, divided by commas and
    /// percent-encoded, `*` for all, or `!` before each that is left out.
    pub resources: Option<String>,
}

/// A call that may not.
#[derive(Debug)]
pub enum Refused {
    /// For this reason.
    Because {
        /// The reason.
        code: RefusalCode,
        /// The scope that would have sufficed.
        scope: Option<String>,
        /// What was asked for and isn't there, or not for this token.
        missing: Option<Missing>,
    },
    /// No calls are left in this hour; the next one begins after so long.
    Quota(Duration),
    /// It couldn't be decided.
    Database(DbError),
    /// It couldn't be decided for a fault of the program.
    Fault(String),
}

/// A resource that a call asked for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Missing {
    /// Title of its kind.
    pub kind: String,
    /// Its name, as the call has it.
    pub asked: String,
}

/// The steps in which a call is looked at, in their order. The first one that fails refuses it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Step {
    /// It has one credential, of a token that is or was real.
    Credential,
    /// The token works now.
    State,
    /// It works from the client's network.
    Network,
    /// A route takes it.
    Route,
    /// It reaches the account.
    Account,
    /// The account hasn't blocked it, isn't suspended, and its limits allow it.
    AccountRules,
    /// Calls are left in this hour.
    Budget,
    /// It has the permission.
    Permission,
    /// It reaches the resource.
    Resource,
    /// It has the access.
    Access,
}

/// What is told of a refused call.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Said {
    /// HTTP status.
    pub status: u16,
    /// The code, if it's one of a decision.
    pub code: Option<RefusalCode>,
    /// The code, for programs.
    pub key: &'static str,
    /// For people.
    pub message: String,
    /// The scope that would have sufficed.
    pub scope: Option<String>,
}

impl Said {
    fn of(code: RefusalCode) -> Said {
        let facts = code.facts();
        let message = facts.message.to_owned();
        Said { status: facts.status, code: Some(code), key: code.key(), message, scope: None }
    }
}

impl Refused {
    /// What is told of it. The cause of what is our fault is for the log.
    pub fn said(&self) -> Said {
        match self {
            Refused::Because { code, scope: Some(scope), .. } => {
                let said = Said::of(*code);
                let message = format!("{}. Required Scope: {scope}", said.message);
                Said { message, scope: Some(scope.clone()), ..said }
            }
            Refused::Because { code, missing: Some(Missing { kind, asked }), .. } => {
                Said { message: format!("{kind} `{asked}` not found"), ..Said::of(*code) }
            }
            Refused::Because { code, .. } => Said::of(*code),
            Refused::Quota(_) => Said::of(RefusalCode::QuotaExceeded),
            Refused::Database(_) => Said::of(RefusalCode::Unavailable),
            Refused::Fault(_) => Said::of(RefusalCode::Internal),
        }
    }

    /// A decision's refusal, about the resource that was asked for.
    pub fn of(refusal: Refusal, missing: Option<Missing>) -> Refused {
        let (code, scope) = match refusal {
            Refusal::AccountNotFound => (RefusalCode::AccountNotFound, None),
            Refusal::Permission(scope) => (RefusalCode::PermissionDenied, Some(scope)),
            Refusal::Write(scope) => (RefusalCode::WriteDenied, Some(scope)),
            Refusal::Narrowed(scope) => (RefusalCode::Narrowed, Some(scope)),
            Refusal::ResourceNotFound | Refusal::PartNotFound => (RefusalCode::ResourceNotFound, None),
        };
        Refused::Because { code, scope, missing }
    }

    /// The step that refused the call; `None` where it wasn't decided.
    pub fn step(&self) -> Option<Step> {
        match self {
            Refused::Because { code, .. } => Step::of(*code),
            Refused::Quota(_) => Some(Step::Budget),
            Refused::Database(_) | Refused::Fault(_) => None,
        }
    }
}

impl Step {
    /// All of them, in their order.
    pub const ALL: &[Step] = &[
        Step::Credential,
        Step::State,
        Step::Network,
        Step::Route,
        Step::Account,
        Step::AccountRules,
        Step::Budget,
        Step::Permission,
        Step::Resource,
        Step::Access,
    ];

    /// The step that refuses with this code; `None` for what is wrong with a request otherwise.
    pub fn of(code: RefusalCode) -> Option<Step> {
        match code {
            RefusalCode::ConflictingCredentials | RefusalCode::InvalidToken => Some(Step::Credential),
            RefusalCode::TokenDeleted
            | RefusalCode::TokenExpired
            | RefusalCode::SecretReplaced
            | RefusalCode::OwnerAway
            | RefusalCode::TokenDisabled
            | RefusalCode::TokenFrozen
            | RefusalCode::TokenNotYet => Some(Step::State),
            RefusalCode::AddressRefused => Some(Step::Network),
            RefusalCode::NoRoute => Some(Step::Route),
            RefusalCode::AccountNotFound => Some(Step::Account),
            RefusalCode::BlockedHere | RefusalCode::AccountSuspended | RefusalCode::AccountLimit => {
                Some(Step::AccountRules)
            }
            RefusalCode::QuotaExceeded => Some(Step::Budget),
            RefusalCode::PermissionDenied => Some(Step::Permission),
            RefusalCode::ResourceNotFound => Some(Step::Resource),
            RefusalCode::WriteDenied | RefusalCode::Narrowed | RefusalCode::TooManyNamed => {
                Some(Step::Access)
            }
            RefusalCode::NotFound
            | RefusalCode::ValidationFailed
            | RefusalCode::BadRequest
            | RefusalCode::TooLarge
            | RefusalCode::Unavailable
            | RefusalCode::Internal => None,
        }
    }
}

impl From<RefusalCode> for Refused {
    fn from(code: RefusalCode) -> Refused {
        Refused::Because { code, scope: None, missing: None }
    }
}

impl From<DbError> for Refused {
    fn from(error: DbError) -> Refused {
        Refused::Database(error)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_codes_of_refusals_are_in_the_order_in_which_a_call_is_looked_at() {
        let steps: Vec<Step> = RefusalCode::ALL.iter().filter_map(|code| Step::of(*code)).collect();
        assert!(steps.is_sorted(), "{steps:?}");
        assert_eq!(steps.len(), RefusalCode::ALL.len() - 6);
    }
}
