//! Domains, zones, records and certificates, as pages list them.

use super::certificate::CertificateState;
use super::domain::DOMAIN;
use super::zone::ZONE;
use crate::db::schema::resources;
use crate::db::{Conn, DbError};
use crate::dns::models::schema::{certificates, domains, records, zones};
use crate::models::Resource;
use crate::models::browse::{named, one};
use crate::models::rows::{Part, containing};
use crate::policy::{AccountId, ResourceId};
use diesel::dsl::count_star;
use diesel::prelude::*;
use std::collections::HashMap;
use time::OffsetDateTime;

/// A domain in the list.
#[derive(Debug)]
pub struct Domain {
    /// Its id.
    pub id: ResourceId,
    /// Its name.
    pub name: String,
    /// When its registration ends; none where it is hosted only.
    pub expires_at: Option<OffsetDateTime>,
    /// Whether it is renewed by itself.
    pub auto_renew: bool,
}

/// A zone in the list.
#[derive(Debug)]
pub struct Zone {
    /// Its id.
    pub id: ResourceId,
    /// Its name.
    pub name: String,
    /// Whether it is to be served.
    pub active: bool,
    /// How many records it has.
    pub records: i64,
}

/// A record of a zone.
#[derive(Debug, Queryable, Selectable)]
pub struct Record {
    /// Relative to the zone; empty at the apex.
    pub name: String,
    /// In capitals.
    pub record_type: String,
    /// What it says.
    pub content: String,
    /// In seconds.
    pub ttl: i32,
    /// For the types that have one.
    pub priority: Option<i32>,
    /// Made with the zone, changed by nobody.
    pub system_record: bool,
}

/// A certificate in the list, without any of its PEMs.
#[derive(Debug)]
pub struct Certificate {
    /// The name that it is for.
    pub common_name: String,
    /// Further names.
    pub alternate_names: Vec<String>,
    /// Id and name of its domain.
    pub domain: (ResourceId, String),
    /// How far its order has come.
    pub state: CertificateState,
    /// When it ends.
    pub expires_at: Option<OffsetDateTime>,
}

/// The account's domains whose name contains the text, by name.
pub fn domains(conn: &mut Conn, account: AccountId, text: &str, page: i64) -> Result<Part<Domain>, DbError> {
    type Row = (ResourceId, String, Option<(Option<OffsetDateTime>, bool)>);
    let counted = Resource::count_found(conn, &[account], DOMAIN, text)?;
    Part::load_counted(page, counted, |window| {
        let rows: Vec<Row> = named(account, DOMAIN, containing(text))
            .left_join(domains::table)
            .order(resources::name)
            .offset(window.offset)
            .limit(window.limit)
            .select((resources::id, resources::name, (domains::expires_at, domains::auto_renew).nullable()))
            .load(conn)?;
        let domain = |(id, name, known): Row| {
            let (expires_at, auto_renew) = known.unwrap_or_default();
            Domain { id, name, expires_at, auto_renew }
        };
        Ok(rows.into_iter().map(domain).collect())
    })
}

/// The account's domain with this id, and what is known of it.
pub fn domain(
    conn: &mut Conn,
    account: AccountId,
    id: ResourceId,
) -> Result<Option<(Resource, Domain)>, DbError> {
    let Some(resource) = one(conn, account, DOMAIN, id)? else { return Ok(None) };
    let known: Option<(Option<OffsetDateTime>, bool)> =
        domains::table.find(id).select((domains::expires_at, domains::auto_renew)).first(conn).optional()?;
    let (expires_at, auto_renew) = known.unwrap_or_default();
    let domain = Domain { id, name: resource.name.clone(), expires_at, auto_renew };
    Ok(Some((resource, domain)))
}

/// The account's zones whose name contains the text, by name.
pub fn zones(conn: &mut Conn, account: AccountId, text: &str, page: i64) -> Result<Part<Zone>, DbError> {
    let counted = Resource::count_found(conn, &[account], ZONE, text)?;
    Part::load_counted(page, counted, |window| {
        let rows: Vec<(ResourceId, String, Option<bool>)> = named(account, ZONE, containing(text))
            .left_join(zones::table)
            .order(resources::name)
            .offset(window.offset)
            .limit(window.limit)
            .select((resources::id, resources::name, zones::active.nullable()))
            .load(conn)?;
        let ids: Vec<ResourceId> = rows.iter().map(|(id, ..)| *id).collect();
        let counts: Vec<(ResourceId, i64)> = records::table
            .filter(records::zone_id.eq_any(&ids))
            .group_by(records::zone_id)
            .select((records::zone_id, count_star()))
            .load(conn)?;
        let counts: HashMap<ResourceId, i64> = counts.into_iter().collect();
        let zone = |(id, name, active): (ResourceId, String, Option<bool>)| Zone {
            id,
            name,
            active: active.unwrap_or(true),
            records: counts.get(&id).copied().unwrap_or(0),
        };
        Ok(rows.into_iter().map(zone).collect())
    })
}

/// The records of a zone that contain the text in name or content, or are of that type; by name.
pub fn records(conn: &mut Conn, zone: &Resource, text: &str, page: i64) -> Result<Part<Record>, DbError> {
    // Pages show whole names, so that people look for these.
    let (pattern, kind) = (containing(text), text.trim().to_uppercase());
    let whole = text.trim().to_lowercase();
    let relative = whole.strip_suffix(&zone.name).unwrap_or(&whole).trim_end_matches('.').to_owned();
    let matching = || {
        let query = records::table.filter(records::zone_id.eq(zone.id)).into_boxed();
        if text.trim().is_empty() {
            return query;
        }
        query.filter(
            records::name
                .like(pattern.clone())
                .or(records::content.ilike(pattern.clone()))
                .or(records::record_type.eq(kind.clone()))
                .or(records::name.eq(relative.clone())),
        )
    };
    let total = matching().count().get_result(conn)?;
    Part::load(page, total, |window| {
        Ok(matching()
            .order((records::name, records::record_type, records::id))
            .offset(window.offset)
            .limit(window.limit)
            .select(Record::as_select())
            .load(conn)?)
    })
}

/// The account's certificates whose name or domain contains the text, by domain. Private keys are
/// not among what is read.
pub fn certificates(
    conn: &mut Conn,
    account: AccountId,
    text: &str,
    page: i64,
) -> Result<Part<Certificate>, DbError> {
    type Row = (String, Vec<String>, ResourceId, String, CertificateState, Option<OffsetDateTime>);
    let pattern = containing(text);
    let matching = || {
        certificates::table.inner_join(resources::table).filter(resources::account_id.eq(account)).filter(
            resources::name.like(pattern.clone()).or(certificates::common_name.ilike(pattern.clone())),
        )
    };
    let total = matching().count().get_result(conn)?;
    Part::load(page, total, |window| {
        let rows: Vec<Row> = matching()
            .order((resources::name, certificates::id))
            .offset(window.offset)
            .limit(window.limit)
            .select((
                certificates::common_name,
                certificates::alternate_names,
                resources::id,
                resources::name,
                certificates::state,
                certificates::expires_at,
            ))
            .load(conn)?;
        let certificate = |(common_name, alternate_names, id, name, state, expires_at): Row| Certificate {
            common_name,
            alternate_names,
            domain: (id, name),
            state,
            expires_at,
        };
        Ok(rows.into_iter().map(certificate).collect())
    })
}
