//! A browser that has signed in before: a signed cookie that says as whom, and opens nothing. Its
//! wrong passwords are counted apart, so that a stranger in the same network locks nobody out.

use crate::http::{App, AppError};
use crate::models::user::Credentials;
use actix_web::cookie::time::Duration;
use actix_web::cookie::{Cookie, CookieJar, SameSite};
use actix_web::{HttpRequest, HttpResponse};
use rand::TryRng;
use rand::rngs::SysRng;
use sha2::{Digest as _, Sha256};
use std::fmt::Write as _;

/// So many people share a browser; whoever signed in least lately is forgotten.
const MOST_PEOPLE: usize = 5;
/// 128 bits, as hex.
const LENGTH: usize = 32;
/// How long a browser is known after somebody signed in.
const LASTS: Duration = Duration::days(365);

/// As whom a browser has signed in. One without the cookie has as nobody.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Known {
    device: String,
    /// A mark for each person, of whoever signed in last first.
    people: Vec<String>,
}

impl Known {
    /// What the cookie says, where its signature is ours.
    pub fn of(request: &HttpRequest, app: &App) -> Known {
        let mut jar = CookieJar::new();
        if let Some(cookie) = request.cookie(name(app)) {
            jar.add_original(cookie);
        }
        let cookie = jar.signed(&app.signing_key).get(name(app));
        cookie.and_then(|cookie| Known::parse(cookie.value())).unwrap_or_default()
    }

    /// Other cookies are signed with the same key: only what has this shape is read.
    fn parse(value: &str) -> Option<Known> {
        let is_hex = |part: &&str| part.len() == LENGTH && part.bytes().all(|byte| byte.is_ascii_hexdigit());
        let mut parts = value.split('.');
        let device = parts.next().filter(is_hex)?.to_owned();
        let people: Vec<&str> = parts.collect();
        let good = people.len() <= MOST_PEOPLE && people.iter().all(is_hex);
        good.then(|| Known { device, people: people.into_iter().map(str::to_owned).collect() })
    }

    /// Number of the browser: random, and nobody's.
    pub fn device(&self) -> &str {
        &self.device
    }

    /// Whether this person signed in here, with the password of now.
    pub fn is_of(&self, person: &Credentials) -> bool {
        !self.device.is_empty() && self.people.contains(&mark(&self.device, person))
    }

    /// Lets the browser know that this person has signed in.
    pub fn remember(
        mut self,
        person: &Credentials,
        response: &mut HttpResponse,
        app: &App,
    ) -> Result<(), AppError> {
        if self.device.is_empty() {
            let mut bytes = [0_u8; LENGTH / 2];
            SysRng.try_fill_bytes(&mut bytes).map_err(|error| AppError::Internal(error.to_string()))?;
            self.device = hex(&bytes);
        }
        let mark = mark(&self.device, person);
        self.people.retain(|known| *known != mark);
        self.people.insert(0, mark);
        self.people.truncate(MOST_PEOPLE);
        let value = [vec![self.device], self.people].concat().join(".");
        let cookie = Cookie::build(name(app), value)
            .path("/")
            .http_only(true)
            .secure(app.public.is_https())
            .same_site(SameSite::Lax)
            .max_age(LASTS)
            .finish();
        let mut jar = CookieJar::new();
        jar.signed_mut(&app.signing_key).add(cookie);
        for signed in jar.delta() {
            response.add_cookie(signed).map_err(|error| AppError::Internal(error.to_string()))?;
        }
        Ok(())
    }
}

/// What stands for a person: of no use in another browser, nor after the password was changed.
fn mark(device: &str, person: &Credentials) -> String {
    let digest = Sha256::digest(format!("known {device} {} {}", person.user, person.hash).as_bytes());
    hex(&digest[..LENGTH / 2])
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().fold(String::new(), |mut text, byte| {
        let _ = write!(text, "{byte:02x}");
        text
    })
}

fn name(app: &App) -> &'static str {
    if app.public.is_https() { "__Host-tokenhouse-known" } else { "tokenhouse-known" }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_another_cookie_of_ours_holds_is_read_as_nobody() {
        let part = "0123456789abcdef0123456789abcdef";
        assert!(Known::parse(part).is_some());
        assert_eq!(Known::parse(&[part; 6].join(".")).unwrap().people.len(), 5);
        for other in ["", &part.repeat(2), "0123", &[part; 7].join("."), &format!("{part}."), &"z".repeat(32)]
        {
            assert_eq!(Known::parse(other), None, "{other}");
        }
    }

    #[test]
    fn a_mark_is_of_one_browser_one_person_and_one_password() {
        let of =
            |user, hash: &str| Credentials { user, email: String::new(), hash: hash.to_owned(), epoch: 0 };
        let (device, other) = ("0".repeat(32), "1".repeat(32));
        let known = Known { people: vec![mark(&device, &of(1.into(), "a"))], device: device.clone() };
        assert!(known.is_of(&of(1.into(), "a")));
        assert!(!known.is_of(&of(2.into(), "a")) && !known.is_of(&of(1.into(), "b")));
        let moved = Known { device: other, people: known.people };
        assert!(!moved.is_of(&of(1.into(), "a")));
        assert!(!Known::default().is_of(&of(1.into(), "a")));
    }
}
