//! Several changes of a zone's records in one call: all of them, or none.

use super::permits::{Full, Zones};
use super::record_changes::{may, told, wanted};
use super::records::ZoneRecord;
use super::zones::gone;
use crate::api::body::{Body, Fields};
use crate::api::caller::CallerOn;
use crate::api::errors::{invalid, of_refusal};
use crate::api::json::ok;
use crate::dns::models::DnsRefusal;
use crate::dns::models::record::{self, Batch, BatchFault, Batched, Changed, MOST_OPERATIONS};
use crate::http::{AppData, AppError};
use actix_web::HttpResponse;
use serde::Serialize;
use serde_json::{Map, Value, json};
use utoipa::ToSchema;

/// What was made, changed and deleted.
#[derive(Debug, Serialize, ToSchema)]
pub struct ZoneBatch {
    creates: Vec<ZoneRecord>,
    updates: Vec<ZoneRecord>,
    deletes: Vec<ZoneRecordNumber>,
}

/// A record, by its number.
#[derive(Debug, Serialize, ToSchema)]
pub struct ZoneRecordNumber {
    id: i64,
}

/// Does all of it, or nothing.
pub async fn run(caller: CallerOn<Zones, Full>, app: AppData, body: Body) -> Result<HttpResponse, AppError> {
    if !app
        .catalogue
        .plan(&caller.account.plan)
        .is_some_and(|plan| plan.flags.iter().any(|flag| flag == "batch"))
    {
        return Err(DnsRefusal::PlanWithoutBatches.into());
    }
    let batch = read(&mut body.fields().await?)?;
    let ids = batch.deletes.clone();
    let (zone, origin, guard) = (caller.resource.clone(), caller.origin(), caller.parts_guard());
    let work = move |conn: &mut _| record::run_batch(conn, &zone, &batch, &may(&guard), &origin);
    let of_zone = |records: Vec<_>| {
        records.into_iter().map(|one| ZoneRecord::of(&caller.resource, one)).collect::<Vec<_>>()
    };
    match app.db.transaction(work).await? {
        Batched::Done { creates, updates } => Ok(ok(ZoneBatch {
            creates: of_zone(creates),
            updates: of_zone(updates),
            deletes: ids.into_iter().map(|id| ZoneRecordNumber { id }).collect(),
        })),
        Batched::Refused(faults) => {
            Err(wrong(faults.into_iter().map(|fault| (fault.part, told_of(fault))).collect()))
        }
        Batched::NotAllowed(refusal) => Err(of_refusal(refusal, "Record", "")),
        Batched::NoZone => Err(gone(&caller.resource)),
    }
}

/// What is wrong with single changes: the part, and what is told of one.
type Wrong = Vec<(&'static str, Value)>;

fn read(fields: &mut Fields) -> Result<Batch, AppError> {
    let [deletes, updates, creates] =
        ["deletes", "updates", "creates"].map(|part| fields.list(part).unwrap_or_default());
    let count = deletes.len() + updates.len() + creates.len();
    if count > MOST_OPERATIONS {
        fields.refuse("base", &format!("holds {count} changes; {MOST_OPERATIONS} are the most at once"));
    }
    fields.done()?;
    let (mut batch, mut faults) = (Batch::default(), Wrong::new());
    batch.deletes = each("deletes", deletes, &mut faults, number);
    batch.updates = each("updates", updates, &mut faults, |one| Some((number(one)?, wanted(one))));
    batch.creates = each("creates", creates, &mut faults, |one| Some(wanted(one)));
    if faults.is_empty() { Ok(batch) } else { Err(wrong(faults)) }
}

fn each<T>(
    part: &'static str,
    items: Vec<Value>,
    faults: &mut Wrong,
    read: impl Fn(&mut Fields) -> Option<T>,
) -> Vec<T> {
    let mut all = Vec::new();
    for (index, item) in items.into_iter().enumerate() {
        let is_object = item.is_object();
        let mut fields = Fields::of(match item {
            Value::Object(map) => map,
            _ => Map::new(),
        });
        let found = read(&mut fields);
        if !is_object {
            faults.push((part, json!({ "index": index, "message": "is not an object", "errors": {} })));
        } else if fields.errors().is_empty() {
            all.extend(found);
        } else {
            faults.push((part, validation(index, json!(fields.errors()))));
        }
    }
    all
}

fn number(fields: &mut Fields) -> Option<i64> {
    let id = fields.integer("id");
    fields.required("id", id)
}

fn told_of(fault: BatchFault) -> Value {
    let BatchFault { index, why, .. } = fault;
    let message = match why {
        Changed::Refused(faults) => return validation(index, told(faults)),
        Changed::System => DnsRefusal::SystemRecord.facts().message.to_owned(),
        _ => format!("Record `{}` not found", fault.id.unwrap_or_default()),
    };
    json!({ "index": index, "message": message, "errors": {} })
}

fn validation(index: usize, errors: Value) -> Value {
    json!({ "index": index, "message": "Validation failed", "errors": errors })
}

fn wrong(faults: Wrong) -> AppError {
    let mut parts: Map<String, Value> = Map::new();
    for (part, fault) in faults {
        if let Value::Array(list) = parts.entry(part).or_insert_with(|| json!([])) {
            list.push(fault);
        }
    }
    invalid(Value::Object(parts))
}
