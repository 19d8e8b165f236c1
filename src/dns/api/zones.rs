//! Zones. Nothing serves them.

use super::permits::{Full, Read, Zones};
use super::query::{Direction, Query};
use super::records::decide;
use crate::api::caller::{Caller, CallerOn};
use crate::api::errors::not_found;
use crate::api::json::{Data, Moment, ok, ok_written, written};
use crate::dns::models;
use crate::dns::models::record::{self, Records};
use crate::dns::models::zone;
use crate::http::{AppData, AppError};
use crate::models::Resource;
use actix_web::HttpResponse;
use serde::Serialize;
use utoipa::ToSchema;

/// A zone.
#[derive(Debug, Serialize, ToSchema)]
pub struct Zone {
    id: i64,
    account_id: i64,
    name: String,
    /// Whether it names addresses and not hosts.
    reverse: bool,
    /// Always false: zones are kept here, and nowhere else.
    secondary: bool,
    /// Always null.
    last_transferred_at: Option<Moment>,
    active: bool,
    created_at: Moment,
    updated_at: Moment,
}

/// A zone as a master file.
#[derive(Debug, Serialize, ToSchema)]
pub struct ZoneFile {
    zone: String,
}

impl From<models::Zone> for Zone {
    fn from(one: models::Zone) -> Zone {
        Zone {
            reverse: one.is_reverse(),
            id: one.id.get(),
            account_id: one.account_id.get(),
            name: one.name,
            secondary: false,
            last_transferred_at: None,
            active: one.facts.active,
            created_at: Moment(one.created_at),
            updated_at: Moment(one.facts.updated_at),
        }
    }
}

/// The zones within reach.
pub async fn list(caller: Caller<Zones, Read>, app: AppData, query: Query) -> Result<HttpResponse, AppError> {
    let (paging, sort) = (query.paging()?, query.sort(&zone::SORTED_BY, ("name", Direction::Ascending))?);
    let (account, reach) = (caller.account.id, caller.reach());
    let name_like = query.text("name_like")?.map(str::to_owned);
    let work = move |conn: &mut _| {
        models::Zone::list(conn, account, &reach, name_like.as_deref(), &sort, paging.window())
    };
    let (found, total) = app.db.run(work).await?;
    let zones: Vec<Zone> = found.into_iter().map(Zone::from).collect();
    Ok(HttpResponse::Ok().json(paging.of(zones, total)))
}

/// One of them.
pub async fn show(caller: CallerOn<Zones, Read>, app: AppData) -> Result<HttpResponse, AppError> {
    let zone = caller.resource.clone();
    let found = app.db.run(move |conn| models::Zone::find(conn, &zone)).await?;
    Ok(ok(Zone::from(found.ok_or_else(|| gone(&caller.resource))?)))
}

/// Its file, which tells all of its records.
pub async fn file(caller: CallerOn<Zones, Read>, app: AppData) -> Result<HttpResponse, AppError> {
    decide(&caller, Records::Whole, "")?;
    let zone = caller.resource.clone();
    let file = app.db.run(move |conn| {
        let text = record::file_of_zone(conn, &zone)?;
        Ok(text.map(|zone| written(&Data { data: ZoneFile { zone } })))
    });
    ok_written(file.await?.ok_or_else(|| gone(&caller.resource))?)
}

/// Switches it on.
pub async fn activate(caller: CallerOn<Zones, Full>, app: AppData) -> Result<HttpResponse, AppError> {
    set_active(caller, app, true).await
}

/// Switches it off.
pub async fn deactivate(caller: CallerOn<Zones, Full>, app: AppData) -> Result<HttpResponse, AppError> {
    set_active(caller, app, false).await
}

async fn set_active(
    caller: CallerOn<Zones, Full>,
    app: AppData,
    active: bool,
) -> Result<HttpResponse, AppError> {
    decide(&caller, Records::Whole, "")?;
    let (zone, origin) = (caller.resource.clone(), caller.origin());
    let work = move |conn: &mut _| models::Zone::set_active(conn, &zone, active, &origin);
    let found = app.db.transaction(work).await?;
    Ok(ok(Zone::from(found.ok_or_else(|| gone(&caller.resource))?)))
}

/// The zone was deleted after it was looked up.
pub fn gone(zone: &Resource) -> AppError {
    not_found("Zone", &zone.name)
}
