//! The description of the API, made from the table of routes: OpenAPI 3.1 at `/v2/openapi.json`.

use super::errors::ErrorBody;
use super::json::Pagination;
use super::routes::{Answer, ApiRoute, Shape};
use crate::policy::{Catalogue, RefusalCode};
use actix_web::HttpResponse;
use actix_web::http::header::{CACHE_CONTROL, HeaderValue};
use std::collections::BTreeMap;
use utoipa::ToSchema as _;
use utoipa::openapi::header::{Header, HeaderBuilder};
use utoipa::openapi::path::{
    HttpMethod, Operation, OperationBuilder, Parameter, ParameterBuilder, ParameterIn, PathsBuilder,
};
use utoipa::openapi::request_body::RequestBodyBuilder;
use utoipa::openapi::schema::{ArrayBuilder, ComponentsBuilder, Object, ObjectBuilder, Schema, Type};
use utoipa::openapi::security::{HttpAuthScheme, HttpBuilder, SecurityRequirement, SecurityScheme};
use utoipa::openapi::{
    ContentBuilder, InfoBuilder, OpenApiBuilder, PathItem, Ref, RefOr, Required, Response, ResponseBuilder,
};

/// Where it stands.
pub const ADDRESS: &str = "/v2/openapi.json";

const TOKEN: &str = "token";
const JSON: &str = "application/json";

/// The description's answer. It says nothing that is private, so that anybody may read and keep it.
pub(super) fn answer(description: &str) -> HttpResponse {
    HttpResponse::Ok()
        .content_type(JSON)
        .insert_header((CACHE_CONTROL, HeaderValue::from_static("public, max-age=300")))
        .body(description.to_owned())
}

/// The description of these routes. `refusals` are the codes that an extension refuses
/// calls with.
pub fn describe(
    routes: &[ApiRoute],
    catalogue: &Catalogue,
    refusals: &[&'static str],
) -> Result<String, serde_json::Error> {
    let mut schemas: BTreeMap<String, RefOr<Schema>> = BTreeMap::new();
    let mut paths = PathsBuilder::new();
    note(&mut schemas, Shape::of::<ErrorBody>());
    if let Some(RefOr::T(Schema::Object(body))) = schemas.get_mut(&*ErrorBody::name()) {
        body.properties.insert("code".to_owned(), RefOr::T(Schema::Object(every_code(refusals))));
    }
    note(&mut schemas, Shape::of::<Pagination>());
    for route in routes {
        if let Answer::One(shape) | Answer::Many(shape) | Answer::Page(shape) = &route.answer {
            note(&mut schemas, *shape);
        }
        if let Some(shape) = route.takes {
            note(&mut schemas, shape);
        }
        paths = paths.path(route.path, PathItem::new(method(route.method), operation(route, catalogue)));
    }
    let scheme = SecurityScheme::Http(HttpBuilder::new().scheme(HttpAuthScheme::Bearer).build());
    let components = ComponentsBuilder::new().security_scheme(TOKEN, scheme);
    let components = schemas.into_iter().fold(components, |all, (name, schema)| all.schema(name, schema));
    let info = InfoBuilder::new()
        .title(&catalogue.product.name)
        .version(env!("CARGO_PKG_VERSION"))
        .description(Some("The API that access tokens open."));
    OpenApiBuilder::new()
        .info(info)
        .paths(paths)
        .components(Some(components.build()))
        .security(Some([SecurityRequirement::new(TOKEN, Vec::<String>::new())]))
        .build()
        .to_json()
}

/// The product's codes and the extension's.
fn every_code(refusals: &[&'static str]) -> Object {
    let own = RefusalCode::ALL.iter().map(|code| code.key());
    ObjectBuilder::new()
        .schema_type(Type::String)
        .description(Some("For programs; it stays the same. Later versions may have more."))
        .enum_values(Some(own.chain(refusals.iter().copied())))
        .build()
}

fn note(schemas: &mut BTreeMap<String, RefOr<Schema>>, shape: Shape) {
    let mut parts = Vec::new();
    (shape.parts)(&mut parts);
    schemas.extend(parts);
    schemas.insert((shape.name)().into_owned(), (shape.schema)());
}

fn method(name: &str) -> HttpMethod {
    match name {
        "POST" => HttpMethod::Post,
        "PUT" => HttpMethod::Put,
        "PATCH" => HttpMethod::Patch,
        "DELETE" => HttpMethod::Delete,
        _ => HttpMethod::Get,
    }
}

fn operation(route: &ApiRoute, catalogue: &Catalogue) -> Operation {
    let scope = route.needs.map(|(key, access)| (key, access.in_scope()));
    let said = match scope {
        Some((key, access)) => format!("{} Needs `{key}`: {access}.", route.said),
        None => format!("{} Any working token will do.", route.said),
    };
    let needs = scope.map(|(key, access)| format!("{key}:{access}"));
    let mut operation = OperationBuilder::new()
        .summary(Some(route.said))
        .description(Some(said))
        .tag(route.needs.map_or("token", |(key, _)| key))
        .security(SecurityRequirement::new(TOKEN, needs))
        .response(route.status.to_string(), success(route, route.said));
    if let Some((status, when)) = route.also {
        operation = operation.response(status.to_string(), success(route, when));
    }
    for name in path_parts(route.path) {
        operation = operation.parameter(part(name, route, catalogue));
    }
    let pages: &[(&str, &str)] = match route.answer {
        Answer::Page(_) => &[
            ("page", "Number of the page; the first is 1."),
            ("per_page", "So many on a page: 30 unless asked, 100 at most."),
        ],
        _ => &[],
    };
    for (name, means) in pages.iter().chain(route.asks) {
        operation = operation.parameter(asked(name, means));
    }
    if let Some(shape) = route.takes {
        let content = ContentBuilder::new().schema(Some(reference(shape))).build();
        let body = RequestBodyBuilder::new().content(JSON, content).required(Some(Required::True));
        operation = operation.request_body(Some(body.build()));
    }
    refusals(route)
        .into_iter()
        .fold(operation, |all, (status, why)| all.response(status, refusal(why)))
        .build()
}

fn path_parts(path: &str) -> impl Iterator<Item = &str> {
    path.split('/').filter_map(|part| part.strip_prefix('{')?.strip_suffix('}'))
}

fn part(name: &str, route: &ApiRoute, catalogue: &Catalogue) -> Parameter {
    let own = route.places.iter().find(|(place, _)| *place == name).map(|(_, means)| *means);
    let is_kind = || catalogue.kinds.iter().any(|kind| kind.key.as_str() == name);
    let means = match (own, name) {
        (Some(means), _) => means,
        (None, "account") => "Number of the account.",
        (None, _) if is_kind() => "Its name or its number.",
        (None, _) => "Its number.",
    };
    parameter(name, means).parameter_in(ParameterIn::Path).required(Required::True).build()
}

fn asked(name: &str, means: &str) -> Parameter {
    parameter(name, means).parameter_in(ParameterIn::Query).required(Required::False).build()
}

fn parameter(name: &str, means: &str) -> ParameterBuilder {
    let text = ObjectBuilder::new().schema_type(Type::String).build();
    ParameterBuilder::new().name(name).description(Some(means)).schema(Some(Schema::Object(text)))
}

fn success(route: &ApiRoute, said: &str) -> Response {
    let data = match &route.answer {
        Answer::Empty => return limited("Done.").build(),
        Answer::One(shape) => RefOr::Ref(reference(*shape)),
        Answer::Many(shape) | Answer::Page(shape) => {
            RefOr::T(Schema::Array(ArrayBuilder::new().items(reference(*shape)).build()))
        }
    };
    let mut body = ObjectBuilder::new().property("data", data).required("data");
    if let Answer::Page(_) = route.answer {
        body = body.property("pagination", reference(Shape::of::<Pagination>())).required("pagination");
    }
    let content = ContentBuilder::new().schema(Some(Schema::Object(body.build()))).build();
    limited(said).content(JSON, content).build()
}

fn refusals(route: &ApiRoute) -> Vec<(&'static str, &'static str)> {
    let mut all = vec![
        ("401", "No token, or one that does not work; `code` says why where the secret was once real."),
        ("403", "The token may not do this from here; `code` says why, `scope` what would have sufficed."),
        ("404", "Nothing there, or nothing that the token reaches."),
        ("429", "The budget of this hour is used up."),
        ("503", "The database does not answer."),
    ];
    if route.takes.is_some() || !route.asks.is_empty() || matches!(route.answer, Answer::Page(_)) {
        all.push(("400", "What was sent is wrong; `errors` says what, field by field."));
    }
    if route.takes.is_some() {
        all.push(("413", "What was sent is larger than 256 KiB."));
    }
    all.extend(route.refuses);
    all
}

fn refusal(why: &str) -> Response {
    let error = reference(Shape::of::<ErrorBody>());
    limited(why).content(JSON, ContentBuilder::new().schema(Some(error)).build()).build()
}

/// Every answer says how much of the hour's budget is left.
fn limited(said: &str) -> ResponseBuilder {
    let header = |means: &str| -> Header {
        let number = ObjectBuilder::new().schema_type(Type::Integer).build();
        HeaderBuilder::new().schema(Some(Schema::Object(number))).description(Some(means)).build()
    };
    ResponseBuilder::new()
        .description(said)
        .header("X-RateLimit-Limit", header("Calls an hour."))
        .header("X-RateLimit-Remaining", header("Calls left in this hour."))
        .header("X-RateLimit-Reset", header("When the next hour begins, in Unix seconds."))
}

fn reference(shape: Shape) -> Ref {
    Ref::from_schema_name((shape.name)())
}
