//! Passwords: which are good enough, and their argon2id hashes.
//!
//! [`check`], [`hash`] and [`verify`] keep a processor busy for tens of milliseconds, so a server calls
//! them on the threads of `http::Hashing` only (clippy.toml).
#![allow(clippy::disallowed_methods, reason = "forbidden to all others")]

mod breached;

use argon2::{Algorithm, Argon2, Params, PasswordHash, PasswordHasher, PasswordVerifier, Version};
use rand::TryRng;
use rand::rngs::SysRng;

/// What a hash costs.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Cost {
    /// Memory in KiB.
    pub memory_kib: u32,
    /// Passes over it.
    pub passes: u32,
}

impl Cost {
    /// What OWASP's Password Storage Cheat Sheet asks of argon2id at least: 19 MiB, two passes, one lane.
    pub const OWASP: Cost = Cost { memory_kib: 19_456, passes: 2 };
    /// For tests only.
    pub const CHEAP: Cost = Cost { memory_kib: 64, passes: 1 };
}

/// Why a password is refused, in a sentence.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum Refused {
    /// Under 8 characters.
    #[error("Use at least 8 characters.")]
    TooShort,
    /// Over 128 characters.
    #[error("Use at most 128 characters.")]
    TooLong,
    /// Among those that are tried first.
    #[error(
        "This password is among those that are guessed first. Use another, three unrelated words for example."
    )]
    TooCommon,
    /// In a list of breached passwords.
    #[error(
        "This password was found in a breach of another site. Use another, three unrelated words for example."
    )]
    Breached,
    /// The name or address of whose it is, or the name of one of their accounts.
    #[error(
        "This password is your name, your address or your account's name. Use another, three unrelated words for example."
    )]
    Yours,
}

/// Below this many guesses (as a power of ten) a password is among those that are tried first.
const FEWEST_GUESSES_LOG10: f64 = 6.0;

/// The estimate looks at this many characters from the start. What it costs grows with the square of
/// their number: 128 characters that stand for letters take half a second, 40 take 90 ms.
const MOST_ESTIMATED: usize = 40;

/// Whether a password has a length that may be set, 8 to 128 characters. Costs next to nothing.
pub fn check_length(password: &str) -> Result<(), Refused> {
    match password.chars().count() {
        0..8 => Err(Refused::TooShort),
        129.. => Err(Refused::TooLong),
        _ => Ok(()),
    }
}

/// Whether a password may be set: 8 to 128 characters of any kind, neither breached nor one of the most common, nor
/// made of what others know of whose it is: `about` holds their name, address and accounts.
pub fn check(password: &str, about: &[String]) -> Result<(), Refused> {
    check_length(password)?;
    let own = plain(password);
    let local_parts = about.iter().filter_map(|text| Some(text.rsplit_once('@')?.0));
    if about.iter().map(String::as_str).chain(local_parts).any(|text| !own.is_empty() && plain(text) == own) {
        return Err(Refused::Yours);
    }
    if breached::contains(password) {
        return Err(Refused::Breached);
    }
    let start: String = password.chars().take(MOST_ESTIMATED).collect();
    let words = about.iter().flat_map(|text| text.split(|sign: char| !sign.is_alphanumeric()));
    let known: Vec<&str> = about.iter().map(String::as_str).chain(words).chain(["tokenhouse"]).collect();
    let estimate = zxcvbn::zxcvbn(&start, &known);
    if estimate.guesses_log10() < FEWEST_GUESSES_LOG10 { Err(Refused::TooCommon) } else { Ok(()) }
}

/// Letters and digits alone, in lower case: a full stop more or less makes no other password.
fn plain(text: &str) -> String {
    text.chars().filter(|sign| sign.is_alphanumeric()).flat_map(char::to_lowercase).collect()
}

/// The hash could not be made.
#[derive(Debug, thiserror::Error)]
#[error("the password could not be hashed: {0}")]
pub struct HashError(String);

/// Hashes a password into a PHC string with a salt of its own. Takes tens of milliseconds.
pub fn hash(password: &str, cost: Cost) -> Result<String, HashError> {
    let hash =
        hasher(cost)?.hash_password(password.as_bytes()).map_err(|error| HashError(error.to_string()))?;
    Ok(hash.to_string())
}

/// Whether the password is the one behind the hash; a hash that cannot be read fits none.
pub fn verify(password: &str, hash: &str) -> bool {
    Argon2::default().verify_password(password.as_bytes(), hash).is_ok()
}

/// Whether a hash costs less than new ones do. What can't be read is left as it is: it fits no password.
pub fn is_cheaper(hash: &str, cost: Cost) -> bool {
    let params = PasswordHash::new(hash).ok().and_then(|hash| Params::try_from(&hash).ok());
    let work = |memory: u32, passes: u32| u64::from(memory) * u64::from(passes);
    params.is_some_and(|of| work(of.m_cost(), of.t_cost()) < work(cost.memory_kib, cost.passes))
}

/// A password for a machine to make and a person to keep: 24 letters and digits.
pub fn random() -> Result<String, HashError> {
    const LETTERS: &[u8; 32] = b"abcdefghijkmnpqrstuvwxyz23456789";
    let mut bytes = [0_u8; 24];
    SysRng.try_fill_bytes(&mut bytes).map_err(|error| HashError(error.to_string()))?;
    Ok(bytes.iter().map(|byte| char::from(LETTERS[usize::from(byte % 32)])).collect())
}

fn hasher(cost: Cost) -> Result<Argon2<'static>, HashError> {
    let params =
        Params::new(cost.memory_kib, cost.passes, 1, None).map_err(|error| HashError(error.to_string()))?;
    Ok(Argon2::new(Algorithm::Argon2id, Version::V0x13, params))
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn eight_to_128_characters_of_any_kind_are_good_unless_they_are_common() {
        assert_eq!(check("k3v#9q2", &[]), Err(Refused::TooShort));
        assert_eq!(check("k3v#9q2x", &[]), Ok(()));
        assert_eq!(check(&"ünïcødé ".repeat(16), &[]), Ok(()));
        assert_eq!(check(&"x9".repeat(65), &[]), Err(Refused::TooLong));
        assert_eq!(check_length(&"x9".repeat(65)), Err(Refused::TooLong));
        assert_eq!(check_length("password"), Ok(()));
        for breached in ["password", "12345678", "iloveyou", "qwertyuiop", "aaaaaaaaaa", "Vov13kat11"] {
            assert_eq!(check(breached, &[]), Err(Refused::Breached), "{breached}");
        }
        for common in ["password123456", "P@ssw0rd2026", "tokenhouse"] {
            assert_eq!(check(common, &[]), Err(Refused::TooCommon), "{common}");
        }
    }

    #[test]
    fn what_others_know_of_a_person_is_no_password_for_them() {
        let about =
            ["liesbeth.vandersteen@ijsselmeer.example", "Liesbeth van der Steen", "Ĳsselmeer Zeilvaart"];
        let about = about.map(str::to_owned);
        for own in [
            "liesbeth.vandersteen@ijsselmeer.example",
            "Liesbeth.Vandersteen",
            "liesbethvandersteen",
            "LIESBETH VAN DER STEEN",
            "ĳsselmeer-zeilvaart",
        ] {
            assert_eq!(check(own, &about), Err(Refused::Yours), "{own}");
            assert_eq!(check(own, &[]), Ok(()), "{own}, for others");
        }
        for near in ["liesbeth26", "zeilvaart1", "Liesbeth!!"] {
            assert_eq!(check(near, &about), Err(Refused::TooCommon), "{near}");
        }
        assert_eq!(check("liesbeth k3v#9q2x", &about), Ok(()));
        assert_eq!(check("--------k3v#9q2x", &["-".to_owned(), String::new()]), Ok(()));
    }

    #[test]
    fn the_estimate_looks_at_the_first_40_characters() {
        let strong = "k3v#9q2x&Lw7!tZ";
        assert_eq!(check(&format!("{}{strong}", "a".repeat(40)), &[]), Err(Refused::TooCommon));
        assert_eq!(check(&format!("{}{strong}", "a".repeat(30)), &[]), Ok(()));
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(32))]
        #[test]
        fn no_password_brings_the_estimate_down(password in "\\PC{8,40}|[aB1İßŉ\u{301}\n]{8,40}") {
            let _ = check(&password, &[]);
        }
    }

    #[test]
    fn a_hash_fits_its_own_password_only_and_says_its_cost() {
        let hash = hash("correct horse", Cost::CHEAP).unwrap();
        assert!(hash.starts_with("$argon2id$v=19$m=64,t=1,p=1$"));
        assert!(verify("correct horse", &hash));
        assert!(!verify("correct horsf", &hash));
        assert!(!verify("correct horse", "nonsense"));
    }

    #[test]
    fn a_hash_is_cheaper_than_one_that_takes_more_memory_or_passes() {
        let of = |memory_kib, passes| Cost { memory_kib, passes };
        let hash = hash("correct horse", of(128, 2)).unwrap();
        for (cost, cheaper) in [
            (of(128, 2), false),
            (of(256, 1), false),
            (of(64, 2), false),
            (of(129, 2), true),
            (of(128, 3), true),
        ] {
            assert_eq!(is_cheaper(&hash, cost), cheaper, "{cost:?}");
        }
        assert!(!is_cheaper("nonsense", Cost::OWASP));
    }

    #[test]
    fn nothing_of_a_long_password_is_cut() {
        let long = "a".repeat(100);
        let hash = hash(&format!("{long}1"), Cost::CHEAP).unwrap();
        assert!(!verify(&format!("{long}2"), &hash));
    }
}
