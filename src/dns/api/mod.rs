//! The example's API, in the form of DNSimple's v2.

mod account;
mod batch;
mod bodies;
mod certificates;
mod charges;
mod contact_shape;
mod contacts;
mod domains;
pub mod permits;
mod place;
mod platform;
mod query;
mod record_changes;
mod records;
mod refusals;
mod registrar;
mod registrar_switches;
mod research;
mod table;
mod templates;
mod user;
mod webhooks;
mod zone_table;
mod zones;

pub use refusals::all as refusals;

use crate::api::ApiRoute;

/// Its rows of the table of routes.
pub fn rows() -> Vec<ApiRoute> {
    [table::of_account(), table::of_domains(), zone_table::rows()].into_iter().flatten().collect()
}
