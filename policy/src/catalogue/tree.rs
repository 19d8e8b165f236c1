//! A file of TOML as a tree with places: each value is asked for by its key and type, and what's wrong
//! with one is noted and passed over, so that all faults are found in one reading.

use super::fault::Faults;
use crate::shown;
use std::cell::RefCell;
use std::collections::BTreeSet;
use toml::Spanned;
use toml::de::{DeTable, DeValue};

/// A value and the byte at which it begins.
#[derive(Debug, Clone, Copy)]
pub(super) struct At<T> {
    pub(super) value: T,
    pub(super) at: usize,
}

impl<T> At<T> {
    pub(super) fn as_ref(&self) -> At<&T> {
        At { value: &self.value, at: self.at }
    }
}

/// The longest text of a key that isn't a list.
const LONGEST: usize = 1_000;

/// A table that is being read.
pub(super) struct Table<'a, 'i> {
    entries: &'a DeTable<'i>,
    /// Where it begins.
    pub(super) at: usize,
    /// What it is, within a sentence: "a permission".
    what: &'static str,
    known: RefCell<BTreeSet<&'static str>>,
}

impl<'a, 'i> Table<'a, 'i> {
    pub(super) fn new(entries: &'a DeTable<'i>, at: usize, what: &'static str) -> Table<'a, 'i> {
        Table { entries, at, what, known: RefCell::default() }
    }

    fn get(&self, key: &'static str) -> Option<&'a Spanned<DeValue<'i>>> {
        self.known.borrow_mut().insert(key);
        let found = self.entries.iter().find(|(own, _)| own.get_ref().as_ref() == key);
        found.map(|(_, value)| value)
    }

    /// Notes that a key has to be there.
    pub(super) fn missing<T>(&self, key: &'static str, faults: &mut Faults<'_>) -> Option<T> {
        if !self.entries.iter().any(|(own, _)| own.get_ref().as_ref() == key) {
            faults.error(self.at, format!("{} needs “{key}”", self.what));
        }
        None
    }

    fn wrong(&self, value: &Spanned<DeValue<'_>>, key: &str, wanted: &str, faults: &mut Faults<'_>) {
        let is = value.get_ref().type_str();
        faults.error(value.span().start, format!("“{key}” has to be {wanted}, and this is {}", article(is)));
    }

    /// A text; `None` if it isn't there or isn't one.
    pub(super) fn text(&self, key: &'static str, faults: &mut Faults<'_>) -> Option<At<String>> {
        let value = self.get(key)?;
        let DeValue::String(text) = value.get_ref() else {
            self.wrong(value, key, "a text", faults);
            return None;
        };
        let at = value.span().start;
        if text.len() > LONGEST {
            faults.error(at, format!("“{key}” is longer than {LONGEST} bytes"));
            return None;
        }
        Some(At { value: text.to_string(), at })
    }

    /// A text with something in it, if it's there at all.
    pub(super) fn some_if_there(&self, key: &'static str, faults: &mut Faults<'_>) -> Option<At<String>> {
        let text = self.text(key, faults)?;
        if text.value.trim().is_empty() {
            faults.error(text.at, format!("“{key}” is empty"));
            return None;
        }
        Some(text)
    }

    /// The same for one that has to be there.
    pub(super) fn some_text(&self, key: &'static str, faults: &mut Faults<'_>) -> Option<At<String>> {
        self.some_if_there(key, faults).or_else(|| self.missing(key, faults))
    }

    /// Yes or no; no where it isn't there.
    pub(super) fn flag(&self, key: &'static str, faults: &mut Faults<'_>) -> bool {
        match self.get(key) {
            None => false,
            Some(value) => match value.get_ref() {
                DeValue::Boolean(flag) => *flag,
                _ => {
                    self.wrong(value, key, "true or false", faults);
                    false
                }
            },
        }
    }

    /// A whole number within bounds.
    pub(super) fn number(
        &self,
        key: &'static str,
        least: i64,
        most: i64,
        faults: &mut Faults<'_>,
    ) -> Option<i64> {
        let value = self.get(key)?;
        let DeValue::Integer(number) = value.get_ref() else {
            self.wrong(value, key, "a whole number", faults);
            return None;
        };
        let read = i64::from_str_radix(number.as_str(), number.radix()).ok();
        let fits = read.filter(|number| (least..=most).contains(number));
        if fits.is_none() {
            let range = match least == most {
                true => least.to_string(),
                false => format!("between {least} and {most}"),
            };
            faults.error(value.span().start, format!("“{key}” has to be {range}"));
        }
        fits
    }

    /// A list of texts; empty where it isn't there.
    pub(super) fn texts(&self, key: &'static str, faults: &mut Faults<'_>) -> Vec<At<String>> {
        let Some(value) = self.get(key) else { return Vec::new() };
        let DeValue::Array(list) = value.get_ref() else {
            self.wrong(value, key, "a list of texts", faults);
            return Vec::new();
        };
        let mut texts: Vec<At<String>> = Vec::new();
        for one in list.iter() {
            let at = one.span().start;
            match one.get_ref() {
                DeValue::String(text) if text.is_empty() => {
                    faults.error(at, format!("“{key}” has an empty text in it"));
                }
                DeValue::String(text) if texts.iter().any(|known| known.value == *text) => {
                    faults.error(at, format!("“{key}” has “{}” twice", shown(text)));
                }
                DeValue::String(text) => texts.push(At { value: text.to_string(), at }),
                _ => self.wrong(one, key, "a list of texts", faults),
            }
        }
        texts
    }

    /// A table in it; `None` if it isn't there.
    pub(super) fn table(
        &self,
        key: &'static str,
        what: &'static str,
        faults: &mut Faults<'_>,
    ) -> Option<Table<'a, 'i>> {
        let value = self.get(key)?;
        match value.get_ref() {
            DeValue::Table(entries) => Some(Table::new(entries, value.span().start, what)),
            _ => {
                self.wrong(value, key, "a table", faults);
                None
            }
        }
    }

    /// A list of tables; empty where it isn't there.
    pub(super) fn tables(
        &self,
        key: &'static str,
        what: &'static str,
        faults: &mut Faults<'_>,
    ) -> Vec<Table<'a, 'i>> {
        let Some(value) = self.get(key) else { return Vec::new() };
        let DeValue::Array(list) = value.get_ref() else {
            self.wrong(value, key, "a list of tables", faults);
            return Vec::new();
        };
        let table = |one: &'a Spanned<DeValue<'i>>| match one.get_ref() {
            DeValue::Table(entries) => Some(Table::new(entries, one.span().start, what)),
            _ => {
                self.wrong(one, key, "a list of tables", faults);
                None
            }
        };
        list.iter().filter_map(table).collect()
    }

    /// Every key and list of texts of a table whose keys are the file's own.
    pub(super) fn lists(&self, faults: &mut Faults<'_>) -> Vec<(At<String>, Vec<At<String>>)> {
        let mut lists = Vec::new();
        for (key, value) in self.entries {
            let name = key.get_ref().to_string();
            let of = At { value: name.clone(), at: key.span().start };
            let texts = match value.get_ref() {
                DeValue::Array(list) => list
                    .iter()
                    .map(|one| match one.get_ref() {
                        DeValue::String(text) => Some(At { value: text.to_string(), at: one.span().start }),
                        _ => None,
                    })
                    .collect::<Option<Vec<_>>>(),
                _ => None,
            };
            match texts {
                Some(texts) => lists.push((of, texts)),
                None => self.wrong(value, &name, "a list of texts", faults),
            }
        }
        lists
    }

    /// Notes the keys that nobody asked for.
    pub(super) fn finish(self, faults: &mut Faults<'_>) {
        let known = self.known.into_inner();
        for (key, _) in self.entries {
            let name = key.get_ref().as_ref();
            if !known.contains(name) {
                let there_are = known.iter().copied().collect::<Vec<_>>().join(", ");
                let name = shown(name);
                let text = format!("{} has no key “{name}”; there are {there_are}", self.what);
                faults.error(key.span().start, text);
            }
        }
    }
}

/// A type of TOML with its article.
fn article(kind: &str) -> String {
    match kind {
        "array" | "integer" => format!("an {kind}"),
        _ => format!("a {kind}"),
    }
}
