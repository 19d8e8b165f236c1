//! What grants can be narrowed to.

mod found;
mod import;
mod site_names;

pub use found::MOST_COUNTED;
pub use import::{Difference, Narrowed};
pub use site_names::Shared;

use super::Hooks;
use super::audit::{self, Event, Origin};
use crate::db::schema::resources;
use crate::db::{Conn, DbError};
use crate::policy::{AccountId, Kind, KindKey, ResourceId, ResourceRef, Selection, Target, Unique};
use diesel::IntoSql;
use diesel::dsl::{count_star, not};
use diesel::pg::Pg;
use diesel::prelude::*;
use diesel::sql_types::Bool;
use std::collections::HashSet;

/// Something of an account that grants can be narrowed to.
#[derive(Debug, Clone, PartialEq, Eq, Queryable, Selectable)]
pub struct Resource {
    /// Its id.
    pub id: ResourceId,
    /// Number of its account.
    pub account_id: AccountId,
    /// Its kind.
    #[diesel(deserialize_as = String)]
    pub kind: KindKey,
    /// Its name, as paths spell it.
    pub name: String,
}

/// A kind, as far as changes of its resources need it.
#[derive(Debug, Clone, Copy)]
pub struct OfKind<'a> {
    /// Its key.
    pub key: KindKey,
    /// What several are called, within a sentence.
    pub plural: &'a str,
    /// Among what its names are given once.
    pub unique: Unique,
}

impl<'a> From<&'a Kind> for OfKind<'a> {
    fn from(kind: &'a Kind) -> OfKind<'a> {
        OfKind { key: kind.key, plural: &kind.plural, unique: kind.unique }
    }
}

/// What came of adding resources.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct Added {
    /// How many are new.
    pub new: usize,
    /// Names that another account has, of a kind whose names are given once on the site. They aren't
    /// added.
    pub taken: Vec<String>,
}

/// What of an account a list may show: the union of these.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Reach(pub Vec<Selection>);

/// A condition on resources.
pub type Condition = Box<dyn BoxableExpression<resources::table, Pg, SqlType = Bool>>;

impl Reach {
    /// The same as [`Selection::reaches`], for the resources of one kind in one account, in SQL.
    pub fn condition(&self, account: AccountId, kind: KindKey) -> Condition {
        let mut any: Condition = Box::new(false.into_sql::<Bool>());
        for selection in &self.0 {
            any = Box::new(any.or(reached(selection, account, kind)));
        }
        Box::new(resources::account_id.eq(account).and(resources::kind.eq(kind.to_string())).and(any))
    }
}

fn reached(selection: &Selection, account: AccountId, kind: KindKey) -> Condition {
    let here = |own: AccountId| Box::new(resources::account_id.eq(own));
    let ids = || -> Vec<ResourceId> { selection.named().iter().filter_map(|one| one.id).collect() };
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

impl Resource {
    /// How many resources of a kind the account has.
    pub fn count(conn: &mut Conn, account: AccountId, kind: KindKey) -> Result<i64, DbError> {
        Ok(of_kind(account, kind).count().get_result(conn)?)
    }

    /// How many resources of each kind these accounts have, as account, kind and count; where there are
    /// none, nothing is said.
    pub fn counts(
        conn: &mut Conn,
        accounts: &[AccountId],
    ) -> Result<Vec<(AccountId, KindKey, i64)>, DbError> {
        let rows: Vec<(AccountId, String, i64)> = resources::table
            .filter(resources::account_id.eq_any(accounts))
            .group_by((resources::account_id, resources::kind))
            .select((resources::account_id, resources::kind, count_star()))
            .load(conn)?;
        let of = |(account, kind, count): (AccountId, String, i64)| {
            Ok((account, KindKey::try_from(kind).map_err(DbError::Corrupt)?, count))
        };
        rows.into_iter().map(of).collect()
    }

    /// The resource of the account with this kind and name.
    pub fn find(
        conn: &mut Conn,
        account: AccountId,
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
        account: AccountId,
        kind: KindKey,
        asked: &str,
        hooks: &Hooks,
    ) -> Result<Option<Resource>, DbError> {
        if is_number(asked) {
            let Ok(id) = asked.parse::<i64>() else { return Ok(None) };
            return Ok(of_kind(account, kind)
                .filter(resources::id.eq(id))
                .select(Resource::as_select())
                .first(conn)
                .optional()?);
        }
        // What is no name isn't there either, and never reaches the database.
        let Some(name) = Resource::asked_name(kind, asked, hooks) else { return Ok(None) };
        Resource::find(conn, account, kind, &name)
    }

    /// The name of what a call asks for, as it's stored; `None` for a number, and for what can be no name.
    pub fn asked_name(kind: KindKey, asked: &str, hooks: &Hooks) -> Option<String> {
        if is_number(asked) { None } else { (hooks.resource_name)(kind, asked).ok() }
    }

    /// Which of these accounts has the resource of this kind and name; `None` where none has, or several.
    pub fn account_of(
        conn: &mut Conn,
        accounts: &[AccountId],
        kind: KindKey,
        name: &str,
    ) -> Result<Option<AccountId>, DbError> {
        let found: Vec<AccountId> = resources::table
            .filter(resources::account_id.eq_any(accounts))
            .filter(resources::kind.eq(kind.to_string()).and(resources::name.eq(name)))
            .select(resources::account_id)
            .limit(2)
            .load(conn)?;
        Ok(if let [one] = found.as_slice() { Some(*one) } else { None })
    }

    /// The resource, as a decision takes it.
    pub fn target(&self) -> Target<'_> {
        Target::Resource { id: self.id, kind: self.kind, name: &self.name }
    }

    /// Adds resources of a kind with what an extension keeps of them; those that are there already stay.
    pub fn add(
        conn: &mut Conn,
        account: AccountId,
        kind: OfKind<'_>,
        names: &[String],
        hooks: &Hooks,
        origin: &Origin,
    ) -> Result<Added, DbError> {
        Resource::add_noting(conn, account, kind, names, hooks, origin, &mut |_| ())
    }

    /// The same, a thousand at a time; `progress` is told how many are done.
    fn add_noting(
        conn: &mut Conn,
        account: AccountId,
        kind: OfKind<'_>,
        names: &[String],
        hooks: &Hooks,
        origin: &Origin,
        progress: &mut dyn FnMut(usize),
    ) -> Result<Added, DbError> {
        let OfKind { key, plural, unique } = kind;
        let mut added: Vec<String> = Vec::new();
        let mut taken: Vec<String> = Vec::new();
        let mut done = 0;
        for part in names.chunks(1_000) {
            let rows: Vec<_> = part
                .iter()
                .map(|name| {
                    (
                        resources::account_id.eq(account),
                        resources::kind.eq(key.to_string()),
                        resources::name.eq(name),
                        resources::site_key.eq((unique == Unique::Site).then_some(name)),
                        resources::created_at.eq(origin.now),
                    )
                })
                .collect();
            let new: Vec<Resource> = diesel::insert_into(resources::table)
                .values(rows)
                .on_conflict_do_nothing()
                .returning(Resource::as_returning())
                .get_results(conn)?;
            (hooks.added)(conn, &new, origin)?;
            // What wasn't added is there already, in this account or in another one.
            if unique == Unique::Site && new.len() < part.len() {
                let known: HashSet<&str> = new.iter().map(|one| one.name.as_str()).collect();
                let left: Vec<&String> = part.iter().filter(|name| !known.contains(name.as_str())).collect();
                let own = of_kind(account, key).filter(resources::name.eq_any(&left));
                let own: HashSet<String> = own.select(resources::name).load(conn)?.into_iter().collect();
                taken.extend(left.into_iter().filter(|name| !own.contains(name.as_str())).cloned());
            }
            added.extend(new.into_iter().map(|one| one.name));
            done += part.len();
            progress(done);
        }
        let (action, label) = match added.as_slice() {
            [] => return Ok(Added { new: 0, taken }),
            [one] => (format!("{key}.added"), one.clone()),
            many => (format!("{key}s.added"), format!("{} {plural}", many.len())),
        };
        let after = serde_json::Map::from_iter([(plural.to_owned(), serde_json::json!(added))]);
        let event = event(account, &key, action, &label);
        audit::record(conn, origin, &Event { after: Some(after.into()), ..event })?;
        Ok(Added { new: added.len(), taken })
    }

    /// Removes a resource with what an extension keeps of it; says whether there was one.
    pub fn remove(
        conn: &mut Conn,
        account: AccountId,
        kind: KindKey,
        name: &str,
        hooks: &Hooks,
        origin: &Origin,
    ) -> Result<bool, DbError> {
        match Resource::find(conn, account, kind, name)? {
            Some(found) => found.delete(conn, hooks, origin),
            None => Ok(false),
        }
    }

    /// Removes this resource, by its number: another one may have its name by now. Says whether it was still there.
    pub fn delete(&self, conn: &mut Conn, hooks: &Hooks, origin: &Origin) -> Result<bool, DbError> {
        let own = of_kind(self.account_id, self.kind).filter(resources::id.eq(self.id));
        let gone: Option<Resource> =
            diesel::delete(own).returning(Resource::as_returning()).get_result(conn).optional()?;
        let Some(gone) = gone else { return Ok(false) };
        (hooks.removed)(conn, &gone)?;
        let action = format!("{}.removed", self.kind);
        audit::record(conn, origin, &event(self.account_id, &self.kind, action, &self.name))?;
        Ok(true)
    }

    /// As a selection remembers it.
    pub fn to_ref(&self) -> ResourceRef {
        ResourceRef { account: self.account_id, id: Some(self.id), kind: self.kind, name: self.name.clone() }
    }
}

#[diesel::dsl::auto_type]
fn of_kind(account: AccountId, kind: KindKey) -> _ {
    let key: String = kind.to_string();
    resources::table.filter(resources::account_id.eq(account).and(resources::kind.eq(key)))
}

fn event<'a>(account: AccountId, kind: &'a KindKey, action: String, name: &'a str) -> Event<'a, String> {
    Event {
        account: Some(account),
        user: None,
        action,
        object: (kind.as_str(), None, name),
        before: None,
        after: None,
    }
}

fn is_number(asked: &str) -> bool {
    asked.bytes().all(|byte| byte.is_ascii_digit())
}
