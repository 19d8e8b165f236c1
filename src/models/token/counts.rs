//! How many live tokens an account has.

use super::Owner;
use super::live::live_of;
use crate::db::schema::tokens;
use crate::db::{Conn, DbError};
use crate::policy::AccountId;
use diesel::prelude::*;
use time::OffsetDateTime;

/// Numbers of live account tokens.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Counts {
    /// All of them.
    pub live: i64,
    /// Those without Everything.
    pub scoped: i64,
}

/// Those of an account.
pub fn of_account(conn: &mut Conn, account: AccountId, now: OffsetDateTime) -> Result<Counts, DbError> {
    let all = || tokens::table.filter(live_of(Owner::Account(account), now));
    Ok(Counts {
        live: all().count().get_result(conn)?,
        scoped: all().filter(tokens::full_access.eq(false)).count().get_result(conn)?,
    })
}
