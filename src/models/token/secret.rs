//! The secret: the text that is shown once, and what is kept of it.
//!
//! `<brand>_a_` (account) or `<brand>_u_` (user), 30 base62 characters (178 bits) from the
//! operating system, and 6 of CRC-32 over all before them, base62, zero-padded.

use rand::TryRng;
use rand::rngs::SysRng;
use secrecy::{ExposeSecret, SecretString};
use sha2::{Digest as _, Sha256};
use std::fmt;

const BASE62: &[u8; 62] = b"0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";
const RANDOM: usize = 30;
const CHECK: usize = 6;

/// Whose token a secret opens.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// An account's.
    Account,
    /// A user's.
    User,
}

impl Kind {
    /// As the database spells it.
    pub fn key(self) -> &'static str {
        match self {
            Kind::Account => "account",
            Kind::User => "user",
        }
    }

    fn letter(self) -> char {
        match self {
            Kind::Account => 'a',
            Kind::User => 'u',
        }
    }
}

/// A new secret. It prints as nothing.
#[derive(Debug)]
pub struct Secret(SecretString);

/// What is stored of a secret: its SHA-256. It prints as its type's name.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub struct Digest([u8; 32]);

/// No randomness could be had.
#[derive(Debug, thiserror::Error)]
#[error("the operating system gave no randomness: {0}")]
pub struct NoRandomness(String);

impl Secret {
    /// Makes one from the operating system's randomness.
    pub fn generate(brand: &str, kind: Kind) -> Result<Secret, NoRandomness> {
        let mut text = format!("{brand}_{}_", kind.letter());
        let length = text.len() + RANDOM;
        while text.len() < length {
            let mut bytes = [0_u8; RANDOM];
            fill(&mut bytes)?;
            // 248 is the largest multiple of 62 in a byte: what lies above would favour some letters.
            let fair = bytes.iter().filter(|byte| **byte < 248);
            text.extend(
                fair.map(|byte| char::from(BASE62[usize::from(byte % 62)])).take(length - text.len()),
            );
        }
        text.push_str(&checksum(&text));
        #[cfg(feature = "screenshots")]
        crate::models::example::spoil(&mut text, CHECK);
        Ok(Secret(SecretString::from(text)))
    }

    /// The text itself, for the one answer that shows it.
    pub fn expose(&self) -> &str {
        self.0.expose_secret()
    }

    /// What is stored of it.
    pub fn digest(&self) -> Digest {
        Digest::of(self.expose())
    }

    /// Prefix and last four characters.
    pub fn hint(&self) -> String {
        let text = self.expose();
        let prefix = text.len() - RANDOM - CHECK;
        format!("{}…{}", &text[..prefix], &text[text.len() - 4..])
    }
}

impl Digest {
    /// Of any text.
    pub fn of(text: &str) -> Digest {
        Digest(Sha256::digest(text.as_bytes()).into())
    }

    /// One that the database keeps.
    pub(super) fn stored(bytes: &[u8]) -> Option<Digest> {
        Some(Digest(bytes.try_into().ok()?))
    }

    /// As the database keeps it.
    pub fn bytes(&self) -> &[u8] {
        &self.0
    }
}

impl fmt::Debug for Digest {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str("Digest")
    }
}

/// Whether secrets may begin with this word: 2 to 10 lower-case letters and digits, a letter first.
pub fn is_brand(word: &str) -> bool {
    (2..=10).contains(&word.len())
        && word.starts_with(|first: char| first.is_ascii_lowercase())
        && word.bytes().all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit())
}

/// The digest of what a caller presents, if it has the shape of a secret and a right checksum; a
/// typo ends here, without a query. Any brand is looked up: brands change, old tokens go on.
pub fn presented(text: &str) -> Option<Digest> {
    let body = text.len().checked_sub(RANDOM + CHECK)?;
    if !text.is_ascii() {
        return None;
    }
    let mut prefix = text[..body].split('_');
    let (brand, kind) = (prefix.next()?, prefix.next()?);
    let ends = prefix.next() == Some("") && prefix.next().is_none();
    let fits = ends
        && is_brand(brand)
        && matches!(kind, "a" | "u" | "s")
        && text[body..].bytes().all(|byte| byte.is_ascii_alphanumeric())
        && checksum(&text[..text.len() - CHECK]) == text[text.len() - CHECK..];
    fits.then(|| Digest::of(text))
}

/// The digest of the first secret that stands in a text, such as a line of a log.
pub fn presented_in(text: &str) -> Option<Digest> {
    first_in(text).map(Digest::of)
}

/// The last four characters of the first secret that stands in a text: enough to look for its token,
/// and they may stand in an address.
pub fn end_in(text: &str) -> Option<&str> {
    let secret = first_in(text)?;
    secret.get(secret.len() - 4..)
}

fn fill(bytes: &mut [u8]) -> Result<(), NoRandomness> {
    #[cfg(feature = "screenshots")]
    if crate::models::example::fill(bytes) {
        return Ok(());
    }
    SysRng.try_fill_bytes(bytes).map_err(|error| NoRandomness(error.to_string()))
}

fn first_in(text: &str) -> Option<&str> {
    text.split(|sign: char| !sign.is_ascii_alphanumeric() && sign != '_')
        .find(|word| presented(word).is_some())
}

fn checksum(text: &str) -> String {
    let mut rest = crc32fast::hash(text.as_bytes());
    let mut digits = [b'0'; CHECK];
    for digit in digits.iter_mut().rev() {
        *digit = BASE62[(rest % 62) as usize];
        rest /= 62;
    }
    digits.iter().map(|digit| char::from(*digit)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn a_secret_has_the_brand_the_kind_and_thirty_six_characters() {
        let secret = Secret::generate("tkh", Kind::Account).unwrap();
        let text = secret.expose();
        assert!(text.starts_with("tkh_a_"));
        assert_eq!(text.len(), "tkh_a_".len() + 36);
        assert_eq!(presented(text), Some(secret.digest()));
        assert_eq!(secret.hint(), format!("tkh_a_…{}", &text[text.len() - 4..]));
    }

    #[test]
    fn neither_secret_nor_digest_prints_what_it_holds() {
        let secret = Secret::generate("tkh", Kind::User).unwrap();
        let printed = format!("{secret:?} {:?}", secret.digest());
        assert!(!printed.contains(&secret.expose()[6..]));
        assert!(printed.ends_with(" Digest"));
    }

    #[test]
    fn any_brand_of_the_right_shape_is_looked_up_and_nothing_else() {
        for brand in ["ab", "tokenhouse", "a1"] {
            let secret = Secret::generate(brand, Kind::Account).unwrap();
            assert!(presented(secret.expose()).is_some(), "{brand}");
        }
        for brand in ["a", "Tkh", "1ab", "elevenchars", "a-b"] {
            let secret = Secret::generate(brand, Kind::Account).unwrap();
            assert!(presented(secret.expose()).is_none(), "{brand}");
        }
    }

    #[test]
    fn a_secret_is_found_in_the_line_that_it_stands_in() {
        let secret = Secret::generate("tkh", Kind::User).unwrap();
        let text = secret.expose();
        for line in
            [format!("Authorization: Bearer {text}"), format!("TOKEN=\"{text}\";"), format!(" {text}\n")]
        {
            assert_eq!(presented_in(&line), Some(secret.digest()));
            assert_eq!(end_in(&line), Some(&text[text.len() - 4..]));
        }
        for other in ["", "tkh_u_", &text[1..], &format!("x{text}")] {
            assert_eq!((presented_in(other), end_in(other)), (None, None));
        }
    }

    proptest! {
        #[test]
        fn one_wrong_character_is_noticed_without_a_query(place in 0_usize..42, letter in "[0-9A-Za-z_ é]") {
            let secret = Secret::generate("tkh", Kind::Account).unwrap();
            let mut typed: Vec<String> = secret.expose().chars().map(String::from).collect();
            prop_assume!(typed[place] != letter);
            // Within the brand another letter makes another brand, whose checksum is then wrong.
            typed[place] = letter;
            prop_assert_eq!(presented(&typed.concat()), None);
        }

        #[test]
        fn no_text_brings_the_check_down(text in ".{0,80}") {
            presented(&text);
        }
    }
}
