//! What the house is about: accounts, users, tokens, and what can be done with them.
//!
//! Functions start from the owner, take `now` as an argument and answer with small enums or a
//! [`DbError`](crate::db::DbError), never with anything of HTTP or of pages.

pub mod account;
pub mod account_limits;
pub mod account_state;
pub mod activity;
pub mod admin;
pub mod audit;
pub mod authenticator;
pub mod begun;
pub mod browse;
pub mod budget;
pub mod catalogue;
#[cfg(feature = "screenshots")]
pub mod example;
pub mod factor_demand;
pub mod hooks;
pub mod invitation;
pub mod leak;
pub mod link;
pub mod mail;
pub mod membership;
pub mod notice;
pub mod passkey;
pub mod password;
mod reference;
pub mod resource;
pub mod rows;
pub mod session;
pub mod sighting;
pub mod signing_key;
pub(crate) mod stored;
pub mod text;
pub mod throttle;
pub mod token;
pub mod user;
pub mod user_link;

pub use account::{Account, AccountState};
pub use audit::{Action, Actor, Origin};
pub use hooks::Hooks;
pub use reference::Reference;
pub use resource::{Added, OfKind, Reach, Resource};
pub use rows::Part;
pub use token::Token;
pub use user::User;

/// A part of a list.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Window {
    /// So many are left out before it.
    pub offset: i64,
    /// So many stand in it, at most.
    pub limit: i64,
}
