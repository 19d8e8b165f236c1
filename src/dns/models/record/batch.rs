//! Several changes of a zone's records at once: all of them, or none.

use super::change::{self, Changed, May};
use super::{Record, Wanted};
use crate::db::{Conn, DbError};
use crate::models::{Origin, Resource};
use crate::policy::Refusal;
use diesel::Connection;

/// At most so many changes in one batch: it holds the zone's lock while it lasts.
pub const MOST_OPERATIONS: usize = 200;

/// Changes, in the order in which they are done.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Batch {
    /// Done first: numbers of records.
    pub deletes: Vec<i64>,
    /// Done second: numbers of records, and what they are to be.
    pub updates: Vec<(i64, Wanted)>,
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
    /// Nothing was done: the call may not do it with one of the records.
    NotAllowed(Refusal),
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
    /// The record in question, where it is one that exists or should.
    pub id: Option<i64>,
    /// Why not.
    pub why: Changed,
}

/// Why the transaction is taken back.
enum Undone {
    Refused(Vec<BatchFault>),
    NotAllowed(Refusal),
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
pub fn run(
    conn: &mut Conn,
    zone: &Resource,
    batch: &Batch,
    may: May<'_>,
    origin: &Origin,
) -> Result<Batched, DbError> {
    let done = conn.transaction(|conn| {
        if !change::lock(conn, zone)? {
            return Ok(Batched::NoZone);
        }
        each(conn, zone, batch, may, origin)
    });
    match done {
        Ok(done) => Ok(done),
        Err(Undone::Refused(faults)) => Ok(Batched::Refused(faults)),
        Err(Undone::NotAllowed(refusal)) => Ok(Batched::NotAllowed(refusal)),
        Err(Undone::Failed(error)) => Err(error),
    }
}

fn each(
    conn: &mut Conn,
    zone: &Resource,
    batch: &Batch,
    may: May<'_>,
    origin: &Origin,
) -> Result<Batched, Undone> {
    let (mut faults, mut is_changed) = (Vec::new(), false);
    let mut noted = |part, index, id, changed| match changed {
        Changed::Done(record) => {
            is_changed = true;
            Ok(Some(record))
        }
        Changed::Same(record) => Ok(Some(record)),
        Changed::NotAllowed(refusal) => Err(Undone::NotAllowed(refusal)),
        why => {
            faults.push(BatchFault { part, index, id, why });
            Ok(None)
        }
    };
    for (index, id) in batch.deletes.iter().enumerate() {
        noted("deletes", index, Some(*id), change::remove(conn, zone, *id, may, origin)?)?;
    }
    let mut updates = Vec::new();
    for (index, (id, wanted)) in batch.updates.iter().enumerate() {
        updates.extend(noted(
            "updates",
            index,
            Some(*id),
            change::replace(conn, zone, *id, wanted, may, origin)?,
        )?);
    }
    let mut creates = Vec::new();
    for (index, wanted) in batch.creates.iter().enumerate() {
        creates.extend(noted("creates", index, None, change::insert(conn, zone, wanted, may, origin)?)?);
    }
    if !faults.is_empty() {
        return Err(Undone::Refused(faults));
    }
    if is_changed {
        change::new_serial(conn, zone, origin.now)?;
    }
    Ok(Batched::Done { creates, updates })
}
