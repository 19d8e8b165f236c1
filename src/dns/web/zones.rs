//! The account's zones, and each with its records and the tokens that reach it.

use crate::dns::models::domain::DOMAIN;
use crate::dns::models::lists::{self, Record, Zone};
use crate::dns::models::zone::ZONE;
use crate::http::{AppData, AppError};
use crate::models::{Resource, browse};
use crate::policy::{AccountId, ResourceId};
use crate::web::browse::reached::Reached;
use crate::web::browse::{Asked, Member, Pages, counted, rows_of};
use crate::web::page::{AccountNav, Page, Section, render};
use crate::web::paths;
use crate::web::told::shortened;
use actix_web::HttpResponse;
use actix_web::http::StatusCode;
use actix_web::web::{Path, Query};
use askama::Template;

#[derive(Template)]
#[template(path = "zones.html")]
struct ZonesPage {
    page: Page,
    account: AccountNav,
    here: String,
    q: String,
    count: String,
    rows: Vec<Row>,
    pages: Pages,
}

struct Row {
    name: String,
    url: String,
    records: String,
    active: bool,
}

#[derive(Template)]
#[template(path = "zone.html")]
struct ZonePage {
    page: Page,
    account: AccountNav,
    zones_url: String,
    name: String,
    here: String,
    q: String,
    count: String,
    records: Vec<RecordRow>,
    pages: Pages,
    domain_url: Option<String>,
    reached: Reached,
}

struct RecordRow {
    host: String,
    record_type: String,
    content: String,
    ttl: String,
    priority: Option<i32>,
    system: bool,
}

/// All of them, by name.
pub async fn index(member: Member, app: AppData, asked: Query<Asked>) -> Result<HttpResponse, AppError> {
    let account = member.account.id;
    let (text, number) = (asked.text()?, asked.number());
    let q = text.clone();
    let part = app.db.run(move |conn| lists::zones(conn, account, &text, number)).await?;
    let page = ZonesPage {
        page: member.page("Zones").under(Section::Extension(super::ZONES)),
        account: member.nav(),
        here: super::paths::zones(account),
        count: rows_of(&part, "zone", "zones"),
        pages: Pages::of(&part, &super::paths::zones(account), &q),
        rows: part.rows.into_iter().map(|one| Row::of(one, account)).collect(),
        q,
    };
    render(&page, StatusCode::OK)
}

/// One of them.
pub async fn show(
    member: Member,
    app: AppData,
    path: Path<(String, String)>,
    asked: Query<Asked>,
) -> Result<HttpResponse, AppError> {
    let account = member.account.id;
    let id: ResourceId = path.1.parse().map_err(|_| AppError::NotFound)?;
    let (text, number) = (asked.text()?, asked.number());
    let q = text.clone();
    let found = app.db.run(move |conn| {
        let Some(zone) = browse::one(conn, account, ZONE, id)? else { return Ok(None) };
        let domain = Resource::find(conn, account, DOMAIN, &zone.name)?;
        Ok(Some((lists::records(conn, &zone, &text, number)?, domain, zone)))
    });
    let (part, domain, zone) = found.await?.ok_or(AppError::NotFound)?;
    let here = paths::of_resource(ZONE, account, id);
    let page = ZonePage {
        page: member.page(&zone.name).under(Section::Extension(super::ZONES)),
        account: member.nav(),
        zones_url: super::paths::zones(account),
        name: zone.name.clone(),
        count: rows_of(&part, "record", "records"),
        pages: Pages::of(&part, &here, &q),
        records: part.rows.into_iter().map(|one| RecordRow::of(one, &zone.name)).collect(),
        domain_url: domain.map(|domain| paths::of_resource(DOMAIN, account, domain.id)),
        reached: Reached::of(&member, &app, zone, ZONE, &asked).await?,
        here,
        q,
    };
    render(&page, StatusCode::OK)
}

impl Row {
    fn of(one: Zone, account: AccountId) -> Row {
        Row {
            name: one.name,
            url: paths::of_resource(ZONE, account, one.id),
            records: counted(one.records, "record", "records"),
            active: one.active,
        }
    }
}

impl RecordRow {
    fn of(one: Record, zone: &str) -> RecordRow {
        RecordRow {
            host: if one.name.is_empty() { zone.to_owned() } else { format!("{}.{zone}", one.name) },
            record_type: one.record_type,
            content: shortened(&one.content),
            ttl: counted(i64::from(one.ttl), "second", "seconds"),
            priority: one.priority,
            system: one.system_record,
        }
    }
}
