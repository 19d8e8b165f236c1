//! Deleting: a page that says what will stop, then *Yes, delete*.

use crate::http::{AppData, AppError, Ended};
use crate::models::token::endings::{Ending, Which};
use crate::models::token::{DeletionReason, Token, usage};
use crate::policy::Act;
use crate::web::flash::{self, Flash};
use crate::web::form::Posted;
use crate::web::guard::{ManageTokens, TokenOwner};
use crate::web::page::{Page, go_to, render};
use crate::web::told::Used;
use actix_web::HttpResponse;
use actix_web::http::StatusCode;
use actix_web::web::Query;
use askama::Template;
use serde::Deserialize;

#[derive(Template)]
#[template(path = "tokens/delete.html")]
struct DeletePage {
    page: Page,
    list_url: String,
    name: String,
    hint: String,
    used: Option<Used>,
    action: String,
    cancel_url: String,
    again: bool,
    note: Option<String>,
    disable_url: String,
    /// For those who may roll it.
    roll_url: Option<String>,
}

type Member = TokenOwner<ManageTokens>;

/// Whether to start again from the same form afterwards.
#[derive(Deserialize)]
pub struct Again {
    #[serde(default)]
    again: String,
}

/// The page that asks.
pub async fn confirm(member: Member, app: AppData, query: Query<Again>) -> Result<HttpResponse, AppError> {
    let (owner, id, paths) = (member.owner(), member.token()?, member.paths());
    let now = app.clock.now();
    let found = app.db.run(move |conn| {
        let Some(token) = Token::find(conn, owner, id)? else { return Ok(None) };
        Ok(Some((token.hint(conn)?, usage::of_tokens(conn, &[id])?.remove(&id), token)))
    });
    let (hint, last_use, token) = found.await?.ok_or(AppError::NotFound)?;
    let state = member.state(&token, now);
    if state.has_ended() {
        return Ok(flash::done(paths.token(id), Flash::TokenHadEnded));
    }
    let page = DeletePage {
        page: member.page("Delete token"),
        list_url: paths.list(),
        name: token.name,
        hint,
        used: last_use.map(|last| Used::of(&last, now)),
        action: paths.delete(id),
        cancel_url: paths.token(id),
        again: query.again == "1",
        note: state.code().map(|_| "Calls with it are refused already.".to_owned()),
        disable_url: paths.disable(id),
        roll_url: member.may(Act::CreateTokens).then(|| paths.roll(id)),
    };
    render(&page, StatusCode::OK)
}

/// Deletes it.
pub async fn delete(form: Posted<Member>, app: AppData) -> Result<HttpResponse, AppError> {
    let (member, fields) = form.accepted(&app).await?;
    let (owner, id, paths) = (member.owner(), member.token()?, member.paths());
    let origin = member.signed_in.origin(&app);
    let ending = Ending {
        which: Which::Of(owner, vec![id]),
        why: DeletionReason::Person,
        note: None,
        origin: origin.clone(),
    };
    let deleted = app.endings.end(&app.db, ending, move |conn| {
        let Some(token) = Token::find(conn, owner, id)? else { return Ok(None) };
        token.delete(conn, DeletionReason::Person, &origin).map(Some)
    });
    let deleted = match deleted.await? {
        Ended::Whole(deleted) => deleted.ok_or(AppError::NotFound)?,
        Ended::AtOnce(count) => return Ok(flash::done(paths.list(), flash::at_once(count))),
    };
    Ok(match (deleted, fields.get("again")) {
        (_, "1") => go_to(paths.like(id)),
        (true, _) => flash::done(paths.list(), Flash::TokenDeleted),
        (false, _) => flash::done(paths.token(id), Flash::TokenHadEnded),
    })
}
