//! Routes, as pages, files and API make them.

use super::AppError;
use actix_web::guard::{Any, Get, Head};
use actix_web::{HttpRequest, HttpResponse, Resource, Route, web};

/// The path of a request as the routes see it: decoded, but for `%2F`, `%25` and `%2B`, which are
/// decoded with the part of the path that they're in. `HttpRequest::path` is the path as it was sent.
pub fn path_of(request: &HttpRequest) -> &str {
    request.match_info().as_str()
}

/// Whether each `%` in a path as it was sent begins an escape. Only such a path is decoded once: half
/// an escape (`%2%65`) would be left as a whole one (`%2e`), and decoded again with its part.
pub fn is_well_formed(path: &str) -> bool {
    let escapes = path.split('%').skip(1);
    escapes
        .map(|text| text.as_bytes().get(..2))
        .all(|digits| digits.is_some_and(|digits| digits.iter().all(u8::is_ascii_hexdigit)))
}

/// A method, an address, and what answers there.
pub type TableRow = (&'static str, &'static str, Route);

/// What answers GET answers HEAD, too.
pub fn get() -> Route {
    web::route().guard(Any(Get()).or(Head()))
}

/// The rows of a table as resources, in the order in which their addresses come first. A method
/// that an address does not take gets 405 with those that it does.
pub fn resources(rows: Vec<TableRow>) -> Vec<Resource> {
    let mut places: Vec<(&'static str, Vec<&'static str>, Vec<Route>)> = Vec::new();
    for (method, path, route) in rows {
        let place = match places.iter().position(|(known, ..)| *known == path) {
            Some(place) => place,
            None => {
                places.push((path, Vec::new(), Vec::new()));
                places.len() - 1
            }
        };
        places[place].1.push(method);
        places[place].2.push(route);
    }
    places.into_iter().map(|(path, methods, routes)| resource(path, &methods, routes)).collect()
}

fn resource(path: &str, methods: &[&str], routes: Vec<Route>) -> Resource {
    let named = methods.iter().flat_map(|method| match *method {
        "GET" => vec!["GET", "HEAD"],
        other => vec![other],
    });
    let allow = named.collect::<Vec<_>>().join(", ");
    let not_that_way = move || {
        let allow = allow.clone();
        async move { Err::<HttpResponse, _>(AppError::MethodNotAllowed(allow)) }
    };
    routes.into_iter().fold(web::resource(path), Resource::route).default_service(web::to(not_that_way))
}
