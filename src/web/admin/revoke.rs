//! Revoking tokens of anybody: a page that says what will stop, and asks for a reason.

use super::found::Row;
use super::page;
use crate::db::{Conn, DbError};
use crate::http::{AppData, AppError, Ended};
use crate::models::admin::tokens::{self as admin_tokens, Anybodys};
use crate::models::token::endings::{self, Ending};
use crate::models::token::filter::Filter;
use crate::models::token::list::{self, Sort, Wanted};
use crate::models::token::{DeletionReason, Owner, revoke};
use crate::models::{Account, User, text};
use crate::policy::TokenId;
use crate::web::browse::counted;
use crate::web::flash::{self, Flash};
use crate::web::form::{Fields, Posted};
use crate::web::guard::{SiteAdmin, site_acts};
use crate::web::page::{Field, Page, render};
use crate::web::paths;
use actix_web::http::StatusCode;
use actix_web::{HttpRequest, HttpResponse};
use askama::Template;
use std::str::FromStr;
use time::OffsetDateTime;

#[derive(Template)]
#[template(path = "admin/revoke.html")]
struct RevokePage {
    page: Page,
    /// All tokens of this one; none where they were chosen.
    all_of: Option<String>,
    count: String,
    is_one: bool,
    in_use: Option<i64>,
    rows: Vec<Row>,
    more: bool,
    why: Field,
    /// What the form is about, as it was asked for.
    about: Vec<(&'static str, i64)>,
    cancel_url: String,
}

/// Which tokens somebody means.
#[derive(Debug, Clone)]
enum Which {
    These(Vec<TokenId>),
    AllOf(Owner),
}

/// What would stop.
struct Standing {
    name: Option<String>,
    live: i64,
    in_use: Option<i64>,
    tokens: Vec<Anybodys>,
}

/// The reason is kept for as long as this, in characters.
const LONGEST_REASON: usize = 255;
/// No list has more rows to choose.
const MOST_CHOSEN: usize = admin_tokens::PER_PAGE;

impl Which {
    fn read(fields: &Fields) -> Result<Which, AppError> {
        fn number<Id: FromStr>(fields: &Fields, name: &str) -> Result<Option<Id>, AppError> {
            match fields.get(name) {
                "" => Ok(None),
                text => text.parse().map(Some).map_err(|_| AppError::NotFound),
            }
        }
        if let Some(user) = number(fields, "user")? {
            return Ok(Which::AllOf(Owner::User(user)));
        }
        if let Some(account) = number(fields, "account")? {
            return Ok(Which::AllOf(Owner::Account(account)));
        }
        let mut ids = Vec::new();
        for id in fields.all("token").take(MOST_CHOSEN + 1) {
            ids.push(id.parse().map_err(|_| AppError::NotFound)?);
        }
        ids.sort_unstable();
        ids.dedup();
        match ids.len() {
            0 => Err(AppError::BadRequest("Choose at least one token.")),
            1..=MOST_CHOSEN => Ok(Which::These(ids)),
            _ => Err(AppError::BadRequest("Choose at most 50 tokens at once.")),
        }
    }

    fn about(&self) -> Vec<(&'static str, i64)> {
        match self {
            Which::These(ids) => ids.iter().map(|id| ("token", id.get())).collect(),
            Which::AllOf(Owner::Account(id)) => vec![("account", id.get())],
            Which::AllOf(Owner::User(id)) => vec![("user", id.get())],
        }
    }

    fn standing(&self, conn: &mut Conn, now: OffsetDateTime) -> Result<Option<Standing>, DbError> {
        let owner = match self {
            Which::These(ids) => {
                let mut tokens = admin_tokens::these(conn, ids)?;
                tokens.retain(|one| !one.token.has_ended(now));
                let live = i64::try_from(tokens.len()).unwrap_or(0);
                return Ok(Some(Standing { name: None, live, in_use: None, tokens }));
            }
            Which::AllOf(owner) => *owner,
        };
        let name = match owner {
            Owner::Account(id) => Account::find(conn, id)?.map(|account| account.name),
            Owner::User(id) => User::find(conn, id)?.map(|user| user.email),
        };
        if name.is_none() {
            return Ok(None);
        }
        let standing = revoke::standing(conn, owner, now)?;
        let wanted = Wanted { owner, which: list::Which::Live, search: None, filter: Filter::default() };
        let (newest, _) = wanted.page(conn, Sort::Newest, None, now)?;
        let newest: Vec<TokenId> = newest.iter().take(revoke::MOST_NAMED).map(|one| one.token.id).collect();
        let tokens = admin_tokens::these(conn, &newest)?;
        Ok(Some(Standing { name, live: standing.live, in_use: Some(standing.in_use), tokens }))
    }
}

/// The page that asks.
pub async fn confirm(admin: SiteAdmin, app: AppData, request: HttpRequest) -> Result<HttpResponse, AppError> {
    let which = Which::read(&Fields::parse(request.query_string().as_bytes())?)?;
    ask(&admin, &app, which, Field::default(), StatusCode::OK).await
}

/// Revokes them.
pub async fn revoke(
    form: Posted<SiteAdmin, site_acts::RevokeTokens>,
    app: AppData,
) -> Result<HttpResponse, AppError> {
    let (admin, fields) = form.accepted(&app).await?;
    let which = Which::read(&fields)?;
    let why = fields.get("why").trim().to_owned();
    let fault = text::fault_of_line(&why, LONGEST_REASON).map(|fault| format!("This {fault}."));
    if why.is_empty() || fault.is_some() {
        let missing = || format!("Say why, in up to {LONGEST_REASON} characters: the owner reads it.");
        let why = Field { value: why, error: Some(fault.unwrap_or_else(missing)) };
        return ask(&admin, &app, which, why, StatusCode::UNPROCESSABLE_ENTITY).await;
    }
    let (origin, work) = (admin.signed_in.origin(&app), which.clone());
    let affected = match &which {
        Which::These(ids) => endings::Which::These(ids.clone()),
        Which::AllOf(owner) => endings::Which::All(*owner),
    };
    let ending = Ending {
        which: affected,
        why: DeletionReason::Admin,
        note: Some(why.clone()),
        origin: origin.clone(),
    };
    let ended = app.endings.end(&app.db, ending, move |conn| match work {
        Which::These(ids) => revoke::revoke_these(conn, &ids, &why, &origin),
        Which::AllOf(owner) => revoke::revoke_all_of(conn, owner, &why, &origin),
    });
    let done = match ended.await? {
        Ended::AtOnce(count) => flash::at_once(count),
        Ended::Whole(0) => Flash::NothingToRevoke,
        Ended::Whole(_) => Flash::TokensRevoked,
    };
    Ok(flash::done(back(&app, &which).await?, done))
}

/// The list that shows what became of them.
async fn back(app: &AppData, which: &Which) -> Result<String, AppError> {
    let which = which.clone();
    let whose = app.db.run(move |conn| {
        let owner = match which {
            Which::AllOf(owner) => Some(owner),
            Which::These(ids) => admin_tokens::these(conn, &ids)?.first().and_then(|one| one.token.owner()),
        };
        match owner {
            Some(Owner::User(id)) => Ok(User::find(conn, id)?.map(|user| user.email)),
            Some(Owner::Account(id)) => Ok(Some(id.to_string())),
            None => Ok(None),
        }
    });
    Ok(paths::admin_tokens_of(&whose.await?.unwrap_or_default()))
}

async fn ask(
    admin: &SiteAdmin,
    app: &AppData,
    which: Which,
    why: Field,
    status: StatusCode,
) -> Result<HttpResponse, AppError> {
    let (now, about) = (app.clock.now(), which.about());
    let standing = app.db.run(move |conn| which.standing(conn, now)).await?.ok_or(AppError::NotFound)?;
    if standing.live == 0 {
        return Ok(flash::done(paths::ADMIN_TOKENS, Flash::NothingToRevoke));
    }
    let named = standing.tokens.into_iter().take(revoke::MOST_NAMED);
    let rows: Vec<Row> = named.map(|one| Row::of(one, &app.catalogue, now)).collect();
    let page = RevokePage {
        page: page(admin, "Revoke tokens", ""),
        cancel_url: rows
            .first()
            .map_or_else(|| paths::ADMIN_TOKENS.to_owned(), |row| paths::admin_tokens_of(&row.whose)),
        all_of: standing.name,
        count: counted(standing.live, "token", "tokens"),
        is_one: standing.live == 1,
        in_use: standing.in_use,
        more: standing.live > i64::try_from(rows.len()).unwrap_or(0),
        rows,
        why,
        about,
    };
    render(&page, status)
}
