//! Deleting several: a page that names each and says what will stop, then *Yes, delete*.

use crate::http::{AppData, AppError, Ended};
use crate::models::token::DeletionReason;
use crate::models::token::chosen::{self, Deleted, MOST_CHOSEN};
use crate::models::token::endings::{Ending, Which};
use crate::models::token::list::Listed;
use crate::policy::TokenId;
use crate::web::flash::{self, Flash};
use crate::web::form::Posted;
use crate::web::guard::{ManageTokens, TokenOwner};
use crate::web::page::{Page, render};
use crate::web::told::Used;
use actix_web::HttpResponse;
use actix_web::http::StatusCode;
use actix_web::web::Query;
use askama::Template;
use time::OffsetDateTime;

#[derive(Template)]
#[template(path = "tokens/chosen.html")]
struct ChosenPage {
    page: Page,
    rows: Vec<Row>,
    ended: Vec<String>,
    action: String,
    list_url: String,
}

struct Row {
    id: TokenId,
    name: String,
    url: String,
    hint: String,
    used: Option<Used>,
}

type Member = TokenOwner<ManageTokens>;

/// The page that asks, for the tokens that the address names.
pub async fn confirm(
    member: Member,
    app: AppData,
    query: Query<Vec<(String, String)>>,
) -> Result<HttpResponse, AppError> {
    let ids = numbers(query.iter().filter(|(name, _)| name == "id").map(|(_, value)| value.as_str()))?;
    let (owner, now, paths) = (member.owner(), app.clock.now(), member.paths());
    let found = app.db.run(move |conn| chosen::of_owner(conn, owner, &ids)).await?;
    if found.is_empty() {
        return Ok(flash::done(paths.list(), Flash::NoneChosen));
    }
    let (ended, live): (Vec<_>, Vec<_>) =
        found.into_iter().partition(|one| member.state(&one.token, now).has_ended());
    if live.is_empty() {
        return Ok(flash::done(paths.list(), Flash::ChosenHadEnded));
    }
    let page = ChosenPage {
        page: member.page("Delete tokens"),
        rows: live.into_iter().map(|one| Row::of(one, &member, now)).collect(),
        ended: ended.into_iter().map(|one| one.token.name).collect(),
        action: paths.chosen(),
        list_url: paths.list(),
    };
    render(&page, StatusCode::OK)
}

/// Deletes those that have not ended meanwhile, in one transaction.
pub async fn delete(form: Posted<Member>, app: AppData) -> Result<HttpResponse, AppError> {
    let (member, fields) = form.accepted(&app).await?;
    let (owner, origin) = (member.owner(), member.signed_in.origin(&app));
    let ids = numbers(fields.all("id"))?;
    let ending = Ending {
        which: Which::Of(owner, ids.clone()),
        why: DeletionReason::Person,
        note: None,
        origin: origin.clone(),
    };
    let deleted = app.endings.end(&app.db, ending, move |conn| chosen::delete(conn, owner, &ids, &origin));
    let done = match deleted.await? {
        Ended::AtOnce(count) => flash::at_once(count),
        Ended::Whole(Deleted { now: 0, before: 0 }) => Flash::NoneChosen,
        Ended::Whole(Deleted { now: 0, .. }) => Flash::ChosenHadEnded,
        Ended::Whole(Deleted { before: 0, .. }) => Flash::ChosenDeleted,
        Ended::Whole(Deleted { .. }) => Flash::ChosenDeletedInPart,
    };
    Ok(flash::done(member.paths().list(), done))
}

/// The numbers of tokens, each once. What is no number is no token.
fn numbers<'a>(written: impl Iterator<Item = &'a str>) -> Result<Vec<TokenId>, AppError> {
    let mut ids: Vec<TokenId> = written.filter_map(|id| id.parse().ok()).collect();
    ids.sort_unstable();
    ids.dedup();
    if ids.len() > MOST_CHOSEN {
        return Err(AppError::BadRequest("At most 100 tokens are deleted at once. Choose fewer."));
    }
    Ok(ids)
}

const _: () = assert!(MOST_CHOSEN == 100, "the sentence says so");

impl Row {
    fn of(one: Listed, member: &Member, now: OffsetDateTime) -> Row {
        Row {
            id: one.token.id,
            url: member.paths().token(one.token.id),
            name: one.token.name,
            hint: one.hint,
            used: one.last_use.map(|last| Used::of(&last, now)),
        }
    }
}
