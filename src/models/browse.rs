//! Lists, as pages show them.

use super::Resource;
use super::rows::containing;
use crate::db::schema::resources;
use crate::db::{Conn, DbError};
use crate::policy::KindKey;
use diesel::prelude::*;

/// The resource of the account with this kind and id.
pub fn one(conn: &mut Conn, account: i64, kind: KindKey, id: i64) -> Result<Option<Resource>, DbError> {
    Ok(named(account, kind, containing(""))
        .filter(resources::id.eq(id))
        .select(Resource::as_select())
        .first(conn)
        .optional()?)
}

/// The account's resources of a kind whose names fit the pattern.
#[diesel::dsl::auto_type]
pub(crate) fn named(account: i64, kind: KindKey, pattern: String) -> _ {
    let key: String = kind.to_string();
    resources::table
        .filter(resources::account_id.eq(account))
        .filter(resources::kind.eq(key))
        .filter(resources::name.like(pattern))
}
