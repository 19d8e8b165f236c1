//! Zones: what is known of them beside their name, and what each is made with.

use super::order::ordered;
use super::{Sort, record};
use crate::db::schema::resources;
use crate::db::{Conn, DbError};
use crate::dns::models::action::{DnsAction, Event};
use crate::dns::models::schema::{records, zones};
use crate::models::audit::{self, Origin};
use crate::models::rows::{containing, in_order};
use crate::models::{Reach, Resource, Window};
use crate::policy::{AccountId, KindKey, ResourceId};
use diesel::prelude::*;
use time::OffsetDateTime;

/// What the catalogue calls a zone.
pub const ZONE: KindKey = KindKey::literal("zone");

/// The servers that every zone is delegated to, and that its records name at the apex. No zone is
/// served: they are what a delegation would look like.
pub const NAME_SERVERS: [&str; 4] =
    ["ns1.tokenhouse.example", "ns2.tokenhouse.example", "ns3.tokenhouse.example", "ns4.tokenhouse.example"];

/// A zone.
#[derive(Debug, Clone, PartialEq, Eq, Queryable, Selectable)]
#[diesel(table_name = resources)]
pub struct Zone {
    /// Its id.
    pub id: ResourceId,
    /// Number of its account.
    pub account_id: AccountId,
    /// Its name.
    pub name: String,
    /// When it was made.
    pub created_at: OffsetDateTime,
    /// What else is known of it.
    #[diesel(embed)]
    pub facts: Facts,
}

/// What is known of a zone beside its name.
#[derive(Debug, Clone, PartialEq, Eq, Queryable, Selectable)]
#[diesel(table_name = zones)]
pub struct Facts {
    /// Whether it would be served.
    pub active: bool,
    /// When it, or one of its records, was last changed.
    pub updated_at: OffsetDateTime,
}

/// What a list of zones can be sorted by.
pub const SORTED_BY: [&str; 2] = ["id", "name"];

impl Zone {
    /// A part of the account's zones within reach whose name contains the text, and how many there
    /// are in all.
    pub fn list(
        conn: &mut Conn,
        account: AccountId,
        reach: &Reach,
        name_like: Option<&str>,
        sort: &Sort<'_>,
        window: Window,
    ) -> Result<(Vec<Zone>, i64), DbError> {
        let matching = || {
            resources::table
                .filter(reach.condition(account, ZONE))
                .filter(resources::name.like(containing(name_like.unwrap_or_default())))
        };
        let total: i64 = matching().count().get_result(conn)?;
        let query = matching().offset(window.offset).limit(window.limit).select(resources::id).into_boxed();
        let query = ordered!(query, sort, resources::id, {
            "id" => resources::id,
            "name" => resources::name,
        });
        let ids: Vec<ResourceId> = query.load(conn)?;
        let rows = resources::table
            .inner_join(zones::table)
            .filter(resources::id.eq_any(&ids))
            .select(Zone::as_select())
            .load(conn)?;
        Ok((in_order(rows, &ids, |zone| zone.id), total))
    }

    /// The zone behind a resource, unless it was deleted meanwhile.
    pub fn find(conn: &mut Conn, zone: &Resource) -> Result<Option<Zone>, DbError> {
        Ok(resources::table
            .inner_join(zones::table)
            .filter(resources::id.eq(zone.id))
            .select(Zone::as_select())
            .first(conn)
            .optional()?)
    }

    /// Switches it on or off; none when it was deleted meanwhile.
    pub fn set_active(
        conn: &mut Conn,
        zone: &Resource,
        active: bool,
        origin: &Origin,
    ) -> Result<Option<Zone>, DbError> {
        let changed = diesel::update(zones::table.find(zone.id).filter(zones::active.ne(active)))
            .set((zones::active.eq(active), zones::updated_at.eq(origin.now)))
            .execute(conn)?
            > 0;
        if changed {
            let action = if active { DnsAction::ZoneActivated } else { DnsAction::ZoneDeactivated };
            let object = ("zone", Some(zone.id.get()), zone.name.as_str());
            let event = Event {
                account: Some(zone.account_id),
                user: None,
                action,
                object,
                before: None,
                after: None,
            };
            audit::record(conn, origin, &event)?;
        }
        Zone::find(conn, zone)
    }

    /// Whether it names addresses and not hosts.
    pub fn is_reverse(&self) -> bool {
        self.name.ends_with(".in-addr.arpa") || self.name.ends_with(".ip6.arpa")
    }
}

/// Adds what zones are made with: their rows, SOA and NS.
pub(super) fn insert(conn: &mut Conn, ids: &[ResourceId], now: OffsetDateTime) -> Result<(), DbError> {
    let rows: Vec<_> = ids.iter().map(|id| (zones::resource_id.eq(id), zones::updated_at.eq(now))).collect();
    diesel::insert_into(zones::table).values(rows).execute(conn)?;
    let soa = format!(
        "{} admin.tokenhouse.example {} 86400 7200 604800 300",
        NAME_SERVERS[0],
        now.unix_timestamp()
    );
    let contents = || {
        let servers = NAME_SERVERS.iter().map(|server| ("NS", (*server).to_owned()));
        std::iter::once(("SOA", soa.clone())).chain(servers)
    };
    let rows: Vec<_> = ids
        .iter()
        .flat_map(|id| contents().map(move |(record_type, content)| (id, record_type, content)))
        .map(|(id, record_type, content)| {
            (
                records::zone_id.eq(id),
                records::name.eq(""),
                records::record_type.eq(record_type),
                records::content.eq(content),
                records::ttl.eq(record::DEFAULT_TTL),
                records::system_record.eq(true),
                records::created_at.eq(now),
                records::updated_at.eq(now),
            )
        })
        .collect();
    diesel::insert_into(records::table).values(rows).execute(conn)?;
    Ok(())
}
