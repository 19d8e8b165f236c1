//! Domains: what is known of them beside their name.

use super::Sort;
use super::hooks::HOOKS;
use super::order::ordered;
use super::zone::NAME_SERVERS;
use crate::db::schema::resources;
use crate::db::{Conn, DbError};
use crate::dns::models::schema::{domains, whois_privacies};
use crate::models::rows::{containing, in_order};
use crate::models::{OfKind, Origin, Reach, Resource, Window, text};
use crate::policy::{AccountId, KindKey, ResourceId, Unique, ascii};
use diesel::prelude::*;
use time::OffsetDateTime;

/// What the catalogue calls a domain.
pub const DOMAIN: KindKey = KindKey::literal("domain");

/// A domain.
#[derive(Debug, Clone, PartialEq, Eq, Queryable, Selectable)]
#[diesel(table_name = resources)]
pub struct Domain {
    /// Its id.
    pub id: ResourceId,
    /// Number of its account.
    pub account_id: AccountId,
    /// Its name, in ASCII.
    pub name: String,
    /// When it was made.
    pub created_at: OffsetDateTime,
    /// What else is known of it.
    #[diesel(embed)]
    pub facts: Facts,
    /// Whether its owner is hidden; none where that was never switched on.
    #[diesel(select_expression = whois_privacies::enabled.nullable())]
    pub private_whois: Option<bool>,
}

/// What is known of a domain beside its name.
#[derive(Debug, Clone, PartialEq, Eq, Queryable, Selectable)]
#[diesel(table_name = domains)]
pub struct Facts {
    /// The contact it is registered to.
    pub registrant_id: Option<i64>,
    /// When the registration ends; none where the domain is hosted only.
    pub expires_at: Option<OffsetDateTime>,
    /// Whether the registration would be renewed.
    pub auto_renew: bool,
    /// When it was last changed.
    pub updated_at: OffsetDateTime,
}

/// Whether a domain is registered here.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Registration {
    /// Elsewhere: only its zone is here.
    Hosted,
    /// Here.
    Registered,
    /// It was, until it ended.
    Expired,
}

/// What a list of domains can be sorted by; hosted ones never expire, which is the latest end of all.
pub const SORTED_BY: [&str; 3] = ["id", "name", "expiration"];

/// Which domains; none filters nothing.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Filter {
    /// With this in their names.
    pub name_like: Option<String>,
    /// Registered to this contact.
    pub registrant: Option<i64>,
}

/// What is not a domain's name, in a sentence.
#[derive(Debug, thiserror::Error, PartialEq, Eq)]
#[error("“{0}” is not a domain's name; write it like example.com.")]
pub struct NotADomain(pub String);

/// A domain's name in lower case and ASCII, without the dot at the end. It may begin labels with an underscore:
/// what proves a certificate's names is often delegated by `_acme-challenge.www.example.com`.
pub fn domain_name(written: &str) -> Result<String, NotADomain> {
    let name = ascii::name_in_ascii(written.trim().trim_end_matches('.'));
    let is_host = |label: &str| text::full_host_name(&format!("{label}.example")).is_some();
    let labels =
        |name: &String| name.split('.').all(|label| is_host(label.strip_prefix('_').unwrap_or(label)));
    let fits = |name: &String| name.contains('.') && name.len() <= 253 && labels(name);
    name.filter(fits).ok_or_else(|| NotADomain(written.to_owned()))
}

impl Resource {
    /// Adds domains with their zones; those that are there already stay. Returns how many are new.
    pub fn add_domains(
        conn: &mut Conn,
        account: AccountId,
        names: &[String],
        origin: &Origin,
    ) -> Result<usize, DbError> {
        let kind = OfKind { key: DOMAIN, plural: "domains", unique: Unique::Account };
        Ok(Resource::add(conn, account, kind, names, &HOOKS, origin)?.new)
    }

    /// Removes a domain and its zone; says whether there was one.
    pub fn remove_domain(
        conn: &mut Conn,
        account: AccountId,
        name: &str,
        origin: &Origin,
    ) -> Result<bool, DbError> {
        Resource::remove(conn, account, DOMAIN, name, &HOOKS, origin)
    }
}

impl Domain {
    /// A part of the account's domains within reach, and how many there are in all.
    pub fn list(
        conn: &mut Conn,
        account: AccountId,
        reach: &Reach,
        filter: &Filter,
        sort: &Sort<'_>,
        window: Window,
    ) -> Result<(Vec<Domain>, i64), DbError> {
        let matching = || {
            let mut query = resources::table.filter(reach.condition(account, DOMAIN)).into_boxed();
            if let Some(part) = &filter.name_like {
                query = query.filter(resources::name.like(containing(part)));
            }
            if let Some(contact) = filter.registrant {
                let of_contact = domains::table.filter(domains::registrant_id.eq(contact));
                query = query.filter(resources::id.eq_any(of_contact.select(domains::resource_id)));
            }
            query
        };
        let own = domains::table.filter(domains::resource_id.eq(resources::id));
        let ends = own.select(domains::expires_at).single_value();
        let total: i64 = matching().count().get_result(conn)?;
        let query = matching().offset(window.offset).limit(window.limit).select(resources::id);
        let query = ordered!(query, sort, resources::id, {
            "id" => resources::id,
            "name" => resources::name,
            "expiration" => ends,
        });
        let ids: Vec<ResourceId> = query.load(conn)?;
        let rows = resources::table
            .inner_join(domains::table)
            .left_join(whois_privacies::table)
            .filter(resources::id.eq_any(&ids))
            .select(Domain::as_select())
            .load(conn)?;
        Ok((in_order(rows, &ids, |domain| domain.id), total))
    }

    /// Adds a domain with its zone; none when the account has it already.
    pub fn create(
        conn: &mut Conn,
        account: AccountId,
        name: &str,
        origin: &Origin,
    ) -> Result<Option<Domain>, DbError> {
        if Resource::add_domains(conn, account, &[name.to_owned()], origin)? == 0 {
            return Ok(None);
        }
        match Resource::find(conn, account, DOMAIN, name)? {
            Some(made) => Domain::find(conn, &made),
            None => Ok(None),
        }
    }

    /// The domain behind a resource, unless it was deleted meanwhile.
    pub fn find(conn: &mut Conn, domain: &Resource) -> Result<Option<Domain>, DbError> {
        Ok(resources::table
            .inner_join(domains::table)
            .left_join(whois_privacies::table)
            .filter(resources::id.eq(domain.id))
            .select(Domain::as_select())
            .first(conn)
            .optional()?)
    }

    /// Whether it is registered here at this moment.
    pub fn registration(&self, now: OffsetDateTime) -> Registration {
        match self.facts.expires_at {
            None => Registration::Hosted,
            Some(end) if end <= now => Registration::Expired,
            Some(_) => Registration::Registered,
        }
    }

    /// Its name as people write it.
    pub fn unicode_name(&self) -> String {
        idna::domain_to_unicode(&self.name).0
    }
}

/// Adds what domains are made with.
pub(super) fn insert(conn: &mut Conn, ids: &[ResourceId], now: OffsetDateTime) -> Result<(), DbError> {
    let servers = NAME_SERVERS.to_vec();
    let rows: Vec<_> = ids
        .iter()
        .map(|id| {
            (
                domains::resource_id.eq(id),
                domains::name_servers.eq(servers.clone()),
                domains::updated_at.eq(now),
            )
        })
        .collect();
    diesel::insert_into(domains::table).values(rows).execute(conn)?;
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_domain_is_kept_in_lower_case_and_ascii() {
        assert_eq!(domain_name(" Example.COM. ").unwrap(), "example.com");
        assert_eq!(domain_name("bücher.example").unwrap(), "xn--bcher-kva.example");
        assert_eq!(domain_name("_acme-challenge.Example.com").unwrap(), "_acme-challenge.example.com");
    }

    #[test]
    fn what_is_not_a_domain_is_refused() {
        for wrong in [
            "",
            "com",
            "a b.com",
            "a..com",
            "-.com",
            "a/b.com",
            "\u{0}.com",
            "_.com",
            "a_b.com",
            "__a.com",
            "-a.com",
        ] {
            assert!(domain_name(wrong).is_err(), "{wrong:?} was taken for a domain");
        }
    }
}
