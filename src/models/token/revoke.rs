//! *Revoke all*: every live token of an owner ends at once, or none does.

use super::list::Condition;
use super::live::{live, live_of};
use super::usage::LastUse;
use super::{DeletionReason, Owner, Token};
use crate::db::schema::{token_secrets, token_use, tokens};
use crate::db::{Conn, DbError};
use crate::models::audit::{self, Action, Event, Origin};
use crate::models::{Account, User, notice};
use crate::policy::{AccountId, ClientAddress, TokenId, UserId};
use diesel::dsl::count;
use diesel::prelude::*;
use ipnet::IpNet;
use serde_json::{Value, json};
use std::collections::HashMap;
use time::{Duration, OffsetDateTime};

/// Uses within this time are told, and make the page ask once more.
pub const RECENT: Duration = Duration::days(1);
/// So many of the tokens in use are named.
pub const MOST_NAMED: usize = 20;
/// No two nodes' clocks are further apart.
const LONGEST_SKEW: Duration = Duration::minutes(1);
/// A token has a use for each of its secrets and accounts.
const MOST_READ: i64 = 200;

/// What *Revoke all* would stop.
#[derive(Debug)]
pub struct Standing {
    /// How many tokens are live.
    pub live: i64,
    /// How many of them were used within [`RECENT`].
    pub in_use: i64,
    /// Name and number of those used last, with that use, at most [`MOST_NAMED`].
    pub uses: Vec<(String, TokenId, LastUse)>,
}

/// What would stop now.
pub fn standing(conn: &mut Conn, owner: Owner, now: OffsetDateTime) -> Result<Standing, DbError> {
    let recent = || {
        token_use::table
            .inner_join(token_secrets::table)
            .filter(token_use::last_used_at.gt(now - RECENT))
            .filter(
                token_secrets::token_id.eq_any(tokens::table.filter(live_of(owner, now)).select(tokens::id)),
            )
    };
    let in_use: i64 =
        recent().select(count(token_secrets::token_id).aggregate_distinct()).get_result(conn)?;
    let rows: Vec<(TokenId, OffsetDateTime, Option<IpNet>, String)> = recent()
        .order(token_use::last_used_at.desc())
        .limit(MOST_READ)
        .select((token_secrets::token_id, token_use::last_used_at, token_use::address, token_use::client))
        .load(conn)?;
    let mut uses: Vec<(TokenId, LastUse)> = Vec::new();
    for (token, at, address, client) in rows {
        if uses.len() < MOST_NAMED && uses.iter().all(|(known, _)| *known != token) {
            uses.push((token, LastUse { at, address: ClientAddress::from_stored(address), client }));
        }
    }
    let ids: Vec<TokenId> = uses.iter().map(|(token, _)| *token).collect();
    let mut names: HashMap<TokenId, String> = tokens::table
        .filter(tokens::id.eq_any(&ids))
        .select((tokens::id, tokens::name))
        .load::<(TokenId, String)>(conn)?
        .into_iter()
        .collect();
    let uses = uses
        .into_iter()
        .map(|(token, last)| (names.remove(&token).unwrap_or_default(), token, last))
        .collect();
    let live = tokens::table.filter(live_of(owner, now)).count().get_result(conn)?;
    Ok(Standing { live, in_use, uses })
}

/// Which of an owner's live tokens end, and why.
pub(super) struct End<'a> {
    pub(super) why: DeletionReason,
    pub(super) note: Option<&'a str>,
    /// These alone; all of them otherwise.
    pub(super) only: Option<&'a [TokenId]>,
}

impl End<'_> {
    /// Those that are live at this moment.
    fn of(&self, owner: Owner, now: OffsetDateTime) -> Condition {
        match self.only {
            None => Box::new(live_of(owner, now)),
            Some(ids) => Box::new(live_of(owner, now).and(tokens::id.eq_any(ids.to_vec()))),
        }
    }

    fn told(&self, ended: usize) -> Value {
        match (self.why, self.note) {
            (DeletionReason::RevokeAll, _) => json!({ "tokens": ended }),
            (why, Some(note)) => json!({ "tokens": ended, "why": why.key(), "note": note }),
            (why, None) => json!({ "tokens": ended, "why": why.key() }),
        }
    }
}

/// Ends every live token of the owner, in one statement and under the lock that making one takes:
/// none slips through, and none is made meanwhile. Returns how many ended. Each points to the one
/// line of the record.
pub fn revoke_all(conn: &mut Conn, owner: Owner, origin: &Origin) -> Result<usize, DbError> {
    end(conn, owner, &End { why: DeletionReason::RevokeAll, note: None, only: None }, origin)
}

/// The same, where a user gets a new password whose address was never verified.
pub fn revoke_unverified(conn: &mut Conn, user: UserId, origin: &Origin) -> Result<usize, DbError> {
    let end_all = End { why: DeletionReason::UnverifiedAddress, note: None, only: None };
    end(conn, Owner::User(user), &end_all, origin)
}

/// The same by somebody who runs the site, for a reason that the owner reads.
pub fn revoke_all_of(conn: &mut Conn, owner: Owner, reason: &str, origin: &Origin) -> Result<usize, DbError> {
    end(conn, owner, &End { why: DeletionReason::Admin, note: Some(reason), only: None }, origin)
}

/// Ends these tokens of anybody, as far as they are live, with a line of the record for each owner.
pub fn revoke_these(
    conn: &mut Conn,
    ids: &[TokenId],
    reason: &str,
    origin: &Origin,
) -> Result<usize, DbError> {
    end_these(conn, ids, (DeletionReason::Admin, Some(reason)), origin)
}

/// The live tokens of everybody that were created before a moment: what a database that was restored from a dump
/// of that moment may have brought back to life.
pub fn created_before(
    conn: &mut Conn,
    before: OffsetDateTime,
    now: OffsetDateTime,
) -> Result<Vec<TokenId>, DbError> {
    Ok(tokens::table
        .filter(live(now - LONGEST_SKEW))
        .filter(tokens::created_at.lt(before))
        .order(tokens::id)
        .select(tokens::id)
        .load(conn)?)
}

/// Ends these tokens of any owner by the command line, all of them or none.
pub fn revoke_at_the_shell(conn: &mut Conn, ids: &[TokenId], origin: &Origin) -> Result<usize, DbError> {
    end_these(conn, ids, (DeletionReason::CommandLine, None), origin)
}

fn end_these(
    conn: &mut Conn,
    ids: &[TokenId],
    (why, note): (DeletionReason, Option<&str>),
    origin: &Origin,
) -> Result<usize, DbError> {
    if let [id] = ids {
        let token = Token::itself(conn, *id)?;
        let Some(token) = token.filter(|token| !token.has_ended(origin.now - LONGEST_SKEW)) else {
            return Ok(0);
        };
        return Ok(usize::from(token.delete_with(conn, why, note, origin)?));
    }
    let of: Vec<(Option<AccountId>, Option<UserId>)> = tokens::table
        .filter(tokens::id.eq_any(ids))
        .select((tokens::account_id, tokens::user_id))
        .distinct()
        // Whoever takes several of these locks takes them in this order.
        .order((tokens::account_id.asc().nulls_last(), tokens::user_id))
        .load(conn)?;
    let owner = |(account, user): (Option<AccountId>, Option<UserId>)| {
        account.map(Owner::Account).or(user.map(Owner::User))
    };
    let of: Vec<Owner> = of.into_iter().filter_map(owner).collect();
    for owner in &of {
        lock(conn, *owner)?;
    }
    // All of them before the first ends: a report of leaked secrets takes its tokens in this order,
    // whosever they are.
    let _: Vec<i64> = tokens::table
        .filter(tokens::id.eq_any(ids))
        .order(tokens::id)
        .select(tokens::id)
        .for_no_key_update()
        .load(conn)?;
    let mut ended = 0;
    for owner in of {
        ended += end(conn, owner, &End { why, note, only: Some(ids) }, origin)?;
    }
    Ok(ended)
}

/// The lock that making a token takes, and the owner's name; none when the owner is gone.
pub(super) fn lock(conn: &mut Conn, owner: Owner) -> Result<Option<String>, DbError> {
    Ok(match owner {
        Owner::Account(id) => Account::lock(conn, id)?.map(|account| account.name),
        Owner::User(id) => User::lock(conn, id)?.map(|user| user.email),
    })
}

pub(super) fn end(conn: &mut Conn, owner: Owner, end: &End<'_>, origin: &Origin) -> Result<usize, DbError> {
    let Some(name) = lock(conn, owner)? else { return Ok(0) };
    let line = audit::next_line(conn)?;
    // In the order in which refused calls are counted, too, so that neither waits for the other.
    let _: Vec<i64> = tokens::table
        .filter(end.of(owner, origin.now - LONGEST_SKEW))
        .order(tokens::id)
        .select(tokens::id)
        .for_no_key_update()
        .load(conn)?;
    // Those whose time is just up by this node's clock, too: another node's may run behind.
    let ended = diesel::update(tokens::table.filter(end.of(owner, origin.now - LONGEST_SKEW)))
        .set((
            tokens::deleted_at.eq(origin.now),
            tokens::deleted_by.eq(origin.actor.user_id()),
            tokens::deleted_why.eq(end.why),
            tokens::deleted_note.eq(end.note),
            tokens::deleted_event.eq(line),
            tokens::updated_at.eq(origin.now),
        ))
        .execute(conn)?;
    if ended > 0 {
        let (kind, id) = match owner {
            Owner::Account(id) => ("account", id.get()),
            Owner::User(id) => ("user", id.get()),
        };
        let event = Event {
            account: owner.account(),
            user: owner.user(),
            action: Action::TokensRevoked,
            object: (kind, Some(id), &name),
            before: None,
            after: Some(end.told(ended)),
        };
        audit::record_as(conn, line, origin, &event)?;
        notice::tell_of_revoked(conn, owner, line, origin)?;
    }
    Ok(ended)
}
