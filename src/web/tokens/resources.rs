//! Search among the account's resources, as one types.

use crate::http::{AppData, AppError};
use crate::models::Resource;
use crate::policy::ResourceKind;
use crate::web::guard::{AccountMember, CreateTokens};
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
    total: i64,
    found: Vec<Found>,
}

#[derive(Serialize)]
struct Found {
    id: i64,
    name: String,
}

/// The first resources of a kind whose name contains the text, and how many there are.
pub async fn search(
    member: AccountMember<CreateTokens>,
    app: AppData,
    search: Query<Search>,
) -> Result<HttpResponse, AppError> {
    let kind = ResourceKind::from_key(&search.kind).ok_or(AppError::BadRequest("There is no such kind."))?;
    let text = search.into_inner().q;
    if text.contains('\0') {
        return Err(AppError::BadRequest("The search holds characters that no name has."));
    }
    let account = member.account.id;
    let (found, more) =
        app.db.run(move |conn| Resource::search(conn, account, kind, &text, &[], MOST)).await?;
    let total = more + i64::try_from(found.len()).unwrap_or(0);
    let found = found.into_iter().map(|one| Found { id: one.id, name: one.name }).collect();
    Ok(HttpResponse::Ok().json(Answer { total, found }))
}
