//! Records of a zone.

use super::body::{Body, Fields};
use super::caller::{CallerOn, RecordGuard};
use super::errors::{invalid, of_refusal, refused};
use super::json::{Moment, created, no_content, ok};
use super::permits::{Full, Read, Zones};
use super::place::Numbered;
use super::query::{Direction, Query};
use super::zones::gone;
use crate::http::{AppData, AppError};
use crate::models::record::{self, Changed, Faults, Filter, Wanted, change};
use crate::models::{self, Resource};
use crate::policy::{Records, Refusal};
use actix_web::http::StatusCode;
use actix_web::{HttpRequest, HttpResponse};
use serde::Serialize;
use serde_json::{Value, json};
use std::collections::BTreeMap;
use utoipa::ToSchema;

/// Why a record stays as it is.
pub(super) const SYSTEM: &str = "The SOA and NS records at the apex belong to the zone and stay as they are";

/// A record of a zone.
#[derive(Debug, Serialize, ToSchema)]
pub struct ZoneRecord {
    id: i64,
    /// The zone's name.
    zone_id: String,
    /// Always null.
    parent_id: Option<String>,
    /// Relative to the zone; empty at the apex.
    name: String,
    content: String,
    ttl: i32,
    /// For MX and SRV.
    priority: Option<i32>,
    #[serde(rename = "type")]
    record_type: String,
    regions: Vec<String>,
    /// Whether it belongs to the zone and stays.
    system_record: bool,
    created_at: Moment,
    updated_at: Moment,
}

impl ZoneRecord {
    /// A record of this zone.
    pub fn of(zone: &Resource, one: models::Record) -> ZoneRecord {
        ZoneRecord {
            id: one.id,
            zone_id: zone.name.clone(),
            parent_id: None,
            name: one.name,
            content: one.content,
            ttl: one.ttl,
            priority: one.priority,
            record_type: one.record_type,
            regions: one.regions,
            system_record: one.system_record,
            created_at: Moment(one.created_at),
            updated_at: Moment(one.updated_at),
        }
    }
}

/// The zone's records within reach.
pub async fn list(
    caller: CallerOn<Zones, Read>,
    app: AppData,
    query: Query,
) -> Result<HttpResponse, AppError> {
    let (paging, sort) = (query.paging()?, query.sort(&record::SORTED_BY, ("id", Direction::Ascending))?);
    let text = |name| query.text(name).map(|text| text.map(str::to_owned));
    let filter = Filter { name: text("name")?, name_like: text("name_like")?, record_type: text("type")? };
    let (zone, readable) = (caller.resource.clone(), caller.records());
    let work =
        move |conn: &mut _| models::Record::list(conn, &zone, &readable, &filter, &sort, paging.window());
    let (found, total) = app.db.run(work).await?;
    let records: Vec<_> = found.into_iter().map(|one| ZoneRecord::of(&caller.resource, one)).collect();
    Ok(HttpResponse::Ok().json(paging.of(records, total)))
}

/// One of them.
pub async fn show(
    caller: CallerOn<Zones, Read>,
    app: AppData,
    request: HttpRequest,
) -> Result<HttpResponse, AppError> {
    let asked = asked(&request)?;
    let (zone, id) = (caller.resource.clone(), asked.id);
    let found = app.db.run(move |conn| models::Record::find(conn, &zone, id)).await?;
    let record = found.ok_or_else(|| asked.not_found())?;
    caller.decide_record(Records::Existing(&record.name, &record.record_type), &id.to_string())?;
    Ok(ok(ZoneRecord::of(&caller.resource, record)))
}

/// Makes one.
pub async fn create(
    caller: CallerOn<Zones, Full>,
    app: AppData,
    body: Body,
) -> Result<HttpResponse, AppError> {
    let mut fields = body.fields().await?;
    let wanted = wanted(&mut fields);
    if let Some((name, record_type)) = wanted.key() {
        caller.decide_record(Records::New(&name, &record_type), "")?;
    }
    fields.refuse_all(wanted.checked(&caller.resource.name).err().unwrap_or_default());
    fields.done()?;
    let (zone, origin, guard) = (caller.resource.clone(), caller.origin(), caller.record_guard());
    let work = move |conn: &mut _| change::create(conn, &zone, &wanted, &may(&guard), &origin);
    let record = done(app.db.transaction(work).await?, &caller.resource, None)?;
    Ok(created(ZoneRecord::of(&caller.resource, record)))
}

/// Changes one.
pub async fn update(
    caller: CallerOn<Zones, Full>,
    app: AppData,
    request: HttpRequest,
    body: Body,
) -> Result<HttpResponse, AppError> {
    let asked = asked(&request)?;
    let mut fields = body.fields().await?;
    let wanted = wanted(&mut fields);
    fields.done()?;
    let (zone, origin, guard) = (caller.resource.clone(), caller.origin(), caller.record_guard());
    let id = asked.id;
    let work = move |conn: &mut _| change::update(conn, &zone, id, &wanted, &may(&guard), &origin);
    let record = done(app.db.transaction(work).await?, &caller.resource, Some(&asked))?;
    Ok(ok(ZoneRecord::of(&caller.resource, record)))
}

/// Deletes one.
pub async fn delete(
    caller: CallerOn<Zones, Full>,
    app: AppData,
    request: HttpRequest,
) -> Result<HttpResponse, AppError> {
    let asked = asked(&request)?;
    let (zone, origin, guard) = (caller.resource.clone(), caller.origin(), caller.record_guard());
    let id = asked.id;
    let work = move |conn: &mut _| change::delete(conn, &zone, id, &may(&guard), &origin);
    done(app.db.transaction(work).await?, &caller.resource, Some(&asked))?;
    Ok(no_content())
}

fn asked(request: &HttpRequest) -> Result<Numbered, AppError> {
    Numbered::of(request, "record", "Record")
}

/// The record that a body describes.
pub(super) fn wanted(fields: &mut Fields) -> Wanted {
    Wanted {
        name: fields.text("name"),
        record_type: fields.text("type"),
        content: fields.text("content"),
        ttl: fields.integer("ttl"),
        priority: fields.integer("priority"),
        regions: fields.texts("regions"),
    }
}

/// The caller's rights, as models ask for them.
pub(super) fn may(guard: &RecordGuard) -> impl Fn(Records<'_>) -> Result<(), Refusal> + '_ {
    |records| guard.decide(records)
}

fn done(changed: Changed, zone: &Resource, asked: Option<&Numbered>) -> Result<models::Record, AppError> {
    Err(match changed {
        Changed::Done(record) => return Ok(record),
        Changed::NotAllowed(refusal) => of_refusal(refusal, "Record", ""),
        Changed::Refused(faults) => invalid(told(faults)),
        Changed::System => refused(StatusCode::BAD_REQUEST, "system_record", SYSTEM),
        Changed::NoRecord => asked.map_or_else(|| gone(zone), Numbered::not_found),
        Changed::NoZone => gone(zone),
    })
}

/// What is wrong, as answers tell it.
pub(super) fn told(faults: Faults) -> Value {
    let mut all: BTreeMap<&str, Vec<String>> = BTreeMap::new();
    for (field, why) in faults {
        all.entry(field).or_default().push(why);
    }
    json!(all)
}
