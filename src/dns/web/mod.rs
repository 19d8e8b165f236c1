//! The account's domains, zones and certificates, a page at a time.

mod certificates;
mod domains;
pub mod paths;
mod zones;

use crate::http::{MenuEntry, TableRow, get};

const DOMAINS: &str = "domains";
const ZONES: &str = "zones";
const CERTIFICATES: &str = "certificates";

/// The pages' entries of the menu.
pub const MENU: &[MenuEntry] = &[
    MenuEntry { key: DOMAINS, title: "Domains", icon: "globe", url: paths::domains },
    MenuEntry { key: ZONES, title: "Zones", icon: "layers", url: paths::zones },
    MenuEntry { key: CERTIFICATES, title: "Certificates", icon: "shield", url: paths::certificates },
];

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
