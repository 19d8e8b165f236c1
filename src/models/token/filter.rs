//! Narrowing a list down: to what somebody made, and to what nobody uses.

use super::Owner;
use super::list::{Condition, Which};
use crate::db::schema::{token_secrets, token_use, tokens, users};
use crate::db::{Conn, DbError};
use crate::policy::{TokenId, UserId};
use diesel::dsl::{exists, not};
use diesel::pg::Pg;
use diesel::prelude::*;
use std::collections::HashMap;
use time::{Duration, OffsetDateTime};

/// What was not used for so long, nor made within it, counts as unused.
pub const UNUSED_FOR: Duration = Duration::days(90);
/// So many makers are offered.
const MOST_MAKERS: usize = 200;

/// Who made a token.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Maker {
    /// The user with this number.
    User(UserId),
    /// Whoever has a shell on the machine.
    CommandLine,
}

/// Which tokens of a list, beside what is looked for. The usual one leaves nothing out.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Filter {
    /// Made by them.
    pub made_by: Option<Maker>,
    /// Not used for [`UNUSED_FOR`]. It says nothing of tokens that have ended.
    pub unused: bool,
}

impl Filter {
    /// What it asks of the tokens of a list; none where it leaves nothing out.
    pub(super) fn condition(self, which: Which, now: OffsetDateTime) -> Option<Condition> {
        let made = self.made_by.map(made_by);
        let unused = (self.unused && which == Which::Live).then(|| unused_since(now - UNUSED_FOR));
        match (made, unused) {
            (Some(made), Some(unused)) => Some(Box::new(made.and(unused))),
            (made, unused) => made.or(unused),
        }
    }
}

fn made_by(maker: Maker) -> Condition {
    match maker {
        Maker::User(id) => Box::new(tokens::created_by.eq(id).assume_not_null()),
        Maker::CommandLine => Box::new(tokens::created_by.is_null()),
    }
}

fn unused_since(since: OffsetDateTime) -> Condition {
    let used = token_use::table
        .inner_join(token_secrets::table)
        .filter(token_secrets::token_id.eq(tokens::id).and(token_use::last_used_at.gt(since)));
    Box::new(tokens::created_at.le(since).and(not(exists(used))))
}

/// Who made the tokens of this owner that are not deleted, people by their addresses. Leaps from
/// one to the next, so that it takes as many steps as there are makers, however many tokens.
pub fn makers(conn: &mut Conn, owner: Owner) -> Result<Vec<(Maker, String)>, DbError> {
    let of = |owner: Owner| -> tokens::BoxedQuery<'static, Pg> {
        let kept = tokens::table.filter(tokens::deleted_at.is_null()).into_boxed();
        match owner {
            Owner::Account(id) => kept.filter(tokens::account_id.eq(id)),
            Owner::User(id) => kept.filter(tokens::user_id.eq(id)),
        }
    };
    let mut ids: Vec<UserId> = Vec::new();
    while ids.len() < MOST_MAKERS {
        let after = ids.last().copied().unwrap_or(UserId::from(i64::MIN));
        let next: Option<Option<UserId>> = of(owner)
            .filter(tokens::created_by.gt(after))
            .order(tokens::created_by)
            .select(tokens::created_by)
            .first(conn)
            .optional()?;
        let Some(Some(id)) = next else { break };
        ids.push(id);
    }
    let emails: HashMap<UserId, String> = users::table
        .filter(users::id.eq_any(&ids))
        .select((users::id, users::email))
        .load::<(UserId, String)>(conn)?
        .into_iter()
        .collect();
    let mut makers: Vec<(Maker, String)> =
        emails.into_iter().map(|(id, email)| (Maker::User(id), email)).collect();
    makers.sort_by_key(|one| one.1.to_lowercase());
    let nobody: Option<TokenId> =
        of(owner).filter(tokens::created_by.is_null()).select(tokens::id).first(conn).optional()?;
    if nobody.is_some() {
        makers.push((Maker::CommandLine, "the command line".to_owned()));
    }
    Ok(makers)
}
