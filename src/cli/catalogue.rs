//! `catalogue starter|check|routes|try|diff|from-openapi`.

mod diff;
mod from_openapi;

use super::{CliError, output};
use crate::config::{CatalogueArgs, DatabaseArgs};
use crate::extension::{Extension, NoCatalogue};
use crate::policy::catalogue::{Fault, Severity};
use crate::policy::{About, Catalogue, KindKey, Needs, Route, Segment, path, scope};
use clap::{Args, Subcommand};
use serde_json::json;
use std::ffi::OsString;
use std::path::PathBuf;

/// A complete catalogue with comments, to start from.
const STARTER: &str = include_str!("../../docs/examples/shop.toml");

#[derive(Subcommand)]
pub(super) enum CatalogueCommand {
    /// Print a complete catalogue with comments, to start from.
    Starter,
    /// Name every mistake in a catalogue with its place; ends with 1 if there is an error.
    Check(CheckArgs),
    /// Print which call needs what.
    Routes(RoutesArgs),
    /// Say how a call is read: its route, what its path names, and the scope it needs.
    Try(TryArgs),
    /// Say which live tokens lose, gain or only read differently when a catalogue takes another one's place.
    Diff(diff::DiffArgs),
    /// Print a draft of a catalogue for the API that an OpenAPI description describes.
    FromOpenapi(from_openapi::FromOpenapiArgs),
}

#[derive(Args)]
pub(super) struct CheckArgs {
    /// The catalogue.
    #[arg(value_name = "FILE")]
    file: PathBuf,
    /// Print a JSON list of objects with line, column, severity and message.
    #[arg(long)]
    json: bool,
}

#[derive(Args)]
pub(super) struct RoutesArgs {
    /// The catalogue. [default: that of the example, if this build has it]
    #[arg(value_name = "FILE", env = "TOKENHOUSE_CATALOGUE")]
    file: Option<OsString>,
}

#[derive(Args)]
pub(super) struct TryArgs {
    /// The method, in capitals as calls have it.
    #[arg(value_name = "METHOD")]
    method: String,
    /// The path, as the call's request line has it; a query is ignored.
    #[arg(value_name = "PATH")]
    path: String,
    #[command(flatten)]
    catalogue: CatalogueArgs,
}

pub(super) fn run(command: CatalogueCommand, extension: Option<Extension>) -> Result<(), CliError> {
    match command {
        CatalogueCommand::Starter => Ok(output::answer(STARTER.trim_end())?),
        CatalogueCommand::Check(args) => check(&args, extension),
        CatalogueCommand::Routes(args) => routes(args, extension),
        CatalogueCommand::Try(args) => attempt(args, extension),
        CatalogueCommand::Diff(args) => diff::run(args, extension),
        CatalogueCommand::FromOpenapi(args) => from_openapi::run(&args),
    }
}

fn check(args: &CheckArgs, extension: Option<Extension>) -> Result<(), CliError> {
    let name = args.file.display();
    let text = std::fs::read_to_string(&args.file)
        .map_err(|cause| NoCatalogue::Unreadable { path: args.file.clone(), cause })?;
    let forms = extension.map_or(&[][..], |extension| extension.part_forms);
    let (catalogue, faults) = Catalogue::check(&text, forms);
    if args.json {
        let list: Vec<_> = faults.iter().map(as_json).collect();
        output::answer(serde_json::Value::from(list))?;
    } else {
        for fault in &faults {
            output::answer(format!("{name}:{fault}"))?;
        }
    }
    let count = |severity| faults.iter().filter(|fault| fault.severity == severity).count();
    let counted = |count: usize, one: &str| format!("{count} {one}{}", if count == 1 { "" } else { "s" });
    let warnings = counted(count(Severity::Warning), "warning");
    match catalogue {
        Some(catalogue) => {
            let permissions = counted(catalogue.permissions.len(), "permission");
            let routes = counted(catalogue.routes.iter().count(), "route");
            output::note(format!("{name} can be used: {permissions}, {routes}, {warnings}."));
            Ok(())
        }
        None => {
            let errors = counted(count(Severity::Error), "error");
            Err(CliError::said(format!("{name} can't be used: {errors}, {warnings}.")))
        }
    }
}

fn as_json(fault: &Fault) -> serde_json::Value {
    let severity = match fault.severity {
        Severity::Error => "error",
        Severity::Warning => "warning",
    };
    json!({
        "line": fault.line,
        "column": fault.column,
        "severity": severity,
        "message": fault.message,
    })
}

fn routes(args: RoutesArgs, extension: Option<Extension>) -> Result<(), CliError> {
    let catalogue = chosen(CatalogueArgs { catalogue: args.file }, extension)?;
    let mut table = vec![["METHODS", "PATH", "NEEDS", "ABOUT"].map(str::to_owned)];
    table.extend(catalogue.routes.iter().map(|route| {
        [route.methods.join(","), route.written.clone(), needs(route), about(&catalogue, route)]
    }));
    if table.len() == 1 {
        output::note("This catalogue has no routes.");
        return Ok(());
    }
    let widths: Vec<usize> = (0..4)
        .map(|column| table.iter().map(|row| row[column].chars().count()).max().unwrap_or_default())
        .collect();
    for row in &table {
        let cells: Vec<String> =
            row.iter().zip(&widths).map(|(cell, width)| format!("{cell:<width$}")).collect();
        output::answer(cells.join("  ").trim_end())?;
    }
    Ok(())
}

fn attempt(args: TryArgs, extension: Option<Extension>) -> Result<(), CliError> {
    let catalogue = chosen(args.catalogue, extension)?;
    let Some(path) = path::normal(&args.path) else {
        return Err(CliError::said(format!(
            "The call is refused: programs could read the path “{}” in more than one way. It has to begin with \
             /, without empty segments, “.”, “..” and needless or double percent-encoding.",
            args.path
        )));
    };
    let Some(found) = catalogue.routes.find(&args.method, path) else {
        return Err(no_route(&catalogue, &args.method, path));
    };
    let route = found.route;
    output::answer(format!("route: {} {}", route.methods.join(","), route.written))?;
    let mut named = None;
    for segment in &route.path {
        let (title, asked, kept) = match segment {
            Segment::Literal(_) | Segment::Any | Segment::Rest => continue,
            Segment::Account => {
                let asked = found.at(|one| one == segment).unwrap_or_default();
                ("account".to_owned(), asked.clone(), Some(asked))
            }
            Segment::Resource(key) => {
                let asked = found.at(|one| one == segment).unwrap_or_default();
                let kept = catalogue.kind(*key).and_then(|kind| kind.name(&asked));
                if route_kind(&catalogue, route) == Some(*key) {
                    named.clone_from(&kept);
                }
                (catalogue.noun(*key), asked, kept)
            }
            Segment::Part(key, part) => {
                let asked = found.at(|one| one == segment).unwrap_or_default();
                let part = catalogue.kind(*key).and_then(|kind| kind.part(part));
                let kept = part.and_then(|part| part.name(&asked));
                (part.map_or_else(String::new, |part| part.noun()), asked, kept)
            }
        };
        match kept {
            Some(kept) => output::answer(format!("{title}: {kept}"))?,
            None => {
                return Err(CliError::said(format!(
                    "“{asked}” can't be one of these: {title}. The call is refused (code resource_not_found)."
                )));
            }
        }
    }
    output::answer(format!("needs: {}", needs(route)))?;
    let about = about(&catalogue, route);
    if !about.is_empty() {
        output::answer(format!("about: {about}"))?;
    }
    if let Needs::Scope(permission, access) = &route.needs {
        output::answer(format!("scope: {}", scope::asked(permission, named.as_deref(), *access)))?;
    }
    Ok(())
}

/// Why no route takes a call.
fn no_route(catalogue: &Catalogue, method: &str, path: &str) -> CliError {
    let mut others: Vec<&str> = catalogue
        .routes
        .iter()
        .flat_map(|route| &route.methods)
        .map(String::as_str)
        .filter(|other| catalogue.routes.find(other, path).is_some())
        .collect();
    others.sort_unstable();
    others.dedup();
    CliError::said(if others.is_empty() {
        format!("No route takes {method} {path}, so the call is refused (code no_route).")
    } else {
        let others = others.join(", ");
        format!("No route takes {method} {path}, so the call is refused (code no_route). It takes {others}.")
    })
}

/// The catalogue of this file, else the one of the extension.
fn chosen(file: CatalogueArgs, extension: Option<Extension>) -> Result<Catalogue, CliError> {
    Ok(super::product(file, &DatabaseArgs::default(), extension)?.catalogue)
}

fn needs(route: &Route) -> String {
    match &route.needs {
        Needs::Scope(permission, access) => format!("{permission}:{}", access.in_scope()),
        Needs::AnyToken => "any token".to_owned(),
        Needs::Open => "nothing".to_owned(),
    }
}

/// The kind that narrows what a route needs.
fn route_kind(catalogue: &Catalogue, route: &Route) -> Option<KindKey> {
    match &route.needs {
        Needs::Scope(permission, _) => catalogue.get(permission)?.narrowed_by,
        Needs::AnyToken | Needs::Open => None,
    }
}

/// What a call of a route is about; empty where only a token is asked for, or nothing.
fn about(catalogue: &Catalogue, route: &Route) -> String {
    let Needs::Scope(permission, _) = &route.needs else { return String::new() };
    let of_user = catalogue.get(permission).is_some_and(|permission| permission.is_of_user());
    let Some(kind) = route_kind(catalogue, route) else {
        return if of_user { "the user" } else { "the account" }.to_owned();
    };
    let about = match route.about {
        About::Named => format!("the {} in the path", catalogue.noun(kind)),
        About::New => format!("a new {}", catalogue.noun(kind)),
        About::All => format!("all {}", catalogue.plural(kind)),
        About::Filtered => format!("{} that the API filters", catalogue.plural(kind)),
    };
    let parts: Vec<String> = route
        .path
        .iter()
        .filter_map(|segment| match segment {
            Segment::Part(key, part) => Some(catalogue.kind(*key)?.part(part)?.noun()),
            _ => None,
        })
        .collect();
    match (parts.is_empty(), route.filters_parts) {
        (false, _) => format!("{about}, narrowed to its {}", parts.join(" and ")),
        (true, true) => format!("{about}, whose parts the API filters"),
        (true, false) => about,
    }
}
