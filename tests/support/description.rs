//! Every answer of the API that any test sees is held against the API's own description.

use reqwest::StatusCode;
use serde_json::{Value, json};
use std::collections::HashMap;
use std::sync::{LazyLock, Mutex};

static DESCRIPTION: LazyLock<Value> =
    LazyLock::new(|| serde_json::from_str(&super::product().api_description().unwrap()).unwrap());

type Validators = Mutex<HashMap<String, &'static jsonschema::Validator>>;
static VALIDATORS: LazyLock<Validators> = LazyLock::new(Mutex::default);

/// The whole description.
pub fn whole() -> &'static Value {
    &DESCRIPTION
}

/// Panics where an answer under `/v2` is not as it is described.
pub fn check(method: &str, path: &str, status: StatusCode, body: &str) {
    if path == "/v2/openapi.json" || !path.starts_with("/v2/") || method == "HEAD" {
        return;
    }
    let said = format!("{method} {path}: {status} {body}");
    let Some(template) = template_of(path) else {
        return assert!(
            status.is_client_error() || status.is_server_error(),
            "an undescribed address: {said}"
        );
    };
    if status == StatusCode::METHOD_NOT_ALLOWED {
        return assert!(body.is_empty(), "{said}");
    }
    let pointer = ["paths", &template, &method.to_lowercase(), "responses", status.as_str()];
    let described = pointer.iter().try_fold(whole(), |at, key| at.get(key));
    let Some(described) = described else { panic!("undescribed: {said}") };
    match described.pointer("/content/application~1json/schema") {
        None => assert!(body.is_empty(), "{said}"),
        Some(schema) => {
            let value: Value = serde_json::from_str(body).unwrap_or_else(|_| panic!("no JSON: {said}"));
            let errors: Vec<String> = validator(&pointer.join(" "), schema)
                .iter_errors(&value)
                .map(|one| one.to_string())
                .collect();
            assert!(errors.is_empty(), "not as described: {said}\n{errors:?}");
        }
    }
}

/// The described address that a path is one of: the one with the fewest parts left open.
fn template_of(path: &str) -> Option<String> {
    let open = |template: &String| template.matches('{').count();
    let fits = |template: &&String| {
        let (parts, asked) = (template.split('/').collect::<Vec<_>>(), path.split('/').collect::<Vec<_>>());
        parts.len() == asked.len()
            && parts.iter().zip(asked).all(|(part, asked)| part.starts_with('{') || *part == asked)
    };
    whole()["paths"].as_object().unwrap().keys().filter(fits).min_by_key(|template| open(template)).cloned()
}

/// Kept for the whole run: there is one for each route and status.
fn validator(place: &str, schema: &Value) -> &'static jsonschema::Validator {
    let mut known = VALIDATORS.lock().unwrap();
    known.entry(place.to_owned()).or_insert_with(|| {
        let mut all = json!({ "allOf": [schema], "components": whole()["components"] });
        close(&mut all);
        Box::leak(Box::new(jsonschema::validator_for(&all).unwrap()))
    })
}

/// What is not described is not answered.
fn close(schema: &mut Value) {
    match schema {
        Value::Object(map) => {
            map.values_mut().for_each(close);
            if map.get("type") == Some(&json!("object")) && map.contains_key("properties") {
                map.insert("additionalProperties".to_owned(), json!(false));
            }
        }
        Value::Array(list) => list.iter_mut().for_each(close),
        _ => {}
    }
}
