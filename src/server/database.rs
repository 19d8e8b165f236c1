//! What a server needs of its database before it can be built, and the wait for it: after a reboot
//! the database often comes up later.

use crate::clock::Clock;
use crate::db::{self, DbError, Source};
use crate::models::resource::Shared;
use crate::models::{Resource, catalogue, signing_key};
use crate::policy::Catalogue;
use secrecy::SecretSlice;
use std::fmt;
use std::io;
use std::time::{Duration, Instant};
use tokio::sync::oneshot;

/// Between two attempts.
const PAUSE: Duration = Duration::from_millis(500);
/// How often the log says that the wait continues.
const LOG_EVERY: Duration = Duration::from_secs(10);

/// What a server takes from its database before it serves.
pub(super) struct Ready {
    /// The key that signs the cookies: the one that was given, or else the database's.
    pub(super) signing_key: SecretSlice<u8>,
    /// The texts of catalogues that the site ran with before, newest first.
    pub(super) earlier_catalogues: Vec<String>,
}

/// Names that several accounts have, of kinds whose names are given once on the site.
#[derive(Debug)]
pub struct SharedNames(Vec<Shared>);

impl fmt::Display for SharedNames {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        for shared in &self.0 {
            let names: Vec<String> = shared.names.iter().map(|name| format!("“{name}”")).collect();
            write!(
                out,
                "the catalogue gives each name of {} once on the whole site, and more than one account has {}",
                shared.plural,
                names.join(", ")
            )?;
            if shared.more > 0 {
                write!(out, " and {} more", shared.more)?;
            }
            out.write_str(". ")?;
        }
        out.write_str("Remove them from all accounts but one with `tokenhouse resource remove`, or take `unique = \"site\"` out.")
    }
}

/// Brings the database up to date, sets the clock by it, and prepares it for the catalogue.
/// Waits this long for what passes by itself; what lasts is an error at once. A migration by another
/// node is waited for as long as it takes.
pub(super) async fn ready(
    source: &Source,
    clock: &Clock,
    given: Option<&SecretSlice<u8>>,
    catalogue: &Catalogue,
    longest: Duration,
) -> Result<Ready, super::StartError> {
    let begun = Instant::now();
    let mut logged: Option<Instant> = None;
    loop {
        match attempt(source, clock, given, catalogue).await? {
            Ok(Ok(ready)) => {
                if logged.is_some() {
                    tracing::info!("the database answers");
                }
                return Ok(ready);
            }
            Ok(Err(shared)) => return Err(super::StartError::Shared(shared)),
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
    catalogue: &Catalogue,
) -> io::Result<Result<Result<Ready, SharedNames>, DbError>> {
    let (done, result) = oneshot::channel();
    let (source, clock, given, catalogue) =
        (source.clone(), clock.clone(), given.cloned(), catalogue.clone());
    std::thread::Builder::new()
        .name("start".to_owned())
        .spawn(move || done.send(prepare(&source, &clock, given, &catalogue)).ok())?;
    result.await.map_err(io::Error::other)
}

fn prepare(
    source: &Source,
    clock: &Clock,
    given: Option<SecretSlice<u8>>,
    catalogue: &Catalogue,
) -> Result<Result<Ready, SharedNames>, DbError> {
    let mut conn = db::connect(source)?;
    db::refuse_pooler(&mut conn, source)?;
    db::migrate(&mut conn)?;
    clock.correct(db::database_now(&mut conn)?);
    let shared = Resource::make_names_unique(&mut conn, &catalogue.kinds)?;
    if !shared.is_empty() {
        return Ok(Err(SharedNames(shared)));
    }
    Ok(Ok(Ready {
        earlier_catalogues: catalogue::note(&mut conn, &catalogue.text, clock.now())?,
        signing_key: given.map_or_else(|| signing_key::newest_or_new(&mut conn, clock.now()), Ok)?,
    }))
}
