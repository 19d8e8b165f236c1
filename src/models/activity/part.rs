//! What lines must be, in parts that an index each leads to.

use super::{Of, Person, Wanted};
use crate::db::schema::{audit_events, sightings, tokens};
use crate::policy::{AccountId, TokenId, UserId};
use diesel::dsl::sql;
use diesel::pg::Pg;
use diesel::prelude::*;
use diesel::sql_types::Bool;

pub(super) type Condition = Box<dyn BoxableExpression<audit_events::table, Pg, SqlType = Bool>>;
type OfSightings = Box<dyn BoxableExpression<sightings::table, Pg, SqlType = Bool>>;

#[derive(Debug, Clone)]
pub(super) enum Part {
    InAccount(AccountId),
    Concerning(UserId),
    By(UserId),
    ByCommandLine,
    AboutTokens(Vec<TokenId>),
    ByTokens(Vec<TokenId>),
    /// The lines that ended these together with others.
    EndingTokens(Vec<TokenId>),
    Nothing,
}

/// The ways to the lines of the record that are wanted: each is all of its parts, together they
/// are everything.
pub(super) fn ways(wanted: &Wanted) -> Vec<Vec<Part>> {
    let whose = match wanted.of {
        Of::Account(id) => vec![Part::InAccount(id)],
        Of::User(id) => vec![Part::Concerning(id), Part::By(id)],
    };
    let of_person = match wanted.person {
        None => None,
        Some(Person::User(id)) => Some(vec![Part::By(id), Part::Concerning(id)]),
        Some(Person::CommandLine) => Some(vec![Part::ByCommandLine]),
    };
    let of_tokens = wanted.tokens.as_ref().map(|ids| {
        vec![Part::AboutTokens(ids.clone()), Part::ByTokens(ids.clone()), Part::EndingTokens(ids.clone())]
    });
    let mut ways: Vec<Vec<Part>> = whose.into_iter().map(|part| vec![part]).collect();
    for choice in [of_person, of_tokens].into_iter().flatten() {
        let further = |way: &Vec<Part>| {
            let further = |part: &Part| way.iter().chain([part]).cloned().collect::<Vec<_>>();
            choice.iter().map(further).collect::<Vec<_>>()
        };
        ways = ways.iter().flat_map(further).collect();
    }
    ways
}

/// What the sightings that are wanted must be, all of it.
pub(super) fn of_seen(wanted: &Wanted) -> Vec<Part> {
    let whose = match wanted.of {
        Of::Account(id) => Part::InAccount(id),
        Of::User(id) => Part::Concerning(id),
    };
    let of_person = wanted.person.map(|person| match person {
        Person::User(id) => Part::Concerning(id),
        Person::CommandLine => Part::Nothing,
    });
    let of_tokens = wanted.tokens.clone().map(Part::AboutTokens);
    [Some(whose), of_person, of_tokens].into_iter().flatten().collect()
}

impl Part {
    pub(super) fn of_record(&self) -> Condition {
        use audit_events::{account_id, actor_id, actor_kind, id, object_id, object_kind, user_id};
        match self {
            Part::InAccount(account) => Box::new(account_id.eq(*account).assume_not_null()),
            Part::Concerning(user) => Box::new(user_id.eq(*user).assume_not_null()),
            Part::By(user) => Box::new(actor_kind.eq("user").and(actor_id.eq(*user)).assume_not_null()),
            // The words of audit_events_account_command_line_idx, which a value of its own would hide.
            Part::ByCommandLine => Box::new(sql::<Bool>("audit_events.actor_kind = 'command_line'")),
            Part::AboutTokens(ids) => {
                Box::new(object_kind.eq("token").and(object_id.eq_any(ids.clone())).assume_not_null())
            }
            Part::ByTokens(ids) => {
                Box::new(actor_kind.eq("token").and(actor_id.eq_any(ids.clone())).assume_not_null())
            }
            Part::EndingTokens(ids) => {
                let ending = tokens::table
                    .filter(tokens::id.eq_any(ids.clone()).and(tokens::deleted_event.is_not_null()))
                    .select(tokens::deleted_event.assume_not_null());
                Box::new(id.eq_any(ending))
            }
            Part::Nothing => Box::new(id.lt(0)),
        }
    }

    pub(super) fn of_sightings(&self) -> OfSightings {
        use sightings::{account_id, id, token_id, user_id};
        match self {
            Part::InAccount(account) => Box::new(account_id.eq(*account).assume_not_null()),
            Part::Concerning(user) => Box::new(user_id.eq(*user).assume_not_null()),
            Part::AboutTokens(ids) => Box::new(token_id.eq_any(ids.clone()).assume_not_null()),
            Part::By(_) | Part::ByCommandLine | Part::ByTokens(_) | Part::EndingTokens(_) | Part::Nothing => {
                Box::new(id.lt(0))
            }
        }
    }
}
