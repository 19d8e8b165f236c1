//! What the account was charged.

use super::permits::{Billing, Read};
use super::query::{Direction, Query};
use crate::api::caller::Caller;
use crate::api::errors::invalid;
use crate::api::json::Moment;
use crate::dns::models::charge::{self, Period};
use crate::http::{AppData, AppError};
use crate::models::text;
use actix_web::HttpResponse;
use serde::Serialize;
use serde_json::json;
use time::Date;
use utoipa::ToSchema;

/// A charge.
#[derive(Debug, Serialize, ToSchema)]
pub struct Charge {
    invoiced_at: Moment,
    #[schema(example = "14.50")]
    total_amount: String,
    balance_amount: String,
    reference: String,
    state: String,
    items: Vec<ChargeItem>,
}

/// A line of a charge.
#[derive(Debug, Serialize, ToSchema)]
pub struct ChargeItem {
    description: String,
    amount: String,
    product_id: Option<i64>,
    product_type: String,
    product_reference: Option<String>,
}

impl From<charge::Charge> for Charge {
    fn from(one: charge::Charge) -> Charge {
        let item = |item: charge::Item| ChargeItem {
            description: item.description,
            amount: amount(item.cents),
            product_id: item.product_id,
            product_type: item.product_type,
            product_reference: item.product_reference,
        };
        Charge {
            invoiced_at: Moment(one.invoiced_at),
            total_amount: amount(one.total_cents),
            balance_amount: amount(one.balance_cents),
            reference: one.reference,
            state: one.state.key().to_owned(),
            items: one.items.into_iter().map(item).collect(),
        }
    }
}

/// The account's charges, the oldest first.
pub async fn list(
    caller: Caller<Billing, Read>,
    app: AppData,
    query: Query,
) -> Result<HttpResponse, AppError> {
    let paging = query.paging()?;
    let sort = query.sort(&["invoiced"], ("invoiced", Direction::Ascending))?;
    let period = Period { from: day(&query, "start_date")?, through: day(&query, "end_date")? };
    let account = caller.account.id;
    let work = move |conn: &mut _| charge::Charge::list(conn, account, period, &sort, paging.window());
    let (rows, total) = app.db.run(work).await?;
    let rows: Vec<Charge> = rows.into_iter().map(Charge::from).collect();
    Ok(HttpResponse::Ok().json(paging.of(rows, total)))
}

fn day(query: &Query, name: &str) -> Result<Option<Date>, AppError> {
    let Some(written) = query.text(name)? else { return Ok(None) };
    let wrong = || invalid(json!({ name: ["is not a day, written like 2026-11-22"] }));
    text::day(written).map(Some).ok_or_else(wrong)
}

/// Cents as DNSimple writes money: `14.50`.
fn amount(cents: i64) -> String {
    let (sign, cents) = (if cents < 0 { "-" } else { "" }, cents.unsigned_abs());
    format!("{sign}{}.{:02}", cents / 100, cents % 100)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn money_has_two_places() {
        assert_eq!([1_450, 5, 0, -5, -1_450].map(amount), ["14.50", "0.05", "0.00", "-0.05", "-14.50"]);
        assert_eq!(amount(i64::MIN), "-92233720368547758.08");
    }
}
