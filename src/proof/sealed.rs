//! Keys of apps as the database keeps them: encrypted by a key that is not in it.

use super::totp::AppKey;
use crate::policy::UserId;
use rand::TryRng;
use rand::rngs::SysRng;
use ring::aead::{AES_256_GCM, Aad, LessSafeKey, NONCE_LEN, Nonce, UnboundKey};
use secrecy::{ExposeSecret, SecretSlice};
use sha2::{Digest as _, Sha256};
use std::fmt;

/// The keys of the key file. The first seals; each opens, so that a new one can be put before an old one.
pub struct SealingKeys(Vec<LessSafeKey>);

impl fmt::Debug for SealingKeys {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "SealingKeys({})", self.0.len())
    }
}

impl SealingKeys {
    /// The keys of these lines of the file. `None` if there is none.
    pub fn new(lines: &[SecretSlice<u8>]) -> Option<SealingKeys> {
        let key = |line: &SecretSlice<u8>| {
            let key = UnboundKey::new(&AES_256_GCM, &Sha256::digest(line.expose_secret())).ok()?;
            Some(LessSafeKey::new(key))
        };
        let keys: Vec<LessSafeKey> = lines.iter().map(key).collect::<Option<_>>()?;
        (!keys.is_empty()).then_some(SealingKeys(keys))
    }

    /// Seals the key of a user's app: it opens for that user alone. `None` if the system has no randomness.
    pub fn seal(&self, user: UserId, key: &AppKey) -> Option<Vec<u8>> {
        let mut nonce = [0_u8; NONCE_LEN];
        SysRng.try_fill_bytes(&mut nonce).ok()?;
        let mut sealed = key.bytes().to_vec();
        let first = self.0.first()?;
        let of_user = Aad::from(user.get().to_be_bytes());
        first.seal_in_place_append_tag(Nonce::assume_unique_for_key(nonce), of_user, &mut sealed).ok()?;
        Some([&nonce, sealed.as_slice()].concat())
    }

    /// The key that was sealed for this user; `None` if no key of the file opens it.
    pub fn open(&self, user: UserId, sealed: &[u8]) -> Option<AppKey> {
        let (nonce, rest) = sealed.split_at_checked(NONCE_LEN)?;
        self.0.iter().find_map(|key| {
            let nonce = Nonce::try_assume_unique_for_key(nonce).ok()?;
            let mut rest = rest.to_vec();
            let opened = key.open_in_place(nonce, Aad::from(user.get().to_be_bytes()), &mut rest).ok()?;
            AppKey::new(opened.to_vec())
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn keys(lines: &[&str]) -> SealingKeys {
        let lines: Vec<_> = lines.iter().map(|line| SecretSlice::from(line.as_bytes().to_vec())).collect();
        SealingKeys::new(&lines).unwrap()
    }

    #[test]
    fn a_sealed_key_opens_for_its_user_and_with_its_key_alone_and_in_no_other_form() {
        let (app, one) = (AppKey::new((0..20).collect()).unwrap(), keys(&["one"]));
        let sealed = one.seal(7.into(), &app).unwrap();
        assert_eq!(one.open(7.into(), &sealed).unwrap().bytes(), app.bytes());
        assert_ne!(one.seal(7.into(), &app).unwrap(), sealed, "each time another nonce");
        assert!(one.open(8.into(), &sealed).is_none() && keys(&["two"]).open(7.into(), &sealed).is_none());
        for place in 0..sealed.len() {
            let mut other = sealed.clone();
            other[place] ^= 1;
            assert!(one.open(7.into(), &other).is_none(), "{place}");
            assert!(one.open(7.into(), &sealed[..place]).is_none(), "{place}");
        }
    }

    #[test]
    fn a_new_key_before_the_old_one_opens_what_that_one_sealed() {
        let app = AppKey::new(vec![9; 20]).unwrap();
        let old = keys(&["old"]).seal(1.into(), &app).unwrap();
        let both = keys(&["new", "old"]);
        assert!(both.open(1.into(), &old).is_some());
        assert!(keys(&["new"]).open(1.into(), &both.seal(1.into(), &app).unwrap()).is_some());
        assert!(SealingKeys::new(&[]).is_none());
    }
}
