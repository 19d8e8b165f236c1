//! Where PostgreSQL's server binaries are, and which of them fit.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use super::PrivateError;
use super::account::Account;

/// The oldest major version that the migrations are written for.
pub(super) const OLDEST_MAJOR: u32 = crate::db::requirements::OLDEST;
pub(super) const USUAL_FOLDERS: &str = "/usr/lib/postgresql/*/bin, /usr/pgsql-*/bin and Homebrew's folders";

const NEEDED: [&str; 4] = ["initdb", "pg_ctl", "postgres", "psql"];

/// A folder with all the binaries that are needed, of one version.
#[derive(Debug)]
pub(super) struct Binaries {
    folder: PathBuf,
}

impl Binaries {
    /// For an existing cluster the major version that made it, which alone can read it; else the
    /// first one in `PATH`, else the newest.
    pub(super) fn find(made_by: Option<u32>, data: &Path, account: &Account) -> Result<Self, PrivateError> {
        let mut found = BTreeMap::new();
        for folder in candidates() {
            let Some(major) = major_of(&folder, account) else {
                continue;
            };
            if made_by == Some(major) {
                return Ok(Self { folder });
            }
            if made_by.is_none() && major >= OLDEST_MAJOR {
                return Ok(Self { folder });
            }
            found.entry(major).or_insert(folder);
        }
        let Some((&newest, folder)) = found.last_key_value() else {
            return Err(PrivateError::NoBinaries);
        };
        match made_by {
            None => Err(PrivateError::TooOld { folder: folder.clone(), version: newest }),
            Some(made_by) => Err(PrivateError::OtherMajor {
                folder: data.to_path_buf(),
                made_by,
                installed: in_words(found.keys()),
            }),
        }
    }

    pub(super) fn path(&self, tool: &str) -> PathBuf {
        self.folder.join(tool)
    }
}

/// Every folder that holds all four, in the order in which they are preferred.
fn candidates() -> Vec<PathBuf> {
    let mut folders: Vec<PathBuf> =
        std::env::var_os("PATH").map(|path| std::env::split_paths(&path).collect()).unwrap_or_default();
    folders.extend(told_by_pg_config());
    folders.extend(versioned("/usr/lib/postgresql", "", "bin"));
    folders.extend(versioned("/usr", "pgsql-", "bin"));
    for homebrew in ["/opt/homebrew/opt", "/usr/local/opt"] {
        // Keg-only: Homebrew does not link versioned formulas into PATH.
        folders.extend(versioned(homebrew, "postgresql@", "bin"));
        folders.push(Path::new(homebrew).join("postgresql/bin"));
    }
    let mut seen = Vec::new();
    for folder in folders {
        // A symlink to one tool, such as /usr/local/bin/pg_ctl, is no installation.
        let complete = folder.is_absolute() && NEEDED.iter().all(|tool| folder.join(tool).is_file());
        if complete && !seen.contains(&folder) {
            seen.push(folder);
        }
    }
    seen
}

fn told_by_pg_config() -> Option<PathBuf> {
    let output = Command::new("pg_config").arg("--bindir").stderr(Stdio::null()).output().ok()?;
    let folder = String::from_utf8(output.stdout).ok()?;
    output.status.success().then(|| PathBuf::from(folder.trim()))
}

/// `PARENT/PREFIX17/SUFFIX` and the like, the newest first.
fn versioned(parent: &str, prefix: &str, suffix: &str) -> Vec<PathBuf> {
    let Ok(entries) = fs::read_dir(parent) else {
        return Vec::new();
    };
    let mut found: Vec<(u32, PathBuf)> = entries
        .flatten()
        .filter_map(|entry| {
            let name = entry.file_name();
            let version = name.to_str()?.strip_prefix(prefix)?.parse().ok()?;
            Some((version, entry.path().join(suffix)))
        })
        .collect();
    found.sort_by_key(|(version, _)| std::cmp::Reverse(*version));
    found.into_iter().map(|(_, folder)| folder).collect()
}

/// Run as the user who will run it, which also proves that it may.
fn major_of(folder: &Path, account: &Account) -> Option<u32> {
    let output =
        account.command(&folder.join("postgres")).arg("--version").stderr(Stdio::null()).output().ok()?;
    parse_major(&String::from_utf8_lossy(&output.stdout))
}

/// From "postgres (PostgreSQL) 15.14 (Debian 15.14-0+deb12u1)", "… 18beta1" or "… 9.6.24".
fn parse_major(text: &str) -> Option<u32> {
    let version = text.split_once("(PostgreSQL)")?.1.trim_start();
    let digits = version.find(|letter: char| !letter.is_ascii_digit()).unwrap_or(version.len());
    version.get(..digits)?.parse().ok()
}

fn in_words<'a>(versions: impl Iterator<Item = &'a u32>) -> String {
    let versions: Vec<String> = versions.map(ToString::to_string).collect();
    match versions.split_last() {
        Some((last, [])) => format!("only {last}"),
        Some((last, rest)) => format!("only {} and {last}", rest.join(", ")),
        None => "none".to_string(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_major_version_is_read_from_what_postgres_says_of_itself() {
        let debian = "postgres (PostgreSQL) 15.14 (Debian 15.14-0+deb12u1)\n";
        assert_eq!(parse_major(debian), Some(15));
        assert_eq!(parse_major("postgres (PostgreSQL) 18beta1\n"), Some(18));
        assert_eq!(parse_major("postgres (PostgreSQL) 9.6.24\n"), Some(9));
        assert_eq!(parse_major("postgres (PostgreSQL) 17\n"), Some(17));
        assert_eq!(parse_major("something else 17\n"), None);
        assert_eq!(parse_major("postgres (PostgreSQL) devel\n"), None);
    }

    #[test]
    fn installed_versions_are_named_as_a_person_would() {
        assert_eq!(in_words([15].iter()), "only 15");
        assert_eq!(in_words([13, 15, 17].iter()), "only 13, 15 and 17");
    }
}
