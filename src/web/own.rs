//! The settings of whoever is signed in.

mod client;
mod security;
mod sessions;

pub use security::{change_password, show as security};
pub use sessions::{end, end_others};
