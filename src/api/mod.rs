//! The API that tokens open: what each may ask about itself, and what an extension brings.

pub mod accounts;
pub mod bearer;
pub mod body;
pub mod caller;
mod cloudflare;
pub mod errors;
mod finish;
pub mod json;
pub mod of_user;
mod openapi;
pub mod permits;
pub mod routes;
pub mod verify;
pub mod whoami;

pub use finish::{Finish, presented_token};
pub use openapi::describe;
pub use routes::{Answer, ApiRoute, Shape};

use crate::http::{AppError, get, resources};
use crate::policy::catalogue::CatalogueError;
use crate::policy::{Catalogue, ClientAddress};
use actix_web::HttpResponse;
use actix_web::web::{self, ServiceConfig};
use routes::at;
use std::sync::Arc;

/// Everything of the API stands below this path.
pub const BASE: &str = "/v2";

/// The product's routes and those that an extension brings. Tests walk them, and their description is
/// made from them.
pub fn routes(extension: Vec<ApiRoute>) -> Vec<ApiRoute> {
    own().into_iter().chain(extension).collect()
}

/// Looks every permission that a route needs up in the catalogue: one that is missing there refuses to
/// start.
pub fn resolve(routes: &[ApiRoute], catalogue: &Catalogue) -> Result<(), CatalogueError> {
    let mut keys = routes.iter().filter_map(|route| route.needs).map(|(key, _)| key);
    keys.find(|key| catalogue.find(key).is_none())
        .map_or(Ok(()), |missing| Err(CatalogueError::missing(missing)))
}

/// What a token may ask about itself.
fn own() -> Vec<ApiRoute> {
    vec![
        at("GET", "/v2/whoami", whoami::whoami).one::<whoami::Whoami>(200, "Whose token this is."),
        at("GET", "/v2/tokens/verify", verify::verify)
            .one::<verify::TokenStatus>(200, "What a token is, also one that does not work any more."),
        at("GET", "/v2/accounts", accounts::list)
            .many::<whoami::Account>("The accounts that the token reaches."),
        at("DELETE", "/v2/tokens/current", accounts::end).empty("The token ends itself."),
    ]
}

/// Whether an address is the API's, whatever is there.
pub fn is_api(path: &str) -> bool {
    is_below(BASE, path) || is_below(cloudflare::BASE, path)
}

/// The body of an error at an address of the API, for a caller at this one; none where there is none.
pub fn error_body(path: &str, error: &AppError, caller: Option<ClientAddress>) -> Option<String> {
    if is_below(cloudflare::BASE, path) { cloudflare::error_body(error, caller) } else { errors::body(error) }
}

fn is_below(base: &str, path: &str) -> bool {
    path == base || path.strip_prefix(base).is_some_and(|rest| rest.starts_with('/'))
}

/// The API: these routes, and their description. It has no sessions: a cookie opens nothing here.
pub fn configure(routes: Vec<ApiRoute>, description: Arc<str>) -> impl FnOnce(&mut ServiceConfig) {
    move |config| {
        for resource in resources(routes.into_iter().map(ApiRoute::into_row).collect()) {
            config.service(resource);
        }
        let openapi = move || {
            let answer = openapi::answer(&description);
            async move { answer }
        };
        let others = vec![
            ("GET", openapi::ADDRESS, get().to(openapi)),
            ("GET", cloudflare::VERIFY, get().to(cloudflare::verify)),
        ];
        for resource in resources(others) {
            config.service(resource);
        }
        for base in [BASE, cloudflare::BASE] {
            config.service(web::scope(base).default_service(web::to(nothing_here)));
        }
    }
}

async fn nothing_here() -> Result<HttpResponse, AppError> {
    Err(AppError::NotFound)
}
