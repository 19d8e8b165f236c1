//! The installed binaries, at work.

use super::account::Account;
use super::binaries::Binaries;
use super::error::PrivateError;
use std::path::Path;
use std::process::{Command, Output, Stdio};

/// The installed binaries, and the user to run them as.
#[derive(Debug)]
pub(super) struct Tools {
    pub(super) binaries: Binaries,
    pub(super) account: Account,
}

impl Tools {
    pub(super) fn command(&self, tool: &'static str) -> Command {
        self.account.command(&self.binaries.path(tool))
    }

    pub(super) fn run(&self, command: &mut Command) -> Result<Output, PrivateError> {
        run(command)
    }

    /// `pg_ctl status` answers 0 for a running server, 3 for none, 4 for no data folder.
    pub(super) fn is_running(&self, cluster: &Path) -> Result<bool, PrivateError> {
        let output = self.run(self.command("pg_ctl").arg("status").arg("-D").arg(cluster))?;
        Ok(output.status.success())
    }

    /// Asks the system itself, by changing into the folder as that user: modes alone are not the
    /// whole truth.
    pub(super) fn check_reachable(&self, folder: &Path) -> Result<(), PrivateError> {
        let enters = |folder: &Path| {
            let mut probe = self.command("postgres");
            run(probe.arg("--version").current_dir(folder)).is_ok()
        };
        if enters(folder) {
            return Ok(());
        }
        let mut parents: Vec<&Path> = folder.ancestors().collect();
        parents.reverse();
        let closed = parents.into_iter().find(|parent| !enters(parent));
        Err(PrivateError::NotReachable {
            parent: closed.unwrap_or(folder).to_path_buf(),
            folder: folder.to_path_buf(),
            user: self.account.name.clone(),
        })
    }
}

pub(super) fn run(command: &mut Command) -> Result<Output, PrivateError> {
    let tool = command.get_program().to_string_lossy().into_owned();
    command.stdin(Stdio::null()).output().map_err(|source| PrivateError::NotRun {
        tool: match tool.rsplit('/').next() {
            Some("initdb") => "initdb",
            Some("pg_ctl") => "pg_ctl",
            Some("psql") => "psql",
            _ => "postgres",
        },
        source,
    })
}

/// What a tool gave as its reason, without time and name in front.
pub(super) fn last_words(output: &Output) -> String {
    let said =
        String::from_utf8_lossy(&output.stderr).into_owned() + &String::from_utf8_lossy(&output.stdout);
    let marked = ["FATAL:", "ERROR:", "error:"]
        .iter()
        .find_map(|mark| Some(said.lines().find_map(|line| line.split_once(mark))?.1));
    let last = said.lines().rev().find(|line| !line.trim().is_empty());
    match marked.or(last) {
        Some(reason) => reason.trim().trim_end_matches('.').to_string(),
        None => output.status.to_string(),
    }
}
