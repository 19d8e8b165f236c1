//! A member lost their second factor.

use crate::http::{App, AppData, AppError};
use crate::models::authenticator::{self, Asker, LinkAsked};
use crate::models::membership::{self, Member};
use crate::policy::{AccountId, UserId};
use crate::web::factor_link::{self, About};
use crate::web::flash::{self, Flash};
use crate::web::form::Posted;
use crate::web::guard::{AccountMember, ManageOwners, site_acts};
use crate::web::page::Section;
use crate::web::paths;
use actix_web::HttpResponse;
use actix_web::web::Path;

type MemberPath = Path<(String, String)>;

/// The page that asks why; it says who can where this owner can't.
pub async fn ask(
    by: AccountMember<ManageOwners>,
    app: AppData,
    path: MemberPath,
) -> Result<HttpResponse, AppError> {
    let member = find(&app, by.account.id, &path).await?;
    let (owner, user) = (by.signed_in.user.id, member.user.id);
    let owns_all = app.db.run(move |conn| authenticator::owns_all(conn, owner, user)).await?;
    let fault = if owner == user {
        factor_link::fault_of(&LinkAsked::Oneself)
    } else if owns_all {
        None
    } else {
        factor_link::fault_of(&LinkAsked::NotOfAll)
    };
    answer(&by, member, "", (None, fault), fault.is_none())
}

/// Has the link sent.
pub async fn send(
    form: Posted<AccountMember<ManageOwners>, site_acts::MakeFactorLink>,
    app: AppData,
    path: MemberPath,
) -> Result<HttpResponse, AppError> {
    let (by, fields) = form.accepted(&app).await?;
    let member = find(&app, by.account.id, &path).await?;
    let why = match factor_link::reason(fields.get("why")) {
        Ok(why) => why,
        Err(fault) => return answer(&by, member, fields.get("why"), (Some(fault), None), true),
    };
    let (user, typed, origin) = (member.user.id, why.clone(), by.signed_in.origin(&app));
    let asked =
        app.db.transaction(move |conn| authenticator::ask_reset(conn, user, &typed, Asker::Owner, &origin));
    match factor_link::fault_of(&asked.await?.ok_or(AppError::NotFound)?) {
        None => Ok(flash::done(paths::members(by.account.id), Flash::FactorLinkSent)),
        Some(fault) => answer(&by, member, &why, (None, Some(fault)), true),
    }
}

fn answer(
    by: &AccountMember<ManageOwners>,
    member: Member,
    why: &str,
    faults: (Option<String>, Option<&str>),
    may: bool,
) -> Result<HttpResponse, AppError> {
    let (account, user) = (by.account.id, member.user.id);
    let about = About {
        name: member.user.name,
        email: member.user.email,
        back_url: paths::member(account, user),
        action: paths::member_factor(account, user),
    };
    let page = by.page("Second factor lost").under(Section::Members);
    factor_link::page(page, about, why, faults, may)
}

async fn find(app: &App, account: AccountId, path: &MemberPath) -> Result<Member, AppError> {
    let user: UserId = path.1.parse().map_err(|_| AppError::NotFound)?;
    app.db.run(move |conn| membership::one(conn, account, user)).await?.ok_or(AppError::NotFound)
}
