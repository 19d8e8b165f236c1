//! The pages: one use case a file, and one table of routes.

mod accounts;
pub mod assets;
mod csrf;
pub mod errors;
mod form;
mod guard;
mod page;
pub mod paths;
pub mod session;
mod sign_in;
mod tokens;
mod told;

use crate::http::{App, AppError, get};
use actix_web::middleware::from_fn;
use actix_web::web::{self, Data, ServiceConfig};
use actix_web::{HttpMessage, HttpRequest, HttpResponse, Route};

/// Every page and every form: method, address, handler. Tests walk it.
fn routes() -> Vec<(&'static str, &'static str, Route)> {
    let post = web::post;
    vec![
        ("GET", "/", get().to(accounts::home)),
        ("GET", paths::SIGN_IN, get().to(sign_in::new)),
        ("POST", paths::SIGN_IN, post().to(sign_in::create)),
        ("POST", paths::SIGN_OUT, post().to(sign_in::delete)),
        ("GET", paths::ACCOUNTS, get().to(accounts::index)),
        ("GET", paths::TOKENS, get().to(tokens::live)),
        ("POST", paths::TOKENS, post().to(tokens::create)),
        ("GET", paths::TOKENS_ENDED, get().to(tokens::ended)),
        ("GET", paths::TOKEN_NEW, get().to(tokens::new)),
        ("POST", paths::TOKEN_WORDS, post().to(tokens::words)),
        ("GET", paths::RESOURCES, get().to(tokens::resources)),
        ("GET", paths::TOKEN, get().to(tokens::show)),
        ("GET", paths::TOKEN_RENAME, get().to(tokens::rename_edit)),
        ("POST", paths::TOKEN_RENAME, post().to(tokens::rename)),
        ("GET", paths::TOKEN_DELETE, get().to(tokens::delete_confirm)),
        ("POST", paths::TOKEN_DELETE, post().to(tokens::delete)),
    ]
}

/// Methods and addresses of the pages, for the test that asks every actor × every route.
pub fn route_table() -> Vec<(&'static str, &'static str)> {
    routes().into_iter().map(|(method, path, _)| (method, path)).collect()
}

/// Files and pages. Sessions are loaded for pages only.
pub fn configure(app: &Data<App>) -> impl FnOnce(&mut ServiceConfig) + use<> {
    let sessions = session::middleware(app);
    move |config| {
        config.service(resource("/static/{hash}/{file}").route(get().to(assets::file)));
        config.service(resource("/favicon.svg").route(get().to(assets::favicon)));
        let mut scope = web::scope("").wrap(from_fn(session::remember)).wrap(sessions);
        let mut routes = routes().into_iter().peekable();
        while let Some((_, path, route)) = routes.next() {
            let mut at_path = resource(path).route(route);
            while let Some((_, _, route)) = routes.next_if(|(_, next, _)| *next == path) {
                at_path = at_path.route(route);
            }
            scope = scope.service(at_path);
        }
        config.service(scope.default_service(web::to(nothing_here)));
    }
}

/// The secret behind the forms of whoever is signed in.
pub fn csrf_secret(request: &HttpRequest) -> Option<String> {
    request.extensions().get::<session::SignedInSession>().map(|session| session.csrf.clone())
}

fn resource(path: &str) -> actix_web::Resource {
    web::resource(path).default_service(web::to(not_that_way))
}

async fn nothing_here() -> Result<HttpResponse, AppError> {
    Err(AppError::NotFound)
}

async fn not_that_way() -> Result<HttpResponse, AppError> {
    Err(AppError::MethodNotAllowed)
}
