//! The check at the API's door.

use crate::http::{AppData, AppError, Paid, Presented, Stranger, client_address, client_name};
use crate::models::budget::Payer;
use crate::models::token::lookup::{Found, Holder, Need, Reached};
use crate::models::token::roll;
use crate::models::token::secret::{self, Digest};
use crate::models::token::usage::Use;
use crate::models::{Account, Actor, Origin};
use crate::policy::budget::{self, Quota};
use crate::policy::{Access, ClientAddress, RefusalCode};
use actix_web::http::header::{AUTHORIZATION, HeaderMap};
use actix_web::{HttpMessage, HttpRequest};
use std::sync::Arc;
use time::OffsetDateTime;

/// What a call does with its token.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Doing {
    /// It asks what the token is, and no more: that ends no overlap of a roll.
    Asking,
    /// It uses it.
    Using,
}

/// A call with a token that is known.
#[derive(Clone)]
pub struct Call {
    /// The house.
    pub app: AppData,
    /// The token.
    pub found: Arc<Found>,
    /// When the call was looked at.
    pub now: OffsetDateTime,
    /// Where the caller is.
    pub address: ClientAddress,
}

impl Call {
    /// Lets a call in that presents the secret of a token that works, from an address that it works
    /// from. `needs` is what the route needs, for the refusals.
    pub async fn check(
        request: &HttpRequest,
        need: Need,
        needs: Option<(&'static str, Access)>,
        doing: Doing,
    ) -> Result<Call, AppError> {
        let call = Call::known(request, need, needs).await?;
        if let Some(code) = call.code() {
            tracing::info!(token = call.found.token, code = code.key(), "call refused");
            call.charge_network(request);
            return Err(code.into());
        }
        call.accept(request)?;
        if doing == Doing::Using && call.found.awaits_first_use {
            call.note_first_use().await?;
        }
        Ok(call)
    }

    /// A call that presents a secret which is or was real, whatever has become of its token.
    pub async fn known(
        request: &HttpRequest,
        need: Need,
        needs: Option<(&'static str, Access)>,
    ) -> Result<Call, AppError> {
        let app = request.app_data::<AppData>().ok_or_else(|| AppError::Internal("no app".to_owned()))?;
        let (address, now) = (client_address(request)?, app.clock.now());
        let stranger = |who, error| match charged(request, app.budgets.charge_stranger(who, address, now)) {
            Ok(()) => error,
            Err(over) => over.into_error(now),
        };
        let digest = presented(request.headers()).map_err(|code| stranger(Stranger::Unnamed, code.into()))?;
        let found = app.gate.find(digest, need).await?;
        let found = found.ok_or_else(|| stranger(Stranger::Unknown, RefusalCode::InvalidToken.into()))?;
        request.extensions_mut().insert(Presented { token: found.token, needs });
        Ok(Call { app: app.clone(), found, now, address })
    }

    /// Why its token does not work; none where it does.
    pub fn code(&self) -> Option<RefusalCode> {
        self.found.standing.state(self.now).code()
    }

    /// Notes that a secret which works was accepted, for the account that the path names, where the
    /// token's holder reaches it: a use, whatever the call ends in. Then looks at the network.
    pub fn accept(&self, request: &HttpRequest) -> Result<(), AppError> {
        let client = client_name(request.headers());
        self.app.networks.note(self.found.token, self.address, self.now, &client);
        self.app.last_uses.note(Use {
            secret: self.found.secret,
            account: self.reached(account_in_path(request)).map_or(0, |one| one.account.id),
            at: self.now,
            address: self.address,
            client,
        });
        if !self.found.policy.admits(self.address) {
            tracing::info!(token = self.found.token, "call refused by address");
            self.charge_network(request);
            return Err(RefusalCode::AddressRefused.into());
        }
        Ok(())
    }

    /// Once for each rolled secret, before its first call is answered: it may be what the older
    /// secret goes on until.
    async fn note_first_use(&self) -> Result<(), AppError> {
        let (token, secret, origin) = (self.found.token, self.found.secret, self.origin());
        let work = move |conn: &mut _| roll::note_first_use(conn, token, secret, &origin);
        Ok(self.app.db.transaction(work).await?)
    }

    /// Charges a call that is refused before anybody pays for it. It is refused for its own
    /// reason, also where nothing is left.
    pub fn charge_network(&self, request: &HttpRequest) {
        let _ = charged(request, self.app.budgets.charge_stranger(Stranger::Unknown, self.address, self.now));
    }

    /// Charges a call that nobody else pays for to the caller's network; 429 where nothing is left.
    pub fn charge_known(&self, request: &HttpRequest) -> Result<(), AppError> {
        let paid = self.app.budgets.charge_stranger(Stranger::Unknown, self.address, self.now);
        charged(request, paid).map_err(|over| over.into_error(self.now))
    }

    /// Charges the call to an account; 429 where nothing is left.
    pub async fn charge_account(&self, request: &HttpRequest, account: &Account) -> Result<(), AppError> {
        let limit = self.app.catalogue.hourly_calls(&account.plan);
        self.charge(request, Payer::Account(account.id), limit).await
    }

    /// Charges the call to the token's account, or to its user; 429 where nothing is left.
    pub async fn charge_holder(&self, request: &HttpRequest) -> Result<(), AppError> {
        match &self.found.holder {
            Holder::Account(account) => self.charge_account(request, account).await,
            Holder::User(user) => self.charge(request, Payer::User(user.id), Some(budget::EACH)).await,
        }
    }

    async fn charge(&self, request: &HttpRequest, payer: Payer, limit: Option<i64>) -> Result<(), AppError> {
        let paid = self.app.budgets.charge(payer, limit, self.now).await;
        charged(request, paid).map_err(|over| over.into_error(self.now))
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

/// A budget with nothing left.
struct Over(Quota);

impl Over {
    fn into_error(self, now: OffsetDateTime) -> AppError {
        AppError::TooMany(self.0.wait(now))
    }
}

/// Keeps what is left for the answer's headers.
fn charged(request: &HttpRequest, paid: Paid) -> Result<(), Over> {
    let (quota, result) = match paid {
        Paid::Within(quota) => (quota, Ok(())),
        Paid::Over(quota) => (quota, Err(Over(quota))),
    };
    request.extensions_mut().insert(quota);
    result
}

/// The number of the account in the path: digits, and nothing else.
pub fn account_in_path(request: &HttpRequest) -> Option<i64> {
    let text = request.match_info().get("account")?;
    if text.bytes().all(|byte| byte.is_ascii_digit()) { text.parse().ok() } else { None }
}

/// The digest of the one secret that the call presents.
fn presented(headers: &HeaderMap) -> Result<Digest, RefusalCode> {
    match credential(headers) {
        Ok(Some(text)) => secret::presented(text).ok_or(RefusalCode::InvalidToken),
        Ok(None) => Err(RefusalCode::InvalidToken),
        Err(Conflict) => Err(RefusalCode::ConflictingCredentials),
    }
}

/// Whether the headers hold one credential, whatever it may be.
pub fn is_well_formed(headers: &HeaderMap) -> bool {
    matches!(credential(headers), Ok(Some(text)) if !text.is_empty())
}

/// Two that differ, or one header twice.
struct Conflict;

/// What the call presents: as `Authorization: Bearer …`, as `xc-token: …`, or as both when they are
/// the same. Empty where the header holds something else.
fn credential(headers: &HeaderMap) -> Result<Option<&str>, Conflict> {
    let one = |name: &str| {
        let mut values = headers.get_all(name);
        match (values.next(), values.next()) {
            (_, Some(_)) => Err(Conflict),
            (value, None) => Ok(value.map(|value| value.to_str().unwrap_or_default())),
        }
    };
    let bearer = one(AUTHORIZATION.as_str())?.map(|value| match value.split_once(' ') {
        Some((scheme, secret)) if scheme.eq_ignore_ascii_case("bearer") => secret.trim(),
        _ => "",
    });
    match (bearer, one("xc-token")?.map(str::trim)) {
        (Some(bearer), Some(token)) if bearer != token => Err(Conflict),
        (bearer, token) => Ok(bearer.or(token)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::models::token::secret::{Kind, Secret};
    use actix_web::http::header::{HeaderName, HeaderValue};

    fn asked(headers: &[(&'static str, &str)]) -> Result<Digest, RefusalCode> {
        let mut map = HeaderMap::new();
        for (name, value) in headers {
            map.append(HeaderName::from_static(name), HeaderValue::from_str(value).unwrap());
        }
        presented(&map)
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
            assert_eq!(asked(&headers), Err(RefusalCode::ConflictingCredentials), "{headers:?}");
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
            assert_eq!(asked(&headers), Err(RefusalCode::InvalidToken), "{headers:?}");
        }
    }
}
