//! What lists share: pages, patterns of names, and rows in the order of their ids.

use super::Window;
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
    /// Number of the last page.
    pub last: i64,
    /// How many rows there are on all pages.
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
        Ok(Part { rows, number, last, total })
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
