//! Threads for argon2: as many hashes at once as there are cores, off the async threads and off
//! those that wait for the database, and a bounded queue before them.

use crate::models::password::{self, Cost, HashError};
use std::num::NonZeroUsize;
use std::sync::mpsc::{Receiver, SyncSender, sync_channel};
use std::sync::{Arc, Mutex, PoisonError};
use tokio::sync::oneshot;

/// At most so many hashes wait; at some 25 ms each on two cores the last one waits under a second.
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

/// The queue is full, or the threads have ended.
#[derive(Debug, thiserror::Error)]
#[error("too many sign-ins at once")]
pub struct HashingBusy;

impl Hashing {
    /// Starts the threads.
    pub fn start(cost: Cost) -> Result<Hashing, HashError> {
        let dummy = password::hash(&password::random()?, cost)?;
        let (jobs, queue) = sync_channel::<Job>(QUEUE);
        let queue = Arc::new(Mutex::new(queue));
        let cores = std::thread::available_parallelism().map_or(2, NonZeroUsize::get);
        for _ in 0..cores {
            let queue = Arc::clone(&queue);
            std::thread::spawn(move || {
                while let Some(job) = next(&queue) {
                    job();
                }
            });
        }
        Ok(Hashing { cost, jobs, dummy: dummy.into() })
    }

    /// Whether the password is the one behind the hash. Without a hash it takes as long and is not.
    pub async fn verify(&self, password: String, hash: Option<String>) -> Result<bool, HashingBusy> {
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

    /// The hash of a new password.
    pub async fn hash(&self, password: String) -> Result<Result<String, HashError>, HashingBusy> {
        let cost = self.cost;
        self.run(move || password::hash(&password, cost)).await
    }

    async fn run<T: Send + 'static>(
        &self,
        work: impl FnOnce() -> T + Send + 'static,
    ) -> Result<T, HashingBusy> {
        let (done, result) = oneshot::channel();
        let span = tracing::Span::current();
        let job: Job = Box::new(move || {
            // Nobody waits any more when the caller has gone: then nothing needs to be hashed.
            if !done.is_closed() {
                let _ = done.send(span.in_scope(work));
            }
        });
        self.jobs.try_send(job).map_err(|_| HashingBusy)?;
        result.await.map_err(|_| HashingBusy)
    }
}

fn next(queue: &Mutex<Receiver<Job>>) -> Option<Job> {
    queue.lock().unwrap_or_else(PoisonError::into_inner).recv().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

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
    async fn a_full_queue_is_said_at_once() {
        let hashing = Hashing::start(Cost::CHEAP).unwrap();
        let gate = Arc::new(Mutex::new(()));
        let held = gate.lock().unwrap();
        let mut refused = 0;
        for _ in 0..QUEUE + 64 {
            let gate = Arc::clone(&gate);
            let job: Job = Box::new(move || drop(gate.lock()));
            refused += usize::from(hashing.jobs.try_send(job).is_err());
        }
        assert!(refused > 0);
        drop(held);
    }
}
