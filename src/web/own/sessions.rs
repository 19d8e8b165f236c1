//! Ending sessions: one, or all others.

use crate::http::{AppData, AppError};
use crate::models::session;
use crate::web::flash::{self, Flash};
use crate::web::form::Posted;
use crate::web::guard::{SignedIn, own_acts};
use crate::web::page::go_to;
use crate::web::paths;
use actix_session::Session;
use actix_web::HttpResponse;
use actix_web::web::Path;

/// Ends one of one's own; the one of this browser, too.
pub async fn end(
    form: Posted<SignedIn, own_acts::EndSessions>,
    app: AppData,
    session: Session,
    path: Path<String>,
) -> Result<HttpResponse, AppError> {
    let (by, _) = form.accepted(&app).await?;
    let id: i64 = path.parse().map_err(|_| AppError::NotFound)?;
    let (user, origin) = (by.user.clone(), by.origin(&app));
    if !app.db.transaction(move |conn| session::end(conn, &user, id, &origin)).await? {
        return Err(AppError::NotFound);
    }
    if id == by.session {
        session.purge();
        return Ok(go_to(paths::SIGN_IN));
    }
    Ok(flash::done(paths::SECURITY, Flash::SessionEnded))
}

/// Ends all of one's own but the one of this browser.
pub async fn end_others(
    form: Posted<SignedIn, own_acts::EndSessions>,
    app: AppData,
) -> Result<HttpResponse, AppError> {
    let (by, _) = form.accepted(&app).await?;
    let (user, kept, origin) = (by.user.clone(), by.session, by.origin(&app));
    let ended = app.db.transaction(move |conn| session::end_others(conn, &user, kept, &origin)).await?;
    let done = if ended == 0 { Flash::NoOtherSession } else { Flash::OtherSessionsEnded };
    Ok(flash::done(paths::SECURITY, done))
}
