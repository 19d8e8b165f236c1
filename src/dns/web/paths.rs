//! URLs of the pages.

use crate::policy::AccountId;

/// The account's domains.
pub const DOMAINS: &str = "/accounts/{account}/domains";
/// One domain.
pub const DOMAIN: &str = "/accounts/{account}/domains/{domain}";
/// The account's zones.
pub const ZONES: &str = "/accounts/{account}/zones";
/// One zone.
pub const ZONE: &str = "/accounts/{account}/zones/{zone}";
/// The account's certificates.
pub const CERTIFICATES: &str = "/accounts/{account}/certificates";

/// Address of an account's domains.
pub fn domains(account: AccountId) -> String {
    format!("/accounts/{account}/domains")
}

/// Address of an account's zones.
pub fn zones(account: AccountId) -> String {
    format!("/accounts/{account}/zones")
}

/// Address of an account's certificates.
pub fn certificates(account: AccountId) -> String {
    format!("/accounts/{account}/certificates")
}
