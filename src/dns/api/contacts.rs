//! Contacts, to whom domains are registered.

use super::contact_shape::{Contact, details};
use super::permits::{Contacts, Full, Read};
use super::place::Numbered;
use super::query::{Direction, Query};
use super::refusals::with_room;
use crate::api::body::Body;
use crate::api::caller::Caller;
use crate::api::json::{created, no_content, ok};
use crate::dns::models::DnsRefusal;
use crate::dns::models::bounds::Counted;
use crate::dns::models::contact::{self, Deleted};
use crate::http::{AppData, AppError};
use actix_web::{HttpRequest, HttpResponse};

/// The account's contacts.
pub async fn list(
    caller: Caller<Contacts, Read>,
    app: AppData,
    query: Query,
) -> Result<HttpResponse, AppError> {
    let paging = query.paging()?;
    let sort = query.sort(&["id", "label", "email"], ("id", Direction::Ascending))?;
    let account = caller.account.id;
    let work = move |conn: &mut _| contact::Contact::list(conn, account, &sort, paging.window());
    let (rows, total) = app.db.run(work).await?;
    let rows: Vec<Contact> = rows.into_iter().map(Contact::from).collect();
    Ok(HttpResponse::Ok().json(paging.of(rows, total)))
}

/// One of them.
pub async fn show(
    caller: Caller<Contacts, Read>,
    app: AppData,
    request: HttpRequest,
) -> Result<HttpResponse, AppError> {
    let (account, asked) = (caller.account.id, asked(&request)?);
    let id = asked.id;
    let found = app.db.run(move |conn| contact::Contact::find(conn, account, id)).await?;
    Ok(ok(Contact::from(found.ok_or_else(|| asked.not_found())?)))
}

/// Makes one.
pub async fn create(
    caller: Caller<Contacts, Full>,
    app: AppData,
    body: Body,
) -> Result<HttpResponse, AppError> {
    let details = details(body.fields().await?)?;
    let (account, origin) = (caller.account.id, caller.origin());
    let work = move |conn: &mut _| contact::Contact::create(conn, account, &details, &origin);
    Ok(created(Contact::from(with_room(&app, account, Counted::Contacts, work).await?)))
}

/// Deletes one that nothing names.
pub async fn delete(
    caller: Caller<Contacts, Full>,
    app: AppData,
    request: HttpRequest,
) -> Result<HttpResponse, AppError> {
    let (account, origin, asked) = (caller.account.id, caller.origin(), asked(&request)?);
    let id = asked.id;
    match app.db.transaction(move |conn| contact::Contact::delete(conn, account, id, &origin)).await? {
        Deleted::Yes => Ok(no_content()),
        Deleted::InUse => Err(DnsRefusal::ContactInUse.into()),
        Deleted::NotFound => Err(asked.not_found()),
    }
}

fn asked(request: &HttpRequest) -> Result<Numbered, AppError> {
    Numbered::of(request, "contact", "Contact")
}
