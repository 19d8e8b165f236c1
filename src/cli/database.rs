//! `database`: the Postgres that others run.

use super::{CliError, output};
use crate::config::{Database, DatabaseArgs};
use crate::db::Source;
use clap::Subcommand;

#[derive(Subcommand)]
pub(super) enum DatabaseCommand {
    /// Use the server that is the primary now, after a restore or an upgrade of Postgres.
    ///
    /// A node refuses a primary that may be out of date: one on an older timeline than it has seen, or
    /// another system. This makes the one that answers now the one that is used. Run it on each machine
    /// that has a node; it isn't restarted by this.
    Accept(DatabaseArgs),
}

pub(super) fn run(command: DatabaseCommand) -> Result<(), CliError> {
    let DatabaseCommand::Accept(args) = command;
    match args.resolve()? {
        Database::Url { url, primary_file } => {
            let accepted = Source::new(url, primary_file).accept()?;
            output::note(format!(
                "The server at {}, on timeline {}, is the one that is used from now on.",
                accepted.server, accepted.timeline
            ));
            Ok(())
        }
        Database::Private { .. } => Err(CliError::said(
            "There is nothing to accept: the private Postgres has no other that could take its place.",
        )),
    }
}
