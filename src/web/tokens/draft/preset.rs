//! What a form starts with: a template, or what an address asks for in its query.

use super::like::written;
use super::{Draft, Level, RowDraft, Shape, Where, Whose};
use crate::models::Resource;
use crate::models::token::expiry::PRESETS;
use crate::policy::catalogue::Reach;
use crate::policy::scope::{self, Written};
use crate::policy::{AccountId, Catalogue, KindKey, Template, shown};
use crate::web::form::Fields;

/// So many sentences say what an address asks for in vain.
const MOST_SAID: usize = 10;

/// Looks up resources by their names: kind, names.
pub type Find<'a, E> = &'a mut dyn FnMut(KindKey, &[String]) -> Result<Vec<Resource>, E>;

impl Draft {
    /// A template, filled in, and the titles of what the person's roles do not allow, which is left
    /// out.
    pub fn from_template(template: &Template, catalogue: &Catalogue, whose: &Whose) -> (Draft, Vec<String>) {
        let mut draft = Draft { name: template.title.clone(), ..Draft::blank(Shape::Builder) };
        let mut left_out = Vec::new();
        for (row, permission) in template.rows(catalogue, whose.of_user) {
            let asked = row.access();
            if asked.is_some_and(|access| !whose.may_grant(permission, access)) {
                left_out.push(permission.title.clone());
                continue;
            }
            let (reach, account) = match row.reach {
                Reach::Choose => (Where::Named, None),
                Reach::All => all(whose),
            };
            draft.rows.push(RowDraft {
                key: RowDraft::next_key(&draft.rows),
                permission: Some(permission.key.clone()),
                level: asked.map_or(Level::NoAccess, Level::Of),
                reach,
                account,
                parts: written(catalogue, permission, &row.parts),
                ..RowDraft::default()
            });
        }
        (draft, left_out)
    }

    /// The form that an address asks for: `template`, `name`, `scope` (repeated, in scope text),
    /// `expires` (30, 90, 365, never or a day), `from`, `not_from`, `starts_on`; and sentences about
    /// what cannot be filled in. Nothing is taken for granted: [`Draft::check`] decides as for what
    /// is typed.
    pub fn from_query<E>(
        query: &Fields,
        catalogue: &Catalogue,
        whose: &Whose,
        find: Find<'_, E>,
    ) -> Result<(Draft, Vec<String>), E> {
        let mut said = Vec::new();
        let key = query.get("template");
        let mut draft = match catalogue.template(key) {
            Some(template) => {
                let (draft, left_out) = Draft::from_template(template, catalogue, whose);
                if !left_out.is_empty() {
                    said.push(format!("Left out, as your role does not go so far: {}.", left_out.join(", ")));
                }
                draft
            }
            None => Draft::blank(Shape::Builder),
        };
        if !key.is_empty() && catalogue.template(key).is_none() {
            said.push(format!("There is no template “{}”.", shown(key)));
        }
        for text in query.all("scope") {
            if draft.rows.len() == super::MOST_ROWS {
                break;
            }
            match scope::parse(catalogue, text) {
                Ok(written) if written.permission.is_of_user() && !whose.of_user => {
                    said.push(format!("{} is for user tokens only.", written.permission.title));
                }
                Ok(written) => {
                    let key = RowDraft::next_key(&draft.rows);
                    draft.rows.push(row(key, &written, catalogue, whose, find, &mut said)?);
                }
                Err(why) => said.push(why),
            }
        }
        draft.take_conditions(query);
        if said.len() > MOST_SAID {
            let more = said.len() - MOST_SAID;
            said.truncate(MOST_SAID);
            said.push(format!("And {more} more."));
        }
        Ok((draft, said))
    }

    fn take_conditions(&mut self, query: &Fields) {
        let given = |name: &str| Some(query.get(name).trim().to_owned()).filter(|text| !text.is_empty());
        if let Some(name) = given("name") {
            self.name = name;
        }
        match given("expires") {
            Some(life) if life == "never" || PRESETS.iter().any(|days| days.to_string() == life) => {
                self.expires = life;
            }
            Some(day) => (self.expires, self.expires_on) = ("date".to_owned(), day),
            None => {}
        }
        let lines = |name: &str| query.all(name).map(str::trim).collect::<Vec<_>>().join("\n");
        (self.from, self.not_from) = (lines("from"), lines("not_from"));
        self.starts_on = given("starts_on").unwrap_or_default();
    }
}

/// All that such a token can reach.
fn all(whose: &Whose) -> (Where, Option<AccountId>) {
    match whose.only_account() {
        Some(account) => (Where::All, Some(account).filter(|_| whose.of_user)),
        None => (Where::Everywhere, None),
    }
}

fn row<E>(
    key: String,
    scope: &Written<'_>,
    catalogue: &Catalogue,
    whose: &Whose,
    find: Find<'_, E>,
    said: &mut Vec<String>,
) -> Result<RowDraft, E> {
    let (wide, account) = all(whose);
    let (reach, names) = match &scope.only {
        Some(only) => (Where::Named, only.as_slice()),
        None if scope.except.is_empty() => (wide, [].as_slice()),
        None if wide == Where::Everywhere => (Where::EverywhereExcept, scope.except.as_slice()),
        None => (Where::Except, scope.except.as_slice()),
    };
    let mut chosen = Vec::new();
    if let Some(kind) = scope.permission.narrowed_by.filter(|_| !names.is_empty()) {
        let found = find(kind, names)?;
        for name in names {
            let mut same = found.iter().filter(|one| one.name == *name);
            match (same.next(), same.next()) {
                (Some(one), None) => chosen.push(one.id),
                (Some(_), Some(_)) => {
                    said.push(format!(
                        "Several of your accounts have a {} {}: choose which.",
                        catalogue.noun(kind),
                        shown(name)
                    ));
                }
                (None, _) => said.push(format!("There is no {} {} here.", catalogue.noun(kind), shown(name))),
            }
        }
        chosen.sort_unstable();
    }
    Ok(RowDraft {
        key,
        permission: Some(scope.permission.key.clone()),
        level: Level::Of(scope.access),
        reach,
        account: account.filter(|_| reach != Where::Named),
        chosen,
        parts: written(catalogue, scope.permission, &scope.parts),
        ..RowDraft::default()
    })
}
