//! `GET /v2/tokens/verify`: what a token is, for the holder of its secret, whatever its state.

use super::bearer::Call;
use super::caller::{Extracted, Needs};
use super::json::{Moment, ok};
use crate::authorization::About;
use crate::http::AppError;
use crate::policy::{Access, RefusalCode, State, TokenId};
use actix_web::dev::Payload;
use actix_web::{FromRequest, HttpRequest, HttpResponse};
use serde::Serialize;
use utoipa::ToSchema;

/// A token, as whoever holds its secret is told of it.
#[derive(Debug, Serialize, ToSchema)]
pub struct TokenStatus {
    id: i64,
    status: Status,
    /// The first instant at which it works.
    not_before: Option<Moment>,
    /// The first instant at which it no longer works, with this secret.
    expires_on: Option<Moment>,
    /// What a call with it is refused with; not there where it works.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(example = "token_disabled")]
    code: Option<&'static str>,
}

/// Cloudflare's three words for a token's state.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "lowercase")]
pub enum Status {
    /// It works, now or later.
    Active,
    /// It can work again.
    Disabled,
    /// It never works again, or not with this secret.
    Expired,
}

impl Status {
    fn of(state: State) -> Status {
        match state {
            State::Active | State::NotYet => Status::Active,
            State::OwnerAway | State::Disabled | State::Frozen => Status::Disabled,
            State::Deleted | State::Expired | State::SecretReplaced => Status::Expired,
        }
    }
}

/// The holder of a secret that is or was real. Where the token works, this is a use like any other,
/// but it ends no overlap of a roll; where it does not, the caller's network pays.
pub struct Known {
    /// Number of the token.
    pub id: TokenId,
    /// What it is.
    pub status: Status,
    /// The first instant at which it works.
    pub not_before: Option<Moment>,
    /// The first instant at which it no longer works, with this secret.
    pub expires_on: Option<Moment>,
    /// What a call with it is refused with.
    pub code: Option<RefusalCode>,
}

impl Known {
    async fn check(request: &HttpRequest) -> Result<Known, AppError> {
        let call = Call::ask(request, None, About::State).await?;
        let standing = &call.found.standing;
        let ends = [standing.expires_at, standing.secret_ends_at].into_iter().flatten().min();
        let state = standing.state(call.now);
        let status = Status::of(state);
        // What was ended by somebody ended earlier than planned, and when is not told.
        let ends = ends.filter(|end| status != Status::Expired || *end <= call.now);
        Ok(Known {
            id: call.found.token,
            status,
            not_before: standing.not_before.map(Moment),
            expires_on: ends.map(Moment),
            code: state.code(),
        })
    }
}

impl Needs for Known {
    const NEEDS: Option<(&'static str, Access)> = None;
}

impl FromRequest for Known {
    type Error = AppError;
    type Future = Extracted<Self>;

    fn from_request(request: &HttpRequest, _: &mut Payload) -> Self::Future {
        let request = request.clone();
        Box::pin(async move { Known::check(&request).await })
    }
}

/// What the token is.
pub async fn verify(known: Known) -> HttpResponse {
    let Known { id, status, not_before, expires_on, code } = known;
    ok(TokenStatus { id: id.get(), status, not_before, expires_on, code: code.map(RefusalCode::key) })
}
