//! Automation → Tokens: the account's tokens.

mod budget;
mod create;
mod delete;
mod draft;
mod form;
mod index;
mod place;
mod refused;
mod rename;
mod resources;
mod show;
mod words;

pub use create::create;
pub use delete::{confirm as delete_confirm, delete};
pub use form::new;
pub use index::{ended, live};
pub use rename::{edit as rename_edit, rename};
pub use resources::search as resources;
pub use show::show;
pub use words::words;

use super::guard::AccountMember;
use crate::http::AppError;
use actix_web::web::Path;

/// The maker or remover of a token, in words.
fn person(email: Option<String>) -> String {
    email.unwrap_or_else(|| "the command line".to_owned())
}

/// Who deleted a token: a person, the command line, or itself, over the API.
fn remover(why: Option<&str>, email: Option<String>) -> String {
    if why == Some("itself") { "itself".to_owned() } else { person(email) }
}

/// Account and token of a path, as they are written there: the guard has read the account.
type TokenPath = Path<(String, String)>;

/// Number of the token in the path. What is no number is no token.
fn number(path: &TokenPath) -> Result<i64, AppError> {
    path.1.parse().map_err(|_| AppError::NotFound)
}

/// The guard's account and the token's number of a path.
fn place<P>(member: &AccountMember<P>, path: &TokenPath) -> Result<(i64, i64), AppError> {
    Ok((member.account.id, number(path)?))
}
