//! What the check answers: a yes with every header of the contract, or a no with its reason.

use super::dialect::{Dialect, Misread};
use crate::authorization::{Admitted, Refused, Said};
use crate::http::App;
use crate::models::token::lookup::Holder;
use actix_web::HttpResponse;
use actix_web::http::StatusCode;
use actix_web::http::header::{CONTENT_TYPE, HeaderName, HeaderValue, RETRY_AFTER, WWW_AUTHENTICATE};
use serde::Serialize;
use std::fmt::Write as _;

/// Each of these is in every yes, once and never empty: a proxy that copies one that isn't there leaves the
/// client's own in its place (GHSA-7r4p-vjf4-gxv4), or the name of a variable.
const CONTRACT: [&str; 7] = [
    "x-token-id",
    "x-account-id",
    "x-account-ref",
    "x-user-id",
    "x-user-ref",
    "x-token-scope",
    "x-token-resources",
];

/// For what there is none of.
const NONE: &str = "-";

/// How long a proxy's client is to wait for a database that is away, in seconds.
const RETRY: i64 = 1;

/// Answers to the proxy of one dialect.
pub(super) struct Answer<'a> {
    dialect: Dialect,
    app: &'a App,
}

/// The body of a refusal.
#[derive(Serialize)]
struct Body<'a> {
    message: &'a str,
    code: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    scope: Option<&'a str>,
}

impl<'a> Answer<'a> {
    pub(super) fn new(dialect: Dialect, app: &'a App) -> Answer<'a> {
        Answer { dialect, app }
    }

    /// For a call that nobody is asked about.
    pub(super) fn open(&self) -> HttpResponse {
        with_contract([NONE; 7])
    }

    pub(super) fn yes(&self, admitted: &Admitted) -> HttpResponse {
        let found = &admitted.found;
        let account = match (&admitted.account, &found.holder) {
            (Some(account), _) => Some(account),
            (None, Holder::Account(account)) => Some(account),
            (None, Holder::User(_)) => None,
        };
        let user = match &found.holder {
            Holder::Account(_) => None,
            Holder::User(user) => Some(user),
        };
        let number =
            |number: Option<i64>| number.map_or_else(|| NONE.to_owned(), |number| number.to_string());
        let used = admitted.used.as_ref();
        with_contract([
            &found.token.to_string(),
            &number(account.map(|account| account.id.get())),
            account.and_then(|account| account.reference.as_deref()).unwrap_or(NONE),
            &number(user.map(|user| user.id.get())),
            user.and_then(|user| user.reference.as_deref()).unwrap_or(NONE),
            used.map_or(NONE, |used| used.scope.as_str()),
            used.and_then(|used| used.resources.as_deref()).unwrap_or(NONE),
        ])
    }

    /// A question that can't be read: nothing was looked up for it.
    pub(super) fn misread(&self, why: Misread) -> HttpResponse {
        self.refusal(StatusCode::FORBIDDEN, why.key(), why.message(), None)
    }

    /// `presents`: whether the call came with a credential at all.
    pub(super) fn no(&self, refused: &Refused, said: Said, presents: bool) -> HttpResponse {
        let status = StatusCode::from_u16(said.status).unwrap_or(StatusCode::FORBIDDEN);
        let mut response = self.refusal(status, said.key, &said.message, said.scope.as_deref());
        let headers = response.headers_mut();
        let realm: String = self.app.catalogue.product.name.chars().filter(|one| is_plain(*one)).collect();
        let mut challenge = format!("Bearer realm=\"{realm}\"");
        if status == StatusCode::UNAUTHORIZED {
            if presents {
                challenge.push_str(", error=\"invalid_token\"");
            }
            set(headers, WWW_AUTHENTICATE, &challenge);
        } else if let Some(scope) = said.scope.as_deref().filter(|_| status == StatusCode::FORBIDDEN) {
            let _ = write!(challenge, ", error=\"insufficient_scope\", scope=\"{scope}\"");
            set(headers, WWW_AUTHENTICATE, &challenge);
        }
        let wait = match refused {
            Refused::Quota(wait) => Some(wait.whole_seconds().max(1)),
            Refused::Database(_) => Some(RETRY),
            Refused::Because { .. } | Refused::Fault(_) => None,
        };
        if let Some(wait) = wait {
            headers.insert(RETRY_AFTER, HeaderValue::from(wait));
        }
        match refused {
            Refused::Database(cause) => tracing::warn!(%cause, "unavailable"),
            Refused::Fault(cause) => tracing::error!(%cause, "fault"),
            Refused::Because { .. } | Refused::Quota(_) => {}
        }
        response
    }

    fn refusal(&self, status: StatusCode, code: &str, message: &str, scope: Option<&str>) -> HttpResponse {
        let body = serde_json::to_string(&Body { message, code, scope }).unwrap_or_default();
        let mut response = HttpResponse::build(self.outward(status)).body(body.clone());
        let headers = response.headers_mut();
        headers.insert(CONTENT_TYPE, HeaderValue::from_static("application/json"));
        headers.insert(HeaderName::from_static("x-token-status"), HeaderValue::from(status.as_u16()));
        set(headers, HeaderName::from_static("x-token-error"), &in_ascii(&body));
        response
    }

    /// nginx makes a 500 of every refusal but 401 and 403, and the printed configuration a 503 of that.
    fn outward(&self, status: StatusCode) -> StatusCode {
        let known = [StatusCode::UNAUTHORIZED, StatusCode::FORBIDDEN].contains(&status);
        if self.dialect == Dialect::Nginx && !known && !status.is_server_error() {
            StatusCode::FORBIDDEN
        } else {
            status
        }
    }
}

/// 200, the only answer that Envoy takes for a yes, and empty.
fn with_contract(values: [&str; 7]) -> HttpResponse {
    let mut response = HttpResponse::Ok().finish();
    for (name, value) in CONTRACT.into_iter().zip(values) {
        set(response.headers_mut(), HeaderName::from_static(name), value);
    }
    response
}

/// Names come from files and people: what no header can hold is left as `-`, never left out.
fn set(headers: &mut actix_web::http::header::HeaderMap, name: HeaderName, value: &str) {
    let value = HeaderValue::from_str(value).ok().filter(|value| !value.is_empty());
    headers.insert(name, value.unwrap_or_else(|| HeaderValue::from_static(NONE)));
}

fn is_plain(letter: char) -> bool {
    matches!(letter, ' '..='~') && letter != '"' && letter != '\\'
}

/// JSON with everything beyond ASCII as an escape, for a header.
fn in_ascii(json: &str) -> String {
    let mut text = String::with_capacity(json.len());
    for letter in json.chars() {
        if letter.is_ascii() {
            text.push(letter);
            continue;
        }
        for unit in letter.encode_utf16(&mut [0; 2]) {
            let _ = write!(text, "\\u{unit:04x}");
        }
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_beyond_ascii_is_escaped_and_still_the_same_json() {
        let json = serde_json::json!({ "message": "“köln” 🏪" }).to_string();
        let ascii = in_ascii(&json);
        assert!(ascii.is_ascii(), "{ascii}");
        let read = |text: &str| serde_json::from_str::<serde_json::Value>(text).unwrap();
        assert_eq!(read(&ascii), read(&json));
    }

    #[test]
    fn no_header_of_the_contract_is_ever_missing_or_empty() {
        let response = with_contract(["7", "", "a\nb", "ü", "-", "orders:*:read", "*"]);
        for name in CONTRACT {
            let values: Vec<_> = response.headers().get_all(name).collect();
            assert!(values.len() == 1 && !values[0].is_empty(), "{name}");
        }
    }
}
