//! The hour's budget of an account, as the list tells it.

use crate::policy::budget::Quota;
use crate::web::told::Moment;
use crate::web::told::grouped;
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
