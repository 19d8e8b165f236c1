//! Poolers that can't be used: they give a connection another of the server's processes at each
//! transaction.

use super::primary::Source;
use super::{Conn, DbError};
use diesel::connection::SimpleConnection;
use diesel::dsl::sql;
use diesel::prelude::*;
use diesel::r2d2::R2D2Connection;
use diesel::sql_types::Text;

/// So often two connections ask which process serves them. One look may miss a busy pooler.
const LOOKS_FOR_POOLER: usize = 16;

/// Refuses a pooler that hands a connection's statements to a different process each time: settings,
/// locks and prepared statements belong to a process. It shows when two open connections are served by
/// the same process, or one of them by several; without a pooler neither happens.
///
/// # Errors
/// `Refused` with a pooler; or why there is no second connection to see it by.
pub fn refuse_pooler(conn: &mut Conn, source: &Source) -> Result<(), DbError> {
    let mut second = source.open()?.into_conn();
    let is_pooled = shares_processes(conn, &mut second).or_else(|error| match DbError::from(error) {
        gone @ DbError::Unavailable(_) if conn.ping().is_err() => Err(gone),
        // A statement was prepared in one process and sent to another; or no transaction is allowed, for
        // which PgBouncer closes the connection.
        _ => Ok(true),
    })?;
    if is_pooled {
        return Err(DbError::Refused(
            "the connection goes through a pooler that changes the server's process between statements, such as \
             PgBouncer with pool_mode = transaction: connect to Postgres itself, or set pool_mode = session"
                .to_owned(),
        ));
    }
    Ok(())
}

fn shares_processes(first: &mut Conn, second: &mut Conn) -> QueryResult<bool> {
    let (of_first, of_second) = (process(first)?, process(second)?);
    if of_first == of_second {
        return Ok(true);
    }
    for _ in 0..LOOKS_FOR_POOLER {
        // The second keeps a process while the first asks for its own: a busy pooler could otherwise give
        // each the same one again and again. It may also have a single process, which is then the first's.
        second.batch_execute("BEGIN")?;
        let now = process(second)?;
        if now == of_first || now != of_second || process(first)? != of_first {
            return Ok(true);
        }
        second.batch_execute("ROLLBACK")?;
    }
    Ok(false)
}

/// The process behind a connection, and when it began: no two connections share it.
fn process(conn: &mut Conn) -> QueryResult<String> {
    let process =
        "concat(pg_backend_pid(), ' ', (SELECT backend_start FROM pg_stat_get_activity(pg_backend_pid())))";
    diesel::select(sql::<Text>(process)).get_result(conn)
}
