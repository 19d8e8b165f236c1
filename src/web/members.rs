//! Members: the people of an account, and the user tokens that reach it.

mod factor;
mod invite;
mod people;
mod person;
mod tokens;

pub use factor::{ask as factor_ask, send as factor_send};
pub use invite::{create as invite, new as invite_new, revoke as uninvite, send_again as invite_again};
pub use people::index;
pub use person::{remove, remove_confirm, set_role, show};
pub use tokens::{block, block_confirm, index as tokens, unblock};

use crate::policy::Role;

/// A role to choose.
struct RoleChoice {
    key: &'static str,
    title: &'static str,
    sentence: String,
    checked: bool,
    /// Why it cannot be chosen by whoever looks.
    why_not: Option<&'static str>,
}

/// A role as pages say it.
pub fn title(role: Role) -> &'static str {
    match role {
        Role::ReadOnly => "Read only",
        Role::ReadWrite => "Read-Write",
        Role::Admin => "Admin",
        Role::Owner => "Owner",
    }
}
