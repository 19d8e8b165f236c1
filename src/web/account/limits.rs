//! What the account demands of tokens. Before limits are set, the page says which tokens are against
//! them; where any of these is not refused yet, it asks whether they are bound, too.

use super::Tabs;
use super::people::PeopleForm;
use crate::http::{App, AppData, AppError};
use crate::models::account_limits::{self, Changed, Older};
use crate::models::token::breaking::{self, Breaking, Refused};
use crate::models::token::expiry::{Expiry, iso_day};
use crate::policy::words::long_day;
use crate::policy::{Bound, Limits, narrow_networks};
use crate::web::flash::{self, Flash};
use crate::web::form::{Fields, Posted};
use crate::web::guard::{AccountMember, ManageLimits};
use crate::web::page::{AccountNav, Field, Page, Section, plan_title, render};
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
    networks_hint: String,
    /// A sentence for each demand.
    bound: Vec<String>,
    action: String,
    people: PeopleForm,
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
    life_stays: bool,
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
    /// Whether it is refused; empty where it need not be.
    refused: String,
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
    show(&member, &app, Form::of(&limits), bound_said(&limits, now), (&from.done, StatusCode::OK))
}

/// Sets them; where tokens are against them that go on, only with an answer to what becomes of these.
pub async fn set(form: Posted<Member>, app: AppData) -> Result<HttpResponse, AppError> {
    let (member, fields) = form.accepted(&app).await?;
    let now = app.clock.now();
    let mut form = Form::parse(&fields)?;
    let Some(limits) = form.limits(now) else {
        let bound = bound_said(&present(&member, &app).await?, now);
        return show(&member, &app, form, bound, ("", StatusCode::UNPROCESSABLE_ENTITY));
    };
    let (answer, question) = match answer(&fields, now) {
        Ok(answer) => (Some(answer), Question::default()),
        Err(question) => (None, question),
    };
    let (catalogue, account) = (Arc::clone(&app.catalogue), member.account.clone());
    let origin = member.signed_in.origin(&app);
    let change =
        move |conn: &mut _| account_limits::change(conn, &catalogue, &account, (&limits, answer), &origin);
    match app.db.transaction(change).await? {
        Changed::Done => Ok(flash::done(paths::account_limits(member.account.id), Flash::LimitsSet)),
        Changed::Asks(breaking) => ask(&member, form, breaking, question),
        Changed::Gone => Err(AppError::NotFound),
    }
}

/// The page, with what was chosen for people and is wrong.
pub(super) async fn with_people(
    member: &Member,
    app: &App,
    people: PeopleForm,
) -> Result<HttpResponse, AppError> {
    let now = app.clock.now();
    let limits = present(member, app).await?;
    let status = StatusCode::UNPROCESSABLE_ENTITY;
    page(member, app, Form::of(&limits), (bound_said(&limits, now), people), ("", status))
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

    fn parse(fields: &Fields) -> Result<Form, AppError> {
        Ok(Form {
            account_tokens: Field::of(fields.get("account_tokens").trim()),
            longest_life_days: Field::of(fields.get("longest_life_days").trim()),
            never: fields.ticked("never")?,
            networks: fields.ticked("networks")?,
            everything: fields.ticked("everything")?,
        })
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
#[derive(Default)]
struct Question {
    choice: String,
    from: Field,
    error: Option<String>,
}

/// What becomes of older tokens, as it was chosen.
fn answer(fields: &Fields, now: OffsetDateTime) -> Result<Older, Question> {
    let from = Field::of(fields.get("older_from").trim());
    match fields.get("older") {
        "new" => Ok(Older::Spared),
        "date" => match Expiry::parse_day(&from.value, now) {
            Ok(Expiry::On(day)) if day > now.date() => {
                Ok(Older::BoundFrom(OffsetDateTime::new_utc(day, Time::MIDNIGHT)))
            }
            Ok(_) => Ok(Older::BoundFrom(now)),
            Err(why) => {
                let from = Field { error: Some(why.to_string()), ..from };
                Err(Question { choice: "date".to_owned(), from, error: None })
            }
        },
        _ => {
            // Asked for the first time, it stands open; pressed without a choice, it is said.
            let error = (fields.get("asked") == "1").then(|| "Choose one of the two.".to_owned());
            Err(Question { error, ..Question::default() })
        }
    }
}

/// Whom each demand binds.
fn bound_said(limits: &Limits, now: OffsetDateTime) -> Vec<String> {
    let said = |what: &str, bound: Bound| {
        let older = match bound.older_from {
            None => "older ones are not bound".to_owned(),
            Some(from) if from <= now => {
                format!("older ones are bound, too, since {} (UTC)", long_day(from.date()))
            }
            Some(from) => format!("older ones are bound, too, from {} (UTC) on", long_day(from.date())),
        };
        let since = long_day(bound.since.date());
        format!("{what} binds tokens that were made, or whose user joined, since {since} (UTC); {older}.")
    };
    let demands = [
        (limits.demands_life(), "The limit on life", limits.life),
        (limits.write_needs_network, "The demand for addresses", limits.network),
        (!limits.everything_allowed, "The limit to permissions", limits.everything),
    ];
    demands.iter().filter(|(demanded, ..)| *demanded).map(|(_, what, bound)| said(what, *bound)).collect()
}

fn show(
    member: &Member,
    app: &App,
    form: Form,
    bound: Vec<String>,
    said: (&str, StatusCode),
) -> Result<HttpResponse, AppError> {
    page(member, app, form, (bound, PeopleForm::of(member, app.clock.now())), said)
}

fn page(
    member: &Member,
    app: &App,
    form: Form,
    (bound, people): (Vec<String>, PeopleForm),
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
        networks_hint: format!(
            "Ticked: a token with Full access anywhere names the client addresses that it works from, {}.",
            narrow_networks()
        ),
        bound,
        action: paths::account_limits(member.account.id),
        people,
    };
    render(&page, status)
}

fn ask(member: &Member, form: Form, breaking: Breaking, asked: Question) -> Result<HttpResponse, AppError> {
    let account = member.account.id;
    let (tokens, own) = (paths::tokens(account), member.signed_in.user.id);
    let row = |one: breaking::One| BreakingRow {
        url: match &one.user {
            None => Some(tokens.token(one.token.id)),
            Some(user) => (user.id == own).then(|| paths::own_tokens().token(one.token.id)),
        },
        refused: match one.refused {
            Refused::Already => "refused already".to_owned(),
            Refused::AtOnce => "refused as soon as they are set".to_owned(),
            Refused::From(day) => format!("refused from {} (UTC) on", long_day(day.date())),
            Refused::No => String::new(),
        },
        email: one.user.map(|user| user.email).unwrap_or_default(),
        why: one.breaches.iter().map(|breach| breach.said()).collect::<Vec<_>>().join(", "),
        name: one.token.name,
    };
    let is_more = breaking.count > i64::try_from(breaking.newest.len()).unwrap_or(i64::MAX);
    let announced = breaking.announced.map(|from| iso_day(from.date()));
    let choice =
        if asked.choice.is_empty() && announced.is_some() { "date".to_owned() } else { asked.choice };
    let older_from = match announced {
        Some(day) if asked.from.value.is_empty() && asked.from.error.is_none() => Field::of(day),
        _ => asked.from,
    };
    let wrong = asked.error.is_some() || older_from.error.is_some();
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
        life_stays: breaking.life_stays,
        older: choice,
        older_from,
        error: asked.error,
        action: paths::account_limits(account),
        list_url: paths::account_limits(account),
    };
    render(&page, if wrong { StatusCode::UNPROCESSABLE_ENTITY } else { StatusCode::OK })
}
