//! Signing in and out.

pub mod passkey;
pub mod second;

use super::form::{Fields, OpenForm, Posted};
use super::form_secret::FormSecret;
use super::guard::{SignedIn, own_acts, signed_in_session};
use super::page::{Page, go_to, render};
use super::password::{Caller, Tried, Whose, too_often, with_retry_after};
use super::{paths, session};
use crate::http::{App, AppData, AppError, client_name};
use crate::models::{User, authenticator};
use crate::web::page_error::PageError;
use actix_session::Session;
use actix_web::http::StatusCode;
use actix_web::web::Query;
use actix_web::{HttpRequest, HttpResponse};
use askama::Template;
use serde::Deserialize;

#[derive(Template)]
#[template(path = "sign_in/new.html")]
struct SignInPage {
    page: Page,
    email: String,
    next: String,
    error: Option<String>,
    first_user_line: Option<String>,
    /// Whether passkeys work on this server.
    passkeys: bool,
}

/// Where to go on afterwards.
#[derive(Deserialize)]
pub struct Next {
    #[serde(default)]
    next: String,
    /// What was just done.
    #[serde(default)]
    done: String,
}

/// The sign-in page.
pub async fn new(request: HttpRequest, app: AppData, query: Query<Next>) -> Result<HttpResponse, AppError> {
    if SignedIn::extract_if_any(&request).await?.is_some() {
        return Ok(go_to(paths::own_path(&query.next).unwrap_or("/")));
    }
    let no_user = !app.db.run(User::exist).await?;
    let first_user_line =
        no_user.then(|| "tokenhouse user create --email you@example.com --name \"Your Name\"".to_owned());
    let form = FormSecret::of(&request, &app);
    let page = SignInPage {
        page: Page::new(&app.support, "Sign in", &form.secret).with_flash(&query.done),
        email: String::new(),
        next: query.next.clone(),
        error: None,
        first_user_line,
        passkeys: app.relying_party.is_some(),
    };
    form.kept(render(&page, StatusCode::OK)?, &app)
}

/// Signs in.
pub async fn create(
    request: HttpRequest,
    app: AppData,
    form: OpenForm,
    session: Session,
    caller: Caller,
) -> Result<HttpResponse, AppError> {
    let fields = form.0;
    let secret = FormSecret::of(&request, &app);
    if !secret.is_behind(&fields) {
        let why = secret.why_stale();
        return secret.kept(again(&app, &secret, &fields, why, StatusCode::FORBIDDEN)?, &app);
    }
    let email = fields.get("email").trim().to_owned();
    let credentials = match caller.tries(Whose::Address(email), fields.get("password"), &app).await? {
        Tried::Right(credentials) => credentials,
        Tried::TooOften(wait) => {
            let response = again(&app, &secret, &fields, &too_often(wait), StatusCode::TOO_MANY_REQUESTS)?;
            return secret.kept(with_retry_after(response, wait), &app);
        }
        Tried::Wrong => {
            let why = "Incorrect email or password.";
            return secret.kept(again(&app, &secret, &fields, why, StatusCode::UNAUTHORIZED)?, &app);
        }
    };
    let user = credentials.user;
    let factors = app.db.run(move |conn| authenticator::of_user(conn, user)).await?;
    if factors.any() {
        return second::begin(&request, &app, credentials, fields.get("next")).await;
    }
    session::sign_in(&session, &credentials, caller.address, &client_name(request.headers()))
        .map_err(|error| AppError::Internal(error.to_string()))?;
    caller.signed_in(&credentials, "password", &app).await;
    let mut response = go_to(paths::own_path(fields.get("next")).unwrap_or("/"));
    caller.known.remember(&credentials, &mut response, &app)?;
    Ok(response)
}

/// Signs out: the session ends on the server, too.
pub async fn delete(
    form: Posted<SignedIn, own_acts::SignOut>,
    app: AppData,
    session: Session,
) -> Result<HttpResponse, AppError> {
    let (signed_in, _) = form.accepted(&app).await?;
    session.purge();
    tracing::info!(user = signed_in.user.id.get(), "signed out");
    Ok(HttpResponse::SeeOther()
        .insert_header((actix_web::http::header::LOCATION, paths::SIGN_IN))
        .insert_header(("clear-site-data", "\"cache\", \"storage\""))
        .finish())
}

impl SignedIn {
    /// The person, where somebody is signed in.
    pub(super) async fn extract_if_any(request: &HttpRequest) -> Result<Option<SignedIn>, AppError> {
        if signed_in_session(request).is_none() {
            return Ok(None);
        }
        match SignedIn::find(request).await {
            Ok(signed_in) => Ok(Some(signed_in)),
            Err(error) if PageError::is_sign_in_first(&error) => Ok(None),
            Err(other) => Err(other),
        }
    }
}

fn again(
    app: &App,
    secret: &FormSecret,
    fields: &Fields,
    why: &str,
    status: StatusCode,
) -> Result<HttpResponse, AppError> {
    let page = SignInPage {
        page: Page::new(&app.support, "Sign in", &secret.secret),
        email: fields.get("email").to_owned(),
        next: fields.get("next").to_owned(),
        error: Some(why.to_owned()),
        first_user_line: None,
        passkeys: app.relying_party.is_some(),
    };
    render(&page, status)
}
