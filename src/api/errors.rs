//! Errors as the API's JSON: a `message` for people and a stable `code` for programs.

use crate::authorization::{Missing, Refused};
use crate::http::{ApiRefusal, AppError};
use crate::policy::{Refusal, RefusalCode};
use serde::Serialize;
use serde_json::Value;
use utoipa::ToSchema;

/// The body for an error; `None` if it has none.
pub fn body(error: &AppError) -> Option<String> {
    let code = match error {
        AppError::Refused(refusal) => return refusal_body(refusal),
        AppError::MethodNotAllowed(_) => return None,
        AppError::BadRequest(why) => {
            return refusal_body(&ApiRefusal::from(RefusalCode::BadRequest).saying(*why));
        }
        AppError::NoSpace(_) => {
            let message = "The database has no space left";
            return refusal_body(&ApiRefusal::from(RefusalCode::Unavailable).saying(message));
        }
        AppError::NotFound => RefusalCode::NotFound,
        AppError::TooLarge => RefusalCode::TooLarge,
        AppError::TooMany(_) => RefusalCode::QuotaExceeded,
        AppError::Unavailable(_) | AppError::Busy => RefusalCode::Unavailable,
        AppError::Page(_) | AppError::Internal(_) => RefusalCode::Internal,
    };
    refusal_body(&code.into())
}

/// The code of an error that refuses the token itself, as its page shows it; `None` for what is wrong
/// with the call otherwise.
pub fn refused_token(error: &AppError) -> Option<RefusalCode> {
    let code = match error {
        AppError::Refused(refusal) => refusal.code?,
        AppError::TooMany(_) => RefusalCode::QuotaExceeded,
        AppError::NotFound => RefusalCode::ResourceNotFound,
        _ => return None,
    };
    code.facts().on_token.map(|_| code)
}

/// What every refusal with a body looks like.
#[derive(Debug, Serialize, ToSchema)]
pub struct ErrorBody {
    /// For people.
    message: String,
    /// For programs.
    code: String,
    /// The scope that would have sufficed.
    #[serde(skip_serializing_if = "Option::is_none")]
    scope: Option<String>,
    /// What is wrong, field by field.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<Object>)]
    errors: Option<Value>,
}

fn refusal_body(refusal: &ApiRefusal) -> Option<String> {
    let ApiRefusal { key, message, scope, errors, .. } = refusal.clone();
    serde_json::to_string(&ErrorBody { message, code: key.to_owned(), scope, errors }).ok()
}

/// `Store ``x`` not found`, with the name as it was asked for.
pub fn not_found(what: &str, asked: &str) -> AppError {
    ApiRefusal::from(RefusalCode::ResourceNotFound).saying(format!("{what} `{asked}` not found")).into()
}

/// What was sent is wrong, field by field, or, in a batch, item by item.
pub fn invalid(errors: Value) -> AppError {
    ApiRefusal { errors: Some(errors), ..RefusalCode::ValidationFailed.into() }.into()
}

/// A refused call.
pub fn of_refused(refused: Refused) -> AppError {
    let said = refused.said();
    match refused {
        Refused::Quota(wait) => AppError::TooMany(wait),
        Refused::Database(error) => error.into(),
        Refused::Fault(why) => AppError::Internal(why),
        Refused::Because { code, .. } => {
            ApiRefusal { scope: said.scope, ..ApiRefusal::from(code).saying(said.message) }.into()
        }
    }
}

/// A decision's refusal. `kind` and `asked` say what was looked for.
pub fn of_refusal(refusal: Refusal, kind: &str, asked: &str) -> AppError {
    let missing = Missing { kind: kind.to_owned(), asked: asked.to_owned() };
    of_refused(Refused::of(refusal, Some(missing)))
}
