//! What somebody has entered so far: a pure type with one parser, for Generate, Review, and the
//! round trip that keeps everything without scripting.

use crate::models::Resource;
use crate::models::token::TokenName;
use crate::models::token::expiry::{Expiry, PRESELECTED_DAYS, PRESETS};
use crate::policy::{
    Access, Catalogue, Grant, MOST_NAMED_RESOURCES, Permission, PermissionKey, Policy, RecordFilter, Rights,
    Selection,
};
use crate::web::form::Fields;
use std::collections::HashMap;
use time::OffsetDateTime;
use uuid::Uuid;

/// Where a permission applies, as far as that is chosen.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Where {
    /// Not chosen yet.
    #[default]
    Unchosen,
    /// All, including future ones.
    All,
    /// Only the chosen ones.
    Named,
}

impl Where {
    /// As the form spells it.
    pub fn key(self) -> &'static str {
        match self {
            Where::Unchosen => "",
            Where::All => "all",
            Where::Named => "named",
        }
    }
}

/// One permission of the form.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct RowDraft {
    /// The access, if any.
    pub access: Option<Access>,
    /// Where it applies.
    pub reach: Where,
    /// Ids of the chosen resources.
    pub chosen: Vec<i64>,
    /// What was searched for.
    pub search: String,
}

impl RowDraft {
    /// The row that says the same as this grant, if one can.
    fn like(grant: &Grant) -> Option<RowDraft> {
        let (reach, chosen) = match &grant.selection {
            _ if !grant.records.is_open() => return None,
            Selection::Only(only) => (Where::Named, only.iter().filter_map(|one| one.id).collect()),
            Selection::Account { except, .. } if except.is_empty() => (Where::All, Vec::new()),
            Selection::Account { .. } | Selection::Everywhere { .. } => return None,
        };
        Some(RowDraft { access: Some(grant.access), reach, chosen, search: String::new() })
    }
}

/// The form, as it was filled in.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Draft {
    /// Makes posting it twice harmless.
    pub nonce: Uuid,
    /// The name, as typed.
    pub name: String,
    /// Whether Everything is chosen instead of permissions.
    pub everything: bool,
    /// The rows, by permission.
    pub rows: HashMap<PermissionKey, RowDraft>,
    /// `30`, `90`, `365`, `date` or `never`.
    pub expires: String,
    /// The day, as typed.
    pub expires_on: String,
}

/// What is wrong, and where: `name`, `reach`, `KEY.access`, `KEY.where`, `expires`, `expires_on`.
pub type Problems = Vec<(String, String)>;

impl Draft {
    /// An empty form.
    pub fn blank() -> Draft {
        Draft {
            nonce: Uuid::new_v4(),
            name: String::new(),
            everything: false,
            rows: HashMap::new(),
            expires: PRESELECTED_DAYS.to_string(),
            expires_on: String::new(),
        }
    }

    /// A form filled in like a token, and the titles of what it cannot say: exceptions, records,
    /// or several grants of one permission. Those are left at *No access*, never widened. Resources
    /// that are gone are left out; of the lifetime only "never" is carried over.
    pub fn like(
        name: &str,
        rights: &Rights,
        never_expires: bool,
        catalogue: &Catalogue,
    ) -> (Draft, Vec<String>) {
        let mut draft = Draft { name: name.to_owned(), ..Draft::blank() };
        let mut unsaid = Vec::new();
        if never_expires {
            draft.expires = "never".to_owned();
        }
        let grants = match rights {
            Rights::Everything => {
                draft.everything = true;
                return (draft, unsaid);
            }
            Rights::Grants(grants) => grants,
        };
        for permission in catalogue.for_account_tokens() {
            let of_it: Vec<&Grant> =
                grants.iter().filter(|grant| grant.permission == permission.key).collect();
            let row = match of_it.as_slice() {
                [] => continue,
                [grant] => RowDraft::like(grant),
                _ => None,
            };
            match row {
                Some(row) => drop(draft.rows.insert(permission.key.clone(), row)),
                None => unsaid.push(permission.title.clone()),
            }
        }
        (draft, unsaid)
    }

    /// Reads a posted form. It never fails: what makes no sense is said by [`Draft::check`].
    pub fn parse(fields: &Fields, catalogue: &Catalogue) -> Draft {
        let rows = catalogue.for_account_tokens().map(|permission| {
            let key = &permission.key;
            let mut chosen: Vec<i64> =
                fields.all(&format!("{key}.id")).filter_map(|id| id.parse().ok()).collect();
            chosen.sort_unstable();
            chosen.dedup();
            let row = RowDraft {
                access: Access::from_key(fields.get(&format!("{key}.access"))),
                reach: match fields.get(&format!("{key}.where")) {
                    "all" => Where::All,
                    "named" => Where::Named,
                    _ => Where::Unchosen,
                },
                chosen,
                search: fields.get(&format!("{key}.q")).trim().to_owned(),
            };
            (key.clone(), row)
        });
        Draft {
            // A form without a nonce is none of ours; with a fresh one it is only asked again.
            nonce: fields.get("nonce").parse().unwrap_or_else(|_| Uuid::new_v4()),
            name: fields.get("name").to_owned(),
            everything: fields.get("reach") == "everything",
            rows: rows.collect(),
            expires: fields.get("expires").to_owned(),
            expires_on: fields.get("expires_on").trim().to_owned(),
        }
    }

    /// The row of a permission.
    pub fn row(&self, permission: &Permission) -> RowDraft {
        self.rows.get(&permission.key).cloned().unwrap_or_default()
    }

    /// Every chosen id, once.
    pub fn chosen(&self) -> Vec<i64> {
        let mut ids: Vec<i64> = self.rows.values().flat_map(|row| row.chosen.iter().copied()).collect();
        ids.sort_unstable();
        ids.dedup();
        ids
    }

    /// The expiry, if it makes sense.
    pub fn expiry(&self, now: OffsetDateTime) -> Result<Expiry, (String, String)> {
        match self.expires.as_str() {
            "never" => Ok(Expiry::Never),
            "date" => Expiry::parse_day(&self.expires_on, now)
                .map_err(|why| ("expires_on".to_owned(), why.to_string())),
            days => PRESETS
                .into_iter()
                .find(|preset| preset.to_string() == days)
                .map(Expiry::Days)
                .ok_or_else(|| ("expires".to_owned(), "Choose until when the token works.".to_owned())),
        }
    }

    /// What the form asks for, or everything that is wrong with it.
    pub fn check(
        &self,
        catalogue: &Catalogue,
        scoped: bool,
        account: i64,
        there: &HashMap<i64, Resource>,
        now: OffsetDateTime,
    ) -> Result<(TokenName, Policy), Problems> {
        let mut problems = Problems::new();
        let name =
            TokenName::parse(&self.name).map_err(|why| problems.push(("name".to_owned(), why.to_string())));
        let rights = if self.everything || !scoped {
            Rights::Everything
        } else {
            Rights::Grants(self.grants(catalogue, account, there, &mut problems))
        };
        let expiry = self.expiry(now).map_err(|problem| problems.push(problem));
        match (name, expiry) {
            (Ok(name), Ok(expiry)) if problems.is_empty() => {
                Ok((name, Policy { expires_at: expiry.ends_at(now), ..Policy::unconditional(rights) }))
            }
            _ => Err(problems),
        }
    }

    fn grants(
        &self,
        catalogue: &Catalogue,
        account: i64,
        there: &HashMap<i64, Resource>,
        problems: &mut Problems,
    ) -> Vec<Grant> {
        let mut grants = Vec::new();
        let mut named = 0;
        let mut raised = false;
        for permission in catalogue.for_account_tokens() {
            let row = self.row(permission);
            let Some(access) = row.access else { continue };
            raised = true;
            if !permission.access.contains(&access) {
                let why = format!("{} can be read only.", permission.title);
                problems.push((format!("{}.access", permission.key), why));
                continue;
            }
            match selection(permission, &row, account, there) {
                Ok(selection) => {
                    named += selection.named().len();
                    let (permission, records) = (permission.key.clone(), RecordFilter::default());
                    grants.push(Grant { permission, access, selection, records });
                }
                Err(why) => problems.push((format!("{}.where", permission.key), why)),
            }
        }
        if !raised {
            let why = "Choose at least one permission: without any, the token could do nothing.";
            problems.push(("reach".to_owned(), why.to_owned()));
        }
        if named > MOST_NAMED_RESOURCES {
            let why = format!("One token can name {MOST_NAMED_RESOURCES} resources, this one names {named}.");
            problems.push(("reach".to_owned(), why));
        }
        grants
    }
}

fn selection(
    permission: &Permission,
    row: &RowDraft,
    account: i64,
    there: &HashMap<i64, Resource>,
) -> Result<Selection, String> {
    let all = Selection::Account { account, except: Vec::new() };
    let Some(kind) = permission.narrowed_by else { return Ok(all) };
    match row.reach {
        Where::All => Ok(all),
        Where::Unchosen => Err(format!(
            "Choose where {} applies: to all {}, or to selected ones.",
            permission.title,
            kind.plural()
        )),
        Where::Named if row.chosen.is_empty() => Err(format!(
            "Select at least one {}; with none, {} would do nothing.",
            kind.key(),
            permission.title
        )),
        Where::Named => {
            let fitting = |id: &i64| there.get(id).and_then(Resource::to_ref).filter(|one| one.kind == kind);
            let found: Vec<_> = row.chosen.iter().filter_map(fitting).collect();
            if found.len() == row.chosen.len() {
                Ok(Selection::Only(found))
            } else {
                Err(format!("A selected {} was deleted meanwhile. Look at the selection again.", kind.key()))
            }
        }
    }
}

#[cfg(test)]
mod tests;
