//! Notices of how the platform is, and messages. The shapes are our own.

use super::permits::{Full, Platform, Read};
use super::query::Query;
use super::refusals::with_room;
use crate::api::body::Body;
use crate::api::caller::Caller;
use crate::api::json::{Moment, created};
use crate::dns::models::bounds::Counted;
use crate::dns::models::platform;
use crate::http::{AppData, AppError};
use actix_web::HttpResponse;
use serde::Serialize;
use utoipa::ToSchema;

/// How a part of the platform is.
#[derive(Debug, Serialize, ToSchema)]
pub struct PlatformStatus {
    id: i64,
    account_id: i64,
    component: String,
    /// `operational`, `degraded`, `outage` or `maintenance`.
    state: String,
    message: String,
    created_at: Moment,
    updated_at: Moment,
}

/// A message.
#[derive(Debug, Serialize, ToSchema)]
pub struct PlatformMessage {
    id: i64,
    account_id: i64,
    subject: String,
    body: String,
    created_at: Moment,
}

/// A message to be posted.
#[derive(Debug, ToSchema)]
pub struct NewPlatformMessage {
    subject: String,
    body: String,
}

impl From<platform::Status> for PlatformStatus {
    fn from(one: platform::Status) -> PlatformStatus {
        PlatformStatus {
            id: one.id,
            account_id: one.account_id.get(),
            component: one.component,
            state: one.state.key().to_owned(),
            message: one.message,
            created_at: Moment(one.created_at),
            updated_at: Moment(one.updated_at),
        }
    }
}

impl From<platform::Message> for PlatformMessage {
    fn from(one: platform::Message) -> PlatformMessage {
        PlatformMessage {
            id: one.id,
            account_id: one.account_id.get(),
            subject: one.subject,
            body: one.body,
            created_at: Moment(one.created_at),
        }
    }
}

/// How the parts of the platform are, the oldest notice first.
pub async fn statuses(
    caller: Caller<Platform, Read>,
    app: AppData,
    query: Query,
) -> Result<HttpResponse, AppError> {
    let (paging, account) = (query.paging()?, caller.account.id);
    let work = move |conn: &mut _| platform::Status::list(conn, account, paging.window());
    let (rows, total) = app.db.run(work).await?;
    let rows: Vec<PlatformStatus> = rows.into_iter().map(PlatformStatus::from).collect();
    Ok(HttpResponse::Ok().json(paging.of(rows, total)))
}

/// The account's messages, the oldest first.
pub async fn messages(
    caller: Caller<Platform, Read>,
    app: AppData,
    query: Query,
) -> Result<HttpResponse, AppError> {
    let (paging, account) = (query.paging()?, caller.account.id);
    let work = move |conn: &mut _| platform::Message::list(conn, account, paging.window());
    let (rows, total) = app.db.run(work).await?;
    let rows: Vec<PlatformMessage> = rows.into_iter().map(PlatformMessage::from).collect();
    Ok(HttpResponse::Ok().json(paging.of(rows, total)))
}

/// Posts a message.
pub async fn post(
    caller: Caller<Platform, Full>,
    app: AppData,
    body: Body,
) -> Result<HttpResponse, AppError> {
    let new = read(body).await?;
    let (account, origin) = (caller.account.id, caller.origin());
    let work = move |conn: &mut _| platform::Message::post(conn, account, &new, &origin);
    Ok(created(PlatformMessage::from(with_room(&app, account, Counted::Messages, work).await?)))
}

async fn read(body: Body) -> Result<platform::NewMessage, AppError> {
    let mut fields = body.fields().await?;
    let NewPlatformMessage { subject, body } = NewPlatformMessage {
        subject: fields.text("subject").unwrap_or_default(),
        body: fields.text("body").unwrap_or_default(),
    };
    let new = platform::NewMessage { subject, body };
    fields.refuse_all(new.faults());
    fields.done()?;
    Ok(new)
}
