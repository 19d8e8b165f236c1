//! The user tokens that reach the account, and whether it lets them in.

use crate::db::Conn;
use crate::http::{AppData, AppError};
use crate::models::text;
use crate::models::token::Token;
use crate::models::token::of_members::{self, Of, UserToken};
use crate::policy::Catalogue;
use crate::policy::words::{self, Phrase};
use crate::policy::{AccountId, Grant, Rights, Role, TokenId};
use crate::web::browse::{Asked, read_cursor, written};
use crate::web::flash::{self, Flash};
use crate::web::form::Posted;
use crate::web::guard::{AccountMember, SeeMembersTokens, UnblockTokens};
use crate::web::page::{AccountNav, Field, Page, Section, render};
use crate::web::paths;
use crate::web::told::{Moment, StateBadge};
use actix_web::HttpResponse;
use actix_web::http::StatusCode;
use actix_web::web::{Path, Query};
use askama::Template;
use std::sync::Arc;
use time::OffsetDateTime;

#[derive(Template)]
#[template(path = "members/tokens.html")]
struct TokensPage {
    page: Page,
    account: AccountNav,
    people_url: String,
    tokens_url: String,
    rows: Vec<Row>,
    older: Option<String>,
    is_further: bool,
}

struct Row {
    name: String,
    hint: String,
    state: StateBadge,
    email: String,
    role: &'static str,
    everything: bool,
    summary: Vec<Phrase>,
    used: Option<Moment>,
    blocked: Option<Moment>,
    block_url: String,
    unblock_url: String,
}

#[derive(Template)]
#[template(path = "members/block.html")]
struct BlockPage {
    page: Page,
    account: AccountNav,
    name: String,
    hint: String,
    email: String,
    used: Option<Moment>,
    why: Field,
    action: String,
    list_url: String,
}

type Member = AccountMember<SeeMembersTokens>;
/// Account and token of a path, as they are written there: the guard has read the account.
type TokenPath = Path<(String, String)>;

/// The reason is kept for as long as this, in characters.
const LONGEST_REASON: usize = 255;

/// All that can reach it.
pub async fn index(member: Member, app: AppData, asked: Query<Asked>) -> Result<HttpResponse, AppError> {
    let (account, now) = (member.account.id, app.clock.now());
    let after = read_cursor(&asked.tokens);
    let (catalogue, of) = (Arc::clone(&app.catalogue), Of { account, user: None });
    let (tokens, next) =
        app.db.run(move |conn| of_members::user_tokens(conn, &catalogue, of, after, now)).await?;
    let here = paths::members_tokens(account);
    let page = TokensPage {
        page: member.page("Members' tokens").under(Section::Members).with_flash(&asked.done),
        account: member.nav(),
        people_url: paths::members(account),
        rows: tokens.into_iter().filter_map(|one| Row::of(one, account, &app, now)).collect(),
        older: next.map(|next| format!("{here}?tokens={}", written(next))),
        is_further: after.is_some(),
        tokens_url: here,
    };
    render(&page, StatusCode::OK)
}

/// The page that asks.
pub async fn block_confirm(member: Member, app: AppData, path: TokenPath) -> Result<HttpResponse, AppError> {
    let token = find(&member, &app, &path).await?;
    ask(&member, &app, token, Field::default(), StatusCode::OK)
}

/// Keeps the token out of the account.
pub async fn block(form: Posted<Member>, app: AppData, path: TokenPath) -> Result<HttpResponse, AppError> {
    let (member, fields) = form.accepted(&app).await?;
    let token = find(&member, &app, &path).await?;
    let why = fields.get("why").trim().to_owned();
    let fault = text::fault_of_line(&why, LONGEST_REASON).map(|fault| format!("This {fault}."));
    if why.is_empty() || fault.is_some() {
        let missing = || format!("Say why, in up to {LONGEST_REASON} characters: the user reads it.");
        let error = Some(fault.unwrap_or_else(missing));
        return ask(&member, &app, token, Field { value: why, error }, StatusCode::UNPROCESSABLE_ENTITY);
    }
    let (account, origin, id) =
        (member.account.clone(), member.signed_in.origin(&app), token.candidate.token.id);
    let block = move |conn: &mut Conn| match Token::itself(conn, id)? {
        Some(token) => token.block(conn, &account, &why, &origin),
        None => Ok(false),
    };
    app.db.transaction(block).await?;
    Ok(flash::done(paths::members_tokens(member.account.id), Flash::TokenBlocked))
}

/// Unblocks the token.
pub async fn unblock(
    form: Posted<AccountMember<UnblockTokens>>,
    app: AppData,
    path: TokenPath,
) -> Result<HttpResponse, AppError> {
    let (member, _) = form.accepted(&app).await?;
    let token = find(&member, &app, &path).await?;
    let (account, origin) = (member.account.clone(), member.signed_in.origin(&app));
    let token = token.candidate.token;
    app.db.transaction(move |conn| token.unblock(conn, &account, &origin)).await?;
    Ok(flash::done(paths::members_tokens(member.account.id), Flash::TokenUnblocked))
}

/// The token of the path, if it can reach the account; any other is nobody's business here.
async fn find<P>(member: &AccountMember<P>, app: &AppData, path: &TokenPath) -> Result<UserToken, AppError> {
    let id: TokenId = path.1.parse().map_err(|_| AppError::NotFound)?;
    let (account, now) = (member.account.id, app.clock.now());
    let catalogue = Arc::clone(&app.catalogue);
    let found = app.db.run(move |conn| of_members::user_token(conn, &catalogue, account, id, now)).await?;
    found.ok_or(AppError::NotFound)
}

fn ask(
    member: &Member,
    app: &AppData,
    token: UserToken,
    why: Field,
    status: StatusCode,
) -> Result<HttpResponse, AppError> {
    let account = member.account.id;
    let candidate = token.candidate;
    let page = BlockPage {
        page: member.page("Block token").under(Section::Members),
        account: member.nav(),
        hint: candidate.hint,
        email: candidate.user.map(|(user, _)| user.email).unwrap_or_default(),
        used: token.used_here.map(|at| Moment::past(at, app.clock.now())),
        why,
        action: paths::member_token_block(account, candidate.token.id),
        list_url: paths::members_tokens(account),
        name: candidate.token.name,
    };
    render(&page, status)
}

impl Row {
    fn of(one: UserToken, account: AccountId, app: &AppData, now: OffsetDateTime) -> Option<Row> {
        let candidate = one.candidate;
        let (user, role): (_, Role) = candidate.user?;
        let (token, rights) = (candidate.token, here(&app.catalogue, candidate.rights, account));
        Some(Row {
            state: StateBadge::of(token.state_of_users(&user, now), token.not_before),
            everything: rights == Rights::Everything,
            summary: words::in_short(&app.catalogue, &rights, None),
            block_url: paths::member_token_block(account, token.id),
            unblock_url: paths::member_token_unblock(account, token.id),
            name: token.name,
            hint: candidate.hint,
            email: user.email,
            role: super::title(role),
            used: one.used_here.map(|at| Moment::past(at, now)),
            blocked: one.blocked_at.map(|at| Moment::past(at, now)),
        })
    }
}

/// What of the rights concerns the account: what a token may do elsewhere is not told here.
fn here(catalogue: &Catalogue, rights: Rights, account: AccountId) -> Rights {
    let of_user =
        |grant: &Grant| catalogue.get(&grant.permission).is_none_or(|permission| permission.is_of_user());
    match rights {
        Rights::Everything => Rights::Everything,
        Rights::Grants(grants) => {
            let concerning = grants.into_iter().filter(|grant| !of_user(grant));
            Rights::Grants(concerning.filter_map(|grant| grant.within(account)).collect())
        }
    }
}
