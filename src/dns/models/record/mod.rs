//! DNS records: looked up here, checked and changed in their own files. Nothing serves them.

mod asked;
mod batch;
pub mod change;
mod content;
mod draft;
mod file;
mod fill;
mod list;
mod name;
mod neighbours;
mod text;
mod words;

pub use asked::{Records, narrowed};
pub use batch::{Batch, BatchFault, Batched, MOST_OPERATIONS, run as run_batch};
pub use change::{Changed, May};
pub use content::TYPES;
pub use draft::{Checked, DEFAULT_TTL, Faults, GLOBAL, REGIONS, Wanted};
pub use file::of_zone as file_of_zone;
pub use list::{Filter, SORTED_BY};

use crate::db::{Conn, DbError};
use crate::dns::models::action::{DnsAction, Event};
use crate::dns::models::schema::records;
use crate::models::Resource;
use diesel::prelude::*;
use serde_json::{Value, json};
use time::OffsetDateTime;

/// A DNS record.
#[derive(Debug, Clone, PartialEq, Eq, Queryable, Selectable)]
pub struct Record {
    /// Its number.
    pub id: i64,
    /// Its name, relative to the zone; empty at the apex.
    pub name: String,
    /// Its type, in capitals.
    pub record_type: String,
    /// Its content, without the priority.
    pub content: String,
    /// How long answers may be kept, in seconds.
    pub ttl: i32,
    /// The priority of a server, for MX and SRV.
    pub priority: Option<i32>,
    /// From where it is answered.
    pub regions: Vec<String>,
    /// Whether it belongs to the zone and stays.
    pub system_record: bool,
    /// When it was made.
    pub created_at: OffsetDateTime,
    /// When it was last changed.
    pub updated_at: OffsetDateTime,
}

impl Record {
    /// The zone's record with this number.
    pub fn find(conn: &mut Conn, zone: &Resource, id: i64) -> Result<Option<Record>, DbError> {
        Ok(records::table
            .filter(records::zone_id.eq(zone.id).and(records::id.eq(id)))
            .select(Record::as_select())
            .first(conn)
            .optional()?)
    }

    /// Its name, the zone's included.
    pub fn full_name(&self, zone: &Resource) -> String {
        match self.name.as_str() {
            "" => zone.name.clone(),
            name => format!("{name}.{}", zone.name),
        }
    }

    /// What of it can be changed.
    fn checked(&self) -> Checked {
        Checked {
            name: self.name.clone(),
            record_type: self.record_type.clone(),
            content: self.content.clone(),
            ttl: self.ttl,
            priority: self.priority,
            regions: self.regions.clone(),
        }
    }

    /// As the record of changes tells it.
    fn told(&self) -> Value {
        json!({
            "name": self.name,
            "type": self.record_type,
            "content": self.content,
            "ttl": self.ttl,
            "priority": self.priority,
            "regions": self.regions,
        })
    }
}

fn event<'a>(
    zone: &Resource,
    action: DnsAction,
    record: &Record,
    name: &'a str,
    before: Option<Value>,
    after: Option<Value>,
) -> Event<'a> {
    Event {
        account: Some(zone.account_id),
        user: None,
        action,
        object: ("record", Some(record.id), name),
        before,
        after,
    }
}
