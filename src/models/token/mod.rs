//! Access tokens.

pub mod active_secrets;
pub mod breaking;
pub mod chosen;
pub mod compared;
pub mod counts;
pub(super) mod described;
pub mod endings;
pub mod expiry;
pub mod filter;
pub mod grants;
mod issue;
pub mod list;
pub(super) mod live;
pub mod lookup;
mod name;
pub mod networks;
pub mod of_members;
mod overlap;
mod pause;
pub mod reaching;
pub mod refusals;
pub mod revoke;
pub mod roll;
mod rules;
pub mod search;
pub mod secret;
pub mod usage;

pub use issue::{Issued, NewToken, by_nonce, issue};
pub use name::{NameRefused, TokenName};
pub use overlap::Overlap;
pub use pause::{Block, Enabled};
pub use roll::{Asked, Finished, Rolled};
pub use secret::Secret;

use super::audit::{self, Action, Event, Origin};
use super::mail::TokenEvent;
use super::notice::{self, Happened};
use super::{Account, User};
use crate::db::schema::{token_secrets, tokens, users};
use crate::db::{Conn, DbError};
use crate::models::stored::stored_list;
use crate::policy::words::Surroundings;
use crate::policy::{AccountId, Catalogue, Policy, Rights, Standing, State, TokenId, UserId};
use diesel::prelude::*;
use ipnet::IpNet;
use serde_json::{Value, json};
use time::OffsetDateTime;

/// Whose a token is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Owner {
    /// The account with this number.
    Account(AccountId),
    /// The user with this number.
    User(UserId),
}

impl Owner {
    /// The kind of the owner's secrets.
    pub fn kind(self) -> secret::Kind {
        match self {
            Owner::Account(_) => secret::Kind::Account,
            Owner::User(_) => secret::Kind::User,
        }
    }

    /// The account, where it is one.
    pub fn account(self) -> Option<AccountId> {
        match self {
            Owner::Account(id) => Some(id),
            Owner::User(_) => None,
        }
    }

    /// The user, where it is one.
    pub fn user(self) -> Option<UserId> {
        match self {
            Owner::Account(_) => None,
            Owner::User(id) => Some(id),
        }
    }
}

/// A token, without its rights.
#[derive(Debug, Clone, Queryable, Selectable)]
pub struct Token {
    /// Its number.
    pub id: TokenId,
    /// The account it belongs to, for account tokens.
    pub account_id: Option<AccountId>,
    /// The user it belongs to, for user tokens.
    pub user_id: Option<UserId>,
    /// Its name.
    pub name: String,
    /// Whether it has Everything.
    pub full_access: bool,
    /// Who made it; none for the command line.
    pub created_by: Option<UserId>,
    /// When it was made.
    pub created_at: OffsetDateTime,
    /// The first instant at which it works.
    pub not_before: Option<OffsetDateTime>,
    /// The first instant at which it no longer works.
    pub expires_at: Option<OffsetDateTime>,
    /// Client networks it works from.
    pub allowed_networks: Vec<IpNet>,
    /// Client networks it never works from.
    pub refused_networks: Vec<IpNet>,
    /// Since when it is disabled.
    pub disabled_at: Option<OffsetDateTime>,
    /// Since when it is deleted.
    pub deleted_at: Option<OffsetDateTime>,
    /// Who deleted it; none for the command line, or nobody.
    pub deleted_by: Option<UserId>,
    /// Why it was deleted.
    pub deleted_why: Option<DeletionReason>,
    /// What the site admin who deleted it wrote for its owner.
    pub deleted_note: Option<String>,
}

stored_list! {
    /// Why a token is deleted.
    pub enum DeletionReason {
        /// A person deleted it on its page.
        Person = "person",
        /// With all other tokens of its owner.
        RevokeAll = "revoke_all",
        /// The command line.
        CommandLine = "command_line",
        /// Its holder, over the API.
        Itself = "itself",
        /// A site admin.
        Admin = "admin",
        /// Someone found its secret in public and reported it.
        Leak = "leak",
        /// Its user got a new password from someone else before the address was ever verified: a stranger
        /// may have created the token.
        UnverifiedAddress = "unverified_address",
    }
}

impl DeletionReason {
    /// For the audit log.
    fn told(self, note: Option<&str>) -> Value {
        match note {
            Some(note) => json!({ "why": self.key(), "note": note }),
            None => json!({ "why": self.key() }),
        }
    }
}

impl Token {
    /// The owner's token with this number, ended ones included.
    pub fn find(conn: &mut Conn, owner: Owner, id: TokenId) -> Result<Option<Token>, DbError> {
        Ok(Token::itself(conn, id)?.filter(|token| token.owner() == Some(owner)))
    }

    /// Its policy, with these rights of its.
    pub fn policy(&self, rights: Rights) -> Policy {
        Policy {
            rights,
            allowed_networks: self.allowed_networks.clone(),
            refused_networks: self.refused_networks.clone(),
            not_before: self.not_before,
            expires_at: self.expires_at,
        }
    }

    /// Whose it is.
    pub fn owner(&self) -> Option<Owner> {
        self.account_id.map(Owner::Account).or(self.user_id.map(Owner::User))
    }

    /// The token with this number, whosever it is: for the token itself and the command line.
    pub fn itself(conn: &mut Conn, id: TokenId) -> Result<Option<Token>, DbError> {
        Ok(tokens::table.find(id).select(Token::as_select()).first(conn).optional()?)
    }

    /// Its state now, in its account.
    pub fn state(&self, account: &Account, catalogue: &Catalogue, now: OffsetDateTime) -> State {
        let frozen = !self.full_access && !catalogue.has_scopes(&account.plan);
        self.standing(!account.is_active(), frozen).state(now)
    }

    /// The state now of a token of this user.
    pub fn state_of_users(&self, user: &User, now: OffsetDateTime) -> State {
        self.standing(user.deactivated_at.is_some(), false).state(now)
    }

    /// What its state follows from, apart from a secret.
    pub(in crate::models) fn standing(&self, owner_away: bool, frozen: bool) -> Standing {
        Standing {
            deleted: self.deleted_at.is_some(),
            expires_at: self.expires_at,
            secret_ended: false,
            secret_ends_at: None,
            owner_away,
            disabled: self.disabled_at.is_some(),
            frozen,
            not_before: self.not_before,
        }
    }

    /// Whether it is deleted or has expired.
    pub fn has_ended(&self, now: OffsetDateTime) -> bool {
        self.deleted_at.is_some() || self.expires_at.is_some_and(|end| end <= now)
    }

    /// Hint of its newest secret.
    pub fn hint(&self, conn: &mut Conn) -> Result<String, DbError> {
        Ok(token_secrets::table
            .filter(token_secrets::token_id.eq(self.id))
            .order(token_secrets::id.desc())
            .select(token_secrets::hint)
            .first(conn)?)
    }

    /// E-mail address of whoever made it; none for the command line.
    pub fn maker(&self, conn: &mut Conn) -> Result<Option<String>, DbError> {
        email_of(conn, self.created_by)
    }

    /// E-mail address of whoever deleted it.
    pub fn remover(&self, conn: &mut Conn) -> Result<Option<String>, DbError> {
        email_of(conn, self.deleted_by)
    }

    /// Renames it, and nothing else. An ended token keeps its name; says whether it was renamed.
    pub fn rename(&self, conn: &mut Conn, name: &TokenName, origin: &Origin) -> Result<bool, DbError> {
        // As it is called now: another rename may have come between.
        let before: Option<String> = tokens::table
            .find(self.id)
            .filter(live::live(origin.now))
            .select(tokens::name)
            .for_no_key_update()
            .first(conn)
            .optional()?;
        let Some(before) = before else { return Ok(false) };
        if before == name.as_str() {
            return Ok(true);
        }
        let words = self.owner().map(|owner| search::stored(owner, name.as_str())).unwrap_or_default();
        diesel::update(tokens::table.find(self.id))
            .set((
                tokens::name.eq(name.as_str()),
                tokens::search_words.eq(words),
                tokens::updated_at.eq(origin.now),
            ))
            .execute(conn)?;
        let was = Token { name: before.clone(), ..self.clone() };
        let (before, after) = (json!({ "name": before }), json!({ "name": name.as_str() }));
        audit::record(conn, origin, &was.event(Action::TokenRenamed, Some(before), Some(after)))?;
        Ok(true)
    }

    /// Deletes it for good; says whether this call did. Of the calls begun after this is
    /// committed, none succeeds.
    pub fn delete(&self, conn: &mut Conn, why: DeletionReason, origin: &Origin) -> Result<bool, DbError> {
        self.delete_with(conn, why, None, origin)
    }

    /// The same, with a word for its owner.
    fn delete_with(
        &self,
        conn: &mut Conn,
        why: DeletionReason,
        note: Option<&str>,
        origin: &Origin,
    ) -> Result<bool, DbError> {
        let deleted =
            diesel::update(tokens::table.filter(tokens::id.eq(self.id).and(tokens::deleted_at.is_null())))
                .set((
                    tokens::deleted_at.eq(origin.now),
                    tokens::deleted_by.eq(origin.actor.user_id()),
                    tokens::deleted_why.eq(why),
                    tokens::deleted_note.eq(note),
                    tokens::updated_at.eq(origin.now),
                ))
                .execute(conn)?
                > 0;
        if deleted {
            audit::record(conn, origin, &self.event(Action::TokenDeleted, None, Some(why.told(note))))?;
            // Of what leaked in one call, one mail tells.
            if why != DeletionReason::Leak {
                let told = Happened::to(self, TokenEvent::Deleted, format!("deleted/{}", self.id))?;
                notice::tell(conn, &told, origin)?;
            }
        }
        Ok(deleted)
    }

    fn event<'a>(&'a self, action: Action, before: Option<Value>, after: Option<Value>) -> Event<'a> {
        Event {
            account: self.account_id,
            user: self.user_id,
            action,
            object: ("token", Some(self.id.get()), &self.name),
            before,
            after,
        }
    }
}

/// What the plain sentences about a policy say of whatever the owner reaches.
pub fn surroundings(conn: &mut Conn, owner: Owner) -> Result<Surroundings, DbError> {
    let gone = || DbError::Corrupt(format!("{owner:?}"));
    match owner {
        Owner::Account(id) => Account::find(conn, id)?.ok_or_else(gone)?.surroundings(conn),
        Owner::User(id) => User::find(conn, id)?.ok_or_else(gone)?.surroundings(conn),
    }
}

fn email_of(conn: &mut Conn, user: Option<UserId>) -> Result<Option<String>, DbError> {
    let Some(user) = user else { return Ok(None) };
    Ok(users::table.find(user).select(users::email).first(conn).optional()?)
}
