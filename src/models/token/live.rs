//! The secrets of a token that work: one, or two while a roll overlaps.

use super::Token;
use super::usage::{self, LastUse};
use crate::db::schema::token_secrets;
use crate::db::{Conn, DbError};
use diesel::prelude::*;
use time::OffsetDateTime;

/// A secret that works, as far as the token does.
#[derive(Debug, Clone)]
pub struct LiveSecret {
    /// Its number.
    pub id: i64,
    /// Prefix and last four characters.
    pub hint: String,
    /// When it was made.
    pub created_at: OffsetDateTime,
    /// Until when it works.
    pub ends: Ends,
    /// Whether it came by a roll, and no call has used it for more than to ask what it is.
    pub awaits_first_use: bool,
    /// When and from where it was last used.
    pub last_use: Option<LastUse>,
}

/// Until when a secret works.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Ends {
    /// As long as the token.
    WithToken,
    /// Up to this instant.
    At(OffsetDateTime),
    /// Until the newer one is first used.
    AtFirstUse,
}

#[derive(Queryable, Selectable)]
#[diesel(table_name = token_secrets)]
pub(super) struct LiveRow {
    pub(super) id: i64,
    pub(super) hint: String,
    created_at: OffsetDateTime,
    ends_when_successor_used: bool,
    rolled: bool,
    ends_at: Option<OffsetDateTime>,
    first_used_at: Option<OffsetDateTime>,
}

impl LiveRow {
    /// Whether it came by a roll and was never used.
    pub(super) fn awaits_first_use(&self) -> bool {
        self.rolled && self.first_used_at.is_none()
    }

    /// Until when it works.
    pub(super) fn ends(&self) -> Ends {
        match self.ends_at {
            Some(at) => Ends::At(at),
            None if self.ends_when_successor_used => Ends::AtFirstUse,
            None => Ends::WithToken,
        }
    }
}

impl Token {
    /// Its secrets that work, the oldest first.
    pub fn secrets(&self, conn: &mut Conn, now: OffsetDateTime) -> Result<Vec<LiveSecret>, DbError> {
        let rows = rows(conn, self.id, now)?;
        let ids: Vec<i64> = rows.iter().map(|row| row.id).collect();
        let mut uses = usage::of_secrets(conn, &ids)?;
        Ok(rows
            .into_iter()
            .map(|row| LiveSecret {
                id: row.id,
                ends: row.ends(),
                awaits_first_use: row.awaits_first_use(),
                last_use: uses.remove(&row.id),
                hint: row.hint,
                created_at: row.created_at,
            })
            .collect())
    }
}

/// The secrets of a token that work, the oldest first.
pub(super) fn rows(conn: &mut Conn, token: i64, now: OffsetDateTime) -> Result<Vec<LiveRow>, DbError> {
    Ok(token_secrets::table
        .filter(token_secrets::token_id.eq(token).and(token_secrets::ended_at.is_null()))
        .filter(token_secrets::ends_at.is_null().or(token_secrets::ends_at.gt(now)))
        .order(token_secrets::id)
        .select(LiveRow::as_select())
        .load(conn)?)
}
