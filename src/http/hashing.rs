//! Threads for what keeps a processor busy: argon2, and the estimate of how soon a password would be
//! guessed. They are not the async threads nor those that wait for the database, they leave one core
//! to all others, and the queue before them is bounded.
#![allow(clippy::disallowed_methods, reason = "these are the threads for it")]

use super::AppError;
use crate::models::password::{self, Cost, HashError, Refused};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::mpsc::{Receiver, SyncSender, sync_channel};
use std::sync::{Arc, Mutex, PoisonError};
use tokio::sync::oneshot;

/// At most this many jobs wait. A hash takes some 25 ms, so on two cores the last of them waits under
/// two seconds; a new password takes up to 0.1 s more, and how many of those a caller sends is counted.
const QUEUE: usize = 64;

type Job = Box<dyn FnOnce() + Send>;

/// The hashing threads. Cheap to clone; they end with the last clone.
#[derive(Clone)]
pub struct Hashing {
    cost: Cost,
    jobs: SyncSender<Job>,
    /// What an unknown user's password is compared with, so that it takes as long.
    dummy: Arc<str>,
}

/// Why a job has no result.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum HashingError {
    /// The queue is full.
    #[error("too many passwords at once")]
    Busy,
    /// The job panicked.
    #[error("work with a password panicked")]
    Panicked,
}

impl From<HashingError> for AppError {
    fn from(error: HashingError) -> AppError {
        match error {
            HashingError::Busy => AppError::Busy,
            HashingError::Panicked => AppError::Internal(error.to_string()),
        }
    }
}

impl Hashing {
    /// Starts the threads.
    pub fn start(cost: Cost) -> Result<Hashing, HashError> {
        let dummy = password::hash(&password::random()?, cost)?;
        let (jobs, queue) = sync_channel::<Job>(QUEUE);
        let queue = Arc::new(Mutex::new(queue));
        for _ in 0..Hashing::threads() {
            let queue = Arc::clone(&queue);
            std::thread::spawn(move || {
                while let Some(job) = next(&queue) {
                    // A job that panics answers its own caller and ends no thread: each one fewer
                    // would slow every sign-in down, and without any there would be none.
                    let _ = catch_unwind(AssertUnwindSafe(job));
                }
            });
        }
        Ok(Hashing { cost, jobs, dummy: dummy.into() })
    }

    /// How many threads there are: one fewer than cores, and at least one. With every core taken, each
    /// step of a call to the API waited for its turn, and took ten times as long as in peace.
    pub fn threads() -> usize {
        std::thread::available_parallelism().map_or(1, |cores| cores.get() - 1).max(1)
    }

    /// Whether the password is the one behind the hash. Without a hash it takes as long and is not.
    pub async fn verify(&self, password: String, hash: Option<String>) -> Result<bool, HashingError> {
        let dummy = Arc::clone(&self.dummy);
        self.run(move || match &hash {
            Some(hash) => password::verify(&password, hash),
            None => {
                password::verify(&password, &dummy);
                false
            }
        })
        .await
    }

    /// The hash of a new password, or why it is refused: `about` is what others know of whose it is. Callers count
    /// the attempt first.
    pub async fn hash_new(
        &self,
        password: String,
        about: Vec<String>,
    ) -> Result<Result<String, Refused>, AppError> {
        let cost = self.cost;
        let work = move || password::check(&password, &about).map(|()| password::hash(&password, cost));
        let hashed = self.run(work);
        match hashed.await? {
            Ok(Ok(hash)) => Ok(Ok(hash)),
            Ok(Err(error)) => Err(AppError::Internal(error.to_string())),
            Err(refused) => Ok(Err(refused)),
        }
    }

    /// A new hash of a password whose hash costs less than new ones do, such as one from before the cost was
    /// raised; `None` where it costs as much.
    pub async fn hash_again(&self, password: String, hash: &str) -> Result<Option<String>, AppError> {
        let cost = self.cost;
        if !password::is_cheaper(hash, cost) {
            return Ok(None);
        }
        let hashed = self.run(move || password::hash(&password, cost)).await?;
        hashed.map(Some).map_err(|error| AppError::Internal(error.to_string()))
    }

    /// Runs work on these threads.
    pub async fn run<T: Send + 'static>(
        &self,
        work: impl FnOnce() -> T + Send + 'static,
    ) -> Result<T, HashingError> {
        let (done, result) = oneshot::channel();
        let span = tracing::Span::current();
        let job: Job = Box::new(move || {
            // Nobody waits any more when the caller has gone: then nothing needs to be hashed.
            if !done.is_closed() {
                let _ = done.send(span.in_scope(work));
            }
        });
        self.jobs.try_send(job).map_err(|_| HashingError::Busy)?;
        result.await.map_err(|_| HashingError::Panicked)
    }
}

fn next(queue: &Mutex<Receiver<Job>>) -> Option<Job> {
    queue.lock().unwrap_or_else(PoisonError::into_inner).recv().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_core_is_left_to_all_others() {
        let cores = std::thread::available_parallelism().unwrap().get();
        assert_eq!(Hashing::threads(), if cores == 1 { 1 } else { cores - 1 });
    }

    #[tokio::test]
    async fn an_unknown_user_is_never_let_in_and_costs_a_hash_all_the_same() {
        let hashing = Hashing::start(Cost::CHEAP).unwrap();
        let hash = password::hash("right", Cost::CHEAP).unwrap();
        assert!(hashing.verify("right".to_owned(), Some(hash.clone())).await.unwrap());
        assert!(!hashing.verify("wrong".to_owned(), Some(hash)).await.unwrap());
        assert!(!hashing.verify("right".to_owned(), None).await.unwrap());
        assert!(hashing.dummy.starts_with("$argon2id$v=19$m=64,t=1,p=1$"));
    }

    #[tokio::test]
    async fn a_new_password_is_hashed_once_it_is_good_enough() {
        let hashing = Hashing::start(Cost::CHEAP).unwrap();
        let hash = hashing.hash_new("k3v#9q2x".to_owned(), Vec::new()).await.unwrap().unwrap();
        assert!(password::verify("k3v#9q2x", &hash));
        assert_eq!(
            hashing.hash_new("password".to_owned(), Vec::new()).await.unwrap(),
            Err(Refused::Breached)
        );
    }

    #[tokio::test]
    async fn a_full_queue_is_told_at_once() {
        let hashing = Hashing::start(Cost::CHEAP).unwrap();
        let gate = Arc::new(Mutex::new(()));
        let held = gate.lock().unwrap();
        let mut refused = 0;
        for _ in 0..QUEUE + Hashing::threads() + 1 {
            let gate = Arc::clone(&gate);
            let job: Job = Box::new(move || drop(gate.lock()));
            refused += usize::from(hashing.jobs.try_send(job).is_err());
        }
        assert!(refused > 0);
        drop(held);
    }

    #[tokio::test]
    async fn a_panic_is_its_own_callers_and_every_thread_still_works() {
        let hashing = Hashing::start(Cost::CHEAP).unwrap();
        for _ in 0..=Hashing::threads() {
            let panicked: Result<(), HashingError> = hashing.run(|| panic!("a job of the test")).await;
            assert_eq!(panicked, Err(HashingError::Panicked));
        }
        // As many at once as there are threads: each waits for all others to run.
        let all = Arc::new(std::sync::Barrier::new(Hashing::threads()));
        let meet = (0..Hashing::threads()).map(|_| {
            let all = Arc::clone(&all);
            hashing.run(move || all.wait().is_leader())
        });
        let met = futures_util::future::join_all(meet).await;
        assert!(met.iter().all(Result::is_ok));
    }
}
