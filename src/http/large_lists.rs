//! Accounts with more tokens than are sorted by their last use.

use crate::policy::AccountId;
use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};
use time::{Duration, OffsetDateTime};

/// For so long an account is not looked at again: counting to 10,000 costs more than the page.
const KEPT: Duration = Duration::minutes(1);

/// What was found of large accounts within the last minute. It greys a choice and decides nothing:
/// where that choice is made, it is counted anew.
#[derive(Debug, Default)]
pub struct LargeLists(Mutex<HashMap<AccountId, (OffsetDateTime, bool)>>);

impl LargeLists {
    /// Whether the account has too many, if that is known.
    pub fn known(&self, account: AccountId, now: OffsetDateTime) -> Option<bool> {
        let lists = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        lists.get(&account).filter(|(at, _)| now - *at < KEPT).map(|(_, too_many)| *too_many)
    }

    /// Keeps what was found.
    pub fn note(&self, account: AccountId, too_many: bool, now: OffsetDateTime) {
        let mut lists = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        lists.retain(|_, (at, _)| now - *at < KEPT);
        lists.insert(account, (now, too_many));
    }
}
