//! Search among the resources that a token can name, as one types.

use super::choices::account_of;
use super::draft::Whose;
use super::member::Member;
use crate::http::{AppData, AppError};
use crate::models::Resource;
use crate::policy::{KindKey, ResourceId};
use actix_web::HttpResponse;
use actix_web::web::Query;
use serde::{Deserialize, Serialize};

/// So many are answered.
const MOST: i64 = 20;

/// What is searched for.
#[derive(Deserialize)]
pub struct Search {
    kind: String,
    #[serde(default)]
    q: String,
}

#[derive(Serialize)]
struct Answer {
    /// Up to 1,001: more are not counted.
    total: i64,
    found: Vec<Found>,
}

#[derive(Serialize)]
struct Found {
    id: ResourceId,
    name: String,
    /// For a token that may reach several accounts.
    #[serde(skip_serializing_if = "Option::is_none")]
    account: Option<String>,
}

/// The first resources of a kind whose name contains the text, and how many there are.
pub async fn search(member: Member, app: AppData, search: Query<Search>) -> Result<HttpResponse, AppError> {
    let kind =
        KindKey::try_from(search.kind.as_str()).ok().filter(|kind| app.catalogue.kind(*kind).is_some());
    let kind = kind.ok_or(AppError::BadRequest("There is no such kind."))?;
    let text = search.into_inner().q;
    if text.contains('\0') {
        return Err(AppError::BadRequest("The search holds characters that no name has."));
    }
    let whose = Whose::of(&member);
    let accounts = whose.numbers();
    let found = app.db.run(move |conn| {
        let total = Resource::count_found(conn, &accounts, kind, &text)?;
        Ok((Resource::search(conn, &accounts, kind, &text, MOST)?, total))
    });
    let (found, total) = found.await?;
    let account = |one: &Resource| account_of(&whose, one);
    let found = found.into_iter().map(|one| Found { account: account(&one), id: one.id, name: one.name });
    Ok(HttpResponse::Ok().json(Answer { total, found: found.collect() }))
}
