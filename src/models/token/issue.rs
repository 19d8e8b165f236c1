//! Making a token: the only function that does.

use super::secret::{Kind, Secret};
use super::{TokenName, grants};
use crate::db::schema::{resources, token_secrets, tokens};
use crate::db::{Conn, DbError};
use crate::models::audit::{self, Actor, Event, Origin};
use crate::models::{Account, membership};
use crate::policy::{Act, Catalogue, Grant, MOST_NAMED_RESOURCES, Policy, Rights, Role, Selection, scope};
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
        id: i64,
        /// To be shown once.
        secret: Secret,
    },
    /// This very form made this token before.
    Repeated {
        /// Number of the token.
        id: i64,
    },
    /// The form was used for something else, by somebody else.
    NonceTaken,
    /// So many tokens may be live in the account, and are.
    LimitReached(i64),
    /// The plan has no scoped account tokens.
    PlanHasNoScopes,
    /// The account is suspended or being deleted, or gone.
    AccountAway,
    /// The maker's role does not allow it, or not any more.
    NotAllowed,
    /// No permission at all, or a selection of nothing.
    Empty,
    /// More resources are named than one token may.
    TooManyNamed,
    /// Of the chosen resources, some were deleted meanwhile.
    ResourcesGone,
}

/// Makes an account token, in the caller's transaction. Everything is decided again here, under a
/// lock on the account: the role, the plan, the limit and the resources may have changed since
/// the form was shown.
pub fn issue(
    conn: &mut Conn,
    catalogue: &Catalogue,
    account: i64,
    new: &NewToken,
    brand: &str,
    origin: &Origin,
) -> Result<Issued, DbError> {
    let Some(account) = Account::lock(conn, account)?.filter(Account::is_active) else {
        return Ok(Issued::AccountAway);
    };
    if !maker_may(conn, catalogue, &account, &new.policy, &origin.actor)? {
        return Ok(Issued::NotAllowed);
    }
    if let Some(known) = by_nonce(conn, account.id, new.nonce, origin)? {
        return Ok(known);
    }
    if let Some(refused) = refuse(conn, catalogue, &account, &new.policy, origin)? {
        return Ok(refused);
    }
    let secret =
        Secret::generate(brand, Kind::Account).map_err(|error| DbError::Corrupt(error.to_string()))?;
    let id = insert(conn, &account, new, &secret, origin)?;
    Ok(Issued::Made { id, secret })
}

fn maker_may(
    conn: &mut Conn,
    catalogue: &Catalogue,
    account: &Account,
    policy: &Policy,
    actor: &Actor,
) -> Result<bool, DbError> {
    let Some(user) = actor.user_id() else { return Ok(true) };
    let role = membership::find(conn, account.id, user)?.map(|(_, role)| role);
    Ok(role.is_some_and(|role| role.may(Act::ManageTokens) && may_grant(catalogue, policy, role)))
}

/// Whether a member with this role could grant every right of the policy (rule 5).
fn may_grant(catalogue: &Catalogue, policy: &Policy, role: Role) -> bool {
    let holds = |permission: &crate::policy::Permission, access| {
        permission.lowest_role(access).is_some_and(|lowest| role >= lowest)
    };
    match &policy.rights {
        Rights::Everything => catalogue
            .for_account_tokens()
            .all(|permission| permission.access.iter().all(|access| holds(permission, *access))),
        Rights::Grants(grants) => grants.iter().all(|grant| {
            catalogue.for_account_tokens().any(|permission| {
                permission.key == grant.permission
                    && permission.access.contains(&grant.access)
                    && holds(permission, grant.access)
            })
        }),
    }
}

/// What the form with this nonce made before, if anything.
pub fn by_nonce(
    conn: &mut Conn,
    account: i64,
    nonce: Uuid,
    origin: &Origin,
) -> Result<Option<Issued>, DbError> {
    let known: Option<(i64, Option<i64>, Option<i64>)> = token_secrets::table
        .inner_join(tokens::table)
        .filter(token_secrets::form_nonce.eq(nonce))
        .select((tokens::id, tokens::account_id, tokens::created_by))
        .first(conn)
        .optional()?;
    Ok(known.map(|(id, owner, maker)| {
        if owner == Some(account) && maker == origin.actor.user_id() {
            Issued::Repeated { id }
        } else {
            Issued::NonceTaken
        }
    }))
}

fn refuse(
    conn: &mut Conn,
    catalogue: &Catalogue,
    account: &Account,
    policy: &Policy,
    origin: &Origin,
) -> Result<Option<Issued>, DbError> {
    let Some(plan) = catalogue.plan(&account.plan) else {
        return Err(DbError::Corrupt(format!("plan of account {}", account.id)));
    };
    if let Rights::Grants(grants) = &policy.rights {
        if !plan.scoped {
            return Ok(Some(Issued::PlanHasNoScopes));
        }
        if grants.is_empty() || grants.iter().any(|grant| grant.selection == Selection::Only(Vec::new())) {
            return Ok(Some(Issued::Empty));
        }
        if grants.iter().map(|grant| grant.selection.named().len()).sum::<usize>() > MOST_NAMED_RESOURCES {
            return Ok(Some(Issued::TooManyNamed));
        }
        if !all_there(conn, account.id, grants)? {
            return Ok(Some(Issued::ResourcesGone));
        }
    }
    if let Some(limit) = plan.account_tokens {
        let live: i64 = tokens::table
            .filter(tokens::account_id.eq(account.id).and(tokens::deleted_at.is_null()))
            .filter(tokens::expires_at.is_null().or(tokens::expires_at.gt(origin.now)))
            .count()
            .get_result(conn)?;
        if live >= limit {
            return Ok(Some(Issued::LimitReached(limit)));
        }
    }
    Ok(None)
}

/// Whether every named resource is the account's own, of the kind that narrows the permission,
/// and there; they stay until the transaction ends.
fn all_there(conn: &mut Conn, account: i64, grants: &[Grant]) -> Result<bool, DbError> {
    let mut named: Vec<(i64, &str, &str)> = Vec::new();
    for one in grants.iter().flat_map(|grant| grant.selection.named()) {
        let Some(id) = one.id.filter(|_| one.account == account) else { return Ok(false) };
        named.push((id, one.kind.key(), &one.name));
    }
    named.sort_unstable();
    named.dedup();
    let ids: Vec<i64> = named.iter().map(|(id, _, _)| *id).collect();
    let there: Vec<(i64, String, String)> = resources::table
        .filter(resources::account_id.eq(account).and(resources::id.eq_any(&ids)))
        .order(resources::id)
        .select((resources::id, resources::kind, resources::name))
        .for_key_share()
        .load(conn)?;
    Ok(there.iter().map(|(id, kind, name)| (*id, kind.as_str(), name.as_str())).eq(named))
}

fn insert(
    conn: &mut Conn,
    account: &Account,
    new: &NewToken,
    secret: &Secret,
    origin: &Origin,
) -> Result<i64, DbError> {
    let policy = &new.policy;
    let id: i64 = diesel::insert_into(tokens::table)
        .values((
            tokens::kind.eq(Kind::Account.key()),
            tokens::account_id.eq(account.id),
            tokens::name.eq(new.name.as_str()),
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
            grants::insert(conn, id, list)?;
            json!(list.iter().map(scope::of_grant).collect::<Vec<_>>())
        }
    };
    let object = ("token", Some(id), new.name.as_str());
    let after = Some(json!({ "scopes": scopes, "hint": secret.hint() }));
    let event = Event { account: Some(account.id), action: "token.created", object, before: None, after };
    audit::record(conn, origin, &event)?;
    Ok(id)
}
