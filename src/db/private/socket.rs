//! Where the unix socket goes. Its whole path is limited by the system, far below what a data
//! folder may be called.

use std::fs;
use std::io;
use std::os::unix::ffi::OsStrExt;
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};

use super::account::{Account, Me};
use super::{PORT, PrivateError};

/// macOS has room for 104 bytes with the final NUL, Linux for 108.
const LONGEST: usize = 103;

/// In the data folder where that fits, else under a short folder, named after the data folder.
pub(super) fn folder(data: &Path, runtime: Option<&Path>) -> PathBuf {
    let name = format!("tokenhouse-{:016x}", fingerprint(data.as_os_str().as_bytes()));
    let usual = data.join("socket");
    let short = runtime.map(|runtime| runtime.join(&name));
    std::iter::once(usual)
        .chain(short)
        .find(|folder| fits(folder))
        .unwrap_or_else(|| Path::new("/tmp").join(name))
}

/// Postgres takes a comma for the start of the next folder, and a double quote for the start of a
/// quoted name.
fn fits(folder: &Path) -> bool {
    let bytes = folder.as_os_str().as_bytes();
    let whole = bytes.len() + format!("/.s.PGSQL.{PORT}").len();
    whole <= LONGEST && folder.to_str().is_some() && !bytes.iter().any(|byte| b",\"".contains(byte))
}

/// A short folder in which only this user, or only root, can make something.
pub(super) fn runtime_folder(me: &Me) -> Option<PathBuf> {
    if me.is_root() {
        return Some(PathBuf::from("/run")).filter(|folder| folder.is_dir());
    }
    let folder = PathBuf::from(std::env::var_os("XDG_RUNTIME_DIR")?);
    folder.is_dir().then_some(folder)
}

/// Makes it for the user who runs Postgres, or accepts one from an earlier start if it is that
/// user's own: /tmp is everybody's, and a folder made by somebody else is a trap.
pub(super) fn make(folder: &Path, account: &Account, me: &Me) -> Result<(), PrivateError> {
    let refused = |source| PrivateError::NoSocket { folder: folder.to_path_buf(), source };
    match account.make_folder(folder) {
        Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {
            let found = fs::symlink_metadata(folder).map_err(refused)?;
            if found.is_dir() && found.uid() == account.uid(me) && found.mode() & 0o022 == 0 {
                Ok(())
            } else {
                Err(refused(io::Error::other("it was made by somebody else")))
            }
        }
        other => other.map_err(refused),
    }
}

/// FNV-1a: the name must be the same at the next start, which the standard hasher does not promise.
fn fingerprint(bytes: &[u8]) -> u64 {
    bytes
        .iter()
        .fold(0xcbf2_9ce4_8422_2325, |hash, byte| (hash ^ u64::from(*byte)).wrapping_mul(0x0100_0000_01b3))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_socket_is_in_the_data_folder_when_its_path_is_short_enough() {
        assert_eq!(
            folder(Path::new("/var/lib/tokenhouse"), Some(Path::new("/run"))),
            Path::new("/var/lib/tokenhouse/socket")
        );
    }

    #[test]
    fn a_path_of_103_bytes_still_fits_and_one_more_does_not() {
        let room = LONGEST - "/socket/.s.PGSQL.5432".len();
        let longest = format!("/{}", "d".repeat(room - 1));
        assert!(folder(Path::new(&longest), None).starts_with(&longest));
        let too_long = format!("{longest}d");
        assert!(folder(Path::new(&too_long), None).starts_with("/tmp"));
    }

    #[test]
    fn a_long_data_folder_gets_a_short_socket_folder_of_its_own() {
        let one = format!("/home/{}", "a".repeat(120));
        let other = format!("/home/{}", "b".repeat(120));
        let runtime = Some(Path::new("/run/user/1000"));
        let socket = folder(Path::new(&one), runtime);
        assert!(socket.starts_with("/run/user/1000") && fits(&socket));
        assert_eq!(socket, folder(Path::new(&one), runtime));
        assert_ne!(socket, folder(Path::new(&other), runtime));
    }

    #[test]
    fn a_folder_that_postgres_would_take_for_a_list_is_avoided() {
        assert!(folder(Path::new("/srv/a,b"), None).starts_with("/tmp"));
        assert!(folder(Path::new("/srv/a\"b"), None).starts_with("/tmp"));
    }
}
