//! Every package that is built in, or that a test is built with, has a licence that this one may be given on under.

use serde_json::Value;
use std::process::Command;

/// SPDX's names of those that ask for no more than their notice.
const PERMISSIVE: [&str; 12] = [
    "MIT",
    "MIT-0",
    "Apache-2.0",
    "Apache-2.0 WITH LLVM-exception",
    "BSD-2-Clause",
    "BSD-3-Clause",
    "0BSD",
    "ISC",
    "Unlicense",
    "Zlib",
    // Tables of Unicode, and libpq: as permissive, each by a name of its own.
    "Unicode-3.0",
    "PostgreSQL",
];
/// For files that are used as they are: what's changed in them would have to be published.
const UNMODIFIED: &str = "MPL-2.0";

/// Whether an SPDX expression leaves a way that is allowed.
fn is_allowed(expression: &str) -> bool {
    // `/` is how OR was written before SPDX.
    let spaced = expression.replace('/', " OR ").replace('(', " ( ").replace(')', " ) ");
    let mut words: Vec<&str> = spaced.split_whitespace().collect();
    words.reverse();
    let allowed = any(&mut words);
    allowed && words.is_empty()
}

/// AND binds closer than OR. Each takes its words from the end.
fn any(words: &mut Vec<&str>) -> bool {
    let mut allowed = all(words);
    while words.last() == Some(&"OR") {
        words.pop();
        allowed |= all(words);
    }
    allowed
}

fn all(words: &mut Vec<&str>) -> bool {
    let mut allowed = one(words);
    while words.last() == Some(&"AND") {
        words.pop();
        allowed &= one(words);
    }
    allowed
}

fn one(words: &mut Vec<&str>) -> bool {
    let Some(first) = words.pop() else { return false };
    if first == "(" {
        return any(words) & (words.pop() == Some(")"));
    }
    let mut name = first.to_owned();
    if words.last() == Some(&"WITH") {
        words.pop();
        name = format!("{first} WITH {}", words.pop().unwrap_or_default());
    }
    PERMISSIVE.contains(&name.as_str()) || name == UNMODIFIED
}

#[test]
fn an_expression_is_allowed_where_one_of_its_ways_is() {
    for allowed in [
        "MIT",
        "GPL-3.0-only OR MIT",
        "Unlicense/MIT",
        "(Apache-2.0 OR MIT) AND BSD-3-Clause",
        "Apache-2.0 WITH LLVM-exception OR GPL-2.0-only",
        "ISC AND (GPL-3.0-only OR (MIT AND Zlib))",
        "MPL-2.0",
    ] {
        assert!(is_allowed(allowed), "{allowed}");
    }
    for refused in [
        "",
        "GPL-3.0-only",
        "MIT AND GPL-3.0-only",
        "(MIT",
        "MIT)",
        "MIT MIT",
        "Apache-2.0 WITH other",
        "CC-BY-SA-3.0",
    ] {
        assert!(!is_allowed(refused), "{refused}");
    }
}

#[test]
fn every_dependency_has_a_licence_of_the_list_and_comes_as_it_was_published() {
    let cargo = |words: &[&str]| {
        let said = Command::new(env!("CARGO")).args(words).output().unwrap();
        assert!(said.status.success(), "{words:?}: {}", String::from_utf8_lossy(&said.stderr));
        String::from_utf8(said.stdout).unwrap()
    };
    let version = cargo(&["-vV"]);
    let host = version.lines().find_map(|line| line.strip_prefix("host: ")).unwrap();
    let manifest = concat!(env!("CARGO_MANIFEST_DIR"), "/Cargo.toml");
    // Packages of other systems aren't on this disk.
    let metadata = cargo(&[
        "metadata",
        "--frozen",
        "--format-version",
        "1",
        "--all-features",
        "--filter-platform",
        host,
        "--manifest-path",
        manifest,
    ]);
    let metadata: Value = serde_json::from_str(&metadata).unwrap();
    let packages = metadata["packages"].as_array().unwrap();
    assert!(packages.len() > 400, "{}", packages.len());
    let of = |package: &Value, key: &str| package[key].as_str().unwrap_or_default().to_owned();
    let refused: Vec<String> = packages
        .iter()
        .filter(|package| !is_allowed(&of(package, "license")))
        .map(|package| format!("{} {}: {}", of(package, "name"), of(package, "version"), package["license"]))
        .collect();
    assert_eq!(refused, Vec::<String>::new());
    // Also no patched one, and none from elsewhere.
    let registry = "registry+https://github.com/rust-lang/crates.io-index";
    let others = packages.iter().filter(|package| of(package, "source") != registry);
    let mut others: Vec<String> = others.map(|package| of(package, "name")).collect();
    others.sort();
    assert_eq!(others, ["tokenhouse", "tokenhouse-policy"]);
}
