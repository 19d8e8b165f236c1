//! Connecting, and what can be said when that fails: whether it passes by itself, and why.

use super::error::first_line;
use super::primary::{NoConnection, Source};
use super::socket::{Found, Search};
use super::{Conn, DbError};
use diesel::Connection;
use diesel::connection::SimpleConnection;
use pq_sys::{PGPing, PGVerbosity, PostgresPollingStatusType};
use secrecy::{ExposeSecret, SecretString};
use std::ffi::{CStr, CString};
use std::os::fd::OwnedFd;

/// One connection of its own, for commands and for the start of a server.
///
/// # Errors
/// `Unavailable` is for what passes by itself, `Refused` for what doesn't: a wrong password, a
/// missing database or role, a setting that libpq doesn't take.
pub fn connect(source: impl Into<Source>) -> Result<Conn, DbError> {
    let source = source.into();
    let opened = source.open().or_else(|why| {
        let NoConnection::Failed(cause) = why else { return Err(why.into()) };
        match ping(source.url()) {
            // It may have come up just now. One that takes connections and still not this one, never will.
            PGPing::PQPING_OK => source.open().map_err(|why| match why {
                NoConnection::Failed(cause) => {
                    let code = refusal(source.url());
                    let passes = code.is_some_and(|code| code.starts_with("53") || code.starts_with("57"));
                    if passes { DbError::Unavailable(cause) } else { DbError::Refused(cause) }
                }
                why => why.into(),
            }),
            PGPing::PQPING_NO_ATTEMPT => Err(DbError::Refused(cause)),
            PGPing::PQPING_REJECT | PGPing::PQPING_NO_RESPONSE => Err(DbError::Unavailable(cause)),
        }
    });
    let mut conn = opened?.into_conn();
    conn.batch_execute("SET TIME ZONE 'UTC'; SET default_transaction_isolation = 'read committed'")?;
    Ok(conn)
}

/// A connection was opened so often in vain to find out which socket it has.
const MOST_SEARCHES: usize = 5;

/// A connection with a duplicate of its socket, or why there is none.
pub(super) fn establish(url: &SecretString) -> Result<(Conn, Option<OwnedFd>), String> {
    let url = with_timeouts(url.expose_secret());
    for _ in 1..MOST_SEARCHES {
        let search = Search::begin(&url);
        let conn = Conn::establish(&search.marked(&url)).map_err(|error| cause(&error.to_string()))?;
        match search.end() {
            Found::One(socket) => return Ok((conn, Some(socket))),
            Found::Several => {}
            Found::None => break,
        }
    }
    tracing::warn!("the socket of a connection to the database isn't known: it's waited for without an end");
    let conn = Conn::establish(&url).map_err(|error| cause(&error.to_string()))?;
    Ok((conn, None))
}

/// A server that doesn't answer must not hold a thread for minutes, as libpq would by default.
pub(super) fn with_timeouts(url: &str) -> String {
    // A question mark before the host belongs to a password.
    let host = url.find('@').unwrap_or_default();
    let settings = url[host..].find('?').map_or(url.len(), |at| host + at);
    let (before, own) = url.split_at(settings);
    let own = own.replacen('?', "&", 1);
    // Of two, the later one counts: the URL's own.
    format!("{before}?connect_timeout=3&application_name=tokenhouse{own}")
}

/// Whether the server is up and takes connections. After a failed connection diesel has nothing but
/// a text in the server's language; libpq itself knows the SQLSTATE (57P03: it starts or stops).
#[allow(unsafe_code, reason = "no library has a safe PQping for the libpq that diesel uses")]
fn ping(url: &SecretString) -> PGPing {
    match CString::new(with_timeouts(url.expose_secret())) {
        // SAFETY: it takes a text that ends in NUL, which lives for as long as the call, and keeps
        // nothing of it.
        Ok(url) => unsafe { pq_sys::PQping(url.as_ptr()) },
        Err(_) => PGPing::PQPING_NO_ATTEMPT,
    }
}

/// The SQLSTATE with which a server that is up refuses a connection, whatever its language: 53300
/// is one without a free connection, which soon has one again.
#[allow(unsafe_code, reason = "libpq says the code in place of the words, if asked before it connects")]
fn refusal(url: &SecretString) -> Option<String> {
    const MICROS: i64 = 3_000_000;
    let url = CString::new(with_timeouts(url.expose_secret())).ok()?;
    // SAFETY: libpq keeps nothing of the URL. The handle is NULL or good until it is finished, which is
    // done once and last; the message belongs to it, and is copied before.
    let said = unsafe {
        let handle = pq_sys::PQconnectStart(url.as_ptr());
        if handle.is_null() {
            return None;
        }
        pq_sys::PQsetErrorVerbosity(handle, PGVerbosity::PQERRORS_SQLSTATE);
        let end = pq_sys::PQgetCurrentTimeUSec() + MICROS;
        let mut wants = PostgresPollingStatusType::PGRES_POLLING_WRITING;
        loop {
            let (to_read, to_write) = match wants {
                PostgresPollingStatusType::PGRES_POLLING_READING => (1, 0),
                PostgresPollingStatusType::PGRES_POLLING_WRITING => (0, 1),
                _ => break,
            };
            if pq_sys::PQsocketPoll(pq_sys::PQsocket(handle), to_read, to_write, end) <= 0 {
                break;
            }
            wants = pq_sys::PQconnectPoll(handle);
        }
        let said = CStr::from_ptr(pq_sys::PQerrorMessage(handle)).to_string_lossy().into_owned();
        pq_sys::PQfinish(handle);
        said
    };
    code_in(&said)
}

/// `connection to server at "…", port 5432 failed: FATAL:  53300`
fn code_in(said: &str) -> Option<String> {
    let is_code = |word: &&str| {
        word.len() == 5 && word.bytes().all(|byte| byte.is_ascii_uppercase() || byte.is_ascii_digit())
    };
    said.lines().find_map(|line| line.rsplit(' ').next().filter(is_code)).map(str::to_owned)
}

/// What libpq says, in one line. Of a URL that it can't read it quotes parts, perhaps of a password,
/// so only messages that are known to quote none are passed on.
fn cause(said: &str) -> String {
    const HARMLESS: [&str; 4] = [
        "connection to server ",
        "could not translate host name ",
        "sslmode value ",
        "invalid sslmode value",
    ];
    if HARMLESS.iter().any(|start| said.starts_with(start)) {
        first_line(said)
    } else {
        "libpq cannot use the URL of the database, or a setting in it".to_owned()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_urls_own_settings_come_behind_ours_and_count() {
        let ours = "connect_timeout=3&application_name=tokenhouse";
        for (url, expected) in [
            ("postgres://host/db", format!("postgres://host/db?{ours}")),
            ("postgres://u:p?w@host/db", format!("postgres://u:p?w@host/db?{ours}")),
            (
                "postgres://u:p?w@host/db?connect_timeout=9&options=a?b",
                format!("postgres://u:p?w@host/db?{ours}&connect_timeout=9&options=a?b"),
            ),
        ] {
            assert_eq!(with_timeouts(url), expected);
        }
    }

    #[test]
    fn the_code_of_a_refusal_is_read_in_whatever_language() {
        let said = "connection to server at \"127.0.0.1\", port 5432 failed: FATAL:  53300\n";
        assert_eq!(code_in(said).as_deref(), Some("53300"));
        assert_eq!(code_in("connection to server at \"127.0.0.1\", port 1 failed: timeout expired\n"), None);
    }

    #[test]
    fn of_what_libpq_says_only_what_quotes_no_password_is_passed_on() {
        let refused = "connection to server at \"127.0.0.1\", port 1 failed: Connection refused\n\tIs the server running";
        assert_eq!(
            cause(refused),
            "connection to server at \"127.0.0.1\", port 1 failed: Connection refused"
        );
        for said in
            ["invalid percent-encoded token: \"hunter2%\"", "invalid URI query parameter: \"hunter2\""]
        {
            assert!(!cause(said).contains("hunter2"));
        }
    }
}
