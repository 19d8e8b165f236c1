//! Resources as a whole list: what's missing in it is removed.

use super::{Added, OfKind, Resource, event, of_kind};
use crate::db::schema::{accounts, resources, token_grant_resources, token_grants, tokens};
use crate::db::{Conn, DbError};
use crate::models::Hooks;
use crate::models::audit::{self, Event, Origin};
use crate::models::token::live::live;
use crate::policy::{AccountId, ResourceId, TokenId};
use diesel::prelude::*;
use std::collections::HashSet;
use time::OffsetDateTime;

/// How many names of tokens are told.
const MOST_NAMED: i64 = 10;

/// How a list differs from what the account has.
#[derive(Debug)]
pub struct Difference {
    /// What's only in the list.
    pub added: Vec<String>,
    /// What's only in the account.
    pub removed: Vec<Resource>,
    /// How many are in both.
    pub kept: usize,
}

/// Tokens that lose a resource which one of their grants names.
#[derive(Debug, PartialEq, Eq)]
pub struct Narrowed {
    /// How many.
    pub count: i64,
    /// The names of the first ten.
    pub names: Vec<String>,
}

impl Difference {
    /// Compares the account's resources of a kind with a list, and lets no other list of that account in
    /// between until the transaction ends.
    pub fn of(
        conn: &mut Conn,
        account: AccountId,
        kind: OfKind<'_>,
        names: &[String],
    ) -> Result<Difference, DbError> {
        accounts::table.find(account).select(accounts::id).for_no_key_update().first::<i64>(conn)?;
        let there: Vec<Resource> = of_kind(account, kind.key).select(Resource::as_select()).load(conn)?;
        let wanted: HashSet<&str> = names.iter().map(String::as_str).collect();
        let known: HashSet<&str> = there.iter().map(|one| one.name.as_str()).collect();
        let added: Vec<String> =
            wanted.iter().filter(|name| !known.contains(*name)).map(|name| (*name).to_owned()).collect();
        let kept = wanted.len() - added.len();
        let removed = there.iter().filter(|one| !wanted.contains(one.name.as_str())).cloned().collect();
        Ok(Difference { added, removed, kept })
    }

    /// Live tokens with a grant for only some resources that names what is removed.
    pub fn narrowed(&self, conn: &mut Conn, now: OffsetDateTime) -> Result<Narrowed, DbError> {
        let ids: Vec<ResourceId> = self.removed.iter().map(|one| one.id).collect();
        let naming = token_grant_resources::table
            .inner_join(token_grants::table)
            .filter(token_grant_resources::resource_id.eq_any(ids).assume_not_null())
            .filter(token_grant_resources::effect.eq("include"))
            .select(token_grants::token_id)
            .distinct();
        let of: Vec<TokenId> = naming.load(conn)?;
        let found = || tokens::table.filter(tokens::id.eq_any(&of)).filter(live(now));
        let count = found().count().get_result(conn)?;
        let names = found().order((tokens::name, tokens::id)).limit(MOST_NAMED).select(tokens::name);
        Ok(Narrowed { count, names: names.load(conn)? })
    }

    /// Adds and removes what differs. `progress` is told how many are done.
    pub fn apply(
        self,
        conn: &mut Conn,
        account: AccountId,
        kind: OfKind<'_>,
        hooks: &Hooks,
        origin: &Origin,
        progress: &mut dyn FnMut(usize),
    ) -> Result<Added, DbError> {
        let ids: Vec<ResourceId> = self.removed.iter().map(|one| one.id).collect();
        diesel::delete(resources::table.filter(resources::id.eq_any(ids))).execute(conn)?;
        for gone in &self.removed {
            (hooks.removed)(conn, gone)?;
        }
        progress(self.removed.len());
        let names: Vec<&str> = self.removed.iter().map(|one| one.name.as_str()).collect();
        let (action, label) = match names.as_slice() {
            [] => (String::new(), String::new()),
            [one] => (format!("{}.removed", kind.key), (*one).to_owned()),
            many => (format!("{}s.removed", kind.key), format!("{} {}", many.len(), kind.plural)),
        };
        if !names.is_empty() {
            let before = serde_json::Map::from_iter([(kind.plural.to_owned(), serde_json::json!(names))]);
            let event = event(account, &kind.key, action, &label);
            audit::record(conn, origin, &Event { before: Some(before.into()), ..event })?;
        }
        let removed = names.len();
        let mut progress = |added: usize| progress(removed + added);
        Resource::add_noting(conn, account, kind, &self.added, hooks, origin, &mut progress)
    }
}
