//! What a registrar keeps of a domain: its delegation, renewal, transfer lock and whois privacy.
//! No registrar is asked.

use crate::db::{Conn, DbError};
use crate::dns::models::action::{DnsAction, Event};
use crate::dns::models::domain::domain_name;
use crate::dns::models::schema::{domains, whois_privacies};
use crate::models::Resource;
use crate::models::audit::{self, Origin};
use crate::policy::ResourceId;
use diesel::prelude::*;
use serde_json::{Value, json};
use time::{Date, OffsetDateTime};

/// So many name servers a delegation has at least: one alone is no delegation (RFC 1034, 4.1).
pub const FEWEST_NAME_SERVERS: usize = 2;
/// And at most: registries take no more, as 13 fit into an answer over UDP.
pub const MOST_NAME_SERVERS: usize = 13;

/// A domain, as its registrar sees it.
#[derive(Debug, Clone, Queryable, Selectable)]
#[diesel(table_name = domains)]
pub struct Registration {
    /// When it ends; none where the domain is hosted only.
    pub expires_at: Option<OffsetDateTime>,
    /// Whether it renews itself.
    pub auto_renew: bool,
    /// Whether it is kept from going elsewhere.
    pub transfer_lock: bool,
    /// The delegation.
    pub name_servers: Vec<String>,
}

/// Whois privacy of a domain.
#[derive(Debug, Clone, Queryable, Selectable)]
#[diesel(table_name = whois_privacies)]
pub struct WhoisPrivacy {
    /// Its number.
    pub id: i64,
    /// Id of the domain.
    pub domain_id: ResourceId,
    /// Whether it is on.
    pub enabled: bool,
    /// The last day of the registration that it is part of.
    pub expires_on: Option<Date>,
    /// When it was first switched on.
    pub created_at: OffsetDateTime,
    /// When it was last switched.
    pub updated_at: OffsetDateTime,
}

/// What became of a change.
#[derive(Debug)]
pub enum Changed<T> {
    /// It is so now, or was before.
    So(T),
    /// The domain is hosted only: no registrar has it.
    HostedOnly,
    /// There is no such domain any more.
    Gone,
}

/// A delegation that may be stored, or what is wrong with it.
pub fn name_servers(written: &[String]) -> Result<Vec<String>, String> {
    let (fewest, most) = (FEWEST_NAME_SERVERS, MOST_NAME_SERVERS);
    if !(fewest..=most).contains(&written.len()) {
        return Err(format!("must be {fewest} to {most} name servers"));
    }
    let mut names: Vec<String> = Vec::with_capacity(written.len());
    for one in written {
        let name = domain_name(one).map_err(|_| "must be names of hosts, like ns1.example.com".to_owned())?;
        if names.contains(&name) {
            return Err("must not name a server twice".to_owned());
        }
        names.push(name);
    }
    Ok(names)
}

impl Registration {
    /// Of this domain; none once it is gone.
    pub fn find(conn: &mut Conn, domain: &Resource) -> Result<Option<Registration>, DbError> {
        Ok(domains::table.find(domain.id).select(Registration::as_select()).first(conn).optional()?)
    }

    /// Delegates the domain to these name servers.
    pub fn delegate(
        conn: &mut Conn,
        domain: &Resource,
        to: &[String],
        origin: &Origin,
    ) -> Result<Changed<()>, DbError> {
        change(conn, domain, origin, |conn, now| {
            if now.name_servers == to {
                return Ok(((), None));
            }
            diesel::update(domains::table.find(domain.id))
                .set((domains::name_servers.eq(to), domains::updated_at.eq(origin.now)))
                .execute(conn)?;
            Ok(((), Some((DnsAction::DomainDelegated, "name_servers", json!(now.name_servers), json!(to)))))
        })
    }

    /// Lets the registration renew itself, or not.
    pub fn set_auto_renewal(
        conn: &mut Conn,
        domain: &Resource,
        on: bool,
        origin: &Origin,
    ) -> Result<Changed<()>, DbError> {
        change(conn, domain, origin, |conn, now| {
            if now.auto_renew == on {
                return Ok(((), None));
            }
            diesel::update(domains::table.find(domain.id))
                .set((domains::auto_renew.eq(on), domains::updated_at.eq(origin.now)))
                .execute(conn)?;
            Ok(((), Some((DnsAction::DomainAutoRenewalSet, "on", json!(!on), json!(on)))))
        })
    }

    /// Keeps the domain from going elsewhere, or not.
    pub fn set_transfer_lock(
        conn: &mut Conn,
        domain: &Resource,
        on: bool,
        origin: &Origin,
    ) -> Result<Changed<()>, DbError> {
        change(conn, domain, origin, |conn, now| {
            if now.transfer_lock == on {
                return Ok(((), None));
            }
            diesel::update(domains::table.find(domain.id))
                .set((domains::transfer_lock.eq(on), domains::updated_at.eq(origin.now)))
                .execute(conn)?;
            Ok(((), Some((DnsAction::DomainTransferLockSet, "on", json!(!on), json!(on)))))
        })
    }
}

/// What whois privacy is after it was switched.
#[derive(Debug)]
pub struct Switched {
    /// What it is now; none where it was switched off and never had been on.
    pub privacy: Option<WhoisPrivacy>,
    /// Whether it was on for the first time.
    pub is_first: bool,
}

impl WhoisPrivacy {
    /// Switches it on or off. What never was on is not switched off.
    pub fn switch(
        conn: &mut Conn,
        domain: &Resource,
        on: bool,
        origin: &Origin,
    ) -> Result<Changed<Switched>, DbError> {
        change(conn, domain, origin, |conn, now| {
            let before: Option<WhoisPrivacy> = whois_privacies::table
                .filter(whois_privacies::domain_id.eq(domain.id))
                .select(WhoisPrivacy::as_select())
                .first(conn)
                .optional()?;
            let is_first = on && before.is_none();
            if !is_first && before.as_ref().is_none_or(|before| before.enabled == on) {
                return Ok((Switched { privacy: before, is_first }, None));
            }
            let privacy: WhoisPrivacy = diesel::insert_into(whois_privacies::table)
                .values((
                    whois_privacies::domain_id.eq(domain.id),
                    whois_privacies::enabled.eq(on),
                    whois_privacies::expires_on.eq(now.expires_at.map(OffsetDateTime::date)),
                    whois_privacies::created_at.eq(origin.now),
                    whois_privacies::updated_at.eq(origin.now),
                ))
                .on_conflict(whois_privacies::domain_id)
                .do_update()
                .set((whois_privacies::enabled.eq(on), whois_privacies::updated_at.eq(origin.now)))
                .returning(WhoisPrivacy::as_returning())
                .get_result(conn)?;
            let was = json!(before.is_some_and(|before| before.enabled));
            let line = Some((DnsAction::DomainWhoisPrivacySet, "on", was, json!(on)));
            Ok((Switched { privacy: Some(privacy), is_first }, line))
        })
    }
}

/// What the record says of a change: what happened, to which value, what it was and is.
type Line = (DnsAction, &'static str, Value, Value);

/// A change under a lock on the domain, recorded where there was one.
fn change<T>(
    conn: &mut Conn,
    domain: &Resource,
    origin: &Origin,
    work: impl FnOnce(&mut Conn, &Registration) -> Result<(T, Option<Line>), DbError>,
) -> Result<Changed<T>, DbError> {
    let now: Option<Registration> = domains::table
        .find(domain.id)
        .select(Registration::as_select())
        .for_no_key_update()
        .first(conn)
        .optional()?;
    let Some(now) = now else { return Ok(Changed::Gone) };
    if now.expires_at.is_none() {
        return Ok(Changed::HostedOnly);
    }
    let (done, line) = work(conn, &now)?;
    if let Some((action, value, before, after)) = line {
        let object = ("domain", Some(domain.id.get()), domain.name.as_str());
        let account = Some(domain.account_id);
        let (before, after) = (Some(json!({ value: before })), Some(json!({ value: after })));
        let event = Event { account, user: None, action, object, before, after };
        audit::record(conn, origin, &event)?;
    }
    Ok(Changed::So(done))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn asked(names: &[&str]) -> Result<Vec<String>, String> {
        name_servers(&names.iter().map(|name| (*name).to_owned()).collect::<Vec<_>>())
    }

    #[test]
    fn a_delegation_has_two_to_thirteen_hosts() {
        assert_eq!(
            asked(&["NS1.Example.com.", "ns2.example.com"]).unwrap(),
            ["ns1.example.com", "ns2.example.com"]
        );
        let many: Vec<String> = (0..14).map(|number| format!("ns{number}.example.com")).collect();
        assert!(name_servers(&many[..13]).is_ok() && name_servers(&many).is_err());
        for bad in [
            &[][..],
            &["ns1.example.com"],
            &["ns1.example.com", "ns1.EXAMPLE.com"],
            &["ns1.example.com", "localhost"],
            &["ns1.example.com", "a b.example.com"],
            &["ns1.example.com", "\0.example.com"],
        ] {
            assert!(asked(bad).is_err(), "{bad:?}");
        }
    }
}
