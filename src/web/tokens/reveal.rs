//! The page that shows a secret, this once: of a new token, or of one that was rolled.

use crate::http::{App, AppError};
use crate::models::token::Secret;
use crate::policy::TokenId;
use crate::policy::words::Sentence;
use crate::web::guard::TokenOwner;
use crate::web::page::{Page, render};
use actix_web::HttpResponse;
use actix_web::http::StatusCode;
use askama::Template;

#[derive(Template)]
#[template(path = "tokens/created.html")]
struct CreatedPage {
    page: Page,
    name: String,
    secret: String,
    try_note: String,
    curl: String,
    through: String,
    words: Vec<Sentence>,
    token_url: String,
    list_url: String,
}

/// A secret to be shown, with what its page says besides.
pub(super) struct Told {
    /// Number of the token.
    pub(super) id: TokenId,
    /// Its name.
    pub(super) name: String,
    /// The secret.
    pub(super) secret: Secret,
    /// What has become of it.
    pub(super) title: &'static str,
    /// What stands behind its name: from when to when it works.
    pub(super) through: String,
    /// What it may do.
    pub(super) words: Vec<Sentence>,
    /// URL of a call to try it with; `None` asks here whether it works.
    pub(super) call: Option<String>,
}

/// The page that shows a secret, this once.
pub(super) fn reveal<P>(member: &TokenOwner<P>, app: &App, told: Told) -> Result<HttpResponse, AppError> {
    let paths = member.paths();
    let try_note = match &told.call {
        Some(_) => format!("This calls the API of {} with it.", app.catalogue.product.name),
        None => "This asks the API whether it works.".to_owned(),
    };
    let call = told.call.unwrap_or_else(|| app.public.link(app.bound, "/v2/tokens/verify"));
    let page = CreatedPage {
        page: member.page(told.title),
        name: told.name,
        secret: told.secret.expose().to_owned(),
        try_note,
        curl: format!("curl -H \"Authorization: Bearer {}\" \\\n  {call}", told.secret.expose()),
        through: told.through,
        words: told.words,
        token_url: paths.token(told.id),
        list_url: paths.list(),
    };
    render(&page, StatusCode::OK)
}
