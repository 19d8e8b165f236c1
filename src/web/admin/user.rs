//! One user: what hangs on them, and whether they may come in.

use super::{Asked, counted, page};
use crate::db::{Conn, DbError};
use crate::http::{App, AppData, AppError};
use crate::models::admin::people::{self, Person};
use crate::models::{Origin, User};
use crate::policy::UserId;
use crate::web::flash::{self, Flash};
use crate::web::form::Posted;
use crate::web::guard::{SiteAdmin, site_acts};
use crate::web::page::{Page, go_to, render};
use crate::web::paths;
use crate::web::told::Moment;
use actix_web::HttpResponse;
use actix_web::http::StatusCode;
use actix_web::web::{Path, Query};
use askama::Template;

#[derive(Template)]
#[template(path = "admin/user.html")]
struct UserPage {
    page: Page,
    name: String,
    email: String,
    proved: bool,
    site_admin: bool,
    factor_since: Option<Moment>,
    deactivated: Option<Moment>,
    made: Moment,
    accounts: Vec<Place>,
    sessions: i64,
    tokens: String,
    tokens_url: String,
    oneself: bool,
    error: Option<&'static str>,
    deactivate_url: String,
    factor_url: String,
    here: String,
}

struct Place {
    name: String,
    role: &'static str,
    url: String,
}

#[derive(Template)]
#[template(path = "admin/deactivate.html")]
struct DeactivatePage {
    page: Page,
    name: String,
    email: String,
    sessions: i64,
    tokens: String,
    /// Accounts that would have no active owner.
    alone_in: Vec<Place>,
    error: Option<String>,
    here: String,
}

/// Number of the user in the path. What is no number is no user.
type Number = Path<String>;

const ONESELF: &str = "You cannot deactivate yourself. Another site admin can.";

fn number(path: &Number) -> Result<UserId, AppError> {
    path.parse().map_err(|_| AppError::NotFound)
}

/// The page of a user.
pub async fn show(
    admin: SiteAdmin,
    app: AppData,
    path: Number,
    asked: Query<Asked>,
) -> Result<HttpResponse, AppError> {
    answer(&admin, &app, number(&path)?, &asked.done, None).await
}

/// The page, with what was done or why nothing was.
pub(super) async fn answer(
    admin: &SiteAdmin,
    app: &App,
    id: UserId,
    done: &str,
    error: Option<&'static str>,
) -> Result<HttpResponse, AppError> {
    let (person, now) = (find(app, id).await?, app.clock.now());
    let user = person.user;
    let place = |(account, role): (crate::models::Account, crate::policy::Role)| Place {
        url: paths::admin_account(account.id),
        role: role.key(),
        name: account.name,
    };
    let page = UserPage {
        page: page(admin, &user.name, done),
        proved: user.email_verified_at.is_some(),
        site_admin: user.site_admin_since.is_some(),
        factor_since: user.factor_since.map(|at| Moment::past(at, now)),
        deactivated: user.deactivated_at.map(|at| Moment::past(at, now)),
        made: Moment::past(user.created_at, now),
        accounts: person.accounts.into_iter().map(place).collect(),
        sessions: person.sessions,
        tokens: counted(person.tokens),
        tokens_url: paths::admin_tokens_of(&user.email),
        oneself: user.id == admin.signed_in.user.id,
        error,
        factor_url: format!("{}/factor", paths::admin_user(user.id)),
        deactivate_url: format!("{}/deactivate", paths::admin_user(user.id)),
        here: paths::admin_user(user.id),
        name: user.name,
        email: user.email,
    };
    render(&page, if error.is_some() { StatusCode::UNPROCESSABLE_ENTITY } else { StatusCode::OK })
}

/// The page that asks.
pub async fn deactivate_confirm(
    admin: SiteAdmin,
    app: AppData,
    path: Number,
) -> Result<HttpResponse, AppError> {
    let person = find(&app, number(&path)?).await?;
    ask(&admin, person, None, StatusCode::OK)
}

/// Lets the user in no more: sessions and tokens stop at the next call.
pub async fn deactivate(
    form: Posted<SiteAdmin, site_acts::Deactivate>,
    app: AppData,
    path: Number,
) -> Result<HttpResponse, AppError> {
    let (admin, _) = form.accepted(&app).await?;
    let id = number(&path)?;
    if id == admin.signed_in.user.id {
        let person = find(&app, id).await?;
        return ask(&admin, person, Some(ONESELF.to_owned()), StatusCode::UNPROCESSABLE_ENTITY);
    }
    change(&admin, &app, id, Flash::UserDeactivated, |user, conn, origin| user.deactivate(conn, origin)).await
}

/// Lets the user in again.
pub async fn reactivate(
    form: Posted<SiteAdmin, site_acts::Reactivate>,
    app: AppData,
    path: Number,
) -> Result<HttpResponse, AppError> {
    let (admin, _) = form.accepted(&app).await?;
    change(&admin, &app, number(&path)?, Flash::UserReactivated, |user, conn, origin| {
        user.reactivate(conn, origin)
    })
    .await
}

/// Ends every session of the user.
pub async fn sign_out(
    form: Posted<SiteAdmin, site_acts::SignOut>,
    app: AppData,
    path: Number,
) -> Result<HttpResponse, AppError> {
    let (admin, _) = form.accepted(&app).await?;
    change(&admin, &app, number(&path)?, Flash::UserSignedOut, |user, conn, origin| {
        user.sign_out(conn, origin)
    })
    .await
}

async fn change(
    admin: &SiteAdmin,
    app: &AppData,
    id: UserId,
    done: Flash,
    change: impl FnOnce(&User, &mut Conn, &Origin) -> Result<bool, DbError> + Send + 'static,
) -> Result<HttpResponse, AppError> {
    let origin = admin.signed_in.origin(app);
    let changed = app.db.transaction(move |conn| match User::find(conn, id)? {
        Some(user) => change(&user, conn, &origin).map(Some),
        None => Ok(None),
    });
    changed.await?.ok_or(AppError::NotFound)?;
    Ok(flash::done(paths::admin_user(id), done))
}

async fn find(app: &App, id: UserId) -> Result<Person, AppError> {
    let now = app.clock.now();
    app.db.run(move |conn| people::person(conn, id, now)).await?.ok_or(AppError::NotFound)
}

fn ask(
    admin: &SiteAdmin,
    person: Person,
    error: Option<String>,
    status: StatusCode,
) -> Result<HttpResponse, AppError> {
    let here = paths::admin_user(person.user.id);
    if person.user.deactivated_at.is_some() && error.is_none() {
        return Ok(go_to(here));
    }
    let place = |account: crate::models::Account| Place {
        url: paths::admin_account(account.id),
        role: "owner",
        name: account.name,
    };
    let page = DeactivatePage {
        page: page(admin, "Deactivate user", ""),
        name: person.user.name,
        email: person.user.email,
        sessions: person.sessions,
        tokens: counted(person.tokens),
        alone_in: person.alone_in.into_iter().map(place).collect(),
        error,
        here,
    };
    render(&page, status)
}
