//! Errors as pages: what happened, what to do, and a way on.

use super::page::Page;
use super::page_error::{ConfirmIdentity, PageError};
use super::paths;
use crate::config::Support;
use crate::http::AppError;
use askama::Template;

#[derive(Template)]
#[template(path = "errors/error.html")]
struct ErrorPage {
    page: Page,
    status: u16,
    heading: String,
    message: String,
    request_id: String,
    way_on: Option<(String, String)>,
}

#[derive(Template)]
#[template(path = "sign_in/signed_out.html")]
struct SignedOutPage {
    page: Page,
    action: String,
    fields: Vec<(String, String)>,
    sign_in_url: String,
}

#[derive(Template)]
#[template(path = "sign_in/confirm.html")]
struct ConfirmPage {
    page: Page,
    asked: ConfirmIdentity,
    cancel_url: &'static str,
}

/// What the page of an error has to know of its request.
pub struct Told<'a> {
    /// Status of the answer.
    pub status: u16,
    /// The secret behind the forms of whoever is signed in.
    pub csrf: Option<&'a str>,
    /// What the log calls the request.
    pub request_id: &'a str,
    /// Whom people ask for help.
    pub support: &'a Support,
}

/// The page for an error; none for those that need no body.
pub fn page(error: &AppError, told: &Told<'_>) -> Option<String> {
    let csrf = told.csrf;
    let (heading, message) = match PageError::of(error) {
        Some(PageError::SignInFirst { .. }) => return None,
        Some(PageError::SignedOut { action, fields }) => return signed_out(action, fields, told.support),
        Some(PageError::ConfirmIdentity(asked)) => return confirm(asked, told),
        Some(PageError::FactorFirst(what)) => (
            "Set up two-factor authentication first",
            format!("{what} asks for a second factor, and you have none yet. Setting one up takes a minute. Your tokens keep working."),
        ),
        Some(PageError::Forbidden(who_can_help)) => ("Not with your role", who_can_help.clone()),
        Some(PageError::LinkOver) => (
            "This link is over",
            "It was used already, is too old, or a newer one has taken its place. Nothing was changed. Ask for another."
                .to_owned(),
        ),
        Some(PageError::ForeignForm { open_at: Some(url) }) => (
            "Open it at its own URL",
            format!("Forms work only at {url}, and this page was opened at another URL. Nothing was changed."),
        ),
        Some(PageError::ForeignForm { open_at: None }) => (
            "Not sent from here",
            "This form was not sent from one of our pages. Nothing was changed. Open the page again and send it from there."
                .to_owned(),
        ),
        Some(PageError::StaleForm) => (
            "The form was out of date",
            "Nothing was changed. Go back, reload the page and try again.".to_owned(),
        ),
        None => said(error),
    };
    let open_at = match PageError::of(error) {
        Some(PageError::ForeignForm { open_at: Some(url) }) => Some(url.clone()),
        _ => None,
    };
    let way_on = match error {
        _ if open_at.is_some() => open_at.map(|url| (url.clone(), format!("Open {url}"))),
        AppError::Unavailable(_) | AppError::NoSpace(_) | AppError::Busy => None,
        _ if matches!(PageError::of(error), Some(PageError::FactorFirst(_))) => {
            Some((paths::FACTOR_APP.to_owned(), "Set it up".to_owned()))
        }
        _ if csrf.is_some() => Some((paths::ACCOUNTS.to_owned(), "Your accounts".to_owned())),
        _ => Some(("/".to_owned(), "Start page".to_owned())),
    };
    let page =
        Page { signed_in: csrf.is_some(), ..Page::new(told.support, heading, csrf.unwrap_or_default()) };
    let page = ErrorPage {
        page,
        status: told.status,
        heading: heading.to_owned(),
        message,
        request_id: told.request_id.to_owned(),
        way_on,
    };
    page.render().ok()
}

fn said(error: &AppError) -> (&'static str, String) {
    let (heading, message) = match error {
        AppError::NotFound => ("Nothing here", "There is no such page, or it is not yours to see."),
        AppError::BadRequest(why) => {
            return ("That did not make sense", format!("{why} Nothing was changed."));
        }
        AppError::TooLarge => ("Too large", "The form holds more than any of ours can. Nothing was changed."),
        AppError::MethodNotAllowed(_) => ("Not that way", "This address does not take such a request."),
        AppError::TooMany(wait) => {
            let minutes = (wait.whole_seconds() + 59) / 60;
            return ("Too many attempts", format!("Wait {minutes} min, then try again."));
        }
        AppError::Unavailable(_) => (
            "Back in a moment",
            "The database does not answer right now. You are still signed in and nothing is lost; reload in a moment.",
        ),
        AppError::NoSpace(_) => (
            "The database has no space left",
            "Nothing was changed. Tokens can still be checked, deleted and revoked; everything else has to wait until there's room again.",
        ),
        AppError::Busy => ("Back in a moment", "Too much is going on at once. Reload in a moment."),
        AppError::Page(_) | AppError::Refused(_) | AppError::Internal(_) => (
            "Something went wrong",
            "The fault is ours, and it is in the log. Try again; if it stays, ask for help.",
        ),
    };
    (heading, message.to_owned())
}

fn confirm(asked: &ConfirmIdentity, told: &Told<'_>) -> Option<String> {
    let page = Page::new(told.support, "Confirm it's you", told.csrf.unwrap_or_default());
    let page = Page { signed_in: true, ..page };
    ConfirmPage { page, asked: asked.clone(), cancel_url: paths::ACCOUNTS }.render().ok()
}

fn signed_out(action: &str, fields: &[(String, String)], support: &Support) -> Option<String> {
    let page = SignedOutPage {
        page: Page::new(support, "You are signed out", ""),
        action: action.to_owned(),
        fields: fields.to_vec(),
        sign_in_url: paths::SIGN_IN.to_owned(),
    };
    page.render().ok()
}
