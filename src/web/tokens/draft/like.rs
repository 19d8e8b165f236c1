//! "Create another like this": a draft that says the same as a token.

use super::{Draft, Level, RowDraft, Shape, Where, Whose};
use crate::db::{Conn, DbError};
use crate::models::Resource;
use crate::models::token::expiry::iso_day;
use crate::models::token::{Token, grants};
use crate::policy::{
    AccountId, Catalogue, Grant, KindKey, Part, Parts, Permission, Policy, ResourceId, ResourceRef, Rights,
    Selection, networks,
};
use std::collections::{BTreeMap, HashMap};
use time::OffsetDateTime;

/// A token to fill in a form like.
#[derive(Debug, Clone)]
pub struct Source {
    name: String,
    policy: Policy,
    /// For what is left out and was deleted: what has its account, kind and name now.
    again: HashMap<(AccountId, KindKey, String), ResourceId>,
}

impl Source {
    /// What there is to know of the token in the accounts that it is for: what is there in others is
    /// nothing to tell.
    pub fn of(conn: &mut Conn, token: &Token, whose: &Whose) -> Result<Source, DbError> {
        let policy = token.policy(grants::of_token(conn, token)?);
        let mut again = HashMap::new();
        if let Rights::Grants(grants) = &policy.rights {
            let gone = |one: &&ResourceRef| one.id.is_none() && whose.role(one.account).is_some();
            for one in grants.iter().filter_map(left_out).flatten().filter(gone) {
                if let Some(now) = Resource::find(conn, one.account, one.kind, &one.name)? {
                    again.insert(place(one), now.id);
                }
            }
        }
        Ok(Source { name: token.name.clone(), policy, again })
    }

    /// The id to choose: of what was deleted, only where it is left out, and that of its successor.
    fn id(&self, one: &ResourceRef, selection: &Selection) -> Option<ResourceId> {
        one.id.or_else(|| match selection {
            Selection::Only(_) => None,
            Selection::Account { .. } | Selection::Everywhere { .. } => self.again.get(&place(one)).copied(),
        })
    }
}

fn place(one: &ResourceRef) -> (AccountId, KindKey, String) {
    (one.account, one.kind, one.name.clone())
}

fn left_out(grant: &Grant) -> Option<&[ResourceRef]> {
    match &grant.selection {
        Selection::Account { except, .. } | Selection::Everywhere { except } => Some(except),
        Selection::Only(_) => None,
    }
}

impl Draft {
    /// The builder's form, filled in like a token, and what it cannot say of it. Of the lifetime
    /// only "never" and a start that lies ahead are carried over.
    pub fn like(
        source: &Source,
        catalogue: &Catalogue,
        whose: &Whose,
        now: OffsetDateTime,
    ) -> (Draft, Vec<String>) {
        let mut draft = Draft { name: source.name.clone(), ..Draft::blank(Shape::Builder) };
        let policy = &source.policy;
        if policy.expires_at.is_none() {
            draft.expires = "never".to_owned();
        }
        let ahead = policy.not_before.filter(|start| *start > now);
        draft.starts_on = ahead.map(|start| iso_day(start.date())).unwrap_or_default();
        draft.from = networks::written(&policy.allowed_networks);
        draft.not_from = networks::written(&policy.refused_networks);
        let mut unsaid = Vec::new();
        match &policy.rights {
            Rights::Everything => draft.everything = true,
            Rights::Grants(grants) => {
                for grant in grants {
                    let Some(permission) = catalogue.get(&grant.permission) else {
                        let title = catalogue.title_of(grant.permission.as_str());
                        unsaid.push(format!("{title} is no longer offered."));
                        continue;
                    };
                    let parts = written(catalogue, permission, &grant.parts);
                    let key = RowDraft::next_key(&draft.rows);
                    let row = row(key, grant, source, whose, &mut unsaid);
                    draft.rows.push(RowDraft { parts, ..row });
                }
            }
        }
        (draft, unsaid)
    }

    /// The same in the simple form of an account, where that can say it: a line a permission, and no
    /// conditions but the end.
    pub fn simple(&self) -> Option<Draft> {
        let open = self.from.is_empty() && self.not_from.is_empty() && self.starts_on.is_empty();
        let mut simple = Draft { shape: Shape::Simple, rows: Vec::new(), ..self.clone() };
        for row in &self.rows {
            let permission = row.permission.clone()?;
            let fits = row.parts.is_empty() && matches!(row.reach, Where::All | Where::Except | Where::Named);
            if !fits || simple.rows.iter().any(|other| other.permission.as_ref() == Some(&permission)) {
                return None;
            }
            simple.rows.push(RowDraft { key: permission.to_string(), ..row.clone() });
        }
        open.then_some(simple)
    }
}

fn row(key: String, grant: &Grant, source: &Source, whose: &Whose, unsaid: &mut Vec<String>) -> RowDraft {
    let (reach, account) = match &grant.selection {
        Selection::Only(_) => (Where::Named, None),
        Selection::Account { account, except } if except.is_empty() => (Where::All, Some(*account)),
        Selection::Account { account, .. } => (Where::Except, Some(*account)),
        Selection::Everywhere { except } if except.is_empty() => (Where::Everywhere, None),
        Selection::Everywhere { .. } => (Where::EverywhereExcept, None),
    };
    let mut chosen = Vec::new();
    for one in grant.selection.named() {
        // Nothing about whether it is still there.
        if whose.role(one.account).is_none() {
            let why = "is in an account that you are not a member of, and is not selected here.";
            unsaid.push(format!("{} {why}", one.name));
            continue;
        }
        match source.id(one, &grant.selection) {
            Some(id) => chosen.push(id),
            None if reach == Where::Named => {
                unsaid.push(format!("{} was deleted, and is not chosen here.", one.name));
            }
            None => unsaid.push(format!(
                "{} was left out there and is deleted, so it cannot be left out here.",
                one.name
            )),
        }
    }
    chosen.sort_unstable();
    chosen.dedup();
    RowDraft {
        key,
        permission: Some(grant.permission.clone()),
        level: Level::Of(grant.access),
        reach,
        account: account.filter(|_| whose.of_user),
        chosen,
        ..RowDraft::default()
    }
}

/// What a grant is narrowed to inside its resources, as forms write it.
pub(super) fn written(
    catalogue: &Catalogue,
    permission: &Permission,
    parts: &Parts,
) -> BTreeMap<String, String> {
    let kind = catalogue.kind_of(permission);
    let text = |part: &Part| {
        let patterns: Vec<&str> = parts.of(&part.key).iter().map(|one| part.written(one)).collect();
        (part.key.clone(), patterns.join(", "))
    };
    let narrowing = kind.into_iter().flat_map(|kind| &kind.parts).map(text);
    narrowing.filter(|(_, written)| !written.is_empty()).collect()
}
