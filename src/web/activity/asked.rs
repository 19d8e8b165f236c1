//! What somebody wants to see of the activity, as the address says it.

use crate::db::{Conn, DbError};
use crate::models::activity::{Cursor, Kind, Of, Person, Source, Wanted};
use crate::models::token::Owner;
use crate::models::token::search::Search;
use crate::models::token::secret;
use crate::policy::TokenId;
use crate::web::told::DAY;
use serde::Deserialize;
use time::{Date, OffsetDateTime, Time};

/// So many of the tokens that a search finds are asked for.
pub const MOST_TOKENS: usize = 50;
const COMMAND_LINE: &str = "cli";
const NOT_A_DAY: &str = "Write the day as year-month-day, like 2026-11-22.";

/// The query of an address.
#[derive(Debug, Clone, Default, Deserialize)]
pub struct Asked {
    #[serde(default)]
    person: String,
    /// Words of a name, the end of a secret, or `#` and a number.
    #[serde(default)]
    pub token: String,
    #[serde(default)]
    kind: String,
    /// The first day, in UTC.
    #[serde(default)]
    pub from: String,
    /// The last day, in UTC.
    #[serde(default)]
    pub to: String,
    #[serde(default)]
    before: String,
}

/// What it says, as far as it can be read.
pub struct Filters {
    person: Option<Person>,
    token: Option<OfToken>,
    kind: Option<Kind>,
    from: Option<OffsetDateTime>,
    until: Option<OffsetDateTime>,
}

enum OfToken {
    Number(TokenId),
    Found(Search),
}

/// What is wrong with a day.
#[derive(Default)]
pub struct Faults {
    pub from: Option<String>,
    pub to: Option<String>,
}

impl Faults {
    /// Whether anything is wrong.
    pub fn any(&self) -> bool {
        self.from.is_some() || self.to.is_some()
    }
}

impl Asked {
    /// What is asked for, and what of it cannot be.
    pub fn read(&self) -> (Filters, Faults) {
        let mut faults = Faults::default();
        let from = day(&self.from).unwrap_or_else(|why| {
            faults.from = Some(why);
            None
        });
        let to = day(&self.to).unwrap_or_else(|why| {
            faults.to = Some(why);
            None
        });
        if from.zip(to).is_some_and(|(from, to)| to < from) {
            faults.to = Some("The last day lies before the first.".to_owned());
        }
        let number = self
            .token
            .trim()
            .strip_prefix('#')
            .map(|number| number.trim().parse().unwrap_or(TokenId::from(0)));
        let midnight = |day: Date| day.with_time(Time::MIDNIGHT).assume_utc();
        let filters = Filters {
            person: match self.person.as_str() {
                COMMAND_LINE => Some(Person::CommandLine),
                number => number.parse().ok().map(Person::User),
            },
            token: number.map(OfToken::Number).or_else(|| Search::parse(&self.token).map(OfToken::Found)),
            kind: Kind::from_key(&self.kind),
            from: from.map(midnight),
            // There is no day after the last one that can be written.
            until: to.and_then(Date::next_day).map(midnight),
        };
        (filters, faults)
    }

    /// Whether anything is left out.
    pub fn is_filtered(&self) -> bool {
        self.fields().iter().any(|(_, value)| !value.is_empty())
    }

    /// The place after which the page starts. One that nobody wrote is the top.
    pub fn cursor(&self) -> Option<Cursor> {
        let mut parts = self.before.split('-');
        let micros: i128 = parts.next()?.parse().ok()?;
        let source = match parts.next()? {
            "s" => Source::Seen,
            "c" => Source::Changed,
            _ => return None,
        };
        let at = OffsetDateTime::from_unix_timestamp_nanos(micros.checked_mul(1_000)?).ok()?;
        Some(Cursor { at, source, id: parts.next()?.parse().ok()? })
    }

    /// The same at another address, from this place on.
    pub fn link(&self, path: &str, after: Option<Cursor>) -> String {
        let mut query = form_urlencoded::Serializer::new(String::new());
        for (name, value) in self.fields().into_iter().filter(|(_, value)| !value.is_empty()) {
            query.append_pair(name, value);
        }
        if let Some(cursor) = after {
            query.append_pair("before", &written(cursor));
        }
        let query = query.finish();
        if query.is_empty() { path.to_owned() } else { format!("{path}?{query}") }
    }

    /// Where to go on instead, if a whole secret was typed or pasted, alone or in a line: it must not
    /// stay in an address.
    pub fn without_secret(&self, path: &str) -> Option<String> {
        let end = secret::end_in(&self.token)?.to_owned();
        Some(Asked { token: end, ..self.clone() }.link(path, None))
    }

    fn fields(&self) -> [(&'static str, &str); 5] {
        [
            ("person", self.person.trim()),
            ("token", self.token.trim()),
            ("kind", self.kind.trim()),
            ("from", self.from.trim()),
            ("to", self.to.trim()),
        ]
    }
}

impl Filters {
    /// As the database is asked, and whether more tokens match than are asked for. Searches are
    /// among the tokens of this owner.
    pub fn wanted(
        self,
        conn: &mut Conn,
        of: Of,
        owner: Owner,
        resource_nouns: Vec<String>,
    ) -> Result<(Wanted, bool), DbError> {
        let mut tokens = match self.token {
            None => None,
            Some(OfToken::Number(id)) => Some(vec![id]),
            Some(OfToken::Found(search)) => Some(search.newest(conn, owner, MOST_TOKENS + 1)?),
        };
        let too_many = tokens.as_ref().is_some_and(|ids| ids.len() > MOST_TOKENS);
        if let Some(ids) = &mut tokens {
            ids.truncate(MOST_TOKENS);
        }
        let Filters { person, kind, from, until, .. } = self;
        Ok((Wanted { of, person, tokens, kind, resource_nouns, from, until }, too_many))
    }
}

/// How addresses spell a person.
pub fn person_key(person: Person) -> String {
    match person {
        Person::User(id) => id.to_string(),
        Person::CommandLine => COMMAND_LINE.to_owned(),
    }
}

fn written(cursor: Cursor) -> String {
    let source = match cursor.source {
        Source::Seen => 's',
        Source::Changed => 'c',
    };
    format!("{}-{source}-{}", cursor.at.unix_timestamp_nanos() / 1_000, cursor.id)
}

fn day(typed: &str) -> Result<Option<Date>, String> {
    match typed.trim() {
        "" => Ok(None),
        typed => Date::parse(typed, DAY).map(Some).map_err(|_| NOT_A_DAY.to_owned()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use time::macros::datetime;

    #[test]
    fn a_place_is_read_back_as_it_was_written_and_nonsense_starts_at_the_top() {
        let at = datetime!(2026-11-22 1:02:03.456789 UTC);
        for source in [Source::Seen, Source::Changed] {
            let cursor = Cursor { at, source, id: 17 };
            let asked = Asked { before: written(cursor), ..Asked::default() };
            assert_eq!(asked.cursor(), Some(cursor));
        }
        for nonsense in ["", "1", "1-x-1", "1-c", "1-c-x", "99999999999999999999999999999999999999-c-1"] {
            let asked = Asked { before: nonsense.to_owned(), ..Asked::default() };
            assert_eq!(asked.cursor(), None, "{nonsense}");
        }
    }

    #[test]
    fn days_are_whole_utc_days_the_last_one_included() {
        let asked = |from: &str, to: &str| {
            let asked = Asked { from: from.to_owned(), to: to.to_owned(), ..Asked::default() };
            let (filters, faults) = asked.read();
            (filters.from, filters.until, faults.from.is_some(), faults.to.is_some())
        };
        let (from, until) = (datetime!(2026-11-21 0:00 UTC), datetime!(2026-11-23 0:00 UTC));
        assert_eq!(asked("2026-11-21", " 2026-11-22 "), (Some(from), Some(until), false, false));
        assert_eq!(asked("", "9999-12-31"), (None, None, false, false));
        assert_eq!(asked("21.11.2026", "2026-02-30"), (None, None, true, true));
        assert!(asked("2026-11-22", "2026-11-21").3);
    }
}
