//! One member: the role, and the end of the membership.

use super::{RoleChoice, title};
use crate::db::{Conn, DbError};
use crate::http::{App, AppData, AppError};
use crate::models::Account;
use crate::models::membership::{self, Changed, Member};
use crate::models::token::of_members::{self, MOST_SEEN, Of, Seen};
use crate::policy::{AccountId, Act, Catalogue, Role, UserId};
use crate::web::flash::{self, Flash};
use crate::web::form::Posted;
use crate::web::guard::{AccountMember, ManageMembers, SeeResources};
use crate::web::page::{AccountNav, Page, Section, go_to, render};
use crate::web::page_error::PageError;
use crate::web::paths;
use actix_web::HttpResponse;
use actix_web::http::StatusCode;
use actix_web::web::Path;
use askama::Template;
use std::sync::Arc;
use time::OffsetDateTime;

#[derive(Template)]
#[template(path = "members/show.html")]
struct MemberPage {
    page: Page,
    account: AccountNav,
    name: String,
    email: String,
    roles: Vec<RoleChoice>,
    error: Option<String>,
    action: String,
    list_url: String,
    remove_url: String,
    /// Where an owner helps someone who lost their second factor.
    factor_url: Option<String>,
}

#[derive(Template)]
#[template(path = "members/remove.html")]
struct RemovePage {
    page: Page,
    account: AccountNav,
    name: String,
    email: String,
    oneself: bool,
    stops: Vec<String>,
    more_stops: bool,
    seen: Vec<SeenRow>,
    more_seen: bool,
    error: Option<String>,
    action: String,
    cancel_url: String,
}

struct SeenRow {
    name: String,
    url: String,
    /// For whoever may give it a new secret.
    roll_url: Option<String>,
}

/// Account and user of a path, as they are written there: the guard has read the account.
type MemberPath = Path<(String, String)>;

const LAST_OWNER: &str = "An account always has an owner. Make somebody else an owner first.";

fn user_of(path: &MemberPath) -> Result<UserId, AppError> {
    path.1.parse().map_err(|_| AppError::NotFound)
}

/// The page of a member, with the roles.
pub async fn show(
    by: AccountMember<ManageMembers>,
    app: AppData,
    path: MemberPath,
) -> Result<HttpResponse, AppError> {
    let member = find(&app, by.account.id, user_of(&path)?).await?;
    let role = member.role;
    answer(&by, member, role, None, StatusCode::OK)
}

/// Gives another role: to give a higher one raises access, to give a lower one never does.
pub async fn set_role(
    form: Posted<AccountMember<ManageMembers>>,
    app: AppData,
    path: MemberPath,
) -> Result<HttpResponse, AppError> {
    let (by, fields, asked) = form.undecided()?;
    let member = find(&app, by.account.id, user_of(&path)?).await?;
    let Some(role) = Role::from_key(fields.get("role")) else {
        let role = member.role;
        let why = Some("Choose a role.".to_owned());
        return answer(&by, member, role, why, StatusCode::UNPROCESSABLE_ENTITY);
    };
    asked.before(Role::act_of_change(member.role, role), &fields, &app).await?;
    let (account, user, origin) = (by.account.clone(), member.user.clone(), by.signed_in.origin(&app));
    let set = move |conn: &mut Conn| membership::change(conn, &account, &user, role, &origin);
    match app.db.transaction(set).await? {
        Changed::Done => Ok(flash::done(paths::members(by.account.id), Flash::RoleChanged)),
        Changed::NoMember | Changed::NoAccount => Err(AppError::NotFound),
        Changed::LastOwner => {
            answer(&by, member, role, Some(LAST_OWNER.to_owned()), StatusCode::UNPROCESSABLE_ENTITY)
        }
        Changed::NotAllowed => {
            let why = format!("Owners are made and lowered by owners. {}", by.who_can(Act::ManageOwners));
            answer(&by, member, role, Some(why), StatusCode::FORBIDDEN)
        }
    }
}

/// The page that asks, to everybody about oneself.
pub async fn remove_confirm(
    by: AccountMember<SeeResources>,
    app: AppData,
    path: MemberPath,
) -> Result<HttpResponse, AppError> {
    let user = removable(&by, &path)?;
    let member = find(&app, by.account.id, user).await?;
    ask(&by, &app, member, None, StatusCode::OK).await
}

/// Takes the member out.
pub async fn remove(
    form: Posted<AccountMember<SeeResources>>,
    app: AppData,
    path: MemberPath,
) -> Result<HttpResponse, AppError> {
    let (by, _) = form.accepted(&app).await?;
    let user = removable(&by, &path)?;
    let member = find(&app, by.account.id, user).await?;
    let (account, gone, origin) = (by.account.clone(), member.user.clone(), by.signed_in.origin(&app));
    let removed = app.db.transaction(move |conn| membership::remove(conn, &account, &gone, &origin)).await?;
    let refused = match removed {
        Changed::Done if user == by.signed_in.user.id => return Ok(go_to(paths::ACCOUNTS)),
        Changed::Done => return Ok(flash::done(paths::members(by.account.id), Flash::MemberRemoved)),
        Changed::NoMember | Changed::NoAccount => return Err(AppError::NotFound),
        Changed::LastOwner => (LAST_OWNER.to_owned(), StatusCode::UNPROCESSABLE_ENTITY),
        Changed::NotAllowed => (
            format!("Owners are removed by owners. {}", by.who_can(Act::ManageOwners)),
            StatusCode::FORBIDDEN,
        ),
    };
    ask(&by, &app, member, Some(refused.0), refused.1).await
}

/// Number of the user in the path, whom this person may take out: oneself, or as a manager anybody.
fn removable(by: &AccountMember<SeeResources>, path: &MemberPath) -> Result<UserId, AppError> {
    let user = user_of(path)?;
    if user == by.signed_in.user.id || by.may(Act::ManageMembers) {
        return Ok(user);
    }
    Err(PageError::Forbidden(by.who_can(Act::ManageMembers)).into())
}

async fn find(app: &App, account: AccountId, user: UserId) -> Result<Member, AppError> {
    app.db.run(move |conn| membership::one(conn, account, user)).await?.ok_or(AppError::NotFound)
}

fn answer(
    by: &AccountMember<ManageMembers>,
    member: Member,
    chosen: Role,
    error: Option<String>,
    status: StatusCode,
) -> Result<HttpResponse, AppError> {
    let account = by.account.id;
    let choice = |role: Role| RoleChoice {
        key: role.key(),
        title: title(role),
        sentence: role.sentence(&by.signed_in.catalogue),
        checked: role == chosen,
        why_not: (role != member.role && !by.role().may_change(Some(member.role), Some(role)))
            .then_some("Only an owner can choose this."),
    };
    let page = MemberPage {
        page: by.page(&member.user.name).under(Section::Members),
        account: by.nav(),
        roles: Role::ALL.into_iter().rev().map(choice).collect(),
        error,
        action: paths::member_role(account, member.user.id),
        list_url: paths::members(account),
        remove_url: paths::member_remove(account, member.user.id),
        factor_url: (by.may(Act::ManageOwners) && member.user.factor_since.is_some())
            .then(|| paths::member_factor(account, member.user.id)),
        name: member.user.name,
        email: member.user.email,
    };
    render(&page, status)
}

struct Stops {
    names: Vec<String>,
    more: bool,
    seen: Vec<Seen>,
}

/// What removing stops, and which secrets the person takes along.
fn stops(
    conn: &mut Conn,
    catalogue: &Catalogue,
    account: &Account,
    user: UserId,
    now: OffsetDateTime,
) -> Result<Stops, DbError> {
    let of = Of { account: account.id, user: Some(user) };
    let (tokens, more) = of_members::user_tokens(conn, catalogue, of, None, now)?;
    let names = tokens.into_iter().map(|one| one.candidate.token.name).collect();
    Ok(Stops { names, more: more.is_some(), seen: of_members::seen_by(conn, account, user, now)? })
}

async fn ask(
    by: &AccountMember<SeeResources>,
    app: &App,
    member: Member,
    error: Option<String>,
    status: StatusCode,
) -> Result<HttpResponse, AppError> {
    let (account, user, now) = (by.account.clone(), member.user.id, app.clock.now());
    let catalogue = Arc::clone(&app.catalogue);
    let stops = app.db.run(move |conn| stops(conn, &catalogue, &account, user, now)).await?;
    let (account, oneself) = (by.account.id, user == by.signed_in.user.id);
    let tokens = paths::tokens(account);
    let page = RemovePage {
        page: by.page(if oneself { "Leave" } else { "Remove member" }).under(Section::Members),
        account: by.nav(),
        oneself,
        stops: stops.names,
        more_stops: stops.more,
        more_seen: stops.seen.len() > MOST_SEEN,
        seen: stops
            .seen
            .into_iter()
            .take(MOST_SEEN)
            .map(|one: Seen| SeenRow {
                url: tokens.token(one.id),
                roll_url: by.may(Act::CreateTokens).then(|| tokens.roll(one.id)),
                name: one.name,
            })
            .collect(),
        error,
        action: paths::member_remove(account, user),
        cancel_url: paths::members(account),
        name: member.user.name,
        email: member.user.email,
    };
    render(&page, status)
}
