//! Tokenhouse: the page behind *Automation → Tokens*, and the check that makes its tokens mean
//! something.
//!
//! The rings, from the outside in; nothing names what lies further out, and `web`, `api` and
//! `mail` do not name each other:
//!
//! ```text
//! main → cli → server → extension → { web · api · mail } → authorization → http → models → { policy · proof · db }
//! ```
//!
//! - [`policy`]: what may be permitted and whether a call is; pure.
//! - [`proof`]: what people prove besides a password: codes of apps, recovery codes; pure.
//! - [`db`]: the pool, transactions, migrations and the private Postgres.
//! - [`models`]: accounts, users, tokens and what can be done with them.
//! - [`http`]: what pages and API both need: errors, client addresses, headers.
//! - [`authorization`]: whether a call may do what it asks; the API's extractors ask it.
//! - [`web`]: the pages, one use case a file. [`api`]: the API that tokens open.
//!   [`mail`]: letters, written and sent. [`check`]: what a proxy in front of another API asks.
//! - [`extension`]: what an API that's compiled in hands over; the example, `dns`, is one.
//! - [`server`]: all of it put together, the same for `serve` and for tests. [`cli`]: the commands.
//!
//! [`config`], [`clock`], [`telemetry`] and [`watchdog`] stand beside the rings.

pub mod api;
pub mod authorization;
pub mod check;
pub mod cli;
pub mod clock;
pub mod config;
pub mod db;
#[cfg(feature = "dns")]
pub mod dns;
pub mod extension;
pub mod http;
pub mod mail;
pub mod models;
pub mod proof;
pub mod server;
pub mod telemetry;
pub mod watchdog;
pub mod web;

pub use tokenhouse_policy as policy;
