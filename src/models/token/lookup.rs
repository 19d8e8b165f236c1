//! The look-up behind every API call: by digest, everything that the check needs, on the database
//! that is written to. Nothing of it is kept.

use super::secret::Digest;
use super::{Token, grants};
use crate::db::schema::{accounts, live_tokens, memberships, token_blocks, token_secrets, tokens, users};
use crate::db::{Conn, DbError};
use crate::models::membership::role_from;
use crate::models::{Account, account_limits};
use crate::policy::{
    self, AccountId, Catalogue, Limits, Made, Policy, Rights, Role, SecretId, Standing, TokenId, UserId,
};
use diesel::prelude::*;
use std::collections::HashMap;
use time::OffsetDateTime;

/// How much of a token a call needs.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Need {
    /// Its state, its conditions and whose it is.
    Owner,
    /// Also its rights, and the accounts that it reaches.
    Rights,
}

/// A token that was found by its secret.
#[derive(Debug, Clone)]
pub struct Found {
    /// Number of the secret.
    pub secret: SecretId,
    /// Number of the token.
    pub token: TokenId,
    /// Whether the first use of this secret is still to be noted: a roll made it.
    pub awaits_first_use: bool,
    /// Its name.
    pub name: String,
    /// When it was made.
    pub created_at: OffsetDateTime,
    /// The facts of its state.
    pub standing: Standing,
    /// Its conditions; and its rights, which are none where they were not needed.
    pub policy: Policy,
    /// Whose it is.
    pub holder: Holder,
    /// The accounts of its holder, by number; none where they were not needed.
    pub accounts: Vec<Reached>,
    /// Why its rights or accounts can't be read. No call that needs them may go on; that the token has ended
    /// can still be said.
    pub unread: Option<DbError>,
}

/// An account of a token's holder, at the moment of the call.
#[derive(Debug, Clone)]
pub struct Reached {
    /// The account.
    pub account: Account,
    /// The user's role there, for user tokens.
    pub role: Option<Role>,
    /// Since when the user is a member, for user tokens.
    pub joined: Option<OffsetDateTime>,
    /// Whether the account's admins do not let the token in.
    pub is_blocked: bool,
    /// What the account demands of tokens.
    pub limits: Option<Limits>,
}

impl Found {
    /// Whether an account lets the token in at all: something is granted there, its admins have
    /// not blocked it, it is not suspended, and the token keeps its limits.
    pub fn lets_into(&self, catalogue: &Catalogue, place: &Reached, now: OffsetDateTime) -> bool {
        policy::grants_in(catalogue, &self.policy.rights, place.account.id)
            && !place.is_blocked
            && place.account.is_active()
            && !self.breaks_limits(place, now)
    }

    /// Whether the token is against the limits of an account, and bound by them.
    pub fn breaks_limits(&self, place: &Reached, now: OffsetDateTime) -> bool {
        let made =
            place.joined.map_or(Made::here(self.created_at), |joined| Made::joined(self.created_at, joined));
        place.limits.as_ref().is_some_and(|limits| limits.refuse(&self.policy, made, now))
    }

    /// Its holder, as a decision takes it.
    pub fn decided_by(&self) -> policy::Holder {
        match &self.holder {
            Holder::Account(account) => policy::Holder::Account(account.id),
            Holder::User(_) => policy::Holder::User(
                self.accounts.iter().filter_map(|one| Some((one.account.id, one.role?))).collect(),
            ),
        }
    }
}

/// Whose a token is, as `whoami` tells it.
#[derive(Debug, Clone)]
pub enum Holder {
    /// An account's.
    Account(Account),
    /// A user's.
    User(Person),
}

impl Holder {
    /// Number of the user, where it is one.
    pub fn user(&self) -> Option<UserId> {
        match self {
            Holder::Account(_) => None,
            Holder::User(user) => Some(user.id),
        }
    }
}

/// A user, as `whoami` tells it.
#[derive(Debug, Clone, Queryable, Selectable)]
#[diesel(table_name = users)]
pub struct Person {
    /// Number of the user.
    pub id: UserId,
    /// E-mail address.
    pub email: String,
    /// Since when the user is deactivated.
    pub deactivated_at: Option<OffsetDateTime>,
    /// When the user was made.
    pub created_at: OffsetDateTime,
    /// When the user was last changed.
    pub updated_at: OffsetDateTime,
    /// What the owner of the API calls the user.
    pub reference: Option<String>,
}

/// The last one is NULL for a token that ended while the disk was full.
type Row = (SecretRow, Token, Option<Account>, Option<Person>, Option<AccountId>);

#[derive(Queryable, Selectable)]
#[diesel(table_name = token_secrets)]
struct SecretRow {
    id: SecretId,
    digest: Vec<u8>,
    rolled: bool,
    first_used_at: Option<OffsetDateTime>,
    ended_at: Option<OffsetDateTime>,
    ends_at: Option<OffsetDateTime>,
}

/// The tokens behind these digests, ended ones included, with as much of each as is needed. What can't be
/// read of one is an error for that one alone.
pub fn by_digests(
    conn: &mut Conn,
    catalogue: &Catalogue,
    wanted: &[(Digest, Need)],
) -> Result<HashMap<Digest, Result<Found, DbError>>, DbError> {
    let mut digests: Vec<&[u8]> = wanted.iter().map(|(digest, _)| digest.bytes()).collect();
    digests.sort_unstable();
    digests.dedup();
    let rows: Vec<Row> = token_secrets::table
        .inner_join(
            tokens::table
                .left_join(live_tokens::table)
                .left_join(accounts::table)
                .left_join(users::table.on(users::id.nullable().eq(tokens::user_id))),
        )
        .filter(token_secrets::digest.eq_any(digests))
        .select((
            SecretRow::as_select(),
            Token::as_select(),
            Option::<Account>::as_select(),
            Option::<Person>::as_select(),
            live_tokens::token_id.nullable(),
        ))
        .load(conn)?;
    let mut found = HashMap::with_capacity(rows.len());
    for row in rows {
        // A digest that was asked for has its length.
        let digest = Digest::stored(&row.0.digest).ok_or_else(|| DbError::Corrupt("a digest".to_owned()))?;
        found.insert(digest, as_found(catalogue, row));
    }
    let in_full = |digest: &Digest| wanted.contains(&(*digest, Need::Rights));
    let mut in_full: Vec<&mut Found> = found
        .iter_mut()
        .filter(|(digest, _)| in_full(digest))
        .filter_map(|(_, found)| found.as_mut().ok())
        .collect();
    if !in_full.is_empty() {
        load_rights(conn, &mut in_full)?;
        load_accounts(conn, &mut in_full)?;
    }
    Ok(found)
}

fn as_found(catalogue: &Catalogue, row: Row) -> Result<Found, DbError> {
    let (secret, token, account, person, lives) = row;
    let (holder, owner_away, frozen) = match (account, person) {
        (Some(account), _) => {
            let frozen = !token.full_access && !catalogue.has_scopes(&account.plan);
            let away = !account.is_active();
            (Holder::Account(account), away, frozen)
        }
        (None, Some(person)) => {
            let away = person.deactivated_at.is_some();
            (Holder::User(person), away, false)
        }
        (None, None) => return Err(DbError::Corrupt(format!("owner of token {}", token.id))),
    };
    let standing = Standing {
        deleted: token.deleted_at.is_some() || lives.is_none(),
        secret_ended: secret.ended_at.is_some(),
        secret_ends_at: secret.ends_at,
        ..token.standing(owner_away, frozen)
    };
    let rights = if token.full_access { Rights::Everything } else { Rights::Grants(Vec::new()) };
    let policy = token.policy(rights);
    Ok(Found {
        secret: secret.id,
        token: token.id,
        awaits_first_use: secret.rolled && secret.first_used_at.is_none(),
        name: token.name,
        created_at: token.created_at,
        standing,
        policy,
        holder,
        accounts: Vec::new(),
        unread: None,
    })
}

fn load_rights(conn: &mut Conn, found: &mut [&mut Found]) -> Result<(), DbError> {
    let scoped = |one: &&mut Found| one.policy.rights != Rights::Everything;
    let ids: Vec<TokenId> = found.iter().filter(|one| scoped(one)).map(|one| one.token).collect();
    if ids.is_empty() {
        return Ok(());
    }
    let mut grants = grants::of_tokens(conn, &ids)?;
    for one in found.iter_mut().filter(|one| scoped(one)) {
        match grants.remove(&one.token) {
            Some(Ok(list)) => one.policy.rights = Rights::Grants(list),
            Some(Err(error)) => one.unread = Some(error),
            None => {}
        }
    }
    Ok(())
}

fn load_accounts(conn: &mut Conn, found: &mut [&mut Found]) -> Result<(), DbError> {
    let mut unread: HashMap<UserId, DbError> = HashMap::new();
    let mut users: HashMap<UserId, Vec<(Account, Role, OffsetDateTime)>> = HashMap::new();
    let ids: Vec<UserId> = found.iter().filter_map(|one| one.holder.user()).collect();
    if !ids.is_empty() {
        let rows: Vec<(UserId, String, OffsetDateTime, Account)> = memberships::table
            .inner_join(accounts::table)
            .filter(memberships::user_id.eq_any(&ids))
            .order(accounts::id)
            .select((memberships::user_id, memberships::role, memberships::created_at, Account::as_select()))
            .load(conn)?;
        for (user, role, joined, account) in rows {
            match role_from(&role) {
                Ok(role) => users.entry(user).or_default().push((account, role, joined)),
                Err(error) => drop(unread.insert(user, error)),
            }
        }
    }
    for one in found.iter_mut() {
        let reached = |account, member: Option<(Role, OffsetDateTime)>| Reached {
            account,
            role: member.map(|(role, _)| role),
            joined: member.map(|(_, joined)| joined),
            is_blocked: false,
            limits: None,
        };
        if let Some(error) = one.holder.user().and_then(|user| unread.get(&user)) {
            one.unread = Some(error.clone());
        }
        one.accounts = match &one.holder {
            Holder::Account(account) => vec![reached(account.clone(), None)],
            Holder::User(user) => {
                let of_user = users.get(&user.id).cloned().unwrap_or_default();
                let member = |(account, role, joined)| reached(account, Some((role, joined)));
                of_user.into_iter().map(member).collect()
            }
        };
    }
    if !ids.is_empty() {
        let tokens: Vec<TokenId> = found.iter().map(|one| one.token).collect();
        let blocks: Vec<(TokenId, AccountId)> = token_blocks::table
            .filter(token_blocks::token_id.eq_any(&tokens))
            .select((token_blocks::token_id, token_blocks::account_id))
            .load(conn)?;
        for one in found.iter_mut() {
            let token = one.token;
            for place in &mut one.accounts {
                place.is_blocked = blocks.contains(&(token, place.account.id));
            }
        }
    }
    let places: Vec<AccountId> =
        found.iter().flat_map(|one| &one.accounts).map(|one| one.account.id).collect();
    let limits = account_limits::of_accounts(conn, &places)?;
    for place in found.iter_mut().flat_map(|one| &mut one.accounts) {
        place.limits = limits.get(&place.account.id).cloned();
    }
    Ok(())
}
