//! Lists of a zone's records.

use super::Record;
use crate::db::{Conn, DbError};
use crate::dns::models::Sort;
use crate::dns::models::order::ordered;
use crate::dns::models::schema::records;
use crate::models::rows::{beginning, containing};
use crate::models::{Resource, Window};
use crate::policy::Parts;
use diesel::IntoSql;
use diesel::pg::Pg;
use diesel::prelude::*;
use diesel::sql_types::Bool;

/// What a list of records can be sorted by.
pub const SORTED_BY: [&str; 4] = ["id", "name", "content", "type"];

/// Which records; none filters nothing.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Filter {
    /// Of this name.
    pub name: Option<String>,
    /// With this in their names.
    pub name_like: Option<String>,
    /// Of this type.
    pub record_type: Option<String>,
}

type Condition = Box<dyn BoxableExpression<records::table, Pg, SqlType = Bool>>;

impl Record {
    /// A part of the zone's records that any of the grants' filters lets through, and how many
    /// there are in all.
    pub fn list(
        conn: &mut Conn,
        zone: &Resource,
        readable: &[Parts],
        filter: &Filter,
        sort: &Sort<'_>,
        window: Window,
    ) -> Result<(Vec<Record>, i64), DbError> {
        let matching = || {
            let mut query = records::table
                .filter(records::zone_id.eq(zone.id))
                .filter(let_through(readable))
                .into_boxed();
            if let Some(name) = &filter.name {
                query = query.filter(records::name.eq(name.to_lowercase()));
            }
            if let Some(part) = &filter.name_like {
                query = query.filter(records::name.like(containing(part)));
            }
            if let Some(record_type) = &filter.record_type {
                query = query.filter(records::record_type.eq(record_type.to_uppercase()));
            }
            query
        };
        let total: i64 = matching().count().get_result(conn)?;
        let query = matching().offset(window.offset).limit(window.limit).select(Record::as_select());
        let query = ordered!(query, sort, records::id, {
            "id" => records::id,
            "name" => records::name,
            "content" => records::content,
            "type" => records::record_type,
        });
        Ok((query.load(conn)?, total))
    }
}

/// The same as [`Parts::matches`] of any of them, in SQL.
fn let_through(filters: &[Parts]) -> Condition {
    let mut any: Condition = Box::new(false.into_sql::<Bool>());
    for filter in filters {
        any = Box::new(any.or(named(filter).and(typed(filter))));
    }
    any
}

fn named(filter: &Parts) -> Condition {
    let patterns = filter.of("name");
    if patterns.is_empty() {
        return Box::new(true.into_sql::<Bool>());
    }
    let (starts, names): (Vec<&String>, Vec<&String>) =
        patterns.iter().partition(|pattern| pattern.ends_with('*'));
    let names: Vec<String> = names.into_iter().cloned().collect();
    let mut any: Condition = Box::new(records::name.eq_any(names));
    for start in starts {
        any = Box::new(any.or(records::name.like(beginning(start.trim_end_matches('*')))));
    }
    any
}

fn typed(filter: &Parts) -> Condition {
    match filter.of("type") {
        [] => Box::new(true.into_sql::<Bool>()),
        types => Box::new(records::record_type.eq_any(types.to_vec())),
    }
}
