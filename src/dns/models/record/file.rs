//! A zone as a master file (RFC 1035, section 5).

use super::{DEFAULT_TTL, Record, content};
use crate::db::{Conn, DbError};
use crate::dns::models::schema::records;
use crate::models::Resource;
use diesel::prelude::*;

/// The zone's records as text, the SOA first; none when the zone was deleted meanwhile.
pub fn of_zone(conn: &mut Conn, zone: &Resource) -> Result<Option<String>, DbError> {
    let all: Vec<Record> = records::table
        .filter(records::zone_id.eq(zone.id))
        // False comes before true.
        .order((records::record_type.ne("SOA"), records::name, records::record_type, records::id))
        .select(Record::as_select())
        .load(conn)?;
    if all.is_empty() {
        return Ok(None);
    }
    let lines: String = all.iter().map(line).collect();
    Ok(Some(format!("$ORIGIN {}.\n$TTL {DEFAULT_TTL}\n{lines}", zone.name)))
}

fn line(record: &Record) -> String {
    let name = if record.name.is_empty() { "@" } else { &record.name };
    let content = content::in_file(&record.record_type, &record.content, record.priority);
    // No server reads it, so it's written as a comment.
    let mark = if content::is_hosts_own(&record.record_type) { "; " } else { "" };
    format!("{mark}{name} {} IN {} {content}\n", record.ttl, record.record_type)
}
