//! The check at the API's door.

use crate::http::{AppData, AppError, ClientAddress, client_name};
use crate::models::token::lookup::{Found, Need, Reached};
use crate::models::token::secret::{self, Digest};
use crate::models::token::usage::Use;
use crate::models::{Actor, Origin};
use actix_web::http::header::{AUTHORIZATION, HeaderMap};
use actix_web::{FromRequest, HttpRequest};
use std::net::IpAddr;
use time::OffsetDateTime;

/// A call with a token that works, from an address that it works from.
#[derive(Clone)]
pub struct Call {
    /// The house.
    pub app: AppData,
    /// The token.
    pub found: Found,
    /// When the call was looked at.
    pub now: OffsetDateTime,
    /// Where the caller is.
    pub address: IpAddr,
}

impl Call {
    /// Lets a call in that presents the secret of such a token. The use is noted for the account
    /// that the path names, where the token's holder reaches it.
    pub async fn check(request: &HttpRequest, need: Need) -> Result<Call, AppError> {
        let app = request.app_data::<AppData>().ok_or_else(|| AppError::Internal("no app".to_owned()))?;
        let digest = presented(request.headers())?;
        let address = ClientAddress::extract(request).await?.0;
        let now = app.clock.now();
        let found = app.gate.find(digest, need).await?.ok_or(AppError::Unauthenticated("invalid_token"))?;
        if let Some(code) = found.standing.state(now).code() {
            tracing::info!(token = found.token, code, "call refused");
            return Err(AppError::Unauthenticated(code));
        }
        let call = Call { app: app.clone(), found, now, address };
        // The secret was accepted: this is a use, whatever the call ends in.
        call.app.last_uses.note(Use {
            secret: call.found.secret,
            account: call.reached(account_in_path(request)).map_or(0, |one| one.account.id),
            at: now,
            address,
            client: client_name(request.headers()),
        });
        if !call.found.policy.admits(address) {
            tracing::info!(token = call.found.token, "call refused by address");
            return Err(AppError::AddressRefused);
        }
        Ok(call)
    }

    /// The account with this number, where the token's holder reaches it.
    pub fn reached(&self, account: Option<i64>) -> Option<&Reached> {
        let account = account?;
        self.found.accounts.iter().find(|one| one.account.id == account)
    }

    /// The token, as the record names it.
    pub fn origin(&self) -> Origin {
        let actor = Actor::Token { id: self.found.token, name: self.found.name.clone() };
        Origin { actor, now: self.now, address: Some(self.address) }
    }
}

/// The number of the account in the path: digits, and nothing else.
pub fn account_in_path(request: &HttpRequest) -> Option<i64> {
    let text = request.match_info().get("account")?;
    if text.bytes().all(|byte| byte.is_ascii_digit()) { text.parse().ok() } else { None }
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
