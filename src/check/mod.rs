//! The check in front of an API that runs elsewhere: its proxy asks, for each call, whether it may go on.
//! One address for each way in which proxies ask, so that each reads only the headers that its proxy sets.

mod answer;
mod dialect;
pub mod proxies;

pub use dialect::Dialect;

use crate::authorization::{self, About, Ask, RouteCall};
use crate::http::{AppData, AppError, Presented, client_name, forwarding_client};
use crate::policy::{Needs, path};
use actix_web::http::header::HeaderMap;
use actix_web::{HttpRequest, HttpResponse, web};
use answer::Answer;
use dialect::Question;

/// What every path of the check begins with.
pub const PREFIX: &str = "/authorize/";

/// Every address of the check. Envoy asks with the path of the call behind its own.
const ROUTES: [(Dialect, &str); 5] = [
    (Dialect::Nginx, "/authorize/nginx"),
    (Dialect::Caddy, "/authorize/caddy"),
    (Dialect::Traefik, "/authorize/traefik"),
    (Dialect::Envoy, "/authorize/envoy"),
    (Dialect::Envoy, "/authorize/envoy/{path:.*}"),
];

/// Whether a path is of the check.
pub fn is_check(path: &str) -> bool {
    path.starts_with(PREFIX)
}

/// The addresses, for the test that asks every actor × every route. They take any method.
pub fn route_table() -> Vec<(&'static str, &'static str)> {
    ROUTES.iter().map(|(_, path)| ("GET", *path)).collect()
}

/// The routes of the check: any method, as some proxies ask with that of the call.
pub fn configure(config: &mut web::ServiceConfig) {
    for (dialect, path) in ROUTES {
        let route = web::route().to(move |request: HttpRequest, app: AppData| check(dialect, request, app));
        config.service(web::resource(path).route(route));
    }
}

/// Answers whether a call may go on. Who isn't a trusted proxy learns nothing, not even that this is here.
async fn check(dialect: Dialect, request: HttpRequest, app: AppData) -> Result<HttpResponse, AppError> {
    let Some(address) = forwarding_client(&request, &app) else { return Err(AppError::NotFound) };
    let answer = Answer::new(dialect, &app);
    let question = match dialect::read(dialect, &request) {
        Ok(question) => question,
        Err(why) => return Ok(answer.misread(why)),
    };
    let Question { method, target } = &question;
    let Some(place) = path::normal(target) else { return Ok(answer.misread(dialect::Misread::Path)) };
    let found = app.catalogue.routes.find(method, place);
    if found.as_ref().is_some_and(|found| found.route.needs == Needs::Open) {
        return Ok(answer.open());
    }
    let needs = found.as_ref().and_then(|found| match &found.route.needs {
        Needs::Scope(key, access) => Some((key.as_str().to_owned().into(), *access)),
        Needs::AnyToken | Needs::Open => None,
    });
    let headers = request.headers();
    let credential = authorization::digest(&app.catalogue.headers, |name| values(headers, name));
    let presents = credential.is_ok() || app.catalogue.headers.iter().any(|name| headers.contains_key(name));
    let ask = Ask {
        address,
        client: client_name(headers),
        account: None,
        about: About::Route(&RouteCall { found }),
    };
    let verdict = authorization::ask(&app, credential, &ask).await;
    match verdict.outcome {
        Ok(admitted) => Ok(answer.yes(&admitted)),
        Err(refused) => {
            let said = refused.said();
            if let (Some(token), Some(code)) = (verdict.token, said.code)
                && code.facts().on_token.is_some()
            {
                app.buffers.refusals.note(Presented { token, needs }, code, app.clock.now());
            }
            Ok(answer.no(&refused, said, presents))
        }
    }
}

fn values<'a>(headers: &'a HeaderMap, name: &str) -> impl Iterator<Item = &'a [u8]> + use<'a> {
    headers.get_all(name).map(|value| value.as_bytes())
}
