//! The file that remembers the primaries, for all databases that this user's processes use.

use super::Known;
use std::collections::BTreeMap;
use std::fs::{self, OpenOptions};
use std::io::{self, ErrorKind, Write};
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};

const HEAD: &str = "# Written by Tokenhouse: the primary of each database that it used last.\n\
                    # After a restore or an upgrade of Postgres, `tokenhouse database accept` changes it.\n";

/// What it holds, by the names of databases; nothing if there is no file.
pub(super) fn read(file: &Path) -> io::Result<BTreeMap<String, Known>> {
    match fs::read_to_string(file) {
        Ok(text) => toml::from_str(&text)
            .map_err(|error| io::Error::new(ErrorKind::InvalidData, error.message().to_owned())),
        Err(error) if error.kind() == ErrorKind::NotFound => Ok(BTreeMap::new()),
        Err(error) => Err(error),
    }
}

/// Beside the old one, and renamed: a crash leaves one of the two, whole.
pub(super) fn write(file: &Path, all: &BTreeMap<String, Known>) -> io::Result<()> {
    let text = toml::to_string(all).map_err(io::Error::other)?;
    let mut fresh = file.as_os_str().to_owned();
    fresh.push(format!(".{}.new", std::process::id()));
    let fresh = PathBuf::from(fresh);
    let written = (|| {
        let mut new = OpenOptions::new().write(true).create(true).truncate(true).mode(0o600).open(&fresh)?;
        new.write_all(HEAD.as_bytes())?;
        new.write_all(text.as_bytes())?;
        new.sync_all()?;
        fs::rename(&fresh, file)
    })();
    if written.is_err() {
        fs::remove_file(&fresh).ok();
    }
    written
}

/// The folder that it's in.
pub(super) fn folder_of(file: &Path) -> &Path {
    file.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."))
}
