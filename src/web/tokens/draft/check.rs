//! What a draft asks for, or everything that is wrong with it, each beside its field.

use super::{Draft, Level, RowDraft, Shape, Whose};
use crate::models::Resource;
use crate::models::token::TokenName;
use crate::models::token::expiry::Start;
use crate::policy::words::{last_day, long_day};
use crate::policy::{
    Catalogue, Grant, KindKey, MOST_NAMED_RESOURCES, Policy, ResourceId, Rights, merged, networks,
};
use ipnet::IpNet;
use std::collections::HashMap;
use time::OffsetDateTime;

/// What is wrong, and where: `name`, `reach`, a row's `r1.access`, `r1.where` and so on, `from`,
/// `not_from`, `starts_on`, `expires`, `expires_on`.
pub type Problems = Vec<(String, String)>;

/// What a check looks at besides the draft.
pub(super) struct Checked<'a> {
    pub(super) catalogue: &'a Catalogue,
    pub(super) whose: &'a Whose,
    pub(super) there: &'a HashMap<ResourceId, Resource>,
}

impl Draft {
    /// What the form asks for, or everything that is wrong with it.
    pub fn check(
        &self,
        catalogue: &Catalogue,
        whose: &Whose,
        there: &HashMap<ResourceId, Resource>,
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
        let mut most_named: Option<(&RowDraft, KindKey)> = None;
        let mut raised = false;
        for row in &self.rows {
            let asked = row.permission.as_ref().and_then(|key| checked.catalogue.get(key));
            let (permission, access) = match (asked, row.level) {
                (None, Level::NoAccess | Level::Unchosen) if !row.says_where() => continue,
                (Some(_), Level::NoAccess) => continue,
                (Some(_), Level::Unchosen) if self.shape == Shape::Simple => continue,
                (None, _) => {
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
                checked.catalogue.plural(kind)
            );
            problems.push((format!("{}.where", row.key), why));
        }
        grants
    }
}
