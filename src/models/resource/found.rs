//! What forms choose from: resources of one account, or of all accounts of a person.

use super::Resource;
use crate::db::schema::resources;
use crate::db::{Conn, DbError};
use crate::models::rows::containing;
use crate::policy::{AccountId, KindKey, ResourceId};
use diesel::pg::Pg;
use diesel::prelude::*;

/// As many are counted for a form or a list; a larger account is not looked through for it.
pub const MOST_COUNTED: i64 = 1_000;

impl Resource {
    /// Resources of a kind in these accounts whose name contains the text, by name.
    pub fn search(
        conn: &mut Conn,
        accounts: &[AccountId],
        kind: KindKey,
        text: &str,
        most: i64,
    ) -> Result<Vec<Resource>, DbError> {
        Ok(within(accounts, kind)
            .filter(resources::name.ilike(containing(text)))
            .order((resources::name, resources::account_id))
            .limit(most)
            .select(Resource::as_select())
            .load(conn)?)
    }

    /// How many resources of a kind in these accounts have the text in their name, up to
    /// [`MOST_COUNTED`] and one.
    pub fn count_found(
        conn: &mut Conn,
        accounts: &[AccountId],
        kind: KindKey,
        text: &str,
    ) -> Result<i64, DbError> {
        let all = within(accounts, kind);
        // Without it, the index of names is enough to count them.
        let all = if text.is_empty() { all } else { all.filter(resources::name.ilike(containing(text))) };
        let found: Vec<ResourceId> = all.select(resources::id).limit(MOST_COUNTED + 1).load(conn)?;
        i64::try_from(found.len()).map_err(|_| DbError::Corrupt("a count of resources".to_owned()))
    }

    /// The resources of these accounts among these ids, by name.
    pub fn of_ids(
        conn: &mut Conn,
        accounts: &[AccountId],
        ids: &[ResourceId],
    ) -> Result<Vec<Resource>, DbError> {
        Ok(resources::table
            .filter(resources::account_id.eq_any(accounts).and(resources::id.eq_any(ids)))
            .order((resources::name, resources::account_id))
            .select(Resource::as_select())
            .load(conn)?)
    }

    /// The resources of a kind in these accounts with one of these names, by name.
    pub fn of_names(
        conn: &mut Conn,
        accounts: &[AccountId],
        kind: KindKey,
        names: &[String],
    ) -> Result<Vec<Resource>, DbError> {
        Ok(within(accounts, kind)
            .filter(resources::name.eq_any(names))
            .order((resources::name, resources::account_id))
            .select(Resource::as_select())
            .load(conn)?)
    }
}

fn within(accounts: &[AccountId], kind: KindKey) -> resources::BoxedQuery<'_, Pg> {
    let of_kind = resources::table.filter(resources::kind.eq(kind.to_string()));
    match accounts {
        // Of one account, the index has them in the order of their names.
        [one] => of_kind.filter(resources::account_id.eq(*one)).into_boxed(),
        several => of_kind.filter(resources::account_id.eq_any(several)).into_boxed(),
    }
}
