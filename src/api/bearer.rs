//! From a request to `authorization` and back: the question that it asks, and what of the verdict the
//! answer tells.

use super::errors::of_refused;
use crate::authorization::{self, About, Admitted, Ask};
use crate::http::{AppData, AppError, Presented, client_address, client_name};
use crate::models::{Actor, Origin};
use crate::policy::{Access, AccountId};
use actix_web::http::header::HeaderMap;
use actix_web::{HttpMessage, HttpRequest};
use std::ops::Deref;

/// A call that may go on.
#[derive(Clone)]
pub struct Call {
    /// What the server shares.
    pub app: AppData,
    admitted: Admitted,
}

impl Call {
    /// Asks whether the call may go on. `needs` is what the route needs, for the list of refused calls.
    pub async fn ask(
        request: &HttpRequest,
        needs: Option<(&'static str, Access)>,
        about: About<'_>,
    ) -> Result<Call, AppError> {
        let app = request.app_data::<AppData>().ok_or_else(|| AppError::Internal("no app".to_owned()))?;
        let headers = request.headers();
        let credential = authorization::digest(&app.catalogue.headers, |name| values(headers, name));
        let ask = Ask {
            address: client_address(request)?,
            client: client_name(headers),
            account: account_in_path(request),
            about,
        };
        let verdict = authorization::ask(app, credential, &ask).await;
        let mut kept = request.extensions_mut();
        if let Some(quota) = verdict.quota {
            kept.insert(quota);
        }
        if let Some(token) = verdict.token {
            let needs = needs.map(|(key, access)| (key.into(), access));
            kept.insert(Presented { token, needs });
        }
        let admitted = verdict.outcome.map_err(of_refused)?;
        Ok(Call { app: app.clone(), admitted })
    }

    /// The token, as the audit log names it.
    pub fn origin(&self) -> Origin {
        let actor = Actor::Token { id: self.found.token, name: self.found.name.clone() };
        Origin { actor, now: self.now, address: Some(self.address) }
    }
}

impl Deref for Call {
    type Target = Admitted;

    fn deref(&self) -> &Admitted {
        &self.admitted
    }
}

fn values<'a>(headers: &'a HeaderMap, name: &str) -> impl Iterator<Item = &'a [u8]> + use<'a> {
    headers.get_all(name).map(|value| value.as_bytes())
}

/// Whether the headers hold one credential, whatever it may be.
pub fn is_well_formed(names: &[String], headers: &HeaderMap) -> bool {
    matches!(authorization::credential(names, |name| values(headers, name)), Ok(Some(text)) if !text.is_empty())
}

/// The number of the account in the path: digits, and nothing else.
fn account_in_path(request: &HttpRequest) -> Option<AccountId> {
    request.match_info().get("account")?.parse().ok()
}
