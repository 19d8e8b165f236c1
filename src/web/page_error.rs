//! The refusals that only pages give.

use super::paths;
use super::prove::{AskedOfPasskey, Faults};
use crate::http::{AppError, PageRefusal};
use actix_web::http::StatusCode;
use actix_web::http::header::{HeaderMap, HeaderValue, LOCATION, REFERRER_POLICY, RETRY_AFTER};
use std::any::Any;
use std::sync::Arc;
use time::Duration;

/// Why a page is not answered as it was asked for.
#[derive(Debug, thiserror::Error)]
pub enum PageError {
    /// A member without the role; says who can help.
    #[error("{0}")]
    Forbidden(String),
    /// Nobody is signed in; this is where to continue afterwards.
    #[error("not signed in")]
    SignInFirst {
        /// Path and query that were asked for.
        next: String,
    },
    /// A form was posted by nobody; what was typed is kept.
    #[error("not signed in any more")]
    SignedOut {
        /// Where it was posted to.
        action: String,
        /// What it held.
        fields: Vec<(String, String)>,
    },
    /// The sender has to prove who they are first; what was typed is kept.
    #[error("confirm it's you first")]
    ConfirmIdentity(ConfirmIdentity),
    /// A second factor is demanded, and the person has none.
    #[error("{0} asks for a second factor")]
    FactorFirst(String),
    /// A form that does not come from these pages.
    #[error("not sent from these pages")]
    ForeignForm {
        /// The public URL, where the form comes from a page of ours that was opened at another one.
        open_at: Option<String>,
    },
    /// A form of another session, or an older one.
    #[error("the form was out of date")]
    StaleForm,
    /// A link that was used, is too old, or never was.
    #[error("the link is over")]
    LinkOver,
}

/// A form that waits until its sender has proved who they are.
#[derive(Debug, Clone, Default)]
pub struct ConfirmIdentity {
    /// Where it was posted to.
    pub action: String,
    /// What it held.
    pub fields: Vec<(String, String)>,
    /// Who is signed in.
    pub email: String,
    /// Whether they have an authenticator app.
    pub has_app: bool,
    /// Whether password and code are needed, rather than one of them.
    pub both: bool,
    /// A question to their passkeys, which is enough by itself.
    pub passkey: Option<AskedOfPasskey>,
    /// What was wrong with what was typed.
    pub faults: Faults,
    /// How long to wait before the next try.
    pub wait: Option<Duration>,
}

impl PageError {
    /// The one behind an error of any kind.
    pub fn of(error: &AppError) -> Option<&PageError> {
        let AppError::Page(refusal) = error else { return None };
        (refusal.as_ref() as &dyn Any).downcast_ref()
    }

    /// This asks for a second factor.
    pub fn factor_first(what: &str) -> PageError {
        PageError::FactorFirst(what.to_owned())
    }

    /// Whether an error says that nobody is signed in.
    pub fn is_sign_in_first(error: &AppError) -> bool {
        matches!(PageError::of(error), Some(PageError::SignInFirst { .. }))
    }
}

impl From<PageError> for AppError {
    fn from(error: PageError) -> AppError {
        AppError::Page(Arc::new(error))
    }
}

impl PageRefusal for PageError {
    fn status(&self) -> StatusCode {
        match self {
            PageError::SignInFirst { .. } => StatusCode::SEE_OTHER,
            PageError::SignedOut { .. } => StatusCode::UNAUTHORIZED,
            PageError::ConfirmIdentity(again) if again.wait.is_some() => StatusCode::TOO_MANY_REQUESTS,
            PageError::Forbidden(_)
            | PageError::ConfirmIdentity(_)
            | PageError::FactorFirst(_)
            | PageError::ForeignForm { .. }
            | PageError::StaleForm => StatusCode::FORBIDDEN,
            PageError::LinkOver => StatusCode::NOT_FOUND,
        }
    }

    fn write_headers(&self, headers: &mut HeaderMap) {
        // Where the form was posted to may be a link that works: nobody is told it.
        let hide_referrer = (REFERRER_POLICY, HeaderValue::from_static("strict-origin"));
        match self {
            PageError::SignInFirst { next } => {
                let query: String =
                    form_urlencoded::Serializer::new(String::new()).append_pair("next", next).finish();
                if let Ok(value) = HeaderValue::from_str(&format!("{}?{query}", paths::SIGN_IN)) {
                    headers.insert(LOCATION, value);
                }
            }
            PageError::SignedOut { .. } => {
                headers.insert(hide_referrer.0, hide_referrer.1);
            }
            PageError::ConfirmIdentity(again) => {
                headers.insert(hide_referrer.0, hide_referrer.1);
                if let Some(wait) = again.wait {
                    headers.insert(RETRY_AFTER, HeaderValue::from(wait.whole_seconds().max(1)));
                }
            }
            PageError::Forbidden(_)
            | PageError::FactorFirst(_)
            | PageError::ForeignForm { .. }
            | PageError::StaleForm
            | PageError::LinkOver => {}
        }
    }
}
