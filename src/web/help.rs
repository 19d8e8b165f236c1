//! What whoever writes a program needs to know. For everybody: it names nothing of any account.

use super::guard::SignedIn;
use super::page::{Page, render};
use super::{leaked, paths};
use crate::http::{App, AppData, AppError, Extras, HelpWords};
use crate::policy::{Catalogue, Permission, RefusalCode, RefusalFacts, budget};
use crate::web::page_error::PageError;
use actix_web::http::StatusCode;
use actix_web::{HttpRequest, HttpResponse};
use askama::Template;

#[derive(Template)]
#[template(path = "help/api.html")]
struct ApiPage {
    page: Page,
    base: String,
    /// URL of the API behind the proxy, and of its documentation.
    api: Option<String>,
    docs: Option<String>,
    /// Headers that a token may be in, as a call has them.
    headers: Vec<String>,
    prefix: String,
    about: &'static str,
    calls: Vec<(&'static str, String)>,
    scopes: Vec<(String, String)>,
    wanted: String,
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
    names: String,
    user_only: bool,
}

struct Budget {
    plan: String,
    calls: String,
}

/// The frame of a page that is for everybody, signed in or not.
pub(super) async fn for_anybody(request: &HttpRequest, app: &App, title: &str) -> Result<Page, AppError> {
    match SignedIn::find(request).await {
        Ok(signed_in) => Ok(signed_in.page(title)),
        // What explains a database that is away is read while it is away.
        Err(AppError::Unavailable(_) | AppError::NoSpace(_)) => Ok(Page::new(&app.support, title, "")),
        Err(error) if PageError::is_sign_in_first(&error) => Ok(Page::new(&app.support, title, "")),
        Err(error) => Err(error),
    }
}

/// A header that a token may be in, as a call has it.
fn header(name: &str) -> String {
    match name {
        "authorization" => "Authorization: Bearer TOKEN".to_owned(),
        other => format!("{other}: TOKEN"),
    }
}

/// `/help/api`.
pub async fn api(request: HttpRequest, app: AppData) -> Result<HttpResponse, AppError> {
    let (base, help) = (app.public.link(app.bound, "/v2"), app.extras.help);
    let page = ApiPage {
        page: for_anybody(&request, &app, "API").await?,
        about: help.about,
        api: app.catalogue.product.api.clone(),
        docs: app.catalogue.product.docs.clone(),
        calls: help.calls.iter().map(|(what, call)| (*what, call.replace("BASE", &base))).collect(),
        scopes: scopes(&app.catalogue, &help),
        wanted: wanted(&app.catalogue, help.name),
        base,
        headers: app.catalogue.headers.iter().map(|name| header(name)).collect(),
        prefix: app.catalogue.product.prefix.clone(),
        codes: codes(&app.extras),
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

/// The permission that examples are about: the last that can be narrowed, else the first.
fn example(catalogue: &Catalogue) -> Option<&Permission> {
    let mut narrowed = catalogue.permissions.iter().filter(|one| one.narrowed_by.is_some() && !one.sensitive);
    narrowed.next_back().or_else(|| catalogue.permissions.first())
}

/// A scope that a token could lack.
fn wanted(catalogue: &Catalogue, name: &str) -> String {
    let Some(permission) = example(catalogue) else { return String::new() };
    let name = if permission.narrowed_by.is_some() { name } else { "*" };
    let access = permission.access.last().map_or("read", |access| access.in_scope());
    format!("{}:{name}:{access}", permission.key)
}

/// Scopes of each form, with what each means.
fn scopes(catalogue: &Catalogue, help: &HelpWords) -> Vec<(String, String)> {
    let Some(permission) = example(catalogue) else { return Vec::new() };
    let (key, name) = (&permission.key, help.name);
    let Some(kind) = catalogue.kind_of(permission) else {
        return vec![(format!("{key}:*:read"), "all of it".to_owned())];
    };
    let (noun, plural) = (kind.noun(), &kind.plural);
    let own = [
        (format!("{key}:{name}:read"), format!("one {noun}, by name; several with commas between")),
        (format!("{key}:*:write"), format!("all {plural}, also those that are added later")),
        (format!("{key}:*,!{name}:write"), format!("all {plural} except this one")),
    ];
    let more = help.scopes.iter().map(|(scope, means)| ((*scope).to_owned(), (*means).to_owned()));
    own.into_iter().chain(more).collect()
}

/// The product's own, in the order in which a call is looked at, then those of the extension.
fn codes(extras: &Extras) -> Vec<Code> {
    let row = |code, facts: RefusalFacts| Code { status: facts.status, code, means: facts.meaning };
    let own = RefusalCode::ALL.iter().map(|code| row(code.key(), code.facts()));
    own.chain((extras.refusals)().into_iter().map(|(code, facts)| row(code, facts))).collect()
}

fn permissions(catalogue: &Catalogue) -> Vec<PermissionRow> {
    let row = |permission: &Permission| PermissionRow {
        key: permission.key.to_string(),
        sentence: permission.sentence.clone(),
        access: permission.access.iter().map(|access| access.in_scope()).collect::<Vec<_>>().join(", "),
        names: catalogue.kind_of(permission).map(|kind| kind.plural.clone()).unwrap_or_default(),
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
