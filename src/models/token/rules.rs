//! What keeps a token from being made: its maker, its owner, its plan, and what it names.

use super::Owner;
use super::issue::Issued;
use super::live::live_of;
use crate::db::schema::{resources, tokens};
use crate::db::{Conn, DbError};
use crate::models::audit::Actor;
use crate::models::{Account, User, account_limits, membership};
use crate::policy::{
    AccountId, Act, Catalogue, Grant, MOST_NAMED_RESOURCES, Policy, ResourceId, Rights, Role, Selection,
    may_grant, scope, user_can_hold,
};
use diesel::prelude::*;
use time::OffsetDateTime;

/// Whose the token will be, kept as it is until the transaction ends.
pub(super) enum Holder {
    Account(Account),
    /// With the roles in the user's accounts.
    User(User, Vec<(AccountId, Role)>),
}

impl Holder {
    /// The owner, unless suspended, deactivated or gone.
    pub(super) fn lock(conn: &mut Conn, owner: Owner) -> Result<Option<Holder>, DbError> {
        match owner {
            Owner::Account(id) => {
                Ok(Account::lock(conn, id)?.filter(Account::is_active).map(Holder::Account))
            }
            Owner::User(id) => {
                let Some(user) = User::lock(conn, id)?.filter(|user| user.deactivated_at.is_none()) else {
                    return Ok(None);
                };
                let accounts = Account::list_of_user(conn, id)?;
                let roles = accounts.into_iter().map(|(account, role)| (account.id, role)).collect();
                Ok(Some(Holder::User(user, roles)))
            }
        }
    }
}

/// Whether whoever asks may make such a token for this holder (rule 5).
pub(super) fn maker_may(
    conn: &mut Conn,
    catalogue: &Catalogue,
    holder: &Holder,
    policy: &Policy,
    actor: &Actor,
) -> Result<bool, DbError> {
    let Some(maker) = actor.user_id() else { return Ok(true) };
    match holder {
        Holder::User(user, roles) => {
            Ok(user.id == maker && roles.iter().any(|(_, role)| role.may(Act::MakeOwnTokens)))
        }
        Holder::Account(account) => {
            let role = membership::find(conn, account.id, maker)?.map(|(_, role)| role);
            Ok(role.is_some_and(|role| {
                role.may(Act::CreateTokens) && may_grant(catalogue, &policy.rights, role)
            }))
        }
    }
}

/// Whether whoever asks could make this token now, as it is: for what gives a token a new secret,
/// or lets it work again.
pub(super) fn maker_may_still(
    conn: &mut Conn,
    catalogue: &Catalogue,
    holder: &Holder,
    policy: &Policy,
    actor: &Actor,
) -> Result<bool, DbError> {
    let held = match (holder, &policy.rights) {
        (Holder::User(_, roles), Rights::Grants(grants)) if actor.user_id().is_some() => {
            grants.iter().all(|grant| user_can_hold(catalogue, roles, grant))
        }
        _ => true,
    };
    Ok(held && maker_may(conn, catalogue, holder, policy, actor)?)
}

/// Why this holder gets no such token; none where nothing speaks against it.
pub(super) fn refuse(
    conn: &mut Conn,
    catalogue: &Catalogue,
    holder: &Holder,
    policy: &Policy,
    now: OffsetDateTime,
) -> Result<Option<Issued>, DbError> {
    let plan = match holder {
        Holder::User(..) => None,
        Holder::Account(account) => {
            let unknown = || DbError::Corrupt(format!("plan of account {}", account.id));
            Some((account.id, catalogue.plan(&account.plan).ok_or_else(unknown)?))
        }
    };
    if let Rights::Grants(grants) = &policy.rights {
        if plan.is_some_and(|(_, plan)| !plan.scoped) {
            return Ok(Some(Issued::PlanHasNoScopes));
        }
        if grants.is_empty() || grants.iter().any(|grant| grant.selection == Selection::Only(Vec::new())) {
            return Ok(Some(Issued::Empty));
        }
        if grants.iter().map(|grant| grant.selection.named().len()).sum::<usize>() > MOST_NAMED_RESOURCES {
            return Ok(Some(Issued::TooManyNamed));
        }
        if let Holder::User(_, roles) = holder
            && let Some(grant) = grants.iter().find(|grant| !user_can_hold(catalogue, roles, grant))
        {
            return Ok(Some(Issued::NotHeld(scope::of_grant(catalogue, grant))));
        }
        if !all_there(conn, holder, grants)? {
            return Ok(Some(Issued::ResourcesGone));
        }
    }
    let (owner, most) = match holder {
        Holder::Account(account) => {
            let limits = account_limits::of_account(conn, account.id)?;
            let breaches = limits.as_ref().map(|limits| limits.broken_by(policy, now)).unwrap_or_default();
            if !breaches.is_empty() {
                return Ok(Some(Issued::AgainstLimits(breaches)));
            }
            let by_plan = plan.and_then(|(_, plan)| plan.account_tokens);
            let own = limits.and_then(|limits| limits.account_tokens);
            let own = own.filter(|own| by_plan.is_none_or(|plan| *own < plan));
            let most = own.map(Issued::OwnLimitReached).or(by_plan.map(Issued::LimitReached));
            (Owner::Account(account.id), most)
        }
        Holder::User(user, _) => (Owner::User(user.id), catalogue.user_tokens.map(Issued::LimitReached)),
    };
    let Some(reached @ (Issued::LimitReached(limit) | Issued::OwnLimitReached(limit))) = most else {
        return Ok(None);
    };
    let live: i64 = tokens::table.filter(live_of(owner, now)).count().get_result(conn)?;
    Ok((live >= limit).then_some(reached))
}

/// Whether every named resource is of the account that it is named in, of the kind that narrows
/// the permission, and there; they stay until the transaction ends.
fn all_there(conn: &mut Conn, holder: &Holder, grants: &[Grant]) -> Result<bool, DbError> {
    let within = |account: AccountId| match holder {
        Holder::Account(own) => own.id == account,
        Holder::User(_, roles) => roles.iter().any(|(known, _)| *known == account),
    };
    let mut named: Vec<(ResourceId, AccountId, &str, &str)> = Vec::new();
    for one in grants.iter().flat_map(|grant| grant.selection.named()) {
        let Some(id) = one.id.filter(|_| within(one.account)) else { return Ok(false) };
        named.push((id, one.account, one.kind.as_str(), &one.name));
    }
    named.sort_unstable();
    named.dedup();
    let ids: Vec<ResourceId> = named.iter().map(|(id, ..)| *id).collect();
    let there: Vec<(ResourceId, AccountId, String, String)> = resources::table
        .filter(resources::id.eq_any(&ids))
        .order(resources::id)
        .select((resources::id, resources::account_id, resources::kind, resources::name))
        .for_key_share()
        .load(conn)?;
    let there = there.iter().map(|(id, account, kind, name)| (*id, *account, kind.as_str(), name.as_str()));
    Ok(there.eq(named))
}
