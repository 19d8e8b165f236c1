//! What the database says, read and changed past every page.

use crate::support::House;
use diesel::connection::SimpleConnection;
use diesel::prelude::*;
use diesel::sql_types::{BigInt, Text};
use tokenhouse::db::Conn;
use tokenhouse::dns::models::domain::DOMAIN;
use tokenhouse::dns::models::zone::ZONE;
use tokenhouse::models::Resource;
use tokenhouse::policy::AccountId;

#[derive(QueryableByName)]
struct Number {
    #[diesel(sql_type = BigInt)]
    value: i64,
}

#[derive(QueryableByName)]
struct Line {
    #[diesel(sql_type = Text)]
    value: String,
}

/// How many rows there are: what follows `SELECT count(*) FROM`.
pub fn count(house: &House, from: &str) -> i64 {
    count_in(&mut house.conn(), from)
}

/// How many rows there are in a database without a house.
pub fn count_in(conn: &mut Conn, from: &str) -> i64 {
    let sql = format!("SELECT count(*) AS value FROM {from}");
    diesel::sql_query(sql).get_result::<Number>(conn).unwrap().value
}

/// An expression of each row: what follows `SELECT`.
pub fn texts(house: &House, expression: &str, from: &str) -> Vec<String> {
    texts_in(&mut house.conn(), expression, from)
}

/// An expression of each row of a database without a house.
pub fn texts_in(conn: &mut Conn, expression: &str, from: &str) -> Vec<String> {
    let sql = format!("SELECT ({expression})::text AS value FROM {from}");
    let lines: Vec<Line> = diesel::sql_query(sql).load(conn).unwrap();
    lines.into_iter().map(|line| line.value).collect()
}

/// The id of a zone, as a form holds it.
pub fn zone(house: &House, account: AccountId, name: &str) -> String {
    let zone = Resource::find(&mut house.conn(), account, ZONE, name).unwrap();
    zone.unwrap().id.to_string()
}

/// The id of a domain.
pub fn domain(house: &House, account: AccountId, name: &str) -> String {
    let domain = Resource::find(&mut house.conn(), account, DOMAIN, name).unwrap();
    domain.unwrap().id.to_string()
}

/// The number that a query yields.
pub fn number(house: &House, query: &str) -> i64 {
    let sql = format!("SELECT ({query})::bigint AS value");
    diesel::sql_query(sql).get_result::<Number>(&mut house.conn()).unwrap().value
}

/// The text that a query yields; empty for NULL.
pub fn text(house: &House, query: &str) -> String {
    let sql = format!("SELECT coalesce(({query})::text, '') AS value");
    diesel::sql_query(sql).get_result::<Line>(&mut house.conn()).unwrap().value
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
    house.conn().batch_execute(sql).unwrap();
}

/// Ends every token but those of this name, so that the plan's limit stays away.
pub fn end_tokens(house: &House, but: &str) {
    let end = "UPDATE tokens SET deleted_at = '2026-11-22 12:00Z', deleted_why = 'command_line'";
    change(house, &format!("{end} WHERE deleted_at IS NULL AND name <> '{but}'"));
}

/// Waits until so many wait for a lock in the house's database.
pub async fn until_so_many_wait(house: &House, count: i64) {
    let begun = std::time::Instant::now();
    let waiting = "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'";
    while number(house, waiting) < count {
        assert!(begun.elapsed() < std::time::Duration::from_secs(20), "they never did");
        tokio::task::yield_now().await;
    }
}

/// Waits until it is so; each look at the database takes the time that there is to wait.
pub fn until(mut is_so: impl FnMut() -> bool) {
    let begun = std::time::Instant::now();
    while !is_so() {
        assert!(begun.elapsed() < std::time::Duration::from_secs(20), "it never was so");
        std::thread::yield_now();
    }
}

/// Waits until a transaction waits for a lock that another one holds.
pub fn until_one_waits(house: &House) {
    let waiting = "pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'";
    until(|| count(house, waiting) > 0);
}
