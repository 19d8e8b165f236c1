//! What lists share: pages, patterns of names, and rows in the order of their ids.

use super::Window;
use super::resource::MOST_COUNTED;
use crate::db::DbError;

/// How many rows a page has.
const PER_PAGE: i64 = 50;

/// A page of a list.
#[derive(Debug)]
pub struct Part<T> {
    /// What stands on it.
    pub rows: Vec<T>,
    /// Its number; the first is 1.
    pub number: i64,
    /// Number of the last page; `None` where there are more rows than are counted.
    pub last: Option<i64>,
    /// Whether a page follows.
    pub has_next: bool,
    /// How many rows there are on all pages, as far as they're counted.
    pub total: i64,
}

impl<T> Part<T> {
    /// Loads the page with this number, or the last one if there are fewer.
    pub(crate) fn load(
        number: i64,
        total: i64,
        rows: impl FnOnce(Window) -> Result<Vec<T>, DbError>,
    ) -> Result<Part<T>, DbError> {
        let last = ((total + PER_PAGE - 1) / PER_PAGE).max(1);
        let number = number.clamp(1, last);
        let rows = rows(Window { offset: (number - 1) * PER_PAGE, limit: PER_PAGE })?;
        Ok(Part { rows, number, last: Some(last), has_next: number < last, total })
    }

    /// The same for a list that is counted up to [`MOST_COUNTED`] and one: counting a long one takes longer
    /// than showing a page of it.
    pub(crate) fn load_counted(
        number: i64,
        counted: i64,
        mut rows: impl FnMut(Window) -> Result<Vec<T>, DbError>,
    ) -> Result<Part<T>, DbError> {
        if counted <= MOST_COUNTED {
            return Part::load(number, counted, rows);
        }
        let mut page = |number: i64| {
            let mut rows = rows(Window { offset: (number - 1) * PER_PAGE, limit: PER_PAGE + 1 })?;
            let has_next = i64::try_from(rows.len()).is_ok_and(|found| found > PER_PAGE);
            if has_next {
                rows.pop();
            }
            Ok(Part { rows, number, last: None, has_next, total: counted })
        };
        let part = page(number.clamp(1, i64::MAX / PER_PAGE))?;
        // Beyond the end: the last page that is known to be there.
        if part.rows.is_empty() { page(MOST_COUNTED / PER_PAGE) } else { Ok(part) }
    }
}

/// Rows in the order of their ids, as a list has found these.
pub fn in_order<T, Id: PartialEq>(mut rows: Vec<T>, ids: &[Id], id: impl Fn(&T) -> Id) -> Vec<T> {
    rows.sort_by_key(|row| ids.iter().position(|one| *one == id(row)));
    rows
}

/// A LIKE pattern for names with this in them, whatever its case.
pub fn containing(text: &str) -> String {
    format!("%{}", beginning(&text.trim().to_lowercase()))
}

/// A LIKE pattern for what begins so.
pub fn beginning(text: &str) -> String {
    format!("{}%", text.replace('\\', "\\\\").replace('%', "\\%").replace('_', "\\_"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_means_something_in_a_pattern_means_itself() {
        assert_eq!(containing(" A_b%\\ "), "%a\\_b\\%\\\\%");
        assert_eq!(beginning("_acme"), "\\_acme%");
    }
}
