//! What the account asks of its members: a second factor, from a day on. Before it's asked for, a page says
//! whose pages would be closed.

use super::limits;
use crate::http::{App, AppData, AppError};
use crate::models::factor_demand;
use crate::models::token::expiry::{Expiry, iso_day};
use crate::policy::words::long_day;
use crate::web::flash::{self, Flash};
use crate::web::form::{Fields, Posted};
use crate::web::guard::{AccountMember, ManageLimits};
use crate::web::page::{Field, Page, Section, render};
use crate::web::paths;
use actix_web::HttpResponse;
use actix_web::http::StatusCode;
use askama::Template;
use time::{Duration, OffsetDateTime, Time};

/// This far away is the day that is proposed.
const PROPOSED: Duration = Duration::days(14);
/// How many people the page names.
const MOST_NAMED: usize = 50;

#[derive(Template)]
#[template(path = "account/people.html")]
struct DryRunPage {
    page: Page,
    account: String,
    /// What happens, in a sentence.
    said: String,
    names: Vec<String>,
    more: usize,
    /// The day, as the form has it.
    day: String,
    action: String,
    back_url: String,
}

/// The form, as it's filled in.
pub struct PeopleForm {
    pub demanded: bool,
    pub from: Field,
    pub error: Option<String>,
    pub action: String,
}

impl PeopleForm {
    /// As the account has it; without a demand, with the day that is proposed.
    pub fn of(member: &AccountMember<ManageLimits>, now: OffsetDateTime) -> PeopleForm {
        let from = member.account.factor_from;
        PeopleForm {
            demanded: from.is_some(),
            from: Field::of(iso_day(from.unwrap_or(now + PROPOSED).date())),
            error: None,
            action: paths::account_people(member.account.id),
        }
    }
}

/// What was chosen.
enum Chosen {
    None,
    From(OffsetDateTime),
}

/// Sets it; from a day on only after the page that says whom it concerns.
pub async fn set(form: Posted<AccountMember<ManageLimits>>, app: AppData) -> Result<HttpResponse, AppError> {
    let (member, fields) = form.accepted(&app).await?;
    let now = app.clock.now();
    let from = match chosen(&fields, now) {
        Ok(Chosen::None) => None,
        Ok(Chosen::From(from)) => Some(from),
        Err(wrong) => {
            let form = PeopleForm { action: paths::account_people(member.account.id), ..wrong };
            return limits::with_people(&member, &app, form).await;
        }
    };
    if from.is_some() && member.signed_in.user.factor_since.is_none() {
        let why = "Set up a second factor for yourself first, under Account Settings, Security.";
        let form = PeopleForm {
            demanded: true,
            from: Field::of(fields.get("factor_from").trim()),
            error: Some(why.to_owned()),
            action: paths::account_people(member.account.id),
        };
        return limits::with_people(&member, &app, form).await;
    }
    if let Some(from) = from.filter(|_| fields.get("sure") != "1") {
        return dry_run(&member, &app, from, now).await;
    }
    let (account, origin) = (member.account.id, member.signed_in.origin(&app));
    if !app.db.transaction(move |conn| factor_demand::set(conn, account, from, &origin)).await? {
        return Err(AppError::NotFound);
    }
    let done = if from.is_some() { Flash::FactorDemanded } else { Flash::FactorNotDemanded };
    Ok(flash::done(paths::account_limits(account), done))
}

fn chosen(fields: &Fields, now: OffsetDateTime) -> Result<Chosen, PeopleForm> {
    let from = Field::of(fields.get("factor_from").trim());
    let wrong = |demanded, from, error| PeopleForm { demanded, from, error, action: String::new() };
    match fields.get("factor") {
        "none" => Ok(Chosen::None),
        "date" => match Expiry::parse_day(&from.value, now) {
            Ok(Expiry::On(day)) => Ok(Chosen::From(OffsetDateTime::new_utc(day, Time::MIDNIGHT))),
            Ok(_) => {
                let why = Some("Choose a day, today or later.".to_owned());
                Err(wrong(true, Field { error: why, ..from }, None))
            }
            Err(why) => Err(wrong(true, Field { error: Some(why.to_string()), ..from }, None)),
        },
        _ => Err(wrong(false, from, Some("Choose one of the two.".to_owned()))),
    }
}

async fn dry_run(
    member: &AccountMember<ManageLimits>,
    app: &App,
    from: OffsetDateTime,
    now: OffsetDateTime,
) -> Result<HttpResponse, AppError> {
    let account = member.account.id;
    let (lacking, all) = app.db.run(move |conn| factor_demand::lacking(conn, account)).await?;
    let when = if from <= now {
        "From now on".to_owned()
    } else {
        format!("From {} (UTC) on", long_day(from.date()))
    };
    let people = if all == 1 { "member" } else { "members" };
    let said = match lacking.len() {
        0 => format!("Everyone in {} has a second factor already.", member.account.name),
        1 => format!("{when}, 1 of {all} {people} can't open {} until they set one up.", member.account.name),
        count => {
            format!(
                "{when}, {count} of {all} {people} can't open {} until they set one up.",
                member.account.name
            )
        }
    };
    let named = |user: &crate::models::User| format!("{} ({})", user.name, user.email);
    let page = DryRunPage {
        page: member.page("Ask for two-factor authentication?").under(Section::Account),
        account: member.account.name.clone(),
        said,
        more: lacking.len().saturating_sub(MOST_NAMED),
        names: lacking.iter().take(MOST_NAMED).map(named).collect(),
        day: iso_day(from.date()),
        action: paths::account_people(account),
        back_url: paths::account_limits(account),
    };
    render(&page, StatusCode::OK)
}
