//! The account's resources of a kind, and each with the tokens that reach it: for kinds that no extension
//! has pages for.

use crate::http::{AppData, AppError};
use crate::models::browse::{self, Listed};
use crate::policy::{Kind, ResourceId};
use crate::web::browse::reached::Reached;
use crate::web::browse::{Asked, Member, Pages, rows_of};
use crate::web::page::{AccountNav, Page, Section, capitalized, render};
use crate::web::paths;
use crate::web::told::Moment;
use actix_web::HttpResponse;
use actix_web::http::StatusCode;
use actix_web::web::{Path, Query};
use askama::Template;
use time::OffsetDateTime;

#[derive(Template)]
#[template(path = "resources/index.html")]
struct ResourcesPage {
    page: Page,
    account: AccountNav,
    /// One of the kind, within a sentence.
    noun: String,
    title: String,
    plural_title: String,
    none_yet: String,
    none_found: String,
    search_label: String,
    /// Whose API it is.
    product: String,
    here: String,
    q: String,
    count: String,
    rows: Vec<Row>,
    pages: Pages,
}

struct Row {
    name: String,
    url: String,
    added: Moment,
}

#[derive(Template)]
#[template(path = "resources/show.html")]
struct ResourcePage {
    page: Page,
    account: AccountNav,
    title: String,
    plural_title: String,
    list_url: String,
    name: String,
    reached: Reached,
}

/// All of a kind, by name.
pub(super) async fn index(
    member: Member,
    app: AppData,
    path: Path<(String, String)>,
    asked: Query<Asked>,
) -> Result<HttpResponse, AppError> {
    let kind = kind(&member, &path.1)?;
    let (account, key, now) = (member.account.id, kind.key, app.clock.now());
    let (text, number) = (asked.text()?, asked.number());
    let q = text.clone();
    let part = app.db.run(move |conn| browse::resources(conn, account, key, &text, number)).await?;
    let here = paths::resources(key, account);
    let (noun, plural) = (kind.noun(), kind.plural.clone());
    let plural_title = capitalized(&plural);
    let row = |one| Row::of(one, &member, kind, now);
    let page = ResourcesPage {
        page: member.page(&plural_title).under(Section::Resources(key)),
        account: member.nav(),
        count: rows_of(&part, &noun, &plural),
        pages: Pages::of(&part, &here, &q),
        rows: part.rows.into_iter().map(row).collect(),
        none_yet: format!("No {plural} yet"),
        none_found: format!("No {noun} found"),
        search_label: format!("Search {plural}"),
        noun,
        title: kind.title.clone(),
        plural_title,
        product: member.signed_in.catalogue.product.name.clone(),
        here,
        q,
    };
    render(&page, StatusCode::OK)
}

/// One of them.
pub(super) async fn show(
    member: Member,
    app: AppData,
    path: Path<(String, String, String)>,
    asked: Query<Asked>,
) -> Result<HttpResponse, AppError> {
    let kind = kind(&member, &path.1)?;
    let (account, key) = (member.account.id, kind.key);
    let id: ResourceId = path.2.parse().map_err(|_| AppError::NotFound)?;
    let found = app.db.run(move |conn| browse::one(conn, account, key, id));
    let resource = found.await?.ok_or(AppError::NotFound)?;
    let page = ResourcePage {
        page: member.page(&resource.name).under(Section::Resources(key)),
        account: member.nav(),
        title: kind.title.clone(),
        plural_title: capitalized(&kind.plural),
        list_url: paths::resources(key, account),
        name: resource.name.clone(),
        reached: Reached::of(&member, &app, resource, key, &asked).await?,
    };
    render(&page, StatusCode::OK)
}

/// The kind of the path.
fn kind<'a>(member: &'a Member, key: &str) -> Result<&'a Kind, AppError> {
    let kinds = &member.signed_in.catalogue.kinds;
    kinds.iter().find(|kind| kind.key.as_str() == key).ok_or(AppError::NotFound)
}

impl Row {
    fn of(one: Listed, member: &Member, kind: &Kind, now: OffsetDateTime) -> Row {
        Row {
            name: one.name,
            url: paths::resource(&member.signed_in.extras, kind.key, member.account.id, one.id),
            added: Moment::past(one.created_at, now),
        }
    }
}
