//! The account's domains, zones and certificates, a page at a time.

mod certificates;
mod domains;
pub mod paths;
mod zones;

use crate::http::{TableRow, get};

/// The pages' rows of the table of routes.
pub fn rows() -> Vec<TableRow> {
    vec![
        ("GET", paths::DOMAINS, get().to(domains::index)),
        ("GET", paths::DOMAIN, get().to(domains::show)),
        ("GET", paths::ZONES, get().to(zones::index)),
        ("GET", paths::ZONE, get().to(zones::show)),
        ("GET", paths::CERTIFICATES, get().to(certificates::index)),
    ]
}
