//! What a grant is narrowed to inside its resources: the records of a zone, the branches of a project.

use super::shown;
use serde::{Deserialize, Serialize};
use std::collections::{BTreeMap, HashSet};
use std::fmt;

/// The most patterns of one part in a grant.
pub const MOST_PATTERNS: usize = 50;

/// The most parts that a kind can have.
pub const MOST_PARTS: usize = 2;

/// The most bytes of a list of patterns as it's written.
const MOST_BYTES: usize = 4096;

/// The longest pattern in bytes.
const LONGEST: usize = 253;

/// How the names of a part are spelled, where neither *any name* nor *one of these* says it. An
/// extension brings its own.
///
/// Matching is the same for every form: a pattern that ends in `*` stands for every name that begins
/// so, any other for itself. So a form only has to give each name one spelling.
pub trait PartForm: fmt::Debug + Send + Sync {
    /// Its key in catalogues.
    fn key(&self) -> &'static str;

    /// The one spelling of a pattern. The error completes "“…”" to a sentence, without the full stop.
    fn normal(&self, written: &str) -> Result<String, String>;

    /// A normal pattern as people write it.
    fn written<'a>(&self, normal: &'a str) -> &'a str;

    /// What such a pattern is, where the sign itself doesn't tell: for sentences, in parentheses.
    fn explained(&self, normal: &str) -> Option<&'static str>;
}

/// What the names of a part may be.
#[derive(Debug, Clone)]
pub enum Form {
    /// Any name, or the beginning of one and `*`.
    Prefix,
    /// One of these, in any case.
    OneOf(Vec<String>),
    /// What an extension says.
    Of(&'static dyn PartForm),
}

impl Form {
    /// Its key in catalogues.
    pub fn key(&self) -> &'static str {
        match self {
            Form::Prefix => "prefix",
            Form::OneOf(_) => "one_of",
            Form::Of(form) => form.key(),
        }
    }
}

impl PartialEq for Form {
    fn eq(&self, other: &Form) -> bool {
        match (self, other) {
            (Form::OneOf(own), Form::OneOf(other)) => own == other,
            _ => self.key() == other.key(),
        }
    }
}

impl Eq for Form {}

/// One of the things that a kind of resource is narrowed by inside: names of records, types of records.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Part {
    /// Its key, in the database, in forms and in paths of routes.
    pub key: String,
    /// What it's called, in the plural, as a heading: "Branches".
    pub title: String,
    /// How its names are spelled.
    pub form: Form,
    /// What helps to fill its field in; may be empty.
    pub hint: String,
    /// What comes before its patterns in a sentence: "named", "on branches". Without it, they come before
    /// what they narrow: "TXT records".
    pub says: Option<String>,
}

impl Part {
    /// Its title within a sentence.
    pub fn noun(&self) -> String {
        self.title.to_lowercase()
    }

    /// Reads patterns, divided by commas or white space; a blank text, or a `*` of its own, means any. The
    /// error is a sentence for the person who wrote them.
    pub fn parse(&self, text: &str) -> Result<Vec<String>, String> {
        if text.len() > MOST_BYTES {
            return Err(format!("At most {} KB of {} fit here.", MOST_BYTES / 1024, self.noun()));
        }
        let split = text.split(|sign: char| sign == ',' || sign.is_whitespace());
        let written: Vec<&str> = split.filter(|one| !one.is_empty()).collect();
        // What holds commas only isn't blank, and must not be taken for "any".
        if written.is_empty() && !text.trim().is_empty() {
            return Err(format!("“{}” holds no {}; * means any.", shown(text.trim()), self.noun()));
        }
        self.normal(written.into_iter())
    }

    /// The same for patterns that are divided already.
    pub fn normal<'a>(&self, written: impl Iterator<Item = &'a str>) -> Result<Vec<String>, String> {
        let (mut patterns, mut known) = (Vec::new(), HashSet::new());
        for one in written {
            let pattern = self.one(one)?;
            if known.insert(pattern.clone()) {
                patterns.push(pattern);
            }
        }
        if known.contains("*") {
            return Ok(Vec::new());
        }
        if patterns.len() > MOST_PATTERNS {
            let (most, noun) = (MOST_PATTERNS, self.noun());
            return Err(format!("At most {most} {noun} fit here, and these are {}.", patterns.len()));
        }
        Ok(patterns)
    }

    fn one(&self, written: &str) -> Result<String, String> {
        if written == "*" {
            return Ok(written.to_owned());
        }
        let wrong = |why: &str| format!("“{}” {why}.", shown(written));
        match &self.form {
            Form::Prefix => prefix(written).map_err(wrong),
            Form::OneOf(values) => {
                values.iter().find(|one| one.eq_ignore_ascii_case(written)).cloned().ok_or_else(|| {
                    wrong(&format!("is none of the {}; there are {}", self.noun(), values.join(", ")))
                })
            }
            Form::Of(form) => form.normal(written).map_err(|why| wrong(&why)),
        }
    }

    /// The one spelling of a name that a call asks for; none for what isn't a name, but a pattern.
    pub fn name(&self, asked: &str) -> Option<String> {
        let is_pattern = asked.is_empty() || asked.ends_with('*');
        self.one(asked).ok().filter(|_| !is_pattern)
    }

    /// A pattern as people write it.
    pub fn written<'a>(&self, pattern: &'a str) -> &'a str {
        match &self.form {
            Form::Of(form) => form.written(pattern),
            Form::Prefix | Form::OneOf(_) => pattern,
        }
    }

    /// What a pattern is, where the sign itself doesn't tell.
    pub fn explained(&self, pattern: &str) -> Option<&'static str> {
        match &self.form {
            Form::Of(form) => form.explained(pattern),
            Form::Prefix | Form::OneOf(_) => None,
        }
    }
}

fn prefix(written: &str) -> Result<String, &'static str> {
    let begun = written.strip_suffix('*').unwrap_or(written);
    let strange = |sign: char| sign == '*' || sign == ',' || sign.is_control() || sign.is_whitespace();
    if begun.contains(strange) {
        return Err("may hold * at the end only, and neither commas nor white space");
    }
    if written.len() > LONGEST {
        return Err("is longer than 253 bytes");
    }
    Ok(written.to_owned())
}

/// For each part that narrows a grant, the patterns of what is let through; a part that isn't there
/// narrows nothing. Its patterns are never empty.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(try_from = "BTreeMap<String, Vec<String>>")]
pub struct Parts(BTreeMap<String, Vec<String>>);

impl TryFrom<BTreeMap<String, Vec<String>>> for Parts {
    type Error = String;

    /// An empty list is refused: it could have meant "none", and would be taken for "any".
    fn try_from(parts: BTreeMap<String, Vec<String>>) -> Result<Parts, String> {
        match parts.iter().find(|(_, patterns)| patterns.is_empty()) {
            Some((key, _)) => Err(format!("part “{}” has no patterns", shown(key))),
            None => Ok(Parts(parts)),
        }
    }
}

impl Parts {
    /// The same, narrowed by these patterns of a part; none of them narrow nothing.
    #[must_use]
    pub fn with(mut self, key: &str, patterns: Vec<String>) -> Parts {
        if patterns.is_empty() {
            self.0.remove(key);
        } else {
            self.0.insert(key.to_owned(), patterns);
        }
        self
    }

    /// Whether everything is let through.
    pub fn is_open(&self) -> bool {
        self.0.is_empty()
    }

    /// The patterns of a part; empty if it narrows nothing.
    pub fn of(&self, key: &str) -> &[String] {
        self.0.get(key).map(Vec::as_slice).unwrap_or_default()
    }

    /// Keys of the parts that narrow, sorted.
    pub fn keys(&self) -> impl Iterator<Item = &str> {
        self.0.keys().map(String::as_str)
    }

    /// Whether one with these names is let through, given as key of the part and name. One that has no
    /// name for a part that narrows isn't.
    pub fn matches(&self, named: &[(&str, &str)]) -> bool {
        self.0.iter().all(|(key, patterns)| {
            named.iter().any(|(of, name)| of == key && patterns.iter().any(|one| matches(one, name)))
        })
    }

    /// Whether everything that the other lets through is let through here, too. Parts that let everything
    /// through and say so by a pattern still narrow: what's about a resource as a whole takes none.
    pub fn covers(&self, other: &Parts) -> bool {
        self.0.iter().all(|(key, patterns)| {
            let theirs = other.of(key);
            let within = |pattern: &String| patterns.iter().any(|own| covers(own, pattern));
            !theirs.is_empty() && theirs.iter().all(within)
        })
    }
}

/// Whether the pattern stands for this name.
fn matches(pattern: &str, name: &str) -> bool {
    match pattern.strip_suffix('*') {
        Some(start) => name.starts_with(start),
        None => name == pattern,
    }
}

/// Whether the pattern stands for everything that the other one does.
fn covers(pattern: &str, other: &str) -> bool {
    match pattern.strip_suffix('*') {
        Some(start) => other.strip_suffix('*').unwrap_or(other).starts_with(start),
        None => pattern == other,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn part(form: Form) -> Part {
        Part { key: "branch".to_owned(), title: "Branches".to_owned(), form, hint: String::new(), says: None }
    }

    fn parts(names: &[&str], types: &[&str]) -> Parts {
        let owned = |list: &[&str]| list.iter().map(|one| (*one).to_owned()).collect();
        Parts::default().with("name", owned(names)).with("type", owned(types))
    }

    #[test]
    fn patterns_are_kept_as_written_each_once_and_a_star_alone_means_any() {
        for (text, kept) in [
            ("", &[][..]),
            (" \n", &[]),
            ("*", &[]),
            ("main, *", &[]),
            ("main release/*,main\nMain", &["main", "release/*", "Main"]),
        ] {
            assert_eq!(part(Form::Prefix).parse(text).unwrap(), kept, "{text:?}");
        }
    }

    #[test]
    fn what_is_no_pattern_is_refused_in_a_sentence() {
        let long = "a".repeat(LONGEST + 1);
        for text in ["**", "a*b", "*a", "a\u{7}", ",", " , \n", &long] {
            let why = part(Form::Prefix).parse(text).expect_err(text);
            assert!(why.starts_with('“') && why.ends_with('.') && why.len() < 300, "{why}");
        }
        let many: Vec<String> = (0..=MOST_PATTERNS).map(|number| format!("n{number}")).collect();
        assert_eq!(
            part(Form::Prefix).parse(&many.join(" ")).unwrap_err(),
            "At most 50 branches fit here, and these are 51."
        );
        assert_eq!(
            part(Form::Prefix).parse(&"main,".repeat(1025)).unwrap_err(),
            "At most 4 KB of branches fit here."
        );
        assert_eq!(part(Form::Prefix).parse(&"www,".repeat(1024)).unwrap(), ["www"]);
    }

    #[test]
    fn one_of_several_is_kept_as_the_catalogue_spells_it_and_others_are_refused_with_those_that_there_are() {
        let part = part(Form::OneOf(["A", "AAAA", "TXT"].map(str::to_owned).to_vec()));
        assert_eq!(part.parse("txt, a A").unwrap(), ["TXT", "A"]);
        assert_eq!(part.parse("a,*").unwrap(), [""; 0]);
        assert_eq!(part.parse(" ,").unwrap_err(), "“,” holds no branches; * means any.");
        assert_eq!(
            part.parse("TXT,FOO").unwrap_err(),
            "“FOO” is none of the branches; there are A, AAAA, TXT."
        );
        assert!(part.parse("TX*").is_err() && part.parse("\u{0}").is_err());
    }

    #[test]
    fn parts_cover_others_that_let_no_more_through() {
        let acme = parts(&["_acme-challenge*"], &["TXT"]);
        for (wide, narrow) in [
            (parts(&[], &[]), acme.clone()),
            (parts(&[], &["TXT"]), acme.clone()),
            (parts(&["_acme*", "www"], &[]), acme.clone()),
            (acme.clone(), parts(&["_acme-challenge", "_acme-challenge.www*"], &["TXT"])),
            (acme.clone(), acme.clone()),
        ] {
            assert!(wide.covers(&narrow), "{wide:?} {narrow:?}");
            assert!(wide == narrow || !narrow.covers(&wide), "{narrow:?} {wide:?}");
        }
        assert!(!parts(&["_acme"], &[]).covers(&parts(&["_acme*"], &[])));
        assert!(!parts(&["*"], &[]).covers(&parts(&[], &[])), "what's about all takes no parts");
    }

    #[test]
    fn a_part_that_narrows_and_has_no_name_in_the_call_lets_nothing_through() {
        let both = parts(&["www*"], &["A"]);
        assert!(both.matches(&[("name", "www.de"), ("type", "A")]));
        assert!(!both.matches(&[("name", "www.de")]));
        assert!(!both.matches(&[("name", "www.de"), ("type", "TXT")]));
        assert!(!both.matches(&[]) && Parts::default().matches(&[]));
    }

    #[test]
    fn stored_parts_are_read_back_and_a_list_without_patterns_is_not_taken_for_any() {
        let both = parts(&["www*"], &["A"]);
        let text = serde_json::to_string(&both).unwrap();
        assert_eq!(text, r#"{"name":["www*"],"type":["A"]}"#);
        assert_eq!(serde_json::from_str::<Parts>(&text).unwrap(), both);
        for wrong in [r#"{"name":[]}"#, "null", "[]", r#"{"name":"www"}"#, r#"{"name":[1]}"#] {
            assert!(serde_json::from_str::<Parts>(wrong).is_err(), "{wrong}");
        }
    }
}
