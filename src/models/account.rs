//! Accounts: the tenants.

use super::audit::{self, Action, Event, Origin};
use super::{Reference, Resource};
use crate::db::schema::{accounts, memberships};
use crate::db::{Conn, DbError};
use crate::models::stored::stored_list;
use crate::policy::words::{Around, Surroundings};
use crate::policy::{AccountId, KindKey, Role, UserId};
use diesel::prelude::*;
use serde_json::json;
use std::collections::HashMap;
use time::OffsetDateTime;

stored_list! {
    /// What an account is in.
    pub enum AccountState {
        /// Its tokens work.
        Active = "active",
        /// A site admin stopped it; its tokens are refused.
        Suspended = "suspended",
        /// An owner deletes it; its tokens are refused, and after a while it's gone.
        Deleting = "deleting",
    }
}

/// A tenant.
#[derive(Debug, Clone, Queryable, Selectable)]
pub struct Account {
    /// Its number, in every API path.
    pub id: AccountId,
    /// Its name.
    pub name: String,
    /// Its e-mail address.
    pub email: String,
    /// Key of its plan.
    pub plan: String,
    /// Whether its tokens work, and why not.
    pub state: AccountState,
    /// Since when it is in that state.
    pub state_since: OffsetDateTime,
    /// When it was made.
    pub created_at: OffsetDateTime,
    /// When it was last changed.
    pub updated_at: OffsetDateTime,
    /// What the owner of the API calls it.
    pub reference: Option<String>,
    /// From when its pages are closed to members without a second factor; `None` if none is demanded.
    pub factor_from: Option<OffsetDateTime>,
}

impl Account {
    /// The account with this number.
    pub fn find(conn: &mut Conn, id: AccountId) -> Result<Option<Account>, DbError> {
        Ok(accounts::table.find(id).select(Account::as_select()).first(conn).optional()?)
    }

    /// The account with this number, kept as it is until the transaction ends.
    pub fn lock(conn: &mut Conn, id: AccountId) -> Result<Option<Account>, DbError> {
        Ok(accounts::table
            .find(id)
            .select(Account::as_select())
            .for_no_key_update()
            .first(conn)
            .optional()?)
    }

    /// The first account of this name.
    pub fn find_by_name(conn: &mut Conn, name: &str) -> Result<Option<Account>, DbError> {
        Ok(accounts::table
            .filter(accounts::name.eq(name))
            .order(accounts::id)
            .select(Account::as_select())
            .first(conn)
            .optional()?)
    }

    /// The accounts that a user is a member of, with the role there, by name.
    pub fn list_of_user(conn: &mut Conn, user: UserId) -> Result<Vec<(Account, Role)>, DbError> {
        let rows: Vec<(Account, String)> = accounts::table
            .inner_join(memberships::table)
            .filter(memberships::user_id.eq(user))
            .order((accounts::name, accounts::id))
            .select((Account::as_select(), memberships::role))
            .load(conn)?;
        rows.into_iter().map(|(account, role)| Ok((account, super::membership::role_from(&role)?))).collect()
    }

    /// Makes an account.
    pub fn create(
        conn: &mut Conn,
        name: &str,
        email: &str,
        plan: &str,
        origin: &Origin,
    ) -> Result<Account, DbError> {
        let account: Account = diesel::insert_into(accounts::table)
            .values((
                accounts::name.eq(name),
                accounts::email.eq(email),
                accounts::plan.eq(plan),
                accounts::state_since.eq(origin.now),
                accounts::created_at.eq(origin.now),
                accounts::updated_at.eq(origin.now),
            ))
            .returning(Account::as_returning())
            .get_result(conn)?;
        audit::record(
            conn,
            origin,
            &account.event(Action::AccountCreated, None, Some(json!({ "plan": plan }))),
        )?;
        Ok(account)
    }

    /// Puts the account on another plan; its scoped tokens freeze or revive at the next call. `None`
    /// when the account is gone.
    pub fn set_plan(&self, conn: &mut Conn, plan: &str, origin: &Origin) -> Result<Option<Account>, DbError> {
        let Some(before) = Account::lock(conn, self.id)? else { return Ok(None) };
        if before.plan == plan {
            return Ok(Some(before));
        }
        let account: Account = diesel::update(accounts::table.find(self.id))
            .set((accounts::plan.eq(plan), accounts::updated_at.eq(origin.now)))
            .returning(Account::as_returning())
            .get_result(conn)?;
        let (was, is) = (json!({ "plan": before.plan }), json!({ "plan": plan }));
        audit::record(conn, origin, &account.event(Action::AccountPlanChanged, Some(was), Some(is)))?;
        Ok(Some(account))
    }

    /// Sets what the owner of the API calls the account. `false` when another account is called so.
    pub fn set_reference(
        &self,
        conn: &mut Conn,
        reference: &Reference,
        origin: &Origin,
    ) -> Result<bool, DbError> {
        let update = diesel::update(accounts::table.find(self.id))
            .set((accounts::reference.eq(reference.as_str()), accounts::updated_at.eq(origin.now)));
        let (was, is) = (json!({ "ref": self.reference }), json!({ "ref": reference.as_str() }));
        let event = self.event(Action::AccountRefChanged, Some(was), Some(is));
        Reference::store(|conn| update.execute(conn), &event, (conn, origin))
    }

    /// Gives the account another name and e-mail address, of which nothing is wrong; what is not
    /// given stays. `None` when the account is gone.
    pub fn change(
        conn: &mut Conn,
        id: AccountId,
        name: Option<&str>,
        email: Option<&str>,
        origin: &Origin,
    ) -> Result<Option<Account>, DbError> {
        let Some(before) = Account::lock(conn, id)? else { return Ok(None) };
        let (name, email) = (name.unwrap_or(&before.name), email.unwrap_or(&before.email));
        if (name, email) == (before.name.as_str(), before.email.as_str()) {
            return Ok(Some(before));
        }
        let account: Account = diesel::update(accounts::table.find(id))
            .set((accounts::name.eq(name), accounts::email.eq(email), accounts::updated_at.eq(origin.now)))
            .returning(Account::as_returning())
            .get_result(conn)?;
        let was = json!({ "name": before.name, "email": before.email });
        let is = json!({ "name": account.name, "email": account.email });
        audit::record(conn, origin, &account.event(Action::AccountChanged, Some(was), Some(is)))?;
        Ok(Some(account))
    }

    /// What the plain sentences about a policy of its tokens say of the account.
    pub fn surroundings(&self, conn: &mut Conn) -> Result<Surroundings, DbError> {
        let accounts = surroundings(conn, &[(self.clone(), None)])?;
        Ok(Surroundings { of_user: false, accounts })
    }

    /// Whether its pages are closed to this member, who has no second factor.
    pub fn lacks_factor(&self, user: &super::User, now: OffsetDateTime) -> bool {
        user.factor_since.is_none() && self.factor_from.is_some_and(|from| from <= now)
    }

    /// Whether it is neither suspended nor being deleted.
    pub fn is_active(&self) -> bool {
        self.state == AccountState::Active
    }

    pub(super) fn event<'a>(
        &'a self,
        action: Action,
        before: Option<serde_json::Value>,
        after: Option<serde_json::Value>,
    ) -> Event<'a> {
        Event {
            account: Some(self.id),
            user: None,
            action,
            object: ("account", Some(self.id.get()), &self.name),
            before,
            after,
        }
    }
}

/// These accounts as plain sentences name them, each with a user's role there.
pub(super) fn surroundings(
    conn: &mut Conn,
    accounts: &[(Account, Option<Role>)],
) -> Result<Vec<Around>, DbError> {
    let ids: Vec<AccountId> = accounts.iter().map(|(account, _)| account.id).collect();
    let mut counts: HashMap<AccountId, Vec<(KindKey, i64)>> = HashMap::new();
    for (account, kind, count) in Resource::counts(conn, &ids)? {
        counts.entry(account).or_default().push((kind, count));
    }
    let around = |(account, role): &(Account, Option<Role>)| Around {
        id: account.id,
        name: account.name.clone(),
        role: *role,
        resources: counts.get(&account.id).cloned().unwrap_or_default(),
    };
    Ok(accounts.iter().map(around).collect())
}
