//! Which server is the one to use: the primary with the newest timeline, of the system that was used
//! before.
//!
//! When a standby is promoted it begins a new timeline, one higher than its primary's. An old primary
//! that comes back is still on its own, and holds what was deleted since. So the highest timeline and
//! the identifier of the system are remembered, in this process and in a file outside of the database,
//! and asked of each new connection. Connections of a server that was overtaken meanwhile are dropped
//! before their next use ([`Source::is_overtaken`]).

mod file;

use super::hosts::{self, Host};
use super::watched::Watched;
use super::{Conn, DbError};
use diesel::prelude::*;
use diesel::sql_types::{BigInt, Bool};
use file::{folder_of, read, write};
use secrecy::{ExposeSecret, SecretString};
use serde::{Deserialize, Serialize};
use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

/// libpq gives a server three seconds to take a connection; it's asked who it is right after.
const LONGEST: Duration = Duration::from_millis(3_900);
/// Once a primary has answered, the others are waited for no longer than this: one that hangs may not
/// hold up the one that works.
const GRACE: Duration = Duration::from_millis(700);

/// Where the database is, and which server was the primary there. Cheap to clone.
#[derive(Clone)]
pub struct Source(Arc<Inner>);

struct Inner {
    url: SecretString,
    /// Its name in the file.
    name: String,
    file: Option<PathBuf>,
    known: Mutex<Option<Known>>,
    /// Whether it was logged that the file can't be used.
    is_file_broken: AtomicBool,
}

/// What is remembered of a primary.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
struct Known {
    system: i64,
    timeline: i64,
    /// How often `tokenhouse database accept` has said so. What was accepted last counts, whatever its
    /// timeline.
    accepted: u32,
}

/// What a server says of itself.
#[derive(Debug, Clone, PartialEq, Eq, QueryableByName)]
pub(super) struct Identity {
    #[diesel(sql_type = BigInt)]
    system: i64,
    #[diesel(sql_type = BigInt)]
    timeline: i64,
    #[diesel(sql_type = Bool)]
    is_standby: bool,
    /// Nothing of ours is in it: then nothing in it is out of date.
    #[diesel(sql_type = Bool)]
    is_empty: bool,
}

/// Why there is no connection.
#[derive(Debug)]
pub(super) enum NoConnection {
    /// What libpq says.
    Failed(String),
    /// No server is a primary now; one may be promoted soon.
    NoPrimary(String),
    /// The servers that answer may not be used.
    Refused(String),
}

impl From<NoConnection> for DbError {
    fn from(why: NoConnection) -> DbError {
        match why {
            NoConnection::Failed(cause) | NoConnection::NoPrimary(cause) => DbError::Unavailable(cause),
            NoConnection::Refused(cause) => DbError::Refused(cause),
        }
    }
}

/// The server that was accepted.
#[derive(Debug)]
pub struct Accepted {
    /// Its name and port.
    pub server: String,
    /// The timeline that it is on.
    pub timeline: i64,
}

/// Without a memory beyond this value: for a private Postgres, which no other can replace.
impl From<&SecretString> for Source {
    fn from(url: &SecretString) -> Source {
        Source::new(url.clone(), None)
    }
}

impl From<&Source> for Source {
    fn from(source: &Source) -> Source {
        source.clone()
    }
}

impl Source {
    /// The database at this address. The primary is remembered in the file, if there is one.
    pub fn new(url: SecretString, file: Option<PathBuf>) -> Source {
        let name = hosts::name_of(url.expose_secret());
        Source(Arc::new(Inner {
            url,
            name,
            file,
            known: Mutex::new(None),
            is_file_broken: AtomicBool::new(false),
        }))
    }

    pub(super) fn url(&self) -> &SecretString {
        &self.0.url
    }

    /// A connection to the primary with the newest timeline of those that answer.
    pub(super) fn open(&self) -> Result<Watched, NoConnection> {
        self.choose(self.ask_all())
    }

    /// Whether the URL names more than one server.
    pub(super) fn has_several_servers(&self) -> bool {
        hosts::of(self.0.url.expose_secret()).len() > 1
    }

    /// Whether another server has taken this one's place since the connection was opened.
    pub(super) fn is_overtaken(&self, identity: &Identity) -> bool {
        self.lock().is_some_and(|known| known.refuses(identity))
    }

    /// Makes the server that answers now the one that is used from now on, whatever was remembered.
    ///
    /// # Errors
    /// When there isn't exactly one primary, or the file can't be written.
    pub fn accept(&self) -> Result<Accepted, DbError> {
        Ok(self.accept_primary()?)
    }

    fn accept_primary(&self) -> Result<Accepted, NoConnection> {
        let mut primaries: Vec<(Host, Watched)> = Vec::new();
        let mut causes = Vec::new();
        for (host, answer) in self.ask_all() {
            match answer {
                Ok(opened) if opened.identity.is_standby => {}
                Ok(opened) => primaries.push((host, opened)),
                Err(cause) => causes.push(cause),
            }
        }
        if primaries.len() > 1 {
            let names: Vec<String> = primaries.iter().map(|(host, _)| host.to_string()).collect();
            return Err(NoConnection::Refused(format!(
                "{} are all primaries: stop those that are not to be used, and try again",
                names.join(" and ")
            )));
        }
        let Some((host, opened)) = primaries.pop() else {
            causes.sort();
            causes.dedup();
            return Err(match causes.is_empty() {
                true => NoConnection::NoPrimary("none of the servers that answer is a primary".to_owned()),
                false => NoConnection::Failed(causes.join("; ")),
            });
        };
        if self.0.file.is_none() {
            return Err(NoConnection::Refused(
                "there is no home folder to remember the primary in: name a file with --primary-file"
                    .to_owned(),
            ));
        }
        let accepted = self.known().0.map_or(0, |known| known.accepted) + 1;
        let known = Known::of(&opened.identity, accepted);
        self.store(known).map_err(|error| {
            NoConnection::Refused(format!("the file that remembers the primary can't be written ({error})"))
        })?;
        self.learn(known);
        Ok(Accepted { server: host.to_string(), timeline: known.timeline })
    }

    /// Asks every server at the same time, each on a thread of its own, which ends with its answer.
    fn ask_all(&self) -> Vec<(Host, Result<Watched, String>)> {
        let all = hosts::of(self.0.url.expose_secret());
        if let [host] = all.as_slice() {
            return vec![(host.clone(), Watched::open(&self.0.url))];
        }
        let (sender, answers) = mpsc::channel();
        for (number, host) in all.iter().enumerate() {
            let url = SecretString::from(hosts::url_of(self.0.url.expose_secret(), host));
            let sender = sender.clone();
            std::thread::spawn(move || sender.send((number, Watched::open(&url))).ok());
        }
        drop(sender);
        let mut asked: Vec<Result<Watched, String>> =
            all.iter().map(|host| Err(format!("the server at {host} does not answer"))).collect();
        let mut until = Instant::now() + LONGEST;
        let left = |until: Instant| until.saturating_duration_since(Instant::now());
        while let Ok((number, answer)) = answers.recv_timeout(left(until)) {
            if answer.as_ref().is_ok_and(|opened| !opened.identity.is_standby) {
                until = until.min(Instant::now() + GRACE);
            }
            asked[number] = answer;
        }
        all.into_iter().zip(asked).collect()
    }

    fn choose(&self, answers: Vec<(Host, Result<Watched, String>)>) -> Result<Watched, NoConnection> {
        let is_only_one = answers.len() == 1;
        let (known, written) = self.known();
        let (mut causes, mut refusals, mut usable) = (Vec::new(), Vec::new(), Vec::new());
        let mut newest = 0;
        for (host, answer) in answers {
            match answer {
                Err(cause) => causes.push(cause),
                Ok(opened) => match known.filter(|known| known.refuses(&opened.identity)) {
                    Some(known) => refusals.push(refusal(&host, &opened.identity, known)),
                    None => {
                        newest = newest.max(opened.identity.timeline);
                        usable.push((host, opened));
                    }
                },
            }
        }
        // Two primaries that don't know of each other, and nothing that tells which was used before.
        let mut systems = usable.iter().filter(|(_, opened)| !opened.identity.is_empty);
        if let Some((first, one)) = systems.next()
            && let Some((second, _)) = systems.find(|(_, other)| other.identity.system != one.identity.system)
        {
            return Err(NoConnection::Refused(format!(
                "{first} and {second} are no primary and standby of each other: leave one of them out of the URL"
            )));
        }
        let mut chosen = None;
        for (host, opened) in usable {
            let identity = &opened.identity;
            if !identity.is_standby && identity.timeline < newest {
                let newer = Known { timeline: newest, ..Known::of(identity, 0) };
                refusals.push(refusal(&host, identity, newer));
            } else if chosen.is_none() && (!identity.is_standby || is_only_one) {
                chosen = Some(opened);
            }
        }
        let Some(opened) = chosen else {
            return Err(if let Some(refusal) = refusals.into_iter().next() {
                NoConnection::Refused(refusal)
            } else if causes.is_empty() || newest > 0 {
                NoConnection::NoPrimary("none of the servers that answer is a primary".to_owned())
            } else {
                NoConnection::Failed(causes.join("; "))
            });
        };
        // One that is taken because it's empty counts as accepted, also when it's filled by now.
        let accepted =
            known.map_or(0, |known| known.accepted + u32::from(known.is_ahead_of(&opened.identity)));
        let now = Known::of(&opened.identity, accepted);
        self.learn(now);
        // Tried again at each connection, as long as the file can't be written.
        if written != Some(now) {
            match self.store(now) {
                Ok(stored) => self.learn(stored),
                Err(error) => self.complain(&format!("it can't be written ({error})")),
            }
        }
        // Another thread or process may have found a newer one meanwhile.
        if self.is_overtaken(&opened.identity) {
            return Err(NoConnection::NoPrimary("another server has just become the primary".to_owned()));
        }
        Ok(opened)
    }

    /// What is remembered, and of that what the file holds. What another process has written counts, too:
    /// that it accepted a server, or has found a newer one.
    fn known(&self) -> (Option<Known>, Option<Known>) {
        let written = match self.0.file.as_deref().map(read).transpose() {
            Ok(all) => all.and_then(|all| all.get(&self.0.name).copied()),
            Err(error) => {
                self.complain(&format!("it can't be read ({error})"));
                None
            }
        };
        if let Some(written) = written {
            self.learn(written);
        }
        (*self.lock(), written)
    }

    /// Remembers it in this process, unless it remembers a newer one.
    fn learn(&self, found: Known) {
        let mut known = self.lock();
        *known = Some(known.map_or(found, |known| known.or_newer(found)));
    }

    /// Remembers it in the file, unless that holds a newer one; returns what it holds then.
    fn store(&self, known: Known) -> io::Result<Known> {
        let Some(file) = &self.0.file else { return Ok(known) };
        let folder = folder_of(file);
        fs::create_dir_all(folder)?;
        // Processes on other databases write into the same file.
        let folder = fs::File::open(folder)?;
        folder.lock()?;
        let mut all = read(file).unwrap_or_default();
        let newest = all.get(&self.0.name).map_or(known, |written| written.or_newer(known));
        all.insert(self.0.name.clone(), newest);
        write(file, &all)?;
        folder.sync_all()?;
        Ok(newest)
    }

    /// Says once that the file is of no use. What this process has seen it still knows.
    fn complain(&self, cause: &str) {
        if !self.0.is_file_broken.swap(true, Ordering::Relaxed) {
            let file = self.0.file.as_deref().unwrap_or(Path::new("")).display().to_string();
            tracing::warn!(
                cause,
                file,
                "an old primary won't be recognized after a restart: the file that remembers the present one can't be used"
            );
        }
    }

    fn lock(&self) -> MutexGuard<'_, Option<Known>> {
        self.0.known.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Known {
    fn of(identity: &Identity, accepted: u32) -> Known {
        Known { system: identity.system, timeline: identity.timeline, accepted }
    }

    fn or_newer(self, other: Known) -> Known {
        if (other.accepted, other.timeline) > (self.accepted, self.timeline) { other } else { self }
    }

    fn is_ahead_of(&self, identity: &Identity) -> bool {
        // What a standby says of its timeline may lag behind what it has.
        identity.system != self.system || (!identity.is_standby && identity.timeline < self.timeline)
    }

    /// Whether a server may be out of date. An empty one has nothing that could be.
    fn refuses(&self, identity: &Identity) -> bool {
        !identity.is_empty && self.is_ahead_of(identity)
    }
}

fn refusal(host: &Host, identity: &Identity, known: Known) -> String {
    let why = if identity.system == known.system {
        format!(
            "is on timeline {}, and timeline {} was used before: another server has taken its place, and it holds tokens that were deleted since",
            identity.timeline, known.timeline
        )
    } else {
        "is another system than the one that was used before, and may hold tokens that were deleted"
            .to_owned()
    };
    format!(
        "the server at {host} {why}. After a restore or an upgrade of Postgres, run `tokenhouse database accept`"
    )
}

/// A standby's own timeline may lag until its next checkpoint, so what it receives counts, too.
pub(super) fn identify(conn: &mut Conn) -> QueryResult<Identity> {
    diesel::sql_query(
        "SELECT system_identifier AS system, pg_is_in_recovery() AS is_standby, \
         to_regclass('__diesel_schema_migrations') IS NULL AS is_empty, \
         CASE WHEN pg_is_in_recovery() THEN greatest( \
             (SELECT timeline_id FROM pg_control_checkpoint()), \
             (SELECT received_tli FROM pg_stat_get_wal_receiver()))::bigint \
         ELSE ('x' || left(pg_walfile_name(pg_current_wal_lsn()), 8))::bit(32)::bigint END AS timeline \
         FROM pg_control_system()",
    )
    .get_result(conn)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn on(system: i64, timeline: i64) -> Identity {
        Identity { system, timeline, is_standby: false, is_empty: false }
    }

    #[test]
    fn an_older_timeline_or_another_system_is_refused_unless_it_is_empty() {
        let known = Known { system: 7, timeline: 3, accepted: 0 };
        for (identity, refused) in
            [(on(7, 3), false), (on(7, 4), false), (on(7, 2), true), (on(8, 3), true), (on(8, 9), true)]
        {
            assert_eq!(known.refuses(&identity), refused, "{identity:?}");
            let standby = Identity { is_standby: true, ..identity.clone() };
            assert_eq!(known.refuses(&standby), identity.system != 7, "its timeline may lag");
            assert!(!known.refuses(&Identity { is_empty: true, ..identity }));
        }
    }

    #[test]
    fn what_was_accepted_last_counts_and_else_the_newest_timeline_of_any_process() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("deep/primary.toml");
        let source = |url: &str| Source::new(SecretString::from(url), Some(file.clone()));
        let (here, there) = (source("postgres://u@a,b/db"), source("postgres://v@b,a/db"));
        let other = source("postgres://u@a,b/other");
        let known = |timeline, accepted| Known { system: 7, timeline, accepted };
        here.store(known(2, 0)).unwrap();
        other.store(known(9, 0)).unwrap();
        assert_eq!(there.known(), (Some(known(2, 0)), Some(known(2, 0))));
        there.store(known(3, 0)).unwrap();
        assert_eq!(here.known().0, Some(known(3, 0)));
        assert_eq!(there.store(known(2, 0)).unwrap(), known(3, 0), "one that comes late changes nothing");
        there.store(known(1, 1)).unwrap();
        assert_eq!(here.known().0, Some(known(1, 1)));
        // A file that is lost, or that an older process wrote, takes nothing from those that run.
        fs::remove_file(&file).unwrap();
        assert_eq!(here.known(), (Some(known(1, 1)), None));
        fs::write(&file, "no TOML").unwrap();
        assert_eq!(here.known(), (Some(known(1, 1)), None));
        here.store(known(1, 1)).unwrap();
        assert_eq!(fs::read_dir(folder.path().join("deep")).unwrap().count(), 1, "nothing is left beside it");
        assert!(fs::read_to_string(&file).unwrap().starts_with("# Written by Tokenhouse"));
    }
}
