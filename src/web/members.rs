//! Members: the people of an account, and the user tokens that reach it.

mod people;
mod person;
mod tokens;

pub use people::index;
pub use person::{remove, remove_confirm, set_role, show};
pub use tokens::{block, block_confirm, index as tokens, unblock};

use crate::policy::Role;

/// A role as pages say it.
fn title(role: Role) -> &'static str {
    match role {
        Role::ReadOnly => "Read only",
        Role::ReadWrite => "Read-Write",
        Role::Admin => "Admin",
        Role::Owner => "Owner",
    }
}
