//! What a form means so far, in plain words, for the script that follows each choice.

use super::draft::{Draft, Shape, Whose};
use super::expires::expires_hint;
use super::member::Member;
use super::problems::checked;
use crate::http::{AppData, AppError};
use crate::models::token::surroundings;
use crate::policy::Act;
use crate::policy::words::{self, Sentence};
use crate::web::form::Posted;
use actix_web::HttpResponse;
use serde::Serialize;
use std::sync::Arc;

#[derive(Serialize)]
struct Words {
    sentences: Vec<Sentence>,
    expires: String,
}

/// The sentences; none while the form is not complete. The name is not asked for yet. The builder
/// says so in a field: its rows are other fields than the lines of the simple form.
pub async fn words(form: Posted<Member>, app: AppData) -> Result<HttpResponse, AppError> {
    let (member, fields, asked) = form.undecided()?;
    asked.before(Act::SeeTokens, &fields, &app).await?;
    let shape = if fields.get("shape") == "builder" { Shape::Builder } else { Shape::Simple };
    let mut draft = Draft::parse(&fields, shape, &app.catalogue);
    draft.name = "unnamed".to_owned();
    let (owner, whose, now) = (member.owner(), Whose::of(&member), app.clock.now());
    let (catalogue, expires) = (Arc::clone(&app.catalogue), expires_hint(&draft, now));
    let sentences = app
        .db
        .run(move |conn| {
            let Ok((_, policy)) = checked(conn, &catalogue, &whose, &draft, now)? else {
                return Ok(Vec::new());
            };
            Ok(words::of_policy(&catalogue, &policy, &surroundings(conn, owner)?))
        })
        .await?;
    Ok(HttpResponse::Ok().json(Words { sentences, expires }))
}
