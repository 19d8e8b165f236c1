//! The API that tokens open, in the form of DNSimple's v2.

mod account;
mod accounts;
mod batch;
mod bearer;
mod body;
mod caller;
mod certificates;
mod charges;
mod contact_shape;
mod contacts;
mod dns_bodies;
mod dns_table;
mod domains;
pub mod errors;
mod finish;
mod json;
mod openapi;
mod permits;
mod place;
mod platform;
mod query;
mod record_changes;
mod records;
mod registrar;
mod registrar_switches;
mod research;
mod routes;
mod table;
mod templates;
mod webhooks;
mod whoami;
mod zones;

pub use finish::Finish;
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
    let own =
        vec![at("GET", "/v2/whoami", whoami::whoami).one::<whoami::Whoami>(200, "Whose token this is.")];
    [own, table::of_account(), table::of_domains(), dns_table::rows()].into_iter().flatten().collect()
}

/// Whether an address is the API's, whatever is there.
pub fn is_api(path: &str) -> bool {
    path == BASE || path.strip_prefix(BASE).is_some_and(|rest| rest.starts_with('/'))
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
