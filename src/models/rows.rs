//! What lists share: patterns of names, and rows in the order of their ids.

/// Rows in the order of their ids, as a list has found these.
pub fn in_order<T>(mut rows: Vec<T>, ids: &[i64], id: impl Fn(&T) -> i64) -> Vec<T> {
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
