//! The one call of Cloudflare's v4 that is answered here, in its envelope: programs written for its
//! official clients verify their token with it.

use super::bearer::is_well_formed;
use super::json::Moment;
use super::verify::{Known, Status};
use crate::http::{ApiRefusal, AppError};
use crate::policy::{ClientAddress, RefusalCode};
use actix_web::{HttpRequest, HttpResponse};
use serde::Serialize;

/// Everything of it stands below this path.
pub const BASE: &str = "/client/v4";
/// What a token is.
pub const VERIFY: &str = "/client/v4/user/tokens/verify";

/// Where Cloudflare's own code for something is not known, ours is this and the HTTP status.
const OTHER: u16 = 10_000;

#[derive(Serialize)]
struct Envelope {
    success: bool,
    errors: Vec<Told>,
    messages: Vec<Told>,
    result: Option<Verified>,
}

#[derive(Serialize)]
struct Told {
    code: u16,
    message: String,
}

#[derive(Serialize)]
struct Verified {
    id: String,
    status: Status,
    #[serde(skip_serializing_if = "Option::is_none")]
    not_before: Option<Moment>,
    #[serde(skip_serializing_if = "Option::is_none")]
    expires_on: Option<Moment>,
}

/// What the token is, also one that does not work.
pub async fn verify(request: HttpRequest, known: Result<Known, AppError>) -> Result<HttpResponse, AppError> {
    let Known { id, status, not_before, expires_on, code } = match known {
        Err(AppError::Refused(refusal))
            if is_unauthenticated(&refusal)
                && !request
                    .app_data::<crate::http::AppData>()
                    .is_some_and(|app| is_well_formed(&app.catalogue.headers, request.headers())) =>
        {
            return Err(AppError::BadRequest("Invalid request headers"));
        }
        known => known?,
    };
    let works = code.is_none().then(|| told(10_000, "This API Token is valid and active"));
    Ok(HttpResponse::Ok().json(Envelope {
        success: true,
        errors: Vec::new(),
        messages: works.into_iter().collect(),
        result: Some(Verified { id: id.to_string(), status, not_before, expires_on }),
    }))
}

fn is_unauthenticated(refusal: &ApiRefusal) -> bool {
    refusal.code.is_some_and(|code| code.facts().status == 401)
}

/// The body for an error, as Cloudflare's clients read it.
pub fn error_body(error: &AppError, caller: Option<ClientAddress>) -> Option<String> {
    let error = match error {
        AppError::Refused(refusal) if is_unauthenticated(refusal) => told(1000, "Invalid API Token"),
        AppError::BadRequest(_) => told(6003, "Invalid request headers"),
        AppError::Refused(refusal) if refusal.code == Some(RefusalCode::AddressRefused) => {
            let ip = caller.and_then(ClientAddress::ip);
            let from = ip.map(|ip| format!(": {ip}")).unwrap_or_default();
            told(9109, format!("Cannot use the access token from location{from}"))
        }
        AppError::NotFound => told(OTHER + 404, "There is nothing at this address"),
        AppError::MethodNotAllowed(_) => told(OTHER + 405, "Method not allowed"),
        AppError::TooMany(_) => told(OTHER + 429, "Quota exceeded"),
        AppError::NoSpace(_) => told(OTHER + 503, "The database has no space left"),
        AppError::Unavailable(_) | AppError::Busy => told(OTHER + 503, "Service temporarily unavailable"),
        _ => told(OTHER + 500, "Internal server error"),
    };
    let body = Envelope { success: false, errors: vec![error], messages: Vec::new(), result: None };
    serde_json::to_string(&body).ok()
}

fn told(code: u16, message: impl Into<String>) -> Told {
    Told { code, message: message.into() }
}
