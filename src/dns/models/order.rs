//! The order of a list.

/// Which way a list runs.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Direction {
    /// Smallest first.
    Ascending,
    /// Largest first.
    Descending,
}

/// Fields with the way that a list runs by each, the first one first.
pub type Sort<'a> = [(&'a str, Direction)];

/// Puts a boxed query in the order of a [`Sort`], and in that of the numbers last, so that no two
/// pages show the same row.
macro_rules! ordered {
    ($query:expr, $sort:expr, $last:expr, { $($field:literal => $column:expr),+ $(,)? }) => {{
        let mut query = $query;
        for (field, direction) in $sort {
            query = match (*field, *direction) {
                $(
                    ($field, $crate::dns::models::Direction::Ascending) => query.then_order_by($column.asc()),
                    ($field, $crate::dns::models::Direction::Descending) => query.then_order_by($column.desc()),
                )+
                // Whoever reads a query lets no other field through.
                _ => query,
            };
        }
        query.then_order_by($last.asc())
    }};
}

pub(super) use ordered;
