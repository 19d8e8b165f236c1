//! Numbers in paths.

use crate::api::caller::segment;
use crate::api::errors::not_found;
use crate::http::AppError;
use actix_web::HttpRequest;

/// A thing that a path names by its number.
pub struct Numbered {
    /// The number.
    pub id: i64,
    what: &'static str,
    asked: String,
}

impl Numbered {
    /// The number that stands in the path under this name. What is no number is not there.
    pub fn of(request: &HttpRequest, name: &str, what: &'static str) -> Result<Numbered, AppError> {
        let asked = segment(request, name).unwrap_or_default();
        let digits = asked.bytes().all(|byte| byte.is_ascii_digit());
        match asked.parse() {
            Ok(id) if digits => Ok(Numbered { id, what, asked }),
            _ => Err(not_found(what, &asked)),
        }
    }

    /// It is not there, or not for this caller.
    pub fn not_found(&self) -> AppError {
        not_found(self.what, &self.asked)
    }
}
