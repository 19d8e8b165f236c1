//! A user lost their second factor.

use super::page;
use crate::http::{App, AppData, AppError};
use crate::models::User;
use crate::models::authenticator::{self, Asker};
use crate::policy::UserId;
use crate::web::factor_link::{self, About};
use crate::web::flash::{self, Flash};
use crate::web::form::Posted;
use crate::web::guard::{SiteAdmin, site_acts};
use crate::web::paths;
use actix_web::HttpResponse;
use actix_web::web::Path;

/// The page that asks why.
pub async fn ask(admin: SiteAdmin, app: AppData, path: Path<String>) -> Result<HttpResponse, AppError> {
    let user = find(&app, &path).await?;
    answer(&admin, user, "", (None, None))
}

/// Has the link sent.
pub async fn send(
    form: Posted<SiteAdmin, site_acts::MakeFactorLink>,
    app: AppData,
    path: Path<String>,
) -> Result<HttpResponse, AppError> {
    let (admin, fields) = form.accepted(&app).await?;
    let user = find(&app, &path).await?;
    let why = match factor_link::reason(fields.get("why")) {
        Ok(why) => why,
        Err(fault) => return answer(&admin, user, fields.get("why"), (Some(fault), None)),
    };
    let (id, typed, origin) = (user.id, why.clone(), admin.signed_in.origin(&app));
    let asked =
        app.db.transaction(move |conn| authenticator::ask_reset(conn, id, &typed, Asker::SiteAdmin, &origin));
    match factor_link::fault_of(&asked.await?.ok_or(AppError::NotFound)?) {
        None => Ok(flash::done(paths::admin_user(id), Flash::FactorLinkSent)),
        Some(fault) => answer(&admin, user, &why, (None, Some(fault))),
    }
}

fn answer(
    admin: &SiteAdmin,
    user: User,
    why: &str,
    faults: (Option<String>, Option<&str>),
) -> Result<HttpResponse, AppError> {
    let about = About {
        name: user.name,
        email: user.email,
        back_url: paths::admin_user(user.id),
        action: format!("{}/factor", paths::admin_user(user.id)),
    };
    factor_link::page(page(admin, "Second factor lost", ""), about, why, faults, true)
}

async fn find(app: &App, path: &Path<String>) -> Result<User, AppError> {
    let id: UserId = path.parse().map_err(|_| AppError::NotFound)?;
    app.db.run(move |conn| User::find(conn, id)).await?.ok_or(AppError::NotFound)
}
