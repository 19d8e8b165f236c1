//! Certificates of a domain; and their private keys, which have a permission of their own.

use super::permits::{CertificatePrivateKeys, Certificates, Read};
use super::place::Numbered;
use super::query::{Direction, Query};
use crate::api::caller::CallerOn;
use crate::api::json::{Day, Moment, ok};
use crate::dns::models::DnsRefusal;
use crate::dns::models::certificate::{self, Had};
use crate::http::{AppData, AppError};
use actix_web::{HttpRequest, HttpResponse};
use secrecy::ExposeSecret;
use serde::Serialize;
use utoipa::ToSchema;

/// A certificate.
#[derive(Debug, Serialize, ToSchema)]
pub struct Certificate {
    id: i64,
    domain_id: i64,
    contact_id: Option<i64>,
    /// The host below the domain, such as `www`.
    name: String,
    common_name: String,
    years: i32,
    /// The signing request, in PEM.
    csr: String,
    state: String,
    auto_renew: bool,
    alternate_names: Vec<String>,
    authority_identifier: String,
    created_at: Moment,
    updated_at: Moment,
    expires_at: Option<Moment>,
    expires_on: Option<Day>,
}

/// What a server needs beside the key, in PEM.
#[derive(Debug, Serialize, ToSchema)]
pub struct CertificateBundle {
    server: String,
    root: Option<String>,
    chain: Vec<String>,
}

/// A private key, in PEM. It is no part of what is printed for debugging.
#[derive(Serialize, ToSchema)]
pub struct CertificatePrivateKey {
    private_key: String,
}

impl From<certificate::Certificate> for Certificate {
    fn from(one: certificate::Certificate) -> Certificate {
        Certificate {
            id: one.id,
            domain_id: one.domain_id.get(),
            contact_id: one.contact_id,
            name: one.name,
            common_name: one.common_name,
            years: one.years,
            csr: one.csr,
            state: one.state.key().to_owned(),
            auto_renew: one.auto_renew,
            alternate_names: one.alternate_names,
            authority_identifier: one.authority_identifier,
            created_at: Moment(one.created_at),
            updated_at: Moment(one.updated_at),
            expires_at: one.expires_at.map(Moment),
            expires_on: one.expires_at.map(|at| Day(at.date())),
        }
    }
}

/// The domain's certificates.
pub async fn list(
    caller: CallerOn<Certificates, Read>,
    app: AppData,
    query: Query,
) -> Result<HttpResponse, AppError> {
    let paging = query.paging()?;
    let sort = query.sort(&["id", "common_name", "expiration"], ("id", Direction::Descending))?;
    let domain = caller.resource.id;
    let work = move |conn: &mut _| certificate::Certificate::list(conn, domain, &sort, paging.window());
    let (rows, total) = app.db.run(work).await?;
    let rows: Vec<Certificate> = rows.into_iter().map(Certificate::from).collect();
    Ok(HttpResponse::Ok().json(paging.of(rows, total)))
}

/// One of them.
pub async fn show(
    caller: CallerOn<Certificates, Read>,
    app: AppData,
    request: HttpRequest,
) -> Result<HttpResponse, AppError> {
    let (domain, asked) = (caller.resource.id, asked(&request)?);
    let id = asked.id;
    let found = app.db.run(move |conn| certificate::Certificate::find(conn, domain, id)).await?;
    Ok(ok(Certificate::from(found.ok_or_else(|| asked.not_found())?)))
}

/// What a server needs beside the key.
pub async fn download(
    caller: CallerOn<Certificates, Read>,
    app: AppData,
    request: HttpRequest,
) -> Result<HttpResponse, AppError> {
    let (domain, asked) = (caller.resource.id, asked(&request)?);
    let id = asked.id;
    match app.db.run(move |conn| certificate::Certificate::bundle(conn, domain, id)).await? {
        Had::Have(certificate::Bundle { server, root, chain }) => {
            Ok(ok(CertificateBundle { server, root, chain }))
        }
        Had::Nothing => Err(DnsRefusal::CertificateNotIssued.into()),
        Had::NotFound => Err(asked.not_found()),
    }
}

/// The private key.
pub async fn private_key(
    caller: CallerOn<CertificatePrivateKeys, Read>,
    app: AppData,
    request: HttpRequest,
) -> Result<HttpResponse, AppError> {
    let (domain, asked) = (caller.resource.id, asked(&request)?);
    let id = asked.id;
    match app.db.run(move |conn| certificate::Certificate::private_key(conn, domain, id)).await? {
        Had::Have(key) => Ok(ok(CertificatePrivateKey { private_key: key.expose_secret().to_owned() })),
        Had::Nothing => Err(DnsRefusal::PrivateKeyNotPresent.into()),
        Had::NotFound => Err(asked.not_found()),
    }
}

fn asked(request: &HttpRequest) -> Result<Numbered, AppError> {
    Numbered::of(request, "certificate", "Certificate")
}
