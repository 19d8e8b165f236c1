//! The live tokens of the whole site, under two catalogues.

use super::described::rights;
use super::live::live;
use crate::db::schema::{accounts, tokens, users};
use crate::db::{Conn, DbError};
use crate::models::Account;
use crate::policy::words::{self, Around, Surroundings};
use crate::policy::{
    AccountId, Catalogue, Changed, Compared, Holder, Policy, Rights, Role, TokenId, UserId, compare,
};
use diesel::prelude::*;
use std::collections::HashMap;
use time::OffsetDateTime;

/// The most tokens that are loaded at once.
const AT_ONCE: i64 = 1_000;

/// A token that another catalogue concerns.
#[derive(Debug, Clone)]
pub struct Token {
    /// Its number.
    pub id: TokenId,
    /// Its name.
    pub name: String,
    /// Name of the account, or email address of the user, whose it is.
    pub owner: String,
    /// What changes.
    pub changed: Changed,
}

/// Tokens that are concerned alike.
#[derive(Debug, Clone, Default)]
pub struct Difference {
    /// How many.
    pub count: i64,
    /// The first of them.
    pub named: Vec<Token>,
}

/// What another catalogue does to the live tokens. Each is counted once at most.
#[derive(Debug, Clone, Default)]
pub struct Differences {
    /// How many there are.
    pub all: i64,
    /// How many of them have Everything.
    pub everything: i64,
    /// Those that lose something, whatever they gain.
    pub lose: Difference,
    /// Those that gain something and lose nothing.
    pub gain: Difference,
    /// Those that may do the same, in other words.
    pub reworded: Difference,
}

/// Compares all live tokens, in the order of their numbers; of each difference at most `named` are named.
pub fn all(
    conn: &mut Conn,
    old: &Catalogue,
    new: &Catalogue,
    now: OffsetDateTime,
    named: usize,
) -> Result<Differences, DbError> {
    let mut found = Differences::default();
    let mut after = TokenId::from(0);
    loop {
        let next: Vec<super::Token> = tokens::table
            .filter(tokens::id.gt(after))
            .filter(live(now))
            .order(tokens::id)
            .limit(AT_ONCE)
            .select(super::Token::as_select())
            .load(conn)?;
        let Some(last) = next.last() else { return Ok(found) };
        after = last.id;
        let mut rights = rights(conn, &next)?;
        let owners = Owners::of(conn, &next)?;
        for token in next {
            let Some(owner) = owners.of_token(&token) else { continue };
            let policy = token.policy(rights.remove(&token.id).unwrap_or(super::described::NOTHING));
            found.all += 1;
            found.everything += i64::from(policy.rights == Rights::Everything);
            let compared = Compared { policy: &policy, holder: &owner.holder, plan: owner.plan.as_deref() };
            let changed = compare(old, new, compared);
            let kind = if !changed.loses.is_empty() {
                &mut found.lose
            } else if !changed.gains.is_empty() {
                &mut found.gain
            } else if said(old, &policy, owner) != said(new, &policy, owner) {
                &mut found.reworded
            } else {
                continue;
            };
            kind.count += 1;
            if kind.named.len() < named {
                kind.named.push(Token { id: token.id, name: token.name, owner: owner.name.clone(), changed });
            }
        }
    }
}

fn said(catalogue: &Catalogue, policy: &Policy, owner: &OwnerFacts) -> Vec<String> {
    words::of_policy(catalogue, policy, &owner.around).iter().map(words::Sentence::text).collect()
}

/// Whose a token is, as far as a comparison needs it.
struct OwnerFacts {
    name: String,
    holder: Holder,
    plan: Option<String>,
    around: Surroundings,
}

/// The owners of some tokens.
struct Owners {
    accounts: HashMap<AccountId, OwnerFacts>,
    users: HashMap<UserId, OwnerFacts>,
}

impl Owners {
    fn of(conn: &mut Conn, tokens: &[super::Token]) -> Result<Owners, DbError> {
        let ids: Vec<AccountId> = tokens.iter().filter_map(|token| token.account_id).collect();
        let found: Vec<Account> =
            accounts::table.filter(accounts::id.eq_any(ids)).select(Account::as_select()).load(conn)?;
        let accounts = found.into_iter().map(|account| {
            let holder = Holder::Account(account.id);
            let around = Surroundings { of_user: false, accounts: vec![around(&account, None)] };
            (account.id, OwnerFacts { name: account.name, holder, plan: Some(account.plan), around })
        });
        let accounts = accounts.collect();
        let ids: Vec<UserId> = tokens.iter().filter_map(|token| token.user_id).collect();
        let found: Vec<(UserId, String)> =
            users::table.filter(users::id.eq_any(ids)).select((users::id, users::email)).load(conn)?;
        let mut users = HashMap::new();
        for (id, name) in found {
            let reached = Account::list_of_user(conn, id)?;
            let holder = Holder::User(reached.iter().map(|(account, role)| (account.id, *role)).collect());
            let accounts = reached.iter().map(|(account, role)| around(account, Some(*role))).collect();
            let around = Surroundings { of_user: true, accounts };
            users.insert(id, OwnerFacts { name, holder, plan: None, around });
        }
        Ok(Owners { accounts, users })
    }

    fn of_token(&self, token: &super::Token) -> Option<&OwnerFacts> {
        match (token.account_id, token.user_id) {
            (Some(account), _) => self.accounts.get(&account),
            (None, Some(user)) => self.users.get(&user),
            (None, None) => None,
        }
    }
}

/// How many resources there are is the same under both, so it isn't asked.
fn around(account: &Account, role: Option<Role>) -> Around {
    Around { id: account.id, name: account.name.clone(), role, resources: Vec::new() }
}
