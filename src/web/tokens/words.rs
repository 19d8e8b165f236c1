//! What the form means so far, in plain words, for the script that follows each choice.

use super::draft::Draft;
use super::form::{checked, expires_hint};
use crate::http::{AppData, AppError};
use crate::policy::words::{self, Sentence};
use crate::web::form::Posted;
use crate::web::guard::{AccountMember, CreateTokens};
use actix_web::HttpResponse;
use serde::Serialize;
use std::sync::Arc;

#[derive(Serialize)]
struct Words {
    sentences: Vec<Sentence>,
    expires: String,
}

/// The sentences; none while the form is not complete. The name is not asked for yet.
pub async fn words(
    form: Posted<AccountMember<CreateTokens>>,
    app: AppData,
) -> Result<HttpResponse, AppError> {
    let (member, fields) = form.genuine()?;
    let mut draft = Draft::parse(&fields, &app.catalogue);
    draft.name = "unnamed".to_owned();
    let (account, catalogue, now) = (member.account, Arc::clone(&app.catalogue), app.clock.now());
    let expires = expires_hint(&draft, now);
    let sentences = app
        .db
        .run(move |conn| {
            let Ok((_, policy)) = checked(conn, &catalogue, &account, &draft, now)? else {
                return Ok(Vec::new());
            };
            Ok(words::of_policy(&catalogue, &policy, &account.surroundings(conn)?))
        })
        .await?;
    Ok(HttpResponse::Ok().json(Words { sentences, expires }))
}
