//! The check at the API's door.

use crate::http::{App, AppError, ClientAddress, client_name};
use crate::models::token::lookup::{self, Found};
use crate::models::token::secret::{self, Digest};
use crate::models::token::usage::Use;
use actix_web::dev::Payload;
use actix_web::http::header::{AUTHORIZATION, HeaderMap};
use actix_web::web::Data;
use actix_web::{FromRequest, HttpRequest};
use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;

/// A call with a token that works, from an address that it works from.
#[derive(Debug)]
pub struct Bearer {
    /// The token.
    pub found: Found,
}

impl Bearer {
    async fn check(request: &HttpRequest) -> Result<Bearer, AppError> {
        let app = request.app_data::<Data<App>>().ok_or_else(|| AppError::Internal("no app".to_owned()))?;
        let digest = presented(request.headers())?;
        let address = ClientAddress::extract(request).await?.0;
        let (now, catalogue) = (app.clock.now(), Arc::clone(&app.catalogue));
        let found = app.db.run(move |conn| lookup::by_digest(conn, &catalogue, &digest)).await?;
        let found = found.ok_or(AppError::Unauthenticated("invalid_token"))?;
        if let Some(code) = found.standing.state(now).code() {
            tracing::info!(token = found.token, code, "call refused");
            return Err(AppError::Unauthenticated(code));
        }
        // The secret was accepted: this is a use, whatever the call ends in.
        app.last_uses.note(Use {
            secret: found.secret,
            account: 0,
            at: now,
            address,
            client: client_name(request.headers()),
        });
        if !found.conditions.admits(address) {
            tracing::info!(token = found.token, "call refused by address");
            return Err(AppError::AddressRefused);
        }
        Ok(Bearer { found })
    }
}

impl FromRequest for Bearer {
    type Error = AppError;
    type Future = Pin<Box<dyn Future<Output = Result<Self, AppError>>>>;

    fn from_request(request: &HttpRequest, _: &mut Payload) -> Self::Future {
        let request = request.clone();
        Box::pin(async move { Bearer::check(&request).await })
    }
}

/// The digest of the one secret that the call presents: as `Authorization: Bearer …`, as
/// `xc-token: …`, or as both when they are the same.
fn presented(headers: &HeaderMap) -> Result<Digest, AppError> {
    let invalid = || AppError::Unauthenticated("invalid_token");
    let conflict = || AppError::Unauthenticated("conflicting_credentials");
    let one = |name: &str| {
        let mut values = headers.get_all(name);
        match (values.next(), values.next()) {
            (_, Some(_)) => Err(conflict()),
            (value, None) => Ok(value.map(|value| value.to_str().unwrap_or_default())),
        }
    };
    let bearer = one(AUTHORIZATION.as_str())?.map(|value| match value.split_once(' ') {
        Some((scheme, secret)) if scheme.eq_ignore_ascii_case("bearer") => secret.trim(),
        _ => "",
    });
    let secret = match (bearer, one("xc-token")?) {
        (Some(bearer), Some(token)) if bearer != token.trim() => return Err(conflict()),
        (Some(secret), _) | (None, Some(secret)) => secret.trim(),
        (None, None) => return Err(invalid()),
    };
    secret::presented(secret).ok_or_else(invalid)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::models::token::secret::{Kind, Secret};
    use actix_web::http::header::{HeaderName, HeaderValue};

    fn asked(headers: &[(&'static str, &str)]) -> Result<Digest, String> {
        let mut map = HeaderMap::new();
        for (name, value) in headers {
            map.append(HeaderName::from_static(name), HeaderValue::from_str(value).unwrap());
        }
        presented(&map).map_err(|error| error.to_string())
    }

    #[test]
    fn a_secret_comes_as_bearer_or_as_xc_token_or_as_both_when_they_are_the_same() {
        let secret = Secret::generate("tkh", Kind::Account).unwrap();
        let (text, digest) = (secret.expose(), Ok(secret.digest()));
        assert_eq!(asked(&[("authorization", &format!("Bearer {text}"))]), digest);
        assert_eq!(asked(&[("authorization", &format!("bearer {text}"))]), digest);
        assert_eq!(asked(&[("xc-token", text)]), digest);
        assert_eq!(asked(&[("authorization", &format!("Bearer {text}")), ("xc-token", text)]), digest);
    }

    #[test]
    fn two_secrets_that_differ_or_one_header_twice_conflict() {
        let (one, two) = (
            Secret::generate("tkh", Kind::Account).unwrap(),
            Secret::generate("tkh", Kind::Account).unwrap(),
        );
        let bearer = format!("Bearer {}", one.expose());
        for headers in [
            vec![("authorization", bearer.as_str()), ("xc-token", two.expose())],
            vec![("authorization", &bearer), ("authorization", &bearer)],
            vec![("xc-token", one.expose()), ("xc-token", one.expose())],
            vec![("authorization", "Basic YTpi"), ("xc-token", one.expose())],
        ] {
            assert!(asked(&headers).unwrap_err().contains("conflicting_credentials"), "{headers:?}");
        }
    }

    #[test]
    fn no_secret_or_one_that_is_none_is_invalid() {
        for headers in [
            vec![],
            vec![("authorization", "Bearer")],
            vec![("authorization", "Bearer x")],
            vec![("xc-token", "")],
        ] {
            assert!(asked(&headers).unwrap_err().contains("invalid_token"), "{headers:?}");
        }
    }
}
