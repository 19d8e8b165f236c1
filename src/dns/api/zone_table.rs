//! Rows of the API's table: domains, zones and records.

use super::{batch, bodies, domains, record_changes, records, zones};
use crate::api::routes::{ApiRoute, at};

const NAME_LIKE: (&str, &str) = ("name_like", "With this in their names.");

/// Domains, zones and records.
pub fn rows() -> Vec<ApiRoute> {
    vec![
        at("GET", "/v2/{account}/domains", domains::list)
            .page::<domains::Domain>("The domains that the token reaches.")
            .asks(&[
                NAME_LIKE,
                ("registrant_id", "Registered to this contact."),
                ("sort", "By id, name or expiration, each as `name:asc` or `name:desc`."),
            ]),
        at("POST", "/v2/{account}/domains", domains::create)
            .one::<domains::Domain>(201, "Adds a domain with its zone. Nothing is bought.")
            .takes::<bodies::NewDomain>(),
        at("GET", "/v2/{account}/domains/{domain}", domains::show)
            .one::<domains::Domain>(200, "A domain, by its name or its number."),
        at("DELETE", "/v2/{account}/domains/{domain}", domains::delete)
            .empty("Deletes a domain with its zone and all that belongs to them."),
        at("GET", "/v2/{account}/zones", zones::list)
            .page::<zones::Zone>("The zones that the token reaches.")
            .asks(&[NAME_LIKE, ("sort", "By id or name, each as `name:asc` or `name:desc`.")]),
        at("GET", "/v2/{account}/zones/{zone}", zones::show)
            .one::<zones::Zone>(200, "A zone, by its name or its number."),
        at("GET", "/v2/{account}/zones/{zone}/file", zones::file)
            .one::<zones::ZoneFile>(200, "The zone as a master file (RFC 1035)."),
        at("PUT", "/v2/{account}/zones/{zone}/activation", zones::activate)
            .one::<zones::Zone>(200, "Switches the zone on. Nothing serves it."),
        at("DELETE", "/v2/{account}/zones/{zone}/activation", zones::deactivate)
            .one::<zones::Zone>(200, "Switches the zone off."),
        at("GET", "/v2/{account}/zones/{zone}/records", records::list)
            .page::<records::ZoneRecord>("The zone's records that the token reaches.")
            .asks(&[
                ("name", "Of this name; empty at the apex."),
                NAME_LIKE,
                ("type", "Of this type."),
                ("sort", "By id, name, content or type, each as `name:asc` or `name:desc`."),
            ]),
        at("POST", "/v2/{account}/zones/{zone}/records", record_changes::create)
            .one::<records::ZoneRecord>(201, "Makes a record.")
            .takes::<bodies::NewZoneRecord>(),
        at("GET", "/v2/{account}/zones/{zone}/records/{record}", records::show)
            .one::<records::ZoneRecord>(200, "A record."),
        at("PATCH", "/v2/{account}/zones/{zone}/records/{record}", record_changes::update)
            .one::<records::ZoneRecord>(200, "Changes a record.")
            .takes::<bodies::ZoneRecordChange>(),
        at("DELETE", "/v2/{account}/zones/{zone}/records/{record}", record_changes::delete)
            .empty("Deletes a record.")
            .refuses(&[("400", "The record belongs to the zone and stays.")]),
        at("POST", "/v2/{account}/zones/{zone}/batch", batch::run)
            .one::<batch::ZoneBatch>(200, "Deletes, changes and makes records: all of it, or nothing.")
            .takes::<bodies::NewZoneBatch>()
            .refuses(&[("412", "The account's plan has no batches.")]),
    ]
}
