//! The look-up behind every API call: by digest, everything that the check needs, on the database
//! that is written to. Nothing of it is kept.

use super::grants::{self, GrantsText};
use super::secret::Digest;
use crate::db::schema::{
    account_limits, accounts, live_tokens, memberships, token_blocks, token_secrets, tokens, users,
};
use crate::db::{AnyOf, Conn, DbError};
use crate::models::Account;
use crate::models::account_limits::Row as LimitsRow;
use crate::models::membership::role_from;
use crate::policy::{
    self, AccountId, Catalogue, Limits, Made, Policy, Rights, Role, SecretId, Standing, TokenId, UserId,
};
use diesel::prelude::*;
use ipnet::IpNet;
use std::collections::{HashMap, HashSet};
use time::OffsetDateTime;

/// How much of a token a call needs.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Need {
    /// Its state, its conditions and whose it is.
    Owner,
    /// Also its rights, and the accounts that it reaches.
    Rights,
}

/// A question for one token.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Wanted {
    /// The digest of its secret.
    pub digest: Digest,
    /// How much of it.
    pub need: Need,
    /// Which of the resources that its grants name.
    pub names: Names,
}

/// Which of the resources that a token's grants name are loaded with its rights: a token may name hundreds,
/// and a call is about one at most.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Names {
    /// All of them.
    All,
    /// Those of these names, whatever their kind and account, and of the others as many as tell where the
    /// grants reach.
    Only(Vec<String>),
}

impl Names {
    /// Whether what is decided about a resource of this name can be decided by what is loaded.
    pub fn include(&self, name: &str) -> bool {
        match self {
            Names::All => true,
            Names::Only(names) => names.iter().any(|one| one == name),
        }
    }
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
    /// Which of the resources that the rights name are among them.
    pub names: Names,
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
type Row = (SecretRow, TokenRow, Option<Account>, Option<Person>, Option<AccountId>);

/// The same, with the limits of the token's account and the text of its grants.
type RowWithRights = (
    SecretRow,
    TokenRow,
    Option<Account>,
    Option<Person>,
    Option<AccountId>,
    Option<LimitsRow>,
    Option<String>,
);

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

/// What a call needs of a token; each further column would be read at every call.
#[derive(Queryable, Selectable)]
#[diesel(table_name = tokens)]
struct TokenRow {
    id: TokenId,
    name: String,
    full_access: bool,
    created_at: OffsetDateTime,
    not_before: Option<OffsetDateTime>,
    expires_at: Option<OffsetDateTime>,
    allowed_networks: Vec<IpNet>,
    refused_networks: Vec<IpNet>,
    disabled_at: Option<OffsetDateTime>,
    deleted_at: Option<OffsetDateTime>,
}

/// The tokens that these questions are about, ended ones included, with as much of each as any of them needs.
/// What can't be read of one is an error for that one alone.
///
/// One statement where no question needs rights, one more where some do, and a third where those are of
/// users.
pub fn find(conn: &mut Conn, catalogue: &Catalogue, wanted: &[Wanted]) -> Result<AllFound, DbError> {
    let (with_rights, without): (Vec<&Wanted>, Vec<&Wanted>) =
        wanted.iter().partition(|one| one.need == Need::Rights);
    let in_full: HashSet<Digest> = with_rights.iter().map(|one| one.digest).collect();
    let without = without.into_iter().map(|one| one.digest).filter(|digest| !in_full.contains(digest));
    let mut found = HashMap::with_capacity(wanted.len());
    load_without_rights(conn, catalogue, &without.collect(), &mut found)?;
    if !in_full.is_empty() {
        load_with_rights(conn, catalogue, &in_full, &with_rights, &mut found)?;
    }
    Ok(found)
}

/// A token with its rights, as a call with its newest secret would find it; `None` if there is none of this
/// number.
pub fn of_token(conn: &mut Conn, catalogue: &Catalogue, token: TokenId) -> Result<Option<Found>, DbError> {
    let newest: Option<Vec<u8>> = token_secrets::table
        .filter(token_secrets::token_id.eq(token))
        .order(token_secrets::id.desc())
        .select(token_secrets::digest)
        .first(conn)
        .optional()?;
    let Some(digest) = newest.as_deref().and_then(Digest::stored) else { return Ok(None) };
    let wanted = Wanted { digest, need: Need::Rights, names: Names::All };
    find(conn, catalogue, &[wanted])?.remove(&digest).transpose()
}

type AllFound = HashMap<Digest, Result<Found, DbError>>;

fn load_without_rights(
    conn: &mut Conn,
    catalogue: &Catalogue,
    digests: &HashSet<Digest>,
    found: &mut AllFound,
) -> Result<(), DbError> {
    if digests.is_empty() {
        return Ok(());
    }
    let rows: Vec<Row> = token_secrets::table
        .inner_join(
            tokens::table
                .left_join(live_tokens::table)
                .left_join(accounts::table)
                .left_join(users::table.on(users::id.nullable().eq(tokens::user_id))),
        )
        .filter(AnyOf(token_secrets::digest, bytes(digests)))
        .select((
            SecretRow::as_select(),
            TokenRow::as_select(),
            Option::<Account>::as_select(),
            Option::<Person>::as_select(),
            live_tokens::token_id.nullable(),
        ))
        .load(conn)?;
    for row in rows {
        found.insert(digest_of(&row)?, as_found(catalogue, row));
    }
    Ok(())
}

fn load_with_rights(
    conn: &mut Conn,
    catalogue: &Catalogue,
    digests: &HashSet<Digest>,
    wanted: &[&Wanted],
    found: &mut AllFound,
) -> Result<(), DbError> {
    let mut names = Vec::new();
    let mut whole: HashSet<Digest> = HashSet::new();
    for one in wanted {
        match &one.names {
            Names::All => drop(whole.insert(one.digest)),
            Names::Only(these) => names.extend(these.iter().cloned()),
        }
    }
    let grants = GrantsText { whole: AnyOf(token_secrets::digest, bytes(&whole)), names: names.clone() };
    let rows: Vec<RowWithRights> = token_secrets::table
        .inner_join(
            tokens::table
                .left_join(live_tokens::table)
                .left_join(accounts::table.left_join(account_limits::table))
                .left_join(users::table.on(users::id.nullable().eq(tokens::user_id))),
        )
        .filter(AnyOf(token_secrets::digest, bytes(digests)))
        .select((
            SecretRow::as_select(),
            TokenRow::as_select(),
            Option::<Account>::as_select(),
            Option::<Person>::as_select(),
            live_tokens::token_id.nullable(),
            Option::<LimitsRow>::as_select(),
            grants,
        ))
        .load(conn)?;
    let mut of_users = Vec::new();
    for (secret, token, account, person, lives, limits, grants) in rows {
        let row = (secret, token, account, person, lives);
        let digest = digest_of(&row)?;
        let mut one = as_found(catalogue, row);
        if let Ok(one) = &mut one {
            one.names = if whole.contains(&digest) { Names::All } else { Names::Only(names.clone()) };
            if one.policy.rights != Rights::Everything {
                match grants::read(one.token, grants.as_deref()) {
                    Ok(grants) => one.policy.rights = Rights::Grants(grants),
                    Err(error) => one.unread = Some(error),
                }
            }
            match &one.holder {
                Holder::Account(account) => {
                    let limits = limits.map(LimitsRow::into_limits);
                    let account = account.clone();
                    one.accounts =
                        vec![Reached { account, role: None, joined: None, is_blocked: false, limits }];
                }
                Holder::User(_) => of_users.push((digest, one.token)),
            }
        }
        found.insert(digest, one);
    }
    if !of_users.is_empty() {
        let mut accounts = of_users_tokens(conn, of_users.iter().map(|(_, token)| *token).collect())?;
        for (digest, token) in &of_users {
            let Some(Ok(one)) = found.get_mut(digest) else { continue };
            match accounts.remove(token) {
                Some(Ok(accounts)) => one.accounts = accounts,
                Some(Err(error)) => one.unread = Some(error),
                None => {}
            }
        }
    }
    Ok(())
}

fn bytes(digests: &HashSet<Digest>) -> Vec<&[u8]> {
    digests.iter().map(Digest::bytes).collect()
}

fn digest_of(row: &Row) -> Result<Digest, DbError> {
    // A digest that was asked for has its length.
    Digest::stored(&row.0.digest).ok_or_else(|| DbError::Corrupt("a digest".to_owned()))
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
        expires_at: token.expires_at,
        secret_ended: secret.ended_at.is_some(),
        secret_ends_at: secret.ends_at,
        owner_away,
        disabled: token.disabled_at.is_some(),
        frozen,
        not_before: token.not_before,
    };
    let rights = if token.full_access { Rights::Everything } else { Rights::Grants(Vec::new()) };
    Ok(Found {
        secret: secret.id,
        token: token.id,
        awaits_first_use: secret.rolled && secret.first_used_at.is_none(),
        name: token.name,
        created_at: token.created_at,
        standing,
        policy: Policy {
            rights,
            allowed_networks: token.allowed_networks,
            refused_networks: token.refused_networks,
            not_before: token.not_before,
            expires_at: token.expires_at,
        },
        names: Names::All,
        holder,
        accounts: Vec::new(),
        unread: None,
    })
}

/// The accounts of the users whose tokens these are, by token; those of one in which a role can't be read are
/// an error.
fn of_users_tokens(
    conn: &mut Conn,
    ids: Vec<TokenId>,
) -> Result<HashMap<TokenId, Result<Vec<Reached>, DbError>>, DbError> {
    type Row = (TokenId, String, OffsetDateTime, Account, Option<LimitsRow>, Option<TokenId>);
    let blocked_here = token_blocks::token_id.eq(tokens::id).and(token_blocks::account_id.eq(accounts::id));
    let rows: Vec<Row> = tokens::table
        .inner_join(memberships::table.on(memberships::user_id.nullable().eq(tokens::user_id)))
        .inner_join(accounts::table.on(accounts::id.eq(memberships::account_id)))
        .left_join(account_limits::table.on(account_limits::account_id.eq(accounts::id)))
        .left_join(token_blocks::table.on(blocked_here))
        .filter(AnyOf(tokens::id, ids))
        .order(accounts::id)
        .select((
            tokens::id,
            memberships::role,
            memberships::created_at,
            Account::as_select(),
            Option::<LimitsRow>::as_select(),
            token_blocks::token_id.nullable(),
        ))
        .load(conn)?;
    let mut reached: HashMap<TokenId, Result<Vec<Reached>, DbError>> = HashMap::new();
    for (token, role, joined, account, limits, blocked) in rows {
        let of_token = reached.entry(token).or_insert_with(|| Ok(Vec::new()));
        match (role_from(&role), of_token) {
            (Ok(role), Ok(accounts)) => accounts.push(Reached {
                account,
                role: Some(role),
                joined: Some(joined),
                is_blocked: blocked.is_some(),
                limits: limits.map(LimitsRow::into_limits),
            }),
            (Err(error), of_token) => *of_token = Err(error),
            (Ok(_), Err(_)) => {}
        }
    }
    Ok(reached)
}
