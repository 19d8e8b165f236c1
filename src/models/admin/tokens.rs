//! Tokens of anybody, as those who run the site look for them.

use crate::db::schema::{accounts, token_secrets, tokens, users};
use crate::db::{Conn, DbError};
use crate::models::token::described::hints;
use crate::models::token::search::Search;
use crate::models::token::secret::Digest;
use crate::models::token::{Owner, Token, usage};
use crate::models::user::lower;
use crate::models::{Account, User};
use crate::policy::{AccountId, Catalogue, State, TokenId, UserId};
use diesel::prelude::*;
use time::OffsetDateTime;

/// So many tokens stand on a page.
pub const PER_PAGE: usize = 50;
/// So many accounts of one name are looked into.
pub const MOST_NAMESAKES: i64 = 20;
/// A search that finds no more than so many is quick by its index; one that finds more, by walking.
const MOST_NAMED: usize = 1_000;

/// Whose tokens.
#[derive(Debug, Clone)]
pub enum Whose {
    /// Everybody's.
    Everybodys,
    /// Of these accounts.
    Accounts(Vec<AccountId>),
    /// Of this user.
    User(UserId),
}

/// Which tokens, and from where on: the newest first.
#[derive(Debug, Clone)]
pub struct Wanted {
    /// Whose.
    pub whose: Whose,
    /// What they are looked for by.
    pub search: Option<Search>,
    /// Only those made before the one with this number.
    pub before: Option<TokenId>,
}

/// Whom a token belongs to.
#[derive(Debug, Clone)]
pub enum Holder {
    /// An account.
    Account(Account),
    /// A user.
    User(User),
}

/// A token of anybody.
#[derive(Debug)]
pub struct Anybodys {
    /// The token.
    pub token: Token,
    /// Hint of its newest secret.
    pub hint: String,
    /// Whom it belongs to.
    pub holder: Holder,
    /// When it was last used.
    pub last_use: Option<usage::LastUse>,
}

/// A token that was found by one of its secrets.
#[derive(Debug)]
pub struct BySecret {
    /// The token.
    pub found: Anybodys,
    /// Whether this secret was ended by itself: the token has a newer one.
    pub is_replaced: bool,
}

impl Anybodys {
    /// Its state now.
    pub fn state(&self, catalogue: &Catalogue, now: OffsetDateTime) -> State {
        match &self.holder {
            Holder::Account(account) => self.token.state(account, catalogue, now),
            Holder::User(user) => self.token.state_of_users(user, now),
        }
    }
}

/// Whose tokens somebody means: a user by address, accounts by number or by name. `None` where
/// nobody is called so.
pub fn named(conn: &mut Conn, text: &str) -> Result<Option<Whose>, DbError> {
    let text = text.trim();
    if text.is_empty() {
        return Ok(Some(Whose::Everybodys));
    }
    if text.contains('@') {
        return Ok(User::find_by_email(conn, text)?.map(|user| Whose::User(user.id)));
    }
    let mut known: Vec<AccountId> = accounts::table
        .filter(lower(accounts::name).eq(lower(text)))
        .order(accounts::id)
        .limit(MOST_NAMESAKES)
        .select(accounts::id)
        .load(conn)?;
    if let Ok(number) = text.parse::<AccountId>()
        && let Some(account) = Account::find(conn, number)?
    {
        known.insert(0, account.id);
        known.dedup();
    }
    Ok((!known.is_empty()).then_some(Whose::Accounts(known)))
}

impl Wanted {
    /// A page of them, and whether there are more.
    pub fn page(&self, conn: &mut Conn) -> Result<(Vec<Anybodys>, bool), DbError> {
        let mut query = self.all().order(tokens::id.desc()).limit(rows(PER_PAGE + 1));
        if let Some(before) = self.before {
            query = query.filter(tokens::id.lt(before));
        }
        if let Some(search) = &self.search {
            // Few that match are named: Postgres would walk through every token in order for them.
            let some = self.all().filter(search.everywhere(conn)?).limit(rows(MOST_NAMED + 1));
            let some: Vec<TokenId> = some.select(tokens::id).load(conn)?;
            query = if some.len() <= MOST_NAMED {
                query.filter(tokens::id.eq_any(some))
            } else {
                query.filter(search.everywhere(conn)?)
            };
        }
        let mut found: Vec<Token> = query.select(Token::as_select()).load(conn)?;
        let more = found.len() > PER_PAGE;
        found.truncate(PER_PAGE);
        Ok((described(conn, found)?, more))
    }

    fn all(&self) -> tokens::BoxedQuery<'static, diesel::pg::Pg> {
        let query = tokens::table.into_boxed();
        match &self.whose {
            Whose::Everybodys => query,
            Whose::Accounts(ids) => query.filter(tokens::account_id.eq_any(ids.clone())),
            Whose::User(id) => query.filter(tokens::user_id.eq(*id)),
        }
    }
}

/// The token that has or had this secret.
pub fn by_secret(conn: &mut Conn, digest: &Digest, now: OffsetDateTime) -> Result<Option<BySecret>, DbError> {
    type Row = (TokenId, Option<OffsetDateTime>, Option<OffsetDateTime>);
    let secret: Option<Row> = token_secrets::table
        .filter(token_secrets::digest.eq(digest.bytes()))
        .select((token_secrets::token_id, token_secrets::ended_at, token_secrets::ends_at))
        .first(conn)
        .optional()?;
    let Some((token, ended_at, ends_at)) = secret else { return Ok(None) };
    let is_replaced = ended_at.is_some() || ends_at.is_some_and(|end| end <= now);
    let found = these(conn, &[token])?.pop();
    Ok(found.map(|found| BySecret { found, is_replaced }))
}

/// The tokens with these numbers, the newest first.
pub fn these(conn: &mut Conn, ids: &[TokenId]) -> Result<Vec<Anybodys>, DbError> {
    let found = tokens::table
        .filter(tokens::id.eq_any(ids))
        .order(tokens::id.desc())
        .select(Token::as_select())
        .load(conn)?;
    described(conn, found)
}

fn described(conn: &mut Conn, found: Vec<Token>) -> Result<Vec<Anybodys>, DbError> {
    let ids: Vec<TokenId> = found.iter().map(|token| token.id).collect();
    let mut uses = usage::of_tokens(conn, &ids)?;
    let mut hints = hints(conn, &ids)?;
    let of_accounts: Vec<AccountId> = found.iter().filter_map(|token| token.account_id).collect();
    let of_users: Vec<UserId> = found.iter().filter_map(|token| token.user_id).collect();
    let owning: Vec<Account> =
        accounts::table.filter(accounts::id.eq_any(of_accounts)).select(Account::as_select()).load(conn)?;
    let people: Vec<User> =
        users::table.filter(users::id.eq_any(of_users)).select(User::as_select()).load(conn)?;
    let holder = |token: &Token| match token.owner() {
        Some(Owner::Account(id)) => {
            owning.iter().find(|one| one.id == id).map(|one| Holder::Account(one.clone()))
        }
        Some(Owner::User(id)) => people.iter().find(|one| one.id == id).map(|one| Holder::User(one.clone())),
        None => None,
    };
    // An owner that went meanwhile took its tokens along.
    let anybodys = |token: Token| {
        Some(Anybodys {
            holder: holder(&token)?,
            hint: hints.remove(&token.id).unwrap_or_default(),
            last_use: uses.remove(&token.id),
            token,
        })
    };
    Ok(found.into_iter().filter_map(anybodys).collect())
}

fn rows(count: usize) -> i64 {
    i64::try_from(count).unwrap_or(i64::MAX)
}
