//! Lists, as pages show them.

use super::Resource;
use super::rows::{Part, containing};
use crate::db::schema::resources;
use crate::db::{Conn, DbError};
use crate::policy::{AccountId, KindKey, ResourceId};
use diesel::prelude::*;
use time::OffsetDateTime;

/// The resource of the account with this kind and id.
pub fn one(
    conn: &mut Conn,
    account: AccountId,
    kind: KindKey,
    id: ResourceId,
) -> Result<Option<Resource>, DbError> {
    Ok(named(account, kind, containing(""))
        .filter(resources::id.eq(id))
        .select(Resource::as_select())
        .first(conn)
        .optional()?)
}

/// A resource in the product's list.
#[derive(Debug, Queryable, Selectable)]
#[diesel(table_name = resources)]
pub struct Listed {
    /// Its id.
    pub id: ResourceId,
    /// Its name.
    pub name: String,
    /// When it was added.
    pub created_at: OffsetDateTime,
}

/// The account's resources of a kind whose name contains the text, by name.
pub fn resources(
    conn: &mut Conn,
    account: AccountId,
    kind: KindKey,
    text: &str,
    page: i64,
) -> Result<Part<Listed>, DbError> {
    let matching = || {
        let of_kind = resources::account_id.eq(account).and(resources::kind.eq(kind.to_string()));
        let all = resources::table.filter(of_kind).into_boxed();
        // Without it, the index of names is enough to count them.
        if text.is_empty() { all } else { all.filter(resources::name.ilike(containing(text))) }
    };
    let counted = Resource::count_found(conn, &[account], kind, text)?;
    Part::load_counted(page, counted, |window| {
        Ok(matching()
            .order(resources::name)
            .offset(window.offset)
            .limit(window.limit)
            .select(Listed::as_select())
            .load(conn)?)
    })
}

/// The account's resources of a kind whose names fit the pattern.
#[diesel::dsl::auto_type]
pub(crate) fn named(account: AccountId, kind: KindKey, pattern: String) -> _ {
    let key: String = kind.to_string();
    resources::table
        .filter(resources::account_id.eq(account))
        .filter(resources::kind.eq(key))
        .filter(resources::name.like(pattern))
}
