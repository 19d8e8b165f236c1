//! Names that are given once on the whole site, where a catalogue comes to demand it of resources that are
//! there already.

use super::Resource;
use crate::db::schema::resources;
use crate::db::{Conn, DbError};
use crate::policy::{Kind, Unique};
use diesel::dsl::{count_star, exists};
use diesel::prelude::*;
use diesel::result::DatabaseErrorKind;
use diesel::result::Error::DatabaseError;

/// How many names are told.
const MOST_NAMED: usize = 10;

/// Names that more than one account has, of a kind whose names are given once on the site.
#[derive(Debug)]
pub struct Shared {
    /// Several of the kind, within a sentence.
    pub plural: String,
    /// The first of them.
    pub names: Vec<String>,
    /// How many more there are.
    pub more: usize,
}

impl Resource {
    /// Makes the names of these kinds the only ones on the site, where they aren't yet. Changes nothing of a
    /// kind with names that more than one account has, and answers those.
    pub fn make_names_unique(conn: &mut Conn, kinds: &[Kind]) -> Result<Vec<Shared>, DbError> {
        let mut all = Vec::new();
        for kind in kinds.iter().filter(|kind| kind.unique == Unique::Site) {
            let of_kind = || resources::table.filter(resources::kind.eq(kind.key.to_string()));
            let without = || of_kind().filter(resources::site_key.is_null());
            // Answered by the index of site keys, so it costs nothing at the starts to come.
            if !diesel::select(exists(without())).get_result::<bool>(conn)? {
                continue;
            }
            let mut names: Vec<String> = of_kind()
                .group_by(resources::name)
                .having(count_star().gt(1))
                .select(resources::name)
                .order(resources::name)
                .load(conn)?;
            if names.is_empty() {
                let set = diesel::update(without()).set(resources::site_key.eq(resources::name.nullable()));
                match set.execute(conn) {
                    Err(DatabaseError(DatabaseErrorKind::ReadOnlyTransaction, _)) => {
                        tracing::warn!(kind = %kind.key, "names are not made unique: the database is read-only");
                    }
                    done => drop(done?),
                }
            } else {
                let more = names.len().saturating_sub(MOST_NAMED);
                names.truncate(MOST_NAMED);
                all.push(Shared { plural: kind.plural.clone(), names, more });
            }
        }
        Ok(all)
    }
}
