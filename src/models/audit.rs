//! The record: each change writes its line in the same transaction as itself.

mod action;

pub use action::Action;

use crate::db::schema::audit_events;
use crate::db::{Conn, DbError};
use crate::policy::{AccountId, ClientAddress, TokenId, UserId};
use diesel::dsl::sql;
use diesel::prelude::*;
use diesel::sql_types::BigInt;
use serde_json::Value;
use time::OffsetDateTime;

/// Who changes something.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Actor {
    /// A person who signed in.
    User {
        /// Number of the user.
        id: UserId,
        /// E-mail address.
        email: String,
    },
    /// A program with a token.
    Token {
        /// Number of the token.
        id: TokenId,
        /// Its name.
        name: String,
    },
    /// Whoever has a shell on the machine.
    CommandLine,
    /// Nobody: time, or somebody who did not say who.
    Nobody,
}

impl Actor {
    /// Number of the user, where it is one.
    pub fn user_id(&self) -> Option<UserId> {
        match self {
            Actor::User { id, .. } => Some(*id),
            Actor::Token { .. } | Actor::CommandLine | Actor::Nobody => None,
        }
    }
}

/// Who, when and from where.
#[derive(Debug, Clone)]
pub struct Origin {
    /// Who.
    pub actor: Actor,
    /// When.
    pub now: OffsetDateTime,
    /// From where; `None` of what comes over no network: the command line, and time.
    pub address: Option<ClientAddress>,
}

impl Origin {
    /// Time itself, now.
    pub fn nobody(now: OffsetDateTime) -> Origin {
        Origin { actor: Actor::Nobody, now, address: None }
    }

    /// The command line, now.
    pub fn command_line(now: OffsetDateTime) -> Origin {
        Origin { actor: Actor::CommandLine, now, address: None }
    }
}

/// One line of the record. An extension has actions of its own.
#[derive(Debug)]
pub struct Event<'a, A = Action> {
    /// The account it concerns.
    pub account: Option<AccountId>,
    /// The user whose token it concerns; a user that it happened to is known by the object.
    pub user: Option<UserId>,
    /// What happened.
    pub action: A,
    /// Kind, number and name of what it happened to.
    pub object: (&'a str, Option<i64>, &'a str),
    /// What was before.
    pub before: Option<Value>,
    /// What is after.
    pub after: Option<Value>,
}

/// Writes a line. Called inside the transaction of the change.
pub fn record<A: AsRef<str>>(conn: &mut Conn, origin: &Origin, event: &Event<'_, A>) -> Result<(), DbError> {
    write(conn, None, origin, event)
}

/// The number of a line that is still to be written, for what points to it.
pub fn next_line(conn: &mut Conn) -> Result<i64, DbError> {
    let next = sql::<BigInt>("nextval(pg_get_serial_sequence('audit_events', 'id'))");
    Ok(diesel::select(next).get_result(conn)?)
}

/// Writes the line with this number.
pub fn record_as<A: AsRef<str>>(
    conn: &mut Conn,
    line: i64,
    origin: &Origin,
    event: &Event<'_, A>,
) -> Result<(), DbError> {
    write(conn, Some(line), origin, event)
}

fn write<A: AsRef<str>>(
    conn: &mut Conn,
    line: Option<i64>,
    origin: &Origin,
    event: &Event<'_, A>,
) -> Result<(), DbError> {
    let (actor_kind, actor_id, actor_name) = match &origin.actor {
        Actor::User { id, email } => ("user", Some(id.get()), email.as_str()),
        Actor::Token { id, name } => ("token", Some(id.get()), name.as_str()),
        Actor::CommandLine => ("command_line", None, ""),
        Actor::Nobody => ("nobody", None, ""),
    };
    let (object_kind, object_id, object_name) = event.object;
    let user_id = if object_kind == "user" { object_id.map(UserId::from) } else { event.user };
    diesel::insert_into(audit_events::table)
        .values((
            line.map(|line| audit_events::id.eq(line)),
            audit_events::at.eq(origin.now),
            audit_events::account_id.eq(event.account),
            audit_events::user_id.eq(user_id),
            audit_events::actor_kind.eq(actor_kind),
            audit_events::actor_id.eq(actor_id),
            audit_events::actor_name.eq(actor_name),
            audit_events::action.eq(event.action.as_ref()),
            audit_events::object_kind.eq(object_kind),
            audit_events::object_id.eq(object_id),
            audit_events::object_name.eq(object_name),
            audit_events::before.eq(&event.before),
            audit_events::after.eq(&event.after),
            audit_events::address.eq(origin.address.and_then(ClientAddress::stored)),
        ))
        .execute(conn)?;
    Ok(())
}
