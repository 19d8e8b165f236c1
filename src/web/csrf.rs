//! Forms come from our own pages: a token in the form, and what the browser says of its origin.

use crate::http::App;
use actix_web::HttpRequest;
use actix_web::http::header::{HOST, ORIGIN};
use rand::Rng;
use std::fmt::Write as _;
use subtle::ConstantTimeEq;
use url::Url;

const LENGTH: usize = 32;

/// The secret behind the form tokens of a session or of a sign-in form, as text.
pub fn new_secret() -> String {
    hex(&random())
}

/// Whether a text has the shape of such a secret.
pub fn is_secret(text: &str) -> bool {
    unhex(text).is_some()
}

/// A form token: the secret under a fresh mask, so that compressing a page tells nothing of it.
pub fn form_token(secret: &str) -> String {
    let mask = random();
    let Some(secret) = unhex(secret) else { return String::new() };
    let masked = xor(&secret, &mask);
    hex(&mask) + &hex(&masked)
}

/// Whether a form token belongs to the secret.
pub fn belongs(secret: &str, form_token: &str) -> bool {
    let halves = form_token
        .split_at_checked(LENGTH * 2)
        .and_then(|(mask, masked)| Some((unhex(mask)?, unhex(masked)?)));
    match (unhex(secret), halves) {
        (Some(secret), Some((mask, masked))) => bool::from(xor(&mask, &masked).ct_eq(&secret)),
        _ => false,
    }
}

/// Whether the browser says that the request comes from our own pages. A caller that says neither
/// is no browser of today, and has no business with forms.
pub fn is_from_our_pages(request: &HttpRequest, app: &App) -> bool {
    match header(request, "sec-fetch-site") {
        Some(site) => site == "same-origin",
        None => header(request, ORIGIN.as_str())
            .is_some_and(|origin| app.public.origin_allowed(origin, app.bound)),
    }
}

/// The URL to open instead, where a form that isn't from our pages seems to be from one that was opened at
/// another URL than the public one, such as by http: opening that page again would lead here again. Only what
/// is said depends on it.
pub fn opened_elsewhere(request: &HttpRequest, app: &App) -> Option<String> {
    if request.headers().contains_key("sec-fetch-site") {
        return None;
    }
    let (_, authority) = header(request, ORIGIN.as_str())?.split_once("://")?;
    let (start, host) = (app.public.link(app.bound, "/"), header(request, HOST.as_str()));
    let url = Url::parse(&start).ok()?;
    // A proxy may have set another Host.
    let is_public = Url::parse(&format!("http://{authority}")).is_ok_and(|other| other.host() == url.host());
    (is_public || host == Some(authority)).then_some(start)
}

fn header<'a>(request: &'a HttpRequest, name: &str) -> Option<&'a str> {
    request.headers().get(name).map(|value| value.to_str().unwrap_or_default())
}

fn random() -> [u8; LENGTH] {
    let mut bytes = [0; LENGTH];
    rand::rng().fill_bytes(&mut bytes);
    bytes
}

fn xor(left: &[u8; LENGTH], right: &[u8; LENGTH]) -> [u8; LENGTH] {
    std::array::from_fn(|place| left[place] ^ right[place])
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().fold(String::new(), |mut text, byte| {
        let _ = write!(text, "{byte:02x}");
        text
    })
}

fn unhex(text: &str) -> Option<[u8; LENGTH]> {
    if text.len() != LENGTH * 2 || !text.is_ascii() {
        return None;
    }
    let mut bytes = [0; LENGTH];
    for (place, byte) in bytes.iter_mut().enumerate() {
        *byte = u8::from_str_radix(&text[place * 2..place * 2 + 2], 16).ok()?;
    }
    Some(bytes)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_form_token_belongs_to_its_own_secret_and_looks_new_each_time() {
        let secret = new_secret();
        let (one, two) = (form_token(&secret), form_token(&secret));
        assert_ne!(one, two);
        assert!(belongs(&secret, &one) && belongs(&secret, &two));
        assert!(!belongs(&new_secret(), &one));
        assert!(!one.contains(&secret));
    }

    #[test]
    fn nonsense_belongs_to_nothing() {
        let secret = new_secret();
        for nonsense in ["", "00", &"g".repeat(128), &"é".repeat(64), &secret] {
            assert!(!belongs(&secret, nonsense));
        }
        assert!(!belongs("", &form_token("")));
    }
}
