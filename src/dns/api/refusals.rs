//! The example's own refusals, as answers.

use crate::db::{Conn, DbError};
use crate::dns::models::DnsRefusal;
use crate::dns::models::bounds::Counted;
use crate::http::{ApiRefusal, App, AppError};
use crate::policy::{AccountId, RefusalFacts};

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

/// Does what creates one of these in the account, in a transaction, if there's room for it.
pub(super) async fn with_room<T: Send + 'static>(
    app: &App,
    account: AccountId,
    counted: Counted,
    create: impl FnOnce(&mut Conn) -> Result<T, DbError> + Send + 'static,
) -> Result<T, AppError> {
    let work = move |conn: &mut Conn| {
        if counted.has_room(conn, account)? { create(conn).map(Some) } else { Ok(None) }
    };
    let full = || ApiRefusal::from(DnsRefusal::ListFull).saying(counted.sentence()).into();
    app.db.transaction(work).await?.ok_or_else(full)
}
