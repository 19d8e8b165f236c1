//! `catalogue diff`: what another catalogue does to the live tokens of the database.

use crate::cli::{CliError, Opened, open, output};
use crate::config::DatabaseArgs;
use crate::extension::{Extension, NoCatalogue};
use crate::models::catalogue;
use crate::models::token::compared::{self, Difference, Token};
use crate::policy::{Access, Catalogue, Needs, PermissionKey, Route, Unique};
use clap::Args;
use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

/// The most tokens that are named of each difference.
const NAMED: usize = 10;

#[derive(Args)]
pub(in crate::cli) struct DiffArgs {
    /// The catalogue that is to come, or first the one that it replaces. [default for that: the one that the
    /// database last ran with]
    #[arg(value_name = "[OLD] NEW", num_args = 1..=2, required = true)]
    files: Vec<PathBuf>,
    #[command(flatten)]
    database: DatabaseArgs,
}

pub(in crate::cli) fn run(args: DiffArgs, extension: Option<Extension>) -> Result<(), CliError> {
    let read = |file: &Path| -> Result<Catalogue, CliError> {
        let unreadable = |cause| NoCatalogue::Unreadable { path: file.to_owned(), cause };
        let text = std::fs::read_to_string(file).map_err(unreadable)?;
        parsed(&text, &file.display().to_string(), extension)
    };
    let (given, new) = match args.files.as_slice() {
        [old, new] => (Some(read(old)?), read(new)?),
        [new] => (None, read(new)?),
        _ => return Err(CliError::said("Name the new catalogue, or the old one and the new one.")),
    };
    let Opened { _postgres, mut conn, origin } = open(args.database)?;
    let old = match given {
        Some(old) => old,
        None => {
            let text = catalogue::newest(&mut conn)?.ok_or_else(|| {
                CliError::said(
                    "No server has run on this database yet. Name both files: catalogue diff OLD NEW",
                )
            })?;
            parsed(&text, "The catalogue that the database last ran with", extension)?
        }
    };
    told_of_permissions(&old, &new)?;
    told_of_routes(&old, &new)?;
    let found = compared::all(&mut conn, &old, &new, origin.now, NAMED)?;
    let tokens =
        |count: i64| if count == 1 { "1 live token".to_owned() } else { format!("{count} live tokens") };
    for (difference, title) in [
        (&found.lose, "would lose something they may do now"),
        (&found.gain, "would gain something, and lose nothing"),
        (&found.reworded, "would read differently, and may do the same"),
    ] {
        output::answer(format!("{} of {} {title}.", difference.count, tokens(found.all)))?;
        named(&new, &old, difference)?;
    }
    if found.everything > 0 {
        output::answer(format!(
            "{} of them have Everything: they may do all that the new catalogue offers.",
            found.everything
        ))?;
    }
    Ok(())
}

fn parsed(text: &str, name: &str, extension: Option<Extension>) -> Result<Catalogue, CliError> {
    let forms = extension.map_or(&[][..], |extension| extension.part_forms);
    let (catalogue, faults) = Catalogue::check(text, forms);
    catalogue.ok_or_else(|| {
        let list: Vec<String> = faults.iter().map(|fault| format!("\n{name}:{fault}")).collect();
        CliError::said(format!("{name} can't be used:{}", list.concat()))
    })
}

fn named(new: &Catalogue, old: &Catalogue, difference: &Difference) -> Result<(), CliError> {
    for Token { id, name, owner, changed } in &difference.named {
        let words = |list: &BTreeSet<(PermissionKey, Access)>, verb: &str| {
            let each: Vec<String> = list
                .iter()
                .map(|(key, access)| format!("{} ({})", title(new, old, key), access.in_scope()))
                .collect();
            (!each.is_empty()).then(|| format!("{verb} {}", each.join(", ")))
        };
        let what: Vec<String> =
            [words(&changed.loses, "loses"), words(&changed.gains, "gains")].into_iter().flatten().collect();
        let what = if what.is_empty() { String::new() } else { format!(": {}", what.join("; ")) };
        output::answer(format!("  {id} “{name}” of {owner}{what}"))?;
    }
    let more = difference.count - i64::try_from(difference.named.len()).unwrap_or(i64::MAX);
    if more > 0 {
        output::answer(format!("  and {more} more"))?;
    }
    Ok(())
}

fn title<'a>(new: &'a Catalogue, old: &'a Catalogue, key: &'a PermissionKey) -> &'a str {
    new.get(key).or_else(|| old.get(key)).map_or(key.as_str(), |permission| &permission.title)
}

/// The levels that only one of the catalogues offers.
fn told_of_permissions(old: &Catalogue, new: &Catalogue) -> Result<(), CliError> {
    let levels = |catalogue: &Catalogue| -> BTreeSet<(PermissionKey, Access)> {
        let each = catalogue.permissions.iter();
        each.flat_map(|one| one.access.iter().map(|access| (one.key.clone(), *access))).collect()
    };
    let (before, after) = (levels(old), levels(new));
    let list = |only: Vec<&(PermissionKey, Access)>| {
        let each: Vec<String> =
            only.iter().map(|(key, access)| format!("{key}:{}", access.in_scope())).collect();
        each.join(", ")
    };
    for (only, verb) in [
        (before.difference(&after).collect::<Vec<_>>(), "No longer offered"),
        (after.difference(&before).collect(), "New"),
    ] {
        if !only.is_empty() {
            output::answer(format!("{verb}: {}.", list(only)))?;
        }
    }
    for kind in &new.kinds {
        let was = old.kind(kind.key).is_some_and(|before| before.unique != Unique::Site);
        if was && kind.unique == Unique::Site {
            output::answer(format!(
                "Names of {} would be given once on the whole site: the start is refused where several accounts \
                 have the same.",
                kind.plural
            ))?;
        }
    }
    Ok(())
}

/// The calls that would need something else, as far as both catalogues write them the same.
fn told_of_routes(old: &Catalogue, new: &Catalogue) -> Result<(), CliError> {
    let each = |catalogue: &Catalogue| -> BTreeSet<(String, String, String)> {
        let of_route = |route: &Route| -> Vec<_> {
            let needs = match &route.needs {
                Needs::Scope(key, access) => format!("{key}:{}", access.in_scope()),
                Needs::AnyToken => "any token".to_owned(),
                Needs::Open => "nothing".to_owned(),
            };
            let one = |method: &String| (route.written.clone(), method.clone(), needs.clone());
            route.methods.iter().map(one).collect()
        };
        catalogue.routes.iter().flat_map(of_route).collect()
    };
    let (before, after) = (each(old), each(new));
    for (path, method, needs) in before.difference(&after) {
        let now = after.iter().find(|(other, of, _)| other == path && of == method);
        output::answer(match now {
            Some((_, _, now)) => format!("{method} {path} would need {now}, and needs {needs} now."),
            None => format!("{method} {path} would be refused: no route takes it."),
        })?;
    }
    for (path, method, needs) in after.difference(&before) {
        if !before.iter().any(|(other, of, _)| other == path && of == method) {
            output::answer(format!("{method} {path} would be taken, and needs {needs}."))?;
        }
    }
    Ok(())
}
