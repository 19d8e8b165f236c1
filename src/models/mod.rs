//! What the house is about: accounts, users, tokens, and what can be done with them.
//!
//! Functions start from the owner, take `now` as an argument and answer with small enums or a
//! [`DbError`](crate::db::DbError), never with anything of HTTP or of pages.

pub mod account;
pub mod account_limits;
pub mod audit;
pub mod browse;
pub mod demo;
pub mod membership;
pub mod password;
pub mod resource;
pub mod session;
pub mod signing_key;
pub mod throttle;
pub mod token;
pub mod user;

pub use account::Account;
pub use audit::{Actor, Origin};
pub use resource::{Reach, Resource};
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
