//! The product knows nothing of the example: not in its code, its pages, its schema or its program.

use std::fs;
use std::path::{Path, PathBuf};

/// Words of the example, as whole words whatever their case.
const WORDS: [&str; 16] = [
    "dns",
    "dnsimple",
    "domain",
    "domains",
    "zone",
    "zones",
    "zonefile",
    "certificate",
    "certificates",
    "registrar",
    "whois",
    "cname",
    "txt",
    "soa",
    "nameserver",
    "nameservers",
];

/// What such a word means something else in.
const OTHERS: [&str; 14] = [
    // Postgres, lettre, url and the file of a key.
    "SET TIME ZONE",
    "depends on its time zone",
    "email.domain()",
    "origin.domain()",
    "Host::Domain(name)",
    // Envoy's list of names, and its way of finding an API by its name.
    "domains: [",
    "STRICT_DNS",
    "key of its certificate",
    // Names of templates, and of a file to keep.
    ".txt\")]",
    "recovery-codes.txt",
    // Where the example is handed in.
    "cfg(feature = \"dns\")",
    "pub mod dns;",
    "embed_migrations!(\"src/dns/migrations\")",
    "the example, `dns`, is one",
];

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

fn files(folder: &Path) -> Vec<PathBuf> {
    let mut found = Vec::new();
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() { found.extend(files(&path)) } else { found.push(path) }
    }
    found
}

/// Lines of a text that hold a word of the example, but for those in which it means something else.
pub fn lines(text: &str) -> Vec<&str> {
    let holds = |line: &&str| {
        let line = OTHERS.iter().fold((*line).to_owned(), |line, other| line.replace(other, ""));
        line.split(|sign: char| !sign.is_alphanumeric())
            .any(|word| WORDS.contains(&word.to_lowercase().as_str()))
    };
    text.lines().filter(holds).collect()
}

/// The code of a file without its unit tests, which may take what they like for an example.
fn without_tests(text: &str) -> &str {
    text.find("\n#[cfg(test)]\nmod tests {").map_or(text, |at| &text[..at])
}

#[test]
fn no_word_of_the_example_is_in_code_templates_styles_or_scripts() {
    let mut found = Vec::new();
    for path in ["src", "templates", "static"].iter().flat_map(|folder| files(&root().join(folder))) {
        let place = path.strip_prefix(root()).unwrap();
        let is_other = place.starts_with("src/dns")
            || place.starts_with("src/bin")
            || place == Path::new("src/main.rs")
            || place.ends_with("tests.rs");
        let Ok(text) = fs::read_to_string(&path) else { continue };
        if !is_other {
            found.extend(
                lines(without_tests(&text)).iter().map(|line| format!("{}: {line}", place.display())),
            );
        }
    }
    assert_eq!(found, Vec::<String>::new());
}

#[test]
fn no_word_of_the_example_is_in_the_schema() {
    for path in files(&root().join("migrations")) {
        assert_eq!(lines(&fs::read_to_string(&path).unwrap()), Vec::<&str>::new(), "{}", path.display());
    }
}

#[test]
fn a_word_is_found_wherever_it_is() {
    for line in
        ["a zone", "zone_file", "\"zones:*:read\"", "// DNSimple's words", "Domain::find", "a.zones()"]
    {
        assert_eq!(lines(line), [line]);
    }
    for line in ["SET TIME ZONE 'UTC'", "zoned", "#[template(path = \"mail/token.txt\")]"] {
        assert_eq!(lines(line), Vec::<&str>::new());
    }
}

/// Sentences and addresses of the example, those of its articles included. Single words are in libraries, too.
#[cfg(not(feature = "dns"))]
const OF_THE_EXAMPLE: [&str; 14] = [
    "_acme-challenge",
    "certbot",
    "theburritobot.com",
    "Only some records",
    "DNSimple",
    "Edit zone DNS",
    "zones and domains",
    "See domains",
    "/v2/{account}/zones",
    "/accounts/{account}/domains",
    "WHOIS privacy",
    "edit_zone_dns",
    "A zone is made together with its domain",
    "certificate_private_keys",
];

#[cfg(not(feature = "dns"))]
#[test]
fn nothing_of_the_example_is_in_a_program_without_it() {
    let program = fs::read(env!("CARGO_BIN_EXE_tokenhouse")).unwrap();
    let holds = |text: &str| program.windows(text.len()).any(|part| part == text.as_bytes());
    assert!(holds("This build has no built-in catalogue."));
    let found: Vec<&str> = OF_THE_EXAMPLE.into_iter().filter(|text| holds(text)).collect();
    assert_eq!(found, Vec::<&str>::new());
}
