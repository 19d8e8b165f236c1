//! Name, number and plan.

use super::Tabs;
use crate::http::{AppData, AppError};
use crate::models::{Account, text};
use crate::policy::Act;
use crate::web::flash::{self, Flash};
use crate::web::form::Posted;
use crate::web::guard::{AccountMember, ChangeAccount, SeeResources};
use crate::web::page::{AccountNav, Field, Page, Section, render};
use crate::web::paths;
use actix_web::HttpResponse;
use actix_web::http::StatusCode;
use actix_web::web::Query;
use askama::Template;
use serde::Deserialize;

#[derive(Template)]
#[template(path = "account/general.html")]
struct GeneralPage {
    page: Page,
    account: AccountNav,
    tabs: Tabs,
    name: Field,
    email: Field,
    may_change: bool,
    who_can: String,
    may_plan: bool,
    who_can_plan: String,
    action: String,
    plans: Vec<PlanRow>,
    plan_url: String,
}

struct PlanRow {
    key: String,
    title: String,
    says: String,
    current: bool,
}

/// Where the person comes from.
#[derive(Deserialize)]
pub struct From {
    #[serde(default)]
    done: String,
}

const LONGEST_NAME: usize = 255;

/// The account, for every member.
pub async fn show(
    member: AccountMember<SeeResources>,
    app: AppData,
    from: Query<From>,
) -> Result<HttpResponse, AppError> {
    let (name, email) = (Field::of(&member.account.name), Field::of(&member.account.email));
    answer(&member, &app, (name, email), &from.done, StatusCode::OK)
}

/// Another name, another address.
pub async fn change(
    form: Posted<AccountMember<ChangeAccount>>,
    app: AppData,
) -> Result<HttpResponse, AppError> {
    let (member, fields) = form.accepted(&app).await?;
    let (mut name, mut email) = (Field::of(fields.get("name").trim()), Field::of(fields.get("email").trim()));
    let fault = text::fault_of_line(&name.value, LONGEST_NAME).map(|fault| format!("The name {fault}."));
    let missing = || format!("Give a name of 1 to {LONGEST_NAME} characters.");
    name.error = fault.or_else(|| name.value.is_empty().then(missing));
    email.error = (!text::is_email(&email.value))
        .then(|| "Write an e-mail address, like billing@example.com.".to_owned());
    if name.error.is_some() || email.error.is_some() {
        return answer(&member, &app, (name, email), "", StatusCode::UNPROCESSABLE_ENTITY);
    }
    let (id, origin) = (member.account.id, member.signed_in.origin(&app));
    let change =
        move |conn: &mut _| Account::change(conn, id, Some(&name.value), Some(&email.value), &origin);
    app.db.transaction(change).await?.ok_or(AppError::NotFound)?;
    Ok(flash::done(paths::account(id), Flash::AccountChanged))
}

fn answer<P>(
    member: &AccountMember<P>,
    app: &AppData,
    (name, email): (Field, Field),
    done: &str,
    status: StatusCode,
) -> Result<HttpResponse, AppError> {
    let account = &member.account;
    let plans = app.catalogue.plans.iter().map(|plan| PlanRow {
        says: super::plan::said(plan),
        current: plan.key == account.plan,
        key: plan.key.clone(),
        title: plan.title.clone(),
    });
    let page = GeneralPage {
        page: member.page("Account").under(Section::Account).with_flash(done),
        tabs: Tabs::of(member),
        name,
        email,
        may_change: member.may(Act::ChangeAccount),
        who_can: member.who_can(Act::ChangeAccount),
        may_plan: member.may(Act::ManagePlan),
        who_can_plan: member.who_can(Act::ManagePlan),
        action: paths::account(account.id),
        plans: plans.collect(),
        plan_url: paths::account_plan(account.id),
        account: member.nav(),
    };
    render(&page, status)
}
