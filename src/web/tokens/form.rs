//! The form for a new token, and everything that renders it again.

use super::draft::{Draft, Problems, RowDraft};
use crate::db::{Conn, DbError};
use crate::http::{App, AppData, AppError};
use crate::models::token::expiry::{Expiry, PRESETS};
use crate::models::token::{Owner, Token, grants};
use crate::models::{Account, Resource};
use crate::policy::words::{self, Sentence, works_through};
use crate::policy::{Access, Catalogue, Policy, ResourceKind};
use crate::web::guard::{AccountMember, CreateTokens};
use crate::web::page::{AccountNav, Field, Page, plan_title, render};
use crate::web::paths;
use actix_web::HttpResponse;
use actix_web::http::StatusCode;
use actix_web::web::Query;
use askama::Template;
use serde::Deserialize;
use std::collections::HashMap;
use std::sync::Arc;
use time::OffsetDateTime;

/// So many resources are offered below a search.
const MOST_FOUND: i64 = 8;

#[derive(Template)]
#[template(path = "tokens/new.html")]
struct NewTokenPage {
    page: Page,
    account: AccountNav,
    scoped: bool,
    action: String,
    words_url: String,
    resources_url: String,
    nonce: String,
    name: Field,
    reach: String,
    reach_error: Option<String>,
    groups: Vec<Group>,
    expires: String,
    expires_on: Field,
    expires_hint: String,
    expires_choices: Vec<ExpiryChoice>,
    errors: Vec<ErrorLink>,
    notice: Option<String>,
    words: Option<Vec<Sentence>>,
    cancel_url: String,
    plan: String,
}

struct Group {
    title: String,
    permissions: Vec<PermissionRow>,
}

struct PermissionRow {
    key: String,
    title: String,
    sentence: String,
    sensitive: bool,
    offers_full: bool,
    access: String,
    narrowable: bool,
    kind: String,
    kinds: String,
    where_: String,
    q: String,
    searched: bool,
    chosen: Vec<Choice>,
    found: Vec<Choice>,
    found_more: i64,
    total: i64,
    error: Option<String>,
    where_error: Option<String>,
}

struct Choice {
    id: i64,
    name: String,
}

struct ExpiryChoice {
    value: String,
    label: String,
    checked: bool,
    through: String,
}

struct ErrorLink {
    href: String,
    text: String,
}

/// The token that the form is to be filled in like.
#[derive(Deserialize)]
pub struct Like {
    like: Option<i64>,
}

/// The form, empty or like another token.
pub async fn new(
    member: AccountMember<CreateTokens>,
    app: AppData,
    query: Query<Like>,
) -> Result<HttpResponse, AppError> {
    let (account, like) = (member.account.id, query.like);
    let found = app.db.run(move |conn| {
        let token = like.map(|id| Token::find(conn, Owner::Account(account), id)).transpose()?.flatten();
        token.map(|token| Ok((grants::of_token(conn, &token)?, token))).transpose()
    });
    let (draft, unsaid) = match found.await? {
        Some((rights, token)) => {
            Draft::like(&token.name, &rights, token.expires_at.is_none(), &app.catalogue)
        }
        None => (Draft::blank(), Vec::new()),
    };
    let notice = (!unsaid.is_empty()).then(|| {
        let titles = unsaid.join(", ");
        format!("This form cannot say what that token may do with {titles}. These start at No access: choose them anew.")
    });
    Form { notice, ..Form::of(draft) }.answer(&member, &app, StatusCode::OK).await
}

/// A form to be rendered, with what there is to say.
pub(super) struct Form {
    pub(super) draft: Draft,
    pub(super) problems: Problems,
    pub(super) notice: Option<String>,
    pub(super) policy: Option<Policy>,
}

impl Form {
    /// Nothing but the form.
    pub(super) fn of(draft: Draft) -> Form {
        Form { draft, problems: Vec::new(), notice: None, policy: None }
    }

    /// Renders it for the member.
    pub(super) async fn answer(
        self,
        member: &AccountMember<CreateTokens>,
        app: &App,
        status: StatusCode,
    ) -> Result<HttpResponse, AppError> {
        let now = app.clock.now();
        let (catalogue, account) = (Arc::clone(&app.catalogue), member.account.clone());
        let scoped = catalogue.has_scopes(&account.plan);
        let Form { draft, problems, notice, policy } = self;
        let (draft, problems, groups, words) = app
            .db
            .run(move |conn| {
                let groups =
                    if scoped { groups(conn, &catalogue, &account, &draft, &problems)? } else { Vec::new() };
                let words = policy
                    .map(|policy| {
                        Ok::<_, DbError>(words::of_policy(&catalogue, &policy, &account.surroundings(conn)?))
                    })
                    .transpose()?;
                Ok((draft, problems, groups, words))
            })
            .await?;
        let paths = paths::tokens(member.account.id);
        let page = NewTokenPage {
            page: member.page("New account token"),
            account: member.nav(),
            scoped,
            action: paths.list(),
            words_url: paths.words(),
            resources_url: paths.resources(),
            nonce: draft.nonce.to_string(),
            reach: if draft.everything || !scoped { "everything" } else { "choose" }.to_owned(),
            reach_error: problem(&problems, "reach"),
            groups,
            expires_on: Field {
                value: draft.expires_on.clone(),
                error: problem(&problems, "expires_on").or_else(|| problem(&problems, "expires")),
            },
            expires_hint: expires_hint(&draft, now),
            expires_choices: expires_choices(&draft, now),
            expires: draft.expires.clone(),
            errors: problems.iter().map(error_link).collect(),
            notice,
            words,
            cancel_url: paths.list(),
            plan: plan_title(&app.catalogue, &member.account.plan),
            name: Field { error: problem(&problems, "name"), value: draft.name },
        };
        render(&page, status)
    }
}

/// The chosen resources that are there, by id.
pub(super) fn chosen(
    conn: &mut Conn,
    account: i64,
    draft: &Draft,
) -> Result<HashMap<i64, Resource>, DbError> {
    let found = Resource::of_ids(conn, account, &draft.chosen())?;
    Ok(found.into_iter().map(|resource| (resource.id, resource)).collect())
}

/// "Works through 19 February 2027 (UTC).", as far as the form says it.
pub(super) fn expires_hint(draft: &Draft, now: OffsetDateTime) -> String {
    match draft.expiry(now).map(|expiry| expiry.ends_at(now)) {
        Ok(Some(end)) => works_through(end),
        Ok(None) => "Works until somebody deletes it.".to_owned(),
        Err(_) => String::new(),
    }
}

fn groups(
    conn: &mut Conn,
    catalogue: &Catalogue,
    account: &Account,
    draft: &Draft,
    problems: &Problems,
) -> Result<Vec<Group>, DbError> {
    let there = chosen(conn, account.id, draft)?;
    let mut offers = Offers { account: account.id, totals: HashMap::new() };
    let mut groups: Vec<Group> = Vec::new();
    for permission in catalogue.for_account_tokens() {
        let row = draft.row(permission);
        let mut shown = PermissionRow {
            key: permission.key.to_string(),
            title: permission.title.clone(),
            sentence: permission.sentence.clone(),
            sensitive: permission.sensitive,
            offers_full: permission.access.contains(&Access::Full),
            access: row.access.map_or("none", Access::key).to_owned(),
            narrowable: permission.narrowed_by.is_some(),
            kind: String::new(),
            kinds: String::new(),
            where_: row.reach.key().to_owned(),
            q: row.search.clone(),
            searched: !row.search.is_empty(),
            chosen: Vec::new(),
            found: Vec::new(),
            found_more: 0,
            total: 0,
            error: problem(problems, &format!("{}.access", permission.key)),
            where_error: problem(problems, &format!("{}.where", permission.key)),
        };
        if let Some(kind) = permission.narrowed_by {
            shown.kind = kind.key().to_owned();
            shown.kinds = kind.plural().to_owned();
            shown.chosen = chosen_of(&row, kind, &there);
            offers.fill(conn, kind, &row, &mut shown)?;
        }
        let title = permission.category.title();
        match groups.iter_mut().find(|group| group.title == title) {
            Some(group) => group.permissions.push(shown),
            None => groups.push(Group { title: title.to_owned(), permissions: vec![shown] }),
        }
    }
    // What is narrowed to resources is what most tokens are for: it stands first.
    groups.sort_by_key(|group| group.title != "Zone");
    Ok(groups)
}

fn chosen_of(row: &RowDraft, kind: ResourceKind, there: &HashMap<i64, Resource>) -> Vec<Choice> {
    let of_kind = row.chosen.iter().filter_map(|id| there.get(id)).filter(|one| one.kind == kind.key());
    let mut chosen: Vec<Choice> = of_kind.map(|one| Choice { id: one.id, name: one.name.clone() }).collect();
    chosen.sort_by(|left, right| left.name.cmp(&right.name));
    chosen
}

struct Offers {
    account: i64,
    totals: HashMap<ResourceKind, i64>,
}

impl Offers {
    fn fill(
        &mut self,
        conn: &mut Conn,
        kind: ResourceKind,
        row: &RowDraft,
        shown: &mut PermissionRow,
    ) -> Result<(), DbError> {
        shown.total = match self.totals.get(&kind) {
            Some(total) => *total,
            None => Resource::count(conn, self.account, kind)?,
        };
        self.totals.insert(kind, shown.total);
        let (found, more) = Resource::search(conn, self.account, kind, &row.search, &row.chosen, MOST_FOUND)?;
        shown.found = found.into_iter().map(|one| Choice { id: one.id, name: one.name }).collect();
        shown.found_more = more;
        Ok(())
    }
}

fn expires_choices(draft: &Draft, now: OffsetDateTime) -> Vec<ExpiryChoice> {
    let choice = |value: String, label: String, through: String| ExpiryChoice {
        checked: draft.expires == value,
        value,
        label,
        through,
    };
    PRESETS
        .map(|days| {
            choice(
                days.to_string(),
                format!("{days} days"),
                Expiry::Days(days).ends_at(now).map(works_through).unwrap_or_default(),
            )
        })
        .into_iter()
        .chain([
            choice("date".to_owned(), "On a date".to_owned(), String::new()),
            choice("never".to_owned(), "Never".to_owned(), String::new()),
        ])
        .collect()
}

fn problem(problems: &Problems, place: &str) -> Option<String> {
    problems.iter().find(|(at, _)| at == place).map(|(_, text)| text.clone())
}

fn error_link((place, text): &(String, String)) -> ErrorLink {
    ErrorLink { href: format!("#{place}"), text: text.clone() }
}

/// What a valid draft asks for, or what is wrong with it.
pub(super) fn checked(
    conn: &mut Conn,
    catalogue: &Catalogue,
    account: &Account,
    draft: &Draft,
    now: OffsetDateTime,
) -> Result<Result<(crate::models::token::TokenName, Policy), Problems>, DbError> {
    let scoped = catalogue.has_scopes(&account.plan);
    let there = chosen(conn, account.id, draft)?;
    Ok(draft.check(catalogue, scoped, account.id, &there, now))
}
