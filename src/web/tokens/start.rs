//! What a new token can start from: a template, or nothing.

use super::draft::Whose;
use super::member::Member;
use crate::http::{AppData, AppError};
use crate::policy::{Access, Act, Catalogue, Role, Template};
use crate::web::page::{Page, go_to, render};
use crate::web::paths;
use actix_web::HttpResponse;
use actix_web::http::StatusCode;

#[derive(askama::Template)]
#[template(path = "tokens/start.html")]
struct StartPage {
    page: Page,
    account: Option<String>,
    cards: Vec<Card>,
    custom_url: String,
    simple_url: String,
    list_url: String,
    /// Where an account token can be made instead.
    accounts: Vec<(String, String)>,
}

struct Card {
    key: String,
    title: String,
    url: String,
    sentence: String,
    hint: String,
    /// Titles of what it may change, and of what it may only read.
    full: String,
    read: String,
    /// What the person's roles keep out of it.
    left_out: String,
    /// Whether something is left of it.
    possible: bool,
}

/// The templates. A plan without scopes has nothing to start from.
pub async fn start(member: Member, app: AppData) -> Result<HttpResponse, AppError> {
    let (paths, whose) = (member.paths(), Whose::of(&member));
    if !whose.scoped {
        return Ok(go_to(paths.new_token()));
    }
    let account = member.account().map(|account| account.name.clone());
    let card = |template: &Template| card(template, &app.catalogue, &whose, paths.build_from(&template.key));
    let page = StartPage {
        page: member.page(if account.is_some() { "New account token" } else { "New user token" }),
        cards: app.catalogue.templates.iter().map(card).collect(),
        custom_url: paths.build(),
        simple_url: paths.new_token(),
        list_url: paths.list(),
        accounts: if account.is_none() { with_account_tokens(&member) } else { Vec::new() },
        account,
    };
    render(&page, StatusCode::OK)
}

fn card(template: &Template, catalogue: &Catalogue, whose: &Whose, url: String) -> Card {
    let (mut full, mut read, mut left_out) = (Vec::new(), Vec::new(), Vec::new());
    for (row, permission) in template.rows(catalogue, whose.of_user) {
        let title = permission.title.as_str();
        match row.access() {
            None => {}
            Some(access) if !whose.may_grant(permission, access) => left_out.push(title),
            Some(Access::Full) => full.push(title),
            Some(Access::Read) => read.push(title),
        }
    }
    Card {
        key: template.key.clone(),
        title: template.title.clone(),
        url,
        sentence: template.sentence.clone(),
        hint: template.hint.clone(),
        possible: !full.is_empty() || !read.is_empty(),
        full: full.join(", "),
        read: read.join(", "),
        left_out: left_out.join(", "),
    }
}

/// The accounts in which the person can make account tokens.
fn with_account_tokens(member: &Member) -> Vec<(String, String)> {
    let may = |role: &Role| role.may(Act::CreateTokens);
    let accounts = member.accounts().iter().filter(|(_, role)| may(role));
    accounts.map(|(account, _)| (account.name.clone(), paths::tokens(account.id).start())).collect()
}
