//! `resource add|remove`: domains, each with its zone.

use super::{CliError, Opened, account_of, open, output};
use crate::config::DatabaseArgs;
use crate::db;
use crate::dns::models::domain::domain_name;
use crate::models::Resource;
use clap::{Args, Subcommand};
use std::io::BufRead;

#[derive(Subcommand)]
pub(super) enum ResourceCommand {
    /// Add domains with their zones.
    Add(DomainArgs),
    /// Remove domains with their zones.
    Remove(DomainArgs),
}

#[derive(Args)]
pub(super) struct DomainArgs {
    /// Number of the account.
    #[arg(long)]
    account: i64,
    /// Names of domains; `-` reads them from standard input, one a line.
    #[arg(required = true)]
    domains: Vec<String>,
    #[command(flatten)]
    database: DatabaseArgs,
}

pub(super) fn run(command: ResourceCommand) -> Result<(), CliError> {
    match command {
        ResourceCommand::Add(args) => add(args),
        ResourceCommand::Remove(args) => remove(args),
    }
}

fn add(args: DomainArgs) -> Result<(), CliError> {
    let names = names(args.domains)?;
    let Opened { _postgres, mut conn, origin } = open(args.database)?;
    let account = account_of(&mut conn, args.account)?;
    let added = db::in_one(&mut conn, |conn| Resource::add_domains(conn, account.id, &names, &origin))?;
    output::note(format!("{added} added, {} were there already.", names.len() - added));
    Ok(())
}

fn remove(args: DomainArgs) -> Result<(), CliError> {
    let names = names(args.domains)?;
    let Opened { _postgres, mut conn, origin } = open(args.database)?;
    let account = account_of(&mut conn, args.account)?;
    let removed = db::in_one(&mut conn, |conn| {
        let mut removed = 0;
        for name in &names {
            removed += usize::from(Resource::remove_domain(conn, account.id, name, &origin)?);
        }
        Ok::<_, CliError>(removed)
    })?;
    output::note(format!("{removed} removed, {} were not there.", names.len() - removed));
    Ok(())
}

fn names(given: Vec<String>) -> Result<Vec<String>, CliError> {
    let mut names = Vec::new();
    for name in given {
        if name == "-" {
            for line in std::io::stdin().lock().lines() {
                let line = line?;
                if !line.trim().is_empty() {
                    names.push(line);
                }
            }
        } else {
            names.push(name);
        }
    }
    let mut names: Vec<String> = names
        .iter()
        .map(|name| domain_name(name))
        .collect::<Result<_, _>>()
        .map_err(|why| CliError::said(why.to_string()))?;
    names.sort_unstable();
    names.dedup();
    Ok(names)
}
