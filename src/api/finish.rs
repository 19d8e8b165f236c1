//! What stands on every answer of the API, whichever it is and wherever it comes from.

use super::errors::refused_token;
use crate::http::{AppData, AppError, Presented, Stranger, client_address, headers, path_of};
use crate::policy::budget::Quota;
use crate::policy::{ClientAddress, TokenId};
use actix_web::http::header::HeaderMap;
use actix_web::{HttpMessage, HttpRequest};

/// The token whose secret the call presented.
pub fn presented_token(request: &HttpRequest) -> Option<TokenId> {
    request.extensions().get::<Presented>().map(|presented| presented.token)
}

/// Who calls the API.
pub struct Finish {
    app: AppData,
    address: ClientAddress,
}

impl Finish {
    /// The caller; none where it is not the API that is asked.
    pub fn of(request: &HttpRequest) -> Option<Finish> {
        let app = request.app_data::<AppData>().filter(|_| super::is_api(path_of(request)))?;
        let address = client_address(request).ok()?;
        Some(Finish { app: app.clone(), address })
    }

    /// Where the caller is.
    pub fn address(&self) -> ClientAddress {
        self.address
    }

    /// Says what is left of the budget that the call was charged to, or, where nobody paid for it,
    /// to the caller's network; and notes the refused call of a token that was found.
    pub fn tell(&self, request: Option<&HttpRequest>, headers: &mut HeaderMap, error: Option<&AppError>) {
        let now = self.app.clock.now();
        let quota = request.and_then(|request| request.extensions().get::<Quota>().copied());
        let of_network = || self.app.budgets.of_stranger(Stranger::Unnamed, self.address, now);
        headers::tell_quota(headers, quota.unwrap_or_else(of_network));
        let presented = request.and_then(|request| request.extensions().get::<Presented>().cloned());
        if let (Some(presented), Some(reason)) = (presented, error.and_then(refused_token)) {
            self.app.buffers.refusals.note(presented, reason, now);
        }
    }
}
