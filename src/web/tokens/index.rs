//! The list, newest first, in two tabs.

use super::budget::Budget;
use super::{person, remover};
use crate::http::{AppData, AppError};
use crate::models::budget::{self, Payer};
use crate::models::token::list::{self, Cursor, Listed, MOST_COUNTED, Which};
use crate::policy::budget::Hour;
use crate::policy::words::{self, Phrase};
use crate::policy::{Act, Rights};
use crate::web::guard::{AccountMember, SeeTokenNames};
use crate::web::page::{AccountNav, Page, plan_title, render};
use crate::web::paths;
use crate::web::told::{Expiry, Moment, StateBadge, Used};
use actix_web::HttpResponse;
use actix_web::http::StatusCode;
use actix_web::web::Query;
use askama::Template;
use serde::Deserialize;
use time::OffsetDateTime;

#[derive(Template)]
#[template(path = "tokens/index.html")]
struct TokensPage {
    page: Page,
    account: AccountNav,
    ended: bool,
    live_count: String,
    ended_count: String,
    rows: Vec<Row>,
    older: Option<String>,
    newer: Option<String>,
    may_create: bool,
    may_see: bool,
    who_can_help: String,
    scoped: bool,
    plan: String,
    budget: Budget,
}

struct Row {
    name: String,
    url: String,
    hint: String,
    state: StateBadge,
    summary: Vec<Phrase>,
    everything: bool,
    made_by: String,
    made: Moment,
    used: Option<Used>,
    expires: Expiry,
    delete_url: String,
    may_delete: bool,
    ended_why: String,
    ended_at: Option<Moment>,
}

/// Where a page of the list starts, and what was just done.
#[derive(Deserialize)]
pub struct Place {
    #[serde(default)]
    before: String,
    #[serde(default)]
    done: String,
}

/// The tokens that are neither deleted nor expired.
pub async fn live(
    member: AccountMember<SeeTokenNames>,
    app: AppData,
    place: Query<Place>,
) -> Result<HttpResponse, AppError> {
    index(member, app, &place, Which::Live).await
}

/// The tokens that have ended, and why.
pub async fn ended(
    member: AccountMember<SeeTokenNames>,
    app: AppData,
    place: Query<Place>,
) -> Result<HttpResponse, AppError> {
    index(member, app, &place, Which::Ended).await
}

async fn index(
    member: AccountMember<SeeTokenNames>,
    app: AppData,
    place: &Place,
    which: Which,
) -> Result<HttpResponse, AppError> {
    let now = app.clock.now();
    let (account, before) = (member.account.id, read_cursor(&place.before));
    let payer = Payer::Account(account);
    let (live, ended, (listed, next), spent) = app
        .db
        .run(move |conn| {
            Ok((
                list::count(conn, account, Which::Live, now)?,
                list::count(conn, account, Which::Ended, now)?,
                list::page(conn, account, which, before, now)?,
                budget::spent(conn, payer, Hour::of(now))?,
            ))
        })
        .await?;
    let here = match which {
        Which::Live => paths::tokens(account),
        Which::Ended => paths::tokens_ended(account),
    };
    let limit = app.catalogue.hourly_calls(&member.account.plan);
    let quota = app.budgets.of_payer(payer, limit, spent, now);
    let page = TokensPage {
        page: member.page("Tokens").with_flash(&place.done),
        account: member.nav(),
        ended: which == Which::Ended,
        live_count: counted(live),
        ended_count: counted(ended),
        rows: listed.into_iter().map(|one| Row::of(one, &member, &app, now)).collect(),
        older: next.map(|next| format!("{here}?before={}", written(next))),
        newer: before.map(|_| here.clone()),
        may_create: member.may(Act::ManageTokens),
        may_see: member.may(Act::SeeTokens),
        who_can_help: member.who_can(Act::ManageTokens),
        scoped: app.catalogue.has_scopes(&member.account.plan),
        plan: plan_title(&app.catalogue, &member.account.plan),
        budget: Budget::of(quota, limit, now),
    };
    render(&page, StatusCode::OK)
}

impl Row {
    fn of(one: Listed, member: &AccountMember<SeeTokenNames>, app: &AppData, now: OffsetDateTime) -> Row {
        let token = one.token;
        let (account, id) = (member.account.id, token.id);
        let state = token.state(&member.account, &app.catalogue, now);
        let may_see = member.may(Act::SeeTokens);
        let ended_at = token.deleted_at.or(token.expires_at).filter(|_| state.has_ended());
        let ended_why = match token.deleted_why.as_deref() {
            why @ Some(_) if may_see => format!("Deleted by {}", remover(why, one.remover)),
            Some(_) => "Deleted".to_owned(),
            None => "Expired".to_owned(),
        };
        Row {
            name: token.name,
            url: paths::token(account, id),
            hint: one.hint,
            state: StateBadge::of(state, token.not_before),
            everything: may_see && one.rights == Rights::Everything,
            summary: if may_see { words::in_short(&app.catalogue, &one.rights) } else { Vec::new() },
            made_by: person(one.maker),
            made: Moment::past(token.created_at, now),
            used: one.last_use.filter(|_| may_see).map(|last| Used::of(&last, now)),
            expires: Expiry::of(token.expires_at, now),
            delete_url: paths::token_delete(account, id),
            may_delete: member.may(Act::ManageTokens) && !state.has_ended(),
            ended_why,
            ended_at: ended_at.map(|at| Moment::past(at, now)),
        }
    }
}

fn counted(count: usize) -> String {
    if count > MOST_COUNTED { "1,000+".to_owned() } else { count.to_string() }
}

/// A cursor in an address: microseconds and number. One that nobody wrote starts at the top.
fn written(cursor: Cursor) -> String {
    format!("{}-{}", cursor.created_at.unix_timestamp_nanos() / 1_000, cursor.id)
}

fn read_cursor(text: &str) -> Option<Cursor> {
    let (micros, id) = text.split_once('-')?;
    let micros: i128 = micros.parse().ok()?;
    let created_at = OffsetDateTime::from_unix_timestamp_nanos(micros.checked_mul(1_000)?).ok()?;
    Some(Cursor { created_at, id: id.parse().ok()? })
}

#[cfg(test)]
mod tests {
    use super::*;
    use time::macros::datetime;

    #[test]
    fn a_cursor_is_read_back_as_it_was_written_and_nonsense_starts_at_the_top() {
        let cursor = Cursor { created_at: datetime!(2026-11-22 1:02:03.456789 UTC), id: 17 };
        assert_eq!(read_cursor(&written(cursor)), Some(cursor));
        for nonsense in ["", "-", "1", "a-1", "1-a", "99999999999999999999999999999999999999-1"] {
            assert_eq!(read_cursor(nonsense), None, "{nonsense}");
        }
    }
}
