//! The second step of signing in: the password was right, and nobody has a session yet.

use crate::http::{App, AppData, AppError, client_name};
use crate::models::authenticator::{self, Asked, Factors, Tried};
use crate::models::begun::{self, Begun, Finished, LASTS, Ticket};
use crate::models::passkey;
use crate::models::sighting::SightingKind;
use crate::models::user::Credentials;
use crate::web::flash::{self, Flash};
use crate::web::form::OpenForm;
use crate::web::form_secret::FormSecret;
use crate::web::page::{Page, go_to, render};
use crate::web::page_error::PageError;
use crate::web::password::{Caller, with_retry_after};
use crate::web::prove::{Faults, fault_of};
use crate::web::{paths, session};
use actix_session::Session;
use actix_web::cookie::{Cookie, SameSite};
use actix_web::http::StatusCode;
use actix_web::web::Query;
use actix_web::{HttpRequest, HttpResponse};
use askama::Template;
use rand::distr::{Alphanumeric, SampleString};
use serde::Deserialize;
use std::sync::Arc;
use time::Duration;

#[derive(Template)]
#[template(path = "sign_in/second.html")]
struct SecondPage {
    page: Page,
    email: String,
    begun: String,
    faults: Faults,
    has_app: bool,
    has_passkey: bool,
}

/// A sign-in whose password was right, and what else the person has.
struct Found {
    begun: Begun,
    factors: Factors,
}

/// Which sign-in a page is about.
#[derive(Deserialize)]
pub struct Number {
    #[serde(default)]
    begun: String,
}

/// Puts the sign-in down, and leads to the page that asks for a code.
pub(super) async fn begin(
    request: &HttpRequest,
    app: &AppData,
    credentials: Credentials,
    next: &str,
) -> Result<HttpResponse, AppError> {
    let number = random();
    // Several tabs may begin: one cookie serves them all.
    let browser = browser(request, app);
    let (stored, of_browser) = (number.clone(), browser.clone());
    let (next, now) = (next.to_owned(), app.clock.now());
    let begin = move |conn: &mut _| {
        let ticket = Ticket { number: &stored, browser: &of_browser };
        begun::begin(conn, ticket, &credentials, &next, now)
    };
    app.db.run(begin).await?;
    with_browser(go_to(format!("{}?begun={number}", paths::SIGN_IN_SECOND)), app, browser)
}

/// What the browser's cookie holds, or is to hold.
pub(super) fn browser(request: &HttpRequest, app: &App) -> String {
    cookie(request, app).unwrap_or_else(random)
}

/// The answer, with that cookie.
pub(super) fn with_browser(
    mut response: HttpResponse,
    app: &App,
    browser: String,
) -> Result<HttpResponse, AppError> {
    let cookie = Cookie::build(name(app), browser)
        .path("/")
        .http_only(true)
        .secure(app.public.is_https())
        .same_site(SameSite::Lax)
        .max_age(actix_web::cookie::time::Duration::seconds(LASTS.whole_seconds()))
        .finish();
    response.add_cookie(&cookie).map_err(|error| AppError::Internal(error.to_string()))?;
    Ok(response)
}

/// The page that asks for a code.
pub async fn show(
    request: HttpRequest,
    app: AppData,
    query: Query<Number>,
) -> Result<HttpResponse, AppError> {
    let Some(found) = find(&request, &app, &query.begun).await? else { return Ok(over()) };
    answer(&request, &app, &query.begun, &found, Faults::default(), StatusCode::OK)
}

/// Signs in, if the code is right.
pub async fn finish(
    request: HttpRequest,
    app: AppData,
    form: OpenForm,
    session: Session,
    caller: Caller,
) -> Result<HttpResponse, AppError> {
    let fields = form.0;
    if !FormSecret::of(&request, &app).is_behind(&fields) {
        return Err(PageError::StaleForm.into());
    }
    let number = fields.get("begun").to_owned();
    let Some(found) = find(&request, &app, &number).await? else { return Ok(over()) };
    let Some(browser) = cookie(&request, &app) else { return Ok(over()) };
    let (code, recovery) = (fields.get("code").trim(), fields.get("recovery").trim());
    let asked = match (code.is_empty(), recovery.is_empty()) {
        (false, _) => Asked::Code(code.to_owned()),
        (true, false) => Asked::Recovery(recovery.to_owned()),
        (true, true) => {
            let code = Some("Type a code.".to_owned());
            let faults = Faults { code, ..Faults::default() };
            return answer(&request, &app, &number, &found, faults, StatusCode::UNPROCESSABLE_ENTITY);
        }
    };
    let (now, keys, typed, of_form) =
        (app.clock.now(), app.sealing_keys.clone(), asked.clone(), number.clone());
    let finish = move |conn: &mut _| {
        let ticket = Ticket { number: &of_form, browser: &browser };
        begun::finish(conn, ticket, keys.as_ref().map(Arc::as_ref), &typed, now)
    };
    let (credentials, next) = match app.db.transaction(finish).await? {
        Finished::SignedIn(credentials, next) => (credentials, next),
        Finished::Gone => return Ok(over()),
        Finished::Not(tried) => {
            if tried == Tried::Wrong {
                refused(&app, &caller, &found).await?;
            }
            return not_yet(&request, &app, &number, &found, (tried, &asked));
        }
    };
    session::sign_in(&session, &credentials, caller.address, &client_name(request.headers()))
        .map_err(|error| AppError::Internal(error.to_string()))?;
    let ways = match asked {
        Asked::Code(_) => "password, app",
        Asked::Recovery(_) => "password, recovery code",
    };
    caller.signed_in(&credentials, ways, &app).await;
    let mut response = go_to(paths::own_path(&next).unwrap_or("/"));
    caller.known.remember(&credentials, &mut response, &app)?;
    Ok(response)
}

async fn refused(app: &App, caller: &Caller, found: &Found) -> Result<(), AppError> {
    tracing::warn!(user = found.begun.user.id.get(), "code refused");
    let user = found.begun.user.id;
    let person = app.db.run(move |conn| crate::models::User::credentials_of(conn, user)).await?;
    if let Some(person) = person {
        caller.note_sign_in(&person, SightingKind::CodeRefused, app);
    }
    Ok(())
}

fn not_yet(
    request: &HttpRequest,
    app: &App,
    number: &str,
    found: &Found,
    (tried, asked): (Tried, &Asked),
) -> Result<HttpResponse, AppError> {
    let fault = fault_of(tried, asked);
    let faults = match asked {
        Asked::Code(_) => Faults { code: fault, ..Faults::default() },
        Asked::Recovery(_) => Faults { recovery: fault, ..Faults::default() },
    };
    match tried {
        Tried::TooOften(wait) => {
            let response = answer(request, app, number, found, faults, StatusCode::TOO_MANY_REQUESTS)?;
            Ok(with_retry_after(response, wait.max(Duration::SECOND)))
        }
        _ => answer(request, app, number, found, faults, StatusCode::UNPROCESSABLE_ENTITY),
    }
}

async fn find(request: &HttpRequest, app: &App, number: &str) -> Result<Option<Found>, AppError> {
    let Some(browser) = cookie(request, app) else { return Ok(None) };
    let (number, now) = (number.to_owned(), app.clock.now());
    let find = move |conn: &mut _| {
        let ticket = Ticket { number: &number, browser: &browser };
        let Some(begun) = begun::find(conn, ticket, now)? else { return Ok(None) };
        let factors = authenticator::of_user(conn, begun.user.id)?;
        Ok::<_, crate::db::DbError>(Some(Found { begun, factors }))
    };
    Ok(app.db.run(find).await?)
}

fn over() -> HttpResponse {
    flash::done(paths::SIGN_IN, Flash::SignInOver)
}

fn answer(
    request: &HttpRequest,
    app: &App,
    number: &str,
    found: &Found,
    faults: Faults,
    status: StatusCode,
) -> Result<HttpResponse, AppError> {
    let form = FormSecret::of(request, app);
    let page = SecondPage {
        page: Page::new(&app.support, "Two-factor authentication", &form.secret),
        email: found.begun.user.email.clone(),
        begun: number.to_owned(),
        faults,
        has_app: found.factors.app.is_some(),
        has_passkey: app
            .relying_party
            .as_ref()
            .is_some_and(|party| passkey::works_at(&found.factors, party.host())),
    };
    form.kept(render(&page, status)?, app)
}

/// Letters and digits of what a browser or a sign-in is known by: some 380 bits.
const LENGTH: usize = 64;

pub(in crate::web) fn random() -> String {
    Alphanumeric.sample_string(&mut rand::rng(), LENGTH)
}

/// What the browser's cookie holds; one of another shape counts as none.
pub(super) fn cookie(request: &HttpRequest, app: &App) -> Option<String> {
    let cookie = request.cookie(name(app))?;
    let is_ours =
        cookie.value().len() == LENGTH && cookie.value().bytes().all(|byte| byte.is_ascii_alphanumeric());
    is_ours.then(|| cookie.value().to_owned())
}

fn name(app: &App) -> &'static str {
    if app.public.is_https() { "__Host-tokenhouse-begun" } else { "tokenhouse-begun" }
}
