//! The example: DNS, with an API in the form of DNSimple's v2. Nothing else of the product names it.

pub mod api;
pub mod demo;
pub mod models;
mod name_form;
pub mod web;

pub use name_form::RecordName;

use crate::policy::{Catalogue, CatalogueError};

/// The example's catalogue.
pub fn catalogue() -> Result<Catalogue, CatalogueError> {
    Catalogue::parse("catalogue.toml", include_str!("catalogue.toml"), &[&RecordName])
}

#[cfg(test)]
mod tests;
