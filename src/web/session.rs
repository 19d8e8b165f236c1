//! Sessions of the pages: actix-session over a table of our own.

use crate::db::DbError;
use crate::http::AppData;
use crate::models::session::{self, NewSession, digest};
use crate::models::user::Credentials;
use crate::policy::{ClientAddress, UserId};
use actix_session::config::{BrowserSession, CookieContentSecurity, TtlExtensionPolicy};
use actix_session::storage::{LoadError, SaveError, SessionKey, SessionStore, UpdateError};
use actix_session::{Session, SessionExt, SessionMiddleware};
use actix_web::body::MessageBody;
use actix_web::cookie::SameSite;
use actix_web::dev::{ServiceRequest, ServiceResponse};
use actix_web::middleware::Next;
use actix_web::{Error, HttpMessage};
use rand::distr::{Alphanumeric, SampleString};
use serde_json::Value;
use std::collections::HashMap;
use time::OffsetDateTime;

const USER: &str = "user";
const CSRF: &str = "csrf";
/// Digest of the hash of the password that was said, for the row that is to be made.
const PASSWORD: &str = "password";
/// The user's epoch when the sign-in began, for the same row.
const EPOCH: &str = "epoch";
const ADDRESS: &str = "address";
const CLIENT: &str = "client";
/// Read from the session's row into the state that is loaded, and never written back.
const ID: &str = "id";
/// The same.
const PASSWORD_AT: &str = "password_at";
/// The same.
const FULLY_AT: &str = "fully_at";
/// Put into the state to ask for another key, and never stored.
const CHANGE_KEY: &str = "change_key";

/// What a signed-in browser's session says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SignedInSession {
    /// Number of the session.
    pub id: i64,
    /// Number of the user.
    pub user: UserId,
    /// Secret behind the form tokens.
    pub csrf: String,
    /// When the person last proved who they are in it, by the password or a factor, to the second.
    pub password_at: OffsetDateTime,
    /// When they last did so by everything they have.
    pub fully_at: Option<OffsetDateTime>,
}

/// Reads the session; none where nobody is signed in.
pub fn read(session: &Session) -> Option<SignedInSession> {
    let id = session.get(ID).ok().flatten()?;
    let user = session.get(USER).ok().flatten()?;
    let csrf = session.get(CSRF).ok().flatten()?;
    let password_at = session.get(PASSWORD_AT).ok().flatten()?;
    let password_at = OffsetDateTime::from_unix_timestamp(password_at).ok()?;
    let fully_at: Option<i64> = session.get(FULLY_AT).ok().flatten();
    let fully_at = fully_at.and_then(|at| OffsetDateTime::from_unix_timestamp(at).ok());
    Some(SignedInSession { id, user, csrf, password_at, fully_at })
}

/// Signs a user in: a new session with a new key, whatever was there before.
pub fn sign_in(
    session: &Session,
    credentials: &Credentials,
    address: ClientAddress,
    client: &str,
) -> Result<(), serde_json::Error> {
    session.clear();
    session.renew();
    let stored = session
        .insert(USER, credentials.user)
        .and_then(|()| session.insert(PASSWORD, digest(&credentials.hash)))
        .and_then(|()| session.insert(EPOCH, credentials.epoch))
        .and_then(|()| session.insert(CSRF, super::csrf::new_secret()))
        .and_then(|()| session.insert(ADDRESS, address))
        .and_then(|()| session.insert(CLIENT, client));
    stored.map_err(|error| serde::ser::Error::custom(error.to_string()))
}

/// Gives the session another key (ASVS 7.2.4), and the browser its cookie: it has proved more than before. The
/// secret behind its forms stays, so that those of other tabs are still good.
pub fn change_key(session: &Session) -> Result<(), serde_json::Error> {
    let asked = session.insert(CHANGE_KEY, true);
    asked.map_err(|error| serde::ser::Error::custom(error.to_string()))
}

/// Keeps what the session says for the pages of errors: these are written after the middleware
/// below has emptied it.
pub async fn remember<B: MessageBody + 'static>(
    request: ServiceRequest,
    next: Next<B>,
) -> Result<ServiceResponse<B>, Error> {
    if let Some(session) = read(&request.get_session()) {
        request.extensions_mut().insert(session);
    }
    next.call(request).await
}

/// The middleware for the pages. State is written only at signing in and out; what is proved later changes the key.
pub fn middleware(app: &AppData) -> SessionMiddleware<Store> {
    let https = app.public.is_https();
    let store = Store { app: app.clone() };
    SessionMiddleware::builder(store, app.signing_key.clone())
        .cookie_name(if https { "__Host-tokenhouse" } else { "tokenhouse" }.to_owned())
        .cookie_secure(https)
        .cookie_http_only(true)
        .cookie_same_site(SameSite::Lax)
        .cookie_path("/".to_owned())
        .cookie_content_security(CookieContentSecurity::Signed)
        .session_lifecycle(
            BrowserSession::default()
                .state_ttl(session::IDLE)
                .state_ttl_extension_policy(TtlExtensionPolicy::OnStateChanges),
        )
        .build()
}

/// The store behind the middleware.
pub struct Store {
    app: AppData,
}

/// A session whose row is gone must stay gone: what would update it fails instead.
#[derive(Debug, thiserror::Error)]
#[error("a session is never updated, only made and ended")]
struct NeverUpdated;

/// The password was changed, or its user deactivated, between the password and the session.
#[derive(Debug, thiserror::Error)]
#[error("the password was changed while somebody signed in with it")]
struct PasswordChanged;

type State = HashMap<String, String>;

impl SessionStore for Store {
    async fn load(&self, key: &SessionKey) -> Result<Option<State>, LoadError> {
        let other = |error: DbError| LoadError::Other(error.into());
        let (digest, now) = (session::digest(key.as_ref()), self.app.clock.now());
        let stored = self.app.sessions.find(digest).await.map_err(other)?;
        let Some(stored) = stored.filter(|stored| stored.is_good(now)) else { return Ok(None) };
        if stored.is_to_be_put_off(now) {
            match self.app.db.run(move |conn| session::put_off(conn, &digest, now)).await {
                // Pages go on being read where nothing can be written; the limit is put off another time.
                Ok(()) => {}
                Err(error) if error.passes() => {}
                Err(error) => return Err(other(error)),
            }
        }
        let mut state: State =
            serde_json::from_value(stored.state).map_err(|error| LoadError::Deserialization(error.into()))?;
        state.insert(ID.to_owned(), stored.id.to_string());
        state.insert(PASSWORD_AT.to_owned(), stored.password_at.unix_timestamp().to_string());
        if let Some(at) = stored.proved_fully_at {
            state.insert(FULLY_AT.to_owned(), at.unix_timestamp().to_string());
        }
        Ok(Some(state))
    }

    async fn save(
        &self,
        state: State,
        _: &actix_web::cookie::time::Duration,
    ) -> Result<SessionKey, SaveError> {
        let new = new_session(state).map_err(|error| SaveError::Serialization(error.into()))?;
        let key = new_key();
        let (stored, now) = (key.clone(), self.app.clock.now());
        let saved = self.app.db.transaction(move |conn| session::save(conn, &stored, &new, now)).await;
        if !saved.map_err(|error: DbError| SaveError::Other(error.into()))? {
            return Err(SaveError::Other(PasswordChanged.into()));
        }
        key.try_into().map_err(|_| SaveError::Other(NeverUpdated.into()))
    }

    async fn update(
        &self,
        key: SessionKey,
        state: State,
        _: &actix_web::cookie::time::Duration,
    ) -> Result<SessionKey, UpdateError> {
        if !state.contains_key(CHANGE_KEY) {
            return Err(UpdateError::Other(NeverUpdated.into()));
        }
        let (old, new) = (key.as_ref().to_owned(), new_key());
        let stored = new.clone();
        let changed = self.app.db.run(move |conn| session::change_key(conn, &old, &stored)).await;
        // One that was ended meanwhile stays as it is: ended.
        if !changed.map_err(|error: DbError| UpdateError::Other(error.into()))? {
            return Ok(key);
        }
        new.try_into().map_err(|_| UpdateError::Other(NeverUpdated.into()))
    }

    async fn update_ttl(
        &self,
        _: &SessionKey,
        _: &actix_web::cookie::time::Duration,
    ) -> Result<(), anyhow::Error> {
        // Loading a session puts its limit off already.
        Ok(())
    }

    async fn delete(&self, key: &SessionKey) -> Result<(), anyhow::Error> {
        let key = key.as_ref().to_owned();
        Ok(self.app.db.run(move |conn| session::delete(conn, &key)).await?)
    }
}

/// 64 letters and digits are some 380 bits.
fn new_key() -> String {
    Alphanumeric.sample_string(&mut rand::rng(), 64)
}

fn new_session(state: State) -> Result<NewSession, serde_json::Error> {
    let read = |name: &str| state.get(name).map(String::as_str).unwrap_or("null");
    Ok(NewSession {
        user: serde_json::from_str(read(USER))?,
        password: serde_json::from_str(read(PASSWORD))?,
        epoch: serde_json::from_str(read(EPOCH))?,
        address: serde_json::from_str(read(ADDRESS))?,
        client: serde_json::from_str(read(CLIENT))?,
        state: Value::from_iter([USER, CSRF].map(|name| (name.to_owned(), Value::from(read(name))))),
    })
}
