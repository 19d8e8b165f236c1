//! Which tokens reach a resource, and through which of their grants.

use super::{Asked, Member, read_cursor, written};
use crate::http::{App, AppError};
use crate::models::Resource;
use crate::models::token::reaching::{self, Candidate, Cursor, Whose};
use crate::policy::words;
use crate::policy::{
    Access, Act, Catalogue, Decision, Grant, Holder, KindKey, PartsAsked, Permission, Policy, Request,
    Rights, Selection, decide,
};
use crate::web::paths;
use crate::web::told::StateBadge;
use time::OffsetDateTime;

/// The tokens of the account, and those of its members that the reader may know of.
pub struct Reached {
    /// What the kind of resource is called, within a sentence.
    pub kind: String,
    /// A page of the account tokens.
    pub tokens: Vec<Row>,
    /// URL of the next page of them.
    pub more_tokens: Option<String>,
    /// A page of the user tokens.
    pub people: Vec<Row>,
    /// URL of the next page of them.
    pub more_people: Option<String>,
    /// Whether the reader sees the user tokens of every member.
    pub sees_everybodys: bool,
    /// Whether the reader sees hints and grants of account tokens.
    pub sees_rules: bool,
    /// Whether this is a later page of either.
    pub is_further: bool,
}

/// A token that reaches the resource.
pub struct Row {
    /// The name of the token.
    pub name: String,
    /// URL of its page, where the reader may open it.
    pub url: Option<String>,
    /// The end of its secret.
    pub hint: String,
    /// Email address of the user, for a user token.
    pub user: Option<String>,
    /// Its state.
    pub state: StateBadge,
    /// The grants that lead to the resource.
    pub rules: Vec<Rule>,
}

/// A grant, or Everything, that leads to the resource.
pub struct Rule {
    /// Title of the permission.
    pub title: String,
    /// Which resources it is for.
    pub which: String,
    /// What it is narrowed to inside the resource, if anything.
    pub inside: Option<String>,
    /// The access, as its badge says it.
    pub access: &'static str,
    /// Whether it is full access.
    pub full: bool,
}

/// What is decided about, and by what.
struct Question<'a> {
    catalogue: &'a Catalogue,
    resource: &'a Resource,
    kind: KindKey,
    permissions: Vec<&'a Permission>,
}

impl Reached {
    /// The tokens that reach this resource, as this member may see them.
    pub async fn of(
        member: &Member,
        app: &App,
        resource: Resource,
        kind: KindKey,
        asked: &Asked,
    ) -> Result<Reached, AppError> {
        let now = app.clock.now();
        let question = Question {
            catalogue: &app.catalogue,
            resource: &resource,
            kind,
            permissions: app
                .catalogue
                .permissions
                .iter()
                .filter(|one| one.narrowed_by == Some(kind))
                .collect(),
        };
        let keys: Vec<String> = question.permissions.iter().map(|one| one.key.to_string()).collect();
        let sees_everybodys = member.may(Act::SeeMembersTokens);
        let whose = if sees_everybodys { Whose::Everybodys } else { Whose::Own(member.signed_in.user.id) };
        let (after, people_after) = (read_cursor(&asked.tokens), read_cursor(&asked.people));
        let on = resource.clone();
        let found = app.db.run(move |conn| {
            let tokens = reaching::of_account(conn, &on, &keys, after, now)?;
            Ok((tokens, reaching::of_users(conn, &on, &keys, whose, people_after, now)?))
        });
        let ((tokens, more), (people, more_people)) = found.await?;
        let sees_rules = member.may(Act::SeeTokens);
        let row = |one: Candidate| Row::of(one, member, &question, sees_rules, now);
        let here = paths::resource(&member.signed_in.extras, kind, member.account.id, resource.id);
        let link = |name: &str, next: Cursor| format!("{here}?{name}={}#tokens", written(next));
        Ok(Reached {
            kind: app.catalogue.noun(kind),
            tokens: tokens.into_iter().filter_map(row).collect(),
            more_tokens: more.map(|next| link("tokens", next)),
            people: people.into_iter().filter_map(row).collect(),
            more_people: more_people.map(|next| link("people", next)),
            sees_everybodys,
            sees_rules,
            is_further: after.is_some() || people_after.is_some(),
        })
    }
}

impl Row {
    /// None where the decision is that the token does not reach it after all.
    fn of(
        one: Candidate,
        member: &Member,
        question: &Question<'_>,
        sees_rules: bool,
        now: OffsetDateTime,
    ) -> Option<Row> {
        let (holder, state) = match &one.user {
            None => {
                let account = &member.account;
                (Holder::Account(account.id), one.token.state(account, question.catalogue, now))
            }
            Some((user, role)) => {
                (Holder::User(vec![(member.account.id, *role)]), one.token.state_of_users(user, now))
            }
        };
        let rules = question.rules(&one.rights, &holder);
        if rules.is_empty() {
            return None;
        }
        // One's own tokens hide nothing from oneself.
        let open = sees_rules || one.user.is_some();
        Some(Row {
            url: match &one.user {
                None => Some(paths::tokens(member.account.id).token(one.token.id)),
                Some((user, _)) if user.id == member.signed_in.user.id => {
                    Some(paths::own_tokens().token(one.token.id))
                }
                Some(_) => None,
            },
            hint: if open { one.hint } else { String::new() },
            user: one.user.map(|(user, _)| user.email),
            state: StateBadge::of(state, one.token.not_before),
            rules: if open { rules } else { Vec::new() },
            name: one.token.name,
        })
    }
}

impl Question<'_> {
    fn rules(&self, rights: &Rights, holder: &Holder) -> Vec<Rule> {
        let mut rules = Vec::new();
        for permission in &self.permissions {
            match rights {
                // Everything is said once, with the most that it comes to.
                Rights::Everything => {
                    if let Some(access) = self.access(permission, rights.clone(), holder)
                        && rules.last().is_none_or(|last: &Rule| !last.full && access == Access::Full)
                    {
                        rules.clear();
                        rules.push(Rule::new(
                            "Everything".to_owned(),
                            "all of the account".to_owned(),
                            None,
                            access,
                        ));
                    }
                }
                Rights::Grants(grants) => {
                    for grant in grants.iter().filter(|grant| grant.permission == permission.key) {
                        let alone = Rights::Grants(vec![grant.clone()]);
                        if let Some(access) = self.access(permission, alone, holder) {
                            let which = which(grant, self);
                            rules.push(Rule::new(
                                permission.title.clone(),
                                which,
                                inside(self.catalogue, permission, grant),
                                access,
                            ));
                        }
                    }
                }
            }
        }
        rules
    }

    /// How far these rights alone go on the resource.
    fn access(&self, permission: &Permission, rights: Rights, holder: &Holder) -> Option<Access> {
        let policy = Policy::unconditional(rights);
        let target = self.resource.target();
        let allows = |access: &Access| {
            let request = Request {
                account: self.resource.account_id,
                permission: &permission.key,
                access: *access,
                target,
                parts: PartsAsked::Aside,
            };
            decide(self.catalogue, &policy, holder, &request) == Decision::Allow
        };
        [Access::Full, Access::Read]
            .into_iter()
            .filter(|access| permission.access.contains(access))
            .find(allows)
    }
}

impl Rule {
    fn new(title: String, which: String, inside: Option<String>, access: Access) -> Rule {
        Rule { title, which, inside, access: access.title(), full: access == Access::Full }
    }
}

fn which(grant: &Grant, question: &Question<'_>) -> String {
    let Question { catalogue, resource, kind, .. } = question;
    let others = grant.selection.named().iter().filter(|one| one.id != Some(resource.id)).count();
    match (&grant.selection, others) {
        (Selection::Only(_), 0) => format!("only this {}", catalogue.noun(*kind)),
        (Selection::Only(_), 1) => "only this one and 1 other".to_owned(),
        (Selection::Only(_), count) => format!("only this one and {count} others"),
        (_, 0) => format!("all {}, including future ones", catalogue.plural(*kind)),
        (Selection::Everywhere { except } | Selection::Account { except, .. }, 1) => {
            let name = except.first().map(|one| one.name.as_str()).unwrap_or_default();
            format!("all {} except {name}", catalogue.plural(*kind))
        }
        (_, count) => format!("all {} except {count} others", catalogue.plural(*kind)),
    }
}

/// "runs on branches main"; `None` if all are meant.
fn inside(catalogue: &Catalogue, permission: &Permission, grant: &Grant) -> Option<String> {
    let kind = catalogue.kind_of(permission).filter(|_| !grant.parts.is_open())?;
    Some(words::inside(kind, permission, &grant.parts).iter().map(|phrase| phrase.text.as_str()).collect())
}
