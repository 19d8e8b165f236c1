//! Kinds of resources that grants can be narrowed to, as the catalogue names them.

use crate::Part;
use regex::{Regex, RegexBuilder};
use serde::Deserialize;
use std::fmt;

/// The longest key in bytes: one fits into a token's grant without an allocation.
const MOST_BYTES: usize = 31;

/// The validated key of a kind: a lower-case letter, then lower-case letters, digits and `_`, at most 31
/// bytes. Whether the catalogue has such a kind is another question.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Deserialize)]
#[serde(try_from = "String")]
pub struct KindKey {
    bytes: [u8; MOST_BYTES],
    length: u8,
}

impl KindKey {
    /// A key that the program itself names.
    ///
    /// # Panics
    /// If it isn't one: as a constant, that's an error of the compiler.
    pub const fn literal(key: &str) -> KindKey {
        match KindKey::read(key) {
            Some(key) => key,
            None => panic!("a key of a kind has lower-case letters, digits and _, at most 31 of them"),
        }
    }

    const fn read(key: &str) -> Option<KindKey> {
        let text = key.as_bytes();
        if text.is_empty() || text.len() > MOST_BYTES || !text[0].is_ascii_lowercase() {
            return None;
        }
        let mut bytes = [0; MOST_BYTES];
        let mut at = 0;
        while at < text.len() {
            if !(text[at].is_ascii_lowercase() || text[at].is_ascii_digit() || text[at] == b'_') {
                return None;
            }
            bytes[at] = text[at];
            at += 1;
        }
        Some(KindKey { bytes, length: at as u8 })
    }

    /// The key as text.
    pub fn as_str(&self) -> &str {
        // Only ASCII gets in.
        std::str::from_utf8(&self.bytes[..usize::from(self.length)]).unwrap_or_default()
    }
}

impl TryFrom<&str> for KindKey {
    type Error = String;

    fn try_from(key: &str) -> Result<KindKey, String> {
        KindKey::read(key).ok_or_else(|| format!("“{}” is no key of a kind", crate::shown(key)))
    }
}

impl TryFrom<String> for KindKey {
    type Error = String;

    fn try_from(key: String) -> Result<KindKey, String> {
        KindKey::try_from(key.as_str())
    }
}

impl fmt::Display for KindKey {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str(self.as_str())
    }
}

impl fmt::Debug for KindKey {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(out, "KindKey({})", self.as_str())
    }
}

/// The longest name of a resource, in bytes.
pub const LONGEST_NAME: usize = 253;

/// Whether names are told apart by case.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Case {
    /// `Berlin` and `berlin` are two.
    Exact,
    /// Names are kept in lower case, and asked for in any.
    Lower,
}

/// Among what a name is given once.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Unique {
    /// Among those of one account: two accounts may have one of the same name.
    Account,
    /// Among all.
    Site,
}

/// What a name may be: a regular expression for the whole of it.
#[derive(Debug, Clone)]
pub struct NamePattern {
    written: String,
    regex: Regex,
}

impl NamePattern {
    /// Reads one. The error says what's wrong with it.
    pub fn parse(written: &str) -> Result<NamePattern, String> {
        let anchored = format!(r"\A(?:{written})\z");
        // An expression that would need more is no pattern of names.
        let regex = RegexBuilder::new(&anchored).size_limit(1 << 20).build();
        regex.map(|regex| NamePattern { written: written.to_owned(), regex }).map_err(|why| why.to_string())
    }

    /// Whether a name can be one of these, apart from its length.
    pub fn fits(&self, name: &str) -> bool {
        self.regex.is_match(name)
    }
}

impl fmt::Display for NamePattern {
    /// As the catalogue writes it.
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str(&self.written)
    }
}

impl PartialEq for NamePattern {
    fn eq(&self, other: &NamePattern) -> bool {
        self.written == other.written
    }
}

impl Eq for NamePattern {}

/// A kind of resource, as pages and sentences speak of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Kind {
    /// Its key, in the database and in query strings.
    pub key: KindKey,
    /// One of them, as the API names it and as a heading: "Zone".
    pub title: String,
    /// Several, within a sentence: "zones".
    pub plural: String,
    /// What a name may be.
    pub pattern: NamePattern,
    /// A name that fits, for placeholders and examples.
    pub example: String,
    /// Among what its names are given once.
    pub unique: Unique,
    /// Whether its names are told apart by case.
    pub case: Case,
    /// What its parts tell apart: one of them and several, "record" and "records".
    pub items: Option<(String, String)>,
    /// What can be narrowed further inside one of them; at most [`MOST_PARTS`](crate::MOST_PARTS).
    pub parts: Vec<Part>,
    /// What a line that is narrowed by parts still may and may not do, where there's more to say than that
    /// it does nothing that's about a resource as a whole.
    pub narrowed: Option<NarrowedSentences>,
}

/// Sentences about lines that are narrowed by parts of a kind.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NarrowedSentences {
    /// Where every line is.
    pub all: String,
    /// Where some line is and another one isn't.
    pub some: String,
}

impl Kind {
    /// One of them, within a sentence: "zone". A title that begins with an abbreviation stays as it is.
    pub fn noun(&self) -> String {
        let mut letters = self.title.chars();
        match (letters.next(), letters.next()) {
            (Some(first), Some(second)) if first.is_uppercase() && !second.is_uppercase() => {
                first.to_lowercase().chain(self.title.chars().skip(1)).collect()
            }
            _ => self.title.clone(),
        }
    }

    /// A name as it's kept; `None` if nothing of this kind can be called so.
    pub fn name(&self, written: &str) -> Option<String> {
        let name = self.spelled(written);
        Some(name).filter(|name| name.len() <= LONGEST_NAME && self.pattern.fits(name))
    }

    /// A name in the case in which it's kept, whether or not it can be one.
    pub fn spelled(&self, written: &str) -> String {
        match self.case {
            Case::Exact => written.to_owned(),
            Case::Lower => written.to_lowercase(),
        }
    }

    /// The part with this key.
    pub fn part(&self, key: &str) -> Option<&Part> {
        self.parts.iter().find(|part| part.key == key)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_key_is_what_was_written_and_nothing_else_is_one() {
        for key in ["zone", "a", "pull_zone2", &"z".repeat(31)] {
            let read = KindKey::try_from(key).unwrap();
            assert_eq!((read.as_str(), read.to_string().as_str()), (key, key));
        }
        for wrong in ["", "Zone", "_zone", "2nd", "a-b", "a b", "zöne", &"z".repeat(32)] {
            assert!(KindKey::try_from(wrong).is_err(), "{wrong}");
        }
    }

    #[test]
    fn keys_are_told_apart_and_sorted_like_their_texts() {
        let key = |text: &str| KindKey::try_from(text).unwrap();
        let mut keys = ["zone", "b", "a1", "a", "zones"].map(key);
        keys.sort_unstable();
        assert_eq!(keys.map(|one| one.to_string()), ["a", "a1", "b", "zone", "zones"]);
    }

    #[test]
    fn a_kind_within_a_sentence_begins_small_unless_its_title_is_an_abbreviation() {
        for (title, noun) in
            [("Zone", "zone"), ("Pull Zone", "pull Zone"), ("SSL profile", "SSL profile"), ("X", "X")]
        {
            assert_eq!(kind(title, "x", Case::Exact).noun(), noun);
        }
    }

    #[test]
    fn a_name_fits_as_a_whole_and_is_kept_in_the_case_of_its_kind() {
        let store = kind("Store", "[a-z][a-z0-9-]{1,39}|x", Case::Exact);
        for (written, kept) in [("berlin", Some("berlin")), ("x", Some("x"))] {
            assert_eq!(store.name(written).as_deref(), kept);
        }
        for wrong in ["", "b", "Berlin", "berlin\n", "berlin/munich", "xberlin/", &"a".repeat(41)] {
            assert_eq!(store.name(wrong), None, "{wrong:?}");
        }
        let project = kind("Project", "[a-z.]{1,999}", Case::Lower);
        assert_eq!(project.name("Website").as_deref(), Some("website"));
        assert_eq!(project.name(&"a".repeat(LONGEST_NAME + 1)), None);
    }

    #[test]
    fn a_pattern_that_is_none_is_refused_and_so_is_one_that_would_take_a_machine() {
        for wrong in ["(", "[a-", "a{1000}{1000}{1000}"] {
            assert!(NamePattern::parse(wrong).is_err(), "{wrong}");
        }
    }

    fn kind(title: &str, pattern: &str, case: Case) -> Kind {
        Kind {
            key: KindKey::literal("x"),
            title: title.to_owned(),
            plural: String::new(),
            pattern: NamePattern::parse(pattern).unwrap(),
            example: String::new(),
            unique: Unique::Account,
            case,
            items: None,
            parts: Vec::new(),
            narrowed: None,
        }
    }
}
