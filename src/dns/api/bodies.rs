//! What calls about domains, zones and records send, for the description of the API. Bodies are
//! read field by field, so that each field can say what is wrong with it.

#![allow(dead_code, reason = "they are described, not made")]

use super::batch::ZoneRecordNumber;
use utoipa::ToSchema;

/// A record to be created.
#[derive(Debug, ToSchema)]
pub struct NewZoneRecord {
    /// Relative to the zone. Empty or left out: the apex.
    name: Option<String>,
    #[schema(rename = "type")]
    record_type: String,
    content: String,
    /// In seconds; 3600 unless given.
    ttl: Option<i32>,
    /// For MX and SRV; 0 unless given.
    priority: Option<u16>,
    /// Either `global` or codes of regions.
    regions: Option<Vec<String>>,
}

/// What of a record is to change; what is null or absent stays.
#[derive(Debug, ToSchema)]
pub struct ZoneRecordChange {
    name: Option<String>,
    content: Option<String>,
    ttl: Option<i32>,
    priority: Option<u16>,
    regions: Option<Vec<String>>,
}

/// Changes, done in this order: deletes, updates, creates.
#[derive(Debug, ToSchema)]
pub struct NewZoneBatch {
    deletes: Option<Vec<ZoneRecordNumber>>,
    updates: Option<Vec<NumberedZoneRecordChange>>,
    creates: Option<Vec<NewZoneRecord>>,
}

/// What of which record is to change.
#[derive(Debug, ToSchema)]
pub struct NumberedZoneRecordChange {
    id: i64,
    name: Option<String>,
    content: Option<String>,
    ttl: Option<i32>,
    priority: Option<u16>,
    regions: Option<Vec<String>>,
}

/// A domain to be added.
#[derive(Debug, ToSchema)]
pub struct NewDomain {
    name: String,
}
