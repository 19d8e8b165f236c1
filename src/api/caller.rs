//! Who calls, and with what right: extractors, one of which is the first argument of every
//! handler, so that a route cannot forget what it needs.
//!
//! The order in which a call is refused is product.md's: the token (401), its networks (403), the
//! account (404), what the account itself says (403), the budget (429), the permission (403), the
//! resource (404), the access (403). What was sent comes last, which is why bodies and queries are
//! read by handlers.

use super::bearer::{Call, Doing, account_in_path};
use super::errors::{not_found, of_refusal};
use super::permits::{Full, Level, Permit};
use crate::http::AppError;
use crate::models::token::lookup::{Found, Need};
use crate::models::{Account, Origin, Reach, Resource};
use crate::policy::{
    self, Access, Catalogue, Decision, Policy, RecordFilter, Records, Refusal, RefusalCode, Request, Target,
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
    /// How much.
    const NEED: Need;
    /// What the route does with it.
    const DOING: Doing = Doing::Using;
}

/// Whose it is, on a route that asks for no more than that.
pub struct Asking;
/// Whose it is.
pub struct Owner;
/// Also its rights, and the accounts it reaches.
pub struct Rights;

impl Wants for Asking {
    const NEED: Need = Need::Owner;
    const DOING: Doing = Doing::Asking;
}

impl Wants for Owner {
    const NEED: Need = Need::Owner;
}

impl Wants for Rights {
    const NEED: Need = Need::Rights;
}

/// Any token that works, on a route that names no account.
pub struct AnyToken<W = Owner> {
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

/// A token with a permission on the resource of the path: `{zone}` or `{domain}`, by name or by
/// number, as the catalogue says what narrows the permission.
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

    /// Which records of the zone a list may show: those that any of these lets through.
    pub fn records(&self) -> Vec<RecordFilter> {
        let Resource { id, account_id, kind, name } = &self.resource;
        readable::<P>(&self.call, &self.account)
            .into_iter()
            .filter(|(selection, _)| selection.reaches(*account_id, *id, *kind, name))
            .map(|(_, records)| records)
            .collect()
    }

    /// What decides about single records of the zone; it can go along into a transaction.
    pub fn record_guard(&self) -> RecordGuard {
        RecordGuard {
            catalogue: Arc::clone(&self.call.app.catalogue),
            policy: self.call.found.policy.clone(),
            holder: self.call.found.decided_by(),
            resource: self.resource.clone(),
            permission: P::KEY,
            access: L::ACCESS,
        }
    }

    /// Decides about records of the zone. `asked` is the record as the call names it.
    pub fn decide_record(&self, records: Records<'_>, asked: &str) -> Result<(), AppError> {
        self.record_guard().decide(records).map_err(|refusal| of_refusal(refusal, "Record", asked))
    }
}

/// Decides about single records of one zone, for one call.
pub struct RecordGuard {
    catalogue: Arc<Catalogue>,
    policy: Policy,
    holder: policy::Holder,
    resource: Resource,
    permission: &'static str,
    access: Access,
}

impl RecordGuard {
    /// Whether the call may go on with these records.
    pub fn decide(&self, records: Records<'_>) -> Result<(), Refusal> {
        let Some(permission) = self.catalogue.find(self.permission) else {
            return Err(Refusal::ResourceNotFound);
        };
        let request = Request {
            account: self.resource.account_id,
            permission: &permission.key,
            access: self.access,
            target: self.resource.target(),
            records,
        };
        match policy::decide(&self.catalogue, &self.policy, &self.holder, &request) {
            Decision::Allow => Ok(()),
            Decision::Refuse(refusal) => Err(refusal),
        }
    }
}

fn readable<P: Permit>(call: &Call, account: &Account) -> Vec<(policy::Selection, RecordFilter)> {
    let catalogue = &call.app.catalogue;
    let Some(permission) = catalogue.find(P::KEY) else { return Vec::new() };
    policy::readable(catalogue, &call.found.policy, &call.found.decided_by(), account.id, &permission.key)
}

fn decide(call: &Call, key: &str, access: Access, account: i64, target: Target<'_>) -> Decision {
    let Some(permission) = call.app.catalogue.find(key) else {
        return Decision::Refuse(Refusal::AccountNotFound);
    };
    let request = Request { account, permission: &permission.key, access, target, records: Records::Aside };
    policy::decide(&call.app.catalogue, &call.found.policy, &call.found.decided_by(), &request)
}

/// Lets a call into the account of its path, up to its permission; refusals about the target
/// itself come with the call.
async fn admit(
    request: &HttpRequest,
    key: &'static str,
    access: Access,
    target: Target<'_>,
) -> Result<(Call, Account, Decision), AppError> {
    let call = Call::check(request, Need::Rights, Some((key, access)), Doing::Using).await?;
    let entered = enter(&call, account_in_path(request), key, access, target);
    let (account, decision) = entered.inspect_err(|_| call.charge_network(request))?;
    call.charge_account(request, &account).await?;
    match decision {
        Decision::Refuse(refusal @ Refusal::Permission(_)) => Err(of_refusal(refusal, "", "")),
        decision => Ok((call, account, decision)),
    }
}

/// The account of the path, and what becomes of the call there.
fn enter(
    call: &Call,
    number: Option<i64>,
    key: &str,
    access: Access,
    target: Target<'_>,
) -> Result<(Account, Decision), AppError> {
    let reached = call.reached(number).ok_or(RefusalCode::AccountNotFound)?;
    let decision = decide(call, key, access, reached.account.id, target);
    if decision == Decision::Refuse(Refusal::AccountNotFound) {
        return Err(RefusalCode::AccountNotFound.into());
    }
    if reached.is_blocked {
        return Err(RefusalCode::BlockedHere.into());
    }
    if !reached.account.is_active() {
        return Err(RefusalCode::AccountSuspended.into());
    }
    if call.found.breaks_limits(reached, call.now) {
        return Err(RefusalCode::AccountLimit.into());
    }
    Ok((reached.account.clone(), decision))
}

async fn on_resource<P: Permit, L: Level>(request: &HttpRequest) -> Result<CallerOn<P, L>, AppError> {
    let app = request.app_data::<crate::http::AppData>();
    let kind = app.and_then(|app| app.catalogue.kind_of(app.catalogue.find(P::KEY)?)).cloned();
    let kind = kind.ok_or_else(|| AppError::Internal(format!("{} has no resources", P::KEY)))?;
    let asked = segment(request, kind.key.as_str()).unwrap_or_default();
    let (call, account, _) = admit(request, P::KEY, L::ACCESS, Target::Asked(&asked)).await?;
    let nothing = || not_found(&kind.title, &asked);
    let (number, text) = (account.id, asked.clone());
    let found = call.app.db.run(move |conn| Resource::by_name_or_id(conn, number, kind.key, &text)).await?;
    let resource = found.ok_or_else(nothing)?;
    let target = resource.target();
    match decide(&call, P::KEY, L::ACCESS, account.id, target) {
        Decision::Allow => Ok(CallerOn { account, resource, call, permit: PhantomData }),
        Decision::Refuse(refusal) => Err(of_refusal(refusal, &kind.title, &asked)),
    }
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
            let call = Call::check(&request, W::NEED, None, W::DOING).await?;
            call.charge_holder(&request).await?;
            Ok(AnyToken { call, wants: PhantomData })
        })
    }
}

impl<P: Permit, L: Level> FromRequest for Caller<P, L> {
    type Error = AppError;
    type Future = Extracted<Self>;

    fn from_request(request: &HttpRequest, _: &mut Payload) -> Self::Future {
        let request = request.clone();
        Box::pin(async move {
            let (call, account, decision) = admit(&request, P::KEY, L::ACCESS, Target::Collection).await?;
            match decision {
                Decision::Allow => Ok(Caller { account, call, permit: PhantomData }),
                Decision::Refuse(refusal) => Err(of_refusal(refusal, "", "")),
            }
        })
    }
}

impl<P: Permit> FromRequest for Making<P> {
    type Error = AppError;
    type Future = Extracted<Self>;

    fn from_request(request: &HttpRequest, _: &mut Payload) -> Self::Future {
        let request = request.clone();
        Box::pin(async move {
            let (call, account, decision) = admit(&request, P::KEY, Full::ACCESS, Target::New).await?;
            match decision {
                Decision::Allow => Ok(Making { account, call, permit: PhantomData }),
                Decision::Refuse(refusal) => Err(of_refusal(refusal, "", "")),
            }
        })
    }
}

impl<P: Permit, L: Level> FromRequest for CallerOn<P, L> {
    type Error = AppError;
    type Future = Extracted<Self>;

    fn from_request(request: &HttpRequest, _: &mut Payload) -> Self::Future {
        let request = request.clone();
        Box::pin(async move { on_resource(&request).await })
    }
}
