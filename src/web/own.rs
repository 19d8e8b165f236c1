//! The settings of whoever is signed in.

mod address;
pub(super) mod client;
mod factor_lost;
mod factors;
pub(super) mod passkey;
mod profile;
mod security;
mod sessions;

pub use address::{again as address_again, ask as address_ask, open as address_open, prove as address_prove};
pub use factor_lost::{open as factor_lost_open, reset as factor_lost_reset};
pub use factors::{
    app_begin, app_confirm, app_key, codes, remove as factor_remove, remove_confirm as factor_remove_confirm,
};
pub use passkey::{about as passkey_about, add as passkey_add, begin as passkey_begin};
pub use profile::{change as change_profile, show as profile};
pub use security::{change_password, show as security};
pub use sessions::{end, end_others};
