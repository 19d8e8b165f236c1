//! The example's own refusals, as answers.

use crate::dns::models::DnsRefusal;
use crate::http::{ApiRefusal, AppError};
use crate::policy::RefusalFacts;

/// Their codes, with what is said of each.
pub fn all() -> Vec<(&'static str, RefusalFacts)> {
    DnsRefusal::ALL.iter().map(|code| (code.key(), code.facts())).collect()
}

impl From<DnsRefusal> for ApiRefusal {
    fn from(code: DnsRefusal) -> ApiRefusal {
        ApiRefusal::of_extension(code.key(), code.facts())
    }
}

impl From<DnsRefusal> for AppError {
    fn from(code: DnsRefusal) -> AppError {
        ApiRefusal::from(code).into()
    }
}
