//! Rolling: a page that says what it does, then the new secret, once; and the end of an overlap.

use super::example;
use super::reveal::{Told, reveal};
use super::secrets::{self, SecretRow};
use crate::db::DbError;
use crate::http::{App, AppData, AppError};
use crate::models::token::active_secrets::{LiveSecret, ShownSecret};
use crate::models::token::{Asked, Finished, Overlap, Rolled, Token, grants, surroundings};
use crate::policy::Act;
use crate::policy::words;
use crate::web::flash::{self, Flash};
use crate::web::form::{Fields, Posted};
use crate::web::guard::{CreateTokens, ManageTokens, TokenOwner};
use crate::web::page::{Page, go_to, render};
use crate::web::page_error::PageError;
use crate::web::told::Moment;
use actix_web::HttpResponse;
use actix_web::http::StatusCode;
use askama::Template;
use std::sync::Arc;
use time::OffsetDateTime;
use uuid::Uuid;

#[derive(Template)]
#[template(path = "tokens/roll.html")]
struct RollPage {
    page: Page,
    list_url: String,
    name: String,
    nonce: String,
    /// The secrets that the page is about.
    shown: String,
    secrets: Vec<SecretRow>,
    /// Of two secrets, the one that makes way, and why.
    makes_way: Option<(String, &'static str)>,
    choices: Vec<Choice>,
    error: Option<&'static str>,
    note: Option<&'static str>,
    action: String,
    cancel_url: String,
}

struct Choice {
    value: &'static str,
    label: &'static str,
    note: &'static str,
    checked: bool,
}

type Member = TokenOwner<CreateTokens>;

/// The page that asks.
pub async fn confirm(member: Member, app: AppData) -> Result<HttpResponse, AppError> {
    ask(&member, &app, Some(Overlap::Day), None).await
}

/// Rolls it.
pub async fn roll(form: Posted<Member>, app: AppData) -> Result<HttpResponse, AppError> {
    let (member, fields) = form.accepted(&app).await?;
    let overlap = Overlap::from_key(fields.get("overlap"));
    let (Some(overlap), Ok(nonce)) = (overlap, Uuid::parse_str(fields.get("nonce"))) else {
        let why = if overlap.is_none() { "Choose how long the secret of now goes on." } else { USED };
        return ask(&member, &app, overlap, Some(why)).await;
    };
    let asked = Asked { overlap, nonce, shown: shown(&fields) };
    let (owner, id, paths) = (member.owner(), member.token()?, member.paths());
    let (catalogue, prefix, origin) =
        (Arc::clone(&app.catalogue), app.catalogue.product.prefix.clone(), member.signed_in.origin(&app));
    let now = origin.now;
    let rolled = app.db.transaction(move |conn| {
        let Some(token) = Token::find(conn, owner, id)? else { return Ok(None) };
        let rolled = token.roll(conn, &catalogue, &asked, &prefix, &origin)?;
        let policy = token.policy(grants::of_token(conn, &token)?);
        let words = words::of_policy(&catalogue, &policy, &surroundings(conn, owner)?);
        let call = example::call(&catalogue, &policy.rights);
        Ok(Some((token, rolled, words, call)))
    });
    let (token, rolled, words, call) = match rolled.await {
        // The form rolled another token at the same moment.
        Err(DbError::Taken(_)) => return ask(&member, &app, Some(overlap), Some(USED)).await,
        other => other?.ok_or(AppError::NotFound)?,
    };
    match rolled {
        Rolled::Made(secret) => {
            let ends = overlap.ends_at(now).map(|end| token.expires_at.map_or(end, |last| last.min(end)));
            let (title, through) = ("The new secret is ready", through(overlap, ends, now));
            let name = token.name.clone();
            reveal(&member, &app, Told { id, name, secret, title, through, words, call })
        }
        Rolled::Repeated => Ok(go_to(format!("{}?rolled=1", paths.token(id)))),
        Rolled::Changed => ask(&member, &app, Some(overlap), Some(CHANGED)).await,
        Rolled::NonceTaken => ask(&member, &app, Some(overlap), Some(USED)).await,
        Rolled::Ended => Ok(flash::done(paths.token(id), Flash::TokenHadEnded)),
        Rolled::OwnerAway => Ok(flash::done(paths.token(id), Flash::OwnerAway)),
        Rolled::NotAllowed => Err(PageError::Forbidden(format!(
            "Your role does not go as far as this token. {}",
            member.who_can(Act::CreateTokens)
        ))
        .into()),
    }
}

/// Ends an overlap.
pub async fn finish(form: Posted<TokenOwner<ManageTokens>>, app: AppData) -> Result<HttpResponse, AppError> {
    let (member, fields) = form.accepted(&app).await?;
    let (owner, id, paths) = (member.owner(), member.token()?, member.paths());
    let shown = shown(&fields);
    let origin = member.signed_in.origin(&app);
    let finished = app.db.transaction(move |conn| {
        let Some(token) = Token::find(conn, owner, id)? else { return Ok(None) };
        token.finish_roll(conn, shown.as_deref(), &origin).map(Some)
    });
    let done = match finished.await?.ok_or(AppError::NotFound)? {
        Finished::Done => Flash::RollFinished,
        Finished::None => Flash::NothingToFinish,
        Finished::Changed => Flash::SecretsChanged,
    };
    Ok(flash::done(paths.token(id), done))
}

/// The secrets that the page was about, as it sends them along.
fn shown(fields: &Fields) -> Option<Vec<ShownSecret>> {
    fields.has("shown").then(|| secrets::read_shown(fields.get("shown")))
}

const CHANGED: &str = "The secrets of this token have changed since this page was opened, so nothing was done. Look at them again, choose, and press the button.";
const USED: &str = "This form was used before. Look at your choice and press the button again.";

async fn ask(
    member: &Member,
    app: &App,
    chosen: Option<Overlap>,
    error: Option<&'static str>,
) -> Result<HttpResponse, AppError> {
    let (owner, id, paths) = (member.owner(), member.token()?, member.paths());
    let now = app.clock.now();
    let found = app.db.run(move |conn| {
        let Some(token) = Token::find(conn, owner, id)? else { return Ok(None) };
        Ok(Some((token.secrets(conn, now)?, token)))
    });
    let (working, token) = found.await?.ok_or(AppError::NotFound)?;
    let state = member.state(&token, now);
    if state.has_ended() {
        return Ok(flash::done(paths.token(id), Flash::TokenHadEnded));
    }
    let page = RollPage {
        page: member.page("Roll token"),
        list_url: paths.list(),
        name: token.name,
        nonce: Uuid::new_v4().to_string(),
        shown: secrets::shown(&working),
        secrets: secrets::rows(&working, now),
        makes_way: makes_way(&working),
        choices: Overlap::ALL.into_iter().map(|one| choice(one, chosen == Some(one))).collect(),
        note: state.code().map(|_| "Calls with it are refused now. A new secret changes nothing about that."),
        action: paths.roll(id),
        cancel_url: paths.token(id),
        error,
    };
    render(&page, if error.is_some() { StatusCode::UNPROCESSABLE_ENTITY } else { StatusCode::OK })
}

fn makes_way(live: &[LiveSecret]) -> Option<(String, &'static str)> {
    match live {
        [_, newer] if newer.awaits_first_use => Some((newer.hint.clone(), "was never used by a program")),
        [older, _] => Some((older.hint.clone(), "is the older one")),
        _ => None,
    }
}

fn choice(overlap: Overlap, checked: bool) -> Choice {
    let (label, note) = match overlap {
        Overlap::Hour => ("For an hour", ""),
        Overlap::Day => ("For a day", "Time to bring the new secret to every machine"),
        Overlap::Week => ("For a week", ""),
        Overlap::UntilFirstUse => (
            "Until the new one is first used",
            "The first call with the new secret, other than whoami and verify, ends it. If several machines share the token, choose a time: that call would end it for all of them.",
        ),
        Overlap::Leaked => ("Not at all: it leaked", "Whatever uses it gets an error at once"),
    };
    Choice { value: overlap.key(), label, note, checked }
}

fn through(overlap: Overlap, ends: Option<OffsetDateTime>, now: OffsetDateTime) -> String {
    match (overlap, ends) {
        (_, Some(end)) => {
            format!("has a new secret; the one before works until {}", Moment::past(end, now).exact)
        }
        (Overlap::Leaked, None) => "has a new secret; the one before has ended".to_owned(),
        (_, None) => "has a new secret; the one before works until this one is first used".to_owned(),
    }
}
