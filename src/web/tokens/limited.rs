//! Where an account's limits keep a token out, in words.

use crate::db::{Conn, DbError};
use crate::models::account_limits::{self, KeptOut};
use crate::models::token::Owner;
use crate::policy::words::long_day;
use crate::policy::{AccountId, Catalogue, Policy};
use time::OffsetDateTime;

/// A sentence for each of these accounts, by number and name, that keeps out, or will keep out, an
/// owner's token that was made then.
pub(super) fn said(
    conn: &mut Conn,
    catalogue: &Catalogue,
    accounts: &[(AccountId, String)],
    token: (Owner, &Policy, OffsetDateTime),
    now: OffsetDateTime,
) -> Result<Vec<String>, DbError> {
    let numbers: Vec<AccountId> = accounts.iter().map(|(id, _)| *id).collect();
    let kept_out = account_limits::keep_out(conn, catalogue, &numbers, token, now)?;
    Ok(kept_out.iter().map(|one| sentence(one, accounts)).collect())
}

fn sentence(one: &KeptOut, accounts: &[(AccountId, String)]) -> String {
    let name = accounts.iter().find(|(id, _)| *id == one.account).map_or("", |(_, name)| name);
    let why: Vec<String> = one.breaches.iter().map(|breach| breach.said()).collect();
    let why = why.join(", and it ");
    match one.from {
        None => format!("The limits of {name} keep it out there, because it {why}. Calls there are refused."),
        Some(from) => format!(
            "From {} (UTC) on the limits of {name} keep it out there, because it {why}. Until then it works.",
            long_day(from.date())
        ),
    }
}
