//! Kinds of resources, and what is narrowed inside one.

use super::super::fault::Faults;
use super::super::tree::Table;
use super::{Forms, Reading};
use crate::parts::{Form, MOST_PARTS, Part};
use crate::{Case, Kind, KindKey, NamePattern, NarrowedSentences, Unique, shown};

impl Reading<'_, '_> {
    pub(super) fn kind(&mut self, table: Table<'_, '_>) {
        let faults = &mut self.faults;
        let key = table.some_text("key", faults);
        let title = table.some_text("title", faults);
        let plural = table.some_text("plural", faults);
        let pattern = table.some_text("pattern", faults);
        let example = table.some_text("example", faults);
        let unique = match table.text("unique", faults) {
            Some(text) if text.value == "site" => Unique::Site,
            Some(text) if text.value != "account" => {
                faults.error(text.at, "“unique” has to be “account” or “site”");
                Unique::Account
            }
            _ => Unique::Account,
        };
        let case = match table.text("case", faults) {
            Some(text) if text.value == "lower" => Case::Lower,
            Some(text) if text.value != "exact" => {
                faults.error(text.at, "“case” has to be “exact” or “lower”");
                Case::Exact
            }
            _ => Case::Exact,
        };
        let items = table.table("items", "“items”", faults).and_then(|items| {
            let (one, several) = (items.some_text("one", faults), items.some_text("several", faults));
            items.finish(faults);
            Some((one?.value, several?.value))
        });
        let narrowed = table.table("narrowed", "“narrowed”", faults).and_then(|said| {
            let (all, some) = (said.some_text("all", faults), said.some_text("some", faults));
            said.finish(faults);
            Some(NarrowedSentences { all: all?.value, some: some?.value })
        });
        let mut parts = Vec::new();
        for (number, part) in table.tables("parts", "a part", faults).into_iter().enumerate() {
            if number == MOST_PARTS {
                faults.error(part.at, format!("a kind has at most {MOST_PARTS} parts"));
            }
            let part = read_part(part, &parts, self.forms, faults);
            parts.extend(part);
        }
        let at = table.at;
        table.finish(&mut self.faults);
        let pattern = pattern.and_then(|text| match NamePattern::parse(&text.value) {
            Ok(pattern) => Some(pattern),
            Err(why) => {
                // Of an expression's error the last line says what it is.
                let why = why.lines().last().unwrap_or_default().trim_start_matches("error: ").to_owned();
                self.faults.error(text.at, format!("“pattern” is no regular expression: {why}"));
                None
            }
        });
        let key = key.and_then(|text| match KindKey::try_from(text.value.as_str()) {
            Ok(key) if self.kinds.iter().any(|kind| kind.key == key) => {
                self.faults.error(text.at, format!("there is a kind “{key}” already"));
                None
            }
            Ok(key) => Some(key),
            Err(why) => {
                self.faults.error(text.at, why);
                None
            }
        });
        let kind = (|| {
            Some(Kind {
                key: key?,
                title: title?.value,
                plural: plural?.value,
                pattern: pattern?,
                example: example.as_ref()?.value.clone(),
                unique,
                case,
                items,
                parts,
                narrowed,
            })
        })();
        let Some(kind) = kind else { return };
        if kind.name(&kind.example).is_none_or(|name| name != kind.example) {
            let at = example.map_or(at, |text| text.at);
            self.faults.error(at, format!("“{}” doesn't fit the pattern of its kind", shown(&kind.example)));
        }
        self.kinds.push(kind);
    }
}

fn read_part(
    table: Table<'_, '_>,
    before: &[Part],
    forms: Forms<'_>,
    faults: &mut Faults<'_>,
) -> Option<Part> {
    let key = table.some_text("key", faults);
    let title = table.some_text("title", faults);
    let form = table.some_text("form", faults);
    let values = table.texts("values", faults);
    let hint = table.text("hint", faults).map(|text| text.value).unwrap_or_default();
    let says = table.text("says", faults).map(|text| text.value);
    if let Some(key) = &key {
        if let Err(why) = KindKey::try_from(key.value.as_str()) {
            faults.error(key.at, why.replace("a kind", "a part"));
        }
        if before.iter().any(|part| part.key == key.value) {
            faults.error(key.at, format!("the kind has a part “{}” already", key.value));
        }
    }
    let form = form.and_then(|form| {
        let known = forms.iter().find(|one| one.key() == form.value);
        let found = match (form.value.as_str(), known) {
            ("prefix", _) => Form::Prefix,
            ("one_of", _) => Form::OneOf(values.iter().map(|one| one.value.clone()).collect()),
            (_, Some(own)) => Form::Of(*own),
            (other, None) => {
                let others = forms.iter().map(|one| format!("“{}”", one.key()));
                let all: Vec<String> =
                    ["“prefix”".to_owned(), "“one_of”".to_owned()].into_iter().chain(others).collect();
                let text = format!("there is no form “{}”; there are {}", shown(other), all.join(", "));
                faults.error(form.at, text);
                return None;
            }
        };
        match (&found, values.first()) {
            (Form::OneOf(_), None) => faults.error(form.at, "the form “one_of” needs “values”"),
            (Form::Prefix | Form::Of(_), Some(value)) => {
                faults.error(value.at, "only the form “one_of” has “values”");
            }
            _ => {}
        }
        Some(found)
    });
    for value in &values {
        if value.value.contains(|sign: char| "*,".contains(sign) || sign.is_whitespace()) {
            faults.error(value.at, "a value has no *, no comma and no white space in it");
        }
    }
    table.finish(faults);
    Some(Part { key: key?.value, title: title?.value, form: form?, hint, says })
}
