//! What site admins look for: people, accounts, and tokens of anyone.

pub mod people;
pub mod tokens;
