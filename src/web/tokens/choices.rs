//! The resources that both forms offer: found, chosen, counted.

use super::draft::{Draft, RowDraft, Whose};
use crate::db::{Conn, DbError};
use crate::models::Resource;
use crate::models::resource::MOST_COUNTED;
use crate::policy::{AccountId, Catalogue, KindKey, MOST_NAMED_RESOURCES, ResourceId};
use std::collections::HashMap;

/// So many resources are offered below a search.
const MOST_FOUND: usize = 8;

/// A resource to choose, or chosen.
pub(super) struct Choice {
    pub(super) id: ResourceId,
    pub(super) name: String,
    /// Its account, where there may be several.
    pub(super) account: Option<String>,
}

/// The search among resources of one row.
pub(super) struct Finder {
    /// What the names of its fields begin with.
    pub(super) key: String,
    pub(super) kind: String,
    pub(super) kinds: String,
    /// How many there are; "1,000+" where they were not counted to the end.
    pub(super) total: String,
    pub(super) q: String,
    pub(super) chosen: Vec<Choice>,
    pub(super) found: Vec<Choice>,
    pub(super) more: bool,
}

/// What the rows of a page choose from: counted and looked up once a kind, however many rows.
pub(super) struct Offers<'a> {
    catalogue: &'a Catalogue,
    whose: &'a Whose,
    accounts: Vec<AccountId>,
    there: &'a HashMap<ResourceId, Resource>,
    totals: HashMap<KindKey, String>,
    first: HashMap<KindKey, Vec<Resource>>,
    /// So many are looked up: enough for the row in which most are chosen already.
    enough: usize,
}

impl<'a> Offers<'a> {
    pub(super) fn new(
        catalogue: &'a Catalogue,
        whose: &'a Whose,
        draft: &Draft,
        there: &'a HashMap<ResourceId, Resource>,
    ) -> Offers<'a> {
        let (totals, first) = (HashMap::new(), HashMap::new());
        let chosen = draft.rows.iter().map(|row| row.chosen.len()).max().unwrap_or(0);
        // One more than is shown tells that there are more.
        let enough = MOST_FOUND + 1 + chosen.min(MOST_NAMED_RESOURCES);
        Offers { catalogue, whose, accounts: whose.numbers(), there, totals, first, enough }
    }

    /// The search of a row, with what it has found so far where `open`.
    pub(super) fn finder(
        &mut self,
        conn: &mut Conn,
        kind: KindKey,
        row: &RowDraft,
        open: bool,
    ) -> Result<Finder, DbError> {
        let found = if open { self.found(conn, kind, row)? } else { Vec::new() };
        Ok(Finder {
            key: row.key.clone(),
            kind: kind.to_string(),
            kinds: self.catalogue.plural(kind),
            total: self.total(conn, kind)?,
            q: row.search.clone(),
            chosen: self.chosen(row, kind),
            more: found.len() > MOST_FOUND,
            found: found.iter().take(MOST_FOUND).map(|one| self.choice(one)).collect(),
        })
    }

    fn total(&mut self, conn: &mut Conn, kind: KindKey) -> Result<String, DbError> {
        if let Some(known) = self.totals.get(&kind) {
            return Ok(known.clone());
        }
        let total = match Resource::count_found(conn, &self.accounts, kind, "")? {
            many if many > MOST_COUNTED => "1,000+".to_owned(),
            some => some.to_string(),
        };
        self.totals.insert(kind, total.clone());
        Ok(total)
    }

    /// What the row's search finds besides what is chosen.
    fn found(&mut self, conn: &mut Conn, kind: KindKey, row: &RowDraft) -> Result<Vec<Resource>, DbError> {
        let most = i64::try_from(self.enough).unwrap_or(i64::MAX);
        let mut found = match self.first.get(&kind).filter(|_| row.search.is_empty()) {
            Some(first) => first.clone(),
            None => Resource::search(conn, &self.accounts, kind, &row.search, most)?,
        };
        if row.search.is_empty() {
            self.first.insert(kind, found.clone());
        }
        found.retain(|one| !row.chosen.contains(&one.id));
        Ok(found)
    }

    fn chosen(&self, row: &RowDraft, kind: KindKey) -> Vec<Choice> {
        let of_kind = row.chosen.iter().filter_map(|id| self.there.get(id));
        let mut chosen: Vec<&Resource> = of_kind.filter(|one| one.kind == kind).collect();
        chosen.sort_by(|left, right| (&left.name, left.account_id).cmp(&(&right.name, right.account_id)));
        chosen.into_iter().map(|one| self.choice(one)).collect()
    }

    fn choice(&self, one: &Resource) -> Choice {
        Choice { id: one.id, name: one.name.clone(), account: account_of(self.whose, one) }
    }
}

/// The name of a resource's account, where a token may reach several.
pub(super) fn account_of(whose: &Whose, one: &Resource) -> Option<String> {
    let known = whose.accounts.iter().find(|(id, ..)| *id == one.account_id);
    known.filter(|_| whose.of_user).map(|(_, name, _)| name.clone())
}

/// The chosen resources that are there, by id.
pub(super) fn chosen(
    conn: &mut Conn,
    whose: &Whose,
    draft: &Draft,
) -> Result<HashMap<ResourceId, Resource>, DbError> {
    let ids = draft.chosen();
    if ids.is_empty() {
        return Ok(HashMap::new());
    }
    let found = Resource::of_ids(conn, &whose.numbers(), &ids)?;
    Ok(found.into_iter().map(|resource| (resource.id, resource)).collect())
}
