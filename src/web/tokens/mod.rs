//! Automation → Tokens: the account's tokens.

mod create;
mod delete;
mod draft;
mod form;
mod index;
mod place;
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
