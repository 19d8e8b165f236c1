//! Looking for tokens: by prefixes of the words of their names, or by hint.

use super::Owner;
use super::list::Condition;
use crate::db::schema::{token_secrets, tokens};
use crate::db::{Conn, DbError};
use crate::policy::TokenId;
use diesel::dsl::sql;
use diesel::prelude::*;
use diesel::sql_types::{Bool, Text};

diesel::define_sql_function! {
    /// The last characters of a text, as the index on hints has them.
    fn right(text: Text, count: diesel::sql_types::Integer) -> Text;
}

/// A hint ends in so many characters of the secret.
const END: usize = 4;
/// More words than any name of 255 characters has.
const MOST_WORDS: usize = 128;

/// What somebody looks for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Search {
    words: Vec<String>,
    hint: Option<Hint>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
enum Hint {
    Whole(String),
    End(String),
}

impl Search {
    /// The search that somebody typed; none where nothing was.
    pub fn parse(typed: &str) -> Option<Search> {
        let text = typed.trim();
        if text.is_empty() {
            return None;
        }
        let whole = text.replace("...", "…");
        let is_end = |text: &str| text.len() == END && text.bytes().all(|byte| byte.is_ascii_alphanumeric());
        let hint = match whole.split_once('…') {
            Some((_, end)) if is_end(end) => Some(Hint::Whole(whole)),
            None if is_end(text) => Some(Hint::End(text.to_owned())),
            _ => None,
        };
        let words = if matches!(hint, Some(Hint::Whole(_))) { Vec::new() } else { words(text) };
        Some(Search { words, hint })
    }

    /// The same without hints: for those who do not see them.
    pub fn by_name_only(self) -> Search {
        Search { hint: None, ..self }
    }

    /// What the tokens of this owner must fulfil. A search for signs alone finds nothing.
    pub(super) fn condition(&self, conn: &mut Conn, owner: Owner) -> Result<Condition, DbError> {
        let by_hint = tokens::id.eq_any(self.tokens_with_hint(conn)?);
        if self.words.is_empty() {
            return Ok(Box::new(by_hint));
        }
        let mark = mark(owner);
        let prefixes: Vec<String> = self.words.iter().map(|word| format!("'{mark}{word}':*")).collect();
        // Diesel has no types for text search. What is bound is made of letters and digits alone.
        let by_words = sql::<Bool>("array_to_tsvector(tokens.search_words) @@ CAST(")
            .bind::<Text, _>(prefixes.join(" & "))
            .sql(" AS tsquery)");
        Ok(Box::new(by_words.or(by_hint)))
    }

    /// What tokens of anybody must fulfil: the same, without an owner before each word.
    pub(in crate::models) fn everywhere(&self, conn: &mut Conn) -> Result<Condition, DbError> {
        let by_hint = tokens::id.eq_any(self.tokens_with_hint(conn)?);
        if self.words.is_empty() {
            return Ok(Box::new(by_hint));
        }
        let prefixes: Vec<String> = self.words.iter().map(|word| format!("'{word}':*")).collect();
        let by_words = sql::<Bool>("array_to_tsvector(bare_words(tokens.search_words)) @@ CAST(")
            .bind::<Text, _>(prefixes.join(" & "))
            .sql(" AS tsquery)");
        Ok(Box::new(by_words.or(by_hint)))
    }

    /// Numbers of the owner's tokens that it finds, the newest first, ended ones included.
    pub fn newest(&self, conn: &mut Conn, owner: Owner, most: usize) -> Result<Vec<TokenId>, DbError> {
        let own: Condition = match owner {
            Owner::Account(id) => Box::new(tokens::account_id.eq(id).assume_not_null()),
            Owner::User(id) => Box::new(tokens::user_id.eq(id).assume_not_null()),
        };
        let condition = self.condition(conn, owner)?;
        Ok(tokens::table
            .filter(own.and(condition))
            .order((tokens::created_at.desc(), tokens::id.desc()))
            .limit(i64::try_from(most).unwrap_or(i64::MAX))
            .select(tokens::id)
            .load(conn)?)
    }

    /// Tokens of anybody with such a secret; their owner is asked for beside it.
    fn tokens_with_hint(&self, conn: &mut Conn) -> Result<Vec<TokenId>, DbError> {
        let (end, whole) = match &self.hint {
            None => return Ok(Vec::new()),
            Some(Hint::End(end)) => (end.as_str(), None),
            Some(Hint::Whole(whole)) => (&whole[whole.len() - END..], Some(whole)),
        };
        let mut query = token_secrets::table
            .filter(right(token_secrets::hint, 4).eq(end))
            .select(token_secrets::token_id)
            .into_boxed();
        if let Some(whole) = whole {
            query = query.filter(token_secrets::hint.eq(whole));
        }
        Ok(query.load(conn)?)
    }
}

/// What is stored of a name, so that it is found.
pub(super) fn stored(owner: Owner, name: &str) -> Vec<String> {
    let mark = mark(owner);
    words(name).into_iter().map(|word| format!("{mark}{word}")).collect()
}

/// One index serves every account: what stands before a word leads to the owner's tokens at once.
fn mark(owner: Owner) -> String {
    match owner {
        Owner::Account(id) => format!("a{id}/"),
        Owner::User(id) => format!("u{id}/"),
    }
}

/// The words of a text in lower case, each once. Made here and not by the database, whose idea of
/// letters and case depends on the locale it was set up with.
fn words(text: &str) -> Vec<String> {
    let lower = text.to_lowercase();
    let mut words: Vec<String> = lower
        .split(|sign: char| !sign.is_alphanumeric())
        .filter(|word| !word.is_empty())
        .map(str::to_owned)
        .collect();
    words.sort_unstable();
    words.dedup();
    words.truncate(MOST_WORDS);
    words
}

#[cfg(test)]
mod tests {
    use super::*;

    fn search(words: &[&str], hint: Option<Hint>) -> Option<Search> {
        Some(Search { words: words.iter().map(|word| (*word).to_owned()).collect(), hint })
    }

    #[test]
    fn a_name_is_found_by_its_words_in_any_script() {
        assert_eq!(words("Überweisung-部署 (CI) ci"), ["ci", "überweisung", "部署"]);
        assert_eq!(words("_acme.example.com/% '"), ["acme", "com", "example"]);
        assert_eq!(stored(Owner::Account(7.into()), "Deploy DNS"), ["a7/deploy", "a7/dns"]);
        assert_eq!(stored(Owner::User(7.into()), "CI"), ["u7/ci"]);
    }

    #[test]
    fn a_hint_is_known_by_its_dots_and_four_characters_may_be_its_end_or_a_word() {
        let whole = Some(Hint::Whole("tkh_a_…x7Qd".to_owned()));
        assert_eq!(Search::parse(" tkh_a_…x7Qd "), search(&[], whole.clone()));
        assert_eq!(Search::parse("tkh_a_...x7Qd"), search(&[], whole));
        assert_eq!(Search::parse("x7Qd"), search(&["x7qd"], Some(Hint::End("x7Qd".to_owned()))));
        assert_eq!(Search::parse("Deploy"), search(&["deploy"], None));
        assert_eq!(Search::parse("wait…"), search(&["wait"], None));
    }

    #[test]
    fn nothing_typed_is_no_search_and_signs_alone_are_one_that_finds_nothing() {
        assert_eq!(Search::parse(" \t"), None);
        assert_eq!(Search::parse("%"), search(&[], None));
        assert_eq!(Search::parse("' OR '_"), search(&["or"], None));
    }
}
