//! The API that tokens open, in the form of DNSimple's v2.

mod bearer;
mod body;
mod caller;
pub mod errors;
mod json;
mod openapi;
mod permits;
mod query;
mod routes;
mod whoami;

pub use openapi::description;
pub use permits::resolve;
pub use routes::{Answer, ApiRoute, Shape};

use crate::http::{AppError, get, resources};
use actix_web::HttpResponse;
use actix_web::web::{self, ServiceConfig};
use routes::at;

/// Everything of the API stands below this path.
pub const BASE: &str = "/v2";

/// Every route of the API. Tests walk it, and its description is made from it.
pub fn routes() -> Vec<ApiRoute> {
    vec![at("GET", "/v2/whoami", whoami::whoami).one::<whoami::Whoami>(200, "Whose token this is.")]
}

/// The API. It has no sessions: a cookie opens nothing here.
pub fn configure(config: &mut ServiceConfig) {
    for resource in resources(routes().into_iter().map(ApiRoute::into_row).collect()) {
        config.service(resource);
    }
    for resource in resources(vec![("GET", openapi::ADDRESS, get().to(openapi::openapi))]) {
        config.service(resource);
    }
    config.service(web::scope(BASE).default_service(web::to(nothing_here)));
}

async fn nothing_here() -> Result<HttpResponse, AppError> {
    Err(AppError::NotFound)
}
