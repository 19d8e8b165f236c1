//! Who calls, and with what right: extractors, one of which is the first argument of every
//! handler, so that a route cannot forget what it needs. What is sent comes after the verdict, which is
//! why bodies and queries are read by handlers.

use super::bearer::Call;
use super::errors::{not_found, of_refusal};
use super::permits::{Full, Level, Permit};
use crate::authorization::{About, Wanted};
use crate::http::{AppData, AppError};
use crate::models::token::lookup::{Found, Need};
use crate::models::{Account, Origin, Reach, Resource};
use crate::policy::{
    self, Access, Catalogue, Decision, Parts, PartsAsked, Policy, Refusal, RefusalCode, Request,
};
use actix_web::dev::Payload;
use actix_web::{FromRequest, HttpRequest};
use percent_encoding::percent_decode_str;
use std::future::Future;
use std::marker::PhantomData;
use std::pin::Pin;
use std::sync::Arc;

/// What a route needs, told by the type of its handler's first argument.
pub trait Needs {
    /// Permission and access; none where any working token will do.
    const NEEDS: Option<(&'static str, Access)>;
}

/// How much of a token a route without a permission needs, as a type.
pub trait Wants: 'static {
    /// What is asked.
    const ABOUT: About<'static>;
}

/// Whose it is, on a route that asks for no more than that.
pub struct Asking;
/// Also its rights, and the accounts it reaches.
pub struct Rights;
/// That it ends itself.
pub struct End;

impl Wants for Asking {
    // Asking what it is ends no overlap of a roll.
    const ABOUT: About<'static> = About::Token { need: Need::Owner, uses: false };
}

impl Wants for Rights {
    const ABOUT: About<'static> = About::Token { need: Need::Rights, uses: true };
}

impl Wants for End {
    const ABOUT: About<'static> = About::End;
}

/// Any token that works, on a route that names no account.
pub struct AnyToken<W> {
    call: Call,
    wants: PhantomData<W>,
}

/// A token with a permission in the account of the path: for lists, and for what is the whole
/// account's.
pub struct Caller<P, L> {
    /// The account of the path.
    pub account: Account,
    call: Call,
    permit: PhantomData<(P, L)>,
}

/// A token that may make something new, which needs *all, including future ones*.
pub struct Making<P> {
    /// The account of the path.
    pub account: Account,
    call: Call,
    permit: PhantomData<P>,
}

/// A token with a permission on the resource of the path: by name or by number. The
/// place is called as the kind of resource that narrows the permission.
pub struct CallerOn<P, L> {
    /// The account of the path.
    pub account: Account,
    /// The resource of the path.
    pub resource: Resource,
    call: Call,
    permit: PhantomData<(P, L)>,
}

impl<W> AnyToken<W> {
    /// The token.
    pub fn found(&self) -> &Found {
        &self.call.found
    }

    /// The token, as the record names it.
    pub fn origin(&self) -> Origin {
        self.call.origin()
    }
}

impl<P, L> Caller<P, L> {
    /// The token, as the record names it.
    pub fn origin(&self) -> Origin {
        self.call.origin()
    }
}

impl<P: Permit, L> Caller<P, L> {
    /// What a list may show.
    pub fn reach(&self) -> Reach {
        Reach(readable::<P>(&self.call, &self.account).into_iter().map(|(selection, _)| selection).collect())
    }
}

impl<P> Making<P> {
    /// The token, as the record names it.
    pub fn origin(&self) -> Origin {
        self.call.origin()
    }
}

impl<P: Permit, L: Level> CallerOn<P, L> {
    /// The token, as the record names it.
    pub fn origin(&self) -> Origin {
        self.call.origin()
    }

    /// What inside the resource a list may show: that which any of these lets through.
    pub fn readable_parts(&self) -> Vec<Parts> {
        let Resource { id, account_id, kind, name, .. } = &self.resource;
        readable::<P>(&self.call, &self.account)
            .into_iter()
            .filter(|(selection, _)| selection.reaches(*account_id, *id, *kind, name))
            .map(|(_, parts)| parts)
            .collect()
    }

    /// What decides about parts of the resource; it can go along into a transaction.
    pub fn parts_guard(&self) -> PartsGuard {
        PartsGuard {
            catalogue: Arc::clone(&self.call.app.catalogue),
            policy: self.call.found.policy.clone(),
            holder: self.call.found.decided_by(),
            resource: self.resource.clone(),
            permission: P::KEY,
            access: L::ACCESS,
        }
    }

    /// Decides about parts of the resource. `what` is what they are called, as a heading, and `asked` which
    /// one the call names.
    pub fn decide_parts(&self, parts: PartsAsked<'_>, what: &str, asked: &str) -> Result<(), AppError> {
        self.parts_guard().decide(parts).map_err(|refusal| of_refusal(refusal, what, asked))
    }
}

/// Decides about parts of one resource, for one call.
pub struct PartsGuard {
    catalogue: Arc<Catalogue>,
    policy: Policy,
    holder: policy::Holder,
    resource: Resource,
    permission: &'static str,
    access: Access,
}

impl PartsGuard {
    /// Whether the call may do this with them.
    pub fn decide(&self, parts: PartsAsked<'_>) -> Result<(), Refusal> {
        let Some(permission) = self.catalogue.find(self.permission) else {
            return Err(Refusal::ResourceNotFound);
        };
        let request = Request {
            account: self.resource.account_id,
            permission: &permission.key,
            access: self.access,
            target: self.resource.target(),
            parts,
        };
        match policy::decide(&self.catalogue, &self.policy, &self.holder, &request) {
            Decision::Allow => Ok(()),
            Decision::Refuse(refusal) => Err(refusal),
        }
    }
}

fn readable<P: Permit>(call: &Call, account: &Account) -> Vec<(policy::Selection, Parts)> {
    let catalogue = &call.app.catalogue;
    let Some(permission) = catalogue.find(P::KEY) else { return Vec::new() };
    policy::readable(catalogue, &call.found.policy, &call.found.decided_by(), account.id, &permission.key)
}

/// A part of the path, decoded: actix leaves `%2F`, `%25` and `%2B` for here, and what else looks like
/// an escape by now was never let in (`http::is_well_formed`).
pub fn segment(request: &HttpRequest, name: &str) -> Option<String> {
    let text = request.match_info().get(name)?;
    Some(percent_decode_str(text).decode_utf8_lossy().into_owned())
}

impl<W> Needs for AnyToken<W> {
    const NEEDS: Option<(&'static str, Access)> = None;
}

impl<P: Permit, L: Level> Needs for Caller<P, L> {
    const NEEDS: Option<(&'static str, Access)> = Some((P::KEY, L::ACCESS));
}

impl<P: Permit> Needs for Making<P> {
    const NEEDS: Option<(&'static str, Access)> = Some((P::KEY, Access::Full));
}

impl<P: Permit, L: Level> Needs for CallerOn<P, L> {
    const NEEDS: Option<(&'static str, Access)> = Some((P::KEY, L::ACCESS));
}

pub(super) type Extracted<T> = Pin<Box<dyn Future<Output = Result<T, AppError>>>>;

impl<W: Wants> FromRequest for AnyToken<W> {
    type Error = AppError;
    type Future = Extracted<Self>;

    fn from_request(request: &HttpRequest, _: &mut Payload) -> Self::Future {
        let request = request.clone();
        Box::pin(async move {
            Ok(AnyToken { call: Call::ask(&request, None, W::ABOUT).await?, wants: PhantomData })
        })
    }
}

impl<P: Permit, L: Level> FromRequest for Caller<P, L> {
    type Error = AppError;
    type Future = Extracted<Self>;

    fn from_request(request: &HttpRequest, _: &mut Payload) -> Self::Future {
        let request = request.clone();
        Box::pin(async move {
            let (call, account) = in_account::<P>(&request, L::ACCESS, Wanted::Collection).await?;
            Ok(Caller { account, call, permit: PhantomData })
        })
    }
}

impl<P: Permit> FromRequest for Making<P> {
    type Error = AppError;
    type Future = Extracted<Self>;

    fn from_request(request: &HttpRequest, _: &mut Payload) -> Self::Future {
        let request = request.clone();
        Box::pin(async move {
            let (call, account) = in_account::<P>(&request, Full::ACCESS, Wanted::New).await?;
            Ok(Making { account, call, permit: PhantomData })
        })
    }
}

impl<P: Permit, L: Level> FromRequest for CallerOn<P, L> {
    type Error = AppError;
    type Future = Extracted<Self>;

    fn from_request(request: &HttpRequest, _: &mut Payload) -> Self::Future {
        let request = request.clone();
        Box::pin(async move {
            let app = request.app_data::<AppData>();
            let kind = app.and_then(|app| app.catalogue.find(P::KEY)?.narrowed_by);
            let asked = kind.and_then(|kind| segment(&request, kind.as_str())).unwrap_or_default();
            let (call, account) = in_account::<P>(&request, L::ACCESS, Wanted::Resource(&asked)).await?;
            let resource = call.resource.clone().ok_or_else(|| not_found("Resource", &asked))?;
            Ok(CallerOn { account, resource, call, permit: PhantomData })
        })
    }
}

/// The call and the account of its path.
async fn in_account<P: Permit>(
    request: &HttpRequest,
    access: Access,
    target: Wanted<'_>,
) -> Result<(Call, Account), AppError> {
    let about = About::Account { permission: P::KEY, access, target };
    let call = Call::ask(request, Some((P::KEY, access)), about).await?;
    let account = call.account.clone().ok_or(RefusalCode::AccountNotFound)?;
    Ok((call, account))
}
