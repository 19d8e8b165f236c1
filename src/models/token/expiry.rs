//! Until when a token works: days are UTC days, and "expires on" means through that day.

use crate::models::text;
use crate::models::text::DAY;
use time::{Date, Duration, OffsetDateTime, Time};

/// The choice that is preselected, in days.
pub const PRESELECTED_DAYS: u16 = 90;
/// The presets, in days.
pub const PRESETS: [u16; 3] = [30, 90, 365];

/// What somebody chose.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Expiry {
    /// Today and so many days more.
    Days(u16),
    /// Through this day.
    On(Date),
    /// Never.
    Never,
}

/// Why a day is refused, in a sentence.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum DayRefused {
    /// Not a day.
    #[error("Write the day as year-month-day, like 2027-02-19.")]
    NotADay,
    /// Before today.
    #[error("This day has passed. Choose today or a later day.")]
    Passed,
    /// Too far away to be meant.
    #[error("This day is more than a hundred years away. Choose “Never” if that is meant.")]
    TooFar,
}

impl Expiry {
    /// The first instant at which the token no longer works; none for never.
    pub fn ends_at(self, now: OffsetDateTime) -> Option<OffsetDateTime> {
        let last = match self {
            Expiry::Days(days) => now.date() + Duration::days(i64::from(days)),
            Expiry::On(day) => day,
            Expiry::Never => return None,
        };
        Some(OffsetDateTime::new_utc(last.next_day().unwrap_or(last), Time::MIDNIGHT))
    }

    /// A day that somebody typed.
    pub fn parse_day(typed: &str, now: OffsetDateTime) -> Result<Expiry, DayRefused> {
        let day = text::day(typed).ok_or(DayRefused::NotADay)?;
        if day < now.date() {
            Err(DayRefused::Passed)
        } else if day > now.date() + Duration::days(36_525) {
            Err(DayRefused::TooFar)
        } else {
            Ok(Expiry::On(day))
        }
    }
}

/// From which day on a token works.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Start(Date);

/// Why a first day is refused, in a sentence.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum StartRefused {
    /// Not a day.
    #[error("Write the day as year-month-day, like 2027-02-19.")]
    NotADay,
    /// Before today.
    #[error("This day has passed. Leave it empty to start at once.")]
    Passed,
    /// Too far away to be meant.
    #[error("This day is more than a hundred years away.")]
    TooFar,
}

impl Start {
    /// A day that somebody typed.
    pub fn parse_day(typed: &str, now: OffsetDateTime) -> Result<Start, StartRefused> {
        match Expiry::parse_day(typed, now) {
            Ok(Expiry::On(day)) => Ok(Start(day)),
            Ok(Expiry::Days(_) | Expiry::Never) | Err(DayRefused::NotADay) => Err(StartRefused::NotADay),
            Err(DayRefused::Passed) => Err(StartRefused::Passed),
            Err(DayRefused::TooFar) => Err(StartRefused::TooFar),
        }
    }

    /// The first instant at which the token works, if that lies ahead.
    pub fn begins_at(self, now: OffsetDateTime) -> Option<OffsetDateTime> {
        Some(OffsetDateTime::new_utc(self.0, Time::MIDNIGHT)).filter(|start| *start > now)
    }
}

/// A day as forms and the API write it.
pub fn iso_day(day: Date) -> String {
    day.format(DAY).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;
    use time::macros::{date, datetime};

    #[test]
    fn a_preset_works_through_today_and_so_many_days_more() {
        let now = datetime!(2026-11-21 23:59 UTC);
        assert_eq!(Expiry::Days(90).ends_at(now), Some(datetime!(2027-02-20 0:00 UTC)));
        assert_eq!(Expiry::Never.ends_at(now), None);
    }

    #[test]
    fn a_day_works_through_its_end_and_today_is_the_first_that_may_be_chosen() {
        let now = datetime!(2026-11-22 12:00 UTC);
        let today = Expiry::parse_day(" 2026-11-22 ", now).unwrap();
        assert_eq!(today, Expiry::On(date!(2026 - 11 - 22)));
        assert_eq!(today.ends_at(now), Some(datetime!(2026-11-23 0:00 UTC)));
        assert_eq!(Expiry::parse_day("2026-11-21", now), Err(DayRefused::Passed));
        assert_eq!(Expiry::parse_day("2226-11-21", now), Err(DayRefused::TooFar));
        for nonsense in ["", "tomorrow", "2026-13-01", "2026-02-30", "9999999-01-01", "22.11.2026"] {
            assert_eq!(Expiry::parse_day(nonsense, now), Err(DayRefused::NotADay), "{nonsense}");
        }
    }

    #[test]
    fn a_start_is_the_first_instant_of_its_day_and_today_is_at_once() {
        let now = datetime!(2026-11-22 12:00 UTC);
        let begins = |typed| Start::parse_day(typed, now).map(|start| start.begins_at(now));
        assert_eq!(begins("2026-11-23"), Ok(Some(datetime!(2026-11-23 0:00 UTC))));
        assert_eq!(begins("2026-11-22"), Ok(None));
        assert_eq!(begins("2026-11-21"), Err(StartRefused::Passed));
        assert_eq!(begins("2226-11-21"), Err(StartRefused::TooFar));
        assert_eq!(begins("soon"), Err(StartRefused::NotADay));
    }
}
