//! `POST /leaked`: whoever finds secrets in the open says so, without signing in.
//!
//! The answer is one and the same, to the byte, whatever was sent: whether a secret is live is told
//! to nobody. It promises that what was sent is put down, and so only a database that does not
//! answer changes it, or a network that has sent too much: then nothing was, and the answer says when to
//! send it again. There is no form token and no look at the origin: nothing here is done in
//! anybody's name, no cookie is read, and whoever holds a secret may report it.

use super::password::with_retry_after;
use crate::db::DbError;
use crate::http::{AppData, AppError, CallerAddress, network_of, read_body};
use crate::models::leak::{self, MOST_SECRETS};
use crate::models::throttle::{self, Allowance};
use crate::models::token::secret::{self, Digest};
use actix_web::HttpResponse;
use actix_web::http::header::ContentType;
use actix_web::web::Payload;
use serde::Deserialize;
use time::Duration;

/// Calls from one network that are looked at.
pub(super) const PER_NETWORK: Allowance = Allowance { attempts: 60, window: Duration::hours(1) };
const ANSWER: &str = "{\"message\":\"Received\"}\n";
const TOO_MANY: &str =
    "{\"message\":\"Too many reports from your network: nothing was put down. Try again later.\"}\n";

#[derive(Deserialize)]
struct Report {
    secrets: Vec<String>,
}

/// Puts down what was found. Typos and anything else that is no secret cost no query.
pub async fn report(
    payload: Payload,
    app: AppData,
    CallerAddress(address): CallerAddress,
) -> Result<HttpResponse, AppError> {
    // A body that is too large, late or broken holds no report.
    let body = read_body(payload.into_inner()).await.unwrap_or_default();
    let found = secrets_in(&body);
    if !found.is_empty() {
        let (network, now) = (network_of(address), app.clock.now());
        let put_down = app.db.transaction(move |conn| {
            let bucket = format!("leaked {network}");
            let wait = throttle::count(conn, &[(&bucket, PER_NETWORK)], now)?;
            if wait.is_none() {
                leak::put_down(conn, &found, address, now)?;
            }
            Ok::<_, DbError>(wait)
        });
        if let Some(wait) = put_down.await? {
            let mut refused = HttpResponse::TooManyRequests();
            return Ok(with_retry_after(refused.content_type(ContentType::json()).body(TOO_MANY), wait));
        }
    }
    Ok(HttpResponse::Accepted().content_type(ContentType::json()).body(ANSWER))
}

/// The digests of what has the form of a secret and a right checksum, each once: in the JSON
/// `{"secrets": [...]}`, or one a line. What comes after the first hundred is not looked at.
fn secrets_in(body: &[u8]) -> Vec<Digest> {
    let Ok(text) = std::str::from_utf8(body) else { return Vec::new() };
    let mut found: Vec<Digest> = Vec::new();
    let mut add = |one: &str| {
        let digest = secret::presented(one.trim());
        found.extend(digest.filter(|digest| !found.contains(digest)));
    };
    if text.trim_start().starts_with('{') {
        let report: Option<Report> = serde_json::from_str(text).ok();
        report.iter().flat_map(|report| &report.secrets).take(MOST_SECRETS).for_each(|one| add(one));
    } else {
        text.lines().filter(|line| !line.trim().is_empty()).take(MOST_SECRETS).for_each(add);
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::models::token::secret::{Kind, Secret};
    use proptest::prelude::*;

    fn secret() -> String {
        Secret::generate("tkh", Kind::User).unwrap().expose().to_owned()
    }

    #[test]
    fn secrets_come_as_json_or_one_a_line_and_each_counts_once() {
        let (one, two) = (secret(), secret());
        let json = serde_json::json!({ "secrets": [one, two, one, "tkh_u_typo"], "source": "a scanner" });
        assert_eq!(secrets_in(json.to_string().as_bytes()).len(), 2);
        assert_eq!(secrets_in(format!("\n {one}\r\n{two}\nnothing\n{one}").as_bytes()).len(), 2);
        for nothing in ["", "{", "{}", "{\"secrets\": 1}", "{\"secrets\": [1]}", "[]", "\0", "tkh_u_"] {
            assert!(secrets_in(nothing.as_bytes()).is_empty(), "{nothing:?}");
        }
        assert!(secrets_in(&[0xff, 0xfe]).is_empty());
    }

    #[test]
    fn a_hundred_are_looked_at_and_no_more() {
        let lines: Vec<String> = (0..101).map(|_| secret()).collect();
        assert_eq!(secrets_in(lines.join("\n").as_bytes()).len(), 100);
        let json = serde_json::json!({ "secrets": lines }).to_string();
        assert_eq!(secrets_in(json.as_bytes()).len(), 100);
    }

    proptest! {
        #[test]
        fn no_body_brings_it_down(body in proptest::collection::vec(any::<u8>(), 0..200)) {
            secrets_in(&body);
        }
    }
}
