//! What whoever writes a program needs to know. For everybody: it names nothing of any account.

use super::guard::{Guard, SignedIn};
use super::page::{Page, render};
use super::{leaked, paths};
use crate::http::{App, AppData, AppError};
use crate::policy::{Catalogue, State, budget};
use actix_web::http::StatusCode;
use actix_web::{HttpRequest, HttpResponse};
use askama::Template;

#[derive(Template)]
#[template(path = "help/api.html")]
struct ApiPage {
    page: Page,
    base: String,
    brand: String,
    codes: Vec<Code>,
    permissions: Vec<PermissionRow>,
    budgets: Vec<Budget>,
    templates: Vec<String>,
    unnamed: i64,
    unknown: i64,
    leaked: String,
    leak_calls: i32,
}

struct Code {
    status: u16,
    code: &'static str,
    means: &'static str,
}

struct PermissionRow {
    key: String,
    sentence: String,
    access: String,
    names: &'static str,
    user_only: bool,
}

struct Budget {
    plan: String,
    calls: String,
}

/// Before the token's own state is looked at: status, code and meaning.
const FIRST: [(u16, &str, &str); 2] = [
    (401, "conflicting_credentials", "Two different tokens came, or one header came twice."),
    (401, "invalid_token", "No token came, or something that never was a token here. Look for a typo."),
];

/// The rest, in the order in which a call is refused.
const THEN: [(u16, &str, &str); 21] = [
    (403, "address_refused", "The token does not work from this network."),
    (404, "account_not_found", "The account in the path does not exist, or the token reaches nothing there."),
    (403, "blocked_here", "An admin of this account does not let the token in."),
    (
        403,
        "account_suspended",
        "The account is suspended. This is for user tokens; an account's own get owner_away.",
    ),
    (
        403,
        "account_limit",
        "The token is against the account's limits for tokens, such as how long one may live.",
    ),
    (429, "quota_exceeded", "The hourly budget is used up. Retry-After says how long to wait."),
    (
        403,
        "permission_denied",
        "The token lacks the permission. The field scope names what would have sufficed.",
    ),
    (404, "resource_not_found", "There is no such thing, or it is outside of what the token reaches."),
    (
        403,
        "write_denied",
        "The token may read it but not change it. The field scope names what would have sufficed.",
    ),
    (403, "records_denied", "The call is about all records of the zone, and the token reaches only some."),
    (404, "not_found", "There is nothing at this address."),
    (400, "validation_failed", "A field is wrong. The field errors says which, and why."),
    (400, "system_record", "SOA and NS at the top of a zone are made with it and changed by nobody."),
    (400, "domain_not_registered", "The domain is hosted here and registered elsewhere."),
    (400, "whois_privacy_never_on", "Whois privacy cannot be put off before it was on for the first time."),
    (400, "contact_in_use", "A domain or certificate is registered to this contact."),
    (400, "webhook_limit", "The account has as many webhooks as it may."),
    (412, "plan_without_batches", "The plan of the account has no batches of changes."),
    (400, "bad_request", "What was sent cannot be read. The message says why."),
    (413, "too_large", "The body is larger than 256 KiB."),
    (
        503,
        "unavailable",
        "The server cannot answer now, for instance because its database is away. Try again.",
    ),
];

const LAST: (u16, &str, &str) =
    (500, "internal", "A fault of the server; its operator finds the cause in the log.");

/// The frame of a page that is for everybody, signed in or not.
pub(super) async fn for_anybody(request: &HttpRequest, app: &App, title: &str) -> Result<Page, AppError> {
    match SignedIn::check(request).await {
        Ok(signed_in) => Ok(signed_in.page(title)),
        // What explains a database that is away is read while it is away.
        Err(AppError::SignInFirst { .. } | AppError::Unavailable(_) | AppError::NoSpace(_)) => {
            Ok(Page::new(&app.support, title, ""))
        }
        Err(error) => Err(error),
    }
}

/// `/help/api`.
pub async fn api(request: HttpRequest, app: AppData) -> Result<HttpResponse, AppError> {
    let page = ApiPage {
        page: for_anybody(&request, &app, "API").await?,
        base: app.public.link(app.bound, "/v2"),
        brand: app.brand.clone(),
        codes: codes(),
        permissions: permissions(&app.catalogue),
        budgets: budgets(&app.catalogue),
        templates: app.catalogue.templates.iter().map(|one| one.key.clone()).collect(),
        unnamed: budget::UNNAMED,
        unknown: budget::UNKNOWN,
        leaked: app.public.link(app.bound, paths::LEAKED),
        leak_calls: leaked::PER_NETWORK.attempts,
    };
    render(&page, StatusCode::OK)
}

fn codes() -> Vec<Code> {
    let written =
        |(status, code, means): &(u16, &'static str, &'static str)| Code { status: *status, code, means };
    let of_state = |state: &State| Some(Code { status: 401, code: state.code()?, means: meaning(*state) });
    let mut codes: Vec<Code> = FIRST.iter().map(written).collect();
    codes.extend(State::ALL.iter().filter_map(of_state));
    codes.extend(THEN.iter().chain([&LAST]).map(written));
    codes
}

fn meaning(state: State) -> &'static str {
    match state {
        State::Deleted => "The token was deleted. Nobody can bring it back.",
        State::Expired => "The token's last day has passed.",
        State::SecretReplaced => "The token was given a new secret; this is an older one.",
        State::OwnerAway => "Its account is suspended, or its user is deactivated.",
        State::Disabled => "Somebody disabled the token; it can be enabled again.",
        State::Frozen => "The plan of its account no longer has scoped tokens.",
        State::NotYet => "The token starts to work later.",
        State::Active => "The token works.",
    }
}

fn permissions(catalogue: &Catalogue) -> Vec<PermissionRow> {
    let row = |permission: &crate::policy::Permission| PermissionRow {
        key: permission.key.to_string(),
        sentence: permission.sentence.clone(),
        access: permission.access.iter().map(|access| access.in_scope()).collect::<Vec<_>>().join(", "),
        names: permission.narrowed_by.map_or("", |kind| kind.plural()),
        user_only: catalogue.for_account_tokens().all(|other| other.key != permission.key),
    };
    catalogue.permissions.iter().map(row).collect()
}

fn budgets(catalogue: &Catalogue) -> Vec<Budget> {
    let of_plan = |plan: &crate::policy::Plan| Budget {
        plan: plan.title.clone(),
        calls: plan.hourly_calls.map_or(format!("no limit, shown as {}", budget::UNLIMITED), |calls| {
            format!("{calls} calls an hour")
        }),
    };
    catalogue.plans.iter().map(of_plan).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_code_stands_there_once_and_each_state_of_a_token_has_its_own() {
        let mut all: Vec<&str> = codes().iter().map(|code| code.code).collect();
        let count = all.len();
        all.sort_unstable();
        all.dedup();
        assert_eq!(all.len(), count);
        let states = State::ALL.iter().filter_map(|state| state.code());
        assert!(states.into_iter().all(|code| all.contains(&code)));
    }
}
