//! The form, posted: searched, reviewed, or made into a token whose secret this answer shows, once.

use super::draft::{Draft, Problems};
use super::form::{Form, checked};
use crate::db::DbError;
use crate::http::{App, AppData, AppError};
use crate::models::token::{Issued, NewToken, Owner, Secret, by_nonce, issue};
use crate::policy::words::{self, Sentence};
use crate::policy::{MOST_NAMED_RESOURCES, Policy};
use crate::web::form::Posted;
use crate::web::guard::{AccountMember, CreateTokens};
use crate::web::page::{Page, go_to, render};
use crate::web::paths;
use crate::web::told::Expiry;
use actix_web::HttpResponse;
use actix_web::http::StatusCode;
use askama::Template;
use std::sync::Arc;

#[derive(Template)]
#[template(path = "tokens/created.html")]
struct CreatedPage {
    page: Page,
    name: String,
    secret: String,
    curl: String,
    through: String,
    words: Vec<Sentence>,
    token_url: String,
    list_url: String,
}

type Member = AccountMember<CreateTokens>;

/// What the pressed button asks for.
pub async fn create(form: Posted<Member>, app: AppData) -> Result<HttpResponse, AppError> {
    let (member, fields, genuine) = form.perhaps_stale();
    let draft = Draft::parse(&fields, &app.catalogue);
    if !genuine {
        let notice = "This form was out of date, so nothing was made. What you entered is still here: look at it and press the button again.";
        let form = Form { notice: Some(notice.to_owned()), ..Form::of(draft) };
        return form.answer(&member, &app, StatusCode::FORBIDDEN).await;
    }
    match fields.get("do") {
        "generate" => generate(member, draft, &app).await,
        "review" => review(member, draft, &app).await,
        _ => Form::of(draft).answer(&member, &app, StatusCode::OK).await,
    }
}

async fn review(member: Member, draft: Draft, app: &App) -> Result<HttpResponse, AppError> {
    let (account, catalogue, now) = (member.account.clone(), Arc::clone(&app.catalogue), app.clock.now());
    let (draft, outcome) = app
        .db
        .run(move |conn| {
            let outcome = checked(conn, &catalogue, &account, &draft, now)?;
            Ok((draft, outcome))
        })
        .await?;
    match outcome {
        Ok((_, policy)) => {
            Form { policy: Some(policy), ..Form::of(draft) }.answer(&member, app, StatusCode::OK).await
        }
        Err(problems) => {
            Form { problems, ..Form::of(draft) }.answer(&member, app, StatusCode::UNPROCESSABLE_ENTITY).await
        }
    }
}

enum Outcome {
    Refused(Problems),
    Before(Issued),
    Issued(Issued, NewToken, Vec<Sentence>),
}

async fn generate(member: Member, draft: Draft, app: &App) -> Result<HttpResponse, AppError> {
    let (account, catalogue, brand) = (member.account.clone(), Arc::clone(&app.catalogue), app.brand.clone());
    let origin = member.signed_in.origin(app);
    let asked = draft.clone();
    let made = app.db.transaction(move |conn| {
        // A form that made its token is answered as such, also when it would not be valid any more.
        if let Some(before) = by_nonce(conn, Owner::Account(account.id), asked.nonce, &origin)? {
            return Ok(Outcome::Before(before));
        }
        let (name, policy) = match checked(conn, &catalogue, &account, &asked, origin.now)? {
            Ok(valid) => valid,
            Err(problems) => return Ok(Outcome::Refused(problems)),
        };
        let new = NewToken { name, policy, nonce: asked.nonce };
        let issued = issue(conn, &catalogue, Owner::Account(account.id), &new, &brand, &origin)?;
        let words = words::of_policy(&catalogue, &new.policy, &account.surroundings(conn)?);
        Ok(Outcome::Issued(issued, new, words))
    });
    let outcome = match made.await {
        // The same form reached another account at the same moment: the nonce is taken.
        Err(DbError::Taken(_)) => Outcome::Refused(nonce_taken()),
        other => other?,
    };
    match outcome {
        Outcome::Refused(problems) => refused(&member, draft, problems, app).await,
        Outcome::Issued(Issued::Made { id, secret }, new, words) => {
            created(&member, app, id, &secret, new.name.as_str(), &new.policy, words)
        }
        Outcome::Before(Issued::Repeated { id }) | Outcome::Issued(Issued::Repeated { id }, ..) => {
            Ok(go_to(format!("{}?repeated=1", paths::tokens(member.account.id).token(id))))
        }
        Outcome::Before(issued) | Outcome::Issued(issued, ..) => {
            refused(&member, draft, why_not(&issued), app).await
        }
    }
}

async fn refused(
    member: &Member,
    mut draft: Draft,
    problems: Problems,
    app: &App,
) -> Result<HttpResponse, AppError> {
    if problems == nonce_taken() {
        draft.nonce = Draft::blank().nonce;
    }
    Form { problems, ..Form::of(draft) }.answer(member, app, StatusCode::UNPROCESSABLE_ENTITY).await
}

fn nonce_taken() -> Problems {
    let why = "This form was used before. What you entered is still here; press the button again.";
    vec![("reach".to_owned(), why.to_owned())]
}

fn why_not(issued: &Issued) -> Problems {
    let why = match issued {
        Issued::Made { .. } | Issued::Repeated { .. } => return Vec::new(),
        Issued::NonceTaken => return nonce_taken(),
        Issued::LimitReached(limit) => {
            format!(
                "The plan allows {limit} tokens, and there are as many. Delete one that is not used any more."
            )
        }
        Issued::PlanHasNoScopes => {
            "The plan has no scoped tokens any more. Reload the page to see what it allows.".to_owned()
        }
        Issued::OwnerAway => "This account is suspended, so no token can be made.".to_owned(),
        Issued::NotAllowed | Issued::NotHeld(_) => {
            "Your role does not go so far. Ask an owner of the account.".to_owned()
        }
        Issued::Empty => {
            "Choose at least one permission: without any, the token could do nothing.".to_owned()
        }
        Issued::TooManyNamed => format!("One token can name {MOST_NAMED_RESOURCES} resources. Choose fewer."),
        Issued::ResourcesGone => {
            "Something that you selected was deleted meanwhile. Look at the selection again.".to_owned()
        }
    };
    vec![("reach".to_owned(), why)]
}

fn created(
    member: &Member,
    app: &App,
    id: i64,
    secret: &Secret,
    name: &str,
    policy: &Policy,
    words: Vec<Sentence>,
) -> Result<HttpResponse, AppError> {
    let account = member.account.id;
    let expiry = Expiry::of(policy.expires_at, app.clock.now());
    let page = CreatedPage {
        page: member.page("Your token is ready"),
        name: name.to_owned(),
        secret: secret.expose().to_owned(),
        curl: format!(
            "curl -H \"Authorization: Bearer {}\" \\\n  {}",
            secret.expose(),
            app.public.link(app.bound, "/v2/whoami")
        ),
        through: if expiry.never {
            "works from now on, until somebody deletes it".to_owned()
        } else {
            format!("works from now on, {}", expiry.exact)
        },
        words,
        token_url: paths::tokens(account).token(id),
        list_url: paths::tokens(account).list(),
    };
    render(&page, StatusCode::OK)
}
