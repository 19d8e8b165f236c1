//! Lists, as pages show them.

pub mod breaking;
pub mod members;
pub mod reaching;
pub mod site;

use super::rows::containing;
use super::{Resource, Window};
use crate::db::schema::resources;
use crate::db::{Conn, DbError};
use crate::policy::KindKey;
use diesel::prelude::*;

/// So many rows stand on a page.
pub const PER_PAGE: i64 = 50;

/// A page of a list.
#[derive(Debug)]
pub struct Part<T> {
    /// What stands on it.
    pub rows: Vec<T>,
    /// Its number; the first is 1.
    pub number: i64,
    /// Number of the last page.
    pub last: i64,
    /// How many rows there are on all pages.
    pub total: i64,
}

/// The resource of the account with this kind and id.
pub fn one(conn: &mut Conn, account: i64, kind: KindKey, id: i64) -> Result<Option<Resource>, DbError> {
    Ok(named(account, kind, containing(""))
        .filter(resources::id.eq(id))
        .select(Resource::as_select())
        .first(conn)
        .optional()?)
}

impl<T> Part<T> {
    /// Loads the page with this number, or the last one where there are not so many.
    pub fn load(
        number: i64,
        total: i64,
        rows: impl FnOnce(Window) -> Result<Vec<T>, DbError>,
    ) -> Result<Part<T>, DbError> {
        let last = ((total + PER_PAGE - 1) / PER_PAGE).max(1);
        let number = number.clamp(1, last);
        let rows = rows(Window { offset: (number - 1) * PER_PAGE, limit: PER_PAGE })?;
        Ok(Part { rows, number, last, total })
    }
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
