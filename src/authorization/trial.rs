//! A call that is only asked about: it's decided as any other, is charged to nobody, and is no use of the
//! token.

use super::charges::Charges;
use super::{About, Admitted, Ask, Call, Refused, RouteCall, Step};
use crate::db::DbError;
use crate::http::App;
use crate::models::Account;
use crate::models::token::lookup;
use crate::policy::{ClientAddress, Needs, TokenId};
use std::sync::Arc;
use time::OffsetDateTime;

/// How far a call would come.
#[derive(Debug)]
pub struct Trace {
    /// What the check would answer, if calls are left in the hour.
    pub outcome: Result<Admitted, Refused>,
    /// The account that the call would be charged to; `None` where it would be refused before that is known,
    /// or where a user pays.
    pub account: Option<Account>,
    /// The last step that was looked at: the one that refuses, or for a call that may go on, the last that its
    /// route asks for. `None` where it couldn't be decided.
    pub last: Option<Step>,
}

/// Follows a call with this token's newest secret, at a moment, from an address; `None` if there is no such
/// token.
pub async fn trial(
    app: &App,
    token: TokenId,
    call: &RouteCall<'_>,
    address: ClientAddress,
    now: OffsetDateTime,
) -> Result<Option<Trace>, DbError> {
    let catalogue = Arc::clone(&app.catalogue);
    let found = app.db.run(move |conn| lookup::of_token(conn, &catalogue, token)).await?;
    let Some(found) = found.map(Arc::new) else { return Ok(None) };
    let about = About::Route(call);
    let ask = Ask { address, client: String::new(), account: None, about };
    let mut charges = Charges::none(app, address, now);
    let outcome = Call { app, ask: &ask, found, now }.decide(&mut charges).await;
    let last = match &outcome {
        Ok(_) => Some(match call.found.as_ref().map(|found| &found.route.needs) {
            Some(Needs::Scope(..)) => Step::Access,
            Some(Needs::AnyToken | Needs::Open) | None => Step::Route,
        }),
        Err(refused) => refused.step(),
    };
    Ok(Some(Trace { outcome, account: charges.account, last }))
}
