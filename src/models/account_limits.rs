//! What an account demands of the tokens that work in it: one row, asked at each call, so that no
//! token is rewritten when it changes.

use super::Account;
use super::audit::{self, Event, Origin};
use super::token::expiry::iso_day;
use crate::db::schema::account_limits;
use crate::db::{Conn, DbError};
use crate::policy::{Breach, Catalogue, Limits, Policy, grants_in};
use diesel::prelude::*;
use serde_json::{Value, json};
use std::collections::HashMap;
use time::OffsetDateTime;

#[derive(Queryable, Selectable)]
#[diesel(table_name = account_limits)]
struct Row {
    account_id: i64,
    account_tokens: Option<i64>,
    longest_life_days: Option<i32>,
    never_allowed: bool,
    write_needs_network: bool,
    everything_allowed: bool,
    set_at: OffsetDateTime,
    binds_older_from: Option<OffsetDateTime>,
}

/// The limits of those of these accounts that have some, by number.
pub fn of_accounts(conn: &mut Conn, accounts: &[i64]) -> Result<HashMap<i64, Limits>, DbError> {
    let rows: Vec<Row> = account_limits::table
        .filter(account_limits::account_id.eq_any(accounts))
        .select(Row::as_select())
        .load(conn)?;
    Ok(rows.into_iter().map(|row| (row.account_id, row.into_limits())).collect())
}

/// The limits of an account; none where none were set.
pub fn of_account(conn: &mut Conn, account: i64) -> Result<Option<Limits>, DbError> {
    Ok(of_accounts(conn, &[account])?.remove(&account))
}

/// What keeps a token out of an account.
#[derive(Debug, Clone)]
pub struct KeptOut {
    /// Number of the account.
    pub account: i64,
    /// What of the token is against its limits.
    pub breaches: Vec<Breach>,
    /// From when on, where that lies ahead.
    pub from: Option<OffsetDateTime>,
}

/// Which of these accounts keep, or will keep, a token out that was made then.
pub fn keep_out(
    conn: &mut Conn,
    catalogue: &Catalogue,
    accounts: &[i64],
    (policy, created_at): (&Policy, OffsetDateTime),
    now: OffsetDateTime,
) -> Result<Vec<KeptOut>, DbError> {
    let limits = of_accounts(conn, accounts)?;
    let kept_out = |account: &i64| {
        let limits = limits.get(account)?;
        let breaches = limits.broken_by(policy, created_at);
        let from = limits.binds_older_from.filter(|from| *from > now);
        let binds = limits.binds(created_at, now) || from.is_some();
        let concerns = binds && !breaches.is_empty() && grants_in(catalogue, &policy.rights, *account);
        concerns.then(|| KeptOut {
            account: *account,
            breaches,
            from: from.filter(|_| !limits.binds(created_at, now)),
        })
    };
    Ok(accounts.iter().filter_map(kept_out).collect())
}

/// Sets them, under the lock that making a token takes; tokens made before are bound as
/// `binds_older_from` says. `None` when the account is gone.
pub fn set(
    conn: &mut Conn,
    account: &Account,
    limits: &Limits,
    origin: &Origin,
) -> Result<Option<()>, DbError> {
    let Some(account) = Account::lock(conn, account.id)? else { return Ok(None) };
    let before = of_account(conn, account.id)?.map(|limits| told(&limits));
    let values = (
        account_limits::account_tokens.eq(limits.account_tokens),
        account_limits::longest_life_days.eq(limits.longest_life_days),
        account_limits::never_allowed.eq(limits.never_allowed),
        account_limits::write_needs_network.eq(limits.write_needs_network),
        account_limits::everything_allowed.eq(limits.everything_allowed),
        account_limits::set_at.eq(limits.set_at),
        account_limits::binds_older_from.eq(limits.binds_older_from),
    );
    diesel::insert_into(account_limits::table)
        .values((account_limits::account_id.eq(account.id), values))
        .on_conflict(account_limits::account_id)
        .do_update()
        .set(values)
        .execute(conn)?;
    let object = ("account", Some(account.id), account.name.as_str());
    let (account, action, after) = (Some(account.id), "account.limits_set", Some(told(limits)));
    audit::record(conn, origin, &Event { account, user: None, action, object, before, after })?;
    Ok(Some(()))
}

/// As the record has them.
fn told(limits: &Limits) -> Value {
    json!({
        "account_tokens": limits.account_tokens,
        "longest_life_days": limits.longest_life_days,
        "never_allowed": limits.never_allowed,
        "write_needs_network": limits.write_needs_network,
        "everything_allowed": limits.everything_allowed,
        "binds_older_from": limits.binds_older_from.map(|from| iso_day(from.date())),
    })
}

impl Row {
    fn into_limits(self) -> Limits {
        Limits {
            account_tokens: self.account_tokens,
            longest_life_days: self.longest_life_days,
            never_allowed: self.never_allowed,
            write_needs_network: self.write_needs_network,
            everything_allowed: self.everything_allowed,
            set_at: self.set_at,
            binds_older_from: self.binds_older_from,
        }
    }
}
