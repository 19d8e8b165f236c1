//! Records put into a zone that has none of its own yet.

use super::change::{lock, new_serial};
use super::{Record, Wanted};
use crate::db::{Conn, DbError};
use crate::dns::models::schema::records;
use crate::models::{Origin, Resource};
use diesel::prelude::*;

impl Record {
    /// Adds these to a zone that has its system records only; says how many were added. They are
    /// checked by themselves, and not against each other; the caller writes the line of the record.
    pub fn fill(
        conn: &mut Conn,
        zone: &Resource,
        wanted: &[Wanted],
        origin: &Origin,
    ) -> Result<usize, DbError> {
        let own = records::table.filter(records::zone_id.eq(zone.id).and(records::system_record.eq(false)));
        if !lock(conn, zone)? || own.count().get_result::<i64>(conn)? > 0 {
            return Ok(0);
        }
        let checked: Vec<_> = wanted.iter().filter_map(|one| one.checked(&zone.name).ok()).collect();
        let rows: Vec<_> = checked
            .iter()
            .map(|one| {
                let (made, changed) =
                    (records::created_at.eq(origin.now), records::updated_at.eq(origin.now));
                (records::zone_id.eq(zone.id), one, made, changed)
            })
            .collect();
        let added = diesel::insert_into(records::table).values(rows).execute(conn)?;
        new_serial(conn, zone, origin.now)?;
        Ok(added)
    }
}
