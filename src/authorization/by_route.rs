//! A call of an API that runs elsewhere, decided by the routes of the catalogue.

use super::charges::Charges;
use super::verdict::Used;
use super::{Admitted, Call, Missing, Refused};
use crate::models::Resource;
use crate::models::token::lookup::{Holder, Names, Reached};
use crate::policy::{
    self, About, Access, AccountId, Catalogue, Decision, Found, InPath, Kind, KindKey, Needs, PartsAsked,
    Permission, Refusal, RefusalCode, Request, Rights, Segment, Selection, Target, scope,
};
use percent_encoding::{NON_ALPHANUMERIC, utf8_percent_encode};
use std::collections::BTreeSet;

/// The longest list of names that an answer carries, in bytes: proxies hold headers in buffers of this size.
const LONGEST_LIST: usize = 4_096;

/// A call, as its route reads it.
#[derive(Debug)]
pub struct RouteCall<'a> {
    /// The route that takes it, and what its path names; `None` where none does.
    pub found: Option<Found<'a, 'a>>,
}

impl RouteCall<'_> {
    /// Which of the resources that a token's grants name this is about: all of them for a list, and where the
    /// answer says what the grants are.
    pub(super) fn names(&self, catalogue: &Catalogue) -> Names {
        let Some(found) = &self.found else { return Names::Only(Vec::new()) };
        if found.route.about == About::Filtered || found.route.filters_parts {
            return Names::All;
        }
        let Needs::Scope(key, _) = &found.route.needs else { return Names::Only(Vec::new()) };
        let kind = catalogue.get(key).and_then(|permission| catalogue.kind_of(permission));
        let asked = kind.and_then(|kind| found.at(|one| *one == Segment::Resource(kind.key)));
        Names::Only(kind.zip(asked).and_then(|(kind, asked)| kind.name(&asked)).into_iter().collect())
    }
}

/// What a call is about, once its account is known.
struct Question<'a> {
    permission: &'a Permission,
    access: Access,
    /// The kind that narrows the permission, and the name that the path has for one.
    named: Option<(&'a Kind, String)>,
    about: About,
    /// Names of parts by their keys, in their one spelling.
    parts: Vec<(&'a str, String)>,
    /// Whether the API itself keeps to the parts.
    filters_parts: bool,
}

impl Call<'_> {
    pub(super) async fn by_route(
        &self,
        charges: &mut Charges<'_>,
        call: &RouteCall<'_>,
    ) -> Result<Admitted, Refused> {
        let Some(found) = &call.found else {
            charges.network_at_most();
            return Err(RefusalCode::NoRoute.into());
        };
        match &found.route.needs {
            Needs::Open | Needs::AnyToken => {
                charges.holder(&self.found.holder).await?;
                Ok(self.admitted(None, None))
            }
            Needs::Scope(key, access) => {
                let permission = self.permission(key.as_str())?;
                if permission.is_of_user() {
                    charges.holder(&self.found.holder).await?;
                    let admitted = self.about_user(key.as_str(), *access)?;
                    let scope = scope::asked(&permission.key, None, *access);
                    return Ok(Admitted { used: Some(Used { scope, resources: None }), ..admitted });
                }
                let question = self.question(permission, *access, found);
                self.in_account_of_route(charges, found, &question?).await
            }
        }
    }

    /// What the path says; a name that none of its kind can have is as if it weren't there.
    fn question<'q>(
        &'q self,
        permission: &'q Permission,
        access: Access,
        found: &Found<'_, '_>,
    ) -> Result<Question<'q>, Refused> {
        let missing = |kind: &Kind, asked: &str| {
            let missing = Missing { kind: kind.title.clone(), asked: asked.to_owned() };
            Refused::of(Refusal::ResourceNotFound, Some(missing))
        };
        let mut named = None;
        let mut parts = Vec::new();
        for segment in &found.route.path {
            let (key, part) = match segment {
                Segment::Resource(kind) => (kind, None),
                Segment::Part(kind, part) => (kind, Some(part)),
                Segment::Literal(_) | Segment::Account | Segment::Any | Segment::Rest => continue,
            };
            let kind = self.app.catalogue.kind(*key);
            let kind = kind.ok_or_else(|| Refused::Fault(format!("the catalogue has no kind {key}")))?;
            let asked = found.at(|one| one == segment).unwrap_or_default();
            match part.and_then(|part| kind.part(part)) {
                None => {
                    let name = kind.name(&asked).ok_or_else(|| missing(kind, &asked))?;
                    if permission.narrowed_by == Some(*key) {
                        named = Some((kind, name));
                    }
                }
                Some(part) => {
                    let one = part.name(&asked).ok_or_else(|| missing(kind, &asked))?;
                    parts.push((part.key.as_str(), one));
                }
            }
        }
        let Found { route, .. } = found;
        let (about, filters_parts) = (route.about, route.filters_parts);
        Ok(Question { permission, access, named, about, parts, filters_parts })
    }

    async fn in_account_of_route(
        &self,
        charges: &mut Charges<'_>,
        found: &Found<'_, '_>,
        question: &Question<'_>,
    ) -> Result<Admitted, Refused> {
        let named = question.named.as_ref().map(|(kind, name)| (*kind, name.as_str()));
        let reached = self.account_of_route(found, named).await;
        let reached = reached.inspect_err(|_| charges.network_at_most())?;
        let target = match (named, question.about) {
            (Some((kind, name)), _) => Target::Named { kind: kind.key, name },
            (None, About::New) => Target::New,
            (None, About::All) => Target::All,
            (None, About::Named | About::Filtered) => Target::Collection,
        };
        let account = reached.account.id;
        let decision = self.decide_route(question, account, target);
        if decision == Decision::Refuse(Refusal::AccountNotFound) {
            charges.network_at_most();
            return Err(RefusalCode::AccountNotFound.into());
        }
        self.admitted_there(reached).inspect_err(|_| charges.network_at_most())?;
        charges.account(&reached.account).await?;
        let missing =
            |(kind, name): (&Kind, &str)| Missing { kind: kind.title.clone(), asked: name.to_owned() };
        let decision = match (decision, named) {
            // Perhaps one that isn't among the exceptions: that takes knowing it.
            (Decision::Refuse(_), Some((kind, name)))
                if self.has_exceptions(question.permission, account) =>
            {
                let (key, text) = (kind.key, name.to_owned());
                let found = self.app.db.run(move |conn| Resource::find(conn, account, key, &text)).await?;
                match found {
                    Some(one) => self.decide_route(question, account, one.target()),
                    None => self.decide_route(question, account, target),
                }
            }
            (decision, _) => decision,
        };
        match decision {
            Decision::Refuse(refusal) => Err(Refused::of(refusal, named.map(missing))),
            Decision::Allow => {
                let used = self.used(question, account)?;
                let admitted = self.admitted(Some(reached.account.clone()), None);
                Ok(Admitted { used: Some(used), ..admitted })
            }
        }
    }

    /// The account that the path names, or that the call means without naming one.
    async fn account_of_route(
        &self,
        found: &Found<'_, '_>,
        named: Option<(&Kind, &str)>,
    ) -> Result<&Reached, Refused> {
        let none = || Refused::from(RefusalCode::AccountNotFound);
        let asked = found.at(|one| *one == Segment::Account);
        match (asked, self.app.catalogue.in_path, &self.found.holder) {
            (Some(text), InPath::Number, _) => {
                let digits = text.bytes().all(|byte| byte.is_ascii_digit());
                self.reached(text.parse().ok().filter(|_| digits)).ok_or_else(none)
            }
            (Some(text), _, _) => {
                let same = |one: &&Reached| one.account.reference.as_deref() == Some(text.as_str());
                self.found.accounts.iter().find(same).ok_or_else(none)
            }
            (None, _, Holder::Account(account)) => self.reached(Some(account.id)).ok_or_else(none),
            (None, _, Holder::User(_)) => match named {
                Some((kind, name)) if kind.unique == policy::Unique::Site => {
                    let accounts: Vec<AccountId> =
                        self.found.accounts.iter().map(|one| one.account.id).collect();
                    let (key, text) = (kind.key, name.to_owned());
                    let work = move |conn: &mut _| Resource::account_of(conn, &accounts, key, &text);
                    match self.app.db.run(work).await? {
                        Some(account) => self.reached(Some(account)).ok_or_else(none),
                        None => self.only_account().ok_or_else(none),
                    }
                }
                _ => self.only_account().ok_or_else(none),
            },
        }
    }

    /// The one account in which a user's token is granted anything.
    fn only_account(&self) -> Option<&Reached> {
        let rights = &self.found.policy.rights;
        let granted = |one: &&Reached| policy::grants_in(&self.app.catalogue, rights, one.account.id);
        let mut accounts = self.found.accounts.iter().filter(granted);
        accounts.next().filter(|_| accounts.next().is_none())
    }

    fn decide_route(&self, question: &Question<'_>, account: AccountId, target: Target<'_>) -> Decision {
        let asked: Vec<(&str, &str)> =
            question.parts.iter().map(|(key, name)| (*key, name.as_str())).collect();
        let parts =
            match (asked.is_empty(), question.named.is_some() && !question.permission.parts.is_empty()) {
                (false, _) => PartsAsked::Existing(&asked),
                (true, true) if !question.filters_parts => PartsAsked::Whole,
                (true, _) => PartsAsked::Aside,
            };
        let Question { permission, access, .. } = question;
        let request = Request { account, permission: &permission.key, access: *access, target, parts };
        policy::decide(&self.app.catalogue, &self.found.policy, &self.found.decided_by(), &request)
    }

    fn has_exceptions(&self, permission: &Permission, account: AccountId) -> bool {
        let Rights::Grants(grants) = &self.found.policy.rights else { return false };
        grants.iter().any(|grant| {
            grant.permission == permission.key
                && grant.selection.includes_future(account)
                && !grant.selection.named().is_empty()
        })
    }

    fn used(&self, question: &Question<'_>, account: AccountId) -> Result<Used, Refused> {
        let Question { permission, access, named, .. } = question;
        let name = named.as_ref().map(|(_, name)| name.as_str());
        let resources = match (question.about, permission.narrowed_by) {
            (About::Filtered, Some(kind)) => Some(self.names(permission, kind, account)?),
            _ => None,
        };
        let scope = match (&self.found.policy.rights, question.filters_parts) {
            (Rights::Grants(grants), true) => {
                let here = |grant: &&policy::Grant| {
                    grant.permission == permission.key && grant.selection.touches(account)
                };
                let scopes: Vec<String> = grants
                    .iter()
                    .filter(here)
                    .map(|grant| scope::of_grant(&self.app.catalogue, grant))
                    .collect();
                scopes.join(" ")
            }
            _ => scope::asked(&permission.key, name, *access),
        };
        if scope.len() > LONGEST_LIST {
            return Err(RefusalCode::TooManyNamed.into());
        }
        Ok(Used { scope, resources })
    }

    /// Names of what a list of the kind may show: what the grants reach together.
    fn names(&self, permission: &Permission, kind: KindKey, account: AccountId) -> Result<String, Refused> {
        let (catalogue, policy) = (&self.app.catalogue, &self.found.policy);
        let readable =
            policy::readable(catalogue, policy, &self.found.decided_by(), account, &permission.key);
        let (mut only, mut left_out): (BTreeSet<&str>, Option<BTreeSet<&str>>) = (BTreeSet::new(), None);
        for (selection, _) in &readable {
            let here = selection.named().iter().filter(|one| one.account == account && one.kind == kind);
            match selection {
                Selection::Only(_) => {
                    only.extend(here.filter(|one| one.id.is_some()).map(|one| one.name.as_str()));
                }
                Selection::Everywhere { .. } | Selection::Account { .. } => {
                    let these: BTreeSet<&str> = here.map(|one| one.name.as_str()).collect();
                    left_out = Some(match left_out {
                        Some(before) => before.intersection(&these).copied().collect(),
                        None => these,
                    });
                }
            }
        }
        let written = |name: &&str| utf8_percent_encode(name, NON_ALPHANUMERIC).to_string();
        let list: Vec<String> = match &left_out {
            None => only.iter().map(written).collect(),
            Some(left_out) => left_out.difference(&only).map(|name| format!("!{}", written(name))).collect(),
        };
        let text = match (left_out, list.is_empty()) {
            (Some(_), true) => "*".to_owned(),
            (None, true) => "-".to_owned(),
            (_, false) => list.join(","),
        };
        if text.len() > LONGEST_LIST { Err(RefusalCode::TooManyNamed.into()) } else { Ok(text) }
    }
}
