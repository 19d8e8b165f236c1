//! The account itself: name and e-mail address.

use super::permits::{Account as OfAccount, Full, Read};
use crate::api::body::Body;
use crate::api::caller::Caller;
use crate::api::json::ok;
use crate::api::whoami::Account;
use crate::http::{AppData, AppError};
use crate::models::{self, text};
use crate::policy::RefusalCode;
use actix_web::HttpResponse;
use utoipa::ToSchema;

/// What is to change; what is null or not there stays.
#[derive(Debug, ToSchema)]
pub struct AccountChange {
    name: Option<String>,
    email: Option<String>,
}

/// The account.
pub async fn show(caller: Caller<OfAccount, Read>, app: AppData) -> HttpResponse {
    ok(Account::of(&caller.account, &app.catalogue))
}

/// Changes it.
pub async fn change(
    caller: Caller<OfAccount, Full>,
    app: AppData,
    body: Body,
) -> Result<HttpResponse, AppError> {
    let change = read(body).await?;
    let (id, origin) = (caller.account.id, caller.origin());
    let work = move |conn: &mut _| {
        models::Account::change(conn, id, change.name.as_deref(), change.email.as_deref(), &origin)
    };
    let account = app.db.transaction(work).await?.ok_or(RefusalCode::AccountNotFound)?;
    Ok(ok(Account::of(&account, &app.catalogue)))
}

async fn read(body: Body) -> Result<AccountChange, AppError> {
    let mut fields = body.fields().await?;
    let trimmed = |text: String| text.trim().to_owned();
    let (name, email) = (fields.text("name").map(trimmed), fields.text("email").map(trimmed));
    match name.as_deref() {
        Some("") => fields.refuse("name", "can't be blank"),
        Some(name) => fields.refuse_all(text::fault_of_line(name, 255).map(|fault| ("name", fault))),
        None => {}
    }
    if email.as_deref().is_some_and(|email| !text::is_email(email)) {
        fields.refuse("email", "is not an e-mail address");
    }
    fields.done()?;
    Ok(AccountChange { name, email })
}
