//! Every address of the pages, typed.

use crate::policy::ResourceKind;

/// The sign-in page.
pub const SIGN_IN: &str = "/sign-in";
/// Where signing out is posted to.
pub const SIGN_OUT: &str = "/sign-out";
/// The accounts to choose from.
pub const ACCOUNTS: &str = "/accounts";
/// The account's live tokens; new ones are posted here.
pub const TOKENS: &str = "/accounts/{account}/tokens";
/// The account's ended tokens.
pub const TOKENS_ENDED: &str = "/accounts/{account}/tokens/ended";
/// The form for a new token.
pub const TOKEN_NEW: &str = "/accounts/{account}/tokens/new";
/// What the form means, in plain words, as JSON.
pub const TOKEN_WORDS: &str = "/accounts/{account}/tokens/words";
/// Search among the account's resources, as JSON.
pub const RESOURCES: &str = "/accounts/{account}/tokens/resources";
/// One token.
pub const TOKEN: &str = "/accounts/{account}/tokens/{token}";
/// The form that renames it.
pub const TOKEN_RENAME: &str = "/accounts/{account}/tokens/{token}/rename";
/// The page that asks before it is deleted.
pub const TOKEN_DELETE: &str = "/accounts/{account}/tokens/{token}/delete";

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
/// What whoever writes a program needs to know.
pub const HELP_API: &str = "/help/api";

/// Address of an account's domains.
pub fn domains(account: i64) -> String {
    format!("/accounts/{account}/domains")
}

/// Address of an account's zones.
pub fn zones(account: i64) -> String {
    format!("/accounts/{account}/zones")
}

/// Address of an account's certificates.
pub fn certificates(account: i64) -> String {
    format!("/accounts/{account}/certificates")
}

/// Address of a domain or a zone.
pub fn of_resource(kind: ResourceKind, account: i64, id: i64) -> String {
    format!("/accounts/{account}/{}/{id}", kind.plural())
}

/// Address of an account's live tokens.
pub fn tokens(account: i64) -> String {
    format!("/accounts/{account}/tokens")
}

/// Address of an account's ended tokens.
pub fn tokens_ended(account: i64) -> String {
    format!("/accounts/{account}/tokens/ended")
}

/// Address of the form for a new token.
pub fn token_new(account: i64) -> String {
    format!("/accounts/{account}/tokens/new")
}

/// Address of the form, filled in like this token.
pub fn token_like(account: i64, token: i64) -> String {
    format!("/accounts/{account}/tokens/new?like={token}")
}

/// Address of the plain words.
pub fn token_words(account: i64) -> String {
    format!("/accounts/{account}/tokens/words")
}

/// Address of the search among resources.
pub fn resources(account: i64) -> String {
    format!("/accounts/{account}/tokens/resources")
}

/// Address of one token.
pub fn token(account: i64, token: i64) -> String {
    format!("/accounts/{account}/tokens/{token}")
}

/// Address of the form that renames a token.
pub fn token_rename(account: i64, token: i64) -> String {
    format!("/accounts/{account}/tokens/{token}/rename")
}

/// Address of the page that asks before a token is deleted.
pub fn token_delete(account: i64, token: i64) -> String {
    format!("/accounts/{account}/tokens/{token}/delete")
}

/// The path and query to go on to, if it is one of ours; anything else could lead away.
pub fn own_path(next: &str) -> Option<&str> {
    let leads_away = next.starts_with("//") || next.contains(|sign: char| sign == '\\' || sign.is_control());
    (next.starts_with('/') && !leads_away).then_some(next)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_own_paths_are_gone_on_to() {
        for own in ["/", "/accounts/1/tokens?ended=1", "/a//b"] {
            assert_eq!(own_path(own), Some(own));
        }
        for foreign in [
            "",
            "//evil.example",
            "/\\evil.example",
            "https:evil",
            "https://evil.example",
            "evil",
            "/\t/evil",
        ] {
            assert_eq!(own_path(foreign), None, "{foreign:?}");
        }
    }
}
