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
pub mod browse;
pub mod budget;
pub mod certificate;
pub mod charge;
pub mod contact;
pub mod demo;
mod dns_refusal;
pub mod domain;
#[cfg(feature = "screenshots")]
pub mod example;
pub mod invitation;
pub mod leak;
pub mod link;
pub mod mail;
pub mod membership;
pub mod notice;
mod order;
pub mod password;
pub mod platform;
pub mod record;
pub mod record_template;
pub mod registration;
pub mod resource;
mod rows;
pub mod session;
pub mod sighting;
pub mod signing_key;
mod stored;
pub mod text;
pub mod throttle;
pub mod token;
pub mod user;
pub mod user_link;
pub mod webhook;
pub mod zone;

pub use account::{Account, AccountState};
pub use audit::{Action, Actor, Origin};
pub use dns_refusal::DnsRefusal;
pub use domain::Domain;
pub use order::{Direction, Sort};
pub use record::Record;
pub use resource::{Reach, Resource};
pub use rows::Part;
pub use token::Token;
pub use user::User;
pub use zone::Zone;

/// A part of a list.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Window {
    /// So many are left out before it.
    pub offset: i64,
    /// So many stand in it, at most.
    pub limit: i64,
}
