//! Kinds of resources that grants can be narrowed to, as the catalogue names them.

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

/// A kind of resource, as pages and sentences speak of it.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Kind {
    /// Its key, in the database and in query strings.
    pub key: KindKey,
    /// One of them, as the API names it and as a heading: "Zone".
    pub title: String,
    /// Several, within a sentence: "zones".
    pub plural: String,
    /// What a line that is limited to some records still may and may not do; only for a kind that has
    /// records.
    #[serde(default)]
    pub with_records: Option<RecordSentences>,
}

/// Sentences about lines that are limited to some records of a kind.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RecordSentences {
    /// Where every line is.
    pub all_limited: String,
    /// Where some line is and another one isn't.
    pub some_limited: String,
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
            let kind = Kind {
                key: KindKey::literal("x"),
                title: title.to_owned(),
                plural: String::new(),
                with_records: None,
            };
            assert_eq!(kind.noun(), noun);
        }
    }
}
