//! `GET /v2/accounts` and `DELETE /v2/tokens/current`: what any working token may do.

use super::caller::{AnyToken, End, Rights};
use super::json::{no_content, ok};
use super::whoami::Account;
use crate::http::{AppData, AppError};
use crate::models::Token;
use crate::models::token::DeletionReason;
use crate::models::token::endings::{Ending, Which};
use actix_web::HttpResponse;

/// The accounts that the token reaches, in the order of their numbers.
pub async fn list(token: AnyToken<Rights>, app: AppData) -> HttpResponse {
    let (found, now) = (token.found(), token.origin().now);
    let reached = found.accounts.iter().filter(|one| found.lets_into(&app.catalogue, one, now));
    ok(reached.map(|one| Account::of(&one.account, &app.catalogue)).collect::<Vec<_>>())
}

/// The token ends itself.
pub async fn end(token: AnyToken<End>, app: AppData) -> Result<HttpResponse, AppError> {
    let (id, origin) = (token.found().token, token.origin());
    let ending = Ending {
        which: Which::These(vec![id]),
        why: DeletionReason::Itself,
        note: None,
        origin: origin.clone(),
    };
    let deleted = app.endings.end(&app.db, ending, move |conn| match Token::itself(conn, id)? {
        Some(token) => token.delete(conn, DeletionReason::Itself, &origin),
        None => Ok(false),
    });
    deleted.await?;
    // Whoever ended it, it has ended.
    Ok(no_content())
}
