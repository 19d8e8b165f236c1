//! The rings of docs/ARCHITECTURE.md: nothing names what lies further out. What `policy` may name, its
//! Cargo.toml says.

use std::fs;
use std::path::{Path, PathBuf};

/// Where, and what must not be named there.
const RINGS: [(&str, &[&str]); 11] = [
    (
        "db",
        &[
            "actix",
            "askama",
            "crate::policy",
            "crate::models",
            "crate::http",
            "crate::authorization",
            "crate::web",
            "crate::api",
            "crate::cli",
            "crate::extension",
            "crate::server",
        ],
    ),
    (
        "models",
        &[
            "actix",
            "askama",
            "crate::http",
            "crate::authorization",
            "crate::web",
            "crate::api",
            "crate::cli",
            "crate::extension",
            "crate::server",
        ],
    ),
    (
        "http",
        &[
            "diesel",
            "r2d2",
            "askama",
            "crate::db::schema",
            "crate::authorization",
            "crate::web",
            "crate::api",
            "crate::mail",
            "crate::cli",
            "crate::extension",
            "crate::server",
        ],
    ),
    (
        "mail",
        &[
            "actix",
            "diesel",
            "r2d2",
            "crate::db::schema",
            "crate::web",
            "crate::api",
            "crate::cli",
            "crate::extension",
            "crate::server",
        ],
    ),
    (
        "authorization",
        &[
            "actix",
            "diesel",
            "r2d2",
            "askama",
            "crate::db::schema",
            "crate::web",
            "crate::api",
            "crate::mail",
            "crate::cli",
            "crate::extension",
            "crate::server",
        ],
    ),
    (
        "web",
        &[
            "diesel",
            "r2d2",
            "crate::db::schema",
            "crate::mail",
            "crate::api",
            "crate::cli",
            "crate::extension",
            "crate::server",
        ],
    ),
    (
        "api",
        &[
            "diesel",
            "r2d2",
            "askama",
            "crate::db::schema",
            "crate::mail",
            "crate::web",
            "crate::cli",
            "crate::extension",
            "crate::server",
        ],
    ),
    ("extension", &["actix", "diesel", "crate::db::schema", "crate::mail", "crate::cli", "crate::server"]),
    ("cli", &["crate::db::schema", "crate::web", "crate::api"]),
    ("clock", &["actix", "diesel", "crate::"]),
    (
        "config",
        &["actix", "diesel", "crate::http", "crate::web", "crate::api", "crate::cli", "crate::server"],
    ),
];

fn files(folder: &Path, ending: &str) -> Vec<PathBuf> {
    let mut found = Vec::new();
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            found.extend(files(&path, ending));
        } else if path.extension().is_some_and(|known| known == ending) {
            found.push(path);
        }
    }
    found
}

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

/// The code without comments, with `crate::{a, b}` written out as `crate::a crate::b`.
fn named(code: &str) -> String {
    let lines: Vec<&str> = code.lines().filter(|line| !line.trim_start().starts_with("//")).collect();
    let mut text = lines.join("\n");
    while let Some(start) = text.find("crate::{") {
        let rest = &text[start + "crate::{".len()..];
        let (mut depth, mut parts, mut end) = (0, vec![String::new()], rest.len());
        for (place, sign) in rest.char_indices() {
            match sign {
                '}' if depth == 0 => {
                    end = place + 1;
                    break;
                }
                ',' if depth == 0 => parts.push(String::new()),
                '{' => depth += 1,
                '}' => depth -= 1,
                sign => parts.last_mut().unwrap().push(sign),
            }
        }
        let out: Vec<String> = parts.iter().map(|part| format!("crate::{}", part.trim())).collect();
        text = format!("{}{}{}", &text[..start], out.join(" "), &rest[end..]);
    }
    text
}

/// What a file of this ring names and must not.
fn breaches(ring: &str, code: &str) -> Vec<&'static str> {
    let forbidden = RINGS.iter().find(|(name, _)| *name == ring).map_or(&[][..], |(_, forbidden)| forbidden);
    let text = named(code);
    let names = |word: &str| {
        text.match_indices(word).any(|(at, _)| {
            // `wactix` and `crate::webhook` are other words.
            let before = text[..at].chars().next_back();
            let after = text[at + word.len()..].chars().next();
            let is_word = |sign: Option<char>| sign.is_some_and(|sign| sign.is_alphanumeric());
            !(is_word(before) || word.contains("crate::") && !word.ends_with(':') && is_word(after))
        })
    };
    forbidden.iter().copied().filter(|word| names(word)).collect()
}

/// The ring of a file below `src`. The example has the same rings in its folder, and its demo data is
/// of the models.
fn ring_of(place: &Path) -> String {
    let mut parts = place.components().map(|part| part.as_os_str().to_str().unwrap().trim_end_matches(".rs"));
    match (parts.next().unwrap(), parts.next()) {
        ("dns", Some("demo")) => "models".to_owned(),
        ("dns", Some(inner)) => inner.to_owned(),
        (first, _) => first.to_owned(),
    }
}

#[test]
fn nothing_names_what_lies_further_out() {
    let mut faults = Vec::new();
    let source = root().join("src");
    for path in files(&source, "rs") {
        let place = path.strip_prefix(&source).unwrap();
        let code = fs::read_to_string(&path).unwrap();
        for word in breaches(&ring_of(place), &code.replace("crate::dns::", "crate::")) {
            faults.push(format!("{} names {word}", place.display()));
        }
    }
    assert_eq!(faults, Vec::<String>::new());
    for (ring, _) in RINGS {
        assert!(source.join(ring).exists() || source.join(format!("{ring}.rs")).exists(), "no {ring}");
    }
}

#[test]
fn a_breach_is_seen_however_it_is_written() {
    for code in [
        "use crate::web::Page;",
        "use crate::{db, web};",
        "use crate::{\n    db::{Conn, Db},\n    web::page,\n};",
        "fn f() -> crate::web::Page {",
        "use actix_web::web;",
        "let x = askama::Template;",
    ] {
        assert_eq!(breaches("models", code).len(), 1, "{code}");
    }
    for code in
        ["// use crate::web;", "/// crate::web", "use crate::db;", "use crate::webhooks;", "use super::web;"]
    {
        assert_eq!(breaches("models", code), Vec::<&str>::new(), "{code}");
    }
}

/// What a template must not hold: the content security policy allows nothing inline, and what is
/// not escaped is a hole.
fn faults(template: &str) -> Vec<String> {
    let text = template.to_lowercase();
    let squeezed: String = text.chars().filter(|sign| !sign.is_whitespace()).collect();
    let mut faults = Vec::new();
    for (fault, there) in [
        ("|safe", squeezed.contains("|safe")),
        ("escape(", squeezed.contains("{%autoescape") || squeezed.contains("escape(\"none")),
        ("style=", text.contains(" style=")),
        ("<style", text.contains("<style")),
        ("javascript:", text.contains("javascript:")),
    ] {
        if there {
            faults.push(fault.to_owned());
        }
    }
    for (at, _) in text.match_indices("<script") {
        let tag = text[at..].split_inclusive('>').next().unwrap();
        if !tag.contains(" src=") || !text[at + tag.len()..].starts_with("</script>") {
            faults.push("inline script".to_owned());
        }
    }
    let handlers = text.match_indices(" on").filter(|(at, _)| {
        let rest = &text[at + 3..];
        let word = rest.find(|sign: char| !sign.is_ascii_alphabetic()).unwrap_or(rest.len());
        word > 0 && rest[word..].starts_with('=')
    });
    faults.extend(handlers.map(|(at, _)| text[at..].chars().take(12).collect::<String>()));
    faults
}

#[test]
fn templates_hold_nothing_inline_and_nothing_that_is_not_escaped() {
    let folders = ["templates", "src/dns/templates"];
    let all: Vec<PathBuf> = folders.iter().flat_map(|folder| files(&root().join(folder), "html")).collect();
    assert!(all.len() > 20);
    for path in all {
        let found = faults(&fs::read_to_string(&path).unwrap());
        assert_eq!(found, Vec::<String>::new(), "{}", path.display());
    }
    for bad in [
        "{{ x|safe }}",
        "{{ x | safe }}",
        "<p style=\"color: red\">",
        "<script>alert(1)</script>",
        "<script src=\"a.js\">x</script>",
        "<a onclick=\"x()\">",
        "<a href=\"javascript:x()\">",
    ] {
        assert_eq!(faults(bad).len(), 1, "{bad}");
    }
    assert_eq!(faults("<script src=\"a.js\" defer></script> based on=it"), Vec::<String>::new());
}
