//! What an account demands of the tokens that work in it: one row, asked at each call, so that no
//! token is rewritten when it changes.

use super::Account;
use super::audit::{self, Event, Origin};
use crate::db::schema::account_limits;
use crate::db::{Conn, DbError};
use crate::policy::Limits;
use diesel::prelude::*;
use serde_json::json;
use std::collections::HashMap;
use time::OffsetDateTime;

#[derive(Queryable, Selectable)]
#[diesel(table_name = account_limits)]
struct Row {
    account_id: i64,
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

/// Sets them; tokens made before are bound as `binds_older_from` says.
pub fn set(conn: &mut Conn, account: &Account, limits: &Limits, origin: &Origin) -> Result<(), DbError> {
    let values = (
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
    let after = json!({
        "longest_life_days": limits.longest_life_days,
        "never_allowed": limits.never_allowed,
        "write_needs_network": limits.write_needs_network,
        "everything_allowed": limits.everything_allowed,
    });
    let object = ("account", Some(account.id), account.name.as_str());
    let (account, action) = (Some(account.id), "account.limits_set");
    audit::record(
        conn,
        origin,
        &Event { account, user: None, action, object, before: None, after: Some(after) },
    )
}

impl Row {
    fn into_limits(self) -> Limits {
        Limits {
            longest_life_days: self.longest_life_days,
            never_allowed: self.never_allowed,
            write_needs_network: self.write_needs_network,
            everything_allowed: self.everything_allowed,
            set_at: self.set_at,
            binds_older_from: self.binds_older_from,
        }
    }
}
