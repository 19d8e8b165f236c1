//! A password that a person types: how often it may be tried, and whether it is right.

use super::known::Known;
use crate::db::DbError;
use crate::http::{App, AppError, client_address, client_name, network_of};
use crate::models::User;
use crate::models::mail::Letter;
use crate::models::password::Refused;
use crate::models::sighting::{self, SightingKind, SignIn};
use crate::models::throttle::{self, Allowance};
use crate::models::token::networks;
use crate::models::user::Credentials;
use crate::policy::{ClientAddress, UserId};
use actix_web::dev::Payload;
use actix_web::http::header::RETRY_AFTER;
use actix_web::web::Data;
use actix_web::{FromRequest, HttpRequest, HttpResponse};
use std::future::{Ready, ready};
use time::Duration;

/// Attempts, wrong and right, for one person: from one network, or in one browser that is known.
const PER_PERSON: Allowance = Allowance { attempts: 10, window: Duration::minutes(15) };
/// Attempts from one network, whoever they are for. Browsers that are known do not count.
const PER_NETWORK: Allowance = Allowance { attempts: 100, window: Duration::minutes(15) };

/// New passwords for one person, good and bad.
const NEW_PER_PERSON: Allowance = Allowance { attempts: 20, window: Duration::minutes(15) };

/// Where a password comes from.
#[derive(Debug, Clone)]
pub struct Caller {
    /// The client address.
    pub address: ClientAddress,
    /// What the browser says it is.
    pub client: String,
    /// As whom the browser has signed in before.
    pub known: Known,
}

impl FromRequest for Caller {
    type Error = AppError;
    type Future = Ready<Result<Self, AppError>>;

    fn from_request(request: &HttpRequest, _: &mut Payload) -> Self::Future {
        let address = client_address(request);
        let app = request.app_data::<Data<App>>().ok_or_else(|| AppError::Internal("no app".to_owned()));
        ready(address.and_then(|address| {
            let known = Known::of(request, app?);
            Ok(Caller { address, client: client_name(request.headers()), known })
        }))
    }
}

/// Whose password it is to be.
#[derive(Debug, Clone)]
pub enum Whose {
    /// Whoever has this address of e-mail, if anybody.
    Address(String),
    /// The user with this number.
    User(UserId),
}

/// What became of a password.
pub enum Tried {
    /// It is right.
    Right(Credentials),
    /// It is not, or there is no such person.
    Wrong,
    /// Nobody looked: there were too many attempts, and so long is to be waited.
    TooOften(Duration),
}

/// What became of a new password.
pub enum NewPassword {
    /// Its hash.
    Hashed(String),
    /// It is not good enough.
    Refused(Refused),
    /// It was not looked at: there were too many, and this is how long to wait.
    TooOften(Duration),
}

impl Caller {
    /// Counts a new password of this user, and only then estimates and hashes it. Callers have
    /// checked its length, which costs nothing.
    pub async fn hash_new(&self, user: UserId, password: &str, app: &App) -> Result<NewPassword, AppError> {
        let (network, now) = (network_of(self.address), app.clock.now());
        let of_network = format!("new password {network}");
        let of_person = format!("new password of user {user}");
        let counted = move |conn: &mut _| {
            let limits = [(of_network.as_str(), PER_NETWORK), (of_person.as_str(), NEW_PER_PERSON)];
            if let Some(wait) = throttle::count(conn, &limits, now)? {
                return Ok(Err(wait));
            }
            Ok(Ok(User::find(conn, user)?.map(|user| user.known_of(conn)).transpose()?.unwrap_or_default()))
        };
        let about: Vec<String> = match app.db.run(counted).await? {
            Ok(about) => about,
            Err(wait) => {
                tracing::warn!(%network, "new passwords throttled");
                return Ok(NewPassword::TooOften(wait));
            }
        };
        let hashed = app.hashing.hash_new(password.to_owned(), about).await?;
        Ok(hashed.map_or_else(NewPassword::Refused, NewPassword::Hashed))
    }

    /// Tries a password. Unknown addresses are counted alike, and everything is counted before any
    /// hashing.
    pub async fn tries(&self, whose: Whose, password: &str, app: &App) -> Result<Tried, AppError> {
        let signs_in = matches!(whose, Whose::Address(_));
        let (network, known, now) = (network_of(self.address), self.known.clone(), app.clock.now());
        let counting = move |conn: &mut _| {
            let found = match &whose {
                Whose::Address(email) => User::credentials(conn, email)?,
                Whose::User(id) => User::credentials_of(conn, *id)?,
            };
            let of_network = format!("sign-in {network}");
            let email = match &whose {
                Whose::Address(email) => email.as_str(),
                Whose::User(_) => found.as_ref().map(|found| found.email.as_str()).unwrap_or_default(),
            };
            let mut limits = Vec::new();
            // A stranger in the same network locks nobody out whose browser is known.
            let person = match found.as_ref().filter(|found| known.is_of(found)) {
                Some(found) => format!("sign-in known {} {}", known.device(), found.user),
                None => {
                    limits.push((of_network.as_str(), PER_NETWORK));
                    format!("{of_network} {}", email.to_lowercase())
                }
            };
            limits.push((person.as_str(), PER_PERSON));
            let wait = throttle::count(conn, &limits, now)?;
            Ok((found.filter(|_| wait.is_none()), wait, person))
        };
        let (found, wait, person) = app.db.run(counting).await?;
        let network = network_of(self.address);
        if let Some(wait) = wait {
            tracing::warn!(%network, "passwords throttled");
            return Ok(Tried::TooOften(wait));
        }
        let hash = found.as_ref().map(|found| found.hash.clone());
        let right = app.hashing.verify(password.to_owned(), hash).await?;
        // Into memory only, and of a user who exists: from outside nobody can tell.
        if let Some(found) = found.as_ref().filter(|_| signs_in && !right) {
            self.note_sign_in(found, SightingKind::SignInRefused, app);
        }
        let Some(found) = found.filter(|_| right) else {
            tracing::warn!(%network, "password refused");
            return Ok(Tried::Wrong);
        };
        app.db.run(move |conn| throttle::forget(conn, &person)).await?;
        let found = if signs_in { hashed_as_now(found, password, app).await } else { found };
        Ok(Tried::Right(found))
    }

    /// Notes what became of an attempt to sign in.
    pub fn note_sign_in(&self, as_whom: &Credentials, kind: SightingKind, app: &App) {
        app.buffers.sign_ins.add(SignIn {
            user: as_whom.user,
            email: as_whom.email.clone(),
            kind,
            at: app.clock.now(),
            address: self.address,
            client: self.client.clone(),
        });
    }

    /// Notes that someone signed in. They are told where the browser isn't known and the network is new
    /// (ASVS 6.3.5); that it can't be found out keeps nobody out.
    pub async fn signed_in(&self, person: &Credentials, ways: &'static str, app: &App) {
        let user = person.user;
        tracing::info!(user = user.get(), ways, "signed in");
        if !self.known.is_of(person) {
            let (now, address, client) = (app.clock.now(), self.address, self.client.clone());
            let told = app.db.transaction(move |conn| {
                let network = networks::network_of(address);
                if !sighting::is_new_network(conn, user, network)? {
                    return Ok(());
                }
                let Some(user) = User::find(conn, user)? else { return Ok(()) };
                let network = network.map(|network| network.to_string()).unwrap_or_default();
                let key = format!("new-network/{}/{network}/{}", user.id, now.date());
                user.tell(conn, &key, &Letter::NewNetwork { user: user.id, client, address }, now)
            });
            if let Err(error) = told.await {
                tracing::warn!(%error, user = user.get(), "a sign-in from a new network could not be told");
            }
        }
        self.note_sign_in(person, SightingKind::SignedIn, app);
    }
}

/// Hashes a right password again where hashes cost more by now (ASVS 11.2.2): only at a sign-in is it known. That
/// it can't be done keeps nobody out.
async fn hashed_as_now(found: Credentials, password: &str, app: &App) -> Credentials {
    let user = found.user;
    let hash = match app.hashing.hash_again(password.to_owned(), &found.hash).await {
        Ok(Some(hash)) => hash,
        Ok(None) => return found,
        Err(error) => {
            tracing::warn!(%error, user = user.get(), "a password could not be hashed again");
            return found;
        }
    };
    let (old, new) = (found.clone(), hash.clone());
    let replaced = app.db.run(move |conn| {
        let replaced = User::replace_hash(conn, &old, &new)?;
        Ok(if replaced { None } else { User::credentials_of(conn, user)? })
    });
    match replaced.await {
        Ok(None) => Credentials { hash, ..found },
        // Another sign-in was quicker, or the password was changed: then this one must not pass.
        Ok(Some(other)) => {
            let is_same = app.hashing.verify(password.to_owned(), Some(other.hash.clone())).await;
            if is_same.unwrap_or(false) { other } else { found }
        }
        Err(error) => {
            let error: DbError = error;
            tracing::warn!(%error, user = user.get(), "a password could not be hashed again");
            found
        }
    }
}

/// What somebody reads who has to wait.
pub fn too_often(wait: Duration) -> String {
    format!("Too many attempts from here. Wait {} min, then try again.", (wait.whole_seconds() + 59) / 60)
}

/// An answer that says how long to wait before the next attempt.
pub fn with_retry_after(mut response: HttpResponse, wait: Duration) -> HttpResponse {
    response.headers_mut().insert(RETRY_AFTER, wait.whole_seconds().max(1).into());
    response
}
