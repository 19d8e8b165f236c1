//! `resource add|remove|import`.

mod import;

use super::{CliError, Opened, account_of, open, output, product};
use crate::config::{CatalogueArgs, DatabaseArgs};
use crate::db;
use crate::extension::{Extension, Product};
use crate::models::{Hooks, Resource};
use crate::policy::{AccountId, Kind};
use clap::{Args, Subcommand};
use std::io::BufRead;

#[derive(Subcommand)]
pub(super) enum ResourceCommand {
    /// Add resources of an account.
    Add(AddArgs),
    /// Remove resources of an account.
    Remove(ResourceArgs),
    /// Make a file the whole list of an account's resources of a kind: all of it, or nothing.
    Import(import::ImportArgs),
}

#[derive(Args)]
pub(super) struct AddArgs {
    /// What people call it, where only one is added; also for one that's there already. Empty takes it away.
    #[arg(long)]
    title: Option<String>,
    #[command(flatten)]
    resources: ResourceArgs,
}

#[derive(Args)]
pub(super) struct ResourceArgs {
    /// Number of the account.
    #[arg(long)]
    account: AccountId,
    /// Their kind, as the catalogue calls it. [default: the first of the catalogue]
    #[arg(long)]
    kind: Option<String>,
    /// Their names; `-` reads them from standard input, one a line.
    #[arg(required = true)]
    names: Vec<String>,
    #[command(flatten)]
    catalogue: CatalogueArgs,
    #[command(flatten)]
    database: DatabaseArgs,
}

pub(super) fn run(command: ResourceCommand, extension: Option<Extension>) -> Result<(), CliError> {
    match command {
        ResourceCommand::Add(args) => add(args, extension),
        ResourceCommand::Remove(args) => remove(args, extension),
        ResourceCommand::Import(args) => import::run(args, extension),
    }
}

fn add(args: AddArgs, extension: Option<Extension>) -> Result<(), CliError> {
    let titled = args.title.as_deref().map(title).transpose().map_err(CliError::said)?;
    let args = args.resources;
    let product = product(args.catalogue, &args.database, extension)?;
    let (kind, hooks) = (kind(&product, args.kind.as_deref())?, product.extras().hooks);
    let names = names(args.names, |written| name(written, kind, &hooks))?;
    let titles = match (titled, names.as_slice()) {
        (None, _) => Vec::new(),
        (Some(title), [one]) => vec![(one.clone(), title)],
        (Some(_), _) => return Err(CliError::said("Name one resource for a title.")),
    };
    let Opened { _postgres, mut conn, origin } = open(args.database)?;
    let account = account_of(&mut conn, args.account)?;
    let added = db::in_one(&mut conn, |conn| {
        let added = Resource::add(conn, account.id, kind.into(), &names, &hooks, &origin)?;
        if added.taken.is_empty() {
            Resource::set_titles(conn, account.id, kind.into(), &titles, &origin)?;
            return Ok(added.new);
        }
        let taken: Vec<String> = added.taken.iter().map(|name| format!("“{name}”")).collect();
        Err(CliError::said(format!(
            "Another account has these {}: {}. Nothing was changed.",
            kind.plural,
            taken.join(", ")
        )))
    })?;
    output::note(format!("{added} added, {} were there already.", names.len() - added));
    Ok(())
}

fn remove(args: ResourceArgs, extension: Option<Extension>) -> Result<(), CliError> {
    let product = product(args.catalogue, &args.database, extension)?;
    let (kind, hooks) = (kind(&product, args.kind.as_deref())?, product.extras().hooks);
    // What the pattern no longer allows can still be removed.
    let names = names(args.names, |written| Ok(kind.spelled(&(hooks.resource_name)(kind.key, written)?)))?;
    let Opened { _postgres, mut conn, origin } = open(args.database)?;
    let account = account_of(&mut conn, args.account)?;
    let removed = db::in_one(&mut conn, |conn| {
        let mut removed = 0;
        for name in &names {
            removed += usize::from(Resource::remove(conn, account.id, kind.key, name, &hooks, &origin)?);
        }
        Ok::<_, CliError>(removed)
    })?;
    output::note(format!("{removed} removed, {} were not there.", names.len() - removed));
    Ok(())
}

fn kind<'a>(product: &'a Product, given: Option<&str>) -> Result<&'a Kind, CliError> {
    let kinds = &product.catalogue.kinds;
    let found = match given {
        Some(key) => kinds.iter().find(|kind| kind.key.as_str() == key),
        None => kinds.first(),
    };
    found.ok_or_else(|| {
        let known: Vec<&str> = kinds.iter().map(|kind| kind.key.as_str()).collect();
        CliError::said(match (given, known.as_slice()) {
            (_, []) => "The catalogue has no kinds of resources.".to_owned(),
            (key, known) => {
                format!("There is no kind “{}”; there are: {}.", key.unwrap_or_default(), known.join(", "))
            }
        })
    })
}

fn names(given: Vec<String>, read: impl Fn(&str) -> Result<String, String>) -> Result<Vec<String>, CliError> {
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
    let mut names: Vec<String> =
        names.iter().map(|written| read(written)).collect::<Result<_, _>>().map_err(CliError::said)?;
    names.sort_unstable();
    names.dedup();
    Ok(names)
}

/// The longest title, in characters.
const LONGEST_TITLE: usize = 255;

/// A title as it's kept, `None` for an empty one; the error is a sentence for the person who wrote it.
fn title(written: &str) -> Result<Option<String>, String> {
    let title = written.trim();
    if title.chars().count() > LONGEST_TITLE || title.chars().any(char::is_control) {
        return Err(format!("A title has at most {LONGEST_TITLE} characters, on one line."));
    }
    Ok(Some(title.to_owned()).filter(|title| !title.is_empty()))
}

/// A name as it's kept; the error is a sentence for the person who wrote it.
fn name(written: &str, kind: &Kind, hooks: &Hooks) -> Result<String, String> {
    let name = (hooks.resource_name)(kind.key, written)?;
    kind.name(&name).ok_or_else(|| {
        let (noun, pattern, example) = (kind.noun(), &kind.pattern, &kind.example);
        format!("“{written}” is no name of a {noun}: it has to fit {pattern}, as {example} does.")
    })
}
