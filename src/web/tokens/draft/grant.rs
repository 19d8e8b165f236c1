//! A row of a draft as a grant: where it applies, and whether the person may grant it there.

use super::check::Checked;
use super::{RowDraft, Where};
use crate::models::Resource;
use crate::policy::{Access, Grant, KindKey, Parts, Permission, ResourceId, ResourceRef, Selection};

/// What is wrong with a row, by the end of its field's name.
pub(super) type Wrong = (String, String);

impl Checked<'_> {
    /// What the row grants, or what is wrong with it.
    pub(super) fn grant(
        &self,
        row: &RowDraft,
        permission: &Permission,
        access: Access,
    ) -> Result<Grant, Vec<Wrong>> {
        if permission.is_of_user() && !self.whose.of_user {
            return Err(vec![(
                "permission".to_owned(),
                format!("{} is for user tokens only.", permission.title),
            )]);
        }
        if !permission.access.contains(&access) {
            let why = match access {
                Access::Full => format!("{} can be read only.", permission.title),
                Access::Read => format!("{} has no access for reading alone.", permission.title),
            };
            return Err(vec![("access".to_owned(), why)]);
        }
        if !self.whose.may_grant(permission, access) {
            let why = format!("None of your roles may grant {} with {}.", permission.title, access.title());
            return Err(vec![("access".to_owned(), why)]);
        }
        let mut wrong = Vec::new();
        let selection =
            self.selection(row, permission, access).map_err(|why| wrong.push(("where".to_owned(), why)));
        let parts = self.parts(row, permission, &mut wrong);
        match selection {
            Ok(selection) if wrong.is_empty() => {
                Ok(Grant { permission: permission.key.clone(), access, selection, parts })
            }
            _ => Err(wrong),
        }
    }

    fn selection(
        &self,
        row: &RowDraft,
        permission: &Permission,
        access: Access,
    ) -> Result<Selection, String> {
        // What is the user's own belongs to no account.
        if permission.is_of_user() {
            return Ok(Selection::Everywhere { except: Vec::new() });
        }
        // For whom the account is a question, none is filled in that was not chosen.
        let account = || {
            let account = if self.whose.of_user { row.account } else { self.whose.only_account() };
            let account = account.ok_or_else(|| "Choose an account.".to_owned())?;
            self.whose.refusal(permission, access, account).map_or(Ok(account), Err)
        };
        let all = || account().map(|account| Selection::Account { account, except: Vec::new() });
        let Some(kind) = permission.narrowed_by else {
            return match row.reach {
                Where::Everywhere if self.whose.of_user => Ok(Selection::Everywhere { except: Vec::new() }),
                _ if !self.whose.of_user => all(),
                Where::All => all(),
                _ => Err(format!("Choose in which accounts {} applies.", permission.title)),
            };
        };
        if row.unreadable && row.reach.names_some() {
            return Err(format!(
                "A selected {} can't be read. Look at the selection again.",
                self.catalogue.noun(kind)
            ));
        }
        match row.reach {
            Where::All => all(),
            Where::Except => {
                let selection = Selection::Account { account: account()?, except: self.left_out(row, kind)? };
                self.within(&selection)?;
                Ok(selection)
            }
            Where::Everywhere if self.whose.of_user => Ok(Selection::Everywhere { except: Vec::new() }),
            Where::EverywhereExcept if self.whose.of_user => {
                Ok(Selection::Everywhere { except: self.left_out(row, kind)? })
            }
            Where::Named if row.chosen.is_empty() => Err(format!(
                "Select at least one {}; with none, {} would do nothing.",
                self.catalogue.noun(kind),
                permission.title
            )),
            Where::Named => {
                let only = self.chosen(row, kind)?;
                let refusal = |one: &ResourceRef| self.whose.refusal(permission, access, one.account);
                only.iter().find_map(refusal).map_or(Ok(()), Err)?;
                Ok(Selection::Only(only))
            }
            Where::Unchosen | Where::Everywhere | Where::EverywhereExcept => Err(format!(
                "Choose where {} applies: to all {}, or to selected ones.",
                permission.title,
                self.catalogue.plural(kind)
            )),
        }
    }

    /// The chosen resources of a kind, all of which must be there.
    fn chosen(&self, row: &RowDraft, kind: KindKey) -> Result<Vec<ResourceRef>, String> {
        let fitting =
            |id: &ResourceId| self.there.get(id).map(Resource::to_ref).filter(|one| one.kind == kind);
        let found: Vec<_> = row.chosen.iter().filter_map(fitting).collect();
        if found.len() == row.chosen.len() {
            Ok(found)
        } else {
            Err(format!(
                "A selected {} was deleted meanwhile. Look at the selection again.",
                self.catalogue.noun(kind)
            ))
        }
    }

    /// What is left out, which is something: "except selected ones" never turns into all of them.
    fn left_out(&self, row: &RowDraft, kind: KindKey) -> Result<Vec<ResourceRef>, String> {
        if !row.chosen.is_empty() {
            return self.chosen(row, kind);
        }
        let of = match row.reach {
            Where::EverywhereExcept => " in all accounts",
            _ if self.whose.of_user => " of one account",
            _ => "",
        };
        Err(format!(
            "Select what to leave out, or choose All {}{of}, including future ones.",
            self.catalogue.plural(kind)
        ))
    }

    /// Whether everything that is left out of one account is in that account.
    fn within(&self, selection: &Selection) -> Result<(), String> {
        let Selection::Account { account, except } = selection else { return Ok(()) };
        let Some(other) = except.iter().find(|one| one.account != *account) else { return Ok(()) };
        let name = |id| self.whose.role(id).map_or_else(|| id.to_string(), |(name, _)| name.to_owned());
        Err(format!(
            "{} is in {}, and not among what {} has: take it out of the selection.",
            other.name,
            name(other.account),
            name(*account)
        ))
    }

    fn parts(&self, row: &RowDraft, permission: &Permission, wrong: &mut Vec<Wrong>) -> Parts {
        let mut parts = Parts::default();
        let Some(kind) = self.catalogue.kind_of(permission) else { return parts };
        for part in permission.parts.iter().filter_map(|key| kind.part(key)) {
            match part.parse(row.part(&part.key)) {
                Ok(patterns) => parts = parts.with(&part.key, patterns),
                Err(why) => wrong.push((RowDraft::part_field(&part.key), why)),
            }
        }
        parts
    }
}
