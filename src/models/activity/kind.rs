//! Kinds of lines, as somebody chooses among them.

use super::part::Condition;
use crate::models::sighting::SightingKind;
use diesel::dsl::{not, sql};
use diesel::prelude::*;
use diesel::sql_types::Text;

/// A kind of lines.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// What was done with tokens.
    Tokens,
    /// First uses of tokens, and uses from new networks.
    Uses,
    /// Who came and went, and with which role.
    Members,
    /// The account itself.
    Account,
    /// Resources, and what an extension keeps of them.
    Resources,
    /// Names, addresses and passwords of users.
    Users,
    /// Sign-ins good and bad.
    SignIns,
    /// Everything else.
    Other,
}

impl Kind {
    /// Every kind.
    pub const ALL: [Kind; 8] = [
        Kind::Tokens,
        Kind::Uses,
        Kind::Members,
        Kind::Account,
        Kind::Resources,
        Kind::Users,
        Kind::SignIns,
        Kind::Other,
    ];

    /// How addresses spell it.
    pub fn key(self) -> &'static str {
        match self {
            Kind::Tokens => "tokens",
            Kind::Uses => "uses",
            Kind::Members => "members",
            Kind::Account => "account",
            Kind::Resources => "resources",
            Kind::Users => "users",
            Kind::SignIns => "sign-ins",
            Kind::Other => "other",
        }
    }

    /// The kind that is spelled so.
    pub fn from_key(key: &str) -> Option<Kind> {
        Kind::ALL.into_iter().find(|kind| kind.key() == key)
    }

    /// The nouns of its actions in the record, but for resources, whose nouns the caller knows; what no
    /// kind has is of the last one.
    fn nouns(self) -> &'static [&'static str] {
        match self {
            Kind::Tokens => &["token", "tokens"],
            Kind::Members => &["member", "invitation"],
            Kind::Account => &["account"],
            Kind::Users => &["user", "session"],
            Kind::Resources | Kind::Uses | Kind::SignIns | Kind::Other => &[],
        }
    }

    /// Its sightings, as they are stored.
    pub(super) fn sightings(self) -> &'static [SightingKind] {
        match self {
            Kind::Uses => &[SightingKind::FirstUse, SightingKind::NewNetwork],
            Kind::SignIns => {
                &[SightingKind::SignedIn, SightingKind::SignInRefused, SightingKind::CodeRefused]
            }
            _ => &[],
        }
    }

    /// The condition on lines of this kind, where these are the nouns of resources.
    pub(super) fn of_record(self, of_resources: &[String]) -> Condition {
        // Letter by letter what audit_events_account_kind_idx holds: the sign and the number as values
        // of their own would hide it.
        let noun = || sql::<Text>("split_part(audit_events.action, '.', 1)");
        match self {
            Kind::Resources => Box::new(noun().eq_any(of_resources.to_vec())),
            Kind::Other => {
                let own = Kind::ALL.into_iter().flat_map(Kind::nouns).map(|noun| (*noun).to_owned());
                let known: Vec<String> = own.chain(of_resources.iter().cloned()).collect();
                Box::new(not(noun().eq_any(known)))
            }
            kind => Box::new(noun().eq_any(kind.nouns())),
        }
    }
}
