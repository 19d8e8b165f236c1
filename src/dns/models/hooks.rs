//! What the example does along with changes of resources and accounts. A domain and its zone are added
//! and removed together.

use super::domain::{self, DOMAIN, domain_name};
use super::zone::{self, ZONE};
use crate::db::schema::resources;
use crate::db::{Conn, DbError};
use crate::dns::models::schema::records;
use crate::models::{Hooks, Origin, Resource};
use crate::policy::{AccountId, KindKey, ResourceId};
use diesel::prelude::*;

/// The example's hooks.
pub const HOOKS: Hooks = Hooks { resource_name, added, removed, clear };

fn resource_name(_: KindKey, written: &str) -> Result<String, String> {
    domain_name(written).map_err(|why| why.to_string())
}

/// Adds the zone of each new domain, or the domain of each new zone, and what is kept of both.
fn added(conn: &mut Conn, new: &[Resource], origin: &Origin) -> Result<(), DbError> {
    let rows: Vec<_> = new
        .iter()
        .map(|one| {
            let other = if one.kind == DOMAIN { ZONE } else { DOMAIN };
            (
                resources::account_id.eq(one.account_id),
                resources::kind.eq(other.to_string()),
                resources::name.eq(&one.name),
                resources::created_at.eq(origin.now),
            )
        })
        .collect();
    let others: Vec<Resource> = diesel::insert_into(resources::table)
        .values(rows)
        .on_conflict_do_nothing()
        .returning(Resource::as_returning())
        .get_results(conn)?;
    let of_kind = |kind: KindKey| -> Vec<ResourceId> {
        new.iter().chain(&others).filter(|one| one.kind == kind).map(|one| one.id).collect()
    };
    domain::insert(conn, &of_kind(DOMAIN), origin.now)?;
    zone::insert(conn, &of_kind(ZONE), origin.now)
}

fn removed(conn: &mut Conn, gone: &Resource) -> Result<(), DbError> {
    let same = resources::account_id.eq(gone.account_id).and(resources::name.eq(&gone.name));
    diesel::delete(resources::table.filter(same)).execute(conn)?;
    Ok(())
}

/// A zone can have any number of records: they go before it, not along with it.
fn clear(conn: &mut Conn, account: AccountId, most: i64) -> Result<bool, DbError> {
    let zones = resources::table.filter(resources::account_id.eq(account)).select(resources::id);
    let part = records::table.filter(records::zone_id.eq_any(zones)).limit(most).select(records::id);
    let part: Vec<i64> = part.load(conn)?;
    diesel::delete(records::table.filter(records::id.eq_any(&part))).execute(conn)?;
    Ok(!part.is_empty())
}
