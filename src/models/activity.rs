//! Activity: what was changed, from the record, and what was seen beside it, as one list, newest
//! first.

mod kind;
mod objects;
mod part;

pub use kind::Kind;
pub use objects::{There, there};

use crate::db::schema::{audit_events, memberships, sightings, users};
use crate::db::{Conn, DbError};
use crate::models::audit::Action;
use crate::models::sighting::SightingKind;
use crate::models::user::lower;
use crate::policy::{AccountId, ClientAddress, TokenId, UserId};
use diesel::prelude::*;
use ipnet::IpNet;
use part::Part;
use serde_json::Value;
use std::borrow::Cow;
use std::cmp::Reverse;
use time::OffsetDateTime;

/// So many lines stand on a page.
pub const PER_PAGE: usize = 50;
/// This many are read at once where all of them are wanted. A line about a long record is half a
/// megabyte, so that a chunk is 100 MB at most.
pub const PER_CHUNK: usize = 200;
/// So many members are offered to choose from.
const MOST_MEMBERS: i64 = 500;

/// Whose activity.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Of {
    /// What concerns the account with this number.
    Account(AccountId),
    /// What the user with this number did, and what concerns them or their tokens.
    User(UserId),
}

/// Somebody whose lines are wanted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Person {
    /// The user with this number: what they did, and what concerns them.
    User(UserId),
    /// Whoever has a shell on the machine.
    CommandLine,
}

/// Whose activity, and which of it.
#[derive(Debug, Clone)]
pub struct Wanted {
    /// Whose.
    pub of: Of,
    /// Somebody's.
    pub person: Option<Person>,
    /// About or by these tokens; none of them means nothing.
    pub tokens: Option<Vec<TokenId>>,
    /// Of one kind.
    pub kind: Option<Kind>,
    /// The nouns of actions on resources.
    pub resource_nouns: Vec<String>,
    /// From this moment on.
    pub from: Option<OffsetDateTime>,
    /// Before this moment.
    pub until: Option<OffsetDateTime>,
}

/// Where a line comes from. Of two at the same moment, what was changed comes first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Source {
    /// A sighting.
    Seen,
    /// The record.
    Changed,
}

/// The place after a line.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Cursor {
    /// When.
    pub at: OffsetDateTime,
    /// From where it comes.
    pub source: Source,
    /// Its number there.
    pub id: i64,
}

/// Somebody or something that a line names, as it was called then.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Named {
    /// `user`, `token`, `command_line`, `nobody`; for objects also `account`, the kinds of resources and so on.
    pub kind: String,
    /// Its number.
    pub id: Option<i64>,
    /// Its name; of a user, the address.
    pub name: String,
}

impl Named {
    /// Whether it's this user.
    pub fn is_user(&self, user: UserId) -> bool {
        self.kind == "user" && self.id == Some(user.get())
    }
}

/// What a line says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum LineAction {
    /// Was done.
    Done(Action),
    /// Was seen.
    Seen(SightingKind),
    /// Was done: to a resource, by an extension, or by a version that has more actions than this one.
    Other(String),
}

impl LineAction {
    /// For programs: a noun, or `seen`, and a verb.
    pub fn key(&self) -> Cow<'_, str> {
        match self {
            LineAction::Done(action) => action.key().into(),
            LineAction::Seen(kind) => format!("seen.{}", kind.key()).into(),
            LineAction::Other(key) => key.into(),
        }
    }
}

/// A line.
#[derive(Debug, Clone)]
pub struct Line {
    /// Where it stands.
    pub place: Cursor,
    /// The account it concerns.
    pub account: Option<AccountId>,
    /// The user it concerns.
    pub user: Option<UserId>,
    /// Who did it.
    pub who: Named,
    /// What.
    pub action: LineAction,
    /// To what.
    pub object: Named,
    /// What was before.
    pub before: Option<Value>,
    /// What is after.
    pub after: Option<Value>,
    /// From where; `None` of what came over no network, and where it isn't told.
    pub address: Option<ClientAddress>,
    /// By which program; of sightings only.
    pub client: String,
}

#[derive(Queryable, Selectable)]
#[diesel(table_name = audit_events)]
struct Changed {
    id: i64,
    at: OffsetDateTime,
    account_id: Option<AccountId>,
    user_id: Option<UserId>,
    actor_kind: String,
    actor_id: Option<i64>,
    actor_name: String,
    action: String,
    object_kind: String,
    object_id: Option<i64>,
    object_name: String,
    before: Option<Value>,
    after: Option<Value>,
    address: Option<IpNet>,
}

#[derive(Queryable, Selectable)]
#[diesel(table_name = sightings)]
struct Seen {
    id: i64,
    at: OffsetDateTime,
    kind: SightingKind,
    account_id: Option<AccountId>,
    user_id: Option<UserId>,
    token_id: Option<TokenId>,
    name: String,
    address: Option<IpNet>,
    client: String,
}

impl Wanted {
    /// The lines after this place, at most so many.
    pub fn after(&self, conn: &mut Conn, after: Option<Cursor>, most: usize) -> Result<Vec<Line>, DbError> {
        let mut found = Vec::new();
        // One query a way, each with an index of its own: together they would walk through everything.
        for way in part::ways(self) {
            found.extend(self.changed(conn, &way, after, most)?);
        }
        found.extend(self.seen(conn, after, most)?);
        found.sort_by_key(|line| Reverse(line.place));
        found.dedup_by_key(|line| line.place);
        found.truncate(most);
        Ok(found)
    }

    fn changed(
        &self,
        conn: &mut Conn,
        way: &[Part],
        after: Option<Cursor>,
        most: usize,
    ) -> Result<Vec<Line>, DbError> {
        use audit_events::{at, id};
        let mut query = audit_events::table.order((at.desc(), id.desc())).limit(limit(most)).into_boxed();
        for part in way {
            query = query.filter(part.of_record());
        }
        if let Some(kind) = self.kind {
            query = query.filter(kind.of_record(&self.resource_nouns));
        }
        if let Some(from) = self.from {
            query = query.filter(at.ge(from));
        }
        if let Some(until) = self.until {
            query = query.filter(at.lt(until));
        }
        // Written so that an index is entered at the place.
        query = match after {
            Some(place) if place.source == Source::Changed => {
                query.filter(at.le(place.at)).filter(at.lt(place.at).or(id.lt(place.id)))
            }
            // After a sighting come the changes of earlier moments only.
            Some(place) => query.filter(at.lt(place.at)),
            None => query,
        };
        let rows: Vec<Changed> = query.select(Changed::as_select()).load(conn)?;
        Ok(rows.into_iter().map(Line::from).collect())
    }

    fn seen(&self, conn: &mut Conn, after: Option<Cursor>, most: usize) -> Result<Vec<Line>, DbError> {
        use sightings::{at, id};
        let mut query = sightings::table.order((at.desc(), id.desc())).limit(limit(most)).into_boxed();
        for part in part::of_seen(self) {
            query = query.filter(part.of_sightings());
        }
        if let Some(kind) = self.kind {
            query = query.filter(sightings::kind.eq_any(kind.sightings()));
        }
        if let Some(from) = self.from {
            query = query.filter(at.ge(from));
        }
        if let Some(until) = self.until {
            query = query.filter(at.lt(until));
        }
        query = match after {
            Some(place) if place.source == Source::Seen => {
                query.filter(at.le(place.at)).filter(at.lt(place.at).or(id.lt(place.id)))
            }
            // After a change come the sightings of the same moment, too.
            Some(place) => query.filter(at.le(place.at)),
            None => query,
        };
        let rows: Vec<Seen> = query.select(Seen::as_select()).load(conn)?;
        Ok(rows.into_iter().map(Line::from).collect())
    }
}

fn limit(most: usize) -> i64 {
    i64::try_from(most).unwrap_or(i64::MAX)
}

/// Number and address of the account's members, by address.
pub fn members(conn: &mut Conn, account: AccountId) -> Result<Vec<(UserId, String)>, DbError> {
    Ok(memberships::table
        .inner_join(users::table)
        .filter(memberships::account_id.eq(account))
        .order((lower(users::email), users::id))
        .limit(MOST_MEMBERS)
        .select((users::id, users::email))
        .load(conn)?)
}
