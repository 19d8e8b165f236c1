//! The way in, and the accounts to choose from.

use super::guard::SignedIn;
use super::page::{Page, go_to, render};
use super::paths;
use crate::http::AppError;
use actix_web::HttpResponse;
use actix_web::http::StatusCode;
use askama::Template;

#[derive(Template)]
#[template(path = "account/choose.html")]
struct ChooseAccountPage {
    page: Page,
}

/// `/`: on to the tokens of the person's first account.
pub async fn home(signed_in: SignedIn) -> HttpResponse {
    match signed_in.accounts.first() {
        Some((account, _)) => go_to(paths::tokens(account.id).list()),
        None => go_to(paths::ACCOUNTS),
    }
}

/// The accounts to choose from.
pub async fn index(signed_in: SignedIn) -> Result<HttpResponse, AppError> {
    render(&ChooseAccountPage { page: signed_in.page("Accounts") }, StatusCode::OK)
}
