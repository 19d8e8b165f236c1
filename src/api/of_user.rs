//! Who calls about the user itself: a token of a user, with a permission of the category user.

use super::bearer::Call;
use super::caller::{Extracted, Needs};
use super::permits::{Level, Permit};
use crate::authorization::About;
use crate::http::AppError;
use crate::models::Origin;
use crate::models::token::lookup::Reached;
use crate::policy::{Access, RefusalCode, UserId};
use actix_web::dev::Payload;
use actix_web::{FromRequest, HttpRequest};
use std::marker::PhantomData;

/// A token of a user with a permission over what is the user's own.
pub struct OfUser<P, L> {
    /// Number of the user.
    pub user: UserId,
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
            let about = About::User { permission: P::KEY, access: L::ACCESS };
            let call = Call::ask(&request, Self::NEEDS, about).await?;
            // Only a user's token has a permission over what is the user's own.
            let user = call.found.holder.user().ok_or(RefusalCode::AccountNotFound)?;
            Ok(OfUser { user, call, permit: PhantomData })
        })
    }
}
