//! The settings of whoever is signed in.

mod address;
pub(super) mod client;
mod profile;
mod security;
mod sessions;

pub use address::{again as address_again, ask as address_ask, open as address_open, prove as address_prove};
pub use profile::{change as change_profile, show as profile};
pub use security::{change_password, show as security};
pub use sessions::{end, end_others};
