//! The list of people.

use super::title;
use crate::http::{AppData, AppError};
use crate::models::browse::members;
use crate::policy::{Act, Role};
use crate::web::browse::{Asked, Pages, counted};
use crate::web::guard::{AccountMember, SeeResources};
use crate::web::page::{AccountNav, Page, Section, render};
use crate::web::paths;
use crate::web::told::Moment;
use actix_web::HttpResponse;
use actix_web::http::StatusCode;
use actix_web::web::Query;
use askama::Template;

#[derive(Template)]
#[template(path = "members/index.html")]
struct PeoplePage {
    page: Page,
    account: AccountNav,
    may_manage: bool,
    who_can_help: String,
    own_role: &'static str,
    own_sentence: &'static str,
    leave_url: String,
    people_url: String,
    tokens_url: String,
    q: String,
    count: String,
    rows: Vec<Row>,
    pages: Pages,
    roles: [&'static str; 4],
    acts: Vec<ActRow>,
}

/// What each role may do: the table of [`policy`](crate::policy), highest role first.
struct ActRow {
    title: &'static str,
    may: [bool; 4],
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
}

/// Everybody, for those who manage members; the others read what they are here.
pub async fn index(
    member: AccountMember<SeeResources>,
    app: AppData,
    asked: Query<Asked>,
) -> Result<HttpResponse, AppError> {
    let (account, now, own) = (member.account.id, app.clock.now(), member.signed_in.user.id);
    let may_manage = member.may(Act::ManageMembers);
    let (q, number) = (asked.text()?, asked.number());
    let text = q.clone();
    let part = app.db.run(move |conn| members::list(conn, account, &text, number)).await?;
    let row = |one: members::Member| Row {
        url: paths::member(account, one.user.id),
        role: title(one.role),
        owner: one.role.may(Act::ManageOwners),
        since: Moment::past(one.since, now),
        deactivated: one.user.deactivated_at.is_some(),
        oneself: one.user.id == own,
        name: one.user.name,
        email: one.user.email,
    };
    let page = PeoplePage {
        page: member.page("Members").under(Section::Members).with_flash(&asked.done),
        account: member.nav(),
        may_manage,
        who_can_help: format!("Ask {} of {}.", Act::ManageMembers.who_can(), member.account.name),
        own_role: title(member.role()),
        own_sentence: member.role().sentence(),
        leave_url: paths::member_remove(account, own),
        people_url: paths::members(account),
        tokens_url: paths::members_tokens(account),
        count: counted(part.total, "member", "members"),
        pages: Pages::of(&part, &paths::members(account), &q),
        roles: highest_first().map(title),
        acts: Act::ALL
            .map(|act| ActRow { title: act.title(), may: highest_first().map(|role| role.may(act)) })
            .into(),
        rows: if may_manage { part.rows.into_iter().map(row).collect() } else { Vec::new() },
        q,
    };
    render(&page, StatusCode::OK)
}

fn highest_first() -> [Role; 4] {
    let mut roles = Role::ALL;
    roles.reverse();
    roles
}
