//! Files with keys, for what is kept outside of the database: the key that signs the cookies, and those that
//! encrypt the keys of authenticator apps.

use super::ConfigError;
use crate::db::private::effective_uid;
use crate::proof::sealed::SealingKeys;
use rand::TryRng;
use rand::rngs::SysRng;
use secrecy::SecretSlice;
use sha2::{Digest, Sha512};
use std::fmt::Write as _;
use std::fs::{File, OpenOptions};
use std::io::{self, Read, Write as _};
use std::os::unix::fs::{MetadataExt, OpenOptionsExt};
use std::path::{Path, PathBuf};

/// `openssl rand -hex 32` writes as many characters: 256 random bits.
const SHORTEST: usize = 64;
/// A file that is larger isn't a key.
const LONGEST: u64 = 65_536;

/// What the keys of authenticator apps are encrypted by.
#[derive(Debug, Clone)]
pub enum SealingKey {
    /// The lines of a file that was named.
    Lines(Vec<SecretSlice<u8>>),
    /// A file beside the private Postgres, which is created at the first start.
    Own(PathBuf),
    /// Nothing: nobody can use an app.
    None,
}

impl SealingKey {
    /// The keys; creates the file beside the private Postgres where it isn't there yet.
    ///
    /// # Errors
    /// When that can't be created or read.
    pub fn open(&self) -> Result<Option<SealingKeys>, ConfigError> {
        let lines = match self {
            SealingKey::None => return Ok(None),
            SealingKey::Lines(lines) => lines.clone(),
            SealingKey::Own(path) => {
                create_if_missing(path).map_err(|error| {
                    ConfigError(format!("the key in {} can't be created ({error})", path.display()))
                })?;
                read_lines(path)?
            }
        };
        Ok(SealingKeys::new(&lines))
    }
}

/// Whole or not at all: half a key would be refused at each start.
fn create_if_missing(path: &Path) -> io::Result<()> {
    if path.try_exists()? {
        return Ok(());
    }
    let mut bytes = [0_u8; SHORTEST / 2];
    SysRng.try_fill_bytes(&mut bytes).map_err(io::Error::other)?;
    let mut text = bytes.iter().fold(String::new(), |mut text, byte| {
        let _ = write!(text, "{byte:02x}");
        text
    });
    text.push('\n');
    let begun = path.with_extension("new");
    let mut file = OpenOptions::new().write(true).create(true).truncate(true).mode(0o600).open(&begun)?;
    file.write_all(text.as_bytes())?;
    file.sync_all()?;
    std::fs::rename(&begun, path)
}

/// The key in this file: 64 bytes, made from all of it, so that it may be written in any form.
pub(super) fn read(path: &Path) -> Result<SecretSlice<u8>, ConfigError> {
    let text = checked(path)?;
    Ok(SecretSlice::from(Sha512::digest(text.trim_ascii()).to_vec()))
}

/// The keys in this file, one a line.
pub(super) fn read_lines(path: &Path) -> Result<Vec<SecretSlice<u8>>, ConfigError> {
    let text = checked(path)?;
    let lines = text.split(|byte| *byte == b'\n').map(<[u8]>::trim_ascii).filter(|line| !line.is_empty());
    lines
        .map(|line| match line.len() {
            SHORTEST.. => Ok(SecretSlice::from(line.to_vec())),
            length => Err(refused(
                path,
                format!("one of its lines has {length} characters, and each needs {SHORTEST} or more"),
            )),
        })
        .collect()
}

fn refused(path: &Path, why: String) -> ConfigError {
    ConfigError(format!("the key in {} can't be used: {why}", path.display()))
}

/// What is in the file, if nobody else can read or change it and it's long enough for a key.
fn checked(path: &Path) -> Result<Vec<u8>, ConfigError> {
    let refused = |why: String| refused(path, why);
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
    Ok(text)
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
    fn each_line_of_a_file_is_a_key_and_a_missing_file_of_ones_own_is_created_once() {
        let (one, two) = ("a1".repeat(32), "b2".repeat(32));
        let lines = read_lines(file(&format!("{one}\n\n{two}\n"), 0o600).path()).unwrap();
        assert_eq!((lines.len(), lines[1].expose_secret()), (2, two.as_bytes()));
        let short = read_lines(file(&format!("{one}\nshort\n"), 0o600).path()).unwrap_err().to_string();
        assert!(short.contains("one of its lines has 5 characters"), "{short}");
        let folder = tempfile::tempdir().unwrap();
        let own = SealingKey::Own(folder.path().join("own.key"));
        let app = crate::proof::totp::AppKey::new(vec![7; 20]).unwrap();
        let sealed = own.open().unwrap().unwrap().seal(1.into(), &app).unwrap();
        assert!(own.open().unwrap().unwrap().open(1.into(), &sealed).is_some(), "the same at the next start");
        assert_eq!(std::fs::metadata(folder.path().join("own.key")).unwrap().mode() & 0o777, 0o600);
        assert!(SealingKey::None.open().unwrap().is_none());
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
