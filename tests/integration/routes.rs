//! Every route × every actor: the exact status, and what has changed in the database.

use super::{facts, made};
use crate::support::app::AuthenticatorApp;
use crate::support::client::{Answer, Browser, read, whoami};
use crate::support::{ADMIN, House, MEMBER, OWNER, READER, STRANGER, ledger, product};
use std::collections::HashSet;
use tokenhouse::models::User;
use tokenhouse::models::link::LinkSecret;
use tokenhouse::models::password;
use tokenhouse::models::token::Owner;
use tokenhouse::policy::{AccountId, Policy, Rights, Role, TokenId};

const ACTORS: [&str; 11] = [
    "nobody",
    "stranger",
    "reader",
    "member",
    "admin",
    "owner",
    "deactivated",
    "token",
    "site admin",
    "half signed in",
    "no factor where one is demanded",
];
/// Makes the tokens that the cells are about, in a session that no cell ends.
const MAKER: &str = "maker@example.com";
const GONE: &str = "gone@example.com";
/// Runs the site, and is no member of Acme.
const SITE: &str = "site@example.com";
/// Has given the password, and not the code yet.
const HALF: &str = "half@example.com";
/// An owner of Acme without a second factor, which Acme demands: all others have one, as far as pages ask.
const LACKS: &str = "lacks@example.com";

/// What a request does that is let in.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Does {
    Nothing,
    Makes,
    Renames,
    Deletes,
    Rolls,
    Disables,
    Promotes,
    Removes,
    Blocks,
    SignsOut,
    /// Another session: of the actor's, or of whoever a site admin signs out.
    EndsSession,
    /// One row more of this: a table, with a WHERE if need be.
    Adds(&'static str),
    /// One row less.
    Takes(&'static str),
}

type Row = (&'static str, &'static str, Does, [u16; 11]);

/// In the order of `ACTORS`.
const TABLE: &[Row] = &[
    ("GET", "/", Does::Nothing, [303, 303, 303, 303, 303, 303, 303, 303, 303, 303, 303]),
    ("GET", "/sign-in", Does::Nothing, [200, 303, 303, 303, 303, 303, 200, 200, 303, 200, 303]),
    ("POST", "/sign-in", Does::Nothing, [401, 403, 403, 403, 403, 403, 401, 401, 403, 401, 403]),
    // Only a browser that began: `half signed in` has the cookie and the number.
    ("GET", "/sign-in/second", Does::Nothing, [303, 303, 303, 303, 303, 303, 303, 303, 303, 200, 303]),
    ("POST", "/sign-in/second", Does::Nothing, [303, 403, 403, 403, 403, 403, 303, 303, 403, 422, 403]),
    (
        "POST",
        "/sign-in/passkey/begin",
        Does::Nothing,
        [200, 403, 403, 403, 403, 403, 200, 200, 403, 200, 403],
    ),
    ("POST", "/sign-in/passkey", Does::Nothing, [303, 403, 403, 403, 403, 403, 303, 303, 403, 303, 403]),
    ("POST", "/sign-out", Does::SignsOut, [401, 303, 303, 303, 303, 303, 401, 401, 303, 401, 303]),
    ("GET", "/accounts", Does::Nothing, [303, 200, 200, 200, 200, 200, 303, 303, 200, 303, 200]),
    ("GET", "/help", Does::Nothing, [200, 200, 200, 200, 200, 200, 200, 200, 200, 200, 200]),
    ("GET", "/help/{article}", Does::Nothing, [200, 200, 200, 200, 200, 200, 200, 200, 200, 200, 200]),
    #[cfg(debug_assertions)]
    ("GET", "/components", Does::Nothing, [200, 200, 200, 200, 200, 200, 200, 200, 200, 200, 200]),
    ("GET", "/help/api", Does::Nothing, [200, 200, 200, 200, 200, 200, 200, 200, 200, 200, 200]),
    (
        "GET",
        "/accounts/{account}/resources/{kind}",
        Does::Nothing,
        [303, 404, 200, 200, 200, 200, 303, 303, 404, 303, 403],
    ),
    (
        "GET",
        "/accounts/{account}/resources/{kind}/{id}",
        Does::Nothing,
        [303, 404, 200, 200, 200, 200, 303, 303, 404, 303, 403],
    ),
    (
        "GET",
        "/accounts/{account}/domains",
        Does::Nothing,
        [303, 404, 200, 200, 200, 200, 303, 303, 404, 303, 403],
    ),
    (
        "GET",
        "/accounts/{account}/domains/{domain}",
        Does::Nothing,
        [303, 404, 200, 200, 200, 200, 303, 303, 404, 303, 403],
    ),
    (
        "GET",
        "/accounts/{account}/zones",
        Does::Nothing,
        [303, 404, 200, 200, 200, 200, 303, 303, 404, 303, 403],
    ),
    (
        "GET",
        "/accounts/{account}/zones/{zone}",
        Does::Nothing,
        [303, 404, 200, 200, 200, 200, 303, 303, 404, 303, 403],
    ),
    (
        "GET",
        "/accounts/{account}/certificates",
        Does::Nothing,
        [303, 404, 200, 200, 200, 200, 303, 303, 404, 303, 403],
    ),
    (
        "GET",
        "/accounts/{account}/tokens",
        Does::Nothing,
        [303, 404, 200, 200, 200, 200, 303, 303, 404, 303, 403],
    ),
    (
        "POST",
        "/accounts/{account}/tokens",
        Does::Makes,
        [401, 404, 403, 403, 200, 200, 401, 401, 404, 401, 403],
    ),
    (
        "GET",
        "/accounts/{account}/tokens/ended",
        Does::Nothing,
        [303, 404, 200, 200, 200, 200, 303, 303, 404, 303, 403],
    ),
    (
        "GET",
        "/accounts/{account}/tokens/new",
        Does::Nothing,
        [303, 404, 403, 403, 200, 200, 303, 303, 404, 303, 403],
    ),
    (
        "GET",
        "/accounts/{account}/tokens/start",
        Does::Nothing,
        [303, 404, 403, 403, 200, 200, 303, 303, 404, 303, 403],
    ),
    (
        "GET",
        "/accounts/{account}/tokens/build",
        Does::Nothing,
        [303, 404, 403, 403, 200, 200, 303, 303, 404, 303, 403],
    ),
    (
        "POST",
        "/accounts/{account}/tokens/build",
        Does::Makes,
        [401, 404, 403, 403, 200, 200, 401, 401, 404, 401, 403],
    ),
    (
        "POST",
        "/accounts/{account}/tokens/words",
        Does::Nothing,
        [401, 404, 403, 403, 200, 200, 401, 401, 404, 401, 403],
    ),
    (
        "GET",
        "/accounts/{account}/tokens/resources",
        Does::Nothing,
        [303, 404, 403, 403, 200, 200, 303, 303, 404, 303, 403],
    ),
    (
        "GET",
        "/accounts/{account}/tokens/revoke",
        Does::Nothing,
        [303, 404, 403, 403, 200, 200, 303, 303, 404, 303, 403],
    ),
    (
        "POST",
        "/accounts/{account}/tokens/revoke",
        Does::Deletes,
        [401, 404, 403, 403, 303, 303, 401, 401, 404, 401, 403],
    ),
    // `id` is the token of the cell.
    (
        "GET",
        "/accounts/{account}/tokens/chosen",
        Does::Nothing,
        [303, 404, 403, 403, 200, 200, 303, 303, 404, 303, 403],
    ),
    (
        "POST",
        "/accounts/{account}/tokens/chosen",
        Does::Deletes,
        [401, 404, 403, 403, 303, 303, 401, 401, 404, 401, 403],
    ),
    (
        "GET",
        "/accounts/{account}/tokens/{token}",
        Does::Nothing,
        [303, 404, 200, 200, 200, 200, 303, 303, 404, 303, 403],
    ),
    (
        "GET",
        "/accounts/{account}/tokens/{token}/trial",
        Does::Nothing,
        [303, 404, 403, 200, 200, 200, 303, 303, 404, 303, 403],
    ),
    (
        "GET",
        "/accounts/{account}/tokens/{token}/rename",
        Does::Nothing,
        [303, 404, 403, 403, 200, 200, 303, 303, 404, 303, 403],
    ),
    (
        "POST",
        "/accounts/{account}/tokens/{token}/rename",
        Does::Renames,
        [401, 404, 403, 403, 303, 303, 401, 401, 404, 401, 403],
    ),
    (
        "GET",
        "/accounts/{account}/tokens/{token}/delete",
        Does::Nothing,
        [303, 404, 403, 403, 200, 200, 303, 303, 404, 303, 403],
    ),
    (
        "POST",
        "/accounts/{account}/tokens/{token}/delete",
        Does::Deletes,
        [401, 404, 403, 403, 303, 303, 401, 401, 404, 401, 403],
    ),
    // `{user}` is the reader; the reader leaves, the others need the role.
    (
        "GET",
        "/accounts/{account}/members",
        Does::Nothing,
        [303, 404, 200, 200, 200, 200, 303, 303, 404, 303, 403],
    ),
    (
        "GET",
        "/accounts/{account}/members/{user}",
        Does::Nothing,
        [303, 404, 403, 403, 200, 200, 303, 303, 404, 303, 403],
    ),
    (
        "POST",
        "/accounts/{account}/members/{user}/role",
        Does::Promotes,
        [401, 404, 403, 403, 303, 303, 401, 401, 404, 401, 403],
    ),
    (
        "GET",
        "/accounts/{account}/members/{user}/remove",
        Does::Nothing,
        [303, 404, 200, 403, 200, 200, 303, 303, 404, 303, 403],
    ),
    (
        "POST",
        "/accounts/{account}/members/{user}/remove",
        Does::Removes,
        [401, 404, 303, 403, 303, 303, 401, 401, 404, 401, 403],
    ),
    // The others asked an owner of all their accounts.
    (
        "GET",
        "/accounts/{account}/members/{user}/factor",
        Does::Nothing,
        [303, 404, 403, 403, 403, 200, 303, 303, 404, 303, 403],
    ),
    (
        "POST",
        "/accounts/{account}/members/{user}/factor",
        Does::Adds("user_links"),
        [401, 404, 403, 403, 403, 303, 401, 401, 404, 401, 403],
    ),
    // `{token}` is a user token of the owner.
    (
        "GET",
        "/accounts/{account}/members/tokens",
        Does::Nothing,
        [303, 404, 403, 403, 200, 200, 303, 303, 404, 303, 403],
    ),
    (
        "GET",
        "/accounts/{account}/members/tokens/{token}/block",
        Does::Nothing,
        [303, 404, 403, 403, 200, 200, 303, 303, 404, 303, 403],
    ),
    (
        "POST",
        "/accounts/{account}/members/tokens/{token}/block",
        Does::Blocks,
        [401, 404, 403, 403, 303, 303, 401, 401, 404, 401, 403],
    ),
    (
        "POST",
        "/accounts/{account}/members/tokens/{token}/unblock",
        Does::Nothing,
        [401, 404, 403, 403, 303, 303, 401, 401, 404, 401, 403],
    ),
    // `{invitation}` is open and is for somebody new; the link is for somebody who is gone.
    (
        "GET",
        "/accounts/{account}/invitations/new",
        Does::Nothing,
        [303, 404, 403, 403, 200, 200, 303, 303, 404, 303, 403],
    ),
    (
        "POST",
        "/accounts/{account}/invitations",
        Does::Adds("invitations"),
        [401, 404, 403, 403, 200, 200, 401, 401, 404, 401, 403],
    ),
    (
        "POST",
        "/accounts/{account}/invitations/{invitation}/again",
        Does::Adds("invitations"),
        [401, 404, 403, 403, 200, 200, 401, 401, 404, 401, 403],
    ),
    (
        "POST",
        "/accounts/{account}/invitations/{invitation}/revoke",
        Does::Takes("invitations WHERE revoked_at IS NULL"),
        [401, 404, 403, 403, 303, 303, 401, 401, 404, 401, 403],
    ),
    ("GET", "/invitations/{secret}", Does::Nothing, [200, 200, 200, 200, 200, 200, 200, 200, 200, 200, 200]),
    ("POST", "/invitations/{secret}", Does::Nothing, [401, 303, 303, 303, 303, 303, 401, 401, 303, 401, 303]),
    (
        "POST",
        "/invitations/{secret}/join",
        Does::Nothing,
        [409, 403, 403, 403, 403, 403, 409, 409, 403, 409, 403],
    ),
    // Whoever has a mailed link needs no session; the form token of a session is none of theirs.
    ("GET", "/forgotten", Does::Nothing, [200, 200, 200, 200, 200, 200, 200, 200, 200, 200, 200]),
    ("POST", "/forgotten", Does::Adds("mails"), [303, 403, 403, 403, 403, 403, 303, 303, 403, 303, 403]),
    ("GET", "/reset/{secret}", Does::Nothing, [404, 404, 404, 404, 404, 404, 404, 404, 404, 404, 404]),
    ("POST", "/reset/{secret}", Does::Nothing, [404, 403, 403, 403, 403, 403, 404, 404, 403, 404, 403]),
    ("GET", "/address/{secret}", Does::Nothing, [404, 404, 404, 404, 404, 404, 404, 404, 404, 404, 404]),
    ("POST", "/address/{secret}", Does::Nothing, [404, 403, 403, 403, 403, 403, 404, 404, 403, 404, 403]),
    ("GET", "/factor/{secret}", Does::Nothing, [404, 404, 404, 404, 404, 404, 404, 404, 404, 404, 404]),
    ("POST", "/factor/{secret}", Does::Nothing, [404, 403, 403, 403, 403, 403, 404, 404, 403, 404, 403]),
    ("GET", "/user", Does::Nothing, [303, 200, 200, 200, 200, 200, 303, 303, 200, 303, 200]),
    (
        "POST",
        "/user",
        Does::Adds("users WHERE name = 'After'"),
        [401, 303, 303, 303, 303, 303, 401, 401, 303, 401, 303],
    ),
    // The password is said each time.
    ("POST", "/user/address", Does::Nothing, [401, 403, 403, 403, 403, 403, 401, 401, 403, 401, 403]),
    ("POST", "/user/address/again", Does::Nothing, [401, 303, 303, 303, 303, 303, 401, 401, 303, 401, 303]),
    // `{session}` is another one of the actor's own.
    ("GET", "/user/security", Does::Nothing, [303, 200, 200, 200, 200, 200, 303, 303, 200, 303, 200]),
    ("POST", "/user/security", Does::Nothing, [401, 422, 422, 422, 422, 422, 401, 401, 422, 401, 422]),
    // `{factor}` is somebody else's.
    ("GET", "/user/factors/app", Does::Nothing, [303, 200, 200, 200, 200, 200, 303, 303, 200, 303, 200]),
    (
        "POST",
        "/user/factors/app",
        Does::Adds("authenticators"),
        [401, 200, 200, 200, 200, 200, 401, 401, 200, 401, 200],
    ),
    (
        "POST",
        "/user/factors/app/confirm",
        Does::Nothing,
        [401, 422, 422, 422, 422, 422, 401, 401, 422, 401, 422],
    ),
    ("GET", "/user/factors/passkey", Does::Nothing, [303, 200, 200, 200, 200, 200, 303, 303, 200, 303, 200]),
    (
        "POST",
        "/user/factors/passkey/begin",
        Does::Nothing,
        [401, 200, 200, 200, 200, 200, 401, 401, 200, 401, 200],
    ),
    ("POST", "/user/factors/passkey", Does::Nothing, [401, 303, 303, 303, 303, 303, 401, 401, 303, 401, 303]),
    ("POST", "/user/factors/codes", Does::Nothing, [401, 303, 303, 303, 303, 303, 401, 401, 303, 401, 303]),
    (
        "GET",
        "/user/factors/{factor}/remove",
        Does::Nothing,
        [303, 404, 404, 404, 404, 404, 303, 303, 404, 303, 404],
    ),
    (
        "POST",
        "/user/factors/{factor}/remove",
        Does::Nothing,
        [401, 404, 404, 404, 404, 404, 401, 401, 404, 401, 404],
    ),
    (
        "POST",
        "/user/sessions/{session}/end",
        Does::EndsSession,
        [401, 303, 303, 303, 303, 303, 401, 401, 303, 401, 303],
    ),
    (
        "POST",
        "/user/sessions/end-others",
        Does::EndsSession,
        [401, 303, 303, 303, 303, 303, 401, 401, 303, 401, 303],
    ),
    // Enough to see what an account is; to change it, its limits or its end, a role.
    (
        "GET",
        "/accounts/{account}/settings",
        Does::Nothing,
        [303, 404, 200, 200, 200, 200, 303, 303, 404, 303, 403],
    ),
    (
        "POST",
        "/accounts/{account}/settings",
        Does::Nothing,
        [401, 404, 403, 403, 422, 422, 401, 401, 404, 401, 403],
    ),
    (
        "GET",
        "/accounts/{account}/settings/plan",
        Does::Nothing,
        [303, 404, 403, 403, 403, 303, 303, 303, 404, 303, 403],
    ),
    (
        "POST",
        "/accounts/{account}/settings/plan",
        Does::Nothing,
        [401, 404, 403, 403, 403, 303, 401, 401, 404, 401, 403],
    ),
    (
        "GET",
        "/accounts/{account}/settings/limits",
        Does::Nothing,
        [303, 404, 403, 403, 200, 200, 303, 303, 404, 303, 403],
    ),
    (
        "POST",
        "/accounts/{account}/settings/limits",
        Does::Adds("audit_events WHERE action = 'account.limits_set'"),
        [401, 404, 403, 403, 303, 303, 401, 401, 404, 401, 403],
    ),
    (
        "POST",
        "/accounts/{account}/settings/limits/people",
        Does::Nothing,
        [401, 404, 403, 403, 422, 422, 401, 401, 404, 401, 403],
    ),
    (
        "GET",
        "/accounts/{account}/settings/delete",
        Does::Nothing,
        [303, 404, 403, 403, 403, 200, 303, 303, 404, 303, 403],
    ),
    (
        "POST",
        "/accounts/{account}/settings/delete",
        Does::Nothing,
        [401, 404, 403, 403, 403, 422, 401, 401, 404, 401, 403],
    ),
    (
        "POST",
        "/accounts/{account}/settings/restore",
        Does::Nothing,
        [401, 404, 403, 403, 403, 303, 401, 401, 404, 401, 403],
    ),
    (
        "GET",
        "/accounts/{account}/activity",
        Does::Nothing,
        [303, 404, 403, 403, 200, 200, 303, 303, 404, 303, 403],
    ),
    (
        "GET",
        "/accounts/{account}/activity.csv",
        Does::Nothing,
        [303, 404, 403, 403, 200, 200, 303, 303, 404, 303, 403],
    ),
    (
        "GET",
        "/accounts/{account}/activity.jsonl",
        Does::Nothing,
        [303, 404, 403, 403, 200, 200, 303, 303, 404, 303, 403],
    ),
    ("GET", "/user/activity", Does::Nothing, [303, 200, 200, 200, 200, 200, 303, 303, 200, 303, 200]),
    ("GET", "/user/activity.csv", Does::Nothing, [303, 200, 200, 200, 200, 200, 303, 303, 200, 303, 200]),
    ("GET", "/user/activity.jsonl", Does::Nothing, [303, 200, 200, 200, 200, 200, 303, 303, 200, 303, 200]),
    // Everybody's own, so that nobody is turned away who is somebody.
    ("GET", "/user/tokens", Does::Nothing, [303, 200, 200, 200, 200, 200, 303, 303, 200, 303, 200]),
    ("GET", "/user/tokens/ended", Does::Nothing, [303, 200, 200, 200, 200, 200, 303, 303, 200, 303, 200]),
    // To make one, a role that goes so far is needed somewhere.
    ("GET", "/user/tokens/new", Does::Nothing, [303, 303, 403, 303, 303, 303, 303, 303, 303, 303, 403]),
    ("GET", "/user/tokens/start", Does::Nothing, [303, 200, 403, 200, 200, 200, 303, 303, 200, 303, 403]),
    ("GET", "/user/tokens/build", Does::Nothing, [303, 200, 403, 200, 200, 200, 303, 303, 200, 303, 403]),
    ("POST", "/user/tokens/build", Does::Makes, [401, 200, 403, 200, 200, 200, 401, 401, 200, 401, 403]),
    ("POST", "/user/tokens/words", Does::Nothing, [401, 200, 403, 200, 200, 200, 401, 401, 200, 401, 403]),
    ("GET", "/user/tokens/resources", Does::Nothing, [303, 200, 403, 200, 200, 200, 303, 303, 200, 303, 403]),
    ("GET", "/user/tokens/revoke", Does::Nothing, [303, 200, 200, 200, 200, 200, 303, 303, 200, 303, 200]),
    ("POST", "/user/tokens/revoke", Does::Deletes, [401, 303, 303, 303, 303, 303, 401, 401, 303, 401, 303]),
    ("GET", "/user/tokens/chosen", Does::Nothing, [303, 200, 200, 200, 200, 200, 303, 303, 200, 303, 200]),
    ("POST", "/user/tokens/chosen", Does::Deletes, [401, 303, 303, 303, 303, 303, 401, 401, 303, 401, 303]),
    ("GET", "/user/tokens/{token}", Does::Nothing, [303, 200, 200, 200, 200, 200, 303, 303, 200, 303, 200]),
    (
        "GET",
        "/user/tokens/{token}/trial",
        Does::Nothing,
        [303, 200, 200, 200, 200, 200, 303, 303, 200, 303, 200],
    ),
    (
        "GET",
        "/user/tokens/{token}/rename",
        Does::Nothing,
        [303, 200, 200, 200, 200, 200, 303, 303, 200, 303, 200],
    ),
    (
        "POST",
        "/user/tokens/{token}/rename",
        Does::Renames,
        [401, 303, 303, 303, 303, 303, 401, 401, 303, 401, 303],
    ),
    (
        "GET",
        "/user/tokens/{token}/delete",
        Does::Nothing,
        [303, 200, 200, 200, 200, 200, 303, 303, 200, 303, 200],
    ),
    (
        "POST",
        "/user/tokens/{token}/delete",
        Does::Deletes,
        [401, 303, 303, 303, 303, 303, 401, 401, 303, 401, 303],
    ),
    (
        "GET",
        "/accounts/{account}/tokens/{token}/roll",
        Does::Nothing,
        [303, 404, 403, 403, 200, 200, 303, 303, 404, 303, 403],
    ),
    (
        "POST",
        "/accounts/{account}/tokens/{token}/roll",
        Does::Rolls,
        [401, 404, 403, 403, 200, 200, 401, 401, 404, 401, 403],
    ),
    (
        "POST",
        "/accounts/{account}/tokens/{token}/roll/finish",
        Does::Nothing,
        [401, 404, 403, 403, 303, 303, 401, 401, 404, 401, 403],
    ),
    (
        "GET",
        "/accounts/{account}/tokens/{token}/disable",
        Does::Nothing,
        [303, 404, 403, 403, 200, 200, 303, 303, 404, 303, 403],
    ),
    (
        "POST",
        "/accounts/{account}/tokens/{token}/disable",
        Does::Disables,
        [401, 404, 403, 403, 303, 303, 401, 401, 404, 401, 403],
    ),
    (
        "POST",
        "/accounts/{account}/tokens/{token}/enable",
        Does::Nothing,
        [401, 404, 403, 403, 303, 303, 401, 401, 404, 401, 403],
    ),
    (
        "GET",
        "/user/tokens/{token}/roll",
        Does::Nothing,
        [303, 200, 403, 200, 200, 200, 303, 303, 200, 303, 403],
    ),
    (
        "POST",
        "/user/tokens/{token}/roll",
        Does::Rolls,
        [401, 200, 403, 200, 200, 200, 401, 401, 200, 401, 403],
    ),
    (
        "POST",
        "/user/tokens/{token}/roll/finish",
        Does::Nothing,
        [401, 303, 303, 303, 303, 303, 401, 401, 303, 401, 303],
    ),
    (
        "GET",
        "/user/tokens/{token}/disable",
        Does::Nothing,
        [303, 200, 200, 200, 200, 200, 303, 303, 200, 303, 200],
    ),
    (
        "POST",
        "/user/tokens/{token}/disable",
        Does::Disables,
        [401, 303, 303, 303, 303, 303, 401, 401, 303, 401, 303],
    ),
    (
        "POST",
        "/user/tokens/{token}/enable",
        Does::Nothing,
        [401, 303, 403, 303, 303, 303, 401, 401, 303, 401, 403],
    ),
    // Nobody who signs in but a site admin finds anything there. `{user}` is somebody who signs in
    // only to be signed out, `{account}` is Hobby.
    ("GET", "/admin/tokens", Does::Nothing, [303, 404, 404, 404, 404, 404, 303, 303, 200, 303, 404]),
    ("POST", "/admin/tokens/secret", Does::Nothing, [401, 404, 404, 404, 404, 404, 401, 401, 200, 401, 404]),
    ("GET", "/admin/tokens/revoke", Does::Nothing, [303, 404, 404, 404, 404, 404, 303, 303, 200, 303, 404]),
    ("POST", "/admin/tokens/revoke", Does::Deletes, [401, 404, 404, 404, 404, 404, 401, 401, 303, 401, 404]),
    ("GET", "/admin/users", Does::Nothing, [303, 404, 404, 404, 404, 404, 303, 303, 200, 303, 404]),
    ("GET", "/admin/users/{user}", Does::Nothing, [303, 404, 404, 404, 404, 404, 303, 303, 200, 303, 404]),
    (
        "POST",
        "/admin/users/{user}/password-link",
        Does::Adds("user_links"),
        [401, 404, 404, 404, 404, 404, 401, 401, 200, 401, 404],
    ),
    (
        "GET",
        "/admin/users/{user}/factor",
        Does::Nothing,
        [303, 404, 404, 404, 404, 404, 303, 303, 200, 303, 404],
    ),
    (
        "POST",
        "/admin/users/{user}/factor",
        Does::Adds("user_links"),
        [401, 404, 404, 404, 404, 404, 401, 401, 303, 401, 404],
    ),
    (
        "POST",
        "/admin/users/{user}/sign-out",
        Does::EndsSession,
        [401, 404, 404, 404, 404, 404, 401, 401, 303, 401, 404],
    ),
    (
        "GET",
        "/admin/users/{user}/deactivate",
        Does::Nothing,
        [303, 404, 404, 404, 404, 404, 303, 303, 200, 303, 404],
    ),
    (
        "POST",
        "/admin/users/{user}/deactivate",
        Does::Adds("users WHERE deactivated_at IS NOT NULL"),
        [401, 404, 404, 404, 404, 404, 401, 401, 303, 401, 404],
    ),
    (
        "POST",
        "/admin/users/{user}/reactivate",
        Does::Takes("users WHERE deactivated_at IS NOT NULL"),
        [401, 404, 404, 404, 404, 404, 401, 401, 303, 401, 404],
    ),
    ("GET", "/admin/accounts", Does::Nothing, [303, 404, 404, 404, 404, 404, 303, 303, 200, 303, 404]),
    (
        "GET",
        "/admin/accounts/{account}",
        Does::Nothing,
        [303, 404, 404, 404, 404, 404, 303, 303, 200, 303, 404],
    ),
    (
        "POST",
        "/admin/accounts/{account}/plan",
        Does::Adds("accounts WHERE plan = 'enterprise'"),
        [401, 404, 404, 404, 404, 404, 401, 401, 303, 401, 404],
    ),
    (
        "GET",
        "/admin/accounts/{account}/suspend",
        Does::Nothing,
        [303, 404, 404, 404, 404, 404, 303, 303, 200, 303, 404],
    ),
    (
        "POST",
        "/admin/accounts/{account}/suspend",
        Does::Adds("accounts WHERE state = 'suspended'"),
        [401, 404, 404, 404, 404, 404, 401, 401, 303, 401, 404],
    ),
    (
        "POST",
        "/admin/accounts/{account}/resume",
        Does::Takes("accounts WHERE state = 'suspended'"),
        [401, 404, 404, 404, 404, 404, 401, 401, 303, 401, 404],
    ),
    (
        "POST",
        "/admin/accounts/{account}/restore",
        Does::Nothing,
        [401, 404, 404, 404, 404, 404, 401, 401, 303, 401, 404],
    ),
    // The same for whoever it is.
    ("POST", "/leaked", Does::Nothing, [202; 11]),
    // For a trusted proxy alone, and no actor is one. What a proxy is told is in `tests/product/check.rs`.
    ("GET", "/authorize/nginx", Does::Nothing, [404; 11]),
    ("GET", "/authorize/caddy", Does::Nothing, [404; 11]),
    ("GET", "/authorize/traefik", Does::Nothing, [404; 11]),
    ("GET", "/authorize/envoy", Does::Nothing, [404; 11]),
    ("GET", "/authorize/envoy/{path:.*}", Does::Nothing, [404; 11]),
];

#[test]
fn every_page_has_its_row_and_every_row_its_page() {
    let open = tokenhouse::web::open_route_table().into_iter().chain(tokenhouse::check::route_table());
    assert_same_routes(
        product().page_table().into_iter().chain(open).collect(),
        TABLE.iter().map(|&(method, path, ..)| (method, path)).collect(),
    );
}

// In four parts, which take their time side by side.

#[actix_web::test]
async fn every_page_answers_every_actor_as_the_table_says_and_changes_no_more_first_quarter() {
    every_page_of(0).await;
}

#[actix_web::test]
async fn every_page_answers_every_actor_as_the_table_says_and_changes_no_more_second_quarter() {
    every_page_of(1).await;
}

#[actix_web::test]
async fn every_page_answers_every_actor_as_the_table_says_and_changes_no_more_third_quarter() {
    every_page_of(2).await;
}

#[actix_web::test]
async fn every_page_answers_every_actor_as_the_table_says_and_changes_no_more_last_quarter() {
    every_page_of(3).await;
}

async fn every_page_of(quarter: usize) {
    let house = House::open();
    let (acme, hobby) = (house.account("Acme"), house.account("Hobby"));
    let target = house.new_user("target@example.com", "Tara Target");
    house.new_user(MAKER, "Mina Maker");
    for account in ["Acme", "Hobby"] {
        house.join(account, MAKER, Role::Owner);
    }
    let mut maker = house.signed_in(MAKER).await;
    // In another account, so that it lives on when all of Acme are revoked.
    let (_, bearer) = maker.make_full_token(hobby, "Bearer").await;
    let (mut actors, begun) = everybody(&house).await;
    let (zone, domain) =
        (facts::zone(&house, acme, "example.com"), facts::domain(&house, acme, "example.com"));
    // In their order: what one row does another undoes.
    let rows = TABLE.chunks(TABLE.len().div_ceil(4)).nth(quarter).unwrap();
    for &(method, path, does, statuses) in rows {
        for (place, expected) in statuses.into_iter().enumerate() {
            let (token, secret) = if path.starts_with("/user/") || path.contains("/members/tokens/") {
                let own = path.starts_with("/user/");
                let of = if own { owner_of_own(ACTORS[place]) } else { OWNER };
                let owner = Owner::User(house.user(of).id);
                made::with(&house, owner, "Before", Policy::unconditional(Rights::Everything))
            } else {
                maker.make_full_token(acme, "Before").await
            };
            let admin = path.starts_with("/admin/");
            let (account, user) = if admin { (hobby, target.id) } else { (acme, house.user(READER).id) };
            let address =
                path.replace("{account}", &account.to_string()).replace("{token}", &token.to_string());
            let address = address.replace("{user}", &user.to_string());
            let (invitation, link) = invite(&house, acme, path.contains("{secret}"));
            let address = address
                .replace("{invitation}", &invitation.to_string())
                .replace("{secret}", &link)
                .replace("{article}", "rolling")
                .replace("{factor}", "1")
                .replace("{path:.*}", "v2/whoami");
            let address = address.replace("{zone}", &zone).replace("{domain}", &domain);
            let address = address.replace("{kind}", "zone").replace("{id}", &zone);
            let of_own = owner_of_own(ACTORS[place]);
            let address = match does {
                Does::EndsSession => {
                    let of = if admin { &target.email } else { of_own };
                    address.replace("{session}", &another_session(&house, of))
                }
                _ => address,
            };
            let secret_of_caller = (ACTORS[place] == "token").then_some(bearer.as_str());
            let before = Seen::of(&house, token, does);
            let address = match path {
                "/sign-in/second" if method == "GET" => format!("{address}?begun={begun}"),
                _ => address,
            };
            let (of_cell, asking) = ((token.get(), secret.as_str(), begun.as_str()), &actors[place]);
            let answer = ask(asking, method, &address, secret_of_caller, of_cell).await;
            let cell = format!("{} {method} {path}", ACTORS[place]);
            assert_eq!(answer.status, expected, "{cell}: {}", answer.text());
            let asks_nobody = matches!(path, "/forgotten" | "/sign-in/second" | "/sign-in/passkey");
            if matches!(ACTORS[place], "nobody" | "deactivated" | "token" | "half signed in")
                && expected == 303
                && !asks_nobody
            {
                assert!(answer.location().starts_with("/sign-in?next="), "{cell}: {}", answer.location());
            }
            let let_in = matches!(expected, 200 | 303);
            let (row, does) = (does, if let_in { does } else { Does::Nothing });
            assert_eq!(Seen::of(&house, token, row), before.after(does), "{cell}");
            let works = whoami(house.address, &secret).await.0 == 200;
            let ends = matches!(does, Does::Deletes | Does::Rolls | Does::Disables);
            assert_eq!(works, !ends, "{cell}");
            if does == Does::SignsOut {
                actors[place] = house.signed_in(email_of(ACTORS[place])).await;
            }
            if row == Does::EndsSession && !let_in {
                facts::change(&house, "DELETE FROM sessions WHERE client = 'elsewhere'");
            }
            facts::end_tokens(&house, "Bearer");
            facts::change(&house, "DELETE FROM invitations");
            if matches!(does, Does::Promotes | Does::Removes) {
                house.join("Acme", READER, Role::ReadOnly);
            }
        }
    }
}

#[actix_web::test]
async fn a_stranger_cannot_tell_an_account_or_a_token_from_one_that_does_not_exist() {
    let house = House::open();
    let (acme, rival) = (house.account("Acme"), house.account("Rival"));
    let (token, _) = house.signed_in(OWNER).await.make_full_token(acme, "Hidden").await;
    let mut stranger = house.signed_in(STRANGER).await;
    let nothing = stranger.get("/accounts/987654321/tokens").await;
    assert_eq!((nothing.status.as_u16(), nothing.heading().as_str()), (404, "Nothing here"));
    for address in [
        format!("/accounts/{acme}/tokens"),
        format!("/accounts/{acme}/tokens/{token}"),
        format!("/accounts/{acme}/tokens/{token}/delete"),
        format!("/accounts/{rival}/tokens/{token}"),
        format!("/accounts/{rival}/tokens/{token}/rename"),
        format!("/accounts/{rival}/tokens/{token}/trial?path=/v2/whoami&address=127.0.0.1"),
        format!("/accounts/{rival}/tokens/{token}/delete"),
    ] {
        let answer = stranger.get(&address).await;
        assert_eq!((answer.status, said(&answer)), (nothing.status, said(&nothing)), "{address}");
    }
    for end in ["delete", "rename"] {
        let answer =
            stranger.post(&format!("/accounts/{rival}/tokens/{token}/{end}"), &[("name", "Mine")]).await;
        assert_eq!((answer.status, said(&answer)), (nothing.status, said(&nothing)), "{end}");
    }
    let kept =
        facts::text(&house, &format!("SELECT name FROM tokens WHERE id = {token} AND deleted_at IS NULL"));
    assert_eq!(kept, "Hidden");
}

#[actix_web::test]
async fn a_member_without_the_role_is_told_who_can_help() {
    let house = House::open();
    let acme = house.account("Acme");
    for email in [READER, MEMBER] {
        let mut member = house.signed_in(email).await;
        let answer = member.get(&format!("/accounts/{acme}/tokens/new")).await;
        assert_eq!((answer.status.as_u16(), answer.heading().as_str()), (403, "Not with your role"));
        assert!(answer.text().contains("Ask an owner or admin of the account."), "{}", answer.text());
        for path in [format!("/accounts/{acme}/tokens/new"), "/nothing".to_owned()] {
            let answer = member.get(&path).await;
            assert_eq!(answer.all(".actions a"), ["Your accounts"], "the way on from {path}");
        }
        assert_eq!(house.anybody().get("/nothing").await.all(".actions a"), ["Start page"]);
    }
    assert_eq!(facts::live_tokens(&house), 0);
}

#[actix_web::test]
async fn a_page_of_an_error_lets_whoever_is_signed_in_sign_out() {
    let house = House::open();
    let mut owner = house.signed_in(OWNER).await;
    let answer = owner.get("/accounts/0/tokens").await;
    assert_eq!(
        (answer.status.as_u16(), answer.all("form[action='/sign-out'] button")),
        (404, vec!["Sign out".to_owned()])
    );
    assert_eq!(owner.post("/sign-out", &[]).await.status, 303);
    assert_eq!(facts::sessions(&house), 0);
    let answer = house.anybody().get("/nothing").await;
    assert!(answer.all("form[action='/sign-out']").is_empty(), "nobody is signed in");
}

pub fn assert_same_routes(routes: Vec<(&str, &str)>, rows: Vec<(&str, &str)>) {
    let (routes, rows): (HashSet<_>, HashSet<_>) = (routes.into_iter().collect(), rows.into_iter().collect());
    assert_eq!(
        routes.difference(&rows).collect::<Vec<_>>(),
        Vec::<&(&str, &str)>::new(),
        "routes without a row"
    );
    assert_eq!(
        rows.difference(&routes).collect::<Vec<_>>(),
        Vec::<&(&str, &str)>::new(),
        "rows without a route"
    );
}

/// The page without the number of its request.
fn said(answer: &Answer) -> String {
    let text = answer.text();
    text.split("If you ask for help").next().unwrap().to_owned()
}

/// What a cell may change: the token of the cell, how many there are, and the sessions.
#[derive(Clone, PartialEq, Eq, Debug)]
struct Seen {
    name: String,
    tokens: i64,
    secrets: i64,
    disabled: i64,
    sessions: i64,
    reader: String,
    blocks: i64,
    /// Of what the row adds or takes.
    rows: i64,
}

impl Seen {
    fn of(house: &House, token: TokenId, does: Does) -> Seen {
        let name = format!("SELECT name FROM tokens WHERE id = {token}");
        let reader = house.user(READER).id;
        Seen {
            name: facts::text(house, &name),
            tokens: facts::live_tokens(house),
            secrets: facts::count(house, &format!("token_secrets WHERE token_id = {token}")),
            disabled: facts::count(house, &format!("tokens WHERE disabled_at IS NOT NULL AND id = {token}")),
            sessions: facts::sessions(house),
            reader: facts::text(
                house,
                &format!(
                    "SELECT coalesce(string_agg(role, ' '), '') FROM memberships WHERE user_id = {reader}"
                ),
            ),
            blocks: facts::count(house, &format!("token_blocks WHERE token_id = {token}")),
            rows: match does {
                Does::Adds(of) | Does::Takes(of) => facts::count(house, of),
                _ => 0,
            },
        }
    }

    fn after(mut self, does: Does) -> Seen {
        match does {
            Does::Nothing => {}
            Does::Makes => self.tokens += 1,
            Does::Renames => self.name = "After".to_owned(),
            Does::Deletes => self.tokens -= 1,
            Does::Rolls => self.secrets += 1,
            Does::Disables => self.disabled += 1,
            Does::Promotes => self.reader = "admin".to_owned(),
            Does::Removes => self.reader = String::new(),
            Does::Blocks => self.blocks += 1,
            Does::SignsOut | Does::EndsSession => self.sessions -= 1,
            Does::Adds(_) => self.rows += 1,
            Does::Takes(_) => self.rows -= 1,
        }
        self
    }
}

async fn ask(
    actor: &Browser,
    method: &str,
    path: &str,
    secret: Option<&str>,
    (token, its_secret, begun): (i64, &str, &str),
) -> Answer {
    let wrong = password::random().unwrap();
    ledger::put_down(&wrong);
    let (nonce, token) = (uuid::Uuid::new_v4().to_string(), token.to_string());
    let fields = [
        ("name", "After"),
        ("reach", "everything"),
        ("expires", "90"),
        ("do", "generate"),
        ("role", "admin"),
        ("why", "Tried out"),
        ("nonce", nonce.as_str()),
        ("email", "nobody@example.com"),
        ("password", wrong.as_str()),
        ("overlap", "leaked"),
        ("plan", if path.starts_with("/admin/") { "enterprise" } else { "" }),
        ("token", token.as_str()),
        ("secret", its_secret),
        ("never", "1"),
        ("everything", "1"),
        ("id", token.as_str()),
        ("begun", begun),
        ("code", "wrong"),
    ];
    let request = match method {
        // Without an address: the account keeps its name.
        "POST" if path.ends_with("/settings") => actor.form(path, &fields[..1]),
        "POST" => actor.form(path, &fields),
        _ if path == "/admin/tokens/revoke" => actor.request(method, &format!("{path}?token={token}")),
        _ if path.ends_with("/resources") => actor.request(method, &format!("{path}?kind=domain")),
        _ if path.ends_with("/chosen") => actor.request(method, &format!("{path}?id={token}")),
        _ => actor.request(method, path),
    };
    read(match secret {
        Some(secret) => request.bearer_auth(secret).header("xc-token", secret),
        None => request,
    })
    .await
}

fn email_of(actor: &str) -> &'static str {
    match actor {
        "stranger" => STRANGER,
        "reader" => READER,
        "member" => MEMBER,
        "admin" => ADMIN,
        "owner" => OWNER,
        "site admin" => SITE,
        "no factor where one is demanded" => LACKS,
        _ => GONE,
    }
}

/// Whose own token a cell is about: the actor's, where the actor is somebody.
fn owner_of_own(actor: &str) -> &'static str {
    if matches!(actor, "nobody" | "deactivated" | "token" | "half signed in") {
        OWNER
    } else {
        email_of(actor)
    }
}

/// An open invitation of the owner's; its number and what its link holds.
fn invite(house: &House, account: AccountId, for_gone: bool) -> (i64, String) {
    let link = LinkSecret::generate().unwrap().expose().to_owned();
    ledger::put_down(&link);
    let (email, by) = (if for_gone { GONE } else { "new@example.com" }, house.user(OWNER).id);
    let sql = format!(
        "INSERT INTO invitations (account_id, email, role, copied_digest, invited_by, created_at, expires_at)
         VALUES ({account}, '{email}', 'read_only', sha256('{link}'), {by}, '2026-11-22', '2026-11-29')"
    );
    facts::change(house, &sql);
    (facts::number(house, "SELECT max(id) FROM invitations"), link)
}

/// A browser for each actor, and the number of the sign-in that one of them began.
async fn everybody(house: &House) -> (Vec<Browser>, String) {
    let gone = add_owner(house);
    house.site_admin(SITE);
    house.join("Rival", SITE, Role::Owner);
    for (email, name) in [(HALF, "Hal Half"), (LACKS, "Lea Lacks")] {
        house.new_user(email, name);
        house.join("Acme", email, Role::Owner);
    }
    AuthenticatorApp::set_up(&mut house.signed_in(HALF).await, house.clock.now()).await;
    facts::change(
        house,
        "UPDATE users SET factor_since = created_at WHERE email <> 'lacks@example.com';
         UPDATE accounts SET factor_from = '2026-11-22' WHERE name = 'Acme'",
    );
    let (mut actors, mut begun) = (Vec::new(), String::new());
    for actor in ACTORS {
        let mut browser = house.anybody();
        if matches!(actor, "nobody" | "token") {
            browser.get("/sign-in").await;
        } else if actor == "half signed in" {
            begun = browser.begin_sign_in(HALF, &ledger::password()).await;
        } else {
            browser.sign_in(email_of(actor), &ledger::password()).await;
        }
        if actor == "deactivated" {
            gone.deactivate(&mut house.conn(), &house.command_line()).unwrap();
            browser.get("/sign-in").await;
        }
        actors.push(browser);
    }
    (actors, begun)
}

/// Signs a user in somewhere else; the number of that session.
pub fn another_session(house: &House, email: &str) -> String {
    let user = house.user(email).id;
    facts::change(
        house,
        &format!(
            "DELETE FROM sessions WHERE client = 'elsewhere';
             INSERT INTO sessions (digest, user_id, state, client, created_at, password_at, idle_until, ends_at)
             VALUES (sha256('{user}'), {user}, '{{}}', 'elsewhere', '2026-11-22 11:00Z', '2026-11-22 11:00Z',
                     '2026-11-22 23:00Z', '2026-11-29 11:00Z')"
        ),
    );
    facts::number(house, "SELECT id FROM sessions WHERE client = 'elsewhere'").to_string()
}

/// Another owner of Acme, who will not stay.
pub fn add_owner(house: &House) -> User {
    let user = house.new_user(GONE, "Gus Gone");
    house.join("Acme", GONE, Role::Owner);
    user
}
