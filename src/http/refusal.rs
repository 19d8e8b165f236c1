//! A refused call, as the API answers it.

use super::AppError;
use crate::policy::{RefusalCode, RefusalFacts};
use actix_web::http::StatusCode;
use serde_json::Value;

/// A refusal with a code for programs and words for people.
#[derive(Debug, Clone)]
pub struct ApiRefusal {
    /// Of the answer.
    pub status: StatusCode,
    /// Stable, for programs.
    pub key: &'static str,
    /// The product's own code; `None` for what an extension refuses.
    pub code: Option<RefusalCode>,
    /// For people.
    pub message: String,
    /// The scope that would have sufficed.
    pub scope: Option<String>,
    /// What is wrong with each field.
    pub errors: Option<Value>,
}

impl ApiRefusal {
    /// A refusal of an extension's own, under a code that no [`RefusalCode`] has.
    pub fn of_extension(key: &'static str, facts: RefusalFacts) -> ApiRefusal {
        ApiRefusal {
            status: status(facts),
            key,
            code: None,
            message: facts.message.to_owned(),
            scope: None,
            errors: None,
        }
    }

    /// The same with a message that says more.
    pub fn saying(self, message: impl Into<String>) -> ApiRefusal {
        ApiRefusal { message: message.into(), ..self }
    }
}

impl From<RefusalCode> for ApiRefusal {
    fn from(code: RefusalCode) -> ApiRefusal {
        ApiRefusal { code: Some(code), ..ApiRefusal::of_extension(code.key(), code.facts()) }
    }
}

impl From<ApiRefusal> for AppError {
    fn from(refusal: ApiRefusal) -> AppError {
        AppError::Refused(Box::new(refusal))
    }
}

impl From<RefusalCode> for AppError {
    fn from(code: RefusalCode) -> AppError {
        ApiRefusal::from(code).into()
    }
}

/// No table holds a status that isn't one; a test of each looks.
fn status(facts: RefusalFacts) -> StatusCode {
    StatusCode::from_u16(facts.status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR)
}
