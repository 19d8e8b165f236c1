//! One token: what it may do, by name, and since when it is used.

use super::granted::{self, GrantRow};
use super::limited;
use super::refused::{RefusedRow, still_tried};
use super::secrets::{self, SecretRow};
use super::{how_it_ended, person};
use crate::http::{AppData, AppError};
use crate::models::token::active_secrets::LiveSecret;
use crate::models::token::refusals::{self, Kept};
use crate::models::token::usage::LastUse;
use crate::models::token::{Block, Token, grants, surroundings, usage};
use crate::policy::words::{self, Sentence, Surroundings};
use crate::policy::{AccountId, Act, Catalogue, Rights, State};
use crate::web::guard::{SeeTokenNames, TokenOwner};
use crate::web::page::{Page, render};
use crate::web::told::{Expiry, Moment, StateBadge, Used};
use actix_web::HttpResponse;
use actix_web::http::StatusCode;
use actix_web::web::Query;
use askama::Template;
use ipnet::IpNet;
use serde::Deserialize;
use std::sync::Arc;

#[derive(Template)]
#[template(path = "tokens/show.html")]
struct ShowPage {
    page: Page,
    whole: Whole,
    name: String,
    hint: String,
    state: StateBadge,
    state_note: Option<String>,
    still_tried: Option<Moment>,
    used: Option<Used>,
    made_by: String,
    made: Moment,
    expires: Expiry,
    from: Networks,
    rows: Vec<GrantRow>,
    everything: bool,
    words: Vec<Sentence>,
    refused: Vec<RefusedRow>,
    blocked: Vec<BlockedRow>,
    /// Where limits keep it out.
    limited: Vec<String>,
    may_manage: bool,
    may_create: bool,
    may_see: bool,
    rename_url: String,
    trial_url: Option<String>,
    roll_url: String,
    finish_url: String,
    /// The secrets that *Finish now* is about.
    shown: String,
    disable_url: String,
    enable_url: String,
    delete_url: String,
    like_url: String,
    repeated: bool,
    rolled_before: bool,
    disabled: bool,
    /// More than one while a roll overlaps.
    secrets: Vec<SecretRow>,
    again_url: String,
    list_url: String,
    ended: bool,
}

/// An account that does not let the token in.
struct BlockedRow {
    account: String,
    at: Moment,
    why: String,
}

impl BlockedRow {
    fn of(block: &Block, now: time::OffsetDateTime) -> BlockedRow {
        BlockedRow { account: block.account.clone(), at: Moment::past(block.at, now), why: block.why.clone() }
    }
}

/// Where a token works from.
struct Networks {
    allowed: Vec<String>,
    refused: Vec<String>,
}

/// What a token with Everything may do, in the words of its owner.
struct Whole {
    name: String,
    of_user: bool,
}

/// Where the person comes from.
#[derive(Deserialize)]
pub struct From {
    #[serde(default)]
    repeated: String,
    #[serde(default)]
    rolled: String,
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
    secrets: Vec<LiveSecret>,
    refused: Vec<Kept>,
    blocks: Vec<Block>,
    limited: Vec<String>,
    around: Surroundings,
}

/// The page of one token.
pub async fn show(
    member: TokenOwner<SeeTokenNames>,
    app: AppData,
    from: Query<From>,
) -> Result<HttpResponse, AppError> {
    let (owner, id, paths) = (member.owner(), member.token()?, member.paths());
    let now = app.clock.now();
    let accounts: Vec<(AccountId, String)> =
        member.accounts().iter().map(|(account, _)| (account.id, account.name.clone())).collect();
    let catalogue = Arc::clone(&app.catalogue);
    let loaded = app.db.run(move |conn| {
        let Some(token) = Token::find(conn, owner, id)? else { return Ok(None) };
        let rights = grants::of_token(conn, &token)?;
        let made = (owner, &token.policy(rights.clone()), token.created_at);
        Ok(Some(Loaded {
            limited: limited::said(conn, &catalogue, &accounts, made, now)?,
            rights,
            hint: token.hint(conn)?,
            maker: token.maker(conn)?,
            remover: token.remover(conn)?,
            last_use: usage::of_tokens(conn, &[id])?.remove(&id),
            secrets: token.secrets(conn, now)?,
            refused: refusals::of_token(conn, id)?,
            blocks: token.blocks(conn)?,
            around: surroundings(conn, owner)?,
            token,
        }))
    });
    let loaded = loaded.await?.ok_or(AppError::NotFound)?;
    let token = &loaded.token;
    let state = member.state(token, now);
    let may_see = member.may(Act::SeeTokens);
    let catalogue = Arc::clone(&app.catalogue);
    let page = ShowPage {
        page: member.page(&token.name).with_flash(&from.done),
        whole: Whole {
            name: member.account().map(|account| account.name.clone()).unwrap_or_default(),
            of_user: member.account().is_none(),
        },
        hint: loaded.hint.clone(),
        state: StateBadge::of(state, token.not_before),
        state_note: state_note(state, &loaded, member.account().map_or("", |account| &account.name), now)
            .filter(|_| may_see),
        still_tried: still_tried(token, &loaded.refused, now).filter(|_| may_see),
        used: loaded.last_use.as_ref().filter(|_| may_see).map(|last| Used::of(last, now)),
        made_by: person(loaded.maker.clone()),
        made: Moment::past(token.created_at, now),
        expires: Expiry::of(token.expires_at, now),
        from: networks(token),
        rows: if may_see { granted::rows(&catalogue, &loaded.rights, &member) } else { Vec::new() },
        everything: may_see && loaded.rights == Rights::Everything,
        words: if may_see {
            words::of_policy(&catalogue, &token.policy(loaded.rights.clone()), &loaded.around)
        } else {
            Vec::new()
        },
        refused: if may_see { refused(&catalogue, &loaded.refused, now) } else { Vec::new() },
        limited: if may_see && !state.has_ended() { loaded.limited } else { Vec::new() },
        blocked: loaded.blocks.iter().map(|one| BlockedRow::of(one, now)).collect(),
        may_manage: member.may(Act::ManageTokens),
        may_see,
        may_create: member.may(Act::CreateTokens),
        rename_url: paths.rename(id),
        trial_url: Some(paths.trial(id)).filter(|_| may_see && app.catalogue.routes.iter().next().is_some()),
        roll_url: paths.roll(id),
        finish_url: paths.roll_finish(id),
        disable_url: paths.disable(id),
        enable_url: paths.enable(id),
        delete_url: paths.delete(id),
        like_url: paths.like(id),
        repeated: from.repeated == "1" && !state.has_ended(),
        rolled_before: from.rolled == "1" && !state.has_ended(),
        disabled: token.disabled_at.is_some(),
        shown: secrets::shown(&loaded.secrets),
        secrets: if state.has_ended() { Vec::new() } else { secrets::rows(&loaded.secrets, now) },
        again_url: format!("{}?again=1", paths.delete(id)),
        list_url: if state.has_ended() { paths.ended() } else { paths.list() },
        ended: state.has_ended(),
        name: loaded.token.name,
    };
    render(&page, StatusCode::OK)
}

fn refused(catalogue: &Catalogue, kept: &[Kept], now: time::OffsetDateTime) -> Vec<RefusedRow> {
    kept.iter().map(|one| RefusedRow::of(one, catalogue, now)).collect()
}

fn state_note(state: State, loaded: &Loaded, account: &str, now: time::OffsetDateTime) -> Option<String> {
    let token = &loaded.token;
    let when =
        |at: Option<time::OffsetDateTime>| at.map(|at| Moment::past(at, now).exact).unwrap_or_default();
    Some(match state {
        State::Active => return None,
        State::Deleted => {
            let (how, note) = how_it_ended(token, loaded.remover.clone());
            format!("{how} on {}{note}.", when(token.deleted_at))
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

/// The networks that it works from, and those that it never works from.
fn networks(token: &Token) -> Networks {
    let list = |networks: &[IpNet]| networks.iter().map(network).collect();
    Networks { allowed: list(&token.allowed_networks), refused: list(&token.refused_networks) }
}

/// A network; a single address without the length that says so.
fn network(network: &IpNet) -> String {
    if network.prefix_len() == network.max_prefix_len() {
        network.addr().to_string()
    } else {
        network.to_string()
    }
}
