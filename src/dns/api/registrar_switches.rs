//! What of a registration is on or off: auto renewal, whois privacy, transfer lock.

use super::permits::{Full, Read, Registrar};
use super::registrar::{find, so};
use crate::api::caller::CallerOn;
use crate::api::json::{Day, Moment, created, no_content, ok};
use crate::dns::models::DnsRefusal;
use crate::dns::models::registration::{self, Registration, Switched};
use crate::http::{ApiRefusal, AppData, AppError};
use actix_web::HttpResponse;
use serde::Serialize;
use utoipa::ToSchema;

/// Whois privacy of a domain.
#[derive(Debug, Serialize, ToSchema)]
pub struct WhoisPrivacy {
    id: i64,
    domain_id: i64,
    expires_on: Option<Day>,
    enabled: bool,
    created_at: Moment,
    updated_at: Moment,
}

/// Transfer lock of a domain.
#[derive(Debug, Serialize, ToSchema)]
pub struct TransferLock {
    enabled: bool,
}

impl From<registration::WhoisPrivacy> for WhoisPrivacy {
    fn from(one: registration::WhoisPrivacy) -> WhoisPrivacy {
        WhoisPrivacy {
            id: one.id,
            domain_id: one.domain_id.get(),
            expires_on: one.expires_on.map(Day),
            enabled: one.enabled,
            created_at: Moment(one.created_at),
            updated_at: Moment(one.updated_at),
        }
    }
}

type On = CallerOn<Registrar, Full>;

/// Lets the registration renew itself.
pub async fn auto_renewal_on(on: On, app: AppData) -> Result<HttpResponse, AppError> {
    auto_renewal(on, app, true).await
}

/// Lets it end.
pub async fn auto_renewal_off(on: On, app: AppData) -> Result<HttpResponse, AppError> {
    auto_renewal(on, app, false).await
}

/// Hides the registrant.
pub async fn whois_privacy_on(on: On, app: AppData) -> Result<HttpResponse, AppError> {
    whois_privacy(on, app, true).await
}

/// Shows the registrant.
pub async fn whois_privacy_off(on: On, app: AppData) -> Result<HttpResponse, AppError> {
    whois_privacy(on, app, false).await
}

/// Whether the domain is kept from going elsewhere.
pub async fn transfer_lock(on: CallerOn<Registrar, Read>, app: AppData) -> Result<HttpResponse, AppError> {
    Ok(ok(TransferLock { enabled: find(on, &app).await?.transfer_lock }))
}

/// Keeps the domain from going elsewhere.
pub async fn transfer_lock_on(on: On, app: AppData) -> Result<HttpResponse, AppError> {
    set_transfer_lock(on, app, true).await.map(created)
}

/// Lets the domain go elsewhere.
pub async fn transfer_lock_off(on: On, app: AppData) -> Result<HttpResponse, AppError> {
    set_transfer_lock(on, app, false).await.map(ok)
}

async fn auto_renewal(on: On, app: AppData, to: bool) -> Result<HttpResponse, AppError> {
    let (domain, origin) = (on.resource.clone(), on.origin());
    let work = move |conn: &mut _| Registration::set_auto_renewal(conn, &domain, to, &origin);
    so(app.db.transaction(work).await?, &on)?;
    Ok(no_content())
}

async fn set_transfer_lock(on: On, app: AppData, to: bool) -> Result<TransferLock, AppError> {
    let (domain, origin) = (on.resource.clone(), on.origin());
    let work = move |conn: &mut _| Registration::set_transfer_lock(conn, &domain, to, &origin);
    so(app.db.transaction(work).await?, &on)?;
    Ok(TransferLock { enabled: to })
}

async fn whois_privacy(on: On, app: AppData, to: bool) -> Result<HttpResponse, AppError> {
    let (domain, origin) = (on.resource.clone(), on.origin());
    let work = move |conn: &mut _| registration::WhoisPrivacy::switch(conn, &domain, to, &origin);
    let Switched { privacy, is_first } = so(app.db.transaction(work).await?, &on)?;
    match privacy.map(WhoisPrivacy::from) {
        Some(privacy) if is_first => Ok(created(privacy)),
        Some(privacy) => Ok(ok(privacy)),
        None => {
            let message = format!("WHOIS privacy of `{}` was never on", on.resource.name);
            Err(ApiRefusal::from(DnsRefusal::WhoisPrivacyNeverOn).saying(message).into())
        }
    }
}
