//! Making a token: the only function that does.

use super::rules::{self, Holder};
use super::secret::Secret;
use super::{Owner, TokenName, grants, search};
use crate::db::schema::{token_secrets, tokens};
use crate::db::{Conn, DbError};
use crate::models::audit::{self, Action, Event, Origin};
use crate::models::mail::TokenEvent;
use crate::models::notice::{self, Happened};
use crate::policy::{AccountId, Breach, Catalogue, Grant, Policy, Rights, Selection, TokenId, UserId, scope};
use diesel::prelude::*;
use serde_json::json;
use uuid::Uuid;

/// A token that somebody wants.
#[derive(Debug, Clone)]
pub struct NewToken {
    /// Its name.
    pub name: TokenName,
    /// What it may do, and under which conditions.
    pub policy: Policy,
    /// Of the form, so that posting it twice makes one token.
    pub nonce: Uuid,
}

/// What became of it.
#[derive(Debug)]
pub enum Issued {
    /// It was made.
    Made {
        /// Number of the token.
        id: TokenId,
        /// To be shown once.
        secret: Secret,
    },
    /// This very form made this token before.
    Repeated {
        /// Number of the token.
        id: TokenId,
    },
    /// The form was used for something else, by somebody else.
    NonceTaken,
    /// So many tokens may be live, by the plan or for each user, and are.
    LimitReached(i64),
    /// So many account tokens may be live, by the account's own limits, and are.
    OwnLimitReached(i64),
    /// The account's limits have no such tokens.
    AgainstLimits(Vec<Breach>),
    /// The plan has no scoped account tokens.
    PlanHasNoScopes,
    /// The account is suspended or being deleted, or gone; the user is deactivated, or gone.
    OwnerAway,
    /// The maker's role does not allow it, or not any more.
    NotAllowed,
    /// The user has no role that could hold this scope.
    NotHeld(String),
    /// No permission at all, or a selection of nothing.
    Empty,
    /// More resources are named than one token may.
    TooManyNamed,
    /// Of the chosen resources, some were deleted meanwhile.
    ResourcesGone,
}

/// Makes a token, in the caller's transaction. Everything is decided again here, under a lock on
/// its owner: the role, the plan, the limit and the resources may have changed since the form was
/// shown.
pub fn issue(
    conn: &mut Conn,
    catalogue: &Catalogue,
    owner: Owner,
    new: &NewToken,
    brand: &str,
    origin: &Origin,
) -> Result<Issued, DbError> {
    let Some(holder) = Holder::lock(conn, owner)? else { return Ok(Issued::OwnerAway) };
    if !rules::maker_may(conn, catalogue, &holder, &new.policy, &origin.actor)? {
        return Ok(Issued::NotAllowed);
    }
    if let Some(known) = by_nonce(conn, owner, new.nonce, origin)? {
        return Ok(known);
    }
    if let Some(refused) = rules::refuse(conn, catalogue, &holder, &new.policy, origin.now)? {
        return Ok(refused);
    }
    let secret =
        Secret::generate(brand, owner.kind()).map_err(|error| DbError::Corrupt(error.to_string()))?;
    let id = insert(conn, catalogue, owner, new, &secret, origin)?;
    Ok(Issued::Made { id, secret })
}

/// What the form with this nonce made before, if anything.
pub fn by_nonce(
    conn: &mut Conn,
    owner: Owner,
    nonce: Uuid,
    origin: &Origin,
) -> Result<Option<Issued>, DbError> {
    type Known = (TokenId, Option<AccountId>, Option<UserId>, Option<UserId>, bool);
    let known: Option<Known> = token_secrets::table
        .inner_join(tokens::table)
        .filter(token_secrets::form_nonce.eq(nonce))
        .select((tokens::id, tokens::account_id, tokens::user_id, tokens::created_by, token_secrets::rolled))
        .first(conn)
        .optional()?;
    Ok(known.map(|(id, account, user, maker, rolled)| {
        if (account, user) == (owner.account(), owner.user()) && maker == origin.actor.user_id() && !rolled {
            Issued::Repeated { id }
        } else {
            Issued::NonceTaken
        }
    }))
}

fn insert(
    conn: &mut Conn,
    catalogue: &Catalogue,
    owner: Owner,
    new: &NewToken,
    secret: &Secret,
    origin: &Origin,
) -> Result<TokenId, DbError> {
    let policy = &new.policy;
    let id: TokenId = diesel::insert_into(tokens::table)
        .values((
            tokens::kind.eq(owner.kind().key()),
            tokens::account_id.eq(owner.account()),
            tokens::user_id.eq(owner.user()),
            tokens::name.eq(new.name.as_str()),
            tokens::search_words.eq(search::stored(owner, new.name.as_str())),
            tokens::full_access.eq(policy.rights == Rights::Everything),
            tokens::created_by.eq(origin.actor.user_id()),
            tokens::created_at.eq(origin.now),
            tokens::updated_at.eq(origin.now),
            tokens::not_before.eq(policy.not_before),
            tokens::expires_at.eq(policy.expires_at),
            tokens::allowed_networks.eq(&policy.allowed_networks),
            tokens::refused_networks.eq(&policy.refused_networks),
        ))
        .returning(tokens::id)
        .get_result(conn)?;
    diesel::insert_into(token_secrets::table)
        .values((
            token_secrets::token_id.eq(id),
            token_secrets::digest.eq(secret.digest().bytes()),
            token_secrets::hint.eq(secret.hint()),
            token_secrets::form_nonce.eq(new.nonce),
            token_secrets::created_at.eq(origin.now),
        ))
        .execute(conn)?;
    let scopes = match &policy.rights {
        Rights::Everything => json!("everything"),
        Rights::Grants(list) => {
            let list: Vec<Grant> = list.iter().map(|grant| within(owner, grant)).collect();
            grants::insert(conn, id, &list)?;
            json!(list.iter().map(|grant| scope::of_grant(catalogue, grant)).collect::<Vec<_>>())
        }
    };
    let object = ("token", Some(id.get()), new.name.as_str());
    let after = Some(json!({ "scopes": scopes, "hint": secret.hint() }));
    let event = Event {
        account: owner.account(),
        user: owner.user(),
        action: Action::TokenCreated,
        object,
        before: None,
        after,
    };
    audit::record(conn, origin, &event)?;
    let made = Happened {
        event: TokenEvent::Made,
        token: id,
        name: new.name.as_str(),
        owner,
        maker: origin.actor.user_id(),
        once: format!("made/{id}"),
    };
    notice::tell(conn, &made, origin)?;
    Ok(id)
}

/// For an account's token *everywhere* is the account, and stored as that: then an index leads from
/// the account to all grants on it.
fn within(owner: Owner, grant: &Grant) -> Grant {
    let mut grant = grant.clone();
    if let (Some(account), Selection::Everywhere { except }) = (owner.account(), &grant.selection) {
        grant.selection = Selection::Account { account, except: except.clone() };
    }
    grant
}
