//! Which tokens are live, neither deleted nor expired, in SQL. [`Token::has_ended`](super::Token::has_ended)
//! says it of a row.

use super::Owner;
use crate::db::schema::tokens;
use crate::policy::{AccountId, UserId};
use diesel::prelude::*;
use time::OffsetDateTime;

/// Tokens that have not ended.
#[diesel::dsl::auto_type]
pub(in crate::models) fn live(now: OffsetDateTime) -> _ {
    let lives = tokens::expires_at.is_null().or(tokens::expires_at.gt(now).assume_not_null());
    tokens::deleted_at.is_null().and(lives)
}

/// The owner's tokens that have not ended.
#[diesel::dsl::auto_type]
pub(in crate::models) fn live_of(owner: Owner, now: OffsetDateTime) -> _ {
    let (account, user): (Option<AccountId>, Option<UserId>) = (owner.account(), owner.user());
    // One of the two is NULL, and equal to nothing.
    let own = tokens::account_id.eq(account).or(tokens::user_id.eq(user)).assume_not_null();
    let lives: live = live(now);
    own.and(lives)
}
