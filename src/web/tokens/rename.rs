//! Renaming: the one thing about a token that can be changed.

use crate::http::{App, AppData, AppError};
use crate::models::token::{Token, TokenName};
use crate::policy::Act;
use crate::web::flash::{self, Flash};
use crate::web::form::Posted;
use crate::web::guard::{ManageTokens, TokenOwner};
use crate::web::page::{Field, Page, render};
use actix_web::HttpResponse;
use actix_web::http::StatusCode;
use askama::Template;

#[derive(Template)]
#[template(path = "tokens/rename.html")]
struct RenamePage {
    page: Page,
    list_url: String,
    token_name: String,
    name: Field,
    action: String,
    cancel_url: String,
}

type Member = TokenOwner<ManageTokens>;

/// The form.
pub async fn edit(member: Member, app: AppData) -> Result<HttpResponse, AppError> {
    let token = find(&member, &app).await?;
    let name = Field::of(token.name.clone());
    answer(&member, &token, name, StatusCode::OK)
}

/// The form, posted.
pub async fn rename(form: Posted<Member>, app: AppData) -> Result<HttpResponse, AppError> {
    let (member, fields, asked) = form.perhaps_stale();
    let token = find(&member, &app).await?;
    if asked.is_stale {
        let why = "This form was out of date, so nothing was changed. Press the button again.";
        let name = Field { value: fields.get("name").to_owned(), error: Some(why.to_owned()) };
        return answer(&member, &token, name, StatusCode::FORBIDDEN);
    }
    let name = match TokenName::parse(fields.get("name")) {
        Ok(name) => name,
        Err(why) => {
            let name = Field { value: fields.get("name").to_owned(), error: Some(why.to_string()) };
            return answer(&member, &token, name, StatusCode::UNPROCESSABLE_ENTITY);
        }
    };
    asked.before(Act::ManageTokens, &fields, &app).await?;
    let origin = member.signed_in.origin(&app);
    let page = member.paths().token(token.id);
    let renamed = app.db.transaction(move |conn| token.rename(conn, &name, &origin)).await?;
    Ok(flash::done(page, if renamed { Flash::TokenRenamed } else { Flash::TokenHadEnded }))
}

async fn find(member: &Member, app: &App) -> Result<Token, AppError> {
    let (owner, id) = (member.owner(), member.token()?);
    app.db.run(move |conn| Token::find(conn, owner, id)).await?.ok_or(AppError::NotFound)
}

fn answer(member: &Member, token: &Token, name: Field, status: StatusCode) -> Result<HttpResponse, AppError> {
    let page = RenamePage {
        page: member.page("Rename token"),
        list_url: member.paths().list(),
        token_name: token.name.clone(),
        name,
        action: member.paths().rename(token.id),
        cancel_url: member.paths().token(token.id),
    };
    render(&page, status)
}
