//! The address of e-mail: nothing changes before the link that was mailed to the other one is opened.

use super::profile::{Typed, answer};
use crate::db::{Conn, DbError};
use crate::http::{App, AppData, AppError};
use crate::models::Origin;
use crate::models::text;
use crate::models::user::Proved;
use crate::models::user_link::{Opened, Purpose};
use crate::policy::Proof;
use crate::web::flash::{self, Flash};
use crate::web::form::{OpenForm, Posted};
use crate::web::form_secret::FormSecret;
use crate::web::guard::{SignedIn, own_acts};
use crate::web::mailed_link::MailedLink;
use crate::web::page::{Field, Page, go_to, link_page, render};
use crate::web::page_error::PageError;
use crate::web::password::{Caller, too_often};
use crate::web::paths;
use actix_web::http::StatusCode;
use actix_web::web::Path;
use actix_web::{HttpRequest, HttpResponse};
use askama::Template;

#[derive(Template)]
#[template(path = "own/address.html")]
struct AddressPage {
    page: Page,
    action: String,
    name: String,
    email: String,
    /// The address of now, where it is another.
    before: Option<String>,
    wrong: Option<String>,
}

#[derive(Template)]
#[template(path = "own/address_proved.html")]
struct ProvedPage {
    page: Page,
    heading: &'static str,
    said: String,
}

/// Asks for the link that makes another address one's own. The password is said each time, here and
/// where the link is opened.
pub async fn ask(
    form: Posted<SignedIn, own_acts::ChangeAddress>,
    app: AppData,
) -> Result<HttpResponse, AppError> {
    let (by, fields, asked) = form.undecided()?;
    let email = fields.get("email").trim().to_owned();
    let fault = match email.as_str() {
        one if one == by.user.email => Some("This is your address already."),
        // Whoever signs in is looked up by it: other letters fold in one way here, in another there.
        one if !one.is_ascii() => Some("Use an address without letters beyond ASCII."),
        one if !text::is_email(one) => Some("This is no e-mail address."),
        _ => None,
    };
    if let Some(why) = fault {
        return refused(&by, &app, email, why.to_owned(), StatusCode::UNPROCESSABLE_ENTITY).await;
    }
    asked.proved_now(Proof::All, &fields, &app).await?;
    send(by, app, email).await
}

/// Sends the link that proves the address of now again.
pub async fn again(
    form: Posted<SignedIn, own_acts::VerifyAddress>,
    app: AppData,
) -> Result<HttpResponse, AppError> {
    let (by, _) = form.accepted(&app).await?;
    if by.user.email_verified_at.is_some() {
        return Ok(go_to(paths::PROFILE));
    }
    let email = by.user.email.clone();
    send(by, app, email).await
}

async fn send(by: SignedIn, app: AppData, email: String) -> Result<HttpResponse, AppError> {
    let (user, origin, asked) = (by.user.clone(), by.origin(&app), email.clone());
    let wait = app.db.transaction(move |conn| user.ask_address(conn, &asked, &origin));
    match wait.await? {
        None => Ok(flash::done(paths::PROFILE, Flash::EmailLinkSent)),
        Some(wait) => refused(&by, &app, email, too_often(wait), StatusCode::TOO_MANY_REQUESTS).await,
    }
}

async fn refused(
    by: &SignedIn,
    app: &AppData,
    email: String,
    why: String,
    status: StatusCode,
) -> Result<HttpResponse, AppError> {
    let address = Some(Field { value: email, error: Some(why) });
    answer(by, app, "", Typed { address, ..Typed::default() }, status).await
}

/// The page behind the link: it changes nothing, as programs that look through mail open links, too.
pub async fn open(request: HttpRequest, app: AppData, path: Path<String>) -> Result<HttpResponse, AppError> {
    let link = MailedLink::find(&app, &path, Purpose::Address).await?;
    let form = FormSecret::of(&request, &app);
    form.kept(page(&app, &form, &link, None, StatusCode::OK)?, &app)
}

/// Makes the address the user's, for whoever has the link and knows the password: neither somebody at
/// an address that was mistyped, nor whoever made a user with the address of somebody else, has both.
pub async fn prove(
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
    let link = MailedLink::find(&app, &path, Purpose::Address).await?;
    if let Some(wrong) = link.wrong_password(fields.get("password"), &caller, &app).await? {
        return Ok(wrong.answer(page(&app, &secret, &link, Some(wrong.why.clone()), wrong.status)?));
    }
    let prove = |conn: &mut Conn, opened: &Opened, origin: &Origin| {
        opened.user.prove_address(conn, &opened.email, origin)
    };
    let proved = match link.use_up(&app, caller.address, prove).await {
        // Somebody else took it at the same moment, which the database alone knows.
        Err(DbError::Taken(_)) => Proved::Taken,
        done => done?.ok_or(PageError::LinkOver)?,
    };
    let email = link.opened.email;
    let (heading, said, status) = match proved {
        Proved::Verified => ("Your address is proved", format!("{email} is yours. Mail goes there."), 200),
        Proved::Changed(before) => (
            "Your address is another",
            format!("From now on you sign in with {email} instead of {before}, and mail goes there."),
            200,
        ),
        Proved::Taken => (
            "Nothing was changed",
            format!("{email} is the address of somebody else here. Sign in with it, or give another one."),
            422,
        ),
    };
    let shown = ProvedPage { page: Page::new(&app.support, heading, &secret.secret), heading, said };
    let status = StatusCode::from_u16(status).unwrap_or(StatusCode::OK);
    Ok(link_page(render(&shown, status)?))
}

fn page(
    app: &App,
    form: &FormSecret,
    link: &MailedLink,
    wrong: Option<String>,
    status: StatusCode,
) -> Result<HttpResponse, AppError> {
    let opened = &link.opened;
    let page = AddressPage {
        page: Page::new(&app.support, "Is this your address?", &form.secret),
        action: paths::address_link(&link.secret),
        name: opened.user.name.clone(),
        email: opened.email.clone(),
        before: Some(opened.user.email.clone()).filter(|email| *email != opened.email),
        wrong,
    };
    Ok(link_page(render(&page, status)?))
}
