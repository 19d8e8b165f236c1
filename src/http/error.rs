//! The one error that pages and API answer with.
//!
//! Models answer with small enums or a [`DbError`]; handlers turn what they cannot render into an
//! [`AppError`]. The outermost layer writes its body: a page for people, JSON under `/v2`.

use super::ApiRefusal;
use crate::db::DbError;
use actix_web::http::StatusCode;
use actix_web::http::header::{ALLOW, HeaderMap, HeaderValue, RETRY_AFTER};
use actix_web::{HttpResponse, ResponseError};
use std::any::Any;
use std::fmt;
use std::sync::Arc;
use time::Duration;

/// Why a request is not answered as it asked.
#[derive(Debug, Clone, thiserror::Error)]
pub enum AppError {
    /// Nothing is there, or nothing that this caller may know of.
    #[error("not found")]
    NotFound,
    /// A refusal that only pages give.
    #[error("{0}")]
    Page(Arc<dyn PageRefusal>),
    /// The request makes no sense; says why.
    #[error("{0}")]
    BadRequest(&'static str),
    /// The body is larger than any form.
    #[error("too large")]
    TooLarge,
    /// The method is not for this address; these are, as `Allow` says it.
    #[error("method not allowed")]
    MethodNotAllowed(String),
    /// Too often; this is how long to wait.
    #[error("too many attempts")]
    TooMany(Duration),
    /// A call that the API refuses, with a code for programs.
    #[error("{}: {}", .0.key, .0.message)]
    Refused(Box<ApiRefusal>),
    /// The database is away.
    #[error("unavailable: {0}")]
    Unavailable(String),
    /// The disk of the database is full.
    #[error("no space: {0}")]
    NoSpace(String),
    /// Too much work waits already.
    #[error("busy")]
    Busy,
    /// A fault of the program; the cause is for the log.
    #[error("internal: {0}")]
    Internal(String),
}

/// A refusal of the pages' own: what it's answered with, apart from the body.
pub trait PageRefusal: Any + fmt::Debug + fmt::Display + Send + Sync {
    /// The answer's status.
    fn status(&self) -> StatusCode;

    /// Adds what belongs to it to the answer's headers.
    fn write_headers(&self, headers: &mut HeaderMap);
}

impl From<DbError> for AppError {
    fn from(error: DbError) -> AppError {
        match error {
            DbError::Unavailable(cause) | DbError::Refused(cause) | DbError::Outdated(cause) => {
                AppError::Unavailable(cause)
            }
            DbError::TooOld(_) | DbError::MayNotCreate { .. } | DbError::Unsuitable(_) => {
                AppError::Unavailable(error.to_string())
            }
            DbError::Full(cause) => AppError::NoSpace(cause),
            DbError::NotGranted(_) | DbError::Taken(_) | DbError::Fault(_) | DbError::Corrupt(_) => {
                AppError::Internal(error.to_string())
            }
        }
    }
}

impl ResponseError for AppError {
    fn status_code(&self) -> StatusCode {
        match self {
            AppError::NotFound => StatusCode::NOT_FOUND,
            AppError::Page(refusal) => refusal.status(),
            AppError::BadRequest(_) => StatusCode::BAD_REQUEST,
            AppError::TooLarge => StatusCode::PAYLOAD_TOO_LARGE,
            AppError::MethodNotAllowed(_) => StatusCode::METHOD_NOT_ALLOWED,
            AppError::Refused(refusal) => refusal.status,
            AppError::TooMany(_) => StatusCode::TOO_MANY_REQUESTS,
            AppError::Unavailable(_) | AppError::NoSpace(_) | AppError::Busy => {
                StatusCode::SERVICE_UNAVAILABLE
            }
            AppError::Internal(_) => StatusCode::INTERNAL_SERVER_ERROR,
        }
    }

    /// An answer without a body: the outermost layer finds this error in its extensions and
    /// writes the page or the JSON.
    fn error_response(&self) -> HttpResponse {
        let mut response = HttpResponse::new(self.status_code());
        let headers = response.headers_mut();
        match self {
            AppError::Page(refusal) => refusal.write_headers(headers),
            AppError::MethodNotAllowed(allow) => {
                if let Some(value) = HeaderValue::from_str(allow).ok().filter(|value| !value.is_empty()) {
                    headers.insert(ALLOW, value);
                }
            }
            AppError::TooMany(wait) => {
                headers.insert(RETRY_AFTER, HeaderValue::from(wait.whole_seconds().max(1)));
            }
            AppError::Unavailable(_) | AppError::NoSpace(_) | AppError::Busy => {
                headers.insert(RETRY_AFTER, HeaderValue::from(2));
            }
            _ => {}
        }
        response.extensions_mut().insert(self.clone());
        response
    }
}
