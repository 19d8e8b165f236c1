//! Bodies of calls: one JSON object each, read field by field.

use super::errors::invalid;
use crate::http::{AppError, read_body};
use actix_web::dev::Payload;
use actix_web::{FromRequest, HttpRequest};
use serde_json::{Map, Value};
use std::collections::BTreeMap;
use std::future::{Ready, ready};

/// A body that was not read yet: it is, once who calls is known.
pub struct Body(Payload);

impl FromRequest for Body {
    type Error = AppError;
    type Future = Ready<Result<Self, AppError>>;

    fn from_request(_: &HttpRequest, payload: &mut Payload) -> Self::Future {
        ready(Ok(Body(payload.take())))
    }
}

impl Body {
    /// The body as JSON of any shape. serde_json refuses what is nested deeper than 128.
    pub async fn value(self) -> Result<Value, AppError> {
        let bytes = read_body(self.0).await?;
        serde_json::from_slice(&bytes).map_err(|_| AppError::BadRequest("The body is not JSON"))
    }

    /// The fields of the body; none of them is there in an empty one.
    pub async fn fields(self) -> Result<Fields, AppError> {
        let bytes = read_body(self.0).await?;
        if bytes.iter().all(u8::is_ascii_whitespace) {
            return Ok(Fields::of(Map::new()));
        }
        match serde_json::from_slice(&bytes) {
            Ok(Value::Object(map)) => Ok(Fields::of(map)),
            Ok(_) => Err(AppError::BadRequest("The body is not a JSON object")),
            Err(_) => Err(AppError::BadRequest("The body is not JSON")),
        }
    }
}

/// The fields of an object, and what is wrong with them. `null` is the same as a field that is
/// not there: official clients send it for what they leave out.
#[derive(Debug)]
pub struct Fields {
    map: Map<String, Value>,
    errors: BTreeMap<String, Vec<String>>,
}

impl Fields {
    /// The fields of this object.
    pub fn of(map: Map<String, Value>) -> Fields {
        Fields { map, errors: BTreeMap::new() }
    }

    /// A text.
    pub fn text(&mut self, name: &str) -> Option<String> {
        match self.value(name)? {
            // Postgres keeps no NUL, and no name or address has one.
            Value::String(text) if text.contains('\0') => self.wrong(name, "holds a NUL character"),
            Value::String(text) => Some(text),
            _ => self.wrong(name, "is not a text"),
        }
    }

    /// A whole number.
    pub fn integer(&mut self, name: &str) -> Option<i64> {
        match self.value(name)?.as_i64() {
            Some(number) => Some(number),
            None => self.wrong(name, "is not a number"),
        }
    }

    /// A list of texts.
    pub fn texts(&mut self, name: &str) -> Option<Vec<String>> {
        let texts = match self.value(name)? {
            Value::Array(list) => list
                .into_iter()
                .map(|one| match one {
                    Value::String(text) if !text.contains('\0') => Some(text),
                    _ => None,
                })
                .collect(),
            _ => None,
        };
        if texts.is_none() { self.wrong(name, "is not a list of texts") } else { texts }
    }

    /// A list of objects or anything else, untouched.
    pub fn list(&mut self, name: &str) -> Option<Vec<Value>> {
        match self.value(name)? {
            Value::Array(list) => Some(list),
            _ => self.wrong(name, "is not a list"),
        }
    }

    /// Notes that something is missing; what is there is given back.
    pub fn required<T>(&mut self, name: &str, value: Option<T>) -> Option<T> {
        if value.is_none() && !self.errors.contains_key(name) {
            self.refuse(name, "can't be blank");
        }
        value
    }

    /// Notes what is wrong with a field.
    pub fn refuse(&mut self, name: &str, what: &str) {
        self.errors.entry(name.to_owned()).or_default().push(what.to_owned());
    }

    /// Notes what was found wrong, but for fields that are wrong already.
    pub fn refuse_all(&mut self, faults: impl IntoIterator<Item = (&'static str, String)>) {
        for (name, fault) in faults {
            if !self.errors.contains_key(name) {
                self.refuse(name, &fault);
            }
        }
    }

    /// What is wrong so far, by field.
    pub fn errors(&self) -> &BTreeMap<String, Vec<String>> {
        &self.errors
    }

    /// 400 with all that is wrong, where something is.
    pub fn done(&self) -> Result<(), AppError> {
        if self.errors.is_empty() { Ok(()) } else { Err(invalid(serde_json::json!(self.errors))) }
    }

    fn value(&self, name: &str) -> Option<Value> {
        self.map.get(name).filter(|value| !value.is_null()).cloned()
    }

    fn wrong<T>(&mut self, name: &str, what: &str) -> Option<T> {
        self.refuse(name, what);
        None
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn fields(value: Value) -> Fields {
        let Value::Object(map) = value else { panic!("an object") };
        Fields::of(map)
    }

    #[test]
    fn null_is_the_same_as_nothing() {
        let mut fields = fields(json!({ "name": null }));
        assert_eq!((fields.text("name"), fields.text("other")), (None, None));
        assert!(fields.done().is_ok());
    }

    #[test]
    fn each_field_says_what_is_wrong_with_it() {
        let mut fields = fields(json!({ "name": 1, "ttl": "x", "regions": [1], "nul": "a\0" }));
        assert!(fields.text("name").is_none() && fields.integer("ttl").is_none());
        assert!(fields.texts("regions").is_none());
        assert!(fields.text("nul").is_none());
        let content = fields.text("content");
        assert!(fields.required("content", content).is_none());
        assert_eq!(fields.errors().len(), 5);
        assert_eq!(fields.errors()["ttl"], ["is not a number"]);
        assert_eq!(fields.errors()["content"], ["can't be blank"]);
        assert!(fields.done().is_err());
    }
}
