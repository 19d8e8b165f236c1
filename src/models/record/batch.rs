//! Several changes of a zone's records at once: all of them, or none.

use super::change::{self, Changed};
use super::{Faults, Record, Wanted};
use crate::db::{Conn, DbError};
use crate::models::{Origin, Resource};
use diesel::Connection;

/// At most so many changes in one batch: it holds the zone's lock while it lasts.
pub const MOST_OPERATIONS: usize = 200;

/// Changes, in the order in which they are done. What is to be changed or deleted is the record
/// that the caller decided about; none where there is no such record.
#[derive(Debug, Clone, Default)]
pub struct Batch {
    /// Done first.
    pub deletes: Vec<Option<Record>>,
    /// Done second.
    pub updates: Vec<(Option<Record>, Wanted)>,
    /// Done last.
    pub creates: Vec<Wanted>,
}

/// What became of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Batched {
    /// All was done; these are the records that were made, and those that were changed.
    Done {
        /// In the order of the call.
        creates: Vec<Record>,
        /// In the order of the call.
        updates: Vec<Record>,
    },
    /// Nothing was done, because of these.
    Refused(Vec<BatchFault>),
    /// The zone was deleted meanwhile.
    NoZone,
}

/// A change that could not be done.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BatchFault {
    /// `creates`, `updates` or `deletes`.
    pub part: &'static str,
    /// Which of the part, from 0.
    pub index: usize,
    /// Why not.
    pub why: Changed,
}

/// Why the transaction is taken back.
enum Undone {
    Refused(Vec<BatchFault>),
    Failed(DbError),
}

impl From<diesel::result::Error> for Undone {
    fn from(error: diesel::result::Error) -> Undone {
        Undone::Failed(error.into())
    }
}

impl From<DbError> for Undone {
    fn from(error: DbError) -> Undone {
        Undone::Failed(error)
    }
}

/// Does all of it, or nothing.
pub fn run(conn: &mut Conn, zone: &Resource, batch: &Batch, origin: &Origin) -> Result<Batched, DbError> {
    let done = conn.transaction(|conn| {
        if !change::lock(conn, zone)? {
            return Ok(Batched::NoZone);
        }
        let mut faults = Vec::new();
        let done = each(conn, zone, batch, origin, &mut faults)?;
        if !faults.is_empty() {
            return Err(Undone::Refused(faults));
        }
        change::new_serial(conn, zone, origin.now)?;
        Ok(done)
    });
    match done {
        Ok(done) => Ok(done),
        Err(Undone::Refused(faults)) => Ok(Batched::Refused(faults)),
        Err(Undone::Failed(error)) => Err(error),
    }
}

fn each(
    conn: &mut Conn,
    zone: &Resource,
    batch: &Batch,
    origin: &Origin,
    faults: &mut Vec<BatchFault>,
) -> Result<Batched, DbError> {
    let mut note = |part, index, changed| match changed {
        Changed::Done(record) => Some(record),
        why => {
            faults.push(BatchFault { part, index, why });
            None
        }
    };
    for (index, seen) in batch.deletes.iter().enumerate() {
        let changed = match seen {
            Some(seen) => change::remove(conn, zone, seen, origin)?,
            None => Changed::NoRecord,
        };
        note("deletes", index, changed);
    }
    let mut updates = Vec::new();
    for (index, (seen, wanted)) in batch.updates.iter().enumerate() {
        let changed = match seen {
            Some(seen) => change::replace(conn, zone, seen, wanted, origin)?,
            None => Changed::NoRecord,
        };
        updates.extend(note("updates", index, changed));
    }
    let mut creates = Vec::new();
    for (index, wanted) in batch.creates.iter().enumerate() {
        creates.extend(note("creates", index, change::insert(conn, zone, wanted, origin)?));
    }
    Ok(Batched::Done { creates, updates })
}
