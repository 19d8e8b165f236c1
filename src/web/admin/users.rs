//! Everybody who signs in.

use super::{Asked, address, page};
use crate::http::{AppData, AppError};
use crate::models::User;
use crate::models::admin::people;
use crate::web::guard::SiteAdmin;
use crate::web::page::{Page, render};
use crate::web::paths;
use crate::web::told::Moment;
use actix_web::HttpResponse;
use actix_web::http::StatusCode;
use actix_web::web::Query;
use askama::Template;
use time::OffsetDateTime;

#[derive(Template)]
#[template(path = "admin/users.html")]
struct UsersPage {
    page: Page,
    q: String,
    rows: Vec<Row>,
    older: Option<String>,
    list_url: &'static str,
}

struct Row {
    name: String,
    email: String,
    url: String,
    made: Moment,
    deactivated: bool,
    site_admin: bool,
}

impl Row {
    fn of(user: User, now: OffsetDateTime) -> Row {
        Row {
            url: paths::admin_user(user.id),
            made: Moment::past(user.created_at, now),
            deactivated: user.deactivated_at.is_some(),
            site_admin: user.site_admin_since.is_some(),
            name: user.name,
            email: user.email,
        }
    }
}

/// The list, the newest first.
pub async fn index(admin: SiteAdmin, app: AppData, asked: Query<Asked>) -> Result<HttpResponse, AppError> {
    let (q, _) = asked.texts()?;
    let (text, before, now) = (q.clone(), asked.before(), app.clock.now());
    let (found, more) = app.db.run(move |conn| people::users(conn, &text, before)).await?;
    let next = found.last().filter(|_| more).map(|last| last.id);
    let page = UsersPage {
        page: page(&admin, "Users", &asked.done),
        older: next.map(|next| address(paths::ADMIN_USERS, &[("q", &q)], Some(next.get()))),
        rows: found.into_iter().map(|user| Row::of(user, now)).collect(),
        list_url: paths::ADMIN_USERS,
        q,
    };
    render(&page, StatusCode::OK)
}
