//! Rows on their way to the database: kept in memory and written a batch at a time, so that no call
//! waits for a write.

mod last_uses;
mod networks;
mod refusals;
mod sign_ins;

pub use refusals::Presented;

use crate::db::{Conn, Db, DbError};
use crate::models::sighting::SignIn;
use crate::models::token::networks::Seen;
use crate::models::token::usage::Use;
use refusals::Refused;
use std::collections::HashMap;
use std::hash::Hash;
use std::sync::{Mutex, MutexGuard, PoisonError};
use time::OffsetDateTime;

/// How often the buffers are written.
pub const FLUSH_EVERY: std::time::Duration = std::time::Duration::from_secs(20);

/// What a buffer holds.
pub trait Entry: Clone + Send + Sync + 'static {
    /// What two entries have in common of which only one is kept.
    type Key: Eq + Hash + Send;
    /// What is remembered of earlier entries, written or not.
    type Memory: Default + Send;
    /// What the database says of a batch.
    type Written: Send + 'static;

    /// What the log calls them.
    const NAMES: &'static str;
    /// The most that wait to be written; further ones are dropped.
    const MOST_WAITING: usize;

    /// `None`: each is kept by itself.
    fn key(&self) -> Option<Self::Key>;

    /// Takes in another one with the same key.
    fn merge(&mut self, other: Self);

    /// Writes a batch, in a transaction of its own.
    ///
    /// # Errors
    /// Those of the database.
    fn write(conn: &mut Conn, batch: &[Self]) -> Result<Self::Written, DbError>;

    /// Whether one with a new key is kept; `is_back`: it was kept before, and could not be written.
    fn is_kept(&self, _memory: &mut Self::Memory, _is_back: bool) -> bool {
        true
    }

    /// Whether it is time to write it.
    fn is_due(&self, _memory: &Self::Memory) -> bool {
        true
    }

    /// Forgets what is too old, before each batch.
    fn tidy(_memory: &mut Self::Memory, _now: OffsetDateTime) {}

    /// Notes that a batch was written.
    fn remember(_memory: &mut Self::Memory, _batch: &[Self], _written: Self::Written, _now: OffsetDateTime) {}
}

/// The entries of one kind that are not written yet.
pub struct WriteBehind<E: Entry>(Mutex<Waiting<E>>);

struct Waiting<E: Entry> {
    entries: Vec<E>,
    places: HashMap<E::Key, usize>,
    memory: E::Memory,
}

impl<E: Entry> Default for WriteBehind<E> {
    fn default() -> WriteBehind<E> {
        WriteBehind(Mutex::new(Waiting {
            entries: Vec::new(),
            places: HashMap::new(),
            memory: E::Memory::default(),
        }))
    }
}

impl<E: Entry> WriteBehind<E> {
    /// Keeps an entry to be written.
    pub fn add(&self, entry: E) {
        self.waiting().add(entry, false);
    }

    /// Writes what is due.
    ///
    /// # Errors
    /// Those of the database.
    pub async fn flush(&self, db: &Db, now: OffsetDateTime) -> Result<(), DbError> {
        self.write(db, now, false).await
    }

    /// Writes everything: before the process ends.
    ///
    /// # Errors
    /// Those of the database.
    pub async fn flush_all(&self, db: &Db, now: OffsetDateTime) -> Result<(), DbError> {
        self.write(db, now, true).await
    }

    async fn write(&self, db: &Db, now: OffsetDateTime, all: bool) -> Result<(), DbError> {
        let batch = self.waiting().take_due(now, all);
        if batch.is_empty() {
            return Ok(());
        }
        let due = batch.clone();
        match db.transaction(move |conn| E::write(conn, &due)).await {
            Ok(written) => {
                E::remember(&mut self.waiting().memory, &batch, written, now);
                Ok(())
            }
            Err(error) => {
                // Nothing is lost while the database is away. What cannot be written at all must not
                // hold up the others.
                if error.passes() {
                    let mut waiting = self.waiting();
                    batch.into_iter().for_each(|entry| waiting.add(entry, true));
                }
                Err(error)
            }
        }
    }

    fn waiting(&self) -> MutexGuard<'_, Waiting<E>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl<E: Entry> Waiting<E> {
    fn add(&mut self, entry: E, is_back: bool) {
        let key = entry.key();
        if let Some(place) = key.as_ref().and_then(|key| self.places.get(key)) {
            self.entries[*place].merge(entry);
        } else if self.entries.len() < E::MOST_WAITING && entry.is_kept(&mut self.memory, is_back) {
            if let Some(key) = key {
                self.places.insert(key, self.entries.len());
            }
            self.entries.push(entry);
        }
    }

    fn take_due(&mut self, now: OffsetDateTime, all: bool) -> Vec<E> {
        E::tidy(&mut self.memory, now);
        self.places.clear();
        let entries = std::mem::take(&mut self.entries);
        let (due, left): (Vec<E>, Vec<E>) =
            entries.into_iter().partition(|entry| all || entry.is_due(&self.memory));
        left.into_iter().for_each(|entry| self.add(entry, true));
        due
    }
}

/// One line for each buffer: its name, and what it holds.
macro_rules! buffers {
    ($($(#[$doc:meta])* $name:ident: $entry:ty,)*) => {
        /// What isn't written yet.
        #[derive(Default)]
        pub struct Buffers {
            $($(#[$doc])* pub $name: WriteBehind<$entry>,)*
        }

        impl Buffers {
            /// Writes what is due of each; what fails is logged, and waits if it can.
            pub async fn flush(&self, db: &Db, now: OffsetDateTime) {
                $(if let Err(error) = self.$name.flush(db, now).await {
                    tracing::warn!(%error, "{} wait for the database", <$entry>::NAMES);
                })*
            }

            /// Writes everything, before the process ends; what fails is logged, and lost.
            pub async fn flush_all(&self, db: &Db, now: OffsetDateTime) {
                $(if let Err(error) = self.$name.flush_all(db, now).await {
                    tracing::error!(%error, "{} could not be written", <$entry>::NAMES);
                })*
            }
        }
    };
}

buffers! {
    /// Uses of tokens.
    last_uses: Use,
    /// Networks that tokens were used from.
    networks: Seen,
    /// Sign-ins, good and bad.
    sign_ins: SignIn,
    /// Refused calls of tokens.
    refusals: Refused,
}
