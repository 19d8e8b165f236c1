//! Disabling, after a page that says what it stops; and enabling.

use crate::http::{AppData, AppError};
use crate::models::token::{Enabled, Token, usage};
use crate::policy::{Act, State};
use crate::web::flash::{self, Flash};
use crate::web::form::Posted;
use crate::web::guard::{CreateTokens, ManageTokens, TokenOwner};
use crate::web::page::{Page, go_to, render};
use crate::web::page_error::PageError;
use crate::web::told::Used;
use actix_web::HttpResponse;
use actix_web::http::StatusCode;
use askama::Template;

#[derive(Template)]
#[template(path = "tokens/disable.html")]
struct DisablePage {
    page: Page,
    list_url: String,
    name: String,
    hint: String,
    used: Option<Used>,
    who_enables: Option<String>,
    action: String,
    cancel_url: String,
}

type Member = TokenOwner<ManageTokens>;

/// The page that asks.
pub async fn confirm(member: Member, app: AppData) -> Result<HttpResponse, AppError> {
    let (owner, id, paths) = (member.owner(), member.token()?, member.paths());
    let now = app.clock.now();
    let found = app.db.run(move |conn| {
        let Some(token) = Token::find(conn, owner, id)? else { return Ok(None) };
        Ok(Some((token.hint(conn)?, usage::of_tokens(conn, &[id])?.remove(&id), token)))
    });
    let (hint, last_use, token) = found.await?.ok_or(AppError::NotFound)?;
    if let Some(elsewhere) = nothing_to_do(member.state(&token, now), &token) {
        return Ok(flash::done(paths.token(id), elsewhere));
    }
    let page = DisablePage {
        page: member.page("Disable token"),
        list_url: paths.list(),
        name: token.name,
        hint,
        used: last_use.map(|last| Used::of(&last, now)),
        who_enables: (!member.may(Act::CreateTokens)).then(|| member.who_can(Act::CreateTokens)),
        action: paths.disable(id),
        cancel_url: paths.token(id),
    };
    render(&page, StatusCode::OK)
}

fn nothing_to_do(state: State, token: &Token) -> Option<Flash> {
    match token.disabled_at {
        _ if state.has_ended() => Some(Flash::TokenHadEnded),
        Some(_) => Some(Flash::TokenDisabled),
        None => None,
    }
}

/// Disables it.
pub async fn disable(form: Posted<Member>, app: AppData) -> Result<HttpResponse, AppError> {
    let (member, _) = form.accepted(&app).await?;
    let (owner, id, paths) = (member.owner(), member.token()?, member.paths());
    let origin = member.signed_in.origin(&app);
    let now = origin.now;
    let found = app.db.transaction(move |conn| {
        let Some(token) = Token::find(conn, owner, id)? else { return Ok(None) };
        token.disable(conn, "person", &origin)?;
        Token::find(conn, owner, id)
    });
    let token = found.await?.ok_or(AppError::NotFound)?;
    let page = paths.token(id);
    Ok(match nothing_to_do(member.state(&token, now), &token) {
        Some(done) => flash::done(page, done),
        None => go_to(page),
    })
}

/// Enables it.
pub async fn enable(form: Posted<TokenOwner<CreateTokens>>, app: AppData) -> Result<HttpResponse, AppError> {
    let (member, _) = form.accepted(&app).await?;
    let (owner, id, paths) = (member.owner(), member.token()?, member.paths());
    let (catalogue, origin) = (std::sync::Arc::clone(&app.catalogue), member.signed_in.origin(&app));
    let enabled = app.db.transaction(move |conn| {
        let Some(token) = Token::find(conn, owner, id)? else { return Ok(None) };
        token.enable(conn, &catalogue, &origin).map(Some)
    });
    match enabled.await?.ok_or(AppError::NotFound)? {
        Enabled::Done => Ok(flash::done(paths.token(id), Flash::TokenEnabled)),
        Enabled::WasNotDisabled => Ok(go_to(paths.token(id))),
        Enabled::Ended => Ok(flash::done(paths.token(id), Flash::TokenHadEnded)),
        Enabled::OwnerAway => Ok(flash::done(paths.token(id), Flash::OwnerAway)),
        Enabled::NotAllowed => Err(PageError::Forbidden(format!(
            "Your role does not go as far as this token. {}",
            member.who_can(Act::CreateTokens)
        ))
        .into()),
    }
}
