//! Routes, as pages, files and API make them.

use actix_web::guard::{Any, Get, Head};
use actix_web::{Route, web};

/// What answers GET answers HEAD, too.
pub fn get() -> Route {
    web::route().guard(Any(Get()).or(Head()))
}
