//! What the account demands of tokens. Before stricter limits are set, the page says which tokens
//! are against them, and asks whether these are bound, too.

use super::Tabs;
use crate::http::{App, AppData, AppError};
use crate::models::account_limits;
use crate::models::browse::breaking::{self, Breaking};
use crate::models::token::expiry::{Expiry, iso_day};
use crate::policy::Limits;
use crate::policy::words::long_day;
use crate::web::form::{Fields, Posted};
use crate::web::guard::{AccountMember, ManageLimits};
use crate::web::page::{AccountNav, Field, Page, Section, go_to, plan_title, render};
use crate::web::paths;
use crate::web::told::grouped;
use actix_web::HttpResponse;
use actix_web::http::StatusCode;
use actix_web::web::Query;
use askama::Template;
use serde::Deserialize;
use std::sync::Arc;
use time::{OffsetDateTime, Time};

#[derive(Template)]
#[template(path = "account/limits.html")]
struct LimitsPage {
    page: Page,
    account: AccountNav,
    tabs: Tabs,
    form: Form,
    most_hint: String,
    /// Whether the plan has tokens with Everything only.
    only_everything: bool,
    older: Option<String>,
    action: String,
}

#[derive(Template)]
#[template(path = "account/breaking.html")]
struct BreakingPage {
    page: Page,
    form: Form,
    count: String,
    is_one: bool,
    rows: Vec<BreakingRow>,
    is_more: bool,
    /// `new` or `date`.
    older: String,
    older_from: Field,
    error: Option<String>,
    action: String,
    list_url: String,
}

struct BreakingRow {
    name: String,
    /// None for another person's user token.
    url: Option<String>,
    email: String,
    why: String,
}

/// Where the person comes from.
#[derive(Deserialize)]
pub struct From {
    #[serde(default)]
    done: String,
}

type Member = AccountMember<ManageLimits>;

/// What the form holds, and what is wrong with it.
#[derive(Clone, Default)]
struct Form {
    account_tokens: Field,
    longest_life_days: Field,
    never: bool,
    networks: bool,
    everything: bool,
}

/// The longest life that can be set: as long as a chosen day may be away.
const MOST_DAYS: i32 = 36_525;

/// The limits as they are.
pub async fn limits(member: Member, app: AppData, from: Query<From>) -> Result<HttpResponse, AppError> {
    let now = app.clock.now();
    let limits = present(&member, &app).await?;
    let older = older_said(&limits, now);
    show(&member, &app, Form::of(&limits), older, (&from.done, StatusCode::OK))
}

/// Sets them; where tokens are against them, only with an answer to what becomes of these.
pub async fn set(form: Posted<Member>, app: AppData) -> Result<HttpResponse, AppError> {
    let (member, fields) = form.fresh(&app).await?;
    let now = app.clock.now();
    let before = present(&member, &app).await?;
    let mut form = Form::parse(&fields);
    let Some(limits) = form.limits(now) else {
        let older = older_said(&before, now);
        return show(&member, &app, form, older, ("", StatusCode::UNPROCESSABLE_ENTITY));
    };
    let (catalogue, account, asked) = (Arc::clone(&app.catalogue), member.account.id, limits.clone());
    let find = move |conn: &mut _| breaking::find(conn, &catalogue, account, &asked, now);
    let breaking = app.db.run(find).await?;
    let binds_older_from = match older(&fields, &before, now) {
        _ if breaking.count == 0 => None,
        Ok(from) => from,
        Err(asked) => return ask(&member, form, breaking, asked),
    };
    let (limits, origin) = (Limits { binds_older_from, ..limits }, member.signed_in.origin(&app));
    let account = member.account.clone();
    let set = app.db.transaction(move |conn| account_limits::set(conn, &account, &limits, &origin));
    set.await?.ok_or(AppError::NotFound)?;
    Ok(go_to(format!("{}?done=limits", paths::account_limits(member.account.id))))
}

async fn present(member: &Member, app: &App) -> Result<Limits, AppError> {
    let (account, now) = (member.account.id, app.clock.now());
    let limits = app.db.run(move |conn| account_limits::of_account(conn, account)).await?;
    Ok(limits.unwrap_or_else(|| Limits::none(now)))
}

impl Form {
    fn of(limits: &Limits) -> Form {
        let written = |number: Option<String>| Field::of(number.unwrap_or_default());
        Form {
            account_tokens: written(limits.account_tokens.map(|most| most.to_string())),
            longest_life_days: written(limits.longest_life_days.map(|days| days.to_string())),
            never: limits.never_allowed,
            networks: limits.write_needs_network,
            everything: limits.everything_allowed,
        }
    }

    fn parse(fields: &Fields) -> Form {
        let ticked = |name: &str| fields.get(name) == "1";
        Form {
            account_tokens: Field::of(fields.get("account_tokens").trim()),
            longest_life_days: Field::of(fields.get("longest_life_days").trim()),
            never: ticked("never"),
            networks: ticked("networks"),
            everything: ticked("everything"),
        }
    }

    /// What it asks for; none when something is wrong, which then stands beside its field.
    fn limits(&mut self, now: OffsetDateTime) -> Option<Limits> {
        let tokens = number(&mut self.account_tokens, 0, 1_000_000);
        let days = number(&mut self.longest_life_days, 1, i64::from(MOST_DAYS));
        Some(Limits {
            account_tokens: tokens?,
            longest_life_days: days?.and_then(|days| i32::try_from(days).ok()),
            never_allowed: self.never,
            write_needs_network: self.networks,
            everything_allowed: self.everything,
            ..Limits::none(now)
        })
    }
}

/// A whole number within these, or nothing; the outer `None` when it is neither.
fn number(field: &mut Field, least: i64, most: i64) -> Option<Option<i64>> {
    if field.value.is_empty() {
        return Some(None);
    }
    let read = field.value.parse::<i64>().ok().filter(|number| (least..=most).contains(number));
    if read.is_none() {
        field.error =
            Some(format!("Write a whole number from {least} to {}, or leave it empty.", grouped(most)));
    }
    read.map(Some)
}

/// What is still to be answered about older tokens.
struct Older {
    choice: String,
    from: Field,
    error: Option<String>,
}

/// From when on older tokens are bound, as it was chosen.
fn older(fields: &Fields, before: &Limits, now: OffsetDateTime) -> Result<Option<OffsetDateTime>, Older> {
    let from = Field::of(fields.get("older_from").trim());
    let known = before.binds_older_from.map(|from| iso_day(from.date()));
    match fields.get("older") {
        "new" => Ok(None),
        // What was bound already stays bound from that day on.
        "date" if known.as_deref() == Some(from.value.as_str()) => Ok(before.binds_older_from),
        "date" => match Expiry::parse_day(&from.value, now) {
            Ok(Expiry::On(day)) if day > now.date() => Ok(Some(OffsetDateTime::new_utc(day, Time::MIDNIGHT))),
            Ok(_) => Ok(Some(now)),
            Err(why) => {
                let from = Field { error: Some(why.to_string()), ..from };
                Err(Older { choice: "date".to_owned(), from, error: None })
            }
        },
        _ => {
            // Asked for the first time, it stands as it is; pressed without a choice, it is said.
            let choice = if known.is_some() { "date" } else { "" }.to_owned();
            let error = (fields.get("asked") == "1").then(|| "Choose one of the two.".to_owned());
            let from = Field::of(known.unwrap_or_default());
            Err(Older { choice, from, error })
        }
    }
}

fn older_said(limits: &Limits, now: OffsetDateTime) -> Option<String> {
    let from = limits.binds_older_from?;
    let day = long_day(from.date());
    Some(if from <= now {
        format!("Tokens made before these limits are bound by them, too, since {day} (UTC).")
    } else {
        format!("Tokens made before these limits are bound by them, too, from {day} (UTC) on.")
    })
}

fn show(
    member: &Member,
    app: &App,
    form: Form,
    older: Option<String>,
    (done, status): (&str, StatusCode),
) -> Result<HttpResponse, AppError> {
    let plan = app.catalogue.plan(&member.account.plan);
    let by_plan = plan.and_then(|plan| plan.account_tokens).map_or_else(
        || "any number".to_owned(),
        |most| format!("{} on the plan {}", grouped(most), plan_title(&app.catalogue, &member.account.plan)),
    );
    let page = LimitsPage {
        page: member.page("Limits").under(Section::Account).with_flash(done),
        account: member.nav(),
        tabs: Tabs::of(member),
        form,
        most_hint: format!("Empty: as many as the plan allows, {by_plan}. Those that are there stay."),
        only_everything: !app.catalogue.has_scopes(&member.account.plan),
        older,
        action: paths::account_limits(member.account.id),
    };
    render(&page, status)
}

fn ask(member: &Member, form: Form, breaking: Breaking, asked: Older) -> Result<HttpResponse, AppError> {
    let account = member.account.id;
    let (tokens, own) = (paths::tokens(account), member.signed_in.user.id);
    let row = |one: breaking::One| BreakingRow {
        url: match &one.user {
            None => Some(tokens.token(one.token.id)),
            Some(user) => (user.id == own).then(|| paths::own_tokens().token(one.token.id)),
        },
        email: one.user.map(|user| user.email).unwrap_or_default(),
        why: one.breaches.iter().map(|breach| breach.said()).collect::<Vec<_>>().join(", "),
        name: one.token.name,
    };
    let is_more = breaking.count > i64::try_from(breaking.newest.len()).unwrap_or(i64::MAX);
    let wrong = asked.error.is_some() || asked.from.error.is_some();
    let page = BreakingPage {
        page: member.page("Limits").under(Section::Account),
        form,
        count: if breaking.count > breaking::MOST_COUNTED {
            format!("More than {}", grouped(breaking::MOST_COUNTED))
        } else {
            grouped(breaking.count)
        },
        is_one: breaking.count == 1,
        rows: breaking.newest.into_iter().map(row).collect(),
        is_more,
        older: asked.choice,
        older_from: asked.from,
        error: asked.error,
        action: paths::account_limits(account),
        list_url: paths::account_limits(account),
    };
    render(&page, if wrong { StatusCode::UNPROCESSABLE_ENTITY } else { StatusCode::OK })
}
