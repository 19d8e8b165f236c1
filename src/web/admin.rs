//! Admin: tokens, users and accounts of everybody, for those who run the site. Of an account they see
//! what stands here, and nothing else.

mod account;
mod accounts;
mod factor;
mod found;
mod password;
mod revoke;
mod tokens;
mod user;
mod users;

pub use account::{restore, resume, set_plan, show as account, suspend, suspend_confirm};
pub use accounts::index as accounts;
pub use factor::{ask as factor_ask, send as factor_send};
pub use password::make as password_link;
pub use revoke::{confirm as revoke_confirm, revoke};
pub use tokens::{by_secret, index as tokens};
pub use user::{deactivate, deactivate_confirm, reactivate, show as user, sign_out};
pub use users::index as users;

use super::guard::SiteAdmin;
use super::page::Page;
use crate::http::AppError;
use crate::models::admin::people::MOST_COUNTED;
use serde::Deserialize;
use std::str::FromStr;

/// What somebody wants to see of a list.
#[derive(Debug, Clone, Default, Deserialize)]
pub struct Asked {
    /// What is looked for.
    #[serde(default)]
    q: String,
    /// Whose tokens.
    #[serde(default)]
    whose: String,
    /// Where the page starts: after the row with this number.
    #[serde(default)]
    before: String,
    /// What was just done.
    #[serde(default)]
    done: String,
}

impl Asked {
    /// What is looked for, and whose; refused where no text could hold it.
    fn texts(&self) -> Result<(String, String), AppError> {
        if self.q.contains('\0') || self.whose.contains('\0') {
            return Err(AppError::BadRequest("The search holds characters that no name has."));
        }
        Ok((self.q.trim().to_owned(), self.whose.trim().to_owned()))
    }

    /// A place that nobody wrote is the top.
    fn before<Id: FromStr>(&self) -> Option<Id> {
        self.before.parse().ok()
    }
}

/// The address of a list, with what is looked for, after the row with this number.
fn address(path: &str, fields: &[(&str, &str)], before: Option<i64>) -> String {
    let mut query = form_urlencoded::Serializer::new(String::new());
    query.extend_pairs(fields.iter().filter(|(_, value)| !value.is_empty()));
    if let Some(before) = before {
        query.append_pair("before", &before.to_string());
    }
    let query = query.finish();
    if query.is_empty() { path.to_owned() } else { format!("{path}?{query}") }
}

/// A page that says what was just done, as the query of the URL holds it.
fn page(admin: &SiteAdmin, title: &str, done: &str) -> Page {
    admin.page(title).with_flash(done)
}

fn counted(count: usize) -> String {
    if count > MOST_COUNTED { "more than 1,000".to_owned() } else { count.to_string() }
}
