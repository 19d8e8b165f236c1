//! Templates of records, by number or short name.

use super::permits::{Full, Read, Templates};
use super::query::{Direction, Query};
use super::refusals::with_room;
use crate::api::body::Body;
use crate::api::caller::{Caller, segment};
use crate::api::errors::{invalid, not_found};
use crate::api::json::{Moment, created, no_content, ok};
use crate::dns::models::bounds::Counted;
use crate::dns::models::record_template::{self, RecordTemplate};
use crate::http::{AppData, AppError};
use actix_web::{HttpRequest, HttpResponse};
use serde::Serialize;
use serde_json::json;
use utoipa::ToSchema;

/// A template of records.
#[derive(Debug, Serialize, ToSchema)]
pub struct Template {
    id: i64,
    account_id: i64,
    name: String,
    /// The short name.
    sid: String,
    description: String,
    created_at: Moment,
    updated_at: Moment,
}

/// A template to be made.
#[derive(Debug, ToSchema)]
pub struct NewTemplate {
    name: String,
    /// The short name: lower-case letters, digits, - and _.
    sid: String,
    description: Option<String>,
}

impl From<RecordTemplate> for Template {
    fn from(one: RecordTemplate) -> Template {
        Template {
            id: one.id,
            account_id: one.account_id.get(),
            name: one.name,
            sid: one.sid,
            description: one.description,
            created_at: Moment(one.created_at),
            updated_at: Moment(one.updated_at),
        }
    }
}

/// The account's templates.
pub async fn list(
    caller: Caller<Templates, Read>,
    app: AppData,
    query: Query,
) -> Result<HttpResponse, AppError> {
    let paging = query.paging()?;
    let sort = query.sort(&["id", "name", "sid"], ("id", Direction::Ascending))?;
    let account = caller.account.id;
    let work = move |conn: &mut _| RecordTemplate::list(conn, account, &sort, paging.window());
    let (rows, total) = app.db.run(work).await?;
    let rows: Vec<Template> = rows.into_iter().map(Template::from).collect();
    Ok(HttpResponse::Ok().json(paging.of(rows, total)))
}

/// One of them.
pub async fn show(
    caller: Caller<Templates, Read>,
    app: AppData,
    request: HttpRequest,
) -> Result<HttpResponse, AppError> {
    let (account, asked) = (caller.account.id, segment(&request, "template").unwrap_or_default());
    let text = asked.clone();
    let found = app.db.run(move |conn| RecordTemplate::find(conn, account, &text)).await?;
    Ok(ok(Template::from(found.ok_or_else(|| not_found("Template", &asked))?)))
}

/// Makes one.
pub async fn create(
    caller: Caller<Templates, Full>,
    app: AppData,
    body: Body,
) -> Result<HttpResponse, AppError> {
    let new = read(body).await?;
    let (account, origin) = (caller.account.id, caller.origin());
    let work = move |conn: &mut _| RecordTemplate::create(conn, account, &new, &origin);
    match with_room(&app, account, Counted::Templates, work).await? {
        Some(template) => Ok(created(Template::from(template))),
        None => Err(invalid(json!({ "sid": ["has already been taken"] }))),
    }
}

async fn read(body: Body) -> Result<record_template::NewTemplate, AppError> {
    let mut fields = body.fields().await?;
    let NewTemplate { name, sid, description } = NewTemplate {
        name: fields.text("name").unwrap_or_default(),
        sid: fields.text("sid").unwrap_or_default(),
        description: fields.text("description"),
    };
    let new = record_template::NewTemplate { sid, name, description: description.unwrap_or_default() };
    fields.refuse_all(new.faults());
    fields.done()?;
    Ok(new)
}

/// Deletes one.
pub async fn delete(
    caller: Caller<Templates, Full>,
    app: AppData,
    request: HttpRequest,
) -> Result<HttpResponse, AppError> {
    let (account, asked) = (caller.account.id, segment(&request, "template").unwrap_or_default());
    let (origin, text) = (caller.origin(), asked.clone());
    let work = move |conn: &mut _| match RecordTemplate::find(conn, account, &text)? {
        Some(template) => template.delete(conn, &origin),
        None => Ok(false),
    };
    if app.db.transaction(work).await? { Ok(no_content()) } else { Err(not_found("Template", &asked)) }
}
