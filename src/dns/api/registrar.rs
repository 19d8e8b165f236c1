//! What a registrar keeps of a domain: delegation, renewal, whois privacy, transfer lock. No
//! registrar is asked, and nothing is bought.

use super::permits::{Full, Level, Read, Registrar};
use crate::api::body::Body;
use crate::api::caller::{Caller, CallerOn, segment};
use crate::api::errors::{invalid, not_found};
use crate::api::json::ok;
use crate::dns::models::DnsRefusal;
use crate::dns::models::domain::domain_name;
use crate::dns::models::registration::{self, Changed, Registration};
use crate::http::{ApiRefusal, AppData, AppError};
use actix_web::{HttpRequest, HttpResponse};
use serde::Serialize;
use serde_json::{Value, json};
use utoipa::ToSchema;

/// Whether a domain can be registered.
#[derive(Debug, Serialize, ToSchema)]
pub struct DomainCheck {
    domain: String,
    /// Always false: nothing can be registered here.
    available: bool,
    premium: bool,
}

/// Names of the hosts that a domain is delegated to: 2 to 13.
#[derive(Debug, ToSchema)]
pub struct NameServers(Vec<String>);

/// Checks a name, which need not be one of the account's domains: it takes the permission as a
/// whole, on whichever domains. The answer is the same for every name, so that it tells nothing
/// of what the account, or another one, holds.
pub async fn check(_: Caller<Registrar, Read>, request: HttpRequest) -> Result<HttpResponse, AppError> {
    let asked = segment(&request, "domain").unwrap_or_default();
    let domain =
        domain_name(&asked).map_err(|_| invalid(json!({ "domain": ["is not the name of a domain"] })))?;
    Ok(ok(DomainCheck { domain, available: false, premium: false }))
}

/// The delegation.
pub async fn delegation(on: CallerOn<Registrar, Read>, app: AppData) -> Result<HttpResponse, AppError> {
    Ok(ok(find(on, &app).await?.name_servers))
}

/// Delegates the domain to other name servers.
pub async fn delegate(
    on: CallerOn<Registrar, Full>,
    app: AppData,
    body: Body,
) -> Result<HttpResponse, AppError> {
    let written = texts(body.value().await?).ok_or("must be a list of names of hosts".to_owned());
    let names = written.and_then(|NameServers(written)| registration::name_servers(&written));
    let names = names.map_err(|fault| invalid(json!({ "name_servers": [fault] })))?;
    let (domain, origin, to) = (on.resource.clone(), on.origin(), names.clone());
    let done = app.db.transaction(move |conn| Registration::delegate(conn, &domain, &to, &origin)).await?;
    so(done, &on)?;
    Ok(ok(names))
}

fn texts(value: Value) -> Option<NameServers> {
    let Value::Array(list) = value else { return None };
    list.into_iter().map(|one| one.as_str().map(str::to_owned)).collect::<Option<_>>().map(NameServers)
}

/// What the registrar keeps of the domain of the path.
pub async fn find<L: Level>(on: CallerOn<Registrar, L>, app: &AppData) -> Result<Registration, AppError> {
    let domain = on.resource.clone();
    let found = app.db.run(move |conn| Registration::find(conn, &domain)).await?;
    found.ok_or_else(|| gone(&on))
}

/// What came of a change. DNSimple refuses them where a domain is hosted only, with its 400.
pub fn so<T, L: Level>(changed: Changed<T>, on: &CallerOn<Registrar, L>) -> Result<T, AppError> {
    match changed {
        Changed::So(done) => Ok(done),
        Changed::HostedOnly => {
            let message = format!("`{}` is hosted only: it is registered elsewhere", on.resource.name);
            Err(ApiRefusal::from(DnsRefusal::DomainNotRegistered).saying(message).into())
        }
        Changed::Gone => Err(gone(on)),
    }
}

fn gone<L: Level>(on: &CallerOn<Registrar, L>) -> AppError {
    not_found("Domain", &on.resource.name)
}
