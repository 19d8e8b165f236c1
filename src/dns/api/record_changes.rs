//! Records made, changed and deleted.

use super::permits::{Full, Zones};
use super::place::Numbered;
use super::records::{ZoneRecord, asked, decide};
use super::zones::gone;
use crate::api::body::{Body, Fields};
use crate::api::caller::{CallerOn, PartsGuard};
use crate::api::errors::{invalid, of_refusal};
use crate::api::json::{created, no_content, ok};
use crate::dns::models;
use crate::dns::models::DnsRefusal;
use crate::dns::models::record::{Changed, Faults, Records, Wanted, change};
use crate::http::{AppData, AppError};
use crate::models::Resource;
use crate::policy::Refusal;
use actix_web::{HttpRequest, HttpResponse};
use serde_json::{Value, json};
use std::collections::BTreeMap;

/// Makes one.
pub async fn create(
    caller: CallerOn<Zones, Full>,
    app: AppData,
    body: Body,
) -> Result<HttpResponse, AppError> {
    let mut fields = body.fields().await?;
    let wanted = wanted(&mut fields);
    if let Some((name, record_type)) = wanted.key() {
        decide(&caller, Records::New(&name, &record_type), "")?;
    }
    fields.refuse_all(wanted.checked(&caller.resource.name).err().unwrap_or_default());
    fields.done()?;
    let (zone, origin, guard) = (caller.resource.clone(), caller.origin(), caller.parts_guard());
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
    let (zone, origin, guard) = (caller.resource.clone(), caller.origin(), caller.parts_guard());
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
    let (zone, origin, guard) = (caller.resource.clone(), caller.origin(), caller.parts_guard());
    let id = asked.id;
    let work = move |conn: &mut _| change::delete(conn, &zone, id, &may(&guard), &origin);
    done(app.db.transaction(work).await?, &caller.resource, Some(&asked))?;
    Ok(no_content())
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
pub(super) fn may(guard: &PartsGuard) -> impl Fn(Records<'_>) -> Result<(), Refusal> + '_ {
    |records| records.asked(|parts| guard.decide(parts))
}

fn done(changed: Changed, zone: &Resource, asked: Option<&Numbered>) -> Result<models::Record, AppError> {
    Err(match changed {
        Changed::Done(record) | Changed::Same(record) => return Ok(record),
        Changed::NotAllowed(refusal) => of_refusal(refusal, "Record", ""),
        Changed::Refused(faults) => invalid(told(faults)),
        Changed::System => DnsRefusal::SystemRecord.into(),
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
