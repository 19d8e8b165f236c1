//! Whether a name is free. No registry is asked, and no other account is looked into: of a name
//! that is not the account's own, nothing is known.

use super::permits::{DomainResearch, Read};
use super::query::Query;
use crate::api::caller::Caller;
use crate::api::errors::invalid;
use crate::api::json::ok;
use crate::dns::models::domain::DOMAIN;
use crate::dns::models::domain::domain_name;
use crate::http::{AppData, AppError};
use crate::models::Resource;
use actix_web::HttpResponse;
use serde::Serialize;
use serde_json::json;
use utoipa::ToSchema;
use uuid::Uuid;

/// What is known of a name.
#[derive(Debug, Serialize, ToSchema)]
pub struct DomainResearchStatus {
    /// Of this call alone.
    request_id: String,
    domain: String,
    /// `unavailable` for the account's own domains, else `unknown`.
    availability: &'static str,
    /// Why nothing is known.
    errors: Vec<&'static str>,
}

/// What is known of the name in the query.
pub async fn status(
    caller: Caller<DomainResearch, Read>,
    app: AppData,
    query: Query,
) -> Result<HttpResponse, AppError> {
    let wrong = |what: &str| invalid(json!({ "domain": [what] }));
    let asked = query.text("domain")?.unwrap_or_default();
    if asked.is_empty() {
        return Err(wrong("can't be blank"));
    }
    let domain = domain_name(asked).map_err(|_| wrong("is not the name of a domain"))?;
    let (account, name) = (caller.account.id, domain.clone());
    let own = app.db.run(move |conn| Resource::find(conn, account, DOMAIN, &name)).await?;
    let (availability, errors) = match own {
        Some(_) => ("unavailable", Vec::new()),
        None => ("unknown", vec!["No registry is asked here"]),
    };
    let request_id = Uuid::new_v4().to_string();
    Ok(ok(DomainResearchStatus { request_id, domain, availability, errors }))
}
