//! Who is told by mail of what happened to a token, in the transaction that it happened in.
//!
//! The people of a user token are its user. Those of an account token are whoever made it, and the
//! members who may manage it; whoever has left is told nothing any more.

mod expiring;

pub use expiring::tell_of_expiring;

use super::audit::{Actor, Origin};
use super::mail::{self, About, Letter, TokenEvent};
use super::token::Owner;
use super::{Account, Token};
use crate::db::schema::{memberships, tokens, users};
use crate::db::{Conn, DbError};
use crate::policy::{Act, Role};
use diesel::dsl::count_star;
use diesel::prelude::*;

/// So many people are told at most.
const MOST_TOLD: i64 = 50;

/// Something that happened to a token.
#[derive(Debug)]
pub struct Happened<'a> {
    /// What.
    pub event: TokenEvent,
    /// Number of the token.
    pub token: i64,
    /// Its name.
    pub name: &'a str,
    /// Whose it is.
    pub owner: Owner,
    /// Who made it.
    pub maker: Option<i64>,
    /// What tells it from the same happening to the same token at another time.
    pub once: String,
}

impl<'a> Happened<'a> {
    /// To this token.
    pub(super) fn to(token: &'a Token, event: TokenEvent, once: String) -> Result<Happened<'a>, DbError> {
        Ok(Happened {
            event,
            token: token.id,
            name: &token.name,
            owner: token.owned_by()?,
            maker: token.created_by,
            once,
        })
    }
}

/// Somebody who is told.
struct Person {
    user: i64,
    email: String,
    /// Whether the token is their own, or they made it.
    theirs: bool,
    wants_notices: bool,
}

/// Tells of it. Nobody is told of what they did themselves, but that a token was made or rolled:
/// that is the alarm for whoever did not. Of what others did to their tokens everybody is told.
pub fn tell(conn: &mut Conn, happened: &Happened<'_>, origin: &Origin) -> Result<(), DbError> {
    let actor = origin.actor.user_id();
    let gives_access = matches!(happened.event, TokenEvent::Made | TokenEvent::Rolled);
    let mut about = None;
    for person in people(conn, happened.owner, happened.maker)? {
        let did_it = actor == Some(person.user);
        if did_it && !gives_access || !person.wants_notices && (did_it || !person.theirs) {
            continue;
        }
        let about = match &about {
            Some(known) => known,
            None => about.insert(about_owner(conn, happened.owner)?),
        };
        let letter = Letter::Token {
            event: happened.event.clone(),
            token: happened.token,
            name: happened.name.to_owned(),
            about: about.clone(),
            by: doer(origin),
            at: origin.now,
            address: origin.address,
        };
        let key = format!("{}/{}", happened.once, person.user);
        mail::queue(conn, &key, &person.email, &letter, origin.now)?;
    }
    Ok(())
}

/// Tells that many tokens were revoked together, those that point to this line of the record: one
/// mail a person, with how many of them concern that person.
pub fn tell_of_revoked(conn: &mut Conn, owner: Owner, line: i64, origin: &Origin) -> Result<(), DbError> {
    let revoked = || tokens::table.filter(tokens::deleted_event.eq(line));
    let all: i64 = revoked().count().get_result(conn)?;
    let mut by_maker: Vec<(Option<i64>, i64)> =
        revoked().group_by(tokens::created_by).select((tokens::created_by, count_star())).load(conn)?;
    by_maker.sort_unstable();
    let mut told: Vec<(Person, i64)> =
        people(conn, owner, None)?.into_iter().map(|person| (person, all)).collect();
    for (maker, made) in by_maker {
        let Some(maker) = maker else { continue };
        if let Some((known, _)) = told.iter_mut().find(|(known, _)| known.user == maker) {
            known.theirs = true;
        } else if told.len() < usize::try_from(MOST_TOLD).unwrap_or(usize::MAX) {
            let found = people(conn, owner, Some(maker))?.into_iter().find(|one| one.user == maker);
            told.extend(found.map(|person| (person, made)));
        }
    }
    told.retain(|(person, _)| {
        origin.actor.user_id() != Some(person.user) && (person.wants_notices || person.theirs)
    });
    if told.is_empty() {
        return Ok(());
    }
    let about = about_owner(conn, owner)?;
    for (person, tokens) in told {
        let (about, by) = (about.clone(), doer(origin));
        let letter = Letter::Revoked { tokens, about, by, at: origin.now, address: origin.address };
        mail::queue(conn, &format!("revoked/{line}/{}", person.user), &person.email, &letter, origin.now)?;
    }
    Ok(())
}

/// Those who may be told: active, with an address that is proved, and still there.
fn people(conn: &mut Conn, owner: Owner, maker: Option<i64>) -> Result<Vec<Person>, DbError> {
    type Row = (i64, String, Option<time::OffsetDateTime>);
    let columns = (users::id, users::email, users::notices_off_at);
    let reachable = || users::deactivated_at.is_null().and(users::email_verified_at.is_not_null());
    let rows: Vec<Row> = match owner {
        Owner::User(id) => {
            users::table.filter(users::id.eq(id).and(reachable())).select(columns).load(conn)?
        }
        Owner::Account(account) => {
            let managing = Role::ALL.into_iter().filter(|role| role.may(Act::ManageTokens)).map(Role::key);
            let maker = maker.unwrap_or_default();
            memberships::table
                .inner_join(users::table)
                .filter(memberships::account_id.eq(account).and(reachable()))
                .filter(memberships::role.eq_any(managing).or(users::id.eq(maker)))
                .order((users::id.eq(maker).desc(), users::id))
                .limit(MOST_TOLD)
                .select(columns)
                .load(conn)?
        }
    };
    Ok(rows
        .into_iter()
        .map(|(user, email, off)| Person {
            user,
            email,
            theirs: owner.user() == Some(user) || maker == Some(user),
            wants_notices: off.is_none(),
        })
        .collect())
}

fn about_owner(conn: &mut Conn, owner: Owner) -> Result<Option<About>, DbError> {
    let Owner::Account(id) = owner else { return Ok(None) };
    Ok(Account::find(conn, id)?.map(|account| About { account: id, name: account.name }))
}

/// Who did it, as people say it.
fn doer(origin: &Origin) -> String {
    match &origin.actor {
        Actor::User { email, .. } => email.clone(),
        Actor::Token { name, .. } => format!("the token “{name}”"),
        Actor::CommandLine => "the operator, on the command line".to_owned(),
        Actor::Nobody => "nobody who signed in".to_owned(),
    }
}
