//! What an account demands of the tokens that work in it: one row, asked at each call, so that no
//! token is rewritten when it changes.

use super::Account;
use super::audit::{self, Action, Event, Origin};
use super::token::Owner;
use super::token::breaking::{self, Breaking, Proposed};
use super::token::expiry::iso_day;
use crate::db::schema::{account_limits, memberships};
use crate::db::{Conn, DbError};
use crate::policy::{AccountId, Binding, Bound, Breach, Catalogue, Limits, Made, Policy, grants_in};
use diesel::prelude::*;
use serde_json::{Value, json};
use std::collections::HashMap;
use time::OffsetDateTime;

/// A row, for a statement that reads more than limits.
#[derive(Queryable, Selectable)]
#[diesel(table_name = account_limits)]
pub(super) struct Row {
    account_id: AccountId,
    account_tokens: Option<i64>,
    longest_life_days: Option<i32>,
    never_allowed: bool,
    write_needs_network: bool,
    everything_allowed: bool,
    life_since: OffsetDateTime,
    life_older_from: Option<OffsetDateTime>,
    network_since: OffsetDateTime,
    network_older_from: Option<OffsetDateTime>,
    everything_since: OffsetDateTime,
    everything_older_from: Option<OffsetDateTime>,
}

/// The limits of those of these accounts that have some, by number.
pub fn of_accounts(conn: &mut Conn, accounts: &[AccountId]) -> Result<HashMap<AccountId, Limits>, DbError> {
    let rows: Vec<Row> = account_limits::table
        .filter(account_limits::account_id.eq_any(accounts))
        .select(Row::as_select())
        .load(conn)?;
    Ok(rows.into_iter().map(|row| (row.account_id, row.into_limits())).collect())
}

/// The limits of an account; none where none were set.
pub fn of_account(conn: &mut Conn, account: AccountId) -> Result<Option<Limits>, DbError> {
    Ok(of_accounts(conn, &[account])?.remove(&account))
}

/// What keeps a token out of an account.
#[derive(Debug, Clone)]
pub struct KeptOut {
    /// Number of the account.
    pub account: AccountId,
    /// What of the token is against its limits, as far as it keeps it out from then on.
    pub breaches: Vec<Breach>,
    /// From when on, where that lies ahead.
    pub from: Option<OffsetDateTime>,
}

/// Which of these accounts keep, or will keep, an owner's token out that was made then.
pub fn keep_out(
    conn: &mut Conn,
    catalogue: &Catalogue,
    accounts: &[AccountId],
    (owner, policy, created_at): (Owner, &Policy, OffsetDateTime),
    now: OffsetDateTime,
) -> Result<Vec<KeptOut>, DbError> {
    let limits = of_accounts(conn, accounts)?;
    let joined: HashMap<AccountId, OffsetDateTime> = match owner {
        Owner::Account(_) => HashMap::new(),
        Owner::User(user) => memberships::table
            .filter(memberships::user_id.eq(user).and(memberships::account_id.eq_any(accounts)))
            .select((memberships::account_id, memberships::created_at))
            .load::<(AccountId, OffsetDateTime)>(conn)?
            .into_iter()
            .collect(),
    };
    let kept_out = |account: &AccountId| {
        let limits = limits.get(account)?;
        let made =
            joined.get(account).map_or(Made::here(created_at), |joined| Made::joined(created_at, *joined));
        let mut breaches = limits.broken_by(policy, created_at);
        let binding = limits.binding(&breaches, made, now);
        let from = match binding {
            Binding::Already => None,
            Binding::From(from) => Some(from),
            Binding::Never => return None,
        };
        breaches.retain(|breach| limits.binding(&[*breach], made, now) == binding);
        let concerns = grants_in(catalogue, &policy.rights, *account);
        concerns.then_some(KeptOut { account: *account, breaches, from })
    };
    Ok(accounts.iter().filter_map(kept_out).collect())
}

/// What becomes of the tokens that are against limits and not refused yet.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Older {
    /// What became stricter binds new tokens only; the rest binds whom it bound.
    Spared,
    /// All that is demanded binds them, too, from then on.
    BoundFrom(OffsetDateTime),
}

/// What became of a change.
#[derive(Debug)]
pub enum Changed {
    /// They are set.
    Done,
    /// Nothing is set: tokens are against what they need not keep now, and nobody has said what
    /// becomes of these.
    Asks(Breaking),
    /// Nothing is set: the account is gone.
    Gone,
}

/// Sets what is asked for, whoever it binds, under the lock that making a token takes. What binds
/// a token already goes on binding it unless the demand itself is lifted.
pub fn change(
    conn: &mut Conn,
    catalogue: &Catalogue,
    account: &Account,
    (asked, older): (&Limits, Option<Older>),
    origin: &Origin,
) -> Result<Changed, DbError> {
    if Account::lock(conn, account.id)?.is_none() {
        return Ok(Changed::Gone);
    }
    let now = origin.now;
    let before = of_account(conn, account.id)?.unwrap_or_else(|| Limits::none(now));
    // With one pair of moments for the life, a shorter one that bound new tokens only would let in
    // again what the longer one refuses. So it binds whom that bound, and the page says it.
    let life_stays = asked.shortens(&before)
        && before.demands_life()
        && breaking::lives_too_long(conn, catalogue, account.id, (&before, asked), now)?;
    let spared = before.becoming(asked, life_stays, None, now);
    let proposed = Proposed { before: &before, limits: &spared, life_stays };
    let breaking = breaking::find(conn, catalogue, account.id, proposed, now)?;
    let limits = match older {
        // Whoever joins later with an older token is bound, and nobody else is concerned.
        _ if breaking.asked_about == 0 => before.becoming(asked, life_stays, Some(now), now),
        None => return Ok(Changed::Asks(breaking)),
        Some(Older::Spared) => spared,
        Some(Older::BoundFrom(from)) => spared.binding_older(from),
    };
    set(conn, account, &limits, origin)?;
    Ok(Changed::Done)
}

/// Sets them as they are, under the lock that making a token takes.
pub fn set(conn: &mut Conn, account: &Account, limits: &Limits, origin: &Origin) -> Result<(), DbError> {
    Account::lock(conn, account.id)?;
    let before = of_account(conn, account.id)?.map(|limits| told(&limits));
    let values = (
        account_limits::account_tokens.eq(limits.account_tokens),
        account_limits::longest_life_days.eq(limits.longest_life_days),
        account_limits::never_allowed.eq(limits.never_allowed),
        account_limits::write_needs_network.eq(limits.write_needs_network),
        account_limits::everything_allowed.eq(limits.everything_allowed),
        (
            account_limits::life_since.eq(limits.life.since),
            account_limits::life_older_from.eq(limits.life.older_from),
            account_limits::network_since.eq(limits.network.since),
            account_limits::network_older_from.eq(limits.network.older_from),
            account_limits::everything_since.eq(limits.everything.since),
            account_limits::everything_older_from.eq(limits.everything.older_from),
        ),
    );
    diesel::insert_into(account_limits::table)
        .values((account_limits::account_id.eq(account.id), values))
        .on_conflict(account_limits::account_id)
        .do_update()
        .set(values)
        .execute(conn)?;
    let object = ("account", Some(account.id.get()), account.name.as_str());
    let (account, action, after) = (Some(account.id), Action::AccountLimitsSet, Some(told(limits)));
    audit::record(conn, origin, &Event { account, user: None, action, object, before, after })?;
    Ok(())
}

/// As the record has them.
fn told(limits: &Limits) -> Value {
    let older = |bound: Bound| bound.older_from.map(|from| iso_day(from.date()));
    json!({
        "account_tokens": limits.account_tokens,
        "longest_life_days": limits.longest_life_days,
        "never_allowed": limits.never_allowed,
        "write_needs_network": limits.write_needs_network,
        "everything_allowed": limits.everything_allowed,
        "life_binds_older_from": older(limits.life),
        "network_binds_older_from": older(limits.network),
        "everything_binds_older_from": older(limits.everything),
    })
}

impl Row {
    pub(super) fn into_limits(self) -> Limits {
        let bound = |since, older_from| Bound { since, older_from };
        Limits {
            account_tokens: self.account_tokens,
            longest_life_days: self.longest_life_days,
            never_allowed: self.never_allowed,
            write_needs_network: self.write_needs_network,
            everything_allowed: self.everything_allowed,
            life: bound(self.life_since, self.life_older_from),
            network: bound(self.network_since, self.network_older_from),
            everything: bound(self.everything_since, self.everything_older_from),
        }
    }
}
