//! Facts in the database, for what no page says.

use crate::support::House;
use diesel::prelude::*;
use diesel::sql_types::{BigInt, Text};
use tokenhouse::db::Conn;
use tokenhouse::models::Resource;
use tokenhouse::policy::ResourceKind;

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
pub fn zone(house: &House, account: i64, name: &str) -> String {
    let zone = Resource::find(&mut house.conn(), account, ResourceKind::Zone, name).unwrap();
    zone.unwrap().id.to_string()
}
