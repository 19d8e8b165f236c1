//! A connection that a thread keeps for itself, for reads that come thousands of times a second.
//!
//! The pool asks the server before each use whether a connection still stands, which costs as much
//! as a small query. Here it is asked only after something failed.

use super::watched::{Connector, Watched};
use super::{Conn, DbError, LONGEST_WAIT};
use diesel::connection::SimpleConnection;
use diesel::r2d2::ManageConnection;
use std::time::{Duration, Instant};

/// A connection is replaced after so long, as the pool does it: its server process and its plans
/// are then made anew.
const LONGEST_LIFE: Duration = Duration::from_secs(30 * 60);
/// A read that failed sooner than this met a connection that was gone already, and is tried once
/// more; whoever waits for one that failed later has no time for another.
const AT_ONCE: Duration = Duration::from_secs(1);
/// After a failed attempt to connect, so long no other: a server that starts again has better
/// things to do than to refuse thousands.
const BREATH: Duration = Duration::from_millis(50);

/// One connection beside the pool.
pub struct Kept {
    connector: Connector,
    open: Option<Open>,
    refused: Option<(Instant, DbError)>,
}

struct Open {
    conn: Watched,
    since: Instant,
}

impl Kept {
    pub(super) fn new(connector: Connector) -> Kept {
        Kept { connector, open: None, refused: None }
    }

    /// Reads. What only reads may be done twice: when the connection turns out to be gone, it is,
    /// on a new one.
    pub fn read<T>(&mut self, work: impl Fn(&mut Conn) -> Result<T, DbError>) -> Result<T, DbError> {
        let begun = Instant::now();
        let is_good = |open: &Open| open.since.elapsed() < LONGEST_LIFE && self.connector.trusts(&open.conn);
        if let Some(mut open) = self.open.take().filter(is_good) {
            let result = open.conn.within(LONGEST_WAIT, &work);
            if !is_away(&result) || open.conn.answers() {
                self.open = Some(open);
                return result;
            }
            if begun.elapsed() > AT_ONCE {
                return result;
            }
        }
        let mut conn = self.connect()?;
        let result = conn.within(LONGEST_WAIT, work);
        if !is_away(&result) {
            self.open = Some(Open { conn, since: Instant::now() });
        }
        result
    }

    fn connect(&mut self) -> Result<Watched, DbError> {
        if let Some((_, error)) = self.refused.as_ref().filter(|(at, _)| at.elapsed() < BREATH) {
            return Err(error.clone());
        }
        let connected = self.connector.connect().and_then(|mut conn| {
            // The server would plan a list of few digests anew each time, which costs more
            // than to look them up.
            let settings = "SET plan_cache_mode = force_generic_plan";
            conn.within(LONGEST_WAIT, |conn| Ok(conn.batch_execute(settings)?))?;
            Ok(conn)
        });
        self.refused = connected.as_ref().err().map(|error| (Instant::now(), error.clone()));
        connected
    }
}

fn is_away<T>(result: &Result<T, DbError>) -> bool {
    result.as_ref().is_err_and(DbError::passes)
}
