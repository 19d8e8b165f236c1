//! Tokens that end while the database has no space: at once, by what needs none. The rest is owed,
//! and written when there's room.

use super::live::live_of;
use super::revoke::{End, end, lock};
use super::{DeletionReason, Owner, Token};
use crate::db::schema::{live_tokens, tokens};
use crate::db::{Conn, DbError};
use crate::models::audit::Origin;
use crate::policy::TokenId;
use diesel::connection::SimpleConnection;
use diesel::dsl::exists;
use diesel::prelude::*;

/// Which tokens end.
#[derive(Debug, Clone)]
pub enum Which {
    /// All of an owner's that are live.
    All(Owner),
    /// These of an owner.
    Of(Owner, Vec<TokenId>),
    /// These, of any owner.
    These(Vec<TokenId>),
}

/// An ending as it was asked for.
#[derive(Debug, Clone)]
pub struct Ending {
    /// Which tokens.
    pub which: Which,
    /// Why.
    pub why: DeletionReason,
    /// What its owner reads of it.
    pub note: Option<String>,
    /// Who, when and from where.
    pub origin: Origin,
}

impl Ending {
    /// Ends the tokens and nothing else; answers which ended now.
    pub fn at_once(&self, conn: &mut Conn) -> Result<Vec<TokenId>, DbError> {
        // A join that spills would need a file.
        conn.batch_execute("SET LOCAL enable_hashjoin = off; SET LOCAL enable_mergejoin = off")?;
        let now = self.origin.now;
        Ok(match &self.which {
            Which::All(owner) => {
                // The lock that making one takes: none is made meanwhile.
                lock(conn, *owner)?;
                let theirs =
                    tokens::table.filter(live_of(*owner, now)).filter(tokens::id.eq(live_tokens::token_id));
                let rows = live_tokens::table.filter(exists(theirs));
                diesel::delete(rows).returning(live_tokens::token_id).get_results(conn)?
            }
            Which::Of(owner, ids) => {
                let theirs = tokens::table.filter(live_of(*owner, now)).filter(tokens::id.eq_any(ids));
                let theirs: Vec<TokenId> = theirs.select(tokens::id).load(conn)?;
                delete(conn, &theirs)?
            }
            Which::These(ids) => delete(conn, ids)?,
        })
    }
}

fn delete(conn: &mut Conn, ids: &[TokenId]) -> Result<Vec<TokenId>, DbError> {
    let rows = live_tokens::table.filter(live_tokens::token_id.eq_any(ids));
    Ok(diesel::delete(rows).returning(live_tokens::token_id).get_results(conn)?)
}

/// An ending that the audit log, the lists and the mail don't know of yet.
#[derive(Debug, Clone)]
pub struct Owed {
    /// The tokens that ended.
    pub ids: Vec<TokenId>,
    /// How they did.
    pub ending: Ending,
}

impl Owed {
    /// Writes what is owed, as it would have been written then.
    pub fn write(&self, conn: &mut Conn) -> Result<(), DbError> {
        let Ending { which, why, note, origin } = &self.ending;
        if let Which::All(owner) = which {
            let ending = End { why: *why, note: note.as_deref(), only: Some(&self.ids) };
            end(conn, *owner, &ending, origin)?;
            return Ok(());
        }
        let mut ids = self.ids.clone();
        // In the order in which others take them.
        ids.sort_unstable();
        for id in ids {
            if let Some(token) = Token::itself(conn, id)? {
                token.delete_with(conn, *why, note.as_deref(), origin)?;
            }
        }
        Ok(())
    }
}

/// Tokens that ended so, and that a process which is gone owed the rest of: nobody knows who
/// ended them.
pub fn orphaned(conn: &mut Conn, origin: &Origin) -> Result<usize, DbError> {
    const AT_ONCE: i64 = 1_000;
    let lives = live_tokens::table.filter(live_tokens::token_id.eq(tokens::id));
    let orphans: Vec<Token> = tokens::table
        .filter(tokens::deleted_at.is_null())
        .filter(diesel::dsl::not(exists(lives)))
        .order(tokens::id)
        .limit(AT_ONCE)
        .select(Token::as_select())
        .for_no_key_update()
        .load(conn)?;
    for token in &orphans {
        token.delete(conn, DeletionReason::Person, origin)?;
    }
    Ok(orphans.len())
}
