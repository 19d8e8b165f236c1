//! docs/SECURITY.md points at tests and files: each of them is there.

use std::fs;
use std::path::{Path, PathBuf};

/// Every file below a folder.
fn below(folder: &Path, found: &mut Vec<PathBuf>) {
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() { below(&path, found) } else { found.push(path) }
    }
}

/// What stands in backquotes in the tables.
fn quoted(text: &str) -> Vec<&str> {
    let rows = text.lines().filter(|line| line.starts_with('|'));
    rows.flat_map(|line| line.split('`').skip(1).step_by(2)).collect()
}

#[test]
fn every_test_and_file_that_the_document_names_is_there() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let mut files = Vec::new();
    for folder in ["src", "tests/integration", "tests/browser", "tests/product", "policy/src"] {
        below(&root.join(folder), &mut files);
    }
    let code: String = files
        .iter()
        .filter(|path| path.extension().is_some_and(|end| end == "rs"))
        .map(|path| fs::read_to_string(path).unwrap())
        .collect();
    let text = include_str!("../../docs/SECURITY.md");
    let (mut checked, mut missing) = (0, Vec::new());
    for name in quoted(text) {
        let is_word = |sign: char| sign.is_ascii_lowercase() || sign.is_ascii_digit() || sign == '_';
        let is_there = if name.chars().all(is_word) && name.matches('_').count() > 3 {
            code.contains(&format!("fn {name}("))
        } else if name.ends_with(".rs") || name.ends_with('/') && name.len() > 1 && !name.starts_with('/') {
            let inside =
                name.strip_prefix("policy/").map_or("-".to_owned(), |inside| format!("policy/src/{inside}"));
            let places = ["tests/integration", "src", "tests/browser", ""];
            places.iter().any(|place| root.join(place).join(name).exists()) || root.join(inside).exists()
        } else {
            continue;
        };
        checked += 1;
        missing.extend((!is_there).then_some(name));
    }
    assert_eq!(missing, Vec::<&str>::new());
    assert!(checked > 150, "{checked}");
}
