//! Who calls about the user itself: a token of a user, with a permission of the category user.

use super::bearer::{Call, Doing};
use super::caller::{Extracted, Needs};
use super::errors::of_refusal;
use super::permits::{Level, Permit};
use crate::http::AppError;
use crate::models::Origin;
use crate::models::token::lookup::{Need, Reached};
use crate::policy::{Access, Decision, Refusal, decide_for_user};
use actix_web::dev::Payload;
use actix_web::{FromRequest, HttpRequest};
use std::marker::PhantomData;

/// A token of a user with a permission over what is the user's own.
pub struct OfUser<P, L> {
    /// Number of the user.
    pub user: i64,
    call: Call,
    permit: PhantomData<(P, L)>,
}

impl<P, L> OfUser<P, L> {
    /// The token, as the record names it.
    pub fn origin(&self) -> Origin {
        self.call.origin()
    }

    /// The user's accounts, by number.
    pub fn accounts(&self) -> &[Reached] {
        &self.call.found.accounts
    }
}

impl<P: Permit, L: Level> Needs for OfUser<P, L> {
    const NEEDS: Option<(&'static str, Access)> = Some((P::KEY, L::ACCESS));
}

impl<P: Permit, L: Level> FromRequest for OfUser<P, L> {
    type Error = AppError;
    type Future = Extracted<Self>;

    fn from_request(request: &HttpRequest, _: &mut Payload) -> Self::Future {
        let request = request.clone();
        Box::pin(async move {
            let call = Call::check(&request, Need::Rights, Self::NEEDS, Doing::Using).await?;
            call.charge_holder(&request).await?;
            let catalogue = &call.app.catalogue;
            let permission = catalogue.find(P::KEY).ok_or(AppError::NotFound)?;
            let (policy, holder) = (&call.found.policy, call.found.decided_by());
            match (
                decide_for_user(catalogue, policy, &holder, &permission.key, L::ACCESS),
                call.found.holder.user(),
            ) {
                (Decision::Allow, Some(user)) => Ok(OfUser { user, call, permit: PhantomData }),
                (Decision::Allow, None) => Err(of_refusal(Refusal::AccountNotFound, "", "")),
                (Decision::Refuse(refusal), _) => Err(of_refusal(refusal, "", "")),
            }
        })
    }
}
