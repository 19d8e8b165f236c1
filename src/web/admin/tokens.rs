//! Looking for tokens of anybody: by a secret that was found, by name or hint, by owner.

use super::found::Row;
use super::{Asked, address, page};
use crate::http::{AppData, AppError};
use crate::models::admin::tokens::{self as admin_tokens, BySecret, Wanted, Whose};
use crate::models::token::search::Search;
use crate::models::token::secret;
use crate::policy::{State, TokenId};
use crate::web::form::Posted;
use crate::web::guard::{SiteAdmin, site_acts};
use crate::web::page::{Page, go_to, render};
use crate::web::paths;
use actix_web::HttpResponse;
use actix_web::http::StatusCode;
use actix_web::web::Query;
use askama::Template;

#[derive(Template)]
#[template(path = "admin/tokens.html")]
struct TokensPage {
    page: Page,
    q: String,
    whose: String,
    /// All that is looked for; empty where nothing is.
    looked_for: String,
    /// What the secret is that was pasted, or what is wrong with it.
    said: Option<String>,
    secret_error: Option<String>,
    rows: Vec<Row>,
    older: Option<String>,
    /// Where all tokens of the one owner are revoked, and who that is.
    all_of: Option<(String, String)>,
}

impl TokensPage {
    fn new(page: Page) -> TokensPage {
        TokensPage {
            page,
            q: String::new(),
            whose: String::new(),
            looked_for: String::new(),
            said: None,
            secret_error: None,
            rows: Vec::new(),
            older: None,
            all_of: None,
        }
    }
}

/// What was looked for by name, hint or owner.
pub async fn index(admin: SiteAdmin, app: AppData, asked: Query<Asked>) -> Result<HttpResponse, AppError> {
    let (q, whose) = asked.texts()?;
    for typed in [&q, &whose] {
        // A whole secret must not stay in an address: its end is enough to look for.
        if let Some(end) = secret::end_in(typed) {
            return Ok(go_to(address(paths::ADMIN_TOKENS, &[("q", end)], None)));
        }
    }
    let mut shown = TokensPage::new(page(&admin, "Tokens", &asked.done));
    shown.looked_for = format!("{q} {whose}").trim().to_owned();
    if !shown.looked_for.is_empty() {
        let (search, named, before, now) =
            (Search::parse(&q), whose.clone(), asked.before(), app.clock.now());
        let by_owner_alone = search.is_none();
        let found = app.db.run(move |conn| {
            let Some(whose) = admin_tokens::named(conn, &named)? else { return Ok(None) };
            let wanted = Wanted { whose: whose.clone(), search, before };
            Ok(Some((whose, wanted.page(conn)?)))
        });
        match found.await? {
            None => shown.said = Some(nobody(&whose)),
            Some((of, (found, more))) => {
                let next = found.last().filter(|_| more).map(|last| last.token.id);
                let link = |next: TokenId| {
                    address(paths::ADMIN_TOKENS, &[("q", &q), ("whose", &whose)], Some(next.get()))
                };
                shown.older = next.map(link);
                shown.rows = found.into_iter().map(|one| Row::of(one, &app.catalogue, now)).collect();
                let owner = shown.rows.first().map(|row| row.owner.clone()).unwrap_or_default();
                shown.all_of =
                    all_of(&of).filter(|_| by_owner_alone && !owner.is_empty()).map(|url| (url, owner));
            }
        }
        (shown.q, shown.whose) = (q, whose);
    }
    render(&shown, StatusCode::OK)
}

/// The token of a secret that somebody found. The answer holds the token, never the secret; a typo
/// is told without a query.
pub async fn by_secret(
    form: Posted<SiteAdmin, site_acts::FindToken>,
    app: AppData,
) -> Result<HttpResponse, AppError> {
    let (admin, fields) = form.accepted(&app).await?;
    let mut shown = TokensPage::new(page(&admin, "Tokens", ""));
    let Some(digest) = secret::presented_in(fields.get("secret")) else {
        shown.secret_error = Some(
            "This holds no secret of a token: none has this form and a right checksum. Look for a typo."
                .to_owned(),
        );
        return render(&shown, StatusCode::UNPROCESSABLE_ENTITY);
    };
    let now = app.clock.now();
    let found = app.db.run(move |conn| admin_tokens::by_secret(conn, &digest, now)).await?;
    shown.said = Some(match &found {
        None => "No token here has or had this secret.".to_owned(),
        Some(found) => told(found, found.found.state(&app.catalogue, now)),
    });
    shown.rows = found.into_iter().map(|one| Row::of(one.found, &app.catalogue, now)).collect();
    render(&shown, StatusCode::OK)
}

fn told(found: &BySecret, state: State) -> String {
    match state {
        State::Deleted | State::Expired => "This secret works no more: its token has ended.",
        _ if found.is_replaced => {
            "This secret works no more: it was replaced, and its token has a newer one."
        }
        State::Active => "This secret works.",
        _ => "This secret does not work now, but may again: its token is paused.",
    }
    .to_owned()
}

fn nobody(whose: &str) -> String {
    if whose.contains('@') {
        format!("There is no user {whose}.")
    } else {
        format!("There is no account with the name or number {whose}.")
    }
}

/// Where all tokens of the owner are revoked, where it is one.
fn all_of(whose: &Whose) -> Option<String> {
    match whose {
        Whose::User(id) => Some(format!("{}?user={id}", paths::ADMIN_TOKENS_REVOKE)),
        Whose::Accounts(ids) => match ids.as_slice() {
            [id] => Some(format!("{}?account={id}", paths::ADMIN_TOKENS_REVOKE)),
            _ => None,
        },
        Whose::Everybodys => None,
    }
}
