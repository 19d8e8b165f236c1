//! The short form, posted.

use super::draft::{Draft, Problems, Shape};
use super::form::Form;
use super::make::{Made, STALE, look_at, make};
use super::member::Member;
use crate::http::{App, AppData, AppError};
use crate::policy::Act;
use crate::web::form::Posted;
use actix_web::HttpResponse;
use actix_web::http::StatusCode;

/// What the pressed button asks for.
pub async fn create(form: Posted<Member>, app: AppData) -> Result<HttpResponse, AppError> {
    let (member, fields, asked) = form.perhaps_stale();
    let draft = Draft::parse(&fields, Shape::Simple, &app.catalogue);
    if asked.is_stale {
        let form = Form { notice: Some(STALE.to_owned()), ..Form::of(draft) };
        return form.answer(&member, &app, StatusCode::FORBIDDEN).await;
    }
    match fields.get("do") {
        "generate" => {
            asked.before(Act::CreateTokens, &fields, &app).await?;
            match make(&member, draft, &app).await? {
                Made::Answer(answer) => Ok(answer),
                Made::Refused(draft, problems) => refused(&member, draft, problems, &app).await,
            }
        }
        "review" => review(member, draft, &app).await,
        _ => Form::of(draft).answer(&member, &app, StatusCode::OK).await,
    }
}

async fn review(member: Member, draft: Draft, app: &App) -> Result<HttpResponse, AppError> {
    let (draft, outcome) = look_at(&member, draft, app).await?;
    match outcome {
        Ok(policy) => {
            Form { policy: Some(policy), ..Form::of(draft) }.answer(&member, app, StatusCode::OK).await
        }
        Err(problems) => refused(&member, draft, problems, app).await,
    }
}

async fn refused(
    member: &Member,
    draft: Draft,
    problems: Problems,
    app: &App,
) -> Result<HttpResponse, AppError> {
    Form { problems, ..Form::of(draft) }.answer(member, app, StatusCode::UNPROCESSABLE_ENTITY).await
}
