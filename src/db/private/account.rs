//! Who runs Postgres. It refuses to run as root, so root becomes somebody else for it.

use std::fs::{self, DirBuilder};
use std::io;
use std::os::unix::fs::{DirBuilderExt, MetadataExt, chown};
use std::os::unix::process::CommandExt;
use std::path::Path;
use std::process::{Command, Stdio};

use super::PrivateError;

/// What programs and libraries are found by, and the local time of the log.
const PASSED_ON: [&str; 4] = ["PATH", "LD_LIBRARY_PATH", "DYLD_LIBRARY_PATH", "TZ"];

/// The user of this process.
#[derive(Debug)]
pub(super) struct Me {
    pub(super) uid: u32,
    pub(super) name: String,
}

impl Me {
    pub(super) fn current() -> Result<Self, PrivateError> {
        let uid =
            effective_uid().ok_or_else(|| PrivateError::NoName { uid: "of this process".to_string() })?;
        Ok(Self { uid, name: name_of(uid)? })
    }

    pub(super) fn is_root(&self) -> bool {
        self.uid == 0
    }
}

/// The user that Postgres runs as, and whether this process has to become it.
#[derive(Debug)]
pub(super) struct Account {
    pub(super) name: String,
    become_ids: Option<(u32, u32)>,
}

impl Account {
    /// For an existing cluster, to whom it belongs: neither a later installation of the user
    /// `postgres` nor a start as root changes that.
    pub(super) fn for_cluster(cluster: &Path, me: &Me) -> Result<Self, PrivateError> {
        let owner = fs::metadata(cluster).ok().map(|folder| folder.uid());
        match owner {
            Some(0) => Err(PrivateError::OwnedByRoot { folder: cluster.to_path_buf() }),
            Some(owner) if me.is_root() => {
                let name = name_of(owner)?;
                Self::other(&name).ok_or(PrivateError::NoName { uid: owner.to_string() })
            }
            Some(owner) if owner != me.uid => Err(PrivateError::OtherOwner {
                folder: cluster.to_path_buf(),
                owner: name_of(owner).unwrap_or_else(|_| owner.to_string()),
                user: me.name.clone(),
            }),
            None if me.is_root() => {
                Self::other("postgres").or_else(|| Self::other("nobody")).ok_or(PrivateError::NobodyToDropTo)
            }
            _ => Ok(Self { name: me.name.clone(), become_ids: None }),
        }
    }

    fn other(name: &str) -> Option<Self> {
        let uid = id(&["-u", name])?.parse().ok()?;
        let gid = id(&["-g", name])?.parse().ok()?;
        Some(Self { name: name.to_string(), become_ids: Some((uid, gid)) })
    }

    /// A command to be run as this user. The standard library drops all supplementary groups
    /// when root becomes another user (a test asks `id`). Of the environment it gets what finds programs and
    /// libraries: neither secrets from here, nor settings meant for other Postgres servers.
    pub(super) fn command(&self, program: &Path) -> Command {
        let mut command = Command::new(program);
        command.current_dir("/").env_clear().env("LC_ALL", "C");
        for name in PASSED_ON {
            if let Some(value) = std::env::var_os(name) {
                command.env(name, value);
            }
        }
        if let Some((uid, gid)) = self.become_ids {
            command.uid(uid).gid(gid);
        }
        command
    }

    /// Makes a folder that belongs to this user alone.
    pub(super) fn make_folder(&self, folder: &Path) -> io::Result<()> {
        DirBuilder::new().mode(0o700).create(folder)?;
        match self.become_ids {
            Some((uid, gid)) => chown(folder, Some(uid), Some(gid)),
            None => Ok(()),
        }
    }

    pub(super) fn uid(&self, me: &Me) -> u32 {
        self.become_ids.map_or(me.uid, |(uid, _)| uid)
    }
}

/// Asked from the system's own tool: the standard library does not tell, and users need not stand
/// in /etc/passwd.
fn id(arguments: &[&str]) -> Option<String> {
    // A service manager may start this with hardly any PATH.
    let output = ["id", "/usr/bin/id", "/bin/id"].iter().find_map(|tool| {
        let mut id = Command::new(tool);
        id.args(arguments).stderr(Stdio::null()).output().ok()
    })?;
    let text = String::from_utf8(output.stdout).ok()?;
    (output.status.success() && !text.trim().is_empty()).then(|| text.trim().to_string())
}

fn name_of(uid: u32) -> Result<String, PrivateError> {
    id(&["-un", &uid.to_string()]).ok_or(PrivateError::NoName { uid: uid.to_string() })
}

/// The number of the user that this process runs as.
pub(crate) fn effective_uid() -> Option<u32> {
    id(&["-u"])?.parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn root_becomes_another_user_without_keeping_any_group_of_its_own() {
        if effective_uid() != Some(0) {
            return;
        }
        let Some(nobody) = Account::other("nobody") else {
            return;
        };
        let output = nobody.command(Path::new("id")).arg("-G").output().unwrap();
        let groups = String::from_utf8(output.stdout).unwrap();
        let (_, gid) = nobody.become_ids.unwrap();
        assert_eq!(groups.trim(), gid.to_string());
    }

    #[test]
    fn neither_secrets_nor_settings_for_other_postgres_servers_reach_this_one() {
        let account = Account { name: "someone".to_string(), become_ids: None };
        let output = account.command(Path::new("env")).output().unwrap();
        let text = String::from_utf8(output.stdout).unwrap();
        let names: Vec<&str> = text.lines().filter_map(|line| Some(line.split_once('=')?.0)).collect();
        assert!(names.contains(&"PATH") && std::env::vars_os().count() > names.len(), "{names:?}");
        assert!(names.iter().all(|name| *name == "LC_ALL" || PASSED_ON.contains(name)), "{names:?}");
    }
}
