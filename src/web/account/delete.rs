//! The end of an account: for thirty days a state, which an owner undoes.

use super::Tabs;
use crate::http::{App, AppData, AppError};
use crate::models::account_state::{KEPT, Turned};
use crate::models::token::counts;
use crate::policy::words::long_day;
use crate::web::flash::{self, Flash};
use crate::web::form::Posted;
use crate::web::guard::{AccountMember, DeleteAccount, RestoreAccount};
use crate::web::page::{AccountNav, Field, Page, Section, go_to, render};
use crate::web::paths;
use crate::web::told::grouped;
use actix_web::HttpResponse;
use actix_web::http::StatusCode;
use askama::Template;

#[derive(Template)]
#[template(path = "account/delete.html")]
struct DeletePage {
    page: Page,
    account: AccountNav,
    tabs: Tabs,
    /// The day on which it will be gone, while it is being deleted; or would be.
    gone_on: String,
    is_going: bool,
    /// Neither active nor being deleted.
    is_suspended: bool,
    tokens: String,
    /// What the resources are called that go along.
    kinds: Vec<String>,
    typed: Field,
    action: String,
    restore_url: String,
}

/// The page that asks; or, when it has begun, the way back.
pub async fn confirm(member: AccountMember<DeleteAccount>, app: AppData) -> Result<HttpResponse, AppError> {
    ask(&member, &app, Field::default(), StatusCode::OK).await
}

/// Begins with it, when the account's name was typed.
pub async fn delete(
    form: Posted<AccountMember<DeleteAccount>>,
    app: AppData,
) -> Result<HttpResponse, AppError> {
    let (member, fields) = form.accepted(&app).await?;
    let typed = fields.get("confirm").trim();
    if typed != member.account.name.trim() {
        let why = format!("Type {} exactly, to say that you mean it.", member.account.name);
        let typed = Field { value: typed.to_owned(), error: Some(why) };
        return ask(&member, &app, typed, StatusCode::UNPROCESSABLE_ENTITY).await;
    }
    let (account, origin) = (member.account.clone(), member.signed_in.origin(&app));
    let turned = app.db.transaction(move |conn| account.delete(conn, &origin)).await?;
    Ok(back(&member, turned, None))
}

/// Brings it back.
pub async fn restore(
    form: Posted<AccountMember<RestoreAccount>>,
    app: AppData,
) -> Result<HttpResponse, AppError> {
    let (member, _) = form.accepted(&app).await?;
    let (account, origin) = (member.account.clone(), member.signed_in.origin(&app));
    let turned = app.db.transaction(move |conn| account.restore(conn, &origin)).await?;
    Ok(back(&member, turned, Some(Flash::AccountRestored)))
}

fn back<P>(member: &AccountMember<P>, turned: Turned, done: Option<Flash>) -> HttpResponse {
    let page = paths::account(member.account.id);
    match (turned, done) {
        (Turned::NotNow, _) => flash::done(page, Flash::ChangedMeanwhile),
        (Turned::Done, Some(done)) => flash::done(page, done),
        (Turned::Done, None) => go_to(page),
    }
}

async fn ask(
    member: &AccountMember<DeleteAccount>,
    app: &App,
    typed: Field,
    status: StatusCode,
) -> Result<HttpResponse, AppError> {
    let (account, now) = (&member.account, app.clock.now());
    let id = account.id;
    let live = app.db.run(move |conn| counts::of_account(conn, id, now)).await?.live;
    let page = DeletePage {
        page: member.page("Delete account").under(Section::Account),
        tabs: Tabs::of(member),
        gone_on: long_day(account.gone_from().unwrap_or(now + KEPT).date()),
        is_going: account.gone_from().is_some(),
        is_suspended: !account.is_active() && account.gone_from().is_none(),
        kinds: app.catalogue.kinds.iter().map(|kind| kind.plural.clone()).collect(),
        tokens: if live == 1 {
            "1 account token".to_owned()
        } else {
            format!("{} account tokens", grouped(live))
        },
        typed,
        action: paths::account_delete(id),
        restore_url: paths::account_restore(id),
        account: member.nav(),
    };
    render(&page, status)
}
