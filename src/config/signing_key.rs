//! The file that the signing key comes from, for those who keep secrets outside of the database.

use super::ConfigError;
use crate::db::private::effective_uid;
use secrecy::SecretSlice;
use sha2::{Digest, Sha512};
use std::fs::File;
use std::io::Read;
use std::os::unix::fs::MetadataExt;
use std::path::Path;

/// `openssl rand -hex 32` writes as many characters: 256 random bits.
const SHORTEST: usize = 64;
/// A file that is larger isn't a key.
const LONGEST: u64 = 65_536;

/// The key in this file: 64 bytes, made from all of it, so that it may be written in any form.
pub(super) fn read(path: &Path) -> Result<SecretSlice<u8>, ConfigError> {
    let refused =
        |why: String| ConfigError(format!("the signing key in {} can't be used: {why}", path.display()));
    let unreadable = |error| refused(format!("the file can't be read ({error})"));
    let file = File::open(path).map_err(unreadable)?;
    let about = file.metadata().map_err(unreadable)?;
    if !about.is_file() {
        return Err(refused("it isn't a file".to_owned()));
    }
    // As Postgres does it with the key of its certificate: a group may read what belongs to root.
    let (mode, owner) = (about.mode() & 0o777, about.uid());
    let is_ours = effective_uid() == Some(owner);
    let allowed = if owner == 0 { 0o740 } else { 0o700 };
    if !is_ours && owner != 0 {
        return Err(refused("it belongs to another user, who could read and change it".to_owned()));
    }
    if mode & !allowed != 0 {
        return Err(refused(format!(
            "other users may read or change it (its mode is {mode:04o}); say: chmod 600 {}",
            path.display()
        )));
    }
    let mut text = Vec::new();
    file.take(LONGEST + 1).read_to_end(&mut text).map_err(unreadable)?;
    let key = text.trim_ascii();
    if key.len() < SHORTEST {
        return Err(refused(format!(
            "it has {} characters and needs {SHORTEST} or more; create one with: openssl rand -hex 32",
            key.len()
        )));
    }
    if u64::try_from(text.len()).is_ok_and(|length| length > LONGEST) {
        return Err(refused(format!("it is larger than {LONGEST} bytes")));
    }
    Ok(SecretSlice::from(Sha512::digest(key).to_vec()))
}

#[cfg(test)]
mod tests {
    use super::*;
    use secrecy::ExposeSecret;
    use std::os::unix::fs::PermissionsExt;

    fn file(text: &str, mode: u32) -> tempfile::NamedTempFile {
        let file = tempfile::NamedTempFile::new().unwrap();
        std::fs::write(file.path(), text).unwrap();
        std::fs::set_permissions(file.path(), std::fs::Permissions::from_mode(mode)).unwrap();
        file
    }

    fn key(text: &str) -> Vec<u8> {
        read(file(text, 0o600).path()).unwrap().expose_secret().to_vec()
    }

    #[test]
    fn the_key_is_made_from_all_of_the_file_but_a_line_end() {
        let (one, other) = ("a1".repeat(32), format!("{}b2", "a1".repeat(31)));
        assert_eq!((key(&one).len(), key(&one)), (64, key(&format!("{one}\n"))));
        assert_ne!(key(&one), key(&other));
    }

    #[test]
    fn a_key_that_others_can_read_or_guess_or_that_is_not_there_is_refused_in_words() {
        let long = "secret-".repeat(10);
        let folder = tempfile::tempdir().unwrap();
        let missing = folder.path().join("missing");
        for (path, why) in [
            (missing.as_path(), "the file can't be read (No such file"),
            (folder.path(), "it isn't a file"),
            (
                file(&long, 0o604).into_temp_path().as_ref(),
                "other users may read or change it (its mode is 0604)",
            ),
            (
                file(&long, 0o620).into_temp_path().as_ref(),
                "other users may read or change it (its mode is 0620)",
            ),
            (file("secret-short\n", 0o600).into_temp_path().as_ref(), "it has 12 characters and needs 64"),
            (file(&long.repeat(1_000), 0o600).into_temp_path().as_ref(), "larger than 65536"),
        ] {
            let said = read(path).unwrap_err().to_string();
            assert!(said.contains(why) && !said.contains("secret-"), "{said}");
            assert_eq!(said.lines().count(), 1, "{said}");
        }
    }
}
