//! The articles of `docs/guide` as each product shows them, the pictures of `docs/pictures` that they show,
//! and the program of the guide that a test compiles. A picture that is not there yet is left out; a test
//! names it.
//!
//! Lines between `<!-- example -->` and `<!-- end -->` are for the DNS example, as are pictures. What a
//! comment that begins with `<!-- own` holds is for products with a catalogue of their own.

#![allow(clippy::print_stdout, reason = "cargo reads what a build script prints")]

use std::collections::BTreeSet;
use std::fmt::Write as _;
use std::path::PathBuf;
use std::{env, fs, io};

fn main() -> io::Result<()> {
    let folder = |name: &str| env::var_os(name).map(PathBuf::from).ok_or(io::ErrorKind::NotFound);
    let docs = folder("CARGO_MANIFEST_DIR")?.join("docs");
    let out = folder("OUT_DIR")?;
    println!("cargo::rerun-if-changed=build.rs");
    println!("cargo::rerun-if-changed=docs/guide");
    println!("cargo::rerun-if-changed=docs/pictures");
    let mut readers = vec![("own", true)];
    if env::var_os("CARGO_FEATURE_DNS").is_some() {
        readers.push(("example", false));
    }
    let mut shown = BTreeSet::new();
    for (name, is_own) in readers {
        let folder = out.join("guide").join(name);
        fs::create_dir_all(&folder)?;
        for article in fs::read_dir(docs.join("guide"))? {
            let article = article?;
            let text = for_readers(&fs::read_to_string(article.path())?, is_own);
            let names = text.split("](../pictures/").skip(1).filter_map(|rest| rest.split_once(".png)"));
            shown.extend(names.map(|(name, _)| name.to_owned()));
            fs::write(folder.join(article.file_name()), text)?;
        }
    }
    let mut table = String::from("&[\n");
    for name in shown {
        let file = docs.join("pictures").join(format!("{name}.png"));
        if file.exists() {
            writeln!(table, "({name:?}, include_bytes!({file:?})),").map_err(io::Error::other)?;
        }
    }
    table.push(']');
    fs::write(out.join("pictures.rs"), table)?;
    fs::write(out.join("actix.rs"), actix(&fs::read_to_string(docs.join("guide/headers.md"))?))
}

/// An article as the product with a catalogue of its own shows it, or as the example does.
fn for_readers(article: &str, is_own: bool) -> String {
    let (mut is_shown, mut text) = (true, String::new());
    for line in article.lines() {
        match line {
            "<!-- example -->" => is_shown = !is_own,
            "<!-- own" => is_shown = is_own,
            "<!-- end -->" | "-->" => is_shown = true,
            line if is_shown && !(is_own && line.starts_with("![")) => {
                text.push_str(line);
                text.push('\n');
            }
            _ => {}
        }
    }
    text
}

/// The Rust program of the guide, at the address that its test gives it.
fn actix(article: &str) -> String {
    let code = article.split("\n```rust\n").nth(1).and_then(|rest| rest.split("```").next());
    code.unwrap_or_default().replace("\"127.0.0.1\"", "super::actix_address()")
}
