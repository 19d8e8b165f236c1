//! The example: DNS, with an API in the form of DNSimple's v2. The product doesn't name it.

pub mod api;
pub mod demo;
pub mod models;
mod name_form;
pub mod web;

pub use name_form::RecordName;

use crate::extension::{Demo, Extension};
use crate::http::{ActivityWords, Extras, HelpWords};
use crate::policy::{Catalogue, CatalogueError, PartForm};
use crate::web::guide::guide;
use models::DnsAction;

const ADD_A_RECORD: &str = r#"curl -H "Authorization: Bearer TOKEN" -H "Content-Type: application/json" \
  -d '{"name": "www", "type": "A", "content": "192.0.2.10", "ttl": 3600}' \
  BASE/ACCOUNT/zones/example.com/records"#;

/// All of it, as `main` and tests hand it in.
pub const EXTENSION: Extension = Extension {
    catalogue,
    part_forms: PART_FORMS,
    api: api::rows,
    pages: web::rows,
    extras: Extras {
        hooks: models::HOOKS,
        menu: web::MENU,
        kinds_with_pages: &[models::domain::DOMAIN, models::zone::ZONE],
        activity: ActivityWords {
            words: |key| DnsAction::from_key(key).map(DnsAction::words),
            quoted: &["template", "message", "contact"],
            nouns: &["record", "records", "certificate"],
            resources: "Domains and records",
        },
        help: HelpWords {
            about: "It speaks the language of DNSimple's v2, so that programs written for that one work here.",
            calls: &[
                (
                    "Which zones does it reach?",
                    "curl -H \"Authorization: Bearer TOKEN\" \\\n  \"BASE/ACCOUNT/zones?page=1&per_page=100\"",
                ),
                ("Add a record.", ADD_A_RECORD),
            ],
            name: "example.com",
            scopes: &[("zones:example.com/_acme-challenge*/TXT:write", "only records of this name and type")],
            guide: Some(guide!("example", "clients")),
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
