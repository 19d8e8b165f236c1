//! The one clock: every comparison of times takes its `now` from here.

use rustix::time::{ClockId, clock_gettime};
use std::sync::atomic::{AtomicI64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use time::{Duration, OffsetDateTime};

/// The database's clock, as far as this process knows it: what it said last, and the time that has passed
/// since. The system's own clock is read once, at the start, so that a step of it moves nothing. In
/// tests, a clock that stands still until it is moved.
#[derive(Debug, Clone)]
pub struct Clock(Arc<Inner>);

#[derive(Debug)]
enum Inner {
    System {
        /// What the system's clock said when the machine was started, if it was right.
        start: OffsetDateTime,
        /// How far that is off, as far as it's known.
        offset_micros: AtomicI64,
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
        let start = system_now() + by - running();
        Clock(Arc::new(Inner::System { start, offset_micros: AtomicI64::new(0) }))
    }

    /// A clock that stands still.
    pub fn fixed(at: OffsetDateTime) -> Clock {
        Clock(Arc::new(Inner::Fixed(Mutex::new(at))))
    }

    /// This moment in UTC, in whole microseconds as the database keeps them.
    pub fn now(&self) -> OffsetDateTime {
        match &*self.0 {
            Inner::System { start, offset_micros } => whole_micros(
                *start + running() + Duration::microseconds(offset_micros.load(Ordering::Relaxed)),
            ),
            Inner::Fixed(at) => *at.lock().unwrap_or_else(PoisonError::into_inner),
        }
    }

    /// Learns the offset from what the database's clock said at about this moment.
    pub fn correct(&self, database_now: OffsetDateTime) {
        if let Inner::System { start, offset_micros } = &*self.0 {
            let offset = (database_now - *start - running()).whole_microseconds();
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

/// How long the machine has been running. On Linux that counts the time that it was suspended; elsewhere
/// the next correction does.
fn running() -> Duration {
    #[cfg(target_os = "linux")]
    const CLOCK: ClockId = ClockId::Boottime;
    #[cfg(not(target_os = "linux"))]
    const CLOCK: ClockId = ClockId::Monotonic;
    let passed = clock_gettime(CLOCK);
    Duration::seconds(passed.tv_sec) + Duration::nanoseconds(passed.tv_nsec)
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
