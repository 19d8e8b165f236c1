//! Certificates of the demo. They and their keys were made for it alone and are known to
//! everybody: a test authority signed them, and no client trusts it.

use super::holdings::{MADE, first_contact};
use crate::db::schema::resources;
use crate::db::{Conn, DbError};
use crate::dns::models::certificate::CertificateState;
use crate::dns::models::domain::DOMAIN;
use crate::dns::models::schema::certificates;
use crate::policy::AccountId;
use diesel::dsl::exists;
use diesel::prelude::*;
use time::OffsetDateTime;
use time::macros::datetime;

/// The first instant after the certificates' validity.
const EXPIRES: OffsetDateTime = datetime!(2036-01-15 00:00 UTC);
const ROOT: &str = include_str!("pems/ca.pem");

struct Demo {
    domain: &'static str,
    name: &'static str,
    csr: &'static str,
    /// What was issued, where it was.
    server: Option<&'static str>,
    key: Option<&'static str>,
}

const DEMO: [Demo; 3] = [
    Demo {
        domain: "example.com",
        name: "www",
        csr: include_str!("pems/www.example.com.csr.pem"),
        server: Some(include_str!("pems/www.example.com.pem")),
        key: Some(include_str!("pems/www.example.com.key.pem")),
    },
    Demo {
        domain: "theburritobot.com",
        name: "www",
        csr: include_str!("pems/www.theburritobot.com.csr.pem"),
        server: Some(include_str!("pems/www.theburritobot.com.pem")),
        key: None,
    },
    Demo {
        domain: "example.com",
        name: "shop",
        csr: include_str!("pems/shop.example.com.csr.pem"),
        server: None,
        key: None,
    },
];

pub(super) fn fill(conn: &mut Conn, account: AccountId) -> Result<(), DbError> {
    let of_account = certificates::table
        .inner_join(resources::table)
        .filter(resources::account_id.eq(account))
        .select(certificates::id);
    if diesel::select(exists(of_account)).get_result(conn)? {
        return Ok(());
    }
    let contact = first_contact(conn, account)?;
    for demo in DEMO {
        let domain: Option<i64> = resources::table
            .filter(resources::account_id.eq(account).and(resources::name.eq(demo.domain)))
            .filter(resources::kind.eq(DOMAIN.as_str()))
            .select(resources::id)
            .first(conn)
            .optional()?;
        if let Some(domain) = domain {
            insert(conn, domain, contact, &demo)?;
        }
    }
    Ok(())
}

fn insert(conn: &mut Conn, domain: i64, contact: Option<i64>, demo: &Demo) -> Result<(), DbError> {
    let issued = demo.server.is_some();
    let others = if issued { vec![demo.domain] } else { Vec::new() };
    diesel::insert_into(certificates::table)
        .values((
            certificates::domain_id.eq(domain),
            certificates::contact_id.eq(contact),
            certificates::name.eq(demo.name),
            certificates::common_name.eq(format!("{}.{}", demo.name, demo.domain)),
            certificates::years.eq(10),
            certificates::csr.eq(demo.csr),
            certificates::state.eq(if issued {
                CertificateState::Issued
            } else {
                CertificateState::Requesting
            }),
            certificates::auto_renew.eq(false),
            certificates::alternate_names.eq(others),
            certificates::authority_identifier.eq("demo"),
            certificates::expires_at.eq(issued.then_some(EXPIRES)),
            certificates::server_pem.eq(demo.server),
            certificates::root_pem.eq(issued.then_some(ROOT)),
            certificates::private_key_pem.eq(demo.key),
            certificates::created_at.eq(MADE),
            certificates::updated_at.eq(MADE),
        ))
        .execute(conn)?;
    Ok(())
}
