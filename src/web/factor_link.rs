//! *Factor lost*: a site admin or an owner has a link sent by which someone removes factors that they lost.

use super::page::{Page, render};
use crate::http::AppError;
use crate::models::authenticator::LinkAsked;
use actix_web::HttpResponse;
use actix_web::http::StatusCode;
use askama::Template;

/// Longest reason, in characters.
const LONGEST_WHY: usize = 255;

#[derive(Template)]
#[template(path = "members/factor.html")]
struct FactorPage {
    page: Page,
    name: String,
    email: String,
    why: String,
    /// Beside the field.
    fault: Option<String>,
    /// What is in the way of all.
    error: Option<String>,
    /// Whether this person can ask for it.
    may: bool,
    back_url: String,
    action: String,
}

/// Whom the page is about, and where it is.
pub struct About {
    /// Their name.
    pub name: String,
    /// Their email address.
    pub email: String,
    /// The page of the person.
    pub back_url: String,
    /// Where the form is posted to.
    pub action: String,
}

/// The reason that was typed, or what is wrong with it.
pub fn reason(typed: &str) -> Result<String, String> {
    let why = typed.trim();
    match why.chars().count() {
        0 => Err("Type how you know that it was lost: the person and the owners read it.".to_owned()),
        1..=LONGEST_WHY if !why.chars().any(char::is_control) => Ok(why.to_owned()),
        _ => Err(format!("Use at most {LONGEST_WHY} characters, on one line.")),
    }
}

/// Why nothing was sent; `None` if it was.
pub fn fault_of(asked: &LinkAsked) -> Option<&'static str> {
    match asked {
        LinkAsked::Sent => None,
        LinkAsked::Oneself => Some(
            "You can't do this for yourself. Remove your factors under Account Settings, Security, or ask another person.",
        ),
        LinkAsked::NoFactor => Some("This person has no second factor. Nothing was changed."),
        LinkAsked::NoAddress => Some(
            "The link can only be sent to a verified address of an active user. Run tokenhouse user reset-factor on the machine of this server instead.",
        ),
        LinkAsked::NotOfAll => {
            Some("This person is in accounts that you don't own. Ask the people who run this site.")
        }
    }
}

/// The page that asks for a reason.
pub fn page(
    page: Page,
    about: About,
    why: &str,
    (fault, error): (Option<String>, Option<&str>),
    may: bool,
) -> Result<HttpResponse, AppError> {
    let wrong = fault.is_some() || error.is_some() && may;
    let page = FactorPage {
        page,
        name: about.name,
        email: about.email,
        why: why.to_owned(),
        fault,
        error: error.map(str::to_owned),
        may,
        back_url: about.back_url,
        action: about.action,
    };
    render(&page, if wrong { StatusCode::UNPROCESSABLE_ENTITY } else { StatusCode::OK })
}
