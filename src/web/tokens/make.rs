//! From a draft to a token, for both forms.

use super::draft::{Draft, Problems, Shape, Whose};
use super::example;
use super::member::Member;
use super::problems::{against_limits, checked};
use super::reveal::{Told, reveal};
use crate::db::DbError;
use crate::http::{App, AppError};
use crate::models::token::{Issued, NewToken, by_nonce, issue, surroundings};
use crate::policy::words::{self, Sentence, long_day};
use crate::policy::{MOST_NAMED_RESOURCES, Policy};
use crate::web::page::go_to;
use crate::web::told::Expiry;
use actix_web::HttpResponse;
use std::sync::Arc;
use time::OffsetDateTime;
use uuid::Uuid;

/// Said above a form that came with a form token of another session.
pub(super) const STALE: &str = "This form was out of date, so nothing was made. What you entered is still here: look at it and press the button again.";

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
    /// The token was created, now or before.
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
        // A form that created its token is answered as such, even if it would no longer be valid.
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
