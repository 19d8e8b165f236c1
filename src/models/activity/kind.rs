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
    /// Domains, zones, records and certificates.
    Domains,
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
        Kind::Domains,
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
            Kind::Domains => "domains",
            Kind::Users => "users",
            Kind::SignIns => "sign-ins",
            Kind::Other => "other",
        }
    }

    /// The kind that is spelled so.
    pub fn from_key(key: &str) -> Option<Kind> {
        Kind::ALL.into_iter().find(|kind| kind.key() == key)
    }

    /// The nouns of its actions in the record; what no kind has is of the last one.
    fn nouns(self) -> &'static [&'static str] {
        match self {
            Kind::Tokens => &["token", "tokens"],
            Kind::Members => &["member", "invitation"],
            Kind::Account => &["account"],
            Kind::Domains => &["domain", "domains", "zone", "record", "records", "certificate"],
            Kind::Users => &["user", "session"],
            Kind::Uses | Kind::SignIns | Kind::Other => &[],
        }
    }

    /// Its sightings, as they are stored.
    pub(super) fn sightings(self) -> &'static [SightingKind] {
        match self {
            Kind::Uses => &[SightingKind::FirstUse, SightingKind::NewNetwork],
            Kind::SignIns => &[SightingKind::SignedIn, SightingKind::SignInRefused],
            _ => &[],
        }
    }

    pub(super) fn of_record(self) -> Condition {
        // Letter by letter what audit_events_account_kind_idx holds: the sign and the number as values
        // of their own would hide it.
        let noun = || sql::<Text>("split_part(audit_events.action, '.', 1)");
        if self == Kind::Other {
            let known: Vec<&str> = Kind::ALL.into_iter().flat_map(Kind::nouns).copied().collect();
            return Box::new(not(noun().eq_any(known)));
        }
        Box::new(noun().eq_any(self.nouns()))
    }
}
