//! Another plan: a page that says what it changes for tokens, then the change.

use crate::http::{App, AppData, AppError};
use crate::models::token::counts::{self, Counts};
use crate::policy::catalogue::Plan;
use crate::web::flash::{self, Flash};
use crate::web::form::Posted;
use crate::web::guard::{AccountMember, ManagePlan};
use crate::web::page::{AccountNav, Page, Section, go_to, plan_title, render};
use crate::web::paths;
use crate::web::told::grouped;
use actix_web::HttpResponse;
use actix_web::http::StatusCode;
use actix_web::web::Query;
use askama::Template;
use serde::Deserialize;

#[derive(Template)]
#[template(path = "account/plan.html")]
struct PlanPage {
    page: Page,
    account: AccountNav,
    title: String,
    key: String,
    says: String,
    /// What becomes of tokens, a sentence each.
    effects: Vec<String>,
    action: String,
    cancel_url: String,
}

/// The plan that is asked about.
#[derive(Deserialize)]
pub struct To {
    #[serde(default)]
    to: String,
}

/// What a plan has for tokens, in a sentence or two.
pub(super) fn said(plan: &Plan) -> String {
    let scopes = if plan.scoped { "Scoped account tokens." } else { "Account tokens with Everything only." };
    let tokens = plan.account_tokens.map_or_else(
        || "Any number of account tokens".to_owned(),
        |most| format!("{} account tokens", grouped(most)),
    );
    let calls = plan
        .hourly_calls
        .map_or_else(|| "any number of calls".to_owned(), |most| format!("{} calls an hour", grouped(most)));
    format!("{scopes} {tokens}, {calls}.")
}

/// The page that asks.
pub async fn confirm(
    member: AccountMember<ManagePlan>,
    app: AppData,
    query: Query<To>,
) -> Result<HttpResponse, AppError> {
    let Some(plan) = app.catalogue.plan(&query.to).filter(|plan| plan.key != member.account.plan) else {
        return Ok(go_to(paths::account(member.account.id)));
    };
    ask(&member, plan, &app).await
}

/// Changes it.
pub async fn change(form: Posted<AccountMember<ManagePlan>>, app: AppData) -> Result<HttpResponse, AppError> {
    let (member, fields) = form.accepted(&app).await?;
    let back = paths::account(member.account.id);
    let Some(plan) = app.catalogue.plan(fields.get("plan")) else { return Ok(go_to(back)) };
    if plan.key == member.account.plan {
        return Ok(go_to(back));
    }
    let (account, key, origin) = (member.account.clone(), plan.key.clone(), member.signed_in.origin(&app));
    app.db.transaction(move |conn| account.set_plan(conn, &key, &origin)).await?.ok_or(AppError::NotFound)?;
    Ok(flash::done(back, Flash::PlanChanged))
}

async fn ask(member: &AccountMember<ManagePlan>, plan: &Plan, app: &App) -> Result<HttpResponse, AppError> {
    let (id, now) = (member.account.id, app.clock.now());
    let counts = app.db.run(move |conn| counts::of_account(conn, id, now)).await?;
    let page = PlanPage {
        page: member.page("Change plan").under(Section::Account),
        account: member.nav(),
        title: plan_title(&app.catalogue, &plan.key),
        says: said(plan),
        effects: effects(app.catalogue.has_scopes(&member.account.plan), plan, &counts),
        key: plan.key.clone(),
        action: paths::account_plan(id),
        cancel_url: paths::account(id),
    };
    render(&page, StatusCode::OK)
}

/// What becomes of the tokens that are there.
fn effects(had_scopes: bool, plan: &Plan, counts: &Counts) -> Vec<String> {
    let tokens = |count: i64| match count {
        1 => "1 token".to_owned(),
        count => format!("{} tokens", grouped(count)),
    };
    let mut effects = Vec::new();
    match (had_scopes, plan.scoped, counts.scoped) {
        (true, false, 0) => effects.push("No token is scoped, so none freezes.".to_owned()),
        (true, false, scoped) => effects.push(format!(
            "{} with scopes freeze at once: calls with them are refused until the plan has scopes again. They are never widened.",
            tokens(scoped)
        )),
        (false, true, scoped @ 1..) => {
            effects.push(format!("{} with scopes, frozen until now, work again at once.", tokens(scoped)));
        }
        _ => {}
    }
    match plan.account_tokens {
        Some(most) if counts.live > most => effects.push(format!(
            "There are {}, more than this plan allows. They stay, and no more can be made until there are fewer than {}.",
            tokens(counts.live),
            grouped(most)
        )),
        _ => {}
    }
    if effects.is_empty() {
        effects.push("Nothing changes for the tokens that are there.".to_owned());
    }
    effects
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_plan_changes_is_said_before_it_changes() {
        let catalogue = crate::dns::catalogue().unwrap();
        let (solo, teams) = (catalogue.plan("solo").unwrap(), catalogue.plan("teams").unwrap());
        let said = effects(true, solo, &Counts { live: 25, scoped: 3 });
        assert!(said[0].starts_with("3 tokens with scopes freeze"), "{said:?}");
        assert!(said[1].starts_with("There are 25 tokens, more than"), "{said:?}");
        assert_eq!(
            effects(true, solo, &Counts { live: 1, scoped: 0 }),
            ["No token is scoped, so none freezes."]
        );
        let said = effects(false, teams, &Counts { live: 1, scoped: 1 });
        assert_eq!(said, ["1 token with scopes, frozen until now, work again at once."]);
    }
}
