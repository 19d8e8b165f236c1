//! Who may come in: extractors that handlers name in their arguments.

use super::page::{AccountNav, Page, UserNav};
use super::session::{self, SignedInSession};
use crate::http::{App, AppError, ClientAddress};
use crate::models::audit::{Actor, Origin};
use crate::models::{Account, User};
use crate::policy::{Act, Catalogue, Role};
use actix_session::SessionExt;
use actix_web::dev::Payload;
use actix_web::web::Data;
use actix_web::{FromRequest, HttpRequest};
use std::future::Future;
use std::marker::PhantomData;
use std::net::IpAddr;
use std::pin::Pin;
use std::sync::Arc;

/// Something that lets a request in, or says why not.
pub trait Guard: Sized {
    /// Looks at the request.
    fn check(request: &HttpRequest) -> impl Future<Output = Result<Self, AppError>>;
}

/// A person who is signed in.
pub struct SignedIn {
    /// Who.
    pub user: User,
    /// The user's accounts, with the role in each, by name.
    pub accounts: Vec<(Account, Role)>,
    csrf: String,
    address: IpAddr,
    catalogue: Arc<Catalogue>,
}

impl SignedIn {
    /// The frame of a page outside any account.
    pub fn page(&self, title: &str) -> Page {
        let accounts =
            self.accounts.iter().map(|(account, _)| AccountNav::of(account, &self.catalogue)).collect();
        Page::new(title, &self.csrf).for_user(UserNav::of(&self.user), accounts)
    }

    /// Who changes something now, and from where.
    pub fn origin(&self, app: &App) -> Origin {
        let actor = Actor::User { id: self.user.id, email: self.user.email.clone() };
        Origin { actor, now: app.clock.now(), address: Some(self.address) }
    }
}

impl Guard for SignedIn {
    async fn check(request: &HttpRequest) -> Result<SignedIn, AppError> {
        let sign_in_first = || {
            let next = request.uri().path_and_query().map_or("/", |next| next.as_str());
            AppError::SignInFirst { next: next.to_owned() }
        };
        let session = signed_in_session(request).ok_or_else(sign_in_first)?;
        let app = request.app_data::<Data<App>>().ok_or_else(|| AppError::Internal("no app".to_owned()))?;
        let address = ClientAddress::extract(request).await?.0;
        let found = app.db.run(move |conn| {
            let user = User::find(conn, session.user)?.filter(|user| user.deactivated_at.is_none());
            user.map(|user| Ok((Account::list_of_user(conn, user.id)?, user))).transpose()
        });
        let (accounts, user) = found.await?.ok_or_else(sign_in_first)?;
        Ok(SignedIn { user, accounts, csrf: session.csrf, address, catalogue: Arc::clone(&app.catalogue) })
    }
}

/// What a member must be allowed to do, as a type.
pub trait Permit: 'static {
    /// What.
    const ACT: Act;
}

/// To see domains, zones and certificates.
pub struct SeeResources;
/// To see names and states of tokens.
pub struct SeeTokenNames;
/// To create, rename and delete account tokens.
pub struct ManageTokens;

impl Permit for SeeResources {
    const ACT: Act = Act::SeeResources;
}

impl Permit for SeeTokenNames {
    const ACT: Act = Act::SeeTokenNames;
}

impl Permit for ManageTokens {
    const ACT: Act = Act::ManageTokens;
}

/// A member of the account in the path who may do this: outsiders get 404, members without the
/// role 403 with who can help. It yields the account that a handler works in.
pub struct AccountMember<P> {
    /// The person.
    pub signed_in: SignedIn,
    /// The account of the path.
    pub account: Account,
    role: Role,
    permit: PhantomData<P>,
}

impl<P> AccountMember<P> {
    /// The frame of a page of the account.
    pub fn page(&self, title: &str) -> Page {
        self.signed_in.page(title).in_account(self.account.id)
    }

    /// The account, as pages show it.
    pub fn nav(&self) -> AccountNav {
        AccountNav::of(&self.account, &self.signed_in.catalogue)
    }

    /// Whether the person may do something else here, too.
    pub fn may(&self, act: Act) -> bool {
        self.role.may(act)
    }

    /// Who can help with what this person may not do.
    pub fn who_can(&self, act: Act) -> String {
        format!("Ask {} of {}.", act.who_can(), self.account.name)
    }
}

impl<P: Permit> Guard for AccountMember<P> {
    async fn check(request: &HttpRequest) -> Result<Self, AppError> {
        let signed_in = SignedIn::check(request).await?;
        let number: i64 = request
            .match_info()
            .get("account")
            .and_then(|text| text.parse().ok())
            .ok_or(AppError::NotFound)?;
        let place = signed_in.accounts.iter().position(|(account, _)| account.id == number);
        let (account, role) = signed_in.accounts[place.ok_or(AppError::NotFound)?].clone();
        if !role.may(P::ACT) {
            return Err(AppError::Forbidden(format!(
                "Your role in {} is {}, which does not go so far. Ask {} of the account.",
                account.name,
                role.key(),
                P::ACT.who_can()
            )));
        }
        Ok(AccountMember { signed_in, account, role, permit: PhantomData })
    }
}

impl FromRequest for SignedIn {
    type Error = AppError;
    type Future = Pin<Box<dyn Future<Output = Result<Self, AppError>>>>;

    fn from_request(request: &HttpRequest, _: &mut Payload) -> Self::Future {
        let request = request.clone();
        Box::pin(async move { SignedIn::check(&request).await })
    }
}

impl<P: Permit> FromRequest for AccountMember<P> {
    type Error = AppError;
    type Future = Pin<Box<dyn Future<Output = Result<Self, AppError>>>>;

    fn from_request(request: &HttpRequest, _: &mut Payload) -> Self::Future {
        let request = request.clone();
        Box::pin(async move { AccountMember::check(&request).await })
    }
}

/// What the session says, where somebody is signed in.
pub fn signed_in_session(request: &HttpRequest) -> Option<SignedInSession> {
    session::read(&request.get_session())
}
