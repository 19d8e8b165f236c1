//! The list of people.

use super::title;
use crate::http::{AppData, AppError};
use crate::models::invitation;
use crate::models::membership::{self, Wanted};
use crate::policy::{Act, Role};
use crate::web::browse::{Asked, Pages, rows_of};
use crate::web::guard::{AccountMember, SeeResources};
use crate::web::page::{AccountNav, Page, Section, render};
use crate::web::paths;
use crate::web::told::{self, Moment};
use actix_web::HttpResponse;
use actix_web::http::StatusCode;
use actix_web::web::Query;
use askama::Template;
use time::OffsetDateTime;

#[derive(Template)]
#[template(path = "members/index.html")]
struct PeoplePage {
    page: Page,
    account: AccountNav,
    may_manage: bool,
    who_can_help: String,
    own_role: &'static str,
    own_sentence: String,
    leave_url: String,
    people_url: String,
    tokens_url: String,
    q: String,
    count: String,
    /// Whether only those without a second factor are shown, and what a search keeps of that.
    without_factor: bool,
    only_factor: &'static str,
    /// How many have none, and the list of them; `None` where that list is shown, or would be empty.
    lacking: Option<(i64, String)>,
    rows: Vec<Row>,
    pages: Pages,
    invite_url: String,
    invitations: Vec<InvitationRow>,
    mail_is_sent: bool,
    roles: [&'static str; 4],
    acts: Vec<ActRow>,
}

/// What each role may do: the table of [`policy`](crate::policy), highest role first.
struct ActRow {
    title: String,
    may: [bool; 4],
}

/// Somebody who is invited.
struct InvitationRow {
    email: String,
    role: &'static str,
    by: String,
    until: String,
    expired: bool,
    mailed: Option<Moment>,
    again_url: String,
    revoke_url: String,
}

struct Row {
    name: String,
    email: String,
    url: String,
    role: &'static str,
    owner: bool,
    since: Moment,
    deactivated: bool,
    oneself: bool,
    /// Whether they have a second factor.
    factor: bool,
}

/// Everybody, for those who manage members; the others read what they are here.
pub async fn index(
    member: AccountMember<SeeResources>,
    app: AppData,
    asked: Query<Asked>,
) -> Result<HttpResponse, AppError> {
    let (account, now, own) = (member.account.id, app.clock.now(), member.signed_in.user.id);
    let may_manage = member.may(Act::ManageMembers);
    let (q, number, without_factor) = (asked.text()?, asked.number(), asked.factor == "none");
    let wanted = Wanted { text: q.clone(), without_factor };
    let found = app.db.run(move |conn| {
        let all = wanted.text.is_empty() && !wanted.without_factor;
        // They stand below the first people, for those who manage them.
        let invited =
            if may_manage && all && number == 1 { invitation::list(conn, account)? } else { Vec::new() };
        let lacking = if all { membership::count_without_factor(conn, account)? } else { 0 };
        Ok((membership::list(conn, account, &wanted, number)?, invited, lacking))
    });
    let (part, invited, lacking) = found.await?;
    let people_url = paths::members(account);
    let row = |one: membership::Member| Row {
        url: paths::member(account, one.user.id),
        role: title(one.role),
        owner: one.role.may(Act::ManageOwners),
        since: Moment::past(one.since, now),
        deactivated: one.user.deactivated_at.is_some(),
        oneself: one.user.id == own,
        factor: one.user.factor_since.is_some(),
        name: one.user.name,
        email: one.user.email,
    };
    let page = PeoplePage {
        page: member.page("Members").under(Section::Members).with_flash(&asked.done),
        account: member.nav(),
        may_manage,
        who_can_help: format!("Ask {} of {}.", Act::ManageMembers.who_can(), member.account.name),
        own_role: title(member.role()),
        own_sentence: member.role().sentence(&member.signed_in.catalogue),
        leave_url: paths::member_remove(account, own),
        tokens_url: paths::members_tokens(account),
        count: rows_of(&part, "member", "members"),
        pages: if without_factor {
            Pages::keeping(&part, &people_url, &q, Some(("factor", "none")))
        } else {
            Pages::of(&part, &people_url, &q)
        },
        without_factor,
        only_factor: if without_factor { "none" } else { "" },
        lacking: (lacking > 0).then(|| (lacking, format!("{people_url}?factor=none"))),
        people_url,
        invite_url: paths::invitation_new(account),
        invitations: invited.iter().map(|one| invitation_row(one, now)).collect::<Result<_, _>>()?,
        mail_is_sent: app.mail.is_sent(),
        roles: highest_first().map(title),
        acts: Act::rows()
            .map(|act| ActRow {
                title: act.title(&member.signed_in.catalogue),
                may: highest_first().map(|role| role.may(act)),
            })
            .collect(),
        rows: if may_manage { part.rows.into_iter().map(row).collect() } else { Vec::new() },
        q,
    };
    render(&page, StatusCode::OK)
}

fn invitation_row(
    (one, by): &(invitation::Invitation, String),
    now: OffsetDateTime,
) -> Result<InvitationRow, AppError> {
    Ok(InvitationRow {
        email: one.email.clone(),
        role: title(one.role()?),
        by: by.clone(),
        until: told::exact(one.expires_at),
        expired: one.expires_at <= now,
        mailed: one.mailed_at.map(|at| Moment::past(at, now)),
        again_url: paths::invitation_again(one.account_id, one.id),
        revoke_url: paths::invitation_revoke(one.account_id, one.id),
    })
}

fn highest_first() -> [Role; 4] {
    let mut roles = Role::ALL;
    roles.reverse();
    roles
}
