//! One account: its plan, and whether it goes on.

use super::accounts::state;
use super::{Asked, counted, page};
use crate::db::{Conn, DbError};
use crate::http::{AppData, AppError};
use crate::models::account_state::Turned;
use crate::models::admin::people;
use crate::models::{Account, AccountState, Origin};
use crate::policy::AccountId;
use crate::web::flash::{self, Flash};
use crate::web::form::Posted;
use crate::web::guard::{FormAct, SiteAdmin, site_acts};
use crate::web::page::{Page, plan_title, render};
use crate::web::paths;
use crate::web::told::Moment;
use actix_web::HttpResponse;
use actix_web::http::StatusCode;
use actix_web::web::{Path, Query};
use askama::Template;

#[derive(Template)]
#[template(path = "admin/account.html")]
struct AccountPage {
    page: Page,
    id: AccountId,
    name: String,
    email: String,
    plan: String,
    state: Option<&'static str>,
    since: Moment,
    /// Until when it can be brought back, while it is being deleted.
    gone: Option<Moment>,
    is_suspended: bool,
    made: Moment,
    owners: Vec<Owner>,
    tokens: String,
    tokens_url: String,
    plans: Vec<Plan>,
    error: Option<String>,
    suspend_url: String,
    here: String,
}

#[derive(Template)]
#[template(path = "admin/suspend.html")]
struct SuspendPage {
    page: Page,
    name: String,
    tokens: String,
    is_being_deleted: bool,
    here: String,
}

struct Owner {
    name: String,
    url: String,
}

struct Plan {
    key: String,
    title: String,
    current: bool,
    /// What it would do to the tokens that are there.
    note: Option<String>,
}

/// Number of the account in the path. What is no number is no account.
type Number = Path<String>;

fn number(path: &Number) -> Result<AccountId, AppError> {
    path.parse().map_err(|_| AppError::NotFound)
}

/// The page of an account.
pub async fn show(
    admin: SiteAdmin,
    app: AppData,
    path: Number,
    asked: Query<Asked>,
) -> Result<HttpResponse, AppError> {
    answer(&admin, &app, number(&path)?, &asked.done, None).await
}

/// Puts it on another plan.
pub async fn set_plan(
    form: Posted<SiteAdmin, site_acts::SetPlan>,
    app: AppData,
    path: Number,
) -> Result<HttpResponse, AppError> {
    let (admin, fields) = form.accepted(&app).await?;
    let (id, plan, origin) = (number(&path)?, fields.get("plan").to_owned(), admin.signed_in.origin(&app));
    if app.catalogue.plan(&plan).is_none() {
        return answer(&admin, &app, id, "", Some("Choose a plan.".to_owned())).await;
    }
    let set = app.db.transaction(move |conn| match Account::find(conn, id)? {
        Some(account) => account.set_plan(conn, &plan, &origin),
        None => Ok(None),
    });
    set.await?.ok_or(AppError::NotFound)?;
    Ok(flash::done(paths::admin_account(id), Flash::PlanChanged))
}

/// Says what suspending it stops, and asks.
pub async fn suspend_confirm(admin: SiteAdmin, app: AppData, path: Number) -> Result<HttpResponse, AppError> {
    let (id, now) = (number(&path)?, app.clock.now());
    let tenant = app.db.run(move |conn| people::tenant(conn, id, now)).await?.ok_or(AppError::NotFound)?;
    let (account, here) = (tenant.account, paths::admin_account(id));
    // Nor is one suspended of which a part may be gone already.
    if account.state == AccountState::Suspended || account.gone_from().is_some_and(|end| end <= now) {
        return Ok(flash::done(here, Flash::ChangedMeanwhile));
    }
    let page = SuspendPage {
        page: page(&admin, "Suspend account", ""),
        tokens: counted(tenant.tokens),
        is_being_deleted: account.gone_from().is_some(),
        name: account.name,
        here,
    };
    render(&page, StatusCode::OK)
}

/// Pauses its tokens, until it is resumed.
pub async fn suspend(
    form: Posted<SiteAdmin, site_acts::Suspend>,
    app: AppData,
    path: Number,
) -> Result<HttpResponse, AppError> {
    turn(form, app, path, Flash::AccountSuspended, |account, conn, origin| {
        account.suspend(conn, true, origin)
    })
    .await
}

/// Lets it go on.
pub async fn resume(
    form: Posted<SiteAdmin, site_acts::Resume>,
    app: AppData,
    path: Number,
) -> Result<HttpResponse, AppError> {
    turn(form, app, path, Flash::AccountResumed, |account, conn, origin| account.suspend(conn, false, origin))
        .await
}

/// Brings it back while it is being deleted.
pub async fn restore(
    form: Posted<SiteAdmin, site_acts::Restore>,
    app: AppData,
    path: Number,
) -> Result<HttpResponse, AppError> {
    turn(form, app, path, Flash::AccountRestored, |account, conn, origin| account.restore(conn, origin)).await
}

async fn turn<A: FormAct>(
    form: Posted<SiteAdmin, A>,
    app: AppData,
    path: Number,
    done: Flash,
    turn: impl FnOnce(&Account, &mut Conn, &Origin) -> Result<Turned, DbError> + Send + 'static,
) -> Result<HttpResponse, AppError> {
    let (admin, _) = form.accepted(&app).await?;
    let (id, origin) = (number(&path)?, admin.signed_in.origin(&app));
    let turned = app.db.transaction(move |conn| match Account::find(conn, id)? {
        Some(account) => turn(&account, conn, &origin).map(Some),
        None => Ok(None),
    });
    let done = match turned.await?.ok_or(AppError::NotFound)? {
        Turned::Done => done,
        Turned::NotNow => Flash::ChangedMeanwhile,
    };
    Ok(flash::done(paths::admin_account(id), done))
}

async fn answer(
    admin: &SiteAdmin,
    app: &AppData,
    id: AccountId,
    done: &str,
    error: Option<String>,
) -> Result<HttpResponse, AppError> {
    let now = app.clock.now();
    let tenant = app.db.run(move |conn| people::tenant(conn, id, now)).await?.ok_or(AppError::NotFound)?;
    let account = tenant.account;
    let had_scopes = app.catalogue.has_scopes(&account.plan);
    let note = |key: &str| match (had_scopes, app.catalogue.has_scopes(key)) {
        (true, false) if tenant.scoped > 0 => {
            Some(format!("Freezes its scoped tokens at the next call: {}.", counted(tenant.scoped)))
        }
        (false, true) if tenant.scoped > 0 => {
            Some(format!("Its frozen tokens work again at the next call: {}.", counted(tenant.scoped)))
        }
        _ => None,
    };
    let plan = |plan: &crate::policy::Plan| Plan {
        current: plan.key == account.plan,
        note: note(&plan.key),
        key: plan.key.clone(),
        title: plan.title.clone(),
    };
    let owner = |user: crate::models::User| Owner { name: user.email, url: paths::admin_user(user.id) };
    let status = if error.is_some() { StatusCode::UNPROCESSABLE_ENTITY } else { StatusCode::OK };
    let page = AccountPage {
        page: page(admin, &account.name, done),
        id,
        plan: plan_title(&app.catalogue, &account.plan),
        plans: app.catalogue.plans.iter().map(plan).collect(),
        state: state(&account),
        since: Moment::past(account.state_since, now),
        gone: account.gone_from().map(|at| Moment::past(at, now)),
        is_suspended: account.state == AccountState::Suspended,
        made: Moment::past(account.created_at, now),
        owners: tenant.owners.into_iter().map(owner).collect(),
        tokens: counted(tenant.tokens),
        tokens_url: paths::admin_tokens_of(&id.to_string()),
        error,
        suspend_url: format!("{}/suspend", paths::admin_account(id)),
        here: paths::admin_account(id),
        name: account.name,
        email: account.email,
    };
    render(&page, status)
}
