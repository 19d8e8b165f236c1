//! The reasons for which a call is refused: one table for the API's answers, its description, the help
//! page and the page of a token.

use crate::closed_list;

closed_list! {
    /// Why a call is refused: the `code` of the answer, in the order in which a call is looked at.
    pub enum RefusalCode {
        /// Two different tokens, or one header twice.
        ConflictingCredentials = "conflicting_credentials",
        /// No token, or a secret that never was one here.
        InvalidToken = "invalid_token",
        /// [`State::Deleted`](super::State::Deleted).
        TokenDeleted = "token_deleted",
        /// [`State::Expired`](super::State::Expired).
        TokenExpired = "token_expired",
        /// [`State::SecretReplaced`](super::State::SecretReplaced).
        SecretReplaced = "secret_replaced",
        /// [`State::OwnerAway`](super::State::OwnerAway).
        OwnerAway = "owner_away",
        /// [`State::Disabled`](super::State::Disabled).
        TokenDisabled = "token_disabled",
        /// [`State::Frozen`](super::State::Frozen).
        TokenFrozen = "token_frozen",
        /// [`State::NotYet`](super::State::NotYet).
        TokenNotYet = "token_not_yet",
        /// The token's networks exclude the client.
        AddressRefused = "address_refused",
        /// No route of the catalogue takes the call.
        NoRoute = "no_route",
        /// The token reaches nothing in the account of the path, if there is one.
        AccountNotFound = "account_not_found",
        /// An admin blocked the user token in the account.
        BlockedHere = "blocked_here",
        /// The account is suspended; for user tokens, which still work elsewhere.
        AccountSuspended = "account_suspended",
        /// The token breaks the account's limits.
        AccountLimit = "account_limit",
        /// An hourly budget is used up.
        QuotaExceeded = "quota_exceeded",
        /// No grant has the permission.
        PermissionDenied = "permission_denied",
        /// No such resource, or none that the token reaches.
        ResourceNotFound = "resource_not_found",
        /// The token may read the resource only.
        WriteDenied = "write_denied",
        /// The call is about more inside the resource than the token reaches.
        Narrowed = "narrowed",
        /// More resources are reached than a header can name.
        TooManyNamed = "too_many_named",
        /// No such route.
        NotFound = "not_found",
        /// A field of the request is wrong.
        ValidationFailed = "validation_failed",
        /// The request can't be read.
        BadRequest = "bad_request",
        /// The body is too large.
        TooLarge = "too_large",
        /// Nothing can be answered for the moment.
        Unavailable = "unavailable",
        /// A fault of the program.
        Internal = "internal",
    }
}

/// What is said about a [`RefusalCode`].
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct RefusalFacts {
    /// HTTP status, 400 to 599.
    pub status: u16,
    /// The `message` of the answer, unless the refusal brings its own.
    pub message: &'static str,
    /// What it means, for the help page.
    pub meaning: &'static str,
    /// Why the call was refused, for the page of the token; `None` for what is never counted there,
    /// because the token isn't the cause.
    pub on_token: Option<&'static str>,
}

impl RefusalCode {
    /// What is said about it.
    pub const fn facts(self) -> RefusalFacts {
        const AUTHENTICATION: &str = "Authentication failed";
        const PERMISSION: &str = "Permission Denied";
        let (status, message, meaning, on_token) = match self {
            RefusalCode::ConflictingCredentials => {
                (401, AUTHENTICATION, "The call has two different tokens, or one header twice.", None)
            }
            RefusalCode::InvalidToken => (
                401,
                AUTHENTICATION,
                "The call has no token, or something that was never a token here. Look for a typo.",
                None,
            ),
            RefusalCode::TokenDeleted => (
                401,
                AUTHENTICATION,
                "The token was deleted. Nobody can bring it back.",
                Some("It was deleted"),
            ),
            RefusalCode::TokenExpired => {
                (401, AUTHENTICATION, "The token has expired.", Some("It had expired"))
            }
            RefusalCode::SecretReplaced => (
                401,
                AUTHENTICATION,
                "The token has a newer secret, and this one no longer works.",
                Some("Its secret had been replaced"),
            ),
            RefusalCode::OwnerAway => (
                401,
                AUTHENTICATION,
                "Its account is suspended, or its user is deactivated.",
                Some("Its owner was suspended"),
            ),
            RefusalCode::TokenDisabled => (
                401,
                AUTHENTICATION,
                "The token is disabled. It can be enabled again.",
                Some("It was disabled"),
            ),
            RefusalCode::TokenFrozen => (
                401,
                AUTHENTICATION,
                "The plan of its account no longer has scoped tokens.",
                Some("The plan had no scoped tokens"),
            ),
            RefusalCode::TokenNotYet => {
                (401, AUTHENTICATION, "The token starts to work later.", Some("It didn't work yet"))
            }
            RefusalCode::AddressRefused => (
                403,
                "Permission denied from this address",
                "The token doesn't work from this network.",
                Some("From a network that it doesn't work from"),
            ),
            RefusalCode::AccountNotFound => (
                404,
                "Not Found",
                "The account in the path doesn't exist, or the token reaches nothing there.",
                Some("In an account that it doesn't reach"),
            ),
            RefusalCode::BlockedHere => (
                403,
                "An admin of this account has blocked this token",
                "An admin of this account has blocked the token.",
                Some("It was blocked in this account"),
            ),
            RefusalCode::AccountSuspended => (
                403,
                "The account is suspended",
                "The account is suspended. User tokens get this code; an account's own get owner_away.",
                Some("The account was suspended"),
            ),
            RefusalCode::AccountLimit => (
                403,
                "This token is against the account's limits for tokens",
                "The token is against the account's limits for tokens, such as how long one may live.",
                Some("It was against the account's limits"),
            ),
            RefusalCode::QuotaExceeded => (
                429,
                "quota exceeded",
                "The hourly budget is used up. Retry-After says how long to wait.",
                Some("No calls were left in that hour"),
            ),
            RefusalCode::PermissionDenied => (
                403,
                PERMISSION,
                "The token lacks the permission. The field scope names what would have sufficed.",
                Some("It doesn't have this permission"),
            ),
            RefusalCode::ResourceNotFound => (
                404,
                "Not Found",
                "It doesn't exist, or the token doesn't reach it.",
                Some("Nothing was there that it reaches"),
            ),
            RefusalCode::WriteDenied => (
                403,
                PERMISSION,
                "The token may read it but not change it. The field scope names what would have sufficed.",
                Some("It may read there but change nothing"),
            ),
            RefusalCode::Narrowed => (
                403,
                PERMISSION,
                "The call is about all of a resource, and the token reaches only some of what is in it.",
                Some("It reaches only some of what is in the resource"),
            ),
            RefusalCode::NoRoute => (
                403,
                "No route of the catalogue takes this call",
                "The API behind a proxy doesn't offer this method at this path to tokens.",
                Some("No route takes such a call"),
            ),
            RefusalCode::TooManyNamed => (
                403,
                "The token reaches more resources than a header can name",
                "A list behind a proxy: the names of what the token reaches are longer than 4 KB.",
                Some("It names more resources than a header can hold"),
            ),
            RefusalCode::NotFound => (404, "Not Found", "There is nothing at this URL.", None),
            RefusalCode::ValidationFailed => {
                (400, "Validation failed", "A field is wrong. The field errors says which, and why.", None)
            }
            RefusalCode::BadRequest => {
                (400, "Bad request", "The request can't be read. The message says why.", None)
            }
            RefusalCode::TooLarge => (413, "Payload too large", "The body is larger than 256 KiB.", None),
            RefusalCode::Unavailable => (
                503,
                "Service temporarily unavailable",
                "The server can't answer now, for instance because its database is away. Try again.",
                None,
            ),
            RefusalCode::Internal => (
                500,
                "Internal server error",
                "A fault of the server. Its operator finds the cause in the log.",
                None,
            ),
        };
        RefusalFacts { status, message, meaning, on_token }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::State;
    use std::collections::BTreeSet;

    #[test]
    fn every_code_has_a_key_of_its_own_and_is_found_by_it() {
        let keys: BTreeSet<&str> = RefusalCode::ALL.iter().map(|code| code.key()).collect();
        assert_eq!(keys.len(), RefusalCode::ALL.len());
        for code in RefusalCode::ALL {
            assert_eq!(RefusalCode::from_key(code.key()), Some(*code));
        }
        assert_eq!(RefusalCode::from_key("something_newer"), None);
    }

    #[test]
    fn each_state_in_which_a_token_does_not_work_has_a_code_of_its_own() {
        let codes: BTreeSet<RefusalCode> = State::ALL.iter().filter_map(|state| state.code()).collect();
        assert_eq!(codes.len(), State::ALL.len() - 1, "all but active");
        assert!(codes.iter().all(|code| code.facts().status == 401));
    }

    #[test]
    fn what_refuses_the_token_itself_is_a_401_403_404_or_429_and_is_told_on_its_page() {
        for code in RefusalCode::ALL {
            let facts = code.facts();
            let about_the_token = facts.on_token.is_some();
            assert!(!about_the_token || [401, 403, 404, 429].contains(&facts.status), "{code:?}");
            assert!((400..600).contains(&facts.status), "{code:?}");
        }
    }
}
