//! Signing in with a passkey: alone, or after the password. Either way it proves everything, since it verifies
//! its holder.

use super::second;
use crate::http::{AppData, AppError, client_name, network_of};
use crate::models::begun::{self, AskedFor, AskedPasskey, Ticket};
use crate::models::passkey::{self, Answered};
use crate::models::throttle::{self, Allowance};
use crate::web::flash::{self, Flash};
use crate::web::form::OpenForm;
use crate::web::form_secret::FormSecret;
use crate::web::page::{Page, go_to, render};
use crate::web::page_error::PageError;
use crate::web::password::{Caller, too_often, with_retry_after};
use crate::web::{paths, session};
use actix_session::Session;
use actix_web::http::StatusCode;
use actix_web::{HttpRequest, HttpResponse};
use askama::Template;
use std::sync::Arc;
use time::Duration;

/// Questions for one network: each is a row.
const PER_NETWORK: Allowance = Allowance { attempts: 60, window: Duration::minutes(15) };

#[derive(Template)]
#[template(path = "sign_in/passkey.html")]
struct PasskeyPage {
    page: Page,
    begun: String,
    options: String,
    error: Option<String>,
}

/// Asks for a passkey: for one of the person's, where the password was right already.
pub async fn begin(
    request: HttpRequest,
    app: AppData,
    form: OpenForm,
    caller: Caller,
) -> Result<HttpResponse, AppError> {
    let fields = form.0;
    let secret = FormSecret::of(&request, &app);
    if !secret.is_behind(&fields) {
        return Err(PageError::StaleForm.into());
    }
    let Some(party) = app.relying_party.clone() else { return Ok(go_to(paths::SIGN_IN)) };
    let (now, network) = (app.clock.now(), network_of(caller.address));
    let browser = second::browser(&request, &app);
    let (before, next) = (fields.get("begun").to_owned(), fields.get("next").to_owned());
    let of_browser = browser.clone();
    let ask = move |conn: &mut _| {
        let bucket = format!("passkey {network}");
        if let Some(wait) = throttle::count(conn, &[(bucket.as_str(), PER_NETWORK)], now)? {
            return Ok(Err(wait));
        }
        let second = begun::find(conn, Ticket { number: &before, browser: &of_browser }, now)?;
        let (user, known, next) = match second {
            None => (None, Vec::new(), next),
            Some(second) => {
                let known = passkey::known(conn, second.user.id, party.host())?;
                (Some(second.user.id), known, second.next)
            }
        };
        let Some(question) = party.ask(&known) else { return Ok(Ok(None)) };
        let asked = AskedPasskey { user, epoch: None, state: question.state, next };
        let ticket = Ticket { number: &question.challenge, browser: &of_browser };
        begun::ask_passkey(conn, ticket, AskedFor::SignIn, &asked, now)?;
        Ok::<_, crate::db::DbError>(Ok(Some((question.challenge, question.options))))
    };
    let ((number, options), error, wait) = match app.db.transaction(ask).await? {
        Ok(Some(question)) => (question, None, None),
        Ok(None) => return Err(AppError::Internal("no passkey can be asked for".to_owned())),
        Err(wait) => (Default::default(), Some(too_often(wait)), Some(wait)),
    };
    let status = if wait.is_some() { StatusCode::TOO_MANY_REQUESTS } else { StatusCode::OK };
    let page = PasskeyPage {
        page: Page::new(&app.support, "Sign in with a passkey", &secret.secret),
        begun: number,
        options,
        error,
    };
    let response = second::with_browser(secret.kept(render(&page, status)?, &app)?, &app, browser)?;
    Ok(match wait {
        Some(wait) => with_retry_after(response, wait),
        None => response,
    })
}

/// Signs in, if the answer is right.
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
    let over = || Ok(flash::done(paths::SIGN_IN, Flash::SignInOver));
    let (Some(party), Some(browser)) = (app.relying_party.clone(), second::cookie(&request, &app)) else {
        return over();
    };
    let (number, text, now) =
        (fields.get("begun").to_owned(), fields.get("passkey").to_owned(), app.clock.now());
    let answer = move |conn: &mut _| {
        let ticket = Ticket { number: &number, browser: &browser };
        passkey::answer(conn, Arc::as_ref(&party), (ticket, AskedFor::SignIn), &text, None, now)
    };
    let (credentials, next) = match app.db.transaction(answer).await? {
        Answered::Right(credentials, next) => (credentials, next),
        Answered::Gone => return over(),
        Answered::Wrong => return Ok(flash::done(paths::SIGN_IN, Flash::PasskeyRefused)),
    };
    session::sign_in(&session, &credentials, caller.address, &client_name(request.headers()))
        .map_err(|error| AppError::Internal(error.to_string()))?;
    caller.signed_in(&credentials, "passkey", &app).await;
    let mut response = go_to(paths::own_path(&next).unwrap_or("/"));
    caller.known.remember(&credentials, &mut response, &app)?;
    Ok(response)
}
