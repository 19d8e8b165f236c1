//! What stands in pictures of the documentation where chance does otherwise, so that each run shows
//! the same. Only in builds with the feature `screenshots`, and only once [`begin_at`] was called.
//!
//! The secrets are nobody's: their checksum is wrong, so that no server takes one for a secret. What
//! the links hold opens something in a database that goes with the run.

use sha2::{Digest as _, Sha256};
use std::sync::atomic::{AtomicU64, Ordering};

/// The number of the next example; 0 means chance, as everywhere else.
static NEXT: AtomicU64 = AtomicU64::new(0);

/// From now on this process makes examples, the first of them with this number, which is above 0.
pub fn begin_at(number: u64) {
    NEXT.store(number, Ordering::Relaxed);
}

fn is_on() -> bool {
    NEXT.load(Ordering::Relaxed) > 0
}

/// Fills in the next example; says no where chance is to be asked.
pub(crate) fn fill(bytes: &mut [u8]) -> bool {
    if !is_on() {
        return false;
    }
    let number = NEXT.fetch_add(1, Ordering::Relaxed);
    for (part, chunk) in (0_u64..).zip(bytes.chunks_mut(32)) {
        let mut hash = Sha256::new();
        hash.update(b"an example, and nobody's secret");
        hash.update(number.to_be_bytes());
        hash.update(part.to_be_bytes());
        let made = hash.finalize();
        chunk.copy_from_slice(&made[..chunk.len()]);
    }
    true
}

/// Makes the checksum, which is so long, a wrong one: as 32 bits it never begins with this letter.
pub(crate) fn spoil(secret: &mut String, checksum: usize) {
    if is_on() {
        let at = secret.len() - checksum;
        secret.replace_range(at..=at, "z");
    }
}

/// For ids of requests, whose number depends on what a browser has kept.
pub(crate) fn same_each_time(bytes: &mut [u8]) {
    if is_on() {
        bytes.fill(0x5e);
    }
}
