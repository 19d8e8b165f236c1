//! Every address of the pages, typed.

use crate::http::Extras;
use crate::policy::{AccountId, KindKey, ResourceId, TokenId, UserId};

/// The sign-in page.
pub const SIGN_IN: &str = "/sign-in";
/// Where signing out is posted to.
pub const SIGN_OUT: &str = "/sign-out";
/// The second step of signing in: a code.
pub const SIGN_IN_SECOND: &str = "/sign-in/second";
/// Where signing in with a passkey begins.
pub const SIGN_IN_PASSKEY_BEGIN: &str = "/sign-in/passkey/begin";
/// Where the passkey's answer is posted to.
pub const SIGN_IN_PASSKEY: &str = "/sign-in/passkey";
/// Where a forgotten password begins.
pub const FORGOTTEN: &str = "/forgotten";
/// The page behind a link that sets a new password.
pub const RESET: &str = "/reset/{secret}";
/// The page behind a link that proves an address.
pub const ADDRESS: &str = "/address/{secret}";
/// The page behind a link that removes lost factors.
pub const FACTOR_LOST: &str = "/factor/{secret}";
/// Name and mail of whoever is signed in.
pub const PROFILE: &str = "/user";
/// Where another address is posted to.
pub const OWN_ADDRESS: &str = "/user/address";
/// Where asking for the link once more is posted to.
pub const OWN_ADDRESS_AGAIN: &str = "/user/address/again";
/// The password and the sessions of whoever is signed in; a new password is posted here.
pub const SECURITY: &str = "/user/security";
/// Where ending one session is posted to.
pub const SESSION_END: &str = "/user/sessions/{session}/end";
/// Where ending all other sessions is posted to.
pub const SESSIONS_END_OTHERS: &str = "/user/sessions/end-others";
/// Where an authenticator app is set up.
pub const FACTOR_APP: &str = "/user/factors/app";
/// Where the code is posted to that proves it.
pub const FACTOR_APP_CONFIRM: &str = "/user/factors/app/confirm";
/// Where a passkey is added.
pub const FACTOR_PASSKEY: &str = "/user/factors/passkey";
/// Where that begins.
pub const FACTOR_PASSKEY_BEGIN: &str = "/user/factors/passkey/begin";
/// Where new recovery codes are asked for.
pub const FACTOR_CODES: &str = "/user/factors/codes";
/// The page that asks before a factor is removed.
pub const FACTOR_REMOVE: &str = "/user/factors/{factor}/remove";
/// The accounts to choose from.
pub const ACCOUNTS: &str = "/accounts";
/// The addresses of a list of tokens and of what can be done there, below a base.
macro_rules! token_addresses {
    ($base:literal) => {
        /// The live tokens; the simple form posts new ones here.
        pub const LIST: &str = $base;
        /// The ended tokens.
        pub const ENDED: &str = concat!($base, "/ended");
        /// The form for a new token.
        pub const NEW: &str = concat!($base, "/new");
        /// What a new token can start from.
        pub const START: &str = concat!($base, "/start");
        /// The builder of a new token.
        pub const BUILD: &str = concat!($base, "/build");
        /// What the form means, in plain words, as JSON.
        pub const WORDS: &str = concat!($base, "/words");
        /// Search among the resources that tokens can name, as JSON.
        pub const RESOURCES: &str = concat!($base, "/resources");
        /// The page that asks before all of them are revoked.
        pub const REVOKE: &str = concat!($base, "/revoke");
        /// The page that asks before several chosen ones are deleted.
        pub const CHOSEN: &str = concat!($base, "/chosen");
        /// One token.
        pub const TOKEN: &str = concat!($base, "/{token}");
        /// The form that renames it.
        pub const RENAME: &str = concat!($base, "/{token}/rename");
        /// Where it's asked whether a call with it would work.
        pub const TRIAL: &str = concat!($base, "/{token}/trial");
        /// The page that asks before it is deleted.
        pub const DELETE: &str = concat!($base, "/{token}/delete");
        /// The page that asks before it gets a new secret.
        pub const ROLL: &str = concat!($base, "/{token}/roll");
        /// Where ending an overlap is posted to.
        pub const ROLL_FINISH: &str = concat!($base, "/{token}/roll/finish");
        /// The page that asks before it is disabled.
        pub const DISABLE: &str = concat!($base, "/{token}/disable");
        /// Where enabling it is posted to.
        pub const ENABLE: &str = concat!($base, "/{token}/enable");
    };
}

/// The tokens of an account.
pub mod account_tokens {
    token_addresses!("/accounts/{account}/tokens");
}

/// The tokens of the person who is signed in.
pub mod user_tokens {
    token_addresses!("/user/tokens");
}

/// The account's resources of a kind.
pub const RESOURCES: &str = "/accounts/{account}/resources/{kind}";
/// One of them.
pub const RESOURCE: &str = "/accounts/{account}/resources/{kind}/{id}";

/// The account's members.
pub const MEMBERS: &str = "/accounts/{account}/members";
/// The user tokens that reach the account.
pub const MEMBERS_TOKENS: &str = "/accounts/{account}/members/tokens";
/// The page that asks before a user token is kept out of the account.
pub const MEMBER_TOKEN_BLOCK: &str = "/accounts/{account}/members/tokens/{token}/block";
/// Where letting it in again is posted to.
pub const MEMBER_TOKEN_UNBLOCK: &str = "/accounts/{account}/members/tokens/{token}/unblock";
/// One member.
pub const MEMBER: &str = "/accounts/{account}/members/{user}";
/// Where the member's role is posted to.
pub const MEMBER_ROLE: &str = "/accounts/{account}/members/{user}/role";
/// The page that asks before a member is taken out, or leaves.
pub const MEMBER_REMOVE: &str = "/accounts/{account}/members/{user}/remove";

/// The page that asks why a member's factors are to be removed.
pub const MEMBER_FACTOR: &str = "/accounts/{account}/members/{user}/factor";

/// The account itself: its name is posted here.
pub const ACCOUNT: &str = "/accounts/{account}/settings";
/// The page that asks before the account goes on another plan.
pub const ACCOUNT_PLAN: &str = "/accounts/{account}/settings/plan";
/// What the account demands of tokens.
pub const ACCOUNT_LIMITS: &str = "/accounts/{account}/settings/limits";
/// Where it's posted whether the account asks members for a second factor.
pub const ACCOUNT_PEOPLE: &str = "/accounts/{account}/settings/limits/people";
/// The page that asks before the account is deleted.
pub const ACCOUNT_DELETE: &str = "/accounts/{account}/settings/delete";
/// Where bringing it back is posted to.
pub const ACCOUNT_RESTORE: &str = "/accounts/{account}/settings/restore";

/// What was changed and seen in the account.
pub const ACTIVITY: &str = "/accounts/{account}/activity";
/// All of it, as CSV.
pub const ACTIVITY_CSV: &str = "/accounts/{account}/activity.csv";
/// All of it, as JSON lines.
pub const ACTIVITY_JSON_LINES: &str = "/accounts/{account}/activity.jsonl";
/// What the person who is signed in did, and what concerns them.
pub const OWN_ACTIVITY: &str = "/user/activity";
/// All of it, as CSV.
pub const OWN_ACTIVITY_CSV: &str = "/user/activity.csv";
/// All of it, as JSON lines.
pub const OWN_ACTIVITY_JSON_LINES: &str = "/user/activity.jsonl";
/// Where inviting is posted to.
pub const INVITATIONS: &str = "/accounts/{account}/invitations";
/// The form that invites.
pub const INVITATION_NEW: &str = "/accounts/{account}/invitations/new";
/// Where sending an invitation again is posted to.
pub const INVITATION_AGAIN: &str = "/accounts/{account}/invitations/{invitation}/again";
/// Where revoking an invitation is posted to.
pub const INVITATION_REVOKE: &str = "/accounts/{account}/invitations/{invitation}/revoke";
/// What the link of an invitation leads to, and where accepting it is posted to.
pub const INVITATION: &str = "/invitations/{secret}";
/// Where coming in as a new user is posted to.
pub const INVITATION_JOIN: &str = "/invitations/{secret}/join";

/// The guide: what there is in it.
pub const HELP: &str = "/help";
/// An article of the guide.
pub const HELP_ARTICLE: &str = "/help/{article}";
/// What whoever writes a program needs to know.
pub const HELP_API: &str = "/help/api";

/// Every component on one page. Only in development builds.
#[cfg(debug_assertions)]
pub const COMPONENTS: &str = "/components";

/// Address of an article of the guide.
pub fn help(article: &str) -> String {
    format!("{HELP}/{article}")
}

/// Address of a link that sets a new password.
pub fn reset_link(secret: &str) -> String {
    format!("/reset/{secret}")
}

/// Address of a link that proves an address.
pub fn address_link(secret: &str) -> String {
    format!("/address/{secret}")
}

/// Address of a link that removes lost factors.
pub fn factor_link(secret: &str) -> String {
    format!("/factor/{secret}")
}

/// Address of the page that asks before a factor is removed.
pub fn factor_remove(factor: i64) -> String {
    format!("/user/factors/{factor}/remove")
}

/// Where whoever finds secrets in the open reports them.
pub const LEAKED: &str = "/leaked";

/// Tokens of everybody, for those who run the site.
pub const ADMIN_TOKENS: &str = "/admin/tokens";
/// Where a found secret is pasted to: never into an address.
pub const ADMIN_TOKENS_SECRET: &str = "/admin/tokens/secret";
/// The page that asks before some of them, or all of an owner, are revoked.
pub const ADMIN_TOKENS_REVOKE: &str = "/admin/tokens/revoke";
/// Everybody who signs in.
pub const ADMIN_USERS: &str = "/admin/users";
/// One of them.
pub const ADMIN_USER: &str = "/admin/users/{user}";
/// The page that asks before a user is deactivated.
pub const ADMIN_USER_DEACTIVATE: &str = "/admin/users/{user}/deactivate";
/// Where letting a user in again is posted to.
pub const ADMIN_USER_REACTIVATE: &str = "/admin/users/{user}/reactivate";
/// Where ending every session of a user is posted to.
pub const ADMIN_USER_SIGN_OUT: &str = "/admin/users/{user}/sign-out";
/// Where a link for a new password is asked for.
pub const ADMIN_USER_PASSWORD: &str = "/admin/users/{user}/password-link";
/// The page that asks why a user's factors are to be removed.
pub const ADMIN_USER_FACTOR: &str = "/admin/users/{user}/factor";
/// Every account.
pub const ADMIN_ACCOUNTS: &str = "/admin/accounts";
/// One of them.
pub const ADMIN_ACCOUNT: &str = "/admin/accounts/{account}";
/// Where its plan is posted to.
pub const ADMIN_ACCOUNT_PLAN: &str = "/admin/accounts/{account}/plan";
/// The page that asks before it is suspended.
pub const ADMIN_ACCOUNT_SUSPEND: &str = "/admin/accounts/{account}/suspend";
/// Where letting it go on is posted to.
pub const ADMIN_ACCOUNT_RESUME: &str = "/admin/accounts/{account}/resume";
/// Where bringing it back is posted to, while it is being deleted.
pub const ADMIN_ACCOUNT_RESTORE: &str = "/admin/accounts/{account}/restore";

/// Address of a user's page for those who run the site.
pub fn admin_user(user: UserId) -> String {
    format!("{ADMIN_USERS}/{user}")
}

/// Address of an account's page for those who run the site.
pub fn admin_account(account: AccountId) -> String {
    format!("{ADMIN_ACCOUNTS}/{account}")
}

/// Address of the tokens of whoever is called so: an e-mail address, or the number of an account.
pub fn admin_tokens_of(whose: &str) -> String {
    let query = form_urlencoded::Serializer::new(String::new()).append_pair("whose", whose).finish();
    format!("{ADMIN_TOKENS}?{query}")
}

/// Address for ending a session.
pub fn session_end(session: i64) -> String {
    format!("/user/sessions/{session}/end")
}

/// Address of an account's activity.
pub fn activity(account: AccountId) -> String {
    format!("/accounts/{account}/activity")
}

/// Address of an account's members.
pub fn members(account: AccountId) -> String {
    format!("/accounts/{account}/members")
}

/// Address of the user tokens that reach an account.
pub fn members_tokens(account: AccountId) -> String {
    format!("/accounts/{account}/members/tokens")
}

/// Address of the page that asks before a user token is kept out of an account.
pub fn member_token_block(account: AccountId, token: TokenId) -> String {
    format!("/accounts/{account}/members/tokens/{token}/block")
}

/// Address for letting a user token into an account again.
pub fn member_token_unblock(account: AccountId, token: TokenId) -> String {
    format!("/accounts/{account}/members/tokens/{token}/unblock")
}

/// Address of a member.
pub fn member(account: AccountId, user: UserId) -> String {
    format!("/accounts/{account}/members/{user}")
}

/// Address for a member's role.
pub fn member_role(account: AccountId, user: UserId) -> String {
    format!("/accounts/{account}/members/{user}/role")
}

/// Address of the page that asks before a member is taken out.
pub fn member_remove(account: AccountId, user: UserId) -> String {
    format!("/accounts/{account}/members/{user}/remove")
}

/// Address of the page that asks why a member's factors are to be removed.
pub fn member_factor(account: AccountId, user: UserId) -> String {
    format!("/accounts/{account}/members/{user}/factor")
}

/// Address for whether the account asks members for a second factor.
pub fn account_people(account: AccountId) -> String {
    format!("/accounts/{account}/settings/limits/people")
}

/// Address of the account itself.
pub fn account(account: AccountId) -> String {
    format!("/accounts/{account}/settings")
}

/// Address of the page that asks before the account goes on another plan.
pub fn account_plan(account: AccountId) -> String {
    format!("/accounts/{account}/settings/plan")
}

/// Address of what the account demands of tokens.
pub fn account_limits(account: AccountId) -> String {
    format!("/accounts/{account}/settings/limits")
}

/// Address of the page that asks before the account is deleted.
pub fn account_delete(account: AccountId) -> String {
    format!("/accounts/{account}/settings/delete")
}

/// Address for bringing an account back.
pub fn account_restore(account: AccountId) -> String {
    format!("/accounts/{account}/settings/restore")
}

/// Address for inviting into an account.
pub fn invitations(account: AccountId) -> String {
    format!("/accounts/{account}/invitations")
}

/// Address of the form that invites into an account.
pub fn invitation_new(account: AccountId) -> String {
    format!("/accounts/{account}/invitations/new")
}

/// Address for sending an invitation again.
pub fn invitation_again(account: AccountId, invitation: i64) -> String {
    format!("/accounts/{account}/invitations/{invitation}/again")
}

/// Address for revoking an invitation.
pub fn invitation_revoke(account: AccountId, invitation: i64) -> String {
    format!("/accounts/{account}/invitations/{invitation}/revoke")
}

/// Address behind an invitation's link.
pub fn invitation(secret: &str) -> String {
    format!("/invitations/{secret}")
}

/// Address for coming in by an invitation as a new user.
pub fn invitation_join(secret: &str) -> String {
    format!("/invitations/{secret}/join")
}

/// Address of the sign-in page that leads on to this one of ours.
pub fn sign_in_and_back(path: &str) -> String {
    let query = form_urlencoded::Serializer::new(String::new()).append_pair("next", path).finish();
    format!("{SIGN_IN}?{query}")
}

/// URL of the page of a resource: the extension's where it has one, else the product's.
pub fn resource(extras: &Extras, kind: KindKey, account: AccountId, id: ResourceId) -> String {
    if extras.kinds_with_pages.contains(&kind) {
        of_resource(kind, account, id)
    } else {
        format!("{}/{id}", resources(kind, account))
    }
}

/// URL of the product's list of an account's resources of a kind.
pub fn resources(kind: KindKey, account: AccountId) -> String {
    format!("/accounts/{account}/resources/{kind}")
}

/// URL of an extension's page of a resource; the key of its kind, in the plural, is part of it.
pub fn of_resource(kind: KindKey, account: AccountId, id: ResourceId) -> String {
    format!("/accounts/{account}/{kind}s/{id}")
}

/// Addresses of an account's tokens, or of a person's own.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TokenPaths(String);

/// Addresses of an account's tokens.
pub fn tokens(account: AccountId) -> TokenPaths {
    TokenPaths(format!("/accounts/{account}/tokens"))
}

/// Addresses of the tokens of whoever is signed in.
pub fn own_tokens() -> TokenPaths {
    TokenPaths(user_tokens::LIST.to_owned())
}

impl TokenPaths {
    /// The live tokens.
    pub fn list(&self) -> String {
        self.0.clone()
    }

    /// The ended tokens.
    pub fn ended(&self) -> String {
        self.below("ended")
    }

    /// The form for a new token.
    pub fn new_token(&self) -> String {
        self.below("new")
    }

    /// The form, filled in like this token.
    pub fn like(&self, token: TokenId) -> String {
        format!("{}?like={token}", self.new_token())
    }

    /// What a new token can start from.
    pub fn start(&self) -> String {
        self.below("start")
    }

    /// The builder.
    pub fn build(&self) -> String {
        self.below("build")
    }

    /// The builder, filled in like this token.
    pub fn build_like(&self, token: TokenId) -> String {
        format!("{}?like={token}", self.build())
    }

    /// The builder, filled in from this template.
    pub fn build_from(&self, template: &str) -> String {
        format!("{}?template={template}", self.build())
    }

    /// The plain words.
    pub fn words(&self) -> String {
        self.below("words")
    }

    /// The search among resources.
    pub fn resources(&self) -> String {
        self.below("resources")
    }

    /// The page that asks before all of them are revoked.
    pub fn revoke(&self) -> String {
        self.below("revoke")
    }

    /// The page that asks before several chosen ones are deleted.
    pub fn chosen(&self) -> String {
        self.below("chosen")
    }

    /// One token.
    pub fn token(&self, token: TokenId) -> String {
        self.below(&token.to_string())
    }

    /// The form that renames a token.
    pub fn rename(&self, token: TokenId) -> String {
        self.of(token, "rename")
    }

    /// Where it's asked whether a call with a token would work.
    pub fn trial(&self, token: TokenId) -> String {
        self.of(token, "trial")
    }

    /// The page that asks before a token is deleted.
    pub fn delete(&self, token: TokenId) -> String {
        self.of(token, "delete")
    }

    /// The page that asks before a token gets a new secret.
    pub fn roll(&self, token: TokenId) -> String {
        self.of(token, "roll")
    }

    /// Where ending an overlap is posted to.
    pub fn roll_finish(&self, token: TokenId) -> String {
        self.of(token, "roll/finish")
    }

    /// The page that asks before a token is disabled.
    pub fn disable(&self, token: TokenId) -> String {
        self.of(token, "disable")
    }

    /// Where enabling a token is posted to.
    pub fn enable(&self, token: TokenId) -> String {
        self.of(token, "enable")
    }

    fn below(&self, end: &str) -> String {
        format!("{}/{end}", self.0)
    }

    fn of(&self, token: TokenId, end: &str) -> String {
        format!("{}/{token}/{end}", self.0)
    }
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
