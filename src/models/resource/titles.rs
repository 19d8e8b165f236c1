//! What people call resources. Paths and grants have the name, which never changes.

use super::{OfKind, Resource, event, of_kind};
use crate::db::schema::resources;
use crate::db::{Conn, DbError};
use crate::models::audit::{self, Event, Origin};
use crate::policy::{AccountId, Unique};
use diesel::prelude::*;
use diesel::upsert::excluded;
use std::collections::HashMap;

/// A name, and the title that it is to have; `None` takes it away.
pub type Titled = (String, Option<String>);

impl Resource {
    /// Gives resources of a kind, which are there, these titles. Answers how many had another one.
    pub fn set_titles(
        conn: &mut Conn,
        account: AccountId,
        kind: OfKind<'_>,
        titles: &[Titled],
        origin: &Origin,
    ) -> Result<usize, DbError> {
        let there: Vec<Titled> =
            of_kind(account, kind.key).select((resources::name, resources::title)).load(conn)?;
        let there: HashMap<&str, Option<&str>> =
            there.iter().map(|(name, title)| (name.as_str(), title.as_deref())).collect();
        let changed =
            |(name, title): &&Titled| there.get(name.as_str()).is_some_and(|now| *now != title.as_deref());
        let changed: Vec<&Titled> = titles.iter().filter(changed).collect();
        for part in changed.chunks(1_000) {
            // Each is there, so nothing but the title is stored.
            let row = |(name, title): &&Titled| {
                (
                    resources::account_id.eq(account),
                    resources::kind.eq(kind.key.to_string()),
                    resources::name.eq(name.clone()),
                    resources::site_key.eq((kind.unique == Unique::Site).then(|| name.clone())),
                    resources::created_at.eq(origin.now),
                    resources::title.eq(title.clone()),
                )
            };
            diesel::insert_into(resources::table)
                .values(part.iter().map(row).collect::<Vec<_>>())
                .on_conflict((resources::account_id, resources::kind, resources::name))
                .do_update()
                .set(resources::title.eq(excluded(resources::title)))
                .execute(conn)?;
        }
        let (action, label) = match changed.as_slice() {
            [] => return Ok(0),
            [(name, _)] => (format!("{}.titled", kind.key), name.clone()),
            many => (format!("{}s.titled", kind.key), format!("{} {}", many.len(), kind.plural)),
        };
        let after: serde_json::Map<_, _> =
            changed.iter().map(|(name, title)| (name.clone(), serde_json::json!(title))).collect();
        let event = event(account, &kind.key, action, &label);
        audit::record(conn, origin, &Event { after: Some(after.into()), ..event })?;
        Ok(changed.len())
    }
}
