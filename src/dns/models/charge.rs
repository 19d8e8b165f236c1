//! What accounts were charged. Nothing is bought here: charges come from elsewhere.

use super::Sort;
use super::order::ordered;
use crate::db::{Conn, DbError};
use crate::dns::models::schema::charges;
use crate::models::Window;
use crate::models::stored::stored_list;
use crate::policy::AccountId;
use diesel::dsl::count_star;
use diesel::prelude::*;
use serde::{Deserialize, Serialize};
use time::{Date, OffsetDateTime, Time};

stored_list! {
    /// What has become of a charge, in DNSimple's words.
    pub enum ChargeState {
        /// Not paid yet.
        Open = "open",
        /// Paid.
        Collected = "collected",
        /// Paid back.
        Refunded = "refunded",
    }
}

/// A charge.
#[derive(Debug, Clone)]
pub struct Charge {
    /// What it is called on the invoice.
    pub reference: String,
    /// When it was invoiced.
    pub invoiced_at: OffsetDateTime,
    /// The sum, in cents.
    pub total_cents: i64,
    /// What is still open of it, in cents.
    pub balance_cents: i64,
    /// What has become of it.
    pub state: ChargeState,
    /// What it is for.
    pub items: Vec<Item>,
}

/// A line of a charge.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Item {
    /// In words.
    pub description: String,
    /// In cents.
    pub cents: i64,
    /// Number of what was bought.
    pub product_id: Option<i64>,
    /// What kind of thing was bought.
    pub product_type: String,
    /// Its name.
    pub product_reference: Option<String>,
}

/// Days between which charges were invoiced, both included; open where there is none.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Period {
    /// The first day.
    pub from: Option<Date>,
    /// The last day.
    pub through: Option<Date>,
}

type Row = (String, OffsetDateTime, i64, i64, ChargeState, serde_json::Value);

impl Charge {
    /// A part of the account's charges of a period, and how many there are. They are sorted by
    /// `invoiced`.
    pub fn list(
        conn: &mut Conn,
        account: AccountId,
        period: Period,
        sort: &Sort<'_>,
        window: Window,
    ) -> Result<(Vec<Charge>, i64), DbError> {
        let (from, before) = period.instants();
        let within = || {
            let mut query = charges::table.filter(charges::account_id.eq(account)).into_boxed();
            if let Some(from) = from {
                query = query.filter(charges::invoiced_at.ge(from));
            }
            if let Some(before) = before {
                query = query.filter(charges::invoiced_at.lt(before));
            }
            query
        };
        let query = ordered!(within(), sort, charges::id, { "invoiced" => charges::invoiced_at });
        let rows: Vec<Row> = query
            .offset(window.offset)
            .limit(window.limit)
            .select((
                charges::reference,
                charges::invoiced_at,
                charges::total_cents,
                charges::balance_cents,
                charges::state,
                charges::items,
            ))
            .load(conn)?;
        let total = within().select(count_star()).get_result(conn)?;
        Ok((rows.into_iter().map(from_row).collect::<Result<_, _>>()?, total))
    }
}

impl Period {
    /// The first instant, and the first one after it. A day that no calendar has after it ends
    /// nothing.
    fn instants(self) -> (Option<OffsetDateTime>, Option<OffsetDateTime>) {
        let start = |day: Date| day.with_time(Time::MIDNIGHT).assume_utc();
        (self.from.map(start), self.through.and_then(Date::next_day).map(start))
    }
}

fn from_row(row: Row) -> Result<Charge, DbError> {
    let (reference, invoiced_at, total_cents, balance_cents, state, items) = row;
    let items = serde_json::from_value(items)
        .map_err(|error| DbError::Corrupt(format!("items of charge {reference}: {error}")))?;
    Ok(Charge { reference, invoiced_at, total_cents, balance_cents, state, items })
}
