//! A link by which a user sets a new password, shown once to whoever hands it over.

use super::{page, user};
use crate::http::{AppData, AppError};
use crate::models::User;
use crate::models::user_link::{self, HandedOver, Purpose};
use crate::policy::UserId;
use crate::web::flash::{self, Flash};
use crate::web::form::Posted;
use crate::web::guard::{SiteAdmin, site_acts};
use crate::web::page::{Page, render};
use crate::web::paths;
use actix_web::HttpResponse;
use actix_web::http::StatusCode;
use actix_web::web::Path;
use askama::Template;

#[derive(Template)]
#[template(path = "admin/password.html")]
struct LinkPage {
    page: Page,
    name: String,
    email: String,
    link: String,
    minutes: i64,
    /// Whether setting a password by it ends the user's tokens, too.
    ends_tokens: bool,
    user_url: String,
}

const ONESELF: &str =
    "You can't create a link for your own password. Change it under Account Settings, Security.";

/// Creates the link; an earlier one no longer works.
pub async fn make(
    form: Posted<SiteAdmin, site_acts::MakePasswordLink>,
    app: AppData,
    path: Path<String>,
) -> Result<HttpResponse, AppError> {
    let (admin, _) = form.accepted(&app).await?;
    let id: UserId = path.parse().map_err(|_| AppError::NotFound)?;
    let origin = admin.signed_in.origin(&app);
    let made = app.db.transaction(move |conn| {
        let Some(user) = User::lock(conn, id)? else { return Ok(None) };
        Ok(Some((user_link::hand_over(conn, &user, &origin)?, user)))
    });
    let (made, user) = made.await?.ok_or(AppError::NotFound)?;
    let secret = match made {
        HandedOver::Created(secret) => secret,
        HandedOver::Oneself => return user::answer(&admin, &app, id, "", Some(ONESELF)).await,
        HandedOver::Deactivated => {
            return Ok(flash::done(paths::admin_user(id), Flash::ChangedMeanwhile));
        }
    };
    let page = LinkPage {
        page: page(&admin, "A link for a new password", ""),
        link: app.public.link(app.bound, &paths::reset_link(secret.expose())),
        minutes: Purpose::Password.lasts().whole_minutes(),
        ends_tokens: user.email_verified_at.is_none(),
        user_url: paths::admin_user(id),
        name: user.name,
        email: user.email,
    };
    render(&page, StatusCode::OK)
}
