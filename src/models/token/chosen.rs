//! Several tokens that somebody has chosen: what they are, and their end together.

use super::described::described;
use super::list::Listed;
use super::{DeletionReason, Owner, Token};
use crate::db::schema::tokens;
use crate::db::{Conn, DbError};
use crate::models::audit::Origin;
use crate::policy::{AccountId, TokenId, UserId};
use diesel::prelude::*;

/// At most so many are deleted together.
pub const MOST_CHOSEN: usize = 100;

/// What became of chosen tokens.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Deleted {
    /// So many ended now.
    pub now: usize,
    /// So many had ended before.
    pub before: usize,
}

/// Those of these tokens that are the owner's, ended ones included, in the order of their numbers.
pub fn of_owner(conn: &mut Conn, owner: Owner, ids: &[TokenId]) -> Result<Vec<Listed>, DbError> {
    let found = all(owner, ids).select(Token::as_select()).load(conn)?;
    described(conn, found)
}

/// Deletes them, each with its own line of the record, so that each is found by its token: there
/// are few of them. Those that have ended, whoever ended them, stay as they are.
pub fn delete(conn: &mut Conn, owner: Owner, ids: &[TokenId], origin: &Origin) -> Result<Deleted, DbError> {
    // In the order in which Revoke all takes them, and refused calls are counted: none waits for another.
    let found: Vec<Token> = all(owner, ids).select(Token::as_select()).for_no_key_update().load(conn)?;
    let mut deleted = Deleted { now: 0, before: 0 };
    for token in found {
        if !token.has_ended(origin.now) && token.delete(conn, DeletionReason::Person, origin)? {
            deleted.now += 1;
        } else {
            deleted.before += 1;
        }
    }
    Ok(deleted)
}

#[diesel::dsl::auto_type(no_type_alias)]
fn all<'a>(owner: Owner, ids: &'a [TokenId]) -> _ {
    let (account, user): (Option<AccountId>, Option<UserId>) = (owner.account(), owner.user());
    // One of the two is NULL, and equal to nothing.
    let own = tokens::account_id.eq(account).or(tokens::user_id.eq(user)).assume_not_null();
    tokens::table.filter(tokens::id.eq_any(ids)).filter(own).order(tokens::id)
}
