//! Forms that nobody has to be signed in for: signing in, a forgotten password, mailed links.

use super::csrf;
use super::form::Fields;
use crate::http::{App, AppError};
use actix_web::cookie::{Cookie, CookieJar, SameSite};
use actix_web::{HttpRequest, HttpResponse};

/// The secret behind the tokens of such forms. It rests in a signed cookie, so that nobody needs a
/// session before signing in.
pub struct FormSecret {
    /// The secret itself.
    pub secret: String,
    is_new: bool,
}

impl FormSecret {
    /// The browser's, or a new one.
    pub fn of(request: &HttpRequest, app: &App) -> FormSecret {
        let mut jar = CookieJar::new();
        if let Some(cookie) = request.cookie(Self::name(app)) {
            jar.add_original(cookie);
        }
        // Other cookies are signed with the same key: only what has the shape of such a secret is one.
        let known = jar.signed(&app.signing_key).get(Self::name(app));
        match known.filter(|cookie| csrf::is_secret(cookie.value())) {
            Some(cookie) => FormSecret { secret: cookie.value().to_owned(), is_new: false },
            None => FormSecret { secret: csrf::new_secret(), is_new: true },
        }
    }

    /// The answer, with the cookie where the browser has none yet.
    pub fn kept(&self, mut response: HttpResponse, app: &App) -> Result<HttpResponse, AppError> {
        if self.is_new {
            let cookie = Cookie::build(Self::name(app), self.secret.clone())
                .path("/")
                .http_only(true)
                .secure(app.public.is_https())
                .same_site(SameSite::Lax)
                .finish();
            let mut jar = CookieJar::new();
            jar.signed_mut(&app.signing_key).add(cookie);
            for signed in jar.delta() {
                response.add_cookie(signed).map_err(|error| AppError::Internal(error.to_string()))?;
            }
        }
        Ok(response)
    }

    /// Whether a form was sent from one of this browser's pages.
    pub fn is_behind(&self, fields: &Fields) -> bool {
        csrf::belongs(&self.secret, fields.get("csrf"))
    }

    /// What to say of a form that wasn't: where the browser sent no cookie of ours with it, it may never do.
    pub fn why_stale(&self) -> &'static str {
        if self.is_new {
            "The form was out of date, or your browser refuses this site's cookies. Allow them, then try again."
        } else {
            "The form was out of date. Try again."
        }
    }

    fn name(app: &App) -> &'static str {
        if app.public.is_https() { "__Host-tokenhouse-form" } else { "tokenhouse-form" }
    }
}
