//! Webhooks: addresses that want to be told of changes. Nothing is sent to them.

use super::permits::{Full, Read, Webhooks};
use super::place::Numbered;
use super::query::{Direction, Query};
use crate::api::body::Body;
use crate::api::caller::Caller;
use crate::api::errors::invalid;
use crate::api::json::{Moment, created, no_content, ok};
use crate::dns::models::DnsRefusal;
use crate::dns::models::webhook::{self, Address, Made};
use crate::http::{ApiRefusal, AppData, AppError};
use crate::policy::RefusalCode;
use actix_web::{HttpRequest, HttpResponse};
use serde::Serialize;
use serde_json::json;
use utoipa::ToSchema;

/// An address that wants to be told of changes.
#[derive(Debug, Serialize, ToSchema)]
pub struct Webhook {
    id: i64,
    url: String,
    suppressed_at: Option<Moment>,
}

/// A webhook to be made.
#[derive(Debug, ToSchema)]
pub struct NewWebhook {
    /// An http or https URL without a user name or password in it.
    url: String,
}

impl From<webhook::Webhook> for Webhook {
    fn from(one: webhook::Webhook) -> Webhook {
        Webhook { id: one.id, url: one.url, suppressed_at: one.suppressed_at.map(Moment) }
    }
}

/// All of the account's webhooks: this list has no pages.
pub async fn list(
    caller: Caller<Webhooks, Read>,
    app: AppData,
    query: Query,
) -> Result<HttpResponse, AppError> {
    let sort = query.sort(&["id"], ("id", Direction::Ascending))?;
    let newest_first = sort.contains(&("id", Direction::Descending));
    let account = caller.account.id;
    let found = app.db.run(move |conn| webhook::Webhook::list(conn, account, newest_first)).await?;
    Ok(ok(found.into_iter().map(Webhook::from).collect::<Vec<_>>()))
}

/// One of them.
pub async fn show(
    caller: Caller<Webhooks, Read>,
    app: AppData,
    request: HttpRequest,
) -> Result<HttpResponse, AppError> {
    let (account, asked) = (caller.account.id, asked(&request)?);
    let id = asked.id;
    let found = app.db.run(move |conn| webhook::Webhook::find(conn, account, id)).await?;
    Ok(ok(Webhook::from(found.ok_or_else(|| asked.not_found())?)))
}

/// Makes one.
pub async fn create(
    caller: Caller<Webhooks, Full>,
    app: AppData,
    body: Body,
) -> Result<HttpResponse, AppError> {
    let address = address(body).await?;
    let (account, origin) = (caller.account.id, caller.origin());
    let work = move |conn: &mut _| webhook::Webhook::create(conn, account, &address, &origin);
    match app.db.transaction(work).await? {
        Made::Webhook(made) => Ok(created(Webhook::from(made))),
        Made::LimitReached => {
            let message = format!("An account has {} webhooks at most", webhook::MOST);
            Err(ApiRefusal::from(DnsRefusal::WebhookLimit).saying(message).into())
        }
        Made::AccountGone => Err(RefusalCode::AccountNotFound.into()),
    }
}

async fn address(body: Body) -> Result<Address, AppError> {
    let mut fields = body.fields().await?;
    let new = NewWebhook { url: fields.text("url").unwrap_or_default() };
    match Address::parse(&new.url) {
        Ok(address) => Ok(address),
        Err(fault) => {
            fields.refuse_all([("url", fault.to_owned())]);
            Err(invalid(json!(fields.errors())))
        }
    }
}

/// Deletes one.
pub async fn delete(
    caller: Caller<Webhooks, Full>,
    app: AppData,
    request: HttpRequest,
) -> Result<HttpResponse, AppError> {
    let (account, origin, asked) = (caller.account.id, caller.origin(), asked(&request)?);
    let id = asked.id;
    let gone = app.db.transaction(move |conn| webhook::Webhook::delete(conn, account, id, &origin)).await?;
    if gone { Ok(no_content()) } else { Err(asked.not_found()) }
}

fn asked(request: &HttpRequest) -> Result<Numbered, AppError> {
    Numbered::of(request, "webhook", "Webhook")
}
