//! Certificates of domains. They come from elsewhere; here they are kept and handed out.

use super::Sort;
use super::order::ordered;
use crate::db::{Conn, DbError};
use crate::dns::models::schema::certificates;
use crate::models::Window;
use crate::models::stored::stored_list;
use crate::policy::ResourceId;
use diesel::prelude::*;
use secrecy::SecretString;
use time::OffsetDateTime;

stored_list! {
    /// How far the order of a certificate has come, in DNSimple's words.
    #[allow(missing_docs, reason = "the words are DNSimple's")]
    pub enum CertificateState {
        New = "new",
        Purchased = "purchased",
        Configured = "configured",
        Submitted = "submitted",
        Issued = "issued",
        Rejected = "rejected",
        Refunded = "refunded",
        Cancelled = "cancelled",
        Requesting = "requesting",
        Failed = "failed",
    }
}

/// A certificate, without what it is made of.
#[derive(Debug, Clone, Queryable, Selectable)]
pub struct Certificate {
    /// Its number.
    pub id: i64,
    /// Id of its domain.
    pub domain_id: ResourceId,
    /// Number of the contact it was ordered for.
    pub contact_id: Option<i64>,
    /// The host below the domain, such as `www`.
    pub name: String,
    /// The host in full.
    pub common_name: String,
    /// For how many years it was ordered.
    pub years: i32,
    /// The signing request, in PEM.
    pub csr: String,
    /// How far its order has come.
    pub state: CertificateState,
    /// Whether it is renewed by itself.
    pub auto_renew: bool,
    /// Other hosts that it is for.
    pub alternate_names: Vec<String>,
    /// Who issues it.
    pub authority_identifier: String,
    /// The first instant at which it is no longer valid; none before it is issued.
    pub expires_at: Option<OffsetDateTime>,
    /// When it was ordered.
    pub created_at: OffsetDateTime,
    /// When it was last changed.
    pub updated_at: OffsetDateTime,
}

/// What a server needs beside the key, in PEM.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Bundle {
    /// The certificate itself.
    pub server: String,
    /// The root; none where clients have it anyway.
    pub root: Option<String>,
    /// What stands between, from the server's end.
    pub chain: Vec<String>,
}

/// What can be had of a certificate.
#[derive(Debug)]
pub enum Had<T> {
    /// This.
    Have(T),
    /// Nothing yet, or not any more.
    Nothing,
    /// The domain has no such certificate.
    NotFound,
}

/// State, certificate, root and chain, as they are stored.
type Parts = (CertificateState, Option<String>, Option<String>, Vec<String>);

impl Certificate {
    /// A part of the domain's certificates, and how many there are. They are sorted by `id`,
    /// `common_name` and `expiration`.
    pub fn list(
        conn: &mut Conn,
        domain: ResourceId,
        sort: &Sort<'_>,
        window: Window,
    ) -> Result<(Vec<Certificate>, i64), DbError> {
        let own = || certificates::table.filter(certificates::domain_id.eq(domain));
        let query = own().select(Certificate::as_select()).into_boxed();
        let query = ordered!(query, sort, certificates::id, {
            "id" => certificates::id,
            "common_name" => certificates::common_name,
            "expiration" => certificates::expires_at,
        });
        let rows = query.offset(window.offset).limit(window.limit).load(conn)?;
        Ok((rows, own().count().get_result(conn)?))
    }

    /// The domain's certificate with this number.
    pub fn find(conn: &mut Conn, domain: ResourceId, id: i64) -> Result<Option<Certificate>, DbError> {
        Ok(certificates::table
            .filter(certificates::domain_id.eq(domain).and(certificates::id.eq(id)))
            .select(Certificate::as_select())
            .first(conn)
            .optional()?)
    }

    /// What a server needs beside the key; nothing of what is not issued.
    pub fn bundle(conn: &mut Conn, domain: ResourceId, id: i64) -> Result<Had<Bundle>, DbError> {
        let row: Option<Parts> = certificates::table
            .filter(certificates::domain_id.eq(domain).and(certificates::id.eq(id)))
            .select((
                certificates::state,
                certificates::server_pem,
                certificates::root_pem,
                certificates::chain_pems,
            ))
            .first(conn)
            .optional()?;
        Ok(match row {
            None => Had::NotFound,
            Some((CertificateState::Issued, Some(server), root, chain)) => {
                Had::Have(Bundle { server, root, chain })
            }
            Some(_) => Had::Nothing,
        })
    }

    /// The private key in PEM, where it is here. No other function reads that column.
    pub fn private_key(conn: &mut Conn, domain: ResourceId, id: i64) -> Result<Had<SecretString>, DbError> {
        let row: Option<Option<String>> = certificates::table
            .filter(certificates::domain_id.eq(domain).and(certificates::id.eq(id)))
            .select(certificates::private_key_pem)
            .first(conn)
            .optional()?;
        Ok(match row {
            None => Had::NotFound,
            Some(Some(key)) => Had::Have(SecretString::from(key)),
            Some(None) => Had::Nothing,
        })
    }
}
