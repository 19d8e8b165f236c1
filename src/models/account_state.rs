//! Suspending an account, and deleting it: for thirty days that is a state, which an owner or a site
//! admin undoes; then the account goes, and only the record stays.

use super::audit::Origin;
use super::{Account, AccountState, Hooks};
use crate::db::schema::{accounts, resources, tokens};
use crate::db::{Conn, DbError};
use crate::models::audit::Action;
use crate::policy::AccountId;
use diesel::prelude::*;
use time::{Duration, OffsetDateTime};

/// So long an account that is being deleted can be brought back.
pub const KEPT: Duration = Duration::days(30);
/// So many rows go at once, each of which takes others along.
const AT_ONCE: i64 = 2_000;

/// What became of a change of state.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Turned {
    /// It is done.
    Done,
    /// The account is not in a state from which this leads on, or not any more.
    NotNow,
}

impl Account {
    /// Suspends it, or lets it go on. Its tokens pause, or work again, at the next call. One that is
    /// being deleted is suspended, too: no owner can bring it back then, and its deletion is off.
    pub fn suspend(&self, conn: &mut Conn, suspended: bool, origin: &Origin) -> Result<Turned, DbError> {
        if suspended {
            self.turn(
                conn,
                (&[AccountState::Active, AccountState::Deleting], AccountState::Suspended),
                Action::AccountSuspended,
                origin,
            )
        } else {
            self.turn(
                conn,
                (&[AccountState::Suspended], AccountState::Active),
                Action::AccountResumed,
                origin,
            )
        }
    }

    /// Begins to delete it: its tokens pause at the next call.
    pub fn delete(&self, conn: &mut Conn, origin: &Origin) -> Result<Turned, DbError> {
        self.turn(
            conn,
            (&[AccountState::Active], AccountState::Deleting),
            Action::AccountDeletionBegun,
            origin,
        )
    }

    /// Brings it back, as long as it is kept.
    pub fn restore(&self, conn: &mut Conn, origin: &Origin) -> Result<Turned, DbError> {
        self.turn(conn, (&[AccountState::Deleting], AccountState::Active), Action::AccountRestored, origin)
    }

    /// From when on it is gone, while it is being deleted.
    pub fn gone_from(&self) -> Option<OffsetDateTime> {
        (self.state == AccountState::Deleting).then(|| self.state_since + KEPT)
    }

    fn turn(
        &self,
        conn: &mut Conn,
        (from, to): (&[AccountState], AccountState),
        action: Action,
        origin: &Origin,
    ) -> Result<Turned, DbError> {
        let Some(now) = Account::lock(conn, self.id)? else { return Ok(Turned::NotNow) };
        // Nothing is brought back of which a part may be gone already.
        if !from.contains(&now.state) || now.gone_from().is_some_and(|end| end <= origin.now) {
            return Ok(Turned::NotNow);
        }
        diesel::update(accounts::table.find(self.id))
            .set((
                accounts::state.eq(to),
                accounts::state_since.eq(origin.now),
                accounts::updated_at.eq(origin.now),
            ))
            .execute(conn)?;
        super::audit::record(conn, origin, &now.event(action, None, None))?;
        Ok(Turned::Done)
    }
}

/// An account that is to go by now and is none of these, if there is one.
pub fn due(conn: &mut Conn, now: OffsetDateTime, skip: &[AccountId]) -> Result<Option<Account>, DbError> {
    Ok(accounts::table
        .filter(accounts::state.eq(AccountState::Deleting).and(accounts::state_since.le(now - KEPT)))
        .filter(accounts::id.ne_all(skip))
        .order((accounts::state_since, accounts::id))
        .select(Account::as_select())
        .first(conn)
        .optional()?)
}

/// Takes a part of an account that is due away, or, when nothing else is left, the account itself;
/// says whether it is gone. A part at a time, so that no transaction takes long.
pub fn take_apart(conn: &mut Conn, id: AccountId, hooks: &Hooks, origin: &Origin) -> Result<bool, DbError> {
    let Some(account) = Account::lock(conn, id)? else { return Ok(true) };
    if account.gone_from().is_none_or(|end| end > origin.now) {
        return Ok(true);
    }
    let part = tokens::table.filter(tokens::account_id.eq(id)).limit(AT_ONCE).select(tokens::id);
    let part: Vec<i64> = part.load(conn)?;
    if !part.is_empty() {
        diesel::delete(tokens::table.filter(tokens::id.eq_any(part))).execute(conn)?;
        return Ok(false);
    }
    if (hooks.clear)(conn, id, AT_ONCE)? {
        return Ok(false);
    }
    let part = resources::table.filter(resources::account_id.eq(id)).limit(AT_ONCE).select(resources::id);
    let part: Vec<i64> = part.load(conn)?;
    if !part.is_empty() {
        diesel::delete(resources::table.filter(resources::id.eq_any(part))).execute(conn)?;
        return Ok(false);
    }
    diesel::delete(accounts::table.find(id)).execute(conn)?;
    super::audit::record(conn, origin, &account.event(Action::AccountDeleted, None, None))?;
    Ok(true)
}
