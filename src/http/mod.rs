//! What pages and API both need.

mod app;
mod budgets;
mod client_address;
mod error;
mod hashing;
pub mod headers;
mod last_use;
mod route;

pub use app::{App, AppData};
pub use budgets::{Budgets, Caller, Paid, SHARE_EVERY};
pub use client_address::{ClientAddress, client_name, network_of};
pub use error::AppError;
pub use hashing::{Hashing, HashingBusy};
pub use last_use::{FLUSH_EVERY, LastUses};
pub use route::get;
