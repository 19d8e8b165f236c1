//! What is wrong with a draft, and where the page says so.

use super::choices::chosen;
use super::draft::{Draft, Problems, Shape, Whose};
use crate::db::{Conn, DbError};
use crate::models::account_limits;
use crate::models::token::TokenName;
use crate::policy::{Breach, Catalogue, Policy};
use time::OffsetDateTime;

/// What a valid draft asks for, or what is wrong with it.
pub(super) fn checked(
    conn: &mut Conn,
    catalogue: &Catalogue,
    whose: &Whose,
    draft: &Draft,
    now: OffsetDateTime,
) -> Result<Result<(TokenName, Policy), Problems>, DbError> {
    let there = chosen(conn, whose, draft)?;
    let checked = draft.check(catalogue, whose, &there, now);
    // Those of a user are held against the limits of each account at the call.
    let Some(account) = whose.only_account().filter(|_| !whose.of_user) else { return Ok(checked) };
    let Some(limits) = account_limits::of_account(conn, account)? else { return Ok(checked) };
    Ok(checked.and_then(|(name, policy)| {
        let breaches = limits.broken_by(&policy, now);
        if breaches.is_empty() { Ok((name, policy)) } else { Err(against_limits(&breaches, draft.shape)) }
    }))
}

/// What is against the account's limits, each beside its field.
pub(super) fn against_limits(breaches: &[Breach], shape: Shape) -> Problems {
    let problem = |breach: &Breach| {
        let advice = breach.advice();
        match (breach, shape) {
            (Breach::LivesTooLong(_) | Breach::LivesForEver, _) => ("expires".to_owned(), advice),
            (Breach::WritesFromAnywhere, Shape::Builder) => ("from".to_owned(), advice),
            (Breach::WritesFromAnywhere, Shape::Simple) => {
                ("reach".to_owned(), format!("{advice} They can be given in the builder."))
            }
            (Breach::Everything, _) => ("reach".to_owned(), advice),
        }
    };
    breaches.iter().map(problem).collect()
}

/// A line of the summary of errors.
pub(super) struct ErrorLink {
    pub(super) href: String,
    pub(super) text: String,
}

/// What is wrong at this place.
pub(super) fn problem(problems: &Problems, place: &str) -> Option<String> {
    problems.iter().find(|(at, _)| at == place).map(|(_, text)| text.clone())
}

/// Everything that is wrong, with a link to where.
pub(super) fn error_links(problems: &Problems) -> Vec<ErrorLink> {
    let link = |(place, text): &(String, String)| ErrorLink { href: format!("#{place}"), text: text.clone() };
    problems.iter().map(link).collect()
}
