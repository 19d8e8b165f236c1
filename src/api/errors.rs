//! Errors as the API's JSON: a `message` in DNSimple's words and a stable `code` beside it.

use crate::http::{ApiRefusal, AppError};
use crate::policy::Refusal;
use actix_web::http::StatusCode;
use serde::Serialize;
use serde_json::Value;
use utoipa::ToSchema;

/// The body for an error; none where DNSimple sends none.
pub fn body(error: &AppError) -> Option<String> {
    let (message, code) = match error {
        AppError::Api(refusal) => return refusal_body(refusal),
        AppError::Unauthenticated(code) => ("Authentication failed", *code),
        AppError::AddressRefused => ("Permission denied from this address", "address_refused"),
        AppError::NotFound => ("Not Found", "not_found"),
        AppError::BadRequest(why) => (*why, "bad_request"),
        AppError::TooLarge => ("Payload too large", "too_large"),
        AppError::TooMany(_) => ("quota exceeded", "quota_exceeded"),
        AppError::MethodNotAllowed(_) => return None,
        AppError::NoSpace(_) => ("The database has no space left", "unavailable"),
        AppError::Unavailable(_) | AppError::Busy => ("Service temporarily unavailable", "unavailable"),
        AppError::Forbidden(_)
        | AppError::SignInFirst { .. }
        | AppError::SignedOut { .. }
        | AppError::PasswordAgain(_)
        | AppError::LinkOver
        | AppError::ForeignForm
        | AppError::StaleForm
        | AppError::Internal(_) => ("Internal server error", "internal"),
    };
    let body = ErrorBody { message: message.to_owned(), code: code.to_owned(), scope: None, errors: None };
    serde_json::to_string(&body).ok()
}

/// The `code` of an error that refuses the token itself, as its page tells it; none for what is
/// wrong with the call otherwise.
pub fn refused_token(error: &AppError) -> Option<&'static str> {
    match error {
        AppError::Unauthenticated(code) => Some(code),
        AppError::AddressRefused => Some("address_refused"),
        AppError::TooMany(_) => Some("quota_exceeded"),
        AppError::NotFound => Some("resource_not_found"),
        AppError::Api(refusal) => {
            matches!(refusal.status, StatusCode::FORBIDDEN | StatusCode::NOT_FOUND).then_some(refusal.code)
        }
        _ => None,
    }
}

/// What every refusal with a body looks like.
#[derive(Debug, Serialize, ToSchema)]
pub struct ErrorBody {
    /// For people, in DNSimple's words.
    message: String,
    /// For programs; it stays the same.
    #[schema(example = "token_deleted")]
    code: String,
    /// The scope that would have sufficed.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(example = "zones:example.com:write")]
    scope: Option<String>,
    /// What is wrong, field by field.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<Object>)]
    errors: Option<Value>,
}

fn refusal_body(refusal: &ApiRefusal) -> Option<String> {
    let ApiRefusal { code, message, scope, errors, .. } = refusal.clone();
    serde_json::to_string(&ErrorBody { message, code: code.to_owned(), scope, errors }).ok()
}

/// A refusal with a status, a stable code and a message of its own.
pub fn refused(status: StatusCode, code: &'static str, message: impl Into<String>) -> AppError {
    AppError::Api(Box::new(ApiRefusal { status, code, message: message.into(), scope: None, errors: None }))
}

/// `Zone ``x`` not found`, as DNSimple says it, with the name as it was asked for.
pub fn not_found(what: &str, asked: &str) -> AppError {
    refused(StatusCode::NOT_FOUND, "resource_not_found", format!("{what} `{asked}` not found"))
}

/// No such account, or none that this token reaches.
pub fn account_not_found() -> AppError {
    refused(StatusCode::NOT_FOUND, "account_not_found", "Not Found")
}

/// What was sent is wrong, field by field, or, in a batch, item by item.
pub fn invalid(errors: Value) -> AppError {
    AppError::Api(Box::new(ApiRefusal {
        status: StatusCode::BAD_REQUEST,
        code: "validation_failed",
        message: "Validation failed".to_owned(),
        scope: None,
        errors: Some(errors),
    }))
}

/// A decision's refusal. `kind` and `asked` say what was looked for.
pub fn of_refusal(refusal: Refusal, kind: &str, asked: &str) -> AppError {
    let denied = |code, scope: String| {
        AppError::Api(Box::new(ApiRefusal {
            status: StatusCode::FORBIDDEN,
            code,
            message: format!("Permission Denied. Required Scope: {scope}"),
            scope: Some(scope),
            errors: None,
        }))
    };
    match refusal {
        Refusal::AccountNotFound => account_not_found(),
        Refusal::Permission(scope) => denied("permission_denied", scope),
        Refusal::Write(scope) => denied("write_denied", scope),
        Refusal::Narrowed(scope) => denied("records_denied", scope),
        Refusal::ResourceNotFound | Refusal::RecordNotFound => not_found(kind, asked),
    }
}
