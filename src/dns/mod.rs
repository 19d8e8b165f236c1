//! The example: DNS, with an API in the form of DNSimple's v2. The product doesn't name it.

pub mod api;
pub mod demo;
pub mod models;
mod name_form;
pub mod web;

pub use name_form::RecordName;

use crate::extension::{Demo, Extension};
use crate::http::{ActivityWords, Extras};
use crate::policy::{Catalogue, CatalogueError, PartForm};
use models::DnsAction;

/// All of it, as `main` and tests hand it in.
pub const EXTENSION: Extension = Extension {
    catalogue,
    part_forms: PART_FORMS,
    api: api::rows,
    pages: web::rows,
    extras: Extras {
        hooks: models::HOOKS,
        menu: web::MENU,
        has_resource_pages: true,
        activity: ActivityWords {
            words: |key| DnsAction::from_key(key).map(DnsAction::words),
            quoted: &["template", "message", "contact"],
            nouns: &["record", "records", "certificate"],
            resources: "Domains and records",
        },
        refusals: api::refusals,
    },
    demo: Demo {
        users: &demo::ADDRESSES,
        fill: |conn, origin, hash_for| demo::fill::<anyhow::Error>(conn, origin, hash_for),
    },
};

/// The forms of parts that the example brings.
const PART_FORMS: &[&dyn PartForm] = &[&RecordName];

/// The example's catalogue.
pub fn catalogue() -> Result<Catalogue, CatalogueError> {
    Catalogue::parse("catalogue.toml", include_str!("catalogue.toml"), PART_FORMS)
}

#[cfg(test)]
mod tests;
