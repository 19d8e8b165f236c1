//! The hour's budget of an account, as the list tells it.

use crate::policy::budget::Quota;
use crate::web::told::Moment;
use time::OffsetDateTime;
use time::macros::format_description;

/// What is left of this hour's calls.
#[derive(Debug, Clone)]
pub(super) struct Budget {
    /// "2,400".
    pub(super) limit: String,
    /// "1,977".
    pub(super) remaining: String,
    /// Whether nothing is left.
    pub(super) is_spent: bool,
    /// Whether there is no limit.
    pub(super) is_unlimited: bool,
    /// When the next hour begins: "13:00 UTC".
    pub(super) reset: Moment,
}

impl Budget {
    /// A quota in words; no limit is said as none, and not as the number that the API has for it.
    pub(super) fn of(quota: Quota, limit: Option<i64>, now: OffsetDateTime) -> Budget {
        let reset = OffsetDateTime::from_unix_timestamp(quota.reset).unwrap_or(now);
        let hour = reset.format(format_description!("[hour]:[minute] UTC")).unwrap_or_default();
        Budget {
            limit: grouped(quota.limit),
            remaining: grouped(quota.remaining),
            is_spent: quota.remaining == 0,
            is_unlimited: limit.is_none(),
            reset: Moment { relative: hour, ..Moment::past(reset, now) },
        }
    }
}

/// A number as people read it: "2,400".
pub(super) fn grouped(number: i64) -> String {
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

    #[test]
    fn numbers_are_read_in_threes() {
        assert_eq!([0, 30, 999, 2_400, 1_000_000].map(grouped), ["0", "30", "999", "2,400", "1,000,000"]);
    }
}
