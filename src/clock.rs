//! The one clock: every comparison of times takes its `now` from here.

use std::sync::atomic::{AtomicI64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use time::{Duration, OffsetDateTime};

/// The process's clock, corrected by its measured offset to the database's; or, in tests, one
/// that stands still until it is moved.
#[derive(Debug, Clone)]
pub struct Clock(Arc<Inner>);

#[derive(Debug)]
enum Inner {
    System {
        /// How far it is off, as far as it knows.
        offset_micros: AtomicI64,
        /// How far it is off without knowing.
        wrong: Duration,
    },
    Fixed(Mutex<OffsetDateTime>),
}

impl Clock {
    /// The system's clock.
    pub fn system() -> Clock {
        Clock::wrong(Duration::ZERO)
    }

    /// A system's clock that is off by this much, for tests.
    pub fn wrong(by: Duration) -> Clock {
        Clock(Arc::new(Inner::System { offset_micros: AtomicI64::new(0), wrong: by }))
    }

    /// A clock that stands still.
    pub fn fixed(at: OffsetDateTime) -> Clock {
        Clock(Arc::new(Inner::Fixed(Mutex::new(at))))
    }

    /// This moment in UTC, in whole microseconds as the database keeps them.
    pub fn now(&self) -> OffsetDateTime {
        match &*self.0 {
            Inner::System { offset_micros, wrong } => whole_micros(
                system_now() + *wrong + Duration::microseconds(offset_micros.load(Ordering::Relaxed)),
            ),
            Inner::Fixed(at) => *at.lock().unwrap_or_else(PoisonError::into_inner),
        }
    }

    /// Learns the offset from what the database's clock said at about this moment.
    pub fn correct(&self, database_now: OffsetDateTime) {
        if let Inner::System { offset_micros, wrong } = &*self.0 {
            let offset = (database_now - system_now() - *wrong).whole_microseconds();
            offset_micros.store(i64::try_from(offset).unwrap_or(0), Ordering::Relaxed);
        }
    }

    /// Moves a fixed clock; a system clock goes its own way.
    pub fn advance(&self, by: Duration) {
        if let Inner::Fixed(at) = &*self.0 {
            *at.lock().unwrap_or_else(PoisonError::into_inner) += by;
        }
    }
}

#[allow(clippy::disallowed_methods, reason = "the only caller")]
fn system_now() -> OffsetDateTime {
    OffsetDateTime::now_utc()
}

fn whole_micros(at: OffsetDateTime) -> OffsetDateTime {
    at.replace_nanosecond(at.microsecond() * 1_000).unwrap_or(at)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn now_has_whole_microseconds_and_follows_the_database() {
        let clock = Clock::system();
        assert_eq!(clock.now().nanosecond() % 1_000, 0);
        clock.correct(clock.now() + Duration::hours(3));
        let ahead = clock.now() - system_now();
        assert!(ahead > Duration::minutes(179) && ahead < Duration::minutes(181));
    }
}
