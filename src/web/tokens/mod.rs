//! Automation → Tokens, and Account Settings → Tokens: an account's tokens, and a person's own.

mod budget;
mod build;
mod choices;
mod chosen;
mod create;
mod delete;
mod draft;
mod example;
mod expires;
mod form;
mod granted;
mod index;
mod limited;
mod make;
mod member;
mod narrow;
mod pause;
mod place;
mod problems;
mod refused;
mod rename;
mod resources;
mod reveal;
mod revoke;
mod roll;
mod secrets;
mod show;
mod start;
mod summary;
mod trial;
mod words;

use crate::models::Token;
use crate::models::token::DeletionReason;

pub use build::{build, built};
pub use chosen::{confirm as chosen_confirm, delete as chosen_delete};
pub use create::create;
pub use delete::{confirm as delete_confirm, delete};
pub use form::new;
pub use index::{ended, live};
pub use pause::{confirm as disable_confirm, disable, enable};
pub use rename::{edit as rename_edit, rename};
pub use resources::search as resources;
pub use revoke::{confirm as revoke_confirm, revoke};
pub use roll::{confirm as roll_confirm, finish as roll_finish, roll};
pub use show::show;
pub use start::start;
pub use trial::trial;
pub use words::words;

/// The maker or remover of a token, in words.
fn person(email: Option<String>) -> String {
    email.unwrap_or_else(|| "the command line".to_owned())
}

/// How a deleted token ended, up to the moment, and what is to be said after it.
fn how_it_ended(token: &Token, remover_email: Option<String>) -> (String, String) {
    let by = person(remover_email);
    let how = match token.deleted_why {
        Some(DeletionReason::Leak) => "Reported as leaked".to_owned(),
        Some(DeletionReason::UnverifiedAddress) => {
            "Ended by a new password, set while the owner's address was unverified".to_owned()
        }
        Some(DeletionReason::Admin) => "Deleted by a site admin".to_owned(),
        Some(DeletionReason::Itself) => "Deleted by itself".to_owned(),
        Some(DeletionReason::RevokeAll) => format!("Deleted by {by}, with all others"),
        Some(DeletionReason::Person | DeletionReason::CommandLine) | None => format!("Deleted by {by}"),
    };
    (how, token.deleted_note.as_ref().map(|note| format!(": “{note}”")).unwrap_or_default())
}
