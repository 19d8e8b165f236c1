//! A forgotten password: a link by mail, or from a site admin, by which a new one is set.

use super::flash::{self, Flash};
use super::form::OpenForm;
use super::form_secret::FormSecret;
use super::mailed_link::MailedLink;
use super::page::{Done, Page, go_to, link_page, render};
use super::password::{Caller, NewPassword, too_often, with_retry_after};
use super::paths;
use crate::db::Conn;
use crate::http::{App, AppData, AppError, network_of};
use crate::models::throttle::{self, Allowance};
use crate::models::user_link::{Opened, Purpose};
use crate::models::{Origin, User, password, text, user};
use crate::web::page_error::PageError;
use actix_web::http::StatusCode;
use actix_web::web::{Path, Query};
use actix_web::{HttpRequest, HttpResponse};
use askama::Template;
use time::Duration;

/// Links for one address of e-mail, whoever asks.
const PER_ADDRESS: Allowance = Allowance { attempts: 5, window: Duration::hours(1) };
/// Links that one network asks for.
const PER_NETWORK: Allowance = Allowance { attempts: 20, window: Duration::hours(1) };

#[derive(Template)]
#[template(path = "sign_in/forgotten.html")]
struct ForgottenPage {
    page: Page,
    action: &'static str,
    email: String,
    error: Option<String>,
    sent: bool,
}

#[derive(Template)]
#[template(path = "sign_in/reset.html")]
struct ResetPage {
    page: Page,
    action: String,
    email: String,
    ends_tokens: bool,
    error: Option<String>,
}

/// The page that asks for an address, and the one that says what happens now.
pub async fn new(request: HttpRequest, app: AppData, done: Query<Done>) -> Result<HttpResponse, AppError> {
    let form = FormSecret::of(&request, &app);
    asking(&form, &app, "", None, done.done == "sent", StatusCode::OK)
}

/// Puts the request down, up to the allowance of its address. It is the same work for every address,
/// and whether it is anybody's is looked up only where the mail is sent: neither the answer nor its
/// time says anything.
pub async fn create(
    request: HttpRequest,
    app: AppData,
    form: OpenForm,
    caller: Caller,
) -> Result<HttpResponse, AppError> {
    let (secret, fields) = (FormSecret::of(&request, &app), form.0);
    let email = fields.get("email").trim().to_owned();
    if !secret.is_behind(&fields) {
        let why = secret.why_stale().to_owned();
        return asking(&secret, &app, &email, Some(why), false, StatusCode::FORBIDDEN);
    }
    if !text::is_email(&email) {
        let why = "This is no e-mail address.".to_owned();
        return asking(&secret, &app, &email, Some(why), false, StatusCode::UNPROCESSABLE_ENTITY);
    }
    let (asked, network, now) = (email.clone(), network_of(caller.address), app.clock.now());
    let wait = app.db.transaction(move |conn| {
        let of_network = format!("forgotten {network}");
        let of_address = format!("forgotten for {}", asked.to_lowercase());
        let wait = throttle::count(conn, &[(of_network.as_str(), PER_NETWORK)], now)?;
        // How often others asked for an address is told to nobody.
        if wait.is_none() && throttle::count(conn, &[(of_address.as_str(), PER_ADDRESS)], now)?.is_none() {
            user::forgotten(conn, &asked, now)?;
        }
        Ok::<_, crate::db::DbError>(wait)
    });
    match wait.await? {
        None => Ok(go_to(format!("{}?done=sent", paths::FORGOTTEN))),
        Some(wait) => {
            let status = StatusCode::TOO_MANY_REQUESTS;
            let response = asking(&secret, &app, &email, Some(too_often(wait)), false, status)?;
            Ok(with_retry_after(response, wait))
        }
    }
}

fn asking(
    form: &FormSecret,
    app: &AppData,
    email: &str,
    error: Option<String>,
    sent: bool,
    status: StatusCode,
) -> Result<HttpResponse, AppError> {
    let page = ForgottenPage {
        page: Page::new(&app.support, "Forgotten password", &form.secret),
        action: paths::FORGOTTEN,
        email: email.to_owned(),
        error,
        sent,
    };
    form.kept(render(&page, status)?, app)
}

/// The page behind the link: it changes nothing, as programs that look through mail open links, too.
pub async fn open(request: HttpRequest, app: AppData, path: Path<String>) -> Result<HttpResponse, AppError> {
    let link = MailedLink::find(&app, &path, Purpose::Password).await?;
    let form = FormSecret::of(&request, &app);
    form.kept(resetting(&app, &form, &link, None, StatusCode::OK)?, &app)
}

/// Sets the new password, once, and ends every session; where the address was never verified, the
/// user's tokens, too.
pub async fn reset(
    request: HttpRequest,
    app: AppData,
    path: Path<String>,
    form: OpenForm,
    caller: Caller,
) -> Result<HttpResponse, AppError> {
    let (secret, fields) = (FormSecret::of(&request, &app), form.0);
    if !secret.is_behind(&fields) {
        return Err(PageError::StaleForm.into());
    }
    // Without a link, an attempt costs a look-up and nothing more.
    let link = MailedLink::find(&app, &path, Purpose::Password).await?;
    let new = fields.get("new_password");
    let again = |why: String, status| resetting(&app, &secret, &link, Some(why), status);
    if let Err(refused) = password::check_length(new) {
        return again(refused.to_string(), StatusCode::UNPROCESSABLE_ENTITY);
    }
    let hash = match caller.hash_new(link.opened.user.id, new, &app).await? {
        NewPassword::Hashed(hash) => hash,
        NewPassword::Refused(refused) => {
            return again(refused.to_string(), StatusCode::UNPROCESSABLE_ENTITY);
        }
        NewPassword::TooOften(wait) => {
            return Ok(with_retry_after(again(too_often(wait), StatusCode::TOO_MANY_REQUESTS)?, wait));
        }
    };
    let set = move |conn: &mut Conn, opened: &Opened, origin: &Origin| {
        User::set_password_by(conn, opened, &hash, origin)
    };
    link.use_up(&app, caller.address, set).await?.ok_or(PageError::LinkOver)?;
    Ok(flash::done(paths::SIGN_IN, Flash::PasswordReset))
}

fn resetting(
    app: &App,
    form: &FormSecret,
    link: &MailedLink,
    error: Option<String>,
    status: StatusCode,
) -> Result<HttpResponse, AppError> {
    let user = &link.opened.user;
    let page = ResetPage {
        page: Page::new(&app.support, "A new password", &form.secret),
        action: paths::reset_link(&link.secret),
        email: user.email.clone(),
        ends_tokens: user.email_verified_at.is_none(),
        error,
    };
    Ok(link_page(render(&page, status)?))
}
