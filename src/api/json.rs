//! What answers are made of.

use crate::http::AppError;
use crate::models::text::DAY;
use actix_web::HttpResponse;
use actix_web::http::header::ContentType;
use serde::{Serialize, Serializer};
use time::format_description::FormatItem;
use time::macros::format_description;
use time::{Date, OffsetDateTime};
use utoipa::ToSchema;

/// ISO-8601, UTC, whole seconds: official clients compare it as text.
const MOMENT: &[FormatItem<'_>] = format_description!("[year]-[month]-[day]T[hour]:[minute]:[second]Z");

/// A moment, as `2026-11-22T12:00:00Z`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ToSchema)]
#[schema(value_type = String, format = DateTime, example = "2026-11-22T12:00:00Z")]
pub struct Moment(pub OffsetDateTime);

/// A day in UTC, as `2026-11-22`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ToSchema)]
#[schema(value_type = String, format = Date, example = "2026-11-22")]
pub struct Day(pub Date);

impl Serialize for Moment {
    fn serialize<S: Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        to.serialize_str(&self.0.format(MOMENT).map_err(serde::ser::Error::custom)?)
    }
}

impl Serialize for Day {
    fn serialize<S: Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        to.serialize_str(&self.0.format(DAY).map_err(serde::ser::Error::custom)?)
    }
}

/// What every answer with a body stands under.
#[derive(Debug, Serialize, ToSchema)]
pub struct Data<T> {
    /// The answer.
    pub data: T,
}

/// A page of a list.
#[derive(Debug, Serialize, ToSchema)]
pub struct PageOf<T> {
    /// What stands on it.
    pub data: Vec<T>,
    /// Where it is.
    pub pagination: Pagination,
}

/// Where a page is in its list.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, ToSchema)]
pub struct Pagination {
    /// Number of the page; the first is 1.
    pub current_page: i64,
    /// So many stand on a page, at most.
    pub per_page: i64,
    /// So many there are in all, as far as the token reaches.
    pub total_entries: i64,
    /// So many pages there are.
    pub total_pages: i64,
}

/// An answer as JSON, or why it has none.
pub type Written = Result<Vec<u8>, serde_json::Error>;

/// An answer that may be large, written in the work that read it: a hundred records can be 25 MB, which
/// takes an async thread 25 ms in which it answers nobody else.
pub fn written<T: Serialize>(answer: &T) -> Written {
    serde_json::to_vec(answer)
}

/// 200 with what was written.
pub fn ok_written(text: Written) -> Result<HttpResponse, AppError> {
    let text = text.map_err(|error| AppError::Internal(error.to_string()))?;
    Ok(HttpResponse::Ok().content_type(ContentType::json()).body(text))
}

/// 200 with this under `data`.
pub fn ok<T: Serialize>(data: T) -> HttpResponse {
    HttpResponse::Ok().json(Data { data })
}

/// 201 with this under `data`.
pub fn created<T: Serialize>(data: T) -> HttpResponse {
    HttpResponse::Created().json(Data { data })
}

/// 204.
pub fn no_content() -> HttpResponse {
    HttpResponse::NoContent().finish()
}
