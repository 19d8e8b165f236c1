//! The simple form for a new account token, and everything that renders it again.

use super::choices::{Finder, Offers, chosen};
use super::draft::{Draft, Level, Problems, RowDraft, Shape, Source, Whose};
use super::expires::{ExpiryChoice, expires_choices, expires_hint};
use super::member::Member;
use super::problems::{ErrorLink, error_links, problem};
use crate::db::{Conn, DbError};
use crate::http::{App, AppData, AppError};
use crate::models::token::{Token, surroundings};
use crate::policy::words::{self, Sentence};
use crate::policy::{Access, Catalogue, Policy, TokenId};
use crate::web::page::{Field, Page, go_to, plan_title, render};
use actix_web::HttpResponse;
use actix_web::http::StatusCode;
use actix_web::web::Query;
use askama::Template;
use serde::Deserialize;
use std::sync::Arc;

#[derive(Template)]
#[template(path = "tokens/new.html")]
struct NewTokenPage {
    page: Page,
    account: String,
    scoped: bool,
    action: String,
    words_url: String,
    resources_url: String,
    start_url: String,
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
    offers_read: bool,
    offers_full: bool,
    access: String,
    where_: String,
    /// Where it can be narrowed.
    finder: Option<Finder>,
    error: Option<String>,
    where_error: Option<String>,
}

/// The token that the form is to be filled in like.
#[derive(Deserialize)]
pub struct Like {
    like: Option<TokenId>,
}

/// The form, empty or like another token. What it cannot say is for the builder, and so are all of
/// a person's own tokens.
pub async fn new(member: Member, app: AppData, query: Query<Like>) -> Result<HttpResponse, AppError> {
    let (paths, like) = (member.paths(), query.like);
    if member.account().is_none() {
        return Ok(go_to(like.map_or_else(|| paths.start(), |id| paths.build_like(id))));
    }
    let (owner, whose, now) = (member.owner(), Whose::of(&member), app.clock.now());
    let source = app.db.run(move |conn| {
        let token = like.map(|id| Token::find(conn, owner, id)).transpose()?.flatten();
        let source = token.map(|token| Source::of(conn, &token, &whose)).transpose()?;
        Ok((source, whose))
    });
    let (source, whose) = source.await?;
    let (draft, said) = match source {
        Some(source) => Draft::like(&source, &app.catalogue, &whose, now),
        None => (Draft::blank(Shape::Simple), Vec::new()),
    };
    match draft.simple() {
        // A plan without scopes has nothing to say about grants, whatever the other token had.
        None if !whose.scoped => {
            let draft = Draft { name: draft.name, expires: draft.expires, ..Draft::blank(Shape::Simple) };
            Form::of(draft).answer(&member, &app, StatusCode::OK).await
        }
        None => Ok(go_to(like.map_or_else(|| paths.build(), |id| paths.build_like(id)))),
        Some(draft) => {
            let notice = Some(said.join(" ")).filter(|notice| !notice.is_empty());
            Form { notice, ..Form::of(draft) }.answer(&member, &app, StatusCode::OK).await
        }
    }
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
        member: &Member,
        app: &App,
        status: StatusCode,
    ) -> Result<HttpResponse, AppError> {
        let account = member.account().ok_or(AppError::NotFound)?;
        let (now, owner, whose) = (app.clock.now(), member.owner(), Whose::of(member));
        let (catalogue, scoped) = (Arc::clone(&app.catalogue), whose.scoped);
        let Form { draft, problems, notice, policy } = self;
        let (draft, problems, groups, words) = app
            .db
            .run(move |conn| {
                let groups =
                    if scoped { groups(conn, &catalogue, &whose, &draft, &problems)? } else { Vec::new() };
                let words = policy
                    .map(|policy| {
                        Ok::<_, DbError>(words::of_policy(&catalogue, &policy, &surroundings(conn, owner)?))
                    })
                    .transpose()?;
                Ok((draft, problems, groups, words))
            })
            .await?;
        let paths = member.paths();
        let page = NewTokenPage {
            page: member.page("New account token"),
            account: account.name.clone(),
            scoped,
            action: paths.list(),
            words_url: paths.words(),
            resources_url: paths.resources(),
            start_url: paths.start(),
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
            errors: error_links(&problems),
            notice,
            words,
            cancel_url: paths.list(),
            plan: plan_title(&app.catalogue, &account.plan),
            name: Field { error: problem(&problems, "name"), value: draft.name },
        };
        render(&page, status)
    }
}

fn groups(
    conn: &mut Conn,
    catalogue: &Catalogue,
    whose: &Whose,
    draft: &Draft,
    problems: &Problems,
) -> Result<Vec<Group>, DbError> {
    let there = chosen(conn, whose, draft)?;
    let mut offers = Offers::new(catalogue, whose, draft, &there);
    let mut groups: Vec<Group> = Vec::new();
    for permission in catalogue.for_account_tokens() {
        let row = RowDraft { key: permission.key.to_string(), ..draft.row(permission) };
        let kind = permission.narrowed_by;
        let shown = PermissionRow {
            title: permission.title.clone(),
            sentence: permission.sentence.clone(),
            sensitive: permission.sensitive,
            offers_read: permission.access.contains(&Access::Read),
            offers_full: permission.access.contains(&Access::Full),
            access: if row.level == Level::Unchosen { "none" } else { row.level.key() }.to_owned(),
            where_: row.reach.key().to_owned(),
            finder: kind.map(|kind| offers.finder(conn, kind, &row, true)).transpose()?,
            error: problem(problems, &format!("{}.access", permission.key)),
            where_error: problem(problems, &format!("{}.where", permission.key)),
            key: row.key,
        };
        let title = catalogue.category_title(permission);
        match groups.iter_mut().find(|group| group.title == title) {
            Some(group) => group.permissions.push(shown),
            None => groups.push(Group { title: title.to_owned(), permissions: vec![shown] }),
        }
    }
    groups.sort_by_key(|group| catalogue.categories.iter().position(|one| one.title == group.title));
    Ok(groups)
}
