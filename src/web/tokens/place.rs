//! What somebody wants to see of the list, as its address says it: search, filters, order and place.

use crate::models::token::filter::{Filter, Maker};
use crate::models::token::list::{Cursor, MOST_SORTED_BY_USE, Sort};
use crate::models::token::secret;
use serde::Deserialize;
use time::OffsetDateTime;

/// The query of a list's address.
#[derive(Debug, Clone, Default, Deserialize)]
pub struct Place {
    /// What is looked for.
    #[serde(default)]
    pub q: String,
    /// In which order.
    #[serde(default)]
    sort: String,
    /// Who made the tokens.
    #[serde(default)]
    by: String,
    /// Whether only those that nobody uses.
    #[serde(default)]
    unused: String,
    /// Where the page starts.
    #[serde(default)]
    before: String,
    /// What was just done.
    #[serde(default)]
    pub done: String,
}

/// An order to choose, and why it cannot be.
pub struct Choice {
    pub label: &'static str,
    pub url: String,
    pub current: bool,
    pub why_not: Option<&'static str>,
}

const SORTS: [(Sort, &str, &str); 3] =
    [(Sort::Newest, "", "Newest"), (Sort::Name, "name", "Name"), (Sort::LastUse, "used", "Last used")];

/// Said where [`MOST_SORTED_BY_USE`] is passed.
const TOO_MANY: &str = "Sorting by last use works for up to 10,000 tokens. Search first, to have fewer.";
const _: () = assert!(MOST_SORTED_BY_USE == 10_000, "the sentence says so");

impl Place {
    /// The order that is asked for.
    pub fn sort(&self) -> Sort {
        SORTS.iter().find(|(_, key, _)| *key == self.sort).map_or(Sort::Newest, |(sort, ..)| *sort)
    }

    /// The filters that are set. A maker whom nobody wrote so is none.
    pub fn filter(&self) -> Filter {
        let made_by = match self.by.as_str() {
            COMMAND_LINE => Some(Maker::CommandLine),
            number => number.parse().ok().map(Maker::User),
        };
        Filter { made_by, unused: self.unused == "1" }
    }

    /// How addresses spell an order; the usual one goes without saying.
    pub fn key(sort: Sort) -> &'static str {
        SORTS.iter().find(|(known, ..)| *known == sort).map_or("", |(_, key, _)| key)
    }

    /// Where the page starts in this order. A place that nobody wrote is the top.
    pub fn cursor(&self, sort: Sort) -> Option<Cursor> {
        let (first, id) = self.before.split_once('-').filter(|_| sort != Sort::Name).unwrap_or(("", ""));
        match sort {
            Sort::Name => {
                let (id, name) = self.before.split_once('-')?;
                Some(Cursor::Name(name.to_owned(), id.parse().ok()?)).filter(|_| !name.contains('\0'))
            }
            Sort::Newest => Some(Cursor::Newest(moment(first)?, id.parse().ok()?)),
            Sort::LastUse if first == NEVER => Some(Cursor::LastUse(None, id.parse().ok()?)),
            Sort::LastUse => Some(Cursor::LastUse(Some(moment(first)?), id.parse().ok()?)),
        }
    }

    /// Where to go on instead, if a whole secret was typed or pasted, alone or in a line: it must not
    /// stay in an address.
    pub fn without_secret(&self, path: &str) -> Option<String> {
        let end = secret::end_in(&self.q)?.to_owned();
        Some(Place { q: end, ..self.clone() }.link(path, self.sort(), None))
    }

    /// The same search and filters in this order, from this place on.
    pub fn link(&self, path: &str, sort: Sort, after: Option<&Cursor>) -> String {
        let mut query = form_urlencoded::Serializer::new(String::new());
        if !self.q.trim().is_empty() {
            query.append_pair("q", self.q.trim());
        }
        let filter = self.filter();
        if let Some(maker) = filter.made_by {
            query.append_pair("by", &maker_key(maker));
        }
        if filter.unused {
            query.append_pair("unused", "1");
        }
        if sort != Sort::Newest {
            query.append_pair("sort", Place::key(sort));
        }
        if let Some(cursor) = after {
            query.append_pair("before", &written(cursor));
        }
        let query = query.finish();
        if query.is_empty() { path.to_owned() } else { format!("{path}?{query}") }
    }

    /// The orders to choose from. Those who do not see when tokens were used do not sort by it.
    pub fn choices(&self, path: &str, current: Sort, sees_uses: bool, too_many: bool) -> Vec<Choice> {
        SORTS
            .iter()
            .filter(|(sort, ..)| sees_uses || *sort != Sort::LastUse)
            .map(|(sort, _, label)| Choice {
                label,
                url: self.link(path, *sort, None),
                current: *sort == current,
                why_not: (*sort == Sort::LastUse && too_many).then_some(TOO_MANY),
            })
            .collect()
    }
}

const NEVER: &str = "never";
const COMMAND_LINE: &str = "cli";

/// How addresses spell a maker.
pub fn maker_key(maker: Maker) -> String {
    match maker {
        Maker::User(id) => id.to_string(),
        Maker::CommandLine => COMMAND_LINE.to_owned(),
    }
}

/// Microseconds and number; for names, number and name.
fn written(cursor: &Cursor) -> String {
    let micros = |at: &OffsetDateTime| at.unix_timestamp_nanos() / 1_000;
    match cursor {
        Cursor::Newest(at, id) | Cursor::LastUse(Some(at), id) => format!("{}-{id}", micros(at)),
        Cursor::LastUse(None, id) => format!("{NEVER}-{id}"),
        Cursor::Name(name, id) => format!("{id}-{name}"),
    }
}

fn moment(micros: &str) -> Option<OffsetDateTime> {
    let micros: i128 = micros.parse().ok()?;
    OffsetDateTime::from_unix_timestamp_nanos(micros.checked_mul(1_000)?).ok()
}

#[cfg(test)]
mod tests {
    use super::*;
    use time::macros::datetime;

    #[test]
    fn a_cursor_is_read_back_as_it_was_written_and_nonsense_starts_at_the_top() {
        let at = datetime!(2026-11-22 1:02:03.456789 UTC);
        for (sort, cursor) in [
            (Sort::Newest, Cursor::Newest(at, 17.into())),
            (Sort::Name, Cursor::Name("a-b & ü".to_owned(), 17.into())),
            (Sort::LastUse, Cursor::LastUse(Some(at), 17.into())),
            (Sort::LastUse, Cursor::LastUse(None, 17.into())),
        ] {
            let place = Place { before: written(&cursor), ..Place::default() };
            assert_eq!(place.cursor(sort), Some(cursor));
        }
        for sort in [Sort::Newest, Sort::Name, Sort::LastUse] {
            for nonsense in ["", "-", "1", "a-b", "1.5-b", "99999999999999999999999999999999999999-a"] {
                let place = Place { before: nonsense.to_owned(), ..Place::default() };
                assert_eq!(place.cursor(sort), None, "{nonsense} in {sort:?}");
            }
        }
    }

    #[test]
    fn a_link_keeps_search_and_order_and_what_was_typed_is_encoded() {
        let place = Place { q: " a&b ".to_owned(), sort: "name".to_owned(), ..Place::default() };
        assert_eq!(place.link("/t", place.sort(), None), "/t?q=a%26b&sort=name");
        assert_eq!(Place::default().link("/t", Sort::Newest, None), "/t");
        for (by, unused, link) in
            [("17", "1", "/t?by=17&unused=1"), ("cli", "", "/t?by=cli"), ("x", "2", "/t")]
        {
            let place = Place { by: by.to_owned(), unused: unused.to_owned(), ..Place::default() };
            assert_eq!(place.link("/t", place.sort(), None), link);
        }
    }
}
