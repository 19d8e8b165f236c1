//! Records made, changed and deleted, one at a time. Each function locks the zone first, so that
//! what stands beside a record is what stood there when it was looked at, and so that a record is
//! still what it was when the call was decided about.

use super::Records;
use super::{Faults, Record, Wanted, event, neighbours};
use crate::db::schema::resources;
use crate::db::{Conn, DbError};
use crate::dns::models::DnsAction;
use crate::dns::models::bounds::MOST_RECORDS;
use crate::dns::models::schema::{records, zones};
use crate::models::Resource;
use crate::models::audit::{self, Origin};
use crate::policy::Refusal;
use diesel::prelude::*;
use time::OffsetDateTime;

/// Decides whether the call may go on with a record.
pub type May<'a> = &'a dyn Fn(Records<'_>) -> Result<(), Refusal>;

/// What became of a change.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Changed {
    /// It was done; this is the record, as it is or last was.
    Done(Record),
    /// The record is like that already: nothing was written, and the serial stays.
    Same(Record),
    /// The call may not do it with this record.
    NotAllowed(Refusal),
    /// It cannot be kept so.
    Refused(Faults),
    /// SOA and NS at the apex belong to the zone and stay.
    System,
    /// The zone has no such record, or none that the call may know of.
    NoRecord,
    /// The zone was deleted meanwhile.
    NoZone,
}

/// Adds a record to the zone.
pub fn create(
    conn: &mut Conn,
    zone: &Resource,
    wanted: &Wanted,
    may: May<'_>,
    origin: &Origin,
) -> Result<Changed, DbError> {
    in_zone(conn, zone, origin.now, |conn| insert(conn, zone, wanted, may, origin))
}

/// Changes a record: what is wanted, and the rest as it was.
pub fn update(
    conn: &mut Conn,
    zone: &Resource,
    id: i64,
    wanted: &Wanted,
    may: May<'_>,
    origin: &Origin,
) -> Result<Changed, DbError> {
    in_zone(conn, zone, origin.now, |conn| replace(conn, zone, id, wanted, may, origin))
}

/// Deletes a record.
pub fn delete(
    conn: &mut Conn,
    zone: &Resource,
    id: i64,
    may: May<'_>,
    origin: &Origin,
) -> Result<Changed, DbError> {
    in_zone(conn, zone, origin.now, |conn| remove(conn, zone, id, may, origin))
}

fn in_zone(
    conn: &mut Conn,
    zone: &Resource,
    now: OffsetDateTime,
    change: impl FnOnce(&mut Conn) -> Result<Changed, DbError>,
) -> Result<Changed, DbError> {
    if !lock(conn, zone)? {
        return Ok(Changed::NoZone);
    }
    let changed = change(conn)?;
    if matches!(changed, Changed::Done(_)) {
        new_serial(conn, zone, now)?;
    }
    Ok(changed)
}

/// Locks the zone against every other change of its records; says whether it is there.
pub(super) fn lock(conn: &mut Conn, zone: &Resource) -> Result<bool, DbError> {
    let found: Option<i64> =
        resources::table.find(zone.id).select(resources::id).for_no_key_update().first(conn).optional()?;
    Ok(found.is_some())
}

pub(super) fn insert(
    conn: &mut Conn,
    zone: &Resource,
    wanted: &Wanted,
    may: May<'_>,
    origin: &Origin,
) -> Result<Changed, DbError> {
    if let Some((name, record_type)) = wanted.key()
        && let Err(refusal) = may(Records::New(&name, &record_type))
    {
        return Ok(Changed::NotAllowed(refusal));
    }
    let checked = match wanted.checked(&zone.name) {
        Ok(checked) => checked,
        Err(faults) => return Ok(Changed::Refused(faults)),
    };
    if let Some(faults) = neighbours::refused(&checked, &beside(conn, zone, &checked.name, None)?) {
        return Ok(Changed::Refused(faults));
    }
    let there: i64 = records::table.filter(records::zone_id.eq(zone.id)).count().get_result(conn)?;
    if there >= MOST_RECORDS {
        return Ok(Changed::Refused(vec![(
            "base",
            format!("zone has {MOST_RECORDS} records, which are the most"),
        )]));
    }
    let record: Record = diesel::insert_into(records::table)
        .values((
            records::zone_id.eq(zone.id),
            &checked,
            records::created_at.eq(origin.now),
            records::updated_at.eq(origin.now),
        ))
        .returning(Record::as_returning())
        .get_result(conn)?;
    let name = record.full_name(zone);
    audit::record(
        conn,
        origin,
        &event(zone, DnsAction::RecordCreated, &record, &name, None, Some(record.told())),
    )?;
    Ok(Changed::Done(record))
}

pub(super) fn replace(
    conn: &mut Conn,
    zone: &Resource,
    id: i64,
    wanted: &Wanted,
    may: May<'_>,
    origin: &Origin,
) -> Result<Changed, DbError> {
    let record = match existing(conn, zone, id, wanted.name.as_deref(), may)? {
        Ok(record) => record,
        Err(changed) => return Ok(changed),
    };
    let other_type = |other: &String| !other.eq_ignore_ascii_case(&record.record_type);
    if wanted.record_type.as_ref().is_some_and(other_type) {
        return Ok(Changed::Refused(vec![("type", "cannot be changed".to_owned())]));
    }
    let checked = match wanted.filled_from(&record).checked(&zone.name) {
        Ok(checked) => checked,
        Err(faults) => return Ok(Changed::Refused(faults)),
    };
    if checked == record.checked() {
        return Ok(Changed::Same(record));
    }
    if let Some(faults) = neighbours::refused(&checked, &beside(conn, zone, &checked.name, Some(id))?) {
        return Ok(Changed::Refused(faults));
    }
    let after: Record = diesel::update(records::table.find(id))
        .set((&checked, records::updated_at.eq(origin.now)))
        .returning(Record::as_returning())
        .get_result(conn)?;
    let (before, told, name) = (Some(record.told()), Some(after.told()), after.full_name(zone));
    audit::record(conn, origin, &event(zone, DnsAction::RecordUpdated, &after, &name, before, told))?;
    Ok(Changed::Done(after))
}

pub(super) fn remove(
    conn: &mut Conn,
    zone: &Resource,
    id: i64,
    may: May<'_>,
    origin: &Origin,
) -> Result<Changed, DbError> {
    let record = match existing(conn, zone, id, None, may)? {
        Ok(record) => record,
        Err(changed) => return Ok(changed),
    };
    diesel::delete(records::table.find(id)).execute(conn)?;
    let name = record.full_name(zone);
    audit::record(
        conn,
        origin,
        &event(zone, DnsAction::RecordDeleted, &record, &name, Some(record.told()), None),
    )?;
    Ok(Changed::Done(record))
}

/// The record under the lock, if the call may change it, and give it this name.
fn existing(
    conn: &mut Conn,
    zone: &Resource,
    id: i64,
    renamed: Option<&str>,
    may: May<'_>,
) -> Result<Result<Record, Changed>, DbError> {
    let Some(record) = Record::find(conn, zone, id)? else { return Ok(Err(Changed::NoRecord)) };
    let to_be = Wanted { name: renamed.map(str::to_owned), ..Wanted::default() }.filled_from(&record).key();
    let allowed = may(Records::Existing(&record.name, &record.record_type)).and_then(|()| match &to_be {
        Some((name, _)) if *name == record.name => Ok(()),
        Some((name, record_type)) => may(Records::New(name, record_type)),
        None => Ok(()),
    });
    Ok(match allowed {
        Err(Refusal::PartNotFound) => Err(Changed::NoRecord),
        Err(refusal) => Err(Changed::NotAllowed(refusal)),
        Ok(()) if record.system_record => Err(Changed::System),
        Ok(()) => Ok(record),
    })
}

/// The zone's records of this name, but for one.
fn beside(conn: &mut Conn, zone: &Resource, name: &str, but: Option<i64>) -> Result<Vec<Record>, DbError> {
    Ok(records::table
        .filter(records::zone_id.eq(zone.id).and(records::name.eq(name)))
        .filter(records::id.ne(but.unwrap_or_default()))
        .order(records::id)
        .select(Record::as_select())
        .load(conn)?)
}

/// Moves the zone's serial on: to the second of the change, or past the one before.
pub(super) fn new_serial(conn: &mut Conn, zone: &Resource, now: OffsetDateTime) -> Result<(), DbError> {
    let soa: Option<(i64, String)> = records::table
        .filter(records::zone_id.eq(zone.id).and(records::record_type.eq("SOA")))
        .select((records::id, records::content))
        .first(conn)
        .optional()?;
    if let Some((id, content)) = soa {
        diesel::update(records::table.find(id))
            .set((records::content.eq(after(&content, now)), records::updated_at.eq(now)))
            .execute(conn)?;
    }
    diesel::update(zones::table.find(zone.id)).set(zones::updated_at.eq(now)).execute(conn)?;
    Ok(())
}

/// The SOA with a later serial. It has 32 bits, and starts again at their end (RFC 1982).
fn after(soa: &str, now: OffsetDateTime) -> String {
    let mut parts: Vec<String> = soa.split(' ').map(str::to_owned).collect();
    if let Some(serial) = parts.get_mut(2) {
        let before: u32 = serial.parse().unwrap_or_default();
        let second = u32::try_from(now.unix_timestamp()).unwrap_or_default();
        *serial = if second > before { second } else { before.wrapping_add(1) }.to_string();
    }
    parts.join(" ")
}

#[cfg(test)]
mod tests {
    use super::*;
    use time::macros::datetime;

    #[test]
    fn the_serial_is_the_second_of_the_change_and_never_the_one_before() {
        let now = datetime!(2026-11-22 12:00 UTC);
        let at = now.unix_timestamp();
        assert_eq!(after("a b 7 1 2 3 4", now), format!("a b {at} 1 2 3 4"));
        assert_eq!(after(&format!("a b {at} 1 2 3 4"), now), format!("a b {} 1 2 3 4", at + 1));
        assert_eq!(after(&format!("a b {} 1", at + 9), now), format!("a b {} 1", at + 10));
        assert_eq!(after(&format!("a b {} 1", u32::MAX), now), "a b 0 1");
    }
}
