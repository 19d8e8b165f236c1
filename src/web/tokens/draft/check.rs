//! What a draft asks for, or everything that is wrong with it, each beside its field.

use super::{Draft, Level, RowDraft, Shape, Where};
use crate::models::Resource;
use crate::models::record::TYPES;
use crate::models::token::TokenName;
use crate::models::token::expiry::Start;
use crate::policy::catalogue::Category;
use crate::policy::words::{last_day, long_day};
use crate::policy::{
    Access, Catalogue, Grant, MOST_NAMED_RESOURCES, Permission, Policy, RecordFilter, ResourceKind,
    ResourceRef, Rights, Role, Selection, merged, networks,
};
use ipnet::IpNet;
use std::collections::HashMap;
use time::OffsetDateTime;

/// What is wrong, and where: `name`, `reach`, a row's `r1.access`, `r1.where` and so on, `from`,
/// `not_from`, `starts_on`, `expires`, `expires_on`.
pub type Problems = Vec<(String, String)>;

/// Whose the token will be, and where the person who fills in the form may grant what.
#[derive(Debug, Clone)]
pub struct Whose {
    /// Whether it will belong to a user.
    pub of_user: bool,
    /// Whether it may be scoped.
    pub scoped: bool,
    /// What it can reach: number, name, and the person's role there.
    pub accounts: Vec<(i64, String, Role)>,
}

impl Whose {
    fn role(&self, account: i64) -> Option<(&str, Role)> {
        let known = self.accounts.iter().find(|(id, ..)| *id == account);
        known.map(|(_, name, role)| (name.as_str(), *role))
    }

    /// Whether the person may grant this somewhere.
    pub fn may_grant(&self, permission: &Permission, access: Access) -> bool {
        permission.category == Category::User
            || self.accounts.iter().any(|(.., role)| permission.may_be_held(access, *role))
    }

    /// Why the person may not grant this in the account; none where nothing speaks against it.
    pub fn refusal(&self, permission: &Permission, access: Access, account: i64) -> Option<String> {
        let Some((name, role)) = self.role(account) else {
            return Some("You are not a member of that account. Choose another.".to_owned());
        };
        let needed = permission.lowest_role(access).filter(|_| !permission.may_be_held(access, role))?;
        Some(format!(
            "In {name} you are {}, and {} with {} needs {} there.",
            role.key(),
            permission.title,
            access.title(),
            needed.key()
        ))
    }

    /// The one account there is, where there is one.
    pub fn only_account(&self) -> Option<i64> {
        match self.accounts.as_slice() {
            [(id, ..)] => Some(*id),
            _ => None,
        }
    }
}

/// What a check looks at besides the draft.
struct Checked<'a> {
    catalogue: &'a Catalogue,
    whose: &'a Whose,
    there: &'a HashMap<i64, Resource>,
}

impl Draft {
    /// What the form asks for, or everything that is wrong with it.
    pub fn check(
        &self,
        catalogue: &Catalogue,
        whose: &Whose,
        there: &HashMap<i64, Resource>,
        now: OffsetDateTime,
    ) -> Result<(TokenName, Policy), Problems> {
        let mut problems = Problems::new();
        let checked = Checked { catalogue, whose, there };
        let name =
            TokenName::parse(&self.name).map_err(|why| problems.push(("name".to_owned(), why.to_string())));
        // The builder is for scopes only; what it says is never taken for Everything.
        if self.shape == Shape::Builder && !whose.scoped {
            let why = "The plan has no scoped tokens any more. Start again from New token.";
            problems.push(("reach".to_owned(), why.to_owned()));
        }
        let rights = if self.everything || !whose.scoped {
            Rights::Everything
        } else {
            Rights::Grants(merged(self.grants(&checked, &mut problems)))
        };
        let (allowed_networks, refused_networks) = self.networks(&mut problems);
        let expires_at =
            self.expiry(now).map(|expiry| expiry.ends_at(now)).map_err(|problem| problems.push(problem));
        let not_before = self.start(expires_at.unwrap_or(None), now).unwrap_or_else(|why| {
            problems.push(("starts_on".to_owned(), why));
            None
        });
        match (name, expires_at) {
            (Ok(name), Ok(expires_at)) if problems.is_empty() => {
                Ok((name, Policy { rights, allowed_networks, refused_networks, not_before, expires_at }))
            }
            _ => Err(problems),
        }
    }

    fn networks(&self, problems: &mut Problems) -> (Vec<IpNet>, Vec<IpNet>) {
        let before = problems.len();
        let mut read = |place: &str, typed: &str| {
            networks::parse(typed).unwrap_or_else(|why| {
                problems.push((place.to_owned(), why));
                Vec::new()
            })
        };
        let (allowed, refused) = (read("from", &self.from), read("not_from", &self.not_from));
        if problems.len() == before && networks::nowhere(&allowed, &refused) {
            let why =
                "Every address that it works from is refused here, so the token would work from nowhere.";
            problems.push(("not_from".to_owned(), why.to_owned()));
        }
        (allowed, refused)
    }

    /// The first instant, if it lies ahead.
    fn start(
        &self,
        end: Option<OffsetDateTime>,
        now: OffsetDateTime,
    ) -> Result<Option<OffsetDateTime>, String> {
        if self.starts_on.is_empty() {
            return Ok(None);
        }
        let start = Start::parse_day(&self.starts_on, now).map_err(|why| why.to_string())?.begins_at(now);
        match (start, end) {
            (Some(start), Some(end)) if start >= end => Err(format!(
                "It would start on {}, after its last day, {}. Choose an earlier start or a later end.",
                long_day(start.date()),
                long_day(last_day(end))
            )),
            _ => Ok(start),
        }
    }

    fn grants(&self, checked: &Checked<'_>, problems: &mut Problems) -> Vec<Grant> {
        let mut grants = Vec::new();
        let mut most_named: Option<(&RowDraft, ResourceKind)> = None;
        let mut raised = false;
        for row in &self.rows {
            let asked = row.permission.as_ref().and_then(|key| checked.catalogue.get(key));
            let (permission, access) = match (asked, row.level) {
                (_, Level::NoAccess) | (None, Level::Unchosen) => continue,
                (Some(_), Level::Unchosen) if self.shape == Shape::Simple => continue,
                (None, Level::Of(_)) => {
                    raised = true;
                    problems.push((format!("{}.permission", row.key), "Choose a permission.".to_owned()));
                    continue;
                }
                (Some(permission), Level::Unchosen) => {
                    raised = true;
                    let why = format!("Choose how much of {} it may do.", permission.title);
                    problems.push((format!("{}.access", row.key), why));
                    continue;
                }
                (Some(permission), Level::Of(access)) => (permission, access),
            };
            raised = true;
            if let Some(kind) = permission.narrowed_by
                && row.reach.names_some()
                && most_named.is_none_or(|(most, _)| row.chosen.len() > most.chosen.len())
            {
                most_named = Some((row, kind));
            }
            match checked.grant(row, permission, access) {
                Ok(grant) => grants.push(grant),
                Err(wrong) => {
                    let at = |(end, why)| (format!("{}.{end}", row.key), why);
                    problems.extend(wrong.into_iter().map(at));
                }
            }
        }
        if !raised {
            let why = "Choose at least one permission: without any, the token could do nothing.";
            problems.push(("reach".to_owned(), why.to_owned()));
        }
        let named: usize = grants.iter().map(|grant| grant.selection.named().len()).sum();
        if let Some((row, kind)) = most_named.filter(|_| named > MOST_NAMED_RESOURCES) {
            let why = format!(
                "One token can name {MOST_NAMED_RESOURCES} resources, this one names {named}. Take all {0}, or all {0} except some, instead; or make a second token.",
                kind.plural()
            );
            problems.push((format!("{}.where", row.key), why));
        }
        grants
    }
}

type Wrong = (&'static str, String);

impl Checked<'_> {
    fn grant(&self, row: &RowDraft, permission: &Permission, access: Access) -> Result<Grant, Vec<Wrong>> {
        if permission.category == Category::User && !self.whose.of_user {
            return Err(vec![("permission", format!("{} is for user tokens only.", permission.title))]);
        }
        if !permission.access.contains(&access) {
            return Err(vec![("access", format!("{} can be read only.", permission.title))]);
        }
        if !self.whose.may_grant(permission, access) {
            let why = format!("None of your roles may grant {} with {}.", permission.title, access.title());
            return Err(vec![("access", why)]);
        }
        let mut wrong = Vec::new();
        let selection = self.selection(row, permission, access).map_err(|why| wrong.push(("where", why)));
        let records = records(row, permission, &mut wrong);
        match selection {
            Ok(selection) if wrong.is_empty() => {
                Ok(Grant { permission: permission.key.clone(), access, selection, records })
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
        if permission.category == Category::User {
            return Ok(Selection::Everywhere { except: Vec::new() });
        }
        let of_account = |except| {
            let unchosen = || format!("Choose the account that {} applies to.", permission.title);
            let account = row.account.filter(|_| self.whose.of_user).or(self.whose.only_account());
            let account = account.ok_or_else(unchosen)?;
            let refusal = self.whose.refusal(permission, access, account);
            refusal.map_or(Ok(Selection::Account { account, except }), Err)
        };
        let Some(kind) = permission.narrowed_by else {
            return match row.reach {
                Where::Everywhere if self.whose.of_user => Ok(Selection::Everywhere { except: Vec::new() }),
                _ if !self.whose.of_user => of_account(Vec::new()),
                Where::All => of_account(Vec::new()),
                _ => Err(format!("Choose in which accounts {} applies.", permission.title)),
            };
        };
        match row.reach {
            Where::All => of_account(Vec::new()),
            Where::Except => {
                let except = self.chosen(row, kind)?;
                let selection = of_account(except)?;
                self.within(&selection)?;
                Ok(selection)
            }
            Where::Everywhere if self.whose.of_user => Ok(Selection::Everywhere { except: Vec::new() }),
            Where::EverywhereExcept if self.whose.of_user => {
                Ok(Selection::Everywhere { except: self.chosen(row, kind)? })
            }
            Where::Named if row.chosen.is_empty() => Err(format!(
                "Select at least one {}; with none, {} would do nothing.",
                kind.key(),
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
                kind.plural()
            )),
        }
    }

    /// The chosen resources of a kind, all of which must be there.
    fn chosen(&self, row: &RowDraft, kind: ResourceKind) -> Result<Vec<ResourceRef>, String> {
        let fitting = |id: &i64| self.there.get(id).and_then(Resource::to_ref).filter(|one| one.kind == kind);
        let found: Vec<_> = row.chosen.iter().filter_map(fitting).collect();
        if found.len() == row.chosen.len() {
            Ok(found)
        } else {
            Err(format!("A selected {} was deleted meanwhile. Look at the selection again.", kind.key()))
        }
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
}

fn records(row: &RowDraft, permission: &Permission, wrong: &mut Vec<Wrong>) -> RecordFilter {
    if !permission.has_records() {
        return RecordFilter::default();
    }
    let names = RecordFilter::parse_names(&row.names).unwrap_or_else(|why| {
        wrong.push(("names", why));
        Vec::new()
    });
    let types = RecordFilter::parse_types(&row.types, &TYPES).unwrap_or_else(|why| {
        wrong.push(("types", why));
        Vec::new()
    });
    RecordFilter { names, types }
}
