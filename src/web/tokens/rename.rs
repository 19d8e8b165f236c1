//! Renaming: the one thing about a token that can be changed.

use super::{TokenPath, place};
use crate::http::{App, AppData, AppError};
use crate::models::token::{Token, TokenName};
use crate::web::form::Posted;
use crate::web::guard::{AccountMember, ManageTokens};
use crate::web::page::{AccountNav, Field, Page, go_to, render};
use crate::web::paths;
use actix_web::HttpResponse;
use actix_web::http::StatusCode;
use askama::Template;

#[derive(Template)]
#[template(path = "tokens/rename.html")]
struct RenamePage {
    page: Page,
    account: AccountNav,
    token_name: String,
    name: Field,
    action: String,
    cancel_url: String,
}

type Member = AccountMember<ManageTokens>;

/// The form.
pub async fn edit(member: Member, app: AppData, path: TokenPath) -> Result<HttpResponse, AppError> {
    let token = find(&member, &app, &path).await?;
    let name = Field::of(token.name.clone());
    answer(&member, &token, name, StatusCode::OK)
}

/// The form, posted.
pub async fn rename(form: Posted<Member>, app: AppData, path: TokenPath) -> Result<HttpResponse, AppError> {
    let (member, fields, genuine) = form.perhaps_stale();
    let token = find(&member, &app, &path).await?;
    if !genuine {
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
    let origin = member.signed_in.origin(&app);
    let page = paths::token(member.account.id, token.id);
    let renamed = app.db.transaction(move |conn| token.rename(conn, &name, &origin)).await?;
    Ok(go_to(format!("{page}?done={}", if renamed { "renamed" } else { "already" })))
}

async fn find(member: &Member, app: &App, path: &TokenPath) -> Result<Token, AppError> {
    let (account, id) = place(member, path)?;
    app.db.run(move |conn| Token::find(conn, account, id)).await?.ok_or(AppError::NotFound)
}

fn answer(member: &Member, token: &Token, name: Field, status: StatusCode) -> Result<HttpResponse, AppError> {
    let account = member.account.id;
    let page = RenamePage {
        page: member.page("Rename token"),
        account: member.nav(),
        token_name: token.name.clone(),
        name,
        action: paths::token_rename(account, token.id),
        cancel_url: paths::token(account, token.id),
    };
    render(&page, status)
}
