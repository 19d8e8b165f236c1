//! Who may come in: extractors that handlers name in their arguments.

use super::page::{AccountNav, MenuItem, Page, Section, UserNav};
use super::paths::{self, TokenPaths};
use super::session::{self, SignedInSession};
use crate::config::{SecondFactor, Support};
use crate::http::{App, AppError, Extras, client_address};
use crate::models::audit::{Actor, Origin};
use crate::models::token::{Owner, Token};
use crate::models::{Account, User};
use crate::policy::{AccountId, Act, Catalogue, ClientAddress, OwnAct, Proof, Role, SiteAct, State, TokenId};
use crate::web::page_error::PageError;
use actix_session::SessionExt;
use actix_web::dev::Payload;
use actix_web::web::Data;
use actix_web::{FromRequest, HttpRequest};
use std::future::Future;
use std::marker::PhantomData;
use std::pin::Pin;
use std::sync::Arc;
use time::OffsetDateTime;

/// Something that lets a request in, or says why not.
pub trait Guard: Sized {
    /// What a form does that it lets in, unless the form names an act of its own.
    type Act;

    /// Looks at the request.
    fn check(request: &HttpRequest) -> impl Future<Output = Result<Self, AppError>>;
}

/// A person who is signed in.
pub struct SignedIn {
    /// Who.
    pub user: User,
    /// The user's accounts, with the role in each, by name.
    pub accounts: Vec<(Account, Role)>,
    /// Number of the session.
    pub session: i64,
    csrf: String,
    address: ClientAddress,
    /// The catalogue that this server runs with.
    pub catalogue: Arc<Catalogue>,
    support: Support,
    /// What the extension adds.
    pub extras: Extras,
}

impl SignedIn {
    /// The frame of a page outside any account.
    pub fn page(&self, title: &str) -> Page {
        let accounts =
            self.accounts.iter().map(|(account, _)| AccountNav::of(account, &self.catalogue)).collect();
        let page = Page::new(&self.support, title, &self.csrf).for_user(UserNav::of(&self.user), accounts);
        Page { menu: MenuItem::all(&self.catalogue, &self.extras), ..page }
    }

    /// Who changes something now, and from where.
    pub fn origin(&self, app: &App) -> Origin {
        let actor = Actor::User { id: self.user.id, email: self.user.email.clone() };
        Origin { actor, now: app.clock.now(), address: Some(self.address) }
    }
}

impl SignedIn {
    /// Who is signed in, whether or not they lack a factor: for pages that are open to anyone.
    pub(super) async fn find(request: &HttpRequest) -> Result<SignedIn, AppError> {
        let sign_in_first = || {
            let next = request.uri().path_and_query().map_or("/", |next| next.as_str());
            PageError::SignInFirst { next: next.to_owned() }
        };
        let session = signed_in_session(request).ok_or_else(sign_in_first)?;
        let app = request.app_data::<Data<App>>().ok_or_else(|| AppError::Internal("no app".to_owned()))?;
        let address = client_address(request)?;
        let found = app.db.run(move |conn| {
            let user = User::find(conn, session.user)?.filter(|user| user.deactivated_at.is_none());
            user.map(|user| Ok((Account::list_of_user(conn, user.id)?, user))).transpose()
        });
        let (accounts, user) = found.await?.ok_or_else(sign_in_first)?;
        let (catalogue, support) = (Arc::clone(&app.catalogue), app.support.clone());
        let (session, csrf, extras) = (session.id, session.csrf, app.extras);
        Ok(SignedIn { user, accounts, session, csrf, address, catalogue, support, extras })
    }
}

impl Guard for SignedIn {
    type Act = Unnamed;

    async fn check(request: &HttpRequest) -> Result<SignedIn, AppError> {
        let signed_in = SignedIn::find(request).await?;
        let app = request.app_data::<Data<App>>().ok_or_else(|| AppError::Internal("no app".to_owned()))?;
        let lacks = app.second_factor == SecondFactor::Everyone && signed_in.user.factor_since.is_none();
        if lacks && !is_open_without_factor(request, &signed_in.user) {
            return Err(PageError::factor_first(app.support.site_name()).into());
        }
        Ok(signed_in)
    }
}

/// A person who runs the site. To everybody else there is nothing here.
pub struct SiteAdmin {
    /// The person.
    pub signed_in: SignedIn,
}

impl SiteAdmin {
    /// The frame of a page for site admins: outside any account, and of none a member by that.
    pub fn page(&self, title: &str) -> Page {
        self.signed_in.page(title).under(Section::Admin)
    }
}

impl Guard for SiteAdmin {
    type Act = Unnamed;

    async fn check(request: &HttpRequest) -> Result<SiteAdmin, AppError> {
        let signed_in = SignedIn::check(request).await?;
        if signed_in.user.site_admin_since.is_none() {
            return Err(AppError::NotFound);
        }
        let app = request.app_data::<Data<App>>().ok_or_else(|| AppError::Internal("no app".to_owned()))?;
        if app.second_factor != SecondFactor::Off && signed_in.user.factor_since.is_none() {
            return Err(PageError::factor_first("Running this site").into());
        }
        Ok(SiteAdmin { signed_in })
    }
}

/// What a form does, as a type. It alone decides what has to be proved again: no route chooses that.
#[diagnostic::on_unimplemented(
    message = "this form doesn't say what it does",
    note = "name the act: `Posted<SiteAdmin, site_acts::Suspend>`"
)]
pub trait FormAct: 'static {
    /// What has to be proved before it.
    const PROOF: Proof;
}

/// The act of a form whose guard says nothing about it.
pub struct Unnamed;

/// What a member must be allowed to do, as a type.
pub trait Permit: 'static {
    /// What.
    const ACT: Act;
}

impl<P: Permit> FormAct for P {
    const PROOF: Proof = P::ACT.proof();
}

/// To see resources.
pub struct SeeResources;
/// To see names and states of tokens.
pub struct SeeTokenNames;
/// To see what tokens may do.
pub struct SeeTokens;
/// To rename, disable and delete tokens.
pub struct ManageTokens;
/// To create and roll tokens, and to enable them again.
pub struct CreateTokens;
/// To see the members, lower their roles and take them out.
pub struct ManageMembers;
/// To invite members.
pub struct RaiseMembers;
/// To see and block members' tokens.
pub struct SeeMembersTokens;
/// To unblock them.
pub struct UnblockTokens;
/// To set the account's limits.
pub struct ManageLimits;
/// To create and lower owners, and what only owners do for members.
pub struct ManageOwners;
/// To read the account's activity.
pub struct SeeActivity;
/// To change the account's name and address.
pub struct ChangeAccount;
/// To change the plan.
pub struct ManagePlan;
/// To delete the account.
pub struct DeleteAccount;
/// To bring the account back.
pub struct RestoreAccount;

macro_rules! permits {
    ($($permit:ident),*) => {
        $(impl Permit for $permit {
            const ACT: Act = Act::$permit;
        })*
    };
}

permits!(SeeResources, SeeTokenNames, SeeTokens, ManageTokens, CreateTokens, ManageMembers, RaiseMembers);
permits!(SeeMembersTokens, UnblockTokens, ManageLimits, SeeActivity, ChangeAccount, ManagePlan);
permits!(ManageOwners, DeleteAccount, RestoreAccount);

macro_rules! form_acts {
    ($of:ident: $($act:ident),*) => {
        $(
            #[doc = concat!("[`", stringify!($of), "::", stringify!($act), "`] as a type.")]
            pub struct $act;

            impl super::FormAct for $act {
                const PROOF: crate::policy::Proof = super::$of::$act.proof();
            }
        )*
    };
}

/// What site admins do.
pub mod site_acts {
    form_acts!(SiteAct: FindToken, RevokeTokens, Deactivate, Reactivate, SignOut, MakePasswordLink, MakeFactorLink);
    form_acts!(SiteAct: SetPlan, Suspend, Resume, Restore);
}

/// What people do with their own user.
pub mod own_acts {
    form_acts!(OwnAct: AcceptInvitation, ChangeProfile, ChangeAddress, VerifyAddress, ChangePassword);
    form_acts!(OwnAct: ChangeFactors, EndSessions, SignOut);
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

    /// The person's role here.
    pub fn role(&self) -> Role {
        self.role
    }

    /// Who can help with what this person may not do.
    pub fn who_can(&self, act: Act) -> String {
        format!("Ask {} of {}.", act.who_can(), self.account.name)
    }
}

impl<P: Permit> Guard for AccountMember<P> {
    type Act = P;

    async fn check(request: &HttpRequest) -> Result<Self, AppError> {
        let signed_in = SignedIn::check(request).await?;
        let number: AccountId = request
            .match_info()
            .get("account")
            .and_then(|text| text.parse().ok())
            .ok_or(AppError::NotFound)?;
        let place = signed_in.accounts.iter().position(|(account, _)| account.id == number);
        let (account, role) = signed_in.accounts[place.ok_or(AppError::NotFound)?].clone();
        if account.lacks_factor(&signed_in.user, now_of(request)?)
            && !is_open_without_factor(request, &signed_in.user)
        {
            return Err(PageError::factor_first(&account.name).into());
        }
        if !role.may(P::ACT) {
            return Err(PageError::Forbidden(format!(
                "Your role in {} is {}, which does not go so far. Ask {} of the account.",
                account.name,
                role.key(),
                P::ACT.who_can()
            ))
            .into());
        }
        Ok(AccountMember { signed_in, account, role, permit: PhantomData })
    }
}

/// Whose tokens a page is about: the account's in the path, for a member who may do this, or, where
/// the path names none, those of the person who is signed in.
pub struct TokenOwner<P> {
    /// The person.
    pub signed_in: SignedIn,
    /// The account of the path.
    account: Option<(Account, Role)>,
    token: Option<TokenId>,
    permit: PhantomData<P>,
}

impl<P> TokenOwner<P> {
    /// The owner of the tokens.
    pub fn owner(&self) -> Owner {
        match &self.account {
            Some((account, _)) => Owner::Account(account.id),
            None => Owner::User(self.signed_in.user.id),
        }
    }

    /// The account; none for a person's own tokens.
    pub fn account(&self) -> Option<&Account> {
        self.account.as_ref().map(|(account, _)| account)
    }

    /// The accounts that the tokens can reach, with the person's role there.
    pub fn accounts(&self) -> &[(Account, Role)] {
        self.account.as_ref().map_or(self.signed_in.accounts.as_slice(), std::slice::from_ref)
    }

    /// Whether the tokens may be scoped: an account's by its plan, a person's always.
    pub fn scoped(&self) -> bool {
        self.account().is_none_or(|account| self.signed_in.catalogue.has_scopes(&account.plan))
    }

    /// Addresses of the tokens.
    pub fn paths(&self) -> TokenPaths {
        self.account().map_or_else(paths::own_tokens, |account| paths::tokens(account.id))
    }

    /// Number of the token in the path. What is no number is no token.
    pub fn token(&self) -> Result<TokenId, AppError> {
        self.token.ok_or(AppError::NotFound)
    }

    /// The state of one of the tokens.
    pub fn state(&self, token: &Token, now: OffsetDateTime) -> State {
        match self.account() {
            Some(account) => token.state(account, &self.signed_in.catalogue, now),
            None => token.state_of_users(&self.signed_in.user, now),
        }
    }

    /// The frame of a page among the tokens.
    pub fn page(&self, title: &str) -> Page {
        let page = self.signed_in.page(title);
        match self.account() {
            Some(account) => page.in_account(account.id),
            None => page.under(Section::Settings),
        }
    }

    /// Whether the person may do something with the tokens: with one's own, all but making more
    /// of them without a role that goes so far anywhere.
    pub fn may(&self, act: Act) -> bool {
        match &self.account {
            Some((_, role)) => role.may(act),
            None => match act {
                Act::SeeTokenNames | Act::SeeTokens | Act::ManageTokens => true,
                Act::CreateTokens => {
                    self.signed_in.accounts.iter().any(|(_, role)| role.may(Act::MakeOwnTokens))
                }
                // These are about an account.
                Act::SeeResources
                | Act::MakeOwnTokens
                | Act::SeeMembersTokens
                | Act::UnblockTokens
                | Act::ManageMembers
                | Act::RaiseMembers
                | Act::ManageLimits
                | Act::SeeActivity
                | Act::ManageOwners
                | Act::ChangeAccount
                | Act::ManagePlan
                | Act::DeleteAccount
                | Act::RestoreAccount => false,
            },
        }
    }

    /// Who can help with what this person may not do.
    pub fn who_can(&self, act: Act) -> String {
        match self.account() {
            Some(account) => format!("Ask {} of {}.", act.who_can(), account.name),
            None if self.signed_in.accounts.is_empty() => {
                "You are not a member of any account: ask an owner or admin of one to add you.".to_owned()
            }
            None => "Ask an owner or admin of one of your accounts to make your role read_write or more."
                .to_owned(),
        }
    }
}

impl<P: Permit> Guard for TokenOwner<P> {
    type Act = P;

    async fn check(request: &HttpRequest) -> Result<Self, AppError> {
        let token = request.match_info().get("token").and_then(|text| text.parse().ok());
        if request.match_info().get("account").is_some() {
            let AccountMember { signed_in, account, role, permit } =
                AccountMember::<P>::check(request).await?;
            return Ok(TokenOwner { signed_in, account: Some((account, role)), token, permit });
        }
        let signed_in = SignedIn::check(request).await?;
        // A token would reach what the person may not open.
        if P::ACT == Act::CreateTokens {
            let now = now_of(request)?;
            let closed = |(account, _): &&(Account, Role)| account.lacks_factor(&signed_in.user, now);
            if let Some((account, _)) = signed_in.accounts.iter().find(closed) {
                return Err(PageError::factor_first(&account.name).into());
            }
        }
        let own = TokenOwner { signed_in, account: None, token, permit: PhantomData };
        if own.may(P::ACT) {
            return Ok(own);
        }
        let who_can = own.who_can(P::ACT);
        Err(PageError::Forbidden(format!(
            "To make tokens of your own, you need the role read_write in at least one account. {who_can}"
        ))
        .into())
    }
}

impl<P: Permit> FromRequest for TokenOwner<P> {
    type Error = AppError;
    type Future = Pin<Box<dyn Future<Output = Result<Self, AppError>>>>;

    fn from_request(request: &HttpRequest, _: &mut Payload) -> Self::Future {
        let request = request.clone();
        Box::pin(async move { TokenOwner::check(&request).await })
    }
}

impl FromRequest for SiteAdmin {
    type Error = AppError;
    type Future = Pin<Box<dyn Future<Output = Result<Self, AppError>>>>;

    fn from_request(request: &HttpRequest, _: &mut Payload) -> Self::Future {
        let request = request.clone();
        Box::pin(async move { SiteAdmin::check(&request).await })
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

/// Whether a page stays open to a person who lacks a second factor where one is demanded: what helps them to
/// have one, to leave, and to end what is theirs.
fn is_open_without_factor(request: &HttpRequest, user: &User) -> bool {
    use paths::user_tokens as own;
    let Some(page) = request.match_pattern() else { return false };
    let is_self = || request.match_info().get("user").is_some_and(|number| number == user.id.to_string());
    match page.as_str() {
        paths::MEMBER_REMOVE => is_self(),
        page => {
            [paths::SIGN_OUT, paths::SECURITY, paths::SESSION_END, paths::SESSIONS_END_OTHERS].contains(&page)
                || [
                    paths::FACTOR_APP,
                    paths::FACTOR_APP_CONFIRM,
                    paths::FACTOR_REMOVE,
                    paths::FACTOR_CODES,
                    paths::FACTOR_PASSKEY,
                    paths::FACTOR_PASSKEY_BEGIN,
                ]
                .contains(&page)
                || [own::LIST, own::ENDED, own::TOKEN, own::REVOKE, own::CHOSEN, own::DELETE, own::DISABLE]
                    .contains(&page)
        }
    }
}

/// Now, by the one clock.
fn now_of(request: &HttpRequest) -> Result<OffsetDateTime, AppError> {
    let app = request.app_data::<Data<App>>().ok_or_else(|| AppError::Internal("no app".to_owned()))?;
    Ok(app.clock.now())
}

/// What the session says, where somebody is signed in.
pub fn signed_in_session(request: &HttpRequest) -> Option<SignedInSession> {
    session::read(&request.get_session())
}
