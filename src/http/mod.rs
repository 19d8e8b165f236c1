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
mod lookups;
mod reader;
mod refusal;
mod route;
mod write_behind;

pub use app::{App, AppData};
pub use body::read_body;
pub use budgets::{Budgets, Paid, SHARE_EVERY, Stranger};
pub use client_address::{CallerAddress, client_address, client_name, forwarding_client, network_of};
pub use endings::{Ended, Endings};
pub use error::{AppError, PageRefusal};
pub use extras::{ActivityWords, ChapterSource, Extras, HelpWords, MenuEntry};
pub use hashing::{Hashing, HashingError};
pub use large_lists::LargeLists;
pub use lookups::{Sessions, TokenLookup};
pub use reader::{paced, remember};
pub use refusal::ApiRefusal;
pub use route::{TableRow, get, is_well_formed, path_of, resources};
pub use write_behind::{Buffers, FLUSH_EVERY, Presented, WriteBehind};
