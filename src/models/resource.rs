//! What grants can be narrowed to. A domain and its zone are made and deleted together.

mod found;

pub use found::MOST_COUNTED;

use super::audit::{self, Action, Event, Origin};
use super::{domain, zone};
use crate::db::schema::resources;
use crate::db::{Conn, DbError};
use crate::models::domain::DOMAIN;
use crate::models::zone::ZONE;
use crate::policy::{KindKey, ResourceRef, Selection, Target, ascii};
use diesel::IntoSql;
use diesel::dsl::{count_star, not};
use diesel::pg::Pg;
use diesel::prelude::*;
use diesel::sql_types::Bool;

/// A domain or a zone.
#[derive(Debug, Clone, PartialEq, Eq, Queryable, Selectable)]
pub struct Resource {
    /// Its id.
    pub id: i64,
    /// Number of its account.
    pub account_id: i64,
    /// Its kind.
    #[diesel(deserialize_as = String)]
    pub kind: KindKey,
    /// Its name, in lower case.
    pub name: String,
}

/// What of an account a list may show: the union of these.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Reach(pub Vec<Selection>);

/// A condition on resources.
pub type Condition = Box<dyn BoxableExpression<resources::table, Pg, SqlType = Bool>>;

impl Reach {
    /// The same as [`Selection::reaches`], for the resources of one kind in one account, in SQL.
    pub fn condition(&self, account: i64, kind: KindKey) -> Condition {
        let mut any: Condition = Box::new(false.into_sql::<Bool>());
        for selection in &self.0 {
            any = Box::new(any.or(reached(selection, account, kind)));
        }
        Box::new(resources::account_id.eq(account).and(resources::kind.eq(kind.to_string())).and(any))
    }
}

fn reached(selection: &Selection, account: i64, kind: KindKey) -> Condition {
    let here = |own: i64| Box::new(resources::account_id.eq(own));
    let ids = || -> Vec<i64> { selection.named().iter().filter_map(|one| one.id).collect() };
    let names = || -> Vec<String> {
        let same = selection.named().iter().filter(|one| one.account == account && one.kind == kind);
        same.map(|one| one.name.clone()).collect()
    };
    let left_out = || not(resources::id.eq_any(ids()).or(resources::name.eq_any(names())));
    match selection {
        Selection::Everywhere { except } if except.is_empty() => here(account),
        Selection::Everywhere { .. } => Box::new(left_out()),
        Selection::Account { account: own, except } if except.is_empty() => here(*own),
        Selection::Account { account: own, .. } => Box::new(resources::account_id.eq(*own).and(left_out())),
        Selection::Only(only) => {
            let own = only.iter().filter(|one| one.account == account);
            Box::new(resources::id.eq_any(own.filter_map(|one| one.id).collect::<Vec<_>>()))
        }
    }
}

/// What is not a domain's name, in a sentence.
#[derive(Debug, thiserror::Error, PartialEq, Eq)]
#[error("“{0}” is not a domain's name; write it like example.com.")]
pub struct NotADomain(pub String);

/// A domain's name in lower case and ASCII, without the dot at the end.
pub fn domain_name(written: &str) -> Result<String, NotADomain> {
    let wrong = || NotADomain(written.to_owned());
    let name = ascii::host_in_ascii(written.trim().trim_end_matches('.')).ok_or_else(wrong)?;
    if name.contains('.') && name.len() <= 253 { Ok(name) } else { Err(wrong()) }
}

impl Resource {
    /// How many resources of a kind the account has.
    pub fn count(conn: &mut Conn, account: i64, kind: KindKey) -> Result<i64, DbError> {
        Ok(of_kind(account, kind).count().get_result(conn)?)
    }

    /// How many resources of each kind these accounts have, as account, kind and count; where there are
    /// none, nothing is said.
    pub fn counts(conn: &mut Conn, accounts: &[i64]) -> Result<Vec<(i64, KindKey, i64)>, DbError> {
        let rows: Vec<(i64, String, i64)> = resources::table
            .filter(resources::account_id.eq_any(accounts))
            .group_by((resources::account_id, resources::kind))
            .select((resources::account_id, resources::kind, count_star()))
            .load(conn)?;
        let of = |(account, kind, count): (i64, String, i64)| {
            Ok((account, KindKey::try_from(kind).map_err(DbError::Corrupt)?, count))
        };
        rows.into_iter().map(of).collect()
    }

    /// The resource of the account with this kind and name.
    pub fn find(
        conn: &mut Conn,
        account: i64,
        kind: KindKey,
        name: &str,
    ) -> Result<Option<Resource>, DbError> {
        Ok(of_kind(account, kind)
            .filter(resources::name.eq(name))
            .select(Resource::as_select())
            .first(conn)
            .optional()?)
    }

    /// The resource of the account with this kind and this name or number.
    pub fn by_name_or_id(
        conn: &mut Conn,
        account: i64,
        kind: KindKey,
        asked: &str,
    ) -> Result<Option<Resource>, DbError> {
        let numbered = asked.bytes().all(|byte| byte.is_ascii_digit()).then(|| asked.parse::<i64>());
        match numbered {
            Some(Ok(id)) => Ok(of_kind(account, kind)
                .filter(resources::id.eq(id))
                .select(Resource::as_select())
                .first(conn)
                .optional()?),
            Some(Err(_)) => Ok(None),
            // Whatever is no name is not there either, and never reaches the database.
            None => match domain_name(asked) {
                Ok(name) => Resource::find(conn, account, kind, &name),
                Err(_) => Ok(None),
            },
        }
    }

    /// The resource, as a decision takes it.
    pub fn target(&self) -> Target<'_> {
        Target::Resource { id: self.id, kind: self.kind, name: &self.name }
    }

    /// Adds domains with their zones and what these are made with, a thousand at a time; those that
    /// are there already stay. Returns how many are new.
    pub fn add_domains(
        conn: &mut Conn,
        account: i64,
        names: &[String],
        origin: &Origin,
    ) -> Result<usize, DbError> {
        let mut added: Vec<String> = Vec::new();
        for part in names.chunks(1_000) {
            let rows: Vec<_> = part
                .iter()
                .flat_map(|name| [DOMAIN, ZONE].map(|kind| (kind, name)))
                .map(|(kind, name)| {
                    (
                        resources::account_id.eq(account),
                        resources::kind.eq(kind.to_string()),
                        resources::name.eq(name),
                        resources::created_at.eq(origin.now),
                    )
                })
                .collect();
            let new: Vec<(i64, String, String)> = diesel::insert_into(resources::table)
                .values(rows)
                .on_conflict_do_nothing()
                .returning((resources::id, resources::kind, resources::name))
                .get_results(conn)?;
            let (domains, zones): (Vec<_>, Vec<_>) =
                new.into_iter().partition(|(_, kind, _)| kind == DOMAIN.as_str());
            let ids = |of: &[(i64, String, String)]| of.iter().map(|(id, _, _)| *id).collect::<Vec<_>>();
            domain::insert(conn, &ids(&domains), origin.now)?;
            zone::insert(conn, &ids(&zones), origin.now)?;
            added.extend(domains.into_iter().map(|(_, _, name)| name));
        }
        if !added.is_empty() {
            let (action, label) = match added.as_slice() {
                [one] => (Action::DomainAdded, one.clone()),
                many => (Action::DomainsAdded, format!("{} domains", many.len())),
            };
            let after = Some(serde_json::json!({ "domains": added }));
            audit::record(conn, origin, &Event { after, ..event(account, action, &label) })?;
        }
        Ok(added.len())
    }

    /// Removes a domain and its zone; says whether there was one.
    pub fn remove_domain(
        conn: &mut Conn,
        account: i64,
        name: &str,
        origin: &Origin,
    ) -> Result<bool, DbError> {
        let gone = diesel::delete(
            resources::table.filter(resources::account_id.eq(account).and(resources::name.eq(name))),
        )
        .execute(conn)?
            > 0;
        if gone {
            audit::record(conn, origin, &event(account, Action::DomainRemoved, name))?;
        }
        Ok(gone)
    }

    /// As a selection remembers it.
    pub fn to_ref(&self) -> ResourceRef {
        ResourceRef { account: self.account_id, id: Some(self.id), kind: self.kind, name: self.name.clone() }
    }
}

#[diesel::dsl::auto_type]
fn of_kind(account: i64, kind: KindKey) -> _ {
    let key: String = kind.to_string();
    resources::table.filter(resources::account_id.eq(account).and(resources::kind.eq(key)))
}

fn event<'a>(account: i64, action: Action, name: &'a str) -> Event<'a> {
    Event {
        account: Some(account),
        user: None,
        action,
        object: ("domain", None, name),
        before: None,
        after: None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_domain_is_kept_in_lower_case_and_ascii() {
        assert_eq!(domain_name(" Example.COM. ").unwrap(), "example.com");
        assert_eq!(domain_name("bücher.example").unwrap(), "xn--bcher-kva.example");
    }

    #[test]
    fn what_is_not_a_domain_is_refused() {
        for wrong in ["", "com", "a b.com", "a..com", "-.com", "a/b.com", "\u{0}.com"] {
            assert!(domain_name(wrong).is_err(), "{wrong:?} was taken for a domain");
        }
    }
}
