//! The secrets of a token that work: one, or two while a roll overlaps.

use super::Token;
use super::usage::{self, LastUse};
use crate::db::schema::token_secrets;
use crate::db::{Conn, DbError};
use crate::policy::{SecretId, TokenId};
use diesel::prelude::*;
use time::OffsetDateTime;

/// A secret that works, as far as the token does.
#[derive(Debug, Clone)]
pub struct LiveSecret {
    /// Its number.
    pub id: SecretId,
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

impl Ends {
    /// The same for a token with this end.
    fn no_later_than(self, end: Option<OffsetDateTime>) -> Ends {
        match (self, end) {
            (Ends::At(at), Some(end)) => Ends::At(at.min(end)),
            (ends, _) => ends,
        }
    }
}

/// A secret that works, as far as a decision about it depends on how it was shown.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ShownSecret {
    /// Its number.
    pub id: SecretId,
    /// Whether it awaited its first use.
    pub awaits_first_use: bool,
}

#[derive(Queryable, Selectable)]
#[diesel(table_name = token_secrets)]
pub(super) struct LiveRow {
    pub(super) id: SecretId,
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
        let ids: Vec<SecretId> = rows.iter().map(|row| row.id).collect();
        let mut uses = usage::of_secrets(conn, &ids)?;
        Ok(rows
            .into_iter()
            .map(|row| LiveSecret {
                id: row.id,
                ends: row.ends().no_later_than(self.expires_at),
                awaits_first_use: row.awaits_first_use(),
                last_use: uses.remove(&row.id),
                hint: row.hint,
                created_at: row.created_at,
            })
            .collect())
    }
}

/// What a page would show of them.
pub(super) fn as_shown(rows: &[LiveRow]) -> Vec<ShownSecret> {
    rows.iter().map(|row| ShownSecret { id: row.id, awaits_first_use: row.awaits_first_use() }).collect()
}

/// The secrets that nobody has ended, the oldest first, also those whose time is up by this node's
/// clock: another node's may run behind.
pub(super) fn not_ended(conn: &mut Conn, token: TokenId) -> Result<Vec<LiveRow>, DbError> {
    Ok(token_secrets::table
        .filter(token_secrets::token_id.eq(token).and(token_secrets::ended_at.is_null()))
        .order(token_secrets::id)
        .select(LiveRow::as_select())
        .load(conn)?)
}

/// The secrets of a token that work, the oldest first.
pub(super) fn rows(conn: &mut Conn, token: TokenId, now: OffsetDateTime) -> Result<Vec<LiveRow>, DbError> {
    let mut rows = not_ended(conn, token)?;
    rows.retain(|row| row.ends_at.is_none_or(|end| end > now));
    Ok(rows)
}
