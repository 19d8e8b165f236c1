//! What pages and API both need.

mod app;
mod body;
mod budgets;
mod client_address;
mod coalescer;
mod endings;
mod error;
mod extras;
mod hashing;
pub mod headers;
mod large_lists;
mod last_use;
mod lookups;
mod networks;
mod reader;
mod refusal;
mod refusals;
mod route;
mod sign_ins;

pub use app::{App, AppData};
pub use body::read_body;
pub use budgets::{Budgets, Paid, SHARE_EVERY, Stranger};
pub use client_address::{CallerAddress, client_address, client_name, network_of};
pub use endings::{Ended, Endings};
pub use error::{AppError, PasswordAgain};
pub use extras::{ActivityWords, Extras, HelpWords, MenuEntry};
pub use hashing::{Hashing, HashingError};
pub use large_lists::LargeLists;
pub use last_use::{FLUSH_EVERY, LastUses};
pub use lookups::{Sessions, TokenLookup};
pub use networks::Networks;
pub use reader::{paced, remember};
pub use refusal::ApiRefusal;
pub use refusals::{Presented, Refusals};
pub use route::{TableRow, get, is_well_formed, path_of, resources};
pub use sign_ins::SignIns;
