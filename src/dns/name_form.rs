//! How names of records are spelled in grants: relative to their zone, in lower case and ASCII.

use crate::policy::{PartForm, ascii};

/// Names of records, `@` for the zone's own; a `*` as the whole first part is a name of its own (RFC 4592).
#[derive(Debug)]
pub struct RecordName;

impl PartForm for RecordName {
    fn key(&self) -> &'static str {
        "dns_name"
    }

    /// Lower case, ASCII, empty at the apex.
    fn normal(&self, written: &str) -> Result<String, String> {
        if written == "@" {
            return Ok(String::new());
        }
        let (start, open) = match written.strip_suffix('*') {
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

    fn written<'a>(&self, normal: &'a str) -> &'a str {
        if normal.is_empty() { "@" } else { normal }
    }

    fn explained(&self, normal: &str) -> Option<&'static str> {
        normal.is_empty().then_some("the zone's own name")
    }
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
    use crate::policy::{Form, Part};

    fn names() -> Part {
        let (key, title) = ("name".to_owned(), "Names".to_owned());
        Part { key, title, form: Form::Of(&RecordName), hint: String::new(), says: None }
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
            assert_eq!(names().parse(text).unwrap(), kept, "{text:?}");
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
            let why = names().parse(text).expect_err(text);
            assert!(why.starts_with('“') && why.ends_with('.') && why.len() < 300, "{why}");
        }
    }
}
