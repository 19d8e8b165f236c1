//! `GET /v2/whoami`: whose token this is, in DNSimple's form.

use super::bearer::Bearer;
use crate::http::AppData;
use crate::models::token::lookup::Holder;
use actix_web::HttpResponse;
use serde_json::{Value, json};
use time::OffsetDateTime;
use time::format_description::FormatItem;
use time::macros::format_description;

/// ISO-8601, UTC, whole seconds: official clients compare it as text.
const TIME: &[FormatItem<'_>] = format_description!("[year]-[month]-[day]T[hour]:[minute]:[second]Z");

/// Account or user; the other one is null, and both keys are there.
pub async fn whoami(bearer: Bearer, app: AppData) -> HttpResponse {
    let (user, account) = match bearer.found.holder {
        Holder::Account(account) => {
            let plan = app.catalogue.plan(&account.plan).map(|plan| plan.identifier.as_str());
            let body = json!({
                "id": account.id,
                "email": account.email,
                "name": account.name,
                "plan_identifier": plan,
                "created_at": time(account.created_at),
                "updated_at": time(account.updated_at),
            });
            (Value::Null, body)
        }
        Holder::User(user) => {
            let body = json!({
                "id": user.id,
                "email": user.email,
                "created_at": time(user.created_at),
                "updated_at": time(user.updated_at),
            });
            (body, Value::Null)
        }
    };
    HttpResponse::Ok().json(json!({ "data": { "user": user, "account": account } }))
}

fn time(at: OffsetDateTime) -> String {
    at.format(TIME).unwrap_or_default()
}
