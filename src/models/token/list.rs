//! Somebody's tokens, a page at a time.

use super::described::described;
use super::filter::Filter;
use super::live::live;
use super::search::Search;
use super::{Owner, Token, usage};
use crate::db::schema::{token_secrets, token_use, tokens};
use crate::db::{Conn, DbError};
use crate::models::user::lower;
use crate::policy::{Rights, TokenId};
use diesel::dsl::max;
use diesel::pg::Pg;
use diesel::prelude::*;
use diesel::sql_types::{Bool, Nullable, Timestamptz};
use time::OffsetDateTime;

/// So many tokens stand on a page.
pub const PER_PAGE: i64 = 50;
/// Counting stops here: the tab then says "1,000+", and a large account costs no more than that.
pub const MOST_COUNTED: usize = 1_000;
/// So many tokens are sorted by their last use, which no index knows: uses are written apart from
/// the tokens, so that a busy one churns none of their indexes.
pub const MOST_SORTED_BY_USE: usize = 10_000;

/// Which tokens.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Which {
    /// Neither deleted nor expired.
    Live,
    /// Deleted or expired.
    Ended,
}

/// The order of a list.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Sort {
    /// The one that was made last first.
    Newest,
    /// By name, whatever its case.
    Name,
    /// The one that was used last first; those never used at the end.
    LastUse,
}

/// A place between two tokens of the list, after the one with this number.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Cursor {
    /// Newest first, and when it was made.
    Newest(OffsetDateTime, TokenId),
    /// By name, and its name.
    Name(String, TokenId),
    /// By last use, and when that was.
    LastUse(Option<OffsetDateTime>, TokenId),
}

/// Whose tokens, and which of them.
#[derive(Debug, Clone)]
pub struct Wanted {
    /// Whose.
    pub owner: Owner,
    /// Live or ended.
    pub which: Which,
    /// What they are looked for by.
    pub search: Option<Search>,
    /// What else they must be.
    pub filter: Filter,
}

/// A token with what a row of the list says of it.
#[derive(Debug)]
pub struct Listed {
    /// The token.
    pub token: Token,
    /// What it may do.
    pub rights: Rights,
    /// Hint of its newest secret.
    pub hint: String,
    /// Who made it; none for the command line.
    pub maker: Option<String>,
    /// Who deleted it.
    pub remover: Option<String>,
    /// When it was last used.
    pub last_use: Option<usage::LastUse>,
}

type Boxed<'a> = tokens::BoxedQuery<'a, Pg>;
pub(super) type Condition = Box<dyn BoxableExpression<tokens::table, Pg, SqlType = Bool>>;

impl Wanted {
    /// The same of the other tab.
    pub fn of(&self, which: Which) -> Wanted {
        Wanted { which, ..self.clone() }
    }

    fn own(&self) -> Condition {
        match self.owner {
            Owner::Account(id) => Box::new(tokens::account_id.eq(id).assume_not_null()),
            Owner::User(id) => Box::new(tokens::user_id.eq(id).assume_not_null()),
        }
    }

    fn condition(&self, conn: &mut Conn, now: OffsetDateTime) -> Result<Condition, DbError> {
        let expired = || tokens::expires_at.le(now).assume_not_null().and(tokens::expires_at.is_not_null());
        let own = self.own();
        let kept: Condition = match self.which {
            Which::Live => Box::new(own.and(live(now))),
            Which::Ended => Box::new(own.and(tokens::deleted_at.is_not_null().or(expired()))),
        };
        let kept = match self.filter.condition(self.which, now) {
            Some(filter) => Box::new(kept.and(filter)),
            None => kept,
        };
        match &self.search {
            Some(search) => Ok(Box::new(kept.and(search.condition(conn, self.owner)?))),
            None => Ok(kept),
        }
    }

    fn is_narrowed(&self) -> bool {
        self.search.is_some() || self.filter != Filter::default()
    }

    /// How many there are, up to [`MOST_COUNTED`] and one.
    pub fn count(&self, conn: &mut Conn, now: OffsetDateTime) -> Result<usize, DbError> {
        if self.is_narrowed() {
            return Ok(self.some_ids(conn, now)?.len());
        }
        let newest = (tokens::created_at.desc(), tokens::id.desc());
        let own = || tokens::table.filter(self.own()).into_boxed();
        let all = match self.which {
            Which::Live => {
                let live = (self.condition(conn, now)?, self.condition(conn, now)?);
                counted(conn, own().filter(live.0).order(newest), own().filter(live.1))?
            }
            // Apart, as each has an index of its own; together they would be looked for in all tokens.
            Which::Ended => {
                let deleted = || own().filter(tokens::deleted_at.is_not_null());
                let expired = || own().filter(tokens::deleted_at.is_null().and(tokens::expires_at.le(now)));
                counted(conn, deleted().order(newest), deleted())?
                    + counted(conn, expired().order(tokens::expires_at), expired())?
            }
        };
        Ok(all.min(MOST_COUNTED + 1))
    }

    fn some_ids(&self, conn: &mut Conn, now: OffsetDateTime) -> Result<Vec<TokenId>, DbError> {
        let most = i64::try_from(MOST_COUNTED + 1).unwrap_or(i64::MAX);
        let condition = self.condition(conn, now)?;
        Ok(tokens::table.filter(condition).select(tokens::id).limit(most).load(conn)?)
    }

    /// The same tokens, by the quicker way: Postgres cannot tell a rare word or maker from a
    /// frequent one and would walk through every token in order. Few that match are named instead.
    fn found(&self, conn: &mut Conn, now: OffsetDateTime) -> Result<Condition, DbError> {
        if self.is_narrowed() {
            let ids = self.some_ids(conn, now)?;
            if ids.len() <= MOST_COUNTED {
                return Ok(Box::new(tokens::id.eq_any(ids)));
            }
        }
        self.condition(conn, now)
    }

    /// Whether there are too many to be sorted by their last use.
    pub fn are_too_many_to_sort_by_use(&self, conn: &mut Conn, now: OffsetDateTime) -> Result<bool, DbError> {
        let most = i64::try_from(MOST_SORTED_BY_USE).unwrap_or(i64::MAX);
        let condition = self.condition(conn, now)?;
        let next: Option<TokenId> =
            tokens::table.filter(condition).select(tokens::id).offset(most).first(conn).optional()?;
        Ok(next.is_some())
    }

    /// A page of them, and the place where the next one starts if there is more. A place in
    /// another order than this one is the top.
    pub fn page(
        &self,
        conn: &mut Conn,
        sort: Sort,
        after: Option<Cursor>,
        now: OffsetDateTime,
    ) -> Result<(Vec<Listed>, Option<Cursor>), DbError> {
        let condition = self.found(conn, now)?;
        let query =
            tokens::table.filter(condition).limit(PER_PAGE + 1).select(Token::as_select()).into_boxed();
        let query = match sort {
            Sort::Newest => query.order((tokens::created_at.desc(), tokens::id.desc())),
            Sort::Name => query.order((lower(tokens::name), tokens::id.asc())),
            Sort::LastUse => query.order((last_use().desc().nulls_last(), tokens::id.desc())),
        };
        // Written so that an index is entered at the cursor; `a < x OR (a = x AND b < y)` scans.
        let query = match after {
            Some(Cursor::Newest(at, id)) if sort == Sort::Newest => query
                .filter(tokens::created_at.le(at))
                .filter(tokens::created_at.lt(at).or(tokens::id.lt(id))),
            Some(Cursor::Name(name, id)) if sort == Sort::Name => query
                .filter(lower(tokens::name).ge(lower(name.clone())))
                .filter(lower(tokens::name).gt(lower(name)).or(tokens::id.gt(id))),
            Some(Cursor::LastUse(Some(at), id)) if sort == Sort::LastUse => query.filter(
                last_use().is_null().or(last_use()
                    .lt(at)
                    .assume_not_null()
                    .or(last_use().eq(at).assume_not_null().and(tokens::id.lt(id)))),
            ),
            Some(Cursor::LastUse(None, id)) if sort == Sort::LastUse => {
                query.filter(last_use().is_null()).filter(tokens::id.lt(id))
            }
            _ => query,
        };
        let mut found: Vec<Token> = query.load(conn)?;
        let more = found.len() > usize::try_from(PER_PAGE).unwrap_or(usize::MAX);
        if more {
            found.pop();
        }
        let listed = described(conn, found)?;
        let next = listed.last().filter(|_| more).map(|last| last.place(sort));
        Ok((listed, next))
    }
}

impl Listed {
    fn place(&self, sort: Sort) -> Cursor {
        let token = &self.token;
        match sort {
            Sort::Newest => Cursor::Newest(token.created_at, token.id),
            Sort::Name => Cursor::Name(token.name.clone(), token.id),
            Sort::LastUse => Cursor::LastUse(self.last_use.as_ref().map(|last| last.at), token.id),
        }
    }
}

/// How many rows, up to [`MOST_COUNTED`] and one. `ordered` is in the order of an index: without
/// one, the planner takes the shortest way to so many rows to be through the whole table.
fn counted(conn: &mut Conn, ordered: Boxed<'_>, all: Boxed<'_>) -> Result<usize, DbError> {
    let most = i64::try_from(MOST_COUNTED).unwrap_or(i64::MAX);
    let beyond: Option<TokenId> = ordered.select(tokens::id).offset(most).first(conn).optional()?;
    if beyond.is_some() {
        return Ok(MOST_COUNTED + 1);
    }
    Ok(usize::try_from(all.count().get_result::<i64>(conn)?).unwrap_or(usize::MAX))
}

/// When a token of the query was last used, by whichever of its secrets.
fn last_use() -> Box<dyn BoxableExpression<tokens::table, Pg, SqlType = Nullable<Timestamptz>>> {
    Box::new(
        token_use::table
            .inner_join(token_secrets::table)
            .filter(token_secrets::token_id.eq(tokens::id))
            .select(max(token_use::last_used_at))
            .single_value(),
    )
}
