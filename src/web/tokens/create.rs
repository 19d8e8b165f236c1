//! The simple form, posted; and making a token, for both forms: its secret is in this answer, once.

use super::choices::{against_limits, checked};
use super::draft::{Draft, Problems, Shape, Whose};
use super::example;
use super::form::Form;
use crate::db::DbError;
use crate::http::{App, AppData, AppError};
use crate::models::token::{Issued, NewToken, Secret, by_nonce, issue, surroundings};
use crate::policy::words::{self, Sentence, long_day};
use crate::policy::{Act, MOST_NAMED_RESOURCES, Policy, TokenId};
use crate::web::form::Posted;
use crate::web::guard::{CreateTokens, TokenOwner};
use crate::web::page::{Page, go_to, render};
use crate::web::told::Expiry;
use actix_web::HttpResponse;
use actix_web::http::StatusCode;
use askama::Template;
use std::sync::Arc;
use time::OffsetDateTime;
use uuid::Uuid;

#[derive(Template)]
#[template(path = "tokens/created.html")]
struct CreatedPage {
    page: Page,
    name: String,
    secret: String,
    try_note: String,
    curl: String,
    through: String,
    words: Vec<Sentence>,
    token_url: String,
    list_url: String,
}

/// Whoever may make tokens of an account, or of one's own.
pub(super) type Member = TokenOwner<CreateTokens>;

/// Said above a form that came with a form token of another session.
pub(super) const STALE: &str = "This form was out of date, so nothing was made. What you entered is still here: look at it and press the button again.";

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

/// The policy that a draft asks for, or what is wrong with it.
pub(super) async fn look_at(
    member: &Member,
    draft: Draft,
    app: &App,
) -> Result<(Draft, Result<Policy, Problems>), AppError> {
    let (whose, now, catalogue) = (Whose::of(member), app.clock.now(), Arc::clone(&app.catalogue));
    let looked = app.db.run(move |conn| {
        let outcome = checked(conn, &catalogue, &whose, &draft, now)?;
        Ok((draft, outcome.map(|(_, policy)| policy)))
    });
    Ok(looked.await?)
}

/// What became of a draft from which a token was to be made.
pub(super) enum Made {
    /// The token was made, now or before.
    Answer(HttpResponse),
    /// It was not, and the form is to say why.
    Refused(Draft, Problems),
}

enum Outcome {
    Refused(Problems),
    Before(Issued),
    Issued(Issued, NewToken, Vec<Sentence>),
}

/// Makes the token that a draft asks for.
pub(super) async fn make(member: &Member, draft: Draft, app: &App) -> Result<Made, AppError> {
    let (owner, whose, catalogue) = (member.owner(), Whose::of(member), Arc::clone(&app.catalogue));
    let (origin, prefix, asked) =
        (member.signed_in.origin(app), app.catalogue.product.prefix.clone(), draft.clone());
    let made = app.db.transaction(move |conn| {
        // A form that made its token is answered as such, also when it would not be valid any more.
        if let Some(before) = by_nonce(conn, owner, asked.nonce, &origin)? {
            return Ok(Outcome::Before(before));
        }
        let (name, policy) = match checked(conn, &catalogue, &whose, &asked, origin.now)? {
            Ok(valid) => valid,
            Err(problems) => return Ok(Outcome::Refused(problems)),
        };
        let new = NewToken { name, policy, nonce: asked.nonce };
        let issued = issue(conn, &catalogue, owner, &new, &prefix, &origin)?;
        let words = words::of_policy(&catalogue, &new.policy, &surroundings(conn, owner)?);
        Ok(Outcome::Issued(issued, new, words))
    });
    let outcome = match made.await {
        // The same form reached another account at the same moment: the nonce is taken.
        Err(DbError::Taken(_)) => Outcome::Refused(nonce_taken()),
        other => other?,
    };
    Ok(match outcome {
        Outcome::Issued(Issued::Made { id, secret }, new, words) => {
            let (name, through) = (new.name.as_str().to_owned(), through(&new.policy, app.clock.now()));
            let title = "Your token is ready";
            let call = example::call(&app.catalogue, &new.policy.rights);
            Made::Answer(reveal(member, app, Told { id, name, secret, title, through, words, call })?)
        }
        Outcome::Before(Issued::Repeated { id }) | Outcome::Issued(Issued::Repeated { id }, ..) => {
            Made::Answer(go_to(format!("{}?repeated=1", member.paths().token(id))))
        }
        Outcome::Before(issued) | Outcome::Issued(issued, ..) => {
            let problems = why_not(&issued, member, draft.shape);
            again(draft, problems)
        }
        Outcome::Refused(problems) => again(draft, problems),
    })
}

/// The form once more, with a nonce that nobody used.
fn again(mut draft: Draft, problems: Problems) -> Made {
    if problems == nonce_taken() {
        draft.nonce = Uuid::new_v4();
    }
    Made::Refused(draft, problems)
}

fn nonce_taken() -> Problems {
    let why = "This form was used before. What you entered is still here; press the button again.";
    vec![("reach".to_owned(), why.to_owned())]
}

fn why_not(issued: &Issued, member: &Member, shape: Shape) -> Problems {
    let of_account = member.account().is_some();
    let why = match issued {
        Issued::Made { .. } | Issued::Repeated { .. } => return Vec::new(),
        Issued::NonceTaken => return nonce_taken(),
        Issued::LimitReached(1) if !of_account => {
            "Only one token can be created per user. Delete the one you have to make another.".to_owned()
        }
        Issued::LimitReached(limit) if !of_account => {
            format!(
                "Each user can have {limit} tokens, and you have as many. Delete one that is not used any more."
            )
        }
        Issued::LimitReached(limit) => {
            format!(
                "The plan allows {limit} tokens, and there are as many. Delete one that is not used any more."
            )
        }
        Issued::OwnLimitReached(limit) => {
            format!(
                "The account's limits allow {limit} tokens, and there are as many. Delete one that is not used any more."
            )
        }
        Issued::AgainstLimits(breaches) => return against_limits(breaches, shape),
        Issued::PlanHasNoScopes => {
            "The plan has no scoped tokens any more. Reload the page to see what it allows.".to_owned()
        }
        Issued::OwnerAway if of_account => "This account is suspended, so no token can be made.".to_owned(),
        Issued::OwnerAway => "You are deactivated, so no token can be made.".to_owned(),
        Issued::NotAllowed if of_account => {
            "Your role does not go so far. Ask an owner of the account.".to_owned()
        }
        Issued::NotAllowed => "Your roles do not go so far any more.".to_owned(),
        Issued::NotHeld(scope) => format!("None of your roles goes as far as {scope}."),
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

/// A secret to be shown, with what its page says besides.
pub(super) struct Told {
    /// Number of the token.
    pub(super) id: TokenId,
    /// Its name.
    pub(super) name: String,
    /// The secret.
    pub(super) secret: Secret,
    /// What has become of it.
    pub(super) title: &'static str,
    /// What stands behind its name: from when to when it works.
    pub(super) through: String,
    /// What it may do.
    pub(super) words: Vec<Sentence>,
    /// URL of a call to try it with; `None` asks here whether it works.
    pub(super) call: Option<String>,
}

/// The page that shows a secret, this once.
pub(super) fn reveal<P>(member: &TokenOwner<P>, app: &App, told: Told) -> Result<HttpResponse, AppError> {
    let paths = member.paths();
    let try_note = match &told.call {
        Some(_) => format!("This calls the API of {} with it.", app.catalogue.product.name),
        None => "This asks the API whether it works.".to_owned(),
    };
    let call = told.call.unwrap_or_else(|| app.public.link(app.bound, "/v2/tokens/verify"));
    let page = CreatedPage {
        page: member.page(told.title),
        name: told.name,
        secret: told.secret.expose().to_owned(),
        try_note,
        curl: format!("curl -H \"Authorization: Bearer {}\" \\\n  {call}", told.secret.expose()),
        through: told.through,
        words: told.words,
        token_url: paths.token(told.id),
        list_url: paths.list(),
    };
    render(&page, StatusCode::OK)
}

/// "works from now on, through 19 February 2027 (UTC)".
fn through(policy: &Policy, now: OffsetDateTime) -> String {
    let from = match policy.not_before.filter(|start| *start > now) {
        Some(start) => format!("works from {} (UTC) on", long_day(start.date())),
        None => "works from now on".to_owned(),
    };
    let expiry = Expiry::of(policy.expires_at, now);
    if expiry.never {
        format!("{from}, until somebody deletes it")
    } else {
        format!("{from}, {}", expiry.exact)
    }
}
