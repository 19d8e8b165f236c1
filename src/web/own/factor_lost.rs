//! The page behind a link that removes lost factors: whoever has its mail needs the password, too.

use crate::http::{App, AppData, AppError};
use crate::models::authenticator;
use crate::models::user_link::Purpose;
use crate::web::flash::{self, Flash};
use crate::web::form::OpenForm;
use crate::web::form_secret::FormSecret;
use crate::web::mailed_link::MailedLink;
use crate::web::page::{Page, link_page, render};
use crate::web::page_error::PageError;
use crate::web::password::Caller;
use crate::web::paths;
use actix_web::http::StatusCode;
use actix_web::web::Path;
use actix_web::{HttpRequest, HttpResponse};
use askama::Template;

#[derive(Template)]
#[template(path = "own/factor_lost.html")]
struct LostPage {
    page: Page,
    action: String,
    email: String,
    wrong: Option<String>,
}

/// The page behind the link: it changes nothing, as programs that look through mail open links, too.
pub async fn open(request: HttpRequest, app: AppData, path: Path<String>) -> Result<HttpResponse, AppError> {
    let link = MailedLink::find(&app, &path, Purpose::Factor).await?;
    let form = FormSecret::of(&request, &app);
    form.kept(page(&app, &form, &link, None, StatusCode::OK)?, &app)
}

/// Removes the factors, and ends every session.
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
    let link = MailedLink::find(&app, &path, Purpose::Factor).await?;
    if let Some(wrong) = link.wrong_password(fields.get("password"), &caller, &app).await? {
        return Ok(wrong.answer(page(&app, &secret, &link, Some(wrong.why.clone()), wrong.status)?));
    }
    link.use_up(&app, caller.address, authenticator::reset_by).await?.ok_or(PageError::LinkOver)?;
    Ok(flash::done(paths::SIGN_IN, Flash::FactorsReset))
}

fn page(
    app: &App,
    form: &FormSecret,
    link: &MailedLink,
    wrong: Option<String>,
    status: StatusCode,
) -> Result<HttpResponse, AppError> {
    let page = LostPage {
        page: Page::new(&app.support, "Remove your lost second factor", &form.secret),
        action: paths::factor_link(&link.secret),
        email: link.opened.user.email.clone(),
        wrong,
    };
    Ok(link_page(render(&page, status)?))
}
