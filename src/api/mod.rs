//! The API that tokens open, in the form of DNSimple's v2.

mod bearer;
pub mod errors;
mod whoami;

use crate::http::{AppError, get};
use actix_web::web::{self, ServiceConfig};
use actix_web::{HttpResponse, Route};

/// Everything of the API stands below this path.
pub const BASE: &str = "/v2";

fn routes() -> Vec<(&'static str, &'static str, Route)> {
    vec![("GET", "/v2/whoami", get().to(whoami::whoami))]
}

/// Methods and addresses of the API, for the test that asks every actor × every route.
pub fn route_table() -> Vec<(&'static str, &'static str)> {
    routes().into_iter().map(|(method, path, _)| (method, path)).collect()
}

/// The API. It has no sessions: a cookie opens nothing here.
pub fn configure(config: &mut ServiceConfig) {
    for (_, path, route) in routes() {
        config.service(web::resource(path).route(route).default_service(web::to(not_that_way)));
    }
    config.service(web::scope(BASE).default_service(web::to(nothing_here)));
}

async fn nothing_here() -> Result<HttpResponse, AppError> {
    Err(AppError::NotFound)
}

async fn not_that_way() -> Result<HttpResponse, AppError> {
    Err(AppError::MethodNotAllowed)
}
