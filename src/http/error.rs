//! The one error that pages and API answer with.
//!
//! Models answer with small enums or a [`DbError`]; handlers turn what they cannot render into an
//! [`AppError`]. The outermost layer writes its body: a page for people, JSON under `/v2`.

use super::ApiRefusal;
use crate::db::DbError;
use actix_web::http::StatusCode;
use actix_web::http::header::{ALLOW, HeaderValue, LOCATION, REFERRER_POLICY, RETRY_AFTER};
use actix_web::{HttpResponse, ResponseError};
use time::Duration;

/// Why a request is not answered as it asked.
#[derive(Debug, Clone, thiserror::Error)]
pub enum AppError {
    /// Nothing is there, or nothing that this caller may know of.
    #[error("not found")]
    NotFound,
    /// A member without the role; says who can help.
    #[error("{0}")]
    Forbidden(String),
    /// Nobody is signed in; this is where to go on afterwards.
    #[error("not signed in")]
    SignInFirst {
        /// Path and query that were asked for.
        next: String,
    },
    /// A form was posted by nobody; what was typed is kept.
    #[error("not signed in any more")]
    SignedOut {
        /// Where it was posted to.
        action: String,
        /// What it held.
        fields: Vec<(String, String)>,
    },
    /// The password has to be said again first; what was typed is kept.
    #[error("the password first")]
    PasswordAgain(Box<PasswordAgain>),
    /// A form that does not come from these pages.
    #[error("not sent from these pages")]
    ForeignForm,
    /// A form of another session, or an older one.
    #[error("the form was out of date")]
    StaleForm,
    /// A link that was used, is too old, or never was.
    #[error("the link is over")]
    LinkOver,
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

/// A form that waits for its sender's password.
#[derive(Debug, Clone, Default)]
pub struct PasswordAgain {
    /// Where it was posted to.
    pub action: String,
    /// What it held.
    pub fields: Vec<(String, String)>,
    /// Whose password.
    pub email: String,
    /// What was wrong with the one that was typed.
    pub error: Option<String>,
    /// How long to wait before the next try.
    pub wait: Option<Duration>,
}

impl From<DbError> for AppError {
    fn from(error: DbError) -> AppError {
        match error {
            DbError::Unavailable(cause) | DbError::Refused(cause) | DbError::Outdated(cause) => {
                AppError::Unavailable(cause)
            }
            DbError::TooOld(_) => AppError::Unavailable(error.to_string()),
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
            AppError::NotFound | AppError::LinkOver => StatusCode::NOT_FOUND,
            AppError::Forbidden(_) | AppError::ForeignForm | AppError::StaleForm => StatusCode::FORBIDDEN,
            AppError::PasswordAgain(again) if again.wait.is_some() => StatusCode::TOO_MANY_REQUESTS,
            AppError::PasswordAgain(_) => StatusCode::FORBIDDEN,
            AppError::SignInFirst { .. } => StatusCode::SEE_OTHER,
            AppError::SignedOut { .. } => StatusCode::UNAUTHORIZED,
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
            AppError::SignInFirst { next } => {
                let query: String =
                    form_urlencoded::Serializer::new(String::new()).append_pair("next", next).finish();
                if let Ok(value) = HeaderValue::from_str(&format!("/sign-in?{query}")) {
                    headers.insert(LOCATION, value);
                }
            }
            AppError::MethodNotAllowed(allow) => {
                if let Some(value) = HeaderValue::from_str(allow).ok().filter(|value| !value.is_empty()) {
                    headers.insert(ALLOW, value);
                }
            }
            // Where the form was posted to may be a link that works: nobody is told it.
            AppError::SignedOut { .. } => {
                headers.insert(REFERRER_POLICY, HeaderValue::from_static("strict-origin"));
            }
            AppError::PasswordAgain(again) => {
                headers.insert(REFERRER_POLICY, HeaderValue::from_static("strict-origin"));
                if let Some(wait) = again.wait {
                    headers.insert(RETRY_AFTER, HeaderValue::from(wait.whole_seconds().max(1)));
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
