//! Moments, lives and states, as pages tell them.

use crate::models::token::expiry::iso_day;
use crate::models::token::usage::LastUse;
use crate::policy::State;
use crate::policy::words::{last_day, long_day};
use time::format_description::FormatItem;
use time::macros::format_description;
use time::{Duration, OffsetDateTime};

/// This many characters of a text that a program wrote stand on a page. A record's content can be
/// 256 KB, and fifty of them took a hundredth of a second to write and five to compress.
const MOST_CHARACTERS: usize = 1_000;

/// The start of a long text, and how long all of it is; a short one as it is.
pub fn shortened(text: &str) -> String {
    match text.char_indices().nth(MOST_CHARACTERS) {
        None => text.to_owned(),
        Some((end, _)) => format!("{}… ({} characters in all)", &text[..end], text.chars().count()),
    }
}

/// A point in time, as people and as machines read it.
#[derive(Debug, Clone)]
pub struct Moment {
    /// ISO-8601, UTC.
    pub iso: String,
    /// "4 minutes ago".
    pub relative: String,
    /// "22 Nov 2026, 01:02 UTC".
    pub exact: String,
}

/// A day, as forms write it.
const ISO: &[FormatItem<'_>] = format_description!("[year]-[month]-[day]T[hour]:[minute]:[second]Z");
const EXACT: &[FormatItem<'_>] =
    format_description!("[day padding:none] [month repr:short] [year], [hour]:[minute] UTC");
const SHORT_DAY: &[FormatItem<'_>] = format_description!("[day padding:none] [month repr:short] [year]");

impl Moment {
    /// A moment that has passed, seen from now.
    pub fn past(at: OffsetDateTime, now: OffsetDateTime) -> Moment {
        Moment {
            iso: at.format(ISO).unwrap_or_default(),
            relative: ago(now - at),
            exact: at.format(EXACT).unwrap_or_default(),
        }
    }
}

/// "22 Nov 2026, 01:02 UTC".
pub fn exact(at: OffsetDateTime) -> String {
    at.format(EXACT).unwrap_or_default()
}

/// "4 minutes ago"; a clock that runs ahead a little never says "in".
fn ago(since: Duration) -> String {
    let (count, unit) = match since.whole_minutes() {
        ..1 => return "just now".to_owned(),
        minutes @ 1..60 => (minutes, "minute"),
        minutes @ 60..1_440 => (minutes / 60, "hour"),
        minutes if minutes < 2_880 => return "yesterday".to_owned(),
        minutes => match minutes / 1_440 {
            days @ ..60 => (days, "day"),
            days @ 60..730 => (days / 30, "month"),
            days => (days / 365, "year"),
        },
    };
    format!("{count} {unit}{} ago", if count == 1 { "" } else { "s" })
}

/// When and from where a token was last used.
#[derive(Debug, Clone)]
pub struct Used {
    /// When.
    pub at: Moment,
    /// From where.
    pub address: String,
    /// By what.
    pub client: String,
    /// Whether it is in use: within the last 30 days.
    pub recent: bool,
}

impl Used {
    /// The last use, seen from now.
    pub fn of(last: &LastUse, now: OffsetDateTime) -> Used {
        Used {
            at: Moment::past(last.at, now),
            address: last.address.to_string(),
            client: last.client.clone(),
            recent: now - last.at < Duration::days(30),
        }
    }
}

/// Until when a token works.
#[derive(Debug, Clone)]
pub struct Expiry {
    /// Whether it has no end.
    pub never: bool,
    /// Whether the end is at most 14 days away.
    pub soon: bool,
    /// The last day.
    pub iso_date: String,
    /// "12 Feb 2027", or "in 9 days" when that is soon.
    pub text: String,
    /// "through 12 February 2027 (UTC)".
    pub exact: String,
}

impl Expiry {
    /// The end, seen from now.
    pub fn of(end: Option<OffsetDateTime>, now: OffsetDateTime) -> Expiry {
        let Some(end) = end else {
            let (iso_date, text, exact) = (String::new(), "No expiry".to_owned(), String::new());
            return Expiry { never: true, soon: false, iso_date, text, exact };
        };
        let day = last_day(end);
        let left = (day - now.date()).whole_days();
        let soon = (0..=14).contains(&left);
        Expiry {
            never: false,
            soon,
            iso_date: iso_day(day),
            text: match left {
                0 => "today".to_owned(),
                1 => "tomorrow".to_owned(),
                _ if soon => format!("in {left} days"),
                _ => day.format(SHORT_DAY).unwrap_or_default(),
            },
            exact: format!("through {} (UTC)", long_day(day)),
        }
    }
}

/// A token's state, in the words of the list.
#[derive(Debug, Clone)]
pub struct StateBadge {
    /// "Active", "Expired · ended", "Frozen by the plan · paused".
    pub label: String,
    /// `ok`, `paused` or `ended`.
    pub tone: &'static str,
    /// Whether the token works.
    pub active: bool,
}

impl StateBadge {
    /// The state in words.
    pub fn of(state: State, not_before: Option<OffsetDateTime>) -> StateBadge {
        let (label, tone) = match state {
            State::Deleted => ("Deleted · ended".to_owned(), "ended"),
            State::Expired => ("Expired · ended".to_owned(), "ended"),
            State::SecretReplaced => ("Secret replaced".to_owned(), "ended"),
            State::OwnerAway => ("Paused".to_owned(), "paused"),
            State::Disabled => ("Disabled · paused".to_owned(), "paused"),
            State::Frozen => ("Frozen by the plan · paused".to_owned(), "paused"),
            State::NotYet => {
                let day = not_before.map(|start| long_day(start.date())).unwrap_or_default();
                (format!("Starts on {day}"), "paused")
            }
            State::Active => ("Active".to_owned(), "ok"),
        };
        StateBadge { label, tone, active: state == State::Active }
    }
}

/// A number as people read it: "2,400".
pub fn grouped(number: i64) -> String {
    let digits = number.to_string();
    let mut text = String::new();
    for (place, digit) in digits.chars().enumerate() {
        if place > 0 && (digits.len() - place).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;
    use time::macros::datetime;

    #[test]
    fn a_moment_is_told_in_the_largest_unit_that_fits() {
        for (minutes, said) in [
            (-3, "just now"),
            (0, "just now"),
            (1, "1 minute ago"),
            (59, "59 minutes ago"),
            (60, "1 hour ago"),
            (1_439, "23 hours ago"),
            (1_440, "yesterday"),
            (2_880, "2 days ago"),
            (60 * 1_440, "2 months ago"),
            (800 * 1_440, "2 years ago"),
        ] {
            assert_eq!(ago(Duration::minutes(minutes)), said);
        }
    }

    #[test]
    fn numbers_are_read_in_threes() {
        assert_eq!([0, 30, 999, 2_400, 1_000_000].map(grouped), ["0", "30", "999", "2,400", "1,000,000"]);
    }

    #[test]
    fn an_expiry_names_the_last_day_and_counts_down_from_two_weeks() {
        let now = datetime!(2026-11-22 23:00 UTC);
        let far = Expiry::of(Some(datetime!(2027-02-13 0:00 UTC)), now);
        assert_eq!((far.text.as_str(), far.soon), ("12 Feb 2027", false));
        assert_eq!(far.exact, "through 12 February 2027 (UTC)");
        assert_eq!(Expiry::of(Some(datetime!(2026-12-02 0:00 UTC)), now).text, "in 9 days");
        assert_eq!(Expiry::of(Some(datetime!(2026-11-23 0:00 UTC)), now).text, "today");
        assert!(Expiry::of(None, now).never);
    }
}
