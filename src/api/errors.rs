//! Errors as the API's JSON: a `message` in DNSimple's words and a stable `code` beside it.

use crate::http::AppError;
use serde_json::json;

/// The body for an error; none where DNSimple sends none.
pub fn body(error: &AppError) -> Option<String> {
    let (message, code) = match error {
        AppError::Unauthenticated(code) => ("Authentication failed", *code),
        AppError::AddressRefused => ("Permission denied from this address", "address_refused"),
        AppError::NotFound => ("Not Found", "not_found"),
        AppError::BadRequest(why) => (*why, "bad_request"),
        AppError::TooLarge => ("Payload too large", "too_large"),
        AppError::TooMany(_) => ("quota exceeded", "quota_exceeded"),
        AppError::MethodNotAllowed => return None,
        AppError::Unavailable(_) | AppError::Busy => ("Service temporarily unavailable", "unavailable"),
        AppError::Forbidden(_)
        | AppError::SignInFirst { .. }
        | AppError::SignedOut { .. }
        | AppError::ForeignForm
        | AppError::StaleForm
        | AppError::Internal(_) => ("Internal server error", "internal"),
    };
    Some(json!({ "message": message, "code": code }).to_string())
}
