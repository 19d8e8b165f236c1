//! What the database says, read and changed past every page.

use crate::support::{House, database};
use diesel::prelude::*;
use diesel::sql_query;
use diesel::sql_types::{BigInt, Text};

#[derive(QueryableByName)]
struct Number {
    #[diesel(sql_type = BigInt)]
    fact: i64,
}

#[derive(QueryableByName)]
struct Words {
    #[diesel(sql_type = Text)]
    fact: String,
}

/// The number that a query without `SELECT` yields.
pub fn number(house: &House, query: &str) -> i64 {
    let sql = format!("SELECT ({query})::bigint AS fact");
    sql_query(sql).get_result::<Number>(&mut house.conn()).unwrap().fact
}

/// The text that a query without `SELECT` yields; empty for NULL.
pub fn text(house: &House, query: &str) -> String {
    let sql = format!("SELECT coalesce(({query})::text, '') AS fact");
    sql_query(sql).get_result::<Words>(&mut house.conn()).unwrap().fact
}

/// Every token's number, name and end, and how many sessions there are.
pub fn everything(house: &House) -> String {
    text(
        house,
        "SELECT concat((SELECT string_agg(concat_ws(' ', id, name, deleted_at), ',' ORDER BY id) FROM tokens), \
         ' audit ', (SELECT count(*) FROM audit_events), ' sessions ', (SELECT count(*) FROM sessions))",
    )
}

/// How many tokens are not deleted.
pub fn live_tokens(house: &House) -> i64 {
    number(house, "SELECT count(*) FROM tokens WHERE deleted_at IS NULL")
}

pub fn sessions(house: &House) -> i64 {
    number(house, "SELECT count(*) FROM sessions")
}

/// Runs SQL on the house's database.
pub fn change(house: &House, sql: &str) {
    database::run(&database::url(&house.database), sql);
}

/// Ends every token but those of this name, so that the plan's limit stays away.
pub fn end_tokens(house: &House, but: &str) {
    let end = "UPDATE tokens SET deleted_at = '2026-11-22 12:00Z', deleted_why = 'command_line'";
    change(house, &format!("{end} WHERE deleted_at IS NULL AND name <> '{but}'"));
}
