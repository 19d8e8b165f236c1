//! Domains. Each is made and deleted together with its zone; none is bought.

use super::permits::{Domains, Full, Read};
use super::query::{Direction, Query};
use super::refusals::with_room;
use crate::api::body::Body;
use crate::api::caller::{Caller, CallerOn, Making};
use crate::api::errors::not_found;
use crate::api::json::{Day, Moment, created, no_content, ok};
use crate::dns::models::bounds::Counted;
use crate::dns::models::domain::domain_name;
use crate::dns::models::domain::{self, Filter, Registration};
use crate::dns::models::{self, HOOKS};
use crate::http::{AppData, AppError};
use actix_web::HttpResponse;
use serde::Serialize;
use time::OffsetDateTime;
use utoipa::ToSchema;

/// A domain.
#[derive(Debug, Serialize, ToSchema)]
pub struct Domain {
    id: i64,
    account_id: i64,
    /// The contact it is registered to.
    registrant_id: Option<i64>,
    name: String,
    /// The name as people write it.
    unicode_name: String,
    /// `hosted`, `registered` or `expired`.
    #[schema(value_type = String)]
    state: &'static str,
    auto_renew: bool,
    private_whois: bool,
    /// Null where it is hosted only.
    expires_on: Option<Day>,
    expires_at: Option<Moment>,
    created_at: Moment,
    updated_at: Moment,
}

impl Domain {
    fn of(one: models::Domain, now: OffsetDateTime) -> Domain {
        Domain {
            unicode_name: one.unicode_name(),
            state: match one.registration(now) {
                Registration::Hosted => "hosted",
                Registration::Registered => "registered",
                Registration::Expired => "expired",
            },
            id: one.id.get(),
            account_id: one.account_id.get(),
            registrant_id: one.facts.registrant_id,
            name: one.name,
            auto_renew: one.facts.auto_renew,
            private_whois: one.private_whois.unwrap_or(false),
            expires_on: one.facts.expires_at.map(|at| Day(at.date())),
            expires_at: one.facts.expires_at.map(Moment),
            created_at: Moment(one.created_at),
            updated_at: Moment(one.facts.updated_at),
        }
    }
}

/// The domains within reach.
pub async fn list(
    caller: Caller<Domains, Read>,
    app: AppData,
    query: Query,
) -> Result<HttpResponse, AppError> {
    let (paging, sort) = (query.paging()?, query.sort(&domain::SORTED_BY, ("name", Direction::Ascending))?);
    let name_like = query.text("name_like")?.map(str::to_owned);
    let filter = Filter { name_like, registrant: query.number("registrant_id")? };
    let (account, reach, now) = (caller.account.id, caller.reach(), app.clock.now());
    let work =
        move |conn: &mut _| models::Domain::list(conn, account, &reach, &filter, &sort, paging.window());
    let (found, total) = app.db.run(work).await?;
    let domains: Vec<_> = found.into_iter().map(|one| Domain::of(one, now)).collect();
    Ok(HttpResponse::Ok().json(paging.of(domains, total)))
}

/// Adds one, with its zone.
pub async fn create(caller: Making<Domains>, app: AppData, body: Body) -> Result<HttpResponse, AppError> {
    let mut fields = body.fields().await?;
    let name = fields.text("name");
    let name = match fields.required("name", name).as_deref().map(domain_name) {
        Some(Ok(name)) => name,
        Some(Err(_)) => {
            fields.refuse("name", "is not a domain's name; write it like example.com");
            String::new()
        }
        None => String::new(),
    };
    fields.done()?;
    let (account, origin, wanted) = (caller.account.id, caller.origin(), name.clone());
    let work = move |conn: &mut _| models::Domain::create(conn, account, &wanted, &origin);
    match with_room(&app, account, Counted::Domains, work).await? {
        Some(domain) => Ok(created(Domain::of(domain, app.clock.now()))),
        None => {
            fields.refuse("name", "is in this account already");
            fields.done()?;
            Err(not_found("Domain", &name))
        }
    }
}

/// One of them.
pub async fn show(caller: CallerOn<Domains, Read>, app: AppData) -> Result<HttpResponse, AppError> {
    let domain = caller.resource.clone();
    let found = app.db.run(move |conn| models::Domain::find(conn, &domain)).await?;
    let domain = found.ok_or_else(|| not_found("Domain", &caller.resource.name))?;
    Ok(ok(Domain::of(domain, app.clock.now())))
}

/// Deletes one, with its zone.
pub async fn delete(caller: CallerOn<Domains, Full>, app: AppData) -> Result<HttpResponse, AppError> {
    let (domain, origin) = (caller.resource.clone(), caller.origin());
    let work = move |conn: &mut _| domain.delete(conn, &HOOKS, &origin);
    let gone = app.db.transaction(work).await?;
    if gone { Ok(no_content()) } else { Err(not_found("Domain", &caller.resource.name)) }
}
