//! The page behind a link that removes lost factors: whoever has its mail needs the password, too.

use crate::http::{App, AppData, AppError};
use crate::models::authenticator;
use crate::models::user_link::{self, Opened, Purpose};
use crate::models::{Actor, Origin};
use crate::web::flash::{self, Flash};
use crate::web::form::OpenForm;
use crate::web::form_secret::FormSecret;
use crate::web::page::{Page, link_page, render};
use crate::web::page_error::PageError;
use crate::web::password::{Caller, Tried, Whose, too_often, with_retry_after};
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
    let opened = find(&app, &path).await?;
    let form = FormSecret::of(&request, &app);
    form.kept(page(&app, &form, &path, &opened, None, StatusCode::OK)?, &app)
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
    let opened = find(&app, &path).await?;
    let again = |why: String, status| page(&app, &secret, &path, &opened, Some(why), status);
    match caller.tries(Whose::User(opened.user.id), fields.get("password"), &app).await? {
        Tried::Right(_) => {}
        Tried::Wrong => {
            return again("This isn't your password.".to_owned(), StatusCode::UNPROCESSABLE_ENTITY);
        }
        Tried::TooOften(wait) => {
            return Ok(with_retry_after(again(too_often(wait), StatusCode::TOO_MANY_REQUESTS)?, wait));
        }
    }
    let (text, now, address) = (path.into_inner(), app.clock.now(), caller.address);
    let removed = app.db.transaction(move |conn| {
        let Some(opened) = user_link::use_up(conn, &text, Purpose::Factor, now)? else { return Ok(false) };
        let actor = Actor::User { id: opened.user.id, email: opened.user.email.clone() };
        authenticator::reset_by(conn, &opened, &Origin { actor, now, address: Some(address) })?;
        Ok::<_, crate::db::DbError>(true)
    });
    if !removed.await? {
        return Err(PageError::LinkOver.into());
    }
    Ok(flash::done(paths::SIGN_IN, Flash::FactorsReset))
}

async fn find(app: &AppData, path: &Path<String>) -> Result<Opened, AppError> {
    let (secret, now) = (path.as_str().to_owned(), app.clock.now());
    let opened = app.db.run(move |conn| user_link::open(conn, &secret, Purpose::Factor, now)).await?;
    opened.ok_or_else(|| PageError::LinkOver.into())
}

fn page(
    app: &App,
    form: &FormSecret,
    path: &str,
    opened: &Opened,
    wrong: Option<String>,
    status: StatusCode,
) -> Result<HttpResponse, AppError> {
    let page = LostPage {
        page: Page::new(&app.support, "Remove your lost second factor", &form.secret),
        action: paths::factor_link(path),
        email: opened.user.email.clone(),
        wrong,
    };
    Ok(link_page(render(&page, status)?))
}
