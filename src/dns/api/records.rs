//! Records of a zone.

use super::permits::{Level, Read, Zones};
use super::place::Numbered;
use super::query::{Direction, Query};
use crate::api::caller::CallerOn;
use crate::api::json::{Moment, ok, ok_written, written};
use crate::dns::models;
use crate::dns::models::record::{self, Filter, Records};
use crate::http::{AppData, AppError};
use crate::models::Resource;
use actix_web::{HttpRequest, HttpResponse};
use serde::Serialize;
use utoipa::ToSchema;

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
    let (zone, readable) = (caller.resource.clone(), caller.readable_parts());
    let list = app.db.run(move |conn| {
        let (found, total) = models::Record::list(conn, &zone, &readable, &filter, &sort, paging.window())?;
        let records: Vec<_> = found.into_iter().map(|one| ZoneRecord::of(&zone, one)).collect();
        Ok(written(&paging.of(records, total)))
    });
    ok_written(list.await?)
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
    decide(&caller, Records::Existing(&record.name, &record.record_type), &id.to_string())?;
    Ok(ok(ZoneRecord::of(&caller.resource, record)))
}

/// Decides about records of the zone. `asked` is the record as the call names it.
pub(super) fn decide<L: Level>(
    caller: &CallerOn<Zones, L>,
    records: Records<'_>,
    asked: &str,
) -> Result<(), AppError> {
    records.asked(|parts| caller.decide_parts(parts, "Record", asked))
}

/// The record that the path names.
pub(super) fn asked(request: &HttpRequest) -> Result<Numbered, AppError> {
    Numbered::of(request, "record", "Record")
}
