//! Every account.

use super::{Asked, address, page};
use crate::http::{AppData, AppError};
use crate::models::admin::people;
use crate::models::{Account, AccountState};
use crate::policy::{AccountId, Catalogue};
use crate::web::guard::SiteAdmin;
use crate::web::page::{Page, plan_title, render};
use crate::web::paths;
use crate::web::told::Moment;
use actix_web::HttpResponse;
use actix_web::http::StatusCode;
use actix_web::web::Query;
use askama::Template;
use time::OffsetDateTime;

#[derive(Template)]
#[template(path = "admin/accounts.html")]
struct AccountsPage {
    page: Page,
    q: String,
    rows: Vec<Row>,
    older: Option<String>,
    list_url: &'static str,
}

struct Row {
    id: AccountId,
    name: String,
    url: String,
    plan: String,
    state: Option<&'static str>,
    made: Moment,
}

impl Row {
    fn of(account: Account, catalogue: &Catalogue, now: OffsetDateTime) -> Row {
        Row {
            id: account.id,
            url: paths::admin_account(account.id),
            plan: plan_title(catalogue, &account.plan),
            state: state(&account),
            made: Moment::past(account.created_at, now),
            name: account.name,
        }
    }
}

/// The state in a word; none where it is active.
pub(super) fn state(account: &Account) -> Option<&'static str> {
    match account.state {
        AccountState::Active => None,
        AccountState::Suspended => Some("Suspended"),
        AccountState::Deleting => Some("Being deleted"),
    }
}

/// The list, the newest first.
pub async fn index(admin: SiteAdmin, app: AppData, asked: Query<Asked>) -> Result<HttpResponse, AppError> {
    let (q, _) = asked.texts()?;
    let (text, before, now) = (q.clone(), asked.before(), app.clock.now());
    let (found, more) = app.db.run(move |conn| people::accounts(conn, &text, before)).await?;
    let next = found.last().filter(|_| more).map(|last| last.id);
    let page = AccountsPage {
        page: page(&admin, "Accounts", &asked.done),
        older: next.map(|next| address(paths::ADMIN_ACCOUNTS, &[("q", &q)], Some(next.get()))),
        rows: found.into_iter().map(|account| Row::of(account, &app.catalogue, now)).collect(),
        list_url: paths::ADMIN_ACCOUNTS,
        q,
    };
    render(&page, StatusCode::OK)
}
