//! Proofs of two sizes. `script/test` runs the short form of each. `script/soak` sets
//! `TOKENHOUSE_SOAK`, runs the long form, and expects a row from it.

use super::ledger;

/// How much of a proof to run.
pub fn size<T>(short: T, long: T) -> T {
    if std::env::var_os("TOKENHOUSE_SOAK").is_some() { long } else { short }
}

/// Reports how much a proof has done. `script/soak` fails a row that's missing or too small.
pub fn row(name: &str, done: impl TryInto<u64>) {
    let done = done.try_into().unwrap_or_default();
    ledger::append("soak.txt", &format!("{name}\t{done}\n"));
}
