//! Questions to the database that wait at the same moment, answered by one query.
//!
//! A question joins only a query that has not been sent yet: the answer of one under way may be
//! older than the question. Nothing is kept. When no query is under way, the next one is sent at
//! once; what arrives meanwhile is what the one after it asks. A second thread steps in only where
//! the first seems to be held back: two that share the work make the queries smaller, and each
//! costs the server as much as eight more questions in one.

use crate::db::{DbError, LONGEST_WAIT, LONGEST_WAIT_FOR_TURN};
use std::collections::VecDeque;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};
use tokio::sync::oneshot;

/// One does the work, and one is there for when that one's query is held back.
const THREADS: usize = 2;
/// A question that has waited so long behind a query under way gets a query of its own: many times
/// as long as a query takes, and next to nothing for whoever waits.
const HELD_BACK: Duration = Duration::from_millis(2);
/// So many questions go into one query.
const MOST_TOGETHER: usize = 64;
/// So many may wait; at ten thousand answers a second the last one waits under half a second.
const MOST_WAITING: usize = 4_096;

/// A queue of questions, answered in batches by threads of its own, which end with it.
pub struct Coalescer<Q, A>(Arc<Pending<Q, A>>);

struct Pending<Q, A> {
    queue: Mutex<Queue<Q, A>>,
    more: Condvar,
}

struct Queue<Q, A> {
    waiting: VecDeque<Waiting<Q, A>>,
    busy: usize,
    is_watched: bool,
    is_closed: bool,
}

struct Waiting<Q, A> {
    question: Q,
    since: Instant,
    caller: Caller<A>,
}

type Caller<A> = oneshot::Sender<Result<A, DbError>>;

impl<Q, A> Queue<Q, A> {
    /// What waits, as much as goes into one query.
    fn take(&mut self) -> (Vec<Q>, Vec<Caller<A>>) {
        let (mut questions, mut callers) = (Vec::new(), Vec::new());
        while questions.len() < MOST_TOGETHER {
            let Some(Waiting { question, since, caller }) = self.waiting.pop_front() else { break };
            if since.elapsed() >= LONGEST_WAIT_FOR_TURN {
                let _ = caller.send(Err(DbError::unavailable("it was this question's turn too late")));
            } else if !caller.is_closed() {
                questions.push(question);
                callers.push(caller);
            }
        }
        (questions, callers)
    }
}

impl<Q: Send + 'static, A: Send + 'static> Coalescer<Q, A> {
    /// Starts the threads. `worker` makes for each of them what answers: to every question of a
    /// list its own answer, in the order of the list.
    pub fn start<W>(worker: impl Fn() -> W + Send + Sync + 'static) -> Coalescer<Q, A>
    where
        W: FnMut(&[Q]) -> Result<Vec<A>, DbError>,
    {
        let queue = Queue { waiting: VecDeque::new(), busy: 0, is_watched: false, is_closed: false };
        let pending = Arc::new(Pending { queue: Mutex::new(queue), more: Condvar::new() });
        let worker = Arc::new(worker);
        for _ in 0..THREADS {
            let (pending, worker) = (Arc::clone(&pending), Arc::clone(&worker));
            std::thread::spawn(move || pending.serve(&*worker));
        }
        Coalescer(pending)
    }

    /// Asks, and waits for the answer as long as for any of the database.
    pub async fn ask(&self, question: Q) -> Result<A, DbError> {
        let answer = self.0.put(question)?;
        match tokio::time::timeout(LONGEST_WAIT, answer).await {
            Ok(Ok(answer)) => answer,
            Ok(Err(_)) => Err(DbError::Corrupt("a question was left without an answer".to_owned())),
            Err(late) => Err(DbError::unavailable(late)),
        }
    }
}

impl<Q, A> Drop for Coalescer<Q, A> {
    fn drop(&mut self) {
        self.0.lock().is_closed = true;
        self.0.more.notify_all();
    }
}

impl<Q, A> Pending<Q, A> {
    fn put(&self, question: Q) -> Result<oneshot::Receiver<Result<A, DbError>>, DbError> {
        let (caller, answer) = oneshot::channel();
        let mut queue = self.lock();
        // Whoever does not wait any more stands in front: all wait equally long.
        while queue.waiting.front().is_some_and(|first| first.caller.is_closed()) {
            queue.waiting.pop_front();
        }
        if queue.waiting.len() >= MOST_WAITING {
            return Err(DbError::unavailable("too many wait for it"));
        }
        queue.waiting.push_back(Waiting { question, since: Instant::now(), caller });
        // Who is busy comes back by itself; somebody else only has to see to it that it does.
        let is_in_hand = queue.busy > 0 && (queue.is_watched || queue.busy == THREADS);
        drop(queue);
        if !is_in_hand {
            self.more.notify_one();
        }
        Ok(answer)
    }

    fn serve<W>(&self, worker: impl Fn() -> W)
    where
        W: FnMut(&[Q]) -> Result<Vec<A>, DbError>,
    {
        let mut answer = worker();
        let mut done = 0;
        while let Some((questions, callers)) = self.next(done) {
            done = 1;
            let answered = catch_unwind(AssertUnwindSafe(|| answer(&questions)));
            let answered = answered.unwrap_or_else(|_| {
                // What it held, a connection above all, may be in any state.
                answer = worker();
                Err(DbError::Corrupt("work on the database panicked".to_owned()))
            });
            match answered {
                Ok(answers) => {
                    for (caller, answer) in callers.into_iter().zip(answers) {
                        let _ = caller.send(Ok(answer));
                    }
                }
                Err(error) => {
                    for caller in callers {
                        let _ = caller.send(Err(error.clone()));
                    }
                }
            }
        }
    }

    /// The next list, when it is time for it; `None` when the queue is closed. `done` were answered
    /// since the last one.
    fn next(&self, done: usize) -> Option<(Vec<Q>, Vec<Caller<A>>)> {
        let mut queue = self.lock();
        queue.busy -= done;
        loop {
            let waits = queue.waiting.front().map(|first| first.since.elapsed());
            match waits {
                Some(waits) if queue.busy == 0 || waits >= HELD_BACK => {
                    let taken = queue.take();
                    if !taken.0.is_empty() {
                        queue.busy += 1;
                        return Some(taken);
                    }
                }
                None if queue.is_closed => return None,
                Some(waits) if !queue.is_watched => {
                    queue.is_watched = true;
                    let rest = HELD_BACK.saturating_sub(waits);
                    queue = self.more.wait_timeout(queue, rest).unwrap_or_else(PoisonError::into_inner).0;
                    queue.is_watched = false;
                }
                _ => queue = self.more.wait(queue).unwrap_or_else(PoisonError::into_inner),
            }
        }
    }

    fn lock(&self) -> MutexGuard<'_, Queue<Q, A>> {
        self.queue.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::sync::mpsc;
    use std::time::Duration;

    /// A queue whose workers report each list, and answer it when they are told to.
    struct Held {
        coalescer: Arc<Coalescer<u32, u32>>,
        begun: mpsc::Receiver<Vec<u32>>,
        go_on: mpsc::Sender<()>,
    }

    fn held() -> Held {
        let (begin, begun) = mpsc::channel();
        let (go_on, going_on) = mpsc::channel();
        let going_on = Arc::new(Mutex::new(going_on));
        let coalescer = Coalescer::start(move || {
            let (begin, going_on) = (begin.clone(), Arc::clone(&going_on));
            move |questions: &[u32]| {
                begin.send(questions.to_vec()).unwrap();
                going_on.lock().unwrap().recv().unwrap();
                Ok(questions.iter().map(|question| question * 10).collect())
            }
        });
        Held { coalescer: Arc::new(coalescer), begun, go_on }
    }

    impl Held {
        fn ask(&self, question: u32) -> tokio::task::JoinHandle<Result<u32, DbError>> {
            let coalescer = Arc::clone(&self.coalescer);
            tokio::spawn(async move { coalescer.ask(question).await })
        }

        async fn waiting(&self, count: usize) {
            while self.coalescer.0.lock().waiting.len() < count {
                tokio::task::yield_now().await;
            }
        }
    }

    #[tokio::test(flavor = "multi_thread")]
    async fn a_question_joins_those_that_wait_and_never_a_query_under_way() {
        let held = held();
        let mut asked = Vec::new();
        for one in 1..=THREADS as u32 {
            asked.push(held.ask(one));
            assert_eq!(held.begun.recv().unwrap(), [one], "the next thread steps in");
        }
        // The same questions again: what is under way may be older than they are.
        for one in 1..=3 {
            asked.push(held.ask(one));
            held.waiting(one as usize).await;
        }
        held.go_on.send(()).unwrap();
        assert_eq!(held.begun.recv().unwrap(), [1, 2, 3]);
        for _ in 0..THREADS {
            held.go_on.send(()).unwrap();
        }
        let mut answers = Vec::new();
        for one in asked {
            answers.push(one.await.unwrap().unwrap());
        }
        assert_eq!(answers, [10, 20, 10, 20, 30]);
    }

    #[tokio::test(flavor = "multi_thread")]
    async fn thousands_at_once_get_each_their_own_answer() {
        let coalescer = Arc::new(Coalescer::start(|| {
            |questions: &[u32]| {
                assert!(questions.len() <= MOST_TOGETHER);
                Ok(questions.iter().map(|question| question + 7).collect())
            }
        }));
        let ask = |one: u32| {
            let coalescer = Arc::clone(&coalescer);
            tokio::spawn(async move { (one, coalescer.ask(one).await.unwrap()) })
        };
        for asked in (0..3_000).map(ask).collect::<Vec<_>>() {
            let (question, answer) = asked.await.unwrap();
            assert_eq!(answer, question + 7);
        }
    }

    #[tokio::test(flavor = "multi_thread")]
    async fn an_error_reaches_everybody_and_a_panic_is_survived() {
        let coalescer = Coalescer::start(|| {
            |questions: &[u32]| match questions[0] {
                0 => Err(DbError::unavailable("away")),
                1 => panic!("a broken worker"),
                _ => Ok(questions.to_vec()),
            }
        });
        assert!(matches!(coalescer.ask(0).await, Err(DbError::Unavailable(why)) if why == "away"));
        for _ in 0..THREADS * 2 {
            assert!(matches!(coalescer.ask(1).await, Err(DbError::Corrupt(_))));
        }
        assert_eq!(coalescer.ask(2).await.unwrap(), 2);
    }

    #[tokio::test(flavor = "multi_thread")]
    async fn more_than_can_wait_are_turned_away_at_once_and_who_has_gone_makes_room() {
        let held = held();
        let mut under_way = Vec::new();
        for one in 1..=THREADS as u32 {
            under_way.push(held.ask(one));
            held.begun.recv().unwrap();
        }
        let waiting: Vec<_> =
            (0..MOST_WAITING as u32).map(|one| held.coalescer.0.put(one).unwrap()).collect();
        let turned_away = tokio::time::timeout(Duration::from_millis(100), held.coalescer.ask(1)).await;
        assert!(matches!(turned_away, Ok(Err(DbError::Unavailable(_)))));
        drop(waiting);
        assert!(held.coalescer.0.put(1).is_ok());
        assert_eq!(held.coalescer.0.lock().waiting.len(), 1);
        for _ in 0..=THREADS {
            held.go_on.send(()).unwrap();
        }
        for one in under_way {
            one.await.unwrap().unwrap();
        }
    }

    #[tokio::test(flavor = "multi_thread")]
    async fn the_threads_end_with_the_desk() {
        let alive = Arc::new(());
        let of_workers = Arc::clone(&alive);
        let coalescer: Coalescer<u32, u32> = Coalescer::start(move || {
            let alive = Arc::clone(&of_workers);
            move |questions: &[u32]| {
                let _ = &alive;
                Ok(questions.to_vec())
            }
        });
        assert_eq!(coalescer.ask(1).await.unwrap(), 1);
        drop(coalescer);
        while Arc::strong_count(&alive) > 1 {
            tokio::task::yield_now().await;
        }
    }
}
