//! What pages of the account's resources share: pages of a list, and which tokens reach a resource.

pub mod reached;

use super::guard::{AccountMember, SeeResources};
use crate::http::AppError;
use crate::models::Part;
use crate::models::token::reaching::Cursor;
use serde::Deserialize;
use time::OffsetDateTime;

/// Who looks at them.
pub type Member = AccountMember<SeeResources>;

/// What somebody wants to see of a list.
#[derive(Debug, Clone, Default, Deserialize)]
pub struct Asked {
    /// What is looked for.
    #[serde(default)]
    pub q: String,
    /// Which page.
    #[serde(default)]
    page: String,
    /// Among members: `none` for those without a second factor.
    #[serde(default)]
    pub factor: String,
    /// Where the account's tokens go on.
    #[serde(default)]
    pub tokens: String,
    /// Where the members' tokens go on.
    #[serde(default)]
    people: String,
    /// What was just done.
    #[serde(default)]
    pub done: String,
}

impl Asked {
    /// What is looked for; refused where no text could hold it.
    pub fn text(&self) -> Result<String, AppError> {
        match self.q.trim() {
            text if text.contains('\0') => {
                Err(AppError::BadRequest("The search holds characters that no name has."))
            }
            text => Ok(text.to_owned()),
        }
    }

    /// The page's number. What is none is the first.
    pub fn number(&self) -> i64 {
        self.page.parse().unwrap_or(1)
    }
}

/// Where one is in a list, and the pages beside it.
pub struct Pages {
    /// Its number; the first is 1.
    pub number: i64,
    /// Number of the last page; `None` where there are more rows than are counted.
    pub last: Option<i64>,
    /// URL of the page before.
    pub previous: Option<String>,
    /// URL of the page after.
    pub next: Option<String>,
}

impl Pages {
    /// The pages around this one.
    pub fn of<T>(part: &Part<T>, path: &str, q: &str) -> Pages {
        Pages::keeping(part, path, q, None)
    }

    /// The same of a list that is narrowed by something else, too.
    pub fn keeping<T>(part: &Part<T>, path: &str, q: &str, kept: Option<(&str, &str)>) -> Pages {
        let link = |number: i64| {
            let mut query = form_urlencoded::Serializer::new(String::new());
            query.extend_pairs(kept);
            if !q.is_empty() {
                query.append_pair("q", q);
            }
            format!("{path}?{}", query.append_pair("page", &number.to_string()).finish())
        };
        Pages {
            number: part.number,
            last: part.last,
            previous: (part.number > 1).then(|| link(part.number - 1)),
            next: part.has_next.then(|| link(part.number + 1)),
        }
    }
}

/// A place among tokens in an address: microseconds and number. One that nobody wrote is the top.
pub fn read_cursor(text: &str) -> Option<Cursor> {
    let (micros, id) = text.split_once('-')?;
    let micros: i128 = micros.parse().ok()?;
    let at = OffsetDateTime::from_unix_timestamp_nanos(micros.checked_mul(1_000)?).ok()?;
    Some((at, id.parse().ok()?))
}

/// The same, as a URL holds it.
pub fn written((at, id): Cursor) -> String {
    format!("{}-{id}", at.unix_timestamp_nanos() / 1_000)
}

/// How many rows a list has: "1 store", "1,000+ stores".
pub fn rows_of<T>(part: &Part<T>, one: &str, many: &str) -> String {
    if part.last.is_none() { format!("1,000+ {many}") } else { counted(part.total, one, many) }
}

/// "1 store", "12,345 stores".
pub fn counted(count: i64, one: &str, many: &str) -> String {
    let digits = count.to_string();
    let groups: Vec<&str> =
        digits.as_bytes().rchunks(3).rev().filter_map(|group| std::str::from_utf8(group).ok()).collect();
    format!("{} {}", groups.join(","), if count == 1 { one } else { many })
}
