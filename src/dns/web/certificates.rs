//! The account's certificates. Their private keys are never read for a page.

use crate::dns::models::certificate::CertificateState;
use crate::dns::models::domain::DOMAIN;
use crate::dns::models::lists::{self, Certificate};
use crate::http::{AppData, AppError};
use crate::policy::AccountId;
use crate::web::browse::{Asked, Member, Pages, counted, rows_of};
use crate::web::page::{AccountNav, Page, Section, render};
use crate::web::paths;
use crate::web::told::Expiry;
use actix_web::HttpResponse;
use actix_web::http::StatusCode;
use actix_web::web::Query;
use askama::Template;
use time::OffsetDateTime;

#[derive(Template)]
#[template(path = "certificates.html")]
struct CertificatesPage {
    page: Page,
    account: AccountNav,
    here: String,
    q: String,
    count: String,
    rows: Vec<Row>,
    pages: Pages,
}

pub(super) struct Row {
    pub(super) name: String,
    pub(super) also: String,
    pub(super) domain: String,
    pub(super) domain_url: String,
    pub(super) state: String,
    pub(super) tone: &'static str,
    pub(super) expires: Option<Expiry>,
}

/// All of them, by domain.
pub async fn index(member: Member, app: AppData, asked: Query<Asked>) -> Result<HttpResponse, AppError> {
    let (account, now) = (member.account.id, app.clock.now());
    let (text, number) = (asked.text()?, asked.number());
    let q = text.clone();
    let part = app.db.run(move |conn| lists::certificates(conn, account, &text, number)).await?;
    let page = CertificatesPage {
        page: member.page("Certificates").under(Section::Extension(super::CERTIFICATES)),
        account: member.nav(),
        here: super::paths::certificates(account),
        count: rows_of(&part, "certificate", "certificates"),
        pages: Pages::of(&part, &super::paths::certificates(account), &q),
        rows: part.rows.into_iter().map(|one| Row::of(one, account, now)).collect(),
        q,
    };
    render(&page, StatusCode::OK)
}

impl Row {
    pub(super) fn of(one: Certificate, account: AccountId, now: OffsetDateTime) -> Row {
        let ended = one.expires_at.is_some_and(|end| end <= now);
        let also = match one.alternate_names.len() {
            0 => String::new(),
            count => format!("and {}", counted(i64::try_from(count).unwrap_or(0), "more name", "more names")),
        };
        Row {
            name: one.common_name,
            also,
            domain_url: paths::of_resource(DOMAIN, account, one.domain.0),
            domain: one.domain.1,
            tone: match one.state {
                CertificateState::Issued if !ended => "ok",
                _ => "plain",
            },
            state: if ended { "expired".to_owned() } else { one.state.key().to_owned() },
            expires: one.expires_at.map(|end| Expiry::of(Some(end), now)),
        }
    }
}
