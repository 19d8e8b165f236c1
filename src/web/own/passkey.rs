//! Adding a passkey.

use super::client;
use super::factors::{codes_page, page};
use crate::http::{AppData, AppError, client_name};
use crate::models::begun::{self, AskedFor, AskedPasskey, Ticket};
use crate::models::passkey::{self, Added, MOST};
use crate::models::session;
use crate::proof::webauthn::{Kept, RelyingParty};
use crate::web::flash::{self, Flash};
use crate::web::form::Posted;
use crate::web::guard::{SignedIn, own_acts};
use crate::web::page::{Field, Page, go_to, render};
use crate::web::paths;
use actix_web::http::StatusCode;
use actix_web::{HttpRequest, HttpResponse};
use askama::Template;
use std::sync::Arc;

#[derive(Template)]
#[template(path = "own/passkey_begin.html")]
struct BeginPage {
    page: Page,
    /// The host that it's for; `None` where passkeys can't work.
    host: Option<String>,
    action: &'static str,
    back_url: &'static str,
}

#[derive(Template)]
#[template(path = "own/passkey.html")]
struct AskPage {
    page: Page,
    name: Field,
    begun: String,
    options: String,
    action: &'static str,
    back_url: &'static str,
}

const TITLE: &str = "Add a passkey";

/// What it is, and a button that begins.
pub async fn about(by: SignedIn, app: AppData) -> Result<HttpResponse, AppError> {
    let page = BeginPage {
        page: page(&by, TITLE),
        host: app.relying_party.as_ref().map(|party| party.host().to_owned()),
        action: paths::FACTOR_PASSKEY_BEGIN,
        back_url: paths::SECURITY,
    };
    render(&page, StatusCode::OK)
}

/// Asks the browser for a new one.
pub async fn begin(
    form: Posted<SignedIn, own_acts::ChangeFactors>,
    app: AppData,
    request: HttpRequest,
) -> Result<HttpResponse, AppError> {
    let (by, _) = form.accepted(&app).await?;
    let Some(party) = app.relying_party.clone() else { return Ok(go_to(paths::FACTOR_PASSKEY)) };
    let name = client::in_words(&client_name(request.headers()));
    ask(&by, &app, party, Field::of(name), StatusCode::OK).await
}

async fn ask(
    by: &SignedIn,
    app: &AppData,
    party: Arc<RelyingParty>,
    name: Field,
    status: StatusCode,
) -> Result<HttpResponse, AppError> {
    let (user, now, browser) = (by.user.clone(), app.clock.now(), of_session(by.session));
    let question = app.db.transaction(move |conn| {
        let handle = passkey::handle(conn, user.id)?;
        let known = passkey::known(conn, user.id, party.host())?;
        let Some(question) = party.ask_new(handle, &user.email, &user.name, &known) else { return Ok(None) };
        let asked =
            AskedPasskey { user: Some(user.id), epoch: None, state: question.state, next: String::new() };
        let ticket = Ticket { number: &question.challenge, browser: &browser };
        begun::ask_passkey(conn, ticket, AskedFor::Register, &asked, now)?;
        Ok::<_, crate::db::DbError>(Some((question.challenge, question.options)))
    });
    let (number, options) =
        question.await?.ok_or_else(|| AppError::Internal("no passkey can be asked for".to_owned()))?;
    let page = AskPage {
        page: page(by, TITLE),
        name,
        begun: number,
        options,
        action: paths::FACTOR_PASSKEY,
        back_url: paths::SECURITY,
    };
    render(&page, status)
}

/// Adds it, if this is what was asked for.
pub async fn add(
    form: Posted<SignedIn, own_acts::ChangeFactors>,
    app: AppData,
) -> Result<HttpResponse, AppError> {
    let (by, fields) = form.accepted(&app).await?;
    let Some(party) = app.relying_party.clone() else { return Ok(go_to(paths::FACTOR_PASSKEY)) };
    let name = fields.get("name").trim().to_owned();
    if !(1..=80).contains(&name.chars().count()) || name.chars().any(char::is_control) {
        let error = Some("Use 1 to 80 characters.".to_owned());
        let name = Field { value: name, error };
        return ask(&by, &app, party, name, StatusCode::UNPROCESSABLE_ENTITY).await;
    }
    let (number, answer, end_others) =
        (fields.get("begun").to_owned(), fields.get("passkey").to_owned(), fields.ticked("end_others")?);
    let (user, session, browser) = (by.user.clone(), by.session, of_session(by.session));
    let (origin, now) = (by.origin(&app), app.clock.now());
    let added = app.db.transaction(move |conn| {
        let ticket = Ticket { number: &number, browser: &browser };
        let Some(asked) = passkey::take_new(conn, ticket, user.id, now)? else { return Ok(None) };
        let asked = Kept { state: &asked.state, challenge: &number };
        let Some(new) = party.create(&answer, asked) else { return Ok(None) };
        let added = passkey::add(conn, &user, (&name, party.host()), &new, session, &origin)?;
        if end_others && matches!(added, Added::Done(_)) {
            session::end_others(conn, &user, session, &origin)?;
        }
        Ok::<_, crate::db::DbError>(Some(added))
    });
    let done = |flash| Ok(flash::done(paths::SECURITY, flash));
    match added.await? {
        None => done(Flash::FactorOver),
        Some(Added::Known) => done(Flash::PasskeyKnown),
        Some(Added::TooMany) => done(Flash::TooManyPasskeys),
        Some(Added::Done(codes)) if codes.is_empty() => done(Flash::PasskeyAdded),
        Some(Added::Done(codes)) => codes_page(&by, &codes),
    }
}

/// What stands for a browser's cookie where there is a session.
pub fn of_session(session: i64) -> String {
    format!("session {session}")
}

const _: () = assert!(MOST == 20, "the flash says so");
