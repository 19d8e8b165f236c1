//! Name and mail of whoever is signed in.

use crate::http::{AppData, AppError};
use crate::models::{User, text, user_link};
use crate::web::flash::{self, Flash};
use crate::web::form::Posted;
use crate::web::guard::{SignedIn, own_acts};
use crate::web::page::{Done, Field, Page, Section, render};
use crate::web::paths;
use actix_web::HttpResponse;
use actix_web::http::StatusCode;
use actix_web::web::Query;
use askama::Template;

#[derive(Template)]
#[template(path = "own/profile.html")]
struct ProfilePage {
    page: Page,
    action: &'static str,
    name: Field,
    notices: bool,
    email: String,
    verified: bool,
    /// The address whose link was mailed and not opened yet.
    awaited: Option<String>,
    address: Field,
    address_action: &'static str,
    again_action: &'static str,
}

/// What of the page is as somebody has typed it.
#[derive(Default)]
pub(super) struct Typed {
    pub(super) name: Option<Field>,
    pub(super) notices: Option<bool>,
    pub(super) address: Option<Field>,
}

/// The page.
pub async fn show(by: SignedIn, app: AppData, done: Query<Done>) -> Result<HttpResponse, AppError> {
    answer(&by, &app, &done.done, Typed::default(), StatusCode::OK).await
}

/// Changes the name, and whether there is mail about one's tokens.
pub async fn change(
    form: Posted<SignedIn, own_acts::ChangeProfile>,
    app: AppData,
) -> Result<HttpResponse, AppError> {
    let (by, fields) = form.accepted(&app).await?;
    let (name, notices) = (fields.get("name").trim().to_owned(), !fields.get("notices").is_empty());
    let fault = match text::fault_of_line(&name, 255) {
        _ if name.is_empty() => Some("Type your name.".to_owned()),
        fault => fault.map(|fault| format!("The name {fault}.")),
    };
    if fault.is_some() {
        let name = Some(Field { value: name, error: fault });
        let typed = Typed { name, notices: Some(notices), address: None };
        return answer(&by, &app, "", typed, StatusCode::UNPROCESSABLE_ENTITY).await;
    }
    let (user, origin) = (by.user.id, by.origin(&app));
    app.db
        .transaction(move |conn| User::change(conn, user, Some(&name), Some(notices), &origin))
        .await?
        .ok_or(AppError::NotFound)?;
    Ok(flash::done(paths::PROFILE, Flash::ProfileSaved))
}

/// The page, as somebody has filled it in.
pub(super) async fn answer(
    by: &SignedIn,
    app: &AppData,
    done: &str,
    typed: Typed,
    status: StatusCode,
) -> Result<HttpResponse, AppError> {
    let (user, now) = (by.user.id, app.clock.now());
    let awaited = app.db.run(move |conn| user_link::awaited_address(conn, user, now)).await?;
    let page = ProfilePage {
        page: by.page("Profile").under(Section::Settings).with_flash(done),
        action: paths::PROFILE,
        name: typed.name.unwrap_or_else(|| Field::of(&by.user.name)),
        notices: typed.notices.unwrap_or(by.user.notices_off_at.is_none()),
        email: by.user.email.clone(),
        verified: by.user.email_verified_at.is_some(),
        awaited: awaited.filter(|email| *email != by.user.email),
        address: typed.address.unwrap_or_default(),
        address_action: paths::OWN_ADDRESS,
        again_action: paths::OWN_ADDRESS_AGAIN,
    };
    render(&page, status)
}
