//! Links that open something once: what they hold is known to whoever has them, and to nobody else.

use rand::TryRng;
use rand::rngs::SysRng;
use secrecy::{ExposeSecret, SecretString};
use sha2::{Digest as _, Sha256};

use crate::db::DbError;

/// Letters and digits that nobody takes for others, 32 of them.
const LETTERS: &[u8; 32] = b"abcdefghijkmnpqrstuvwxyz23456789";
/// 40 of 32 letters are 200 bits.
const LENGTH: usize = 40;

/// What a link holds. It prints as nothing.
#[derive(Debug, Clone)]
pub struct LinkSecret(SecretString);

impl LinkSecret {
    /// Makes one from the operating system's randomness.
    pub fn generate() -> Result<LinkSecret, DbError> {
        let mut bytes = [0_u8; LENGTH];
        fill(&mut bytes)?;
        let text: String = bytes.iter().map(|byte| char::from(LETTERS[usize::from(byte % 32)])).collect();
        Ok(LinkSecret(SecretString::from(text)))
    }

    /// The text itself, for the one place that it goes to.
    pub fn expose(&self) -> &str {
        self.0.expose_secret()
    }

    /// What is stored of it.
    pub fn digest(&self) -> [u8; 32] {
        digest(self.expose())
    }
}

/// The digest of what somebody presents, if it has the form of one.
pub fn presented(text: &str) -> Option<[u8; 32]> {
    (text.len() == LENGTH && text.bytes().all(|byte| LETTERS.contains(&byte))).then(|| digest(text))
}

/// Fills with the operating system's randomness.
pub(super) fn fill(bytes: &mut [u8]) -> Result<(), DbError> {
    #[cfg(feature = "screenshots")]
    if super::example::fill(bytes) {
        return Ok(());
    }
    SysRng.try_fill_bytes(bytes).map_err(|error| DbError::Corrupt(error.to_string()))
}

fn digest(text: &str) -> [u8; 32] {
    Sha256::digest(text.as_bytes()).into()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_link_holds_forty_letters_and_prints_none_of_them() {
        let secret = LinkSecret::generate().unwrap();
        assert_eq!(presented(secret.expose()), Some(secret.digest()));
        assert!(!format!("{secret:?}").contains(secret.expose()));
        for other in ["", "a", &secret.expose()[1..], &secret.expose().to_uppercase(), &"0".repeat(40)] {
            assert_eq!(presented(other), None, "{other}");
        }
    }
}
