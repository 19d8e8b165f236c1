//! Which pictures of `docs/pictures` the program carries: those that an article of `docs/guide` shows.
//! One that is not there yet is left out; a test names it.

#![allow(clippy::print_stdout, reason = "cargo reads what a build script prints")]

use std::collections::BTreeSet;
use std::fmt::Write as _;
use std::path::PathBuf;
use std::{env, fs, io};

fn main() -> io::Result<()> {
    let folder = |name: &str| env::var_os(name).map(PathBuf::from).ok_or(io::ErrorKind::NotFound);
    let docs = folder("CARGO_MANIFEST_DIR")?.join("docs");
    println!("cargo::rerun-if-changed=build.rs");
    println!("cargo::rerun-if-changed=docs/guide");
    println!("cargo::rerun-if-changed=docs/pictures");
    let mut shown = BTreeSet::new();
    for article in fs::read_dir(docs.join("guide"))? {
        let text = fs::read_to_string(article?.path())?;
        let names = text.split("](../pictures/").skip(1).filter_map(|rest| rest.split_once(".png)"));
        shown.extend(names.map(|(name, _)| name.to_owned()));
    }
    let mut table = String::from("&[\n");
    for name in shown {
        let file = docs.join("pictures").join(format!("{name}.png"));
        if file.exists() {
            writeln!(table, "({name:?}, include_bytes!({file:?})),").map_err(io::Error::other)?;
        }
    }
    table.push(']');
    fs::write(folder("OUT_DIR")?.join("pictures.rs"), table)
}
