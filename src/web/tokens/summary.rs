//! The summary: the whole token in sentences, made from the policy that will be stored, and the
//! draft in hidden fields.

use super::draft::{Draft, Whose};
use super::limited;
use super::member::Member;
use crate::http::{App, AppError};
use crate::models::token::surroundings;
use crate::policy::words::{self, Sentence};
use crate::policy::{AccountId, Grant, Policy, Rights, Selection, scope};
use crate::web::page::{Page, render};
use actix_web::HttpResponse;
use actix_web::http::StatusCode;
use askama::Template;
use std::sync::Arc;

#[derive(Template)]
#[template(path = "tokens/summary.html")]
struct SummaryPage {
    page: Page,
    account: Option<String>,
    name: String,
    words: Vec<Sentence>,
    /// Where limits would keep it out.
    limited: Vec<String>,
    /// The grants as the API spells them, and where they apply, which that does not say.
    scopes: Vec<(String, String)>,
    fields: Vec<(String, String)>,
    action: String,
    cancel_url: String,
}

/// What the token will be, before it is made.
pub(super) async fn page(
    member: &Member,
    draft: Draft,
    policy: Policy,
    app: &App,
) -> Result<HttpResponse, AppError> {
    let (owner, whose, catalogue) = (member.owner(), Whose::of(member), Arc::clone(&app.catalogue));
    let scopes = match &policy.rights {
        Rights::Everything => Vec::new(),
        Rights::Grants(grants) => {
            grants.iter().map(|grant| (scope::of_grant(&catalogue, grant), place(grant, &whose))).collect()
        }
    };
    let accounts: Vec<(AccountId, String)> =
        whose.accounts.iter().map(|(id, name, _)| (*id, name.clone())).collect();
    let now = app.clock.now();
    let said = app.db.run(move |conn| {
        let words = words::of_policy(&catalogue, &policy, &surroundings(conn, owner)?);
        Ok((words, limited::said(conn, &catalogue, &accounts, (owner, &policy, now), now)?))
    });
    let (words, limited) = said.await?;
    let paths = member.paths();
    let page = SummaryPage {
        page: member.page("Summary"),
        account: member.account().map(|account| account.name.clone()),
        words,
        limited,
        scopes,
        fields: draft.fields(),
        name: draft.name.trim().to_owned(),
        action: paths.build(),
        cancel_url: paths.list(),
    };
    render(&page, StatusCode::OK)
}

/// "in Acme", for a token that may reach several accounts.
fn place(grant: &Grant, whose: &Whose) -> String {
    match &grant.selection {
        Selection::Account { account, .. } if whose.of_user => {
            let known = whose.accounts.iter().find(|(id, ..)| id == account);
            known.map(|(_, name, _)| format!("in {name}")).unwrap_or_default()
        }
        Selection::Account { .. } | Selection::Everywhere { .. } | Selection::Only(_) => String::new(),
    }
}
