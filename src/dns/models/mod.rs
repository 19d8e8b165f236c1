//! What the DNS example keeps of resources and accounts, and what can be done with it.

pub mod action;
pub mod bounds;
pub mod certificate;
pub mod charge;
pub mod contact;
pub mod domain;
mod hooks;
pub mod lists;
mod order;
pub mod platform;
pub mod record;
pub mod record_template;
mod refusal;
pub mod registration;
pub mod schema;
pub mod webhook;
pub mod zone;

pub use action::DnsAction;
pub use domain::Domain;
pub use hooks::HOOKS;
pub use order::{Direction, Sort};
pub use record::Record;
pub use refusal::DnsRefusal;
pub use zone::Zone;
