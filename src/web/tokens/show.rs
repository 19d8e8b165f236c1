//! One token: what it may do, by name, and since when it is used.

use super::refused::{RefusedRow, still_tried};
use super::{TokenPath, person, place, remover};
use crate::http::{AppData, AppError};
use crate::models::token::refusals::{self, Kept};
use crate::models::token::usage::LastUse;
use crate::models::token::{Token, grants, usage};
use crate::policy::words::{self, Sentence, Surroundings};
use crate::policy::{Access, Act, Catalogue, Grant, Policy, Rights, Selection, State};
use crate::web::guard::{AccountMember, SeeTokenNames};
use crate::web::page::{AccountNav, Page, render};
use crate::web::paths;
use crate::web::told::{Expiry, Moment, StateBadge, Used};
use actix_web::HttpResponse;
use actix_web::http::StatusCode;
use actix_web::web::Query;
use askama::Template;
use serde::Deserialize;
use std::sync::Arc;

#[derive(Template)]
#[template(path = "tokens/show.html")]
struct ShowPage {
    page: Page,
    account: AccountNav,
    name: String,
    hint: String,
    state: StateBadge,
    state_note: Option<String>,
    still_tried: Option<Moment>,
    used: Option<Used>,
    made_by: String,
    made: Moment,
    expires: Expiry,
    from: String,
    rows: Vec<GrantRow>,
    everything: bool,
    words: Vec<Sentence>,
    refused: Vec<RefusedRow>,
    may_manage: bool,
    may_see: bool,
    rename_url: String,
    delete_url: String,
    like_url: String,
    repeated: bool,
    again_url: String,
    list_url: String,
    ended: bool,
}

struct GrantRow {
    title: String,
    access: String,
    full: bool,
    text: String,
    names: Vec<NamedRow>,
    sensitive: bool,
}

struct NamedRow {
    name: String,
    url: Option<String>,
    gone: bool,
}

/// Where the person comes from.
#[derive(Deserialize)]
pub struct From {
    #[serde(default)]
    repeated: String,
    #[serde(default)]
    done: String,
}

struct Loaded {
    token: Token,
    rights: Rights,
    hint: String,
    maker: Option<String>,
    remover: Option<String>,
    last_use: Option<LastUse>,
    refused: Vec<Kept>,
    around: Surroundings,
}

/// The page of one token.
pub async fn show(
    member: AccountMember<SeeTokenNames>,
    app: AppData,
    path: TokenPath,
    from: Query<From>,
) -> Result<HttpResponse, AppError> {
    let (account, id) = place(&member, &path)?;
    let (owner, now) = (member.account.clone(), app.clock.now());
    let loaded = app.db.run(move |conn| {
        let Some(token) = Token::find(conn, account, id)? else { return Ok(None) };
        Ok(Some(Loaded {
            rights: grants::of_token(conn, &token)?,
            hint: token.hint(conn)?,
            maker: token.maker(conn)?,
            remover: token.remover(conn)?,
            last_use: usage::of_tokens(conn, &[id])?.remove(&id),
            refused: refusals::of_token(conn, id)?,
            around: owner.surroundings(conn)?,
            token,
        }))
    });
    let loaded = loaded.await?.ok_or(AppError::NotFound)?;
    let token = &loaded.token;
    let state = token.state(&member.account, &app.catalogue, now);
    let may_see = member.may(Act::SeeTokens);
    let catalogue = Arc::clone(&app.catalogue);
    let page = ShowPage {
        page: member.page(&token.name).with_flash(&from.done),
        account: member.nav(),
        hint: loaded.hint.clone(),
        state: StateBadge::of(state, token.not_before),
        state_note: state_note(state, &loaded, &member.account.name, now).filter(|_| may_see),
        still_tried: still_tried(token, &loaded.refused, now).filter(|_| may_see),
        used: loaded.last_use.as_ref().filter(|_| may_see).map(|last| Used::of(last, now)),
        made_by: person(loaded.maker.clone()),
        made: Moment::past(token.created_at, now),
        expires: Expiry::of(token.expires_at, now),
        from: networks(token),
        rows: if may_see { rows(&catalogue, &loaded.rights, &loaded.around) } else { Vec::new() },
        everything: may_see && loaded.rights == Rights::Everything,
        words: if may_see { sentences(&catalogue, &loaded) } else { Vec::new() },
        refused: if may_see { refused(&catalogue, &loaded.refused, now) } else { Vec::new() },
        may_manage: member.may(Act::ManageTokens),
        may_see,
        rename_url: paths::token_rename(account, id),
        delete_url: paths::token_delete(account, id),
        like_url: paths::token_like(account, id),
        repeated: from.repeated == "1" && !state.has_ended(),
        again_url: format!("{}?again=1", paths::token_delete(account, id)),
        list_url: if state.has_ended() { paths::tokens_ended(account) } else { paths::tokens(account) },
        ended: state.has_ended(),
        name: loaded.token.name,
    };
    render(&page, StatusCode::OK)
}

fn refused(catalogue: &Catalogue, kept: &[Kept], now: time::OffsetDateTime) -> Vec<RefusedRow> {
    kept.iter().map(|one| RefusedRow::of(one, catalogue, now)).collect()
}

fn sentences(catalogue: &Catalogue, loaded: &Loaded) -> Vec<Sentence> {
    let policy =
        Policy { expires_at: loaded.token.expires_at, ..Policy::unconditional(loaded.rights.clone()) };
    words::of_policy(catalogue, &policy, &loaded.around)
}

fn state_note(state: State, loaded: &Loaded, account: &str, now: time::OffsetDateTime) -> Option<String> {
    let token = &loaded.token;
    let when =
        |at: Option<time::OffsetDateTime>| at.map(|at| Moment::past(at, now).exact).unwrap_or_default();
    Some(match state {
        State::Active => return None,
        State::Deleted => {
            let by = remover(token.deleted_why.as_deref(), loaded.remover.clone());
            format!("Deleted by {by} on {}.", when(token.deleted_at))
        }
        State::Expired => format!("Expired on {}.", when(token.expires_at)),
        State::SecretReplaced => "Its secret was replaced.".to_owned(),
        State::OwnerAway => format!("{account} is suspended, so calls with it are refused for now."),
        State::Disabled => format!("Disabled on {}; calls with it are refused until it is enabled.", when(token.disabled_at)),
        State::Frozen => {
            "The plan has no scoped tokens any more, so calls with it are refused. It works again as soon as the plan has them."
                .to_owned()
        }
        State::NotYet => format!("It works from {} on.", when(token.not_before)),
    })
}

fn networks(token: &Token) -> String {
    let list =
        |networks: &[ipnet::IpNet]| networks.iter().map(ToString::to_string).collect::<Vec<_>>().join(", ");
    match (token.allowed_networks.as_slice(), token.refused_networks.as_slice()) {
        ([], []) => "anywhere".to_owned(),
        ([], refused) => format!("anywhere but {}", list(refused)),
        (allowed, []) => list(allowed),
        (allowed, refused) => format!("{}, but not {}", list(allowed), list(refused)),
    }
}

fn rows(catalogue: &Catalogue, rights: &Rights, around: &Surroundings) -> Vec<GrantRow> {
    let Rights::Grants(grants) = rights else { return Vec::new() };
    grants.iter().filter_map(|grant| row(catalogue, grant, around)).collect()
}

fn row(catalogue: &Catalogue, grant: &Grant, around: &Surroundings) -> Option<GrantRow> {
    let permission = catalogue.get(&grant.permission)?;
    let text = match (&grant.selection, permission.narrowed_by) {
        (_, None) => permission.sentence.clone(),
        (Selection::Only(_), Some(kind)) => format!("Only these {}", kind.plural()),
        (selection, Some(kind)) => {
            let except = if selection.named().is_empty() { "" } else { ", except these" };
            format!(
                "All {}, including future ones{except} · {} now",
                kind.plural(),
                around.reached(kind, selection.named())
            )
        }
    };
    Some(GrantRow {
        title: permission.title.clone(),
        access: grant.access.title().to_owned(),
        full: grant.access == Access::Full,
        text,
        names: grant
            .selection
            .named()
            .iter()
            .map(|one| NamedRow {
                name: one.name.clone(),
                url: one.id.map(|id| paths::of_resource(one.kind, one.account, id)),
                gone: one.id.is_none(),
            })
            .collect(),
        sensitive: permission.sensitive,
    })
}
