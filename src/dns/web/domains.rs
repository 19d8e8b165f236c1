//! The account's domains, and each with its registration and the tokens that reach it.

use super::certificates::Row as CertificateRow;
use crate::dns::models::domain::DOMAIN;
use crate::dns::models::lists::{self, Domain};
use crate::dns::models::zone::ZONE;
use crate::http::{AppData, AppError};
use crate::models::Resource;
use crate::policy::{AccountId, ResourceId};
use crate::web::browse::reached::Reached;
use crate::web::browse::{Asked, Member, Pages, rows_of};
use crate::web::page::{AccountNav, Page, Section, render};
use crate::web::paths;
use crate::web::told::Expiry;
use actix_web::HttpResponse;
use actix_web::http::StatusCode;
use actix_web::web::{Path, Query};
use askama::Template;
use time::OffsetDateTime;

#[derive(Template)]
#[template(path = "domains.html")]
struct DomainsPage {
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
    expires: Option<Expiry>,
    auto_renew: bool,
}

#[derive(Template)]
#[template(path = "domain.html")]
struct DomainPage {
    page: Page,
    account: AccountNav,
    domains_url: String,
    name: String,
    expires: Option<Expiry>,
    auto_renew: bool,
    zone_url: Option<String>,
    certificates: Vec<CertificateRow>,
    certificates_url: String,
    more_certificates: bool,
    reached: Reached,
}

/// All of them, by name.
pub async fn index(member: Member, app: AppData, asked: Query<Asked>) -> Result<HttpResponse, AppError> {
    let (account, now) = (member.account.id, app.clock.now());
    let (text, number) = (asked.text()?, asked.number());
    let q = text.clone();
    let part = app.db.run(move |conn| lists::domains(conn, account, &text, number)).await?;
    let page = DomainsPage {
        page: member.page("Domains").under(Section::Extension(super::DOMAINS)),
        account: member.nav(),
        here: super::paths::domains(account),
        count: rows_of(&part, "domain", "domains"),
        pages: Pages::of(&part, &super::paths::domains(account), &q),
        rows: part.rows.into_iter().map(|one| Row::of(one, account, now)).collect(),
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
    let (account, now) = (member.account.id, app.clock.now());
    let id: ResourceId = path.1.parse().map_err(|_| AppError::NotFound)?;
    let found = app.db.run(move |conn| {
        let Some((resource, domain)) = lists::domain(conn, account, id)? else { return Ok(None) };
        let zone = Resource::find(conn, account, ZONE, &resource.name)?;
        let certificates = lists::certificates(conn, account, &resource.name, 1)?;
        Ok(Some((resource, domain, zone, certificates)))
    });
    let (resource, domain, zone, certificates) = found.await?.ok_or(AppError::NotFound)?;
    let own: Vec<_> = certificates.rows.into_iter().filter(|one| one.domain.0 == id).collect();
    let page = DomainPage {
        page: member.page(&resource.name).under(Section::Extension(super::DOMAINS)),
        account: member.nav(),
        domains_url: super::paths::domains(account),
        name: resource.name.clone(),
        expires: domain.expires_at.map(|end| Expiry::of(Some(end), now)),
        auto_renew: domain.auto_renew,
        zone_url: zone.map(|zone| paths::of_resource(ZONE, account, zone.id)),
        certificates: own.into_iter().map(|one| CertificateRow::of(one, account, now)).collect(),
        certificates_url: format!("{}?q={}", super::paths::certificates(account), resource.name),
        more_certificates: certificates.has_next,
        reached: Reached::of(&member, &app, resource, DOMAIN, &asked).await?,
    };
    render(&page, StatusCode::OK)
}

impl Row {
    fn of(one: Domain, account: AccountId, now: OffsetDateTime) -> Row {
        Row {
            name: one.name,
            url: paths::of_resource(DOMAIN, account, one.id),
            expires: one.expires_at.map(|end| Expiry::of(Some(end), now)),
            auto_renew: one.auto_renew,
        }
    }
}
