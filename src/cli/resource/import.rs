//! `resource import`: the whole list of an account's resources of a kind, from a file.

use super::{CliError, Opened, account_of, kind, name, open, output, product, title};
use crate::config::{CatalogueArgs, DatabaseArgs};
use crate::db;
use crate::extension::Extension;
use crate::models::Resource;
use crate::models::resource::{Difference, Narrowed, Titled};
use crate::policy::AccountId;
use clap::Args;
use serde::Deserialize;
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

/// Removing as many needs no second look, whatever their share.
const FEW: usize = 10;

/// Progress is told each time that as many are done.
const PROGRESS_EVERY: usize = 10_000;

/// The most wrong rows that are told.
const MOST_TOLD: usize = 100;

#[derive(Args)]
pub(in crate::cli) struct ImportArgs {
    /// CSV with a first line that names the columns, `name` or `name,title`, or JSON lines such as {"name": "berlin"}.
    ///
    /// It's the whole list: what the account has and the file hasn't is removed. Without titles in the file, those
    /// that are there stay.
    #[arg(value_name = "FILE")]
    file: PathBuf,
    /// Number of the account.
    #[arg(long)]
    account: AccountId,
    /// Their kind, as the catalogue calls it. [default: the first of the catalogue]
    #[arg(long)]
    kind: Option<String>,
    /// Change nothing; say what would be added and removed, and which tokens would lose something.
    #[arg(long)]
    dry_run: bool,
    /// How many are to be removed: asked for where it's more than ten and more than a tenth, or where
    /// the file is empty.
    #[arg(long, value_name = "NUMBER")]
    removals: Option<usize>,
    #[command(flatten)]
    catalogue: CatalogueArgs,
    #[command(flatten)]
    database: DatabaseArgs,
}

/// What an import did, or would do.
struct Outcome {
    titled: usize,
    added: usize,
    removed: usize,
    kept: usize,
    narrowed: Narrowed,
    needs_number: bool,
}

/// Why the transaction is rolled back.
enum Stopped {
    Failed(CliError),
    /// Nothing was to be changed.
    Rehearsed(Outcome),
}

impl<E: Into<CliError>> From<E> for Stopped {
    fn from(error: E) -> Stopped {
        Stopped::Failed(error.into())
    }
}

pub(super) fn run(args: ImportArgs, extension: Option<Extension>) -> Result<(), CliError> {
    let product = product(args.catalogue, &args.database, extension)?;
    let (kind, hooks) = (kind(&product, args.kind.as_deref())?, product.extras().hooks);
    let mut faults = Vec::new();
    let mut lines: BTreeMap<String, u64> = BTreeMap::new();
    let mut titles: Vec<Titled> = Vec::new();
    for (line, read) in rows(&args.file)? {
        let read = read.and_then(|(written, titled)| {
            let titled = titled.map(|written| title(&written)).transpose()?;
            Ok((name(&written, kind, &hooks)?, titled))
        });
        match read {
            // Of a name that's there twice, the first row counts.
            Ok((name, _)) if lines.contains_key(&name) => {}
            Ok((name, titled)) => {
                titles.extend(titled.map(|title| (name.clone(), title)));
                lines.insert(name, line);
            }
            Err(why) => faults.push((line, why)),
        }
    }
    if !faults.is_empty() {
        return Err(refused(&args.file, &faults));
    }
    let names: Vec<String> = lines.keys().cloned().collect();
    let Opened { _postgres, mut conn, origin } = open(args.database)?;
    let account = account_of(&mut conn, args.account)?.id;
    let done = db::in_one(&mut conn, |conn| {
        let difference = Difference::of(conn, account, kind.into(), &names)?;
        let (removed, kept) = (difference.removed.len(), difference.kept);
        let most = removed > FEW && removed * 10 > removed + kept || removed > 0 && names.is_empty();
        let needs_number = most && args.removals != Some(removed);
        if needs_number && !args.dry_run {
            let (plural, there) = (&kind.plural, removed + kept);
            return Err(Stopped::from(CliError::said(format!(
                "The file would remove {removed} of {there} {plural}. Nothing was changed. If that's right, say \
                 so with --removals {removed}."
            ))));
        }
        let narrowed = difference.narrowed(conn, origin.now)?;
        let total = removed + difference.added.len();
        let mut told = 0;
        let mut progress = |done: usize| {
            if done / PROGRESS_EVERY > told {
                told = done / PROGRESS_EVERY;
                output::note(format!("{done} of {total} done."));
            }
        };
        let added = difference.apply(conn, account, kind.into(), &hooks, &origin, &mut progress)?;
        if !added.taken.is_empty() {
            let why = |name: &String| {
                let line = lines.get(name).copied().unwrap_or_default();
                (line, format!("another account has the {} “{name}”", kind.noun()))
            };
            let mut faults: Vec<_> = added.taken.iter().map(why).collect();
            faults.sort_unstable();
            return Err(refused(&args.file, &faults).into());
        }
        let titled = Resource::set_titles(conn, account, kind.into(), &titles, &origin)?;
        let outcome = Outcome { titled, added: added.new, removed, kept, narrowed, needs_number };
        if args.dry_run { Err(Stopped::Rehearsed(outcome)) } else { Ok(outcome) }
    });
    match done {
        Ok(outcome) => tell("", &outcome),
        Err(Stopped::Rehearsed(outcome)) => {
            tell("Would be: ", &outcome);
            if outcome.needs_number {
                output::note(format!("It would need --removals {}.", outcome.removed));
            }
        }
        Err(Stopped::Failed(error)) => return Err(error),
    }
    Ok(())
}

fn tell(start: &str, outcome: &Outcome) {
    let Outcome { titled, added, removed, kept, narrowed, .. } = outcome;
    let titles = match titled {
        0 => String::new(),
        1 => ", 1 title set".to_owned(),
        count => format!(", {count} titles set"),
    };
    output::note(format!("{start}{added} added, {removed} removed, {kept} unchanged{titles}."));
    if narrowed.count > 0 {
        let names = narrowed.names.join(", ");
        let more = usize::try_from(narrowed.count).unwrap_or_default().saturating_sub(narrowed.names.len());
        let more = if more == 0 { String::new() } else { format!(" and {more} more") };
        output::note(format!("Tokens that name what is removed: {}: {names}{more}.", narrowed.count));
    }
}

fn refused(file: &Path, faults: &[(u64, String)]) -> CliError {
    let name = file.display();
    let told = faults.iter().take(MOST_TOLD).map(|(line, why)| format!("{name}:{line}: {why}"));
    let mut text = vec![format!("Nothing was changed: {} rows can't be used.", faults.len())];
    text.extend(told);
    if faults.len() > MOST_TOLD {
        text.push(format!("and {} more", faults.len() - MOST_TOLD));
    }
    CliError::said(text.join("\n"))
}

/// A row's line, and its name with the title that it says, if it says one, or what's wrong with it.
type Row = (u64, Result<(String, Option<String>), String>);

/// A line of JSON.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct JsonRow {
    name: String,
    title: Option<String>,
}

fn rows(file: &Path) -> Result<Vec<Row>, CliError> {
    let text = std::fs::read_to_string(file)
        .map_err(|cause| CliError::said(format!("{} cannot be read: {cause}.", file.display())))?;
    let text = text.trim_start_matches('\u{feff}');
    let json = match file.extension().and_then(|end| end.to_str()) {
        Some("csv") => false,
        Some("json" | "jsonl" | "ndjson") => true,
        _ => text.trim_start().starts_with('{'),
    };
    if json { Ok(json_rows(text)) } else { csv_rows(file, text) }
}

fn json_rows(text: &str) -> Vec<Row> {
    let lines = text.lines().zip(1..).filter(|(line, _)| !line.trim().is_empty());
    let read = |line| {
        serde_json::from_str::<JsonRow>(line).map(|row| (row.name, row.title)).map_err(|why| why.to_string())
    };
    lines.map(|(line, number)| (number, read(line))).collect()
}

fn csv_rows(file: &Path, text: &str) -> Result<Vec<Row>, CliError> {
    let mut reader = csv::ReaderBuilder::new().trim(csv::Trim::All).from_reader(text.as_bytes());
    let header = reader.headers().map_err(|why| CliError::said(why.to_string()))?;
    let titled = header.iter().eq(["name", "title"]);
    if !titled && header.iter().ne(["name"]) && !text.trim().is_empty() {
        let columns: Vec<&str> = header.iter().collect();
        return Err(CliError::said(format!(
            "{}:1: the first line has to be “name” or “name,title”, and it is “{}”.",
            file.display(),
            columns.join(",")
        )));
    }
    let read = |record: Result<csv::StringRecord, csv::Error>| match record {
        Ok(record) => {
            let line = record.position().map_or(0, csv::Position::line);
            let cell = |at: usize| record.get(at).unwrap_or_default().to_owned();
            (line, Ok((cell(0), titled.then(|| cell(1)))))
        }
        Err(why) => {
            let line = why.position().map_or(0, csv::Position::line);
            let why = match why.kind() {
                csv::ErrorKind::UnequalLengths { len, expected_len, .. } => {
                    format!("it has {len} columns in place of {expected_len}")
                }
                _ => why.to_string(),
            };
            (line, Err(why))
        }
    };
    Ok(reader.records().map(read).collect())
}
