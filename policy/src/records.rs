//! Which records of a zone a grant is narrowed to: name patterns and types.

use super::{ascii, shown};
use std::collections::HashSet;

/// At most so many name patterns narrow one grant.
pub const MOST_RECORD_NAMES: usize = 50;

/// Names, and types, are read up to so many bytes.
const MOST_BYTES: usize = 4096;

/// Which records of a zone a grant is narrowed to; empty lists narrow nothing.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct RecordFilter {
    /// Name patterns, relative to the zone, with `*` at the end at most; empty is the apex.
    pub names: Vec<String>,
    /// Record types, in capitals.
    pub types: Vec<String>,
}

impl RecordFilter {
    /// Whether it lets every record through.
    pub fn is_open(&self) -> bool {
        self.names.is_empty() && self.types.is_empty()
    }

    /// The name patterns as people write them: the apex is `@`.
    pub fn written_names(&self) -> impl Iterator<Item = &str> {
        self.names.iter().map(|name| if name.is_empty() { "@" } else { name.as_str() })
    }

    /// Whether a record of this name and type is let through.
    pub fn matches(&self, name: &str, record_type: &str) -> bool {
        let named = self.names.is_empty()
            || self.names.iter().any(|pattern| match pattern.strip_suffix('*') {
                Some(start) => name.starts_with(start),
                None => name == pattern,
            });
        named && (self.types.is_empty() || self.types.iter().any(|one| one == record_type))
    }

    /// Whether everything that the other lets through is let through here, too. A filter that lets
    /// every record through and says so by a pattern is still a filter: zone files need none.
    pub fn covers(&self, other: &RecordFilter) -> bool {
        let within = |pattern: &String| {
            self.names.iter().any(|own| match own.strip_suffix('*') {
                Some(start) => pattern.strip_suffix('*').unwrap_or(pattern).starts_with(start),
                None => own == pattern,
            })
        };
        let names = self.names.is_empty() || (!other.names.is_empty() && other.names.iter().all(within));
        let types = self.types.is_empty()
            || (!other.types.is_empty() && other.types.iter().all(|one| self.types.contains(one)));
        names && types
    }

    /// Reads name patterns, divided by commas or blanks; a blank text, or a `*` of its own, means any
    /// name. `@` is the apex. The error is a sentence for the person who wrote them.
    pub fn parse_names(text: &str) -> Result<Vec<String>, String> {
        RecordFilter::names_of(parts(text, "names")?.into_iter().map(one_name))
    }

    /// Name patterns, each once and as many as a grant can have; a `*` among them means any name.
    pub(super) fn names_of(
        read: impl Iterator<Item = Result<String, String>>,
    ) -> Result<Vec<String>, String> {
        let (mut names, mut known) = (Vec::new(), HashSet::new());
        for name in read {
            let name = name?;
            if known.insert(name.clone()) {
                names.push(name);
            }
        }
        if known.contains("*") {
            return Ok(Vec::new());
        }
        if names.len() > MOST_RECORD_NAMES {
            return Err(format!(
                "At most {MOST_RECORD_NAMES} names of records fit here, and these are {}.",
                names.len()
            ));
        }
        Ok(names)
    }

    /// Reads record types, divided by commas or blanks; a blank text, or `*`, means any type. The error
    /// is a sentence for the person who wrote them.
    pub fn parse_types(text: &str, known: &[&str]) -> Result<Vec<String>, String> {
        let (mut types, mut any) = (Vec::new(), false);
        for written in parts(text, "types")? {
            let upper = written.to_ascii_uppercase();
            if upper == "*" {
                any = true;
            } else if !known.contains(&upper.as_str()) {
                let known = known.join(", ");
                return Err(format!("“{}” is no type of records; there are {known}.", shown(written)));
            } else if !types.contains(&upper) {
                types.push(upper);
            }
        }
        if any {
            types.clear();
        }
        Ok(types)
    }
}

/// What is too long is refused before there is work with it, and so is what holds commas only: it
/// isn't blank, and must not be taken for "any".
fn parts<'a>(text: &'a str, what: &str) -> Result<Vec<&'a str>, String> {
    if text.len() > MOST_BYTES {
        return Err(format!("At most {} KB of {what} of records fit here.", MOST_BYTES / 1024));
    }
    let split = text.split(|sign: char| sign == ',' || sign.is_whitespace());
    let parts: Vec<&str> = split.filter(|part| !part.is_empty()).collect();
    if parts.is_empty() && !text.trim().is_empty() {
        return Err(format!("“{}” holds no {what} of records; * means any.", shown(text.trim())));
    }
    Ok(parts)
}

/// Reads one name pattern.
pub(super) fn one_name(written: &str) -> Result<String, String> {
    pattern(written).map_err(|why| format!("“{}” {why}.", shown(written)))
}

/// A pattern as it is kept: lower case, ASCII, empty at the apex.
fn pattern(written: &str) -> Result<String, String> {
    if written == "@" {
        return Ok(String::new());
    }
    let (start, open) = match written.strip_suffix('*') {
        // A star as the whole first part is a name of its own (RFC 4592), alone it is any name.
        Some(start) => (start, true),
        None => (written, false),
    };
    let start = in_ascii(start, open)?;
    if !open && start.ends_with('.') {
        return Err("ends in a dot; write names relative to their zone, such as www".to_owned());
    }
    let labels = start.strip_prefix("*.").unwrap_or(&start);
    check_labels(labels, open)?;
    if start.len() > 253 {
        return Err("is longer than 253 characters".to_owned());
    }
    Ok(if open { format!("{start}*") } else { start })
}

fn in_ascii(start: &str, open: bool) -> Result<String, String> {
    if start.is_ascii() {
        return Ok(start.to_ascii_lowercase());
    }
    // How a part is spelled in ASCII depends on all of it.
    if open && !start.ends_with('.') {
        return Err("has letters beyond ASCII in the part that * ends; write that part out".to_owned());
    }
    ascii::name_in_ascii(start).ok_or_else(|| "is not a name that DNS knows".to_owned())
}

/// Of an open pattern the last part is only begun.
fn check_labels(labels: &str, open: bool) -> Result<(), String> {
    let fits = |letter: u8| letter.is_ascii_alphanumeric() || letter == b'-' || letter == b'_';
    let mut rest = labels.split('.').peekable();
    while let Some(label) = rest.next() {
        let begun = open && rest.peek().is_none();
        if label.is_empty() && !begun {
            return Err("has an empty part between two dots".to_owned());
        }
        if !label.bytes().all(fits) || label.starts_with('-') || (label.ends_with('-') && !begun) {
            return Err(
                "may hold letters, digits, hyphens inside and underscores, with * at the end or as its whole first part; @ is the zone's own name"
                    .to_owned(),
            );
        }
        if label.len() > 63 {
            return Err("has a part of more than 63 characters".to_owned());
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    const KNOWN: [&str; 3] = ["A", "AAAA", "TXT"];

    fn filter(names: &[&str], types: &[&str]) -> RecordFilter {
        let owned = |list: &[&str]| list.iter().map(|one| (*one).to_owned()).collect();
        RecordFilter { names: owned(names), types: owned(types) }
    }

    #[test]
    fn name_patterns_are_kept_in_lower_case_and_ascii_each_once() {
        for (text, kept) in [
            ("", &[][..]),
            (" \n", &[]),
            ("*", &[]),
            ("home, *", &[]),
            ("@", &[""]),
            ("Home www,home\nwww", &["home", "www"]),
            ("_ACME-challenge*", &["_acme-challenge*"]),
            ("_acme-*", &["_acme-*"]),
            ("*.dev", &["*.dev"]),
            ("*.dev*", &["*.dev*"]),
            ("*.*", &["*.*"]),
            ("a.b.*", &["a.b.*"]),
            ("bücher", &["xn--bcher-kva"]),
            ("bücher.*", &["xn--bcher-kva.*"]),
        ] {
            assert_eq!(RecordFilter::parse_names(text).unwrap(), kept, "{text:?}");
        }
    }

    #[test]
    fn what_is_no_name_pattern_is_refused_in_a_sentence() {
        let long = "a".repeat(64);
        let longer = vec!["a".repeat(60); 5].join(".");
        for text in [
            ".", "www.", ".www", "a..b", "a..*", "-a", "a-", "-*", "**", "a**", "*a", "a*b", "a.*.b", "@*",
            "a@b", "a/b", "a:b", "a%", "\u{0}", "a\u{7f}", "bü*", "a\\b", "\"a\"", "!a", ",", " , \n", &long,
            &longer,
        ] {
            let why = RecordFilter::parse_names(text).expect_err(text);
            assert!(why.starts_with('“') && why.ends_with('.') && why.len() < 300, "{why}");
        }
        let many: Vec<String> = (0..=MOST_RECORD_NAMES).map(|number| format!("n{number}")).collect();
        assert_eq!(
            RecordFilter::parse_names(&many.join(" ")).unwrap_err(),
            "At most 50 names of records fit here, and these are 51."
        );
        assert_eq!(
            RecordFilter::parse_names(&"www,".repeat(1025)).unwrap_err(),
            "At most 4 KB of names of records fit here."
        );
        assert_eq!(RecordFilter::parse_names(&"www,".repeat(1024)).unwrap(), ["www"]);
    }

    #[test]
    fn types_are_kept_in_capitals_and_unknown_ones_are_refused_with_those_that_there_are() {
        let parse = |text| RecordFilter::parse_types(text, &KNOWN);
        assert_eq!(parse("txt, a A").unwrap(), ["TXT", "A"]);
        assert_eq!(parse(" ").unwrap(), [""; 0]);
        assert_eq!(parse("a,*").unwrap(), [""; 0]);
        assert_eq!(parse(" ,").unwrap_err(), "“,” holds no types of records; * means any.");
        assert_eq!(parse("TXT,FOO").unwrap_err(), "“FOO” is no type of records; there are A, AAAA, TXT.");
        assert!(parse("TXT/A").is_err() && parse("\u{0}").is_err());
        assert_eq!(parse(&"TXT,".repeat(1025)).unwrap_err(), "At most 4 KB of types of records fit here.");
    }

    #[test]
    fn a_filter_covers_another_that_lets_no_more_through() {
        let acme = filter(&["_acme-challenge*"], &["TXT"]);
        for (wide, narrow) in [
            (filter(&[], &[]), acme.clone()),
            (filter(&[], &["TXT"]), acme.clone()),
            (filter(&["_acme*", "www"], &[]), acme.clone()),
            (acme.clone(), filter(&["_acme-challenge", "_acme-challenge.www*"], &["TXT"])),
            (acme.clone(), acme.clone()),
        ] {
            assert!(wide.covers(&narrow), "{wide:?} {narrow:?}");
            assert!(wide == narrow || !narrow.covers(&wide), "{narrow:?} {wide:?}");
        }
        assert!(!filter(&["_acme"], &[]).covers(&filter(&["_acme*"], &[])));
        assert!(!filter(&["*"], &[]).covers(&filter(&[], &[])), "a zone file needs no filter at all");
    }
}
