//! Who is told by mail of what happened to a token, in the transaction that it happened in.
//!
//! The people of a user token are its user. Those of an account token are whoever made it, and the
//! members who may manage it; whoever has left is told nothing any more.

mod expiring;

pub use expiring::{behind_expiring, tell_of_expiring};

use super::audit::{Actor, Origin};
use super::mail::{self, About, Letter, TokenEvent};
use super::membership::{role_from, role_of};
use super::token::Owner;
use super::{Account, Token};
use crate::db::schema::{memberships, tokens, users};
use crate::db::{Conn, DbError};
use crate::policy::{Act, Role, TokenId, UserId};
use diesel::dsl::count_star;
use diesel::prelude::*;
use std::collections::BTreeMap;
use time::OffsetDateTime;

/// So many people are told at most.
const MOST_TOLD: usize = 50;

/// Something that happened to a token.
#[derive(Debug)]
pub struct Happened<'a> {
    /// What.
    pub event: TokenEvent,
    /// Number of the token.
    pub token: TokenId,
    /// Its name.
    pub name: &'a str,
    /// Whose it is.
    pub owner: Owner,
    /// Who made it.
    pub maker: Option<UserId>,
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

/// Number and address of a user, and since when they want no mail.
type Known = (UserId, String, Option<OffsetDateTime>);

/// Somebody who is told.
struct Person {
    user: UserId,
    email: String,
    /// Whether every token of the owner concerns them, whoever made it.
    manages: bool,
    wants_notices: bool,
}

/// Tells of it. Nobody is told of what they did themselves, but that a token was made or rolled:
/// that is the alarm for whoever did not. Of what others did to their tokens everybody is told.
pub fn tell(conn: &mut Conn, happened: &Happened<'_>, origin: &Origin) -> Result<(), DbError> {
    let actor = origin.actor.user_id();
    let gives_access = matches!(happened.event, TokenEvent::Made | TokenEvent::Rolled);
    let mut about = None;
    let makers: Vec<UserId> = happened.maker.into_iter().collect();
    let people = people(conn, happened.owner, &makers)?;
    for person in concerned(&people, happened.maker) {
        let did_it = actor == Some(person.user);
        let theirs = [happened.owner.user(), happened.maker].contains(&Some(person.user));
        if did_it && !gives_access || !person.wants_notices && (did_it || !theirs) {
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
    let by_maker: Vec<(Option<UserId>, i64)> =
        revoked().group_by(tokens::created_by).select((tokens::created_by, count_star())).load(conn)?;
    let made: BTreeMap<UserId, i64> =
        by_maker.into_iter().filter_map(|(maker, count)| Some((maker?, count))).collect();
    let makers: Vec<UserId> = made.keys().copied().collect();
    let people = people(conn, owner, &makers)?;
    let (managing, others): (Vec<Person>, Vec<Person>) = people.into_iter().partition(|one| one.manages);
    let theirs = |one: &Person| owner.user() == Some(one.user) || made.contains_key(&one.user);
    let told: Vec<(Person, i64)> = managing
        .into_iter()
        .map(|one| (one, all))
        .chain(others.into_iter().filter_map(|one| made.get(&one.user).map(|count| (one, *count))))
        .take(MOST_TOLD)
        .filter(|(one, _)| origin.actor.user_id() != Some(one.user))
        .filter(|(one, _)| one.wants_notices || theirs(one))
        .collect();
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

/// Whether a mail about tokens may still go to an address, when it's about to be sent: it's the verified
/// address of an active user, who is a member of the account that it's about.
pub fn may_be_told(conn: &mut Conn, recipient: &str, about: Option<&About>) -> Result<bool, DbError> {
    let reachable = users::deactivated_at.is_null().and(users::email_verified_at.is_not_null());
    let user: Option<UserId> = users::table
        .filter(users::email.eq(recipient).and(reachable))
        .select(users::id)
        .first(conn)
        .optional()?;
    Ok(match (user, about) {
        (Some(user), Some(about)) => role_of(conn, about.account, user)?.is_some(),
        (user, None) => user.is_some(),
        (None, Some(_)) => false,
    })
}

/// Those who may be told of an owner's tokens that these people made: active, with an address that is
/// proved, and still there. Makers come first, and [`MOST_TOLD`] beside them.
fn people(conn: &mut Conn, owner: Owner, makers: &[UserId]) -> Result<Vec<Person>, DbError> {
    let columns = (users::id, users::email, users::notices_off_at);
    let reachable = || users::deactivated_at.is_null().and(users::email_verified_at.is_not_null());
    let rows: Vec<(Known, Option<String>)> = match owner {
        Owner::User(id) => {
            let own = users::table.filter(users::id.eq(id).and(reachable())).select(columns);
            own.load(conn)?.into_iter().map(|known| (known, None)).collect()
        }
        Owner::Account(account) => {
            let managing = Role::ALL.into_iter().filter(|role| role.may(Act::ManageTokens)).map(Role::key);
            memberships::table
                .inner_join(users::table)
                .filter(memberships::account_id.eq(account).and(reachable()))
                .filter(memberships::role.eq_any(managing).or(users::id.eq_any(makers)))
                .order((users::id.eq_any(makers).desc(), users::id))
                .limit(i64::try_from(MOST_TOLD + makers.len()).unwrap_or(i64::MAX))
                .select((columns, memberships::role.nullable()))
                .load(conn)?
        }
    };
    let person = |((user, email, off), role): (Known, Option<String>)| {
        let role = role.map(|role| role_from(&role)).transpose()?;
        let manages = role.is_none_or(|role| role.may(Act::ManageTokens));
        Ok(Person { user, email, manages, wants_notices: off.is_none() })
    };
    rows.into_iter().map(person).collect()
}

/// Those of them who are told of a token that this one made: the maker first.
fn concerned(people: &[Person], maker: Option<UserId>) -> impl Iterator<Item = &Person> {
    let made = move |one: &&Person| maker == Some(one.user);
    let manages = move |one: &&Person| one.manages && !made(one);
    people.iter().filter(made).chain(people.iter().filter(manages)).take(MOST_TOLD)
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
