//! What a server needs of its database before it can be built, and the wait for it: after a reboot
//! the database often comes up later.

use crate::clock::Clock;
use crate::db::{self, DbError, Source};
use crate::models::signing_key;
use secrecy::SecretSlice;
use std::io;
use std::time::{Duration, Instant};
use tokio::sync::oneshot;

/// Between two attempts.
const PAUSE: Duration = Duration::from_millis(500);
/// How often the log says that the wait continues.
const LOG_EVERY: Duration = Duration::from_secs(10);

/// Brings the database up to date, sets the clock by it, and returns the key that signs the cookies:
/// the one that was given, or else the database's.
/// Waits this long for what passes by itself; what lasts is an error at once. A migration by another
/// node is waited for as long as it takes.
pub(super) async fn ready(
    source: &Source,
    clock: &Clock,
    given: Option<&SecretSlice<u8>>,
    longest: Duration,
) -> Result<SecretSlice<u8>, super::StartError> {
    let begun = Instant::now();
    let mut logged: Option<Instant> = None;
    loop {
        match attempt(source, clock, given).await? {
            Ok(key) => {
                if logged.is_some() {
                    tracing::info!("the database answers");
                }
                return Ok(key);
            }
            Err(DbError::Unavailable(cause)) if begun.elapsed() < longest => {
                if logged.is_none_or(|at| at.elapsed() >= LOG_EVERY) {
                    tracing::warn!(cause, "waiting for the database");
                    logged = Some(Instant::now());
                }
            }
            Err(
                error @ (DbError::Outdated(_)
                | DbError::NotGranted(_)
                | DbError::MayNotCreate { .. }
                | DbError::TooOld(_)
                | DbError::Unsuitable(_)),
            ) => {
                return Err(super::StartError::NotPrepared(error));
            }
            Err(error) => return Err(error.into()),
        }
        tokio::time::sleep(PAUSE).await;
    }
}

/// On a thread that the end of the process doesn't wait for: looking up a name that doesn't resolve
/// can take minutes.
async fn attempt(
    source: &Source,
    clock: &Clock,
    given: Option<&SecretSlice<u8>>,
) -> io::Result<Result<SecretSlice<u8>, DbError>> {
    let (done, result) = oneshot::channel();
    let (source, clock, given) = (source.clone(), clock.clone(), given.cloned());
    std::thread::Builder::new()
        .name("start".to_owned())
        .spawn(move || done.send(prepare(&source, &clock, given)).ok())?;
    result.await.map_err(io::Error::other)
}

fn prepare(
    source: &Source,
    clock: &Clock,
    given: Option<SecretSlice<u8>>,
) -> Result<SecretSlice<u8>, DbError> {
    let mut conn = db::connect(source)?;
    db::refuse_pooler(&mut conn, source)?;
    db::migrate(&mut conn)?;
    clock.correct(db::database_now(&mut conn)?);
    given.map_or_else(|| signing_key::newest_or_new(&mut conn, clock.now()), Ok)
}
