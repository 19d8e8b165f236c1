//! A condition on the hottest paths: a column among values.

use diesel::expression::{
    AppearsOnTable, Expression, SelectableExpression, TypedExpressionType, ValidGrouping, is_aggregate,
};
use diesel::pg::Pg;
use diesel::prelude::*;
use diesel::query_builder::{AstPass, QueryFragment, QueryId};
use diesel::serialize::ToSql;
use diesel::sql_types::{Array, Bool, HasSqlType, SingleValue, SqlType};

/// `column = ANY(values)`. The same as diesel's `eq_any`, but a query with it is known by its type: with
/// `eq_any`, diesel writes out the text of the whole query at each call to find the prepared statement, which
/// costs more than half as much as reading the answer.
#[derive(Debug, Clone)]
pub struct AnyOf<Column, Value>(pub Column, pub Vec<Value>);

impl<Column: QueryId, Value> QueryId for AnyOf<Column, Value> {
    type QueryId = AnyOf<Column::QueryId, ()>;
    const HAS_STATIC_QUERY_ID: bool = Column::HAS_STATIC_QUERY_ID;
}

impl<Column, Value> QueryFragment<Pg> for AnyOf<Column, Value>
where
    Column: QueryFragment<Pg> + Expression,
    Column::SqlType: SingleValue,
    Array<Column::SqlType>: SqlType,
    Pg: HasSqlType<Array<Column::SqlType>>,
    Vec<Value>: ToSql<Array<Column::SqlType>, Pg>,
{
    fn walk_ast<'b>(&'b self, mut out: AstPass<'_, 'b, Pg>) -> QueryResult<()> {
        self.0.walk_ast(out.reborrow())?;
        out.push_sql(" = ANY(");
        out.push_bind_param::<Array<Column::SqlType>, _>(&self.1)?;
        out.push_sql(")");
        Ok(())
    }
}

impl<Column: Expression, Value> Expression for AnyOf<Column, Value>
where
    Column::SqlType: TypedExpressionType,
{
    type SqlType = Bool;
}

impl<Column, Value, From> AppearsOnTable<From> for AnyOf<Column, Value>
where
    Column: AppearsOnTable<From>,
    Self: Expression,
{
}

impl<Column, Value, From> SelectableExpression<From> for AnyOf<Column, Value> where Self: AppearsOnTable<From> {}

impl<Column, Value> ValidGrouping<()> for AnyOf<Column, Value> {
    type IsAggregate = is_aggregate::Never;
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::db::schema::tokens;
    use diesel::debug_query;

    fn is_known_by_its_type<Q: QueryId>(_: &Q) -> bool {
        Q::HAS_STATIC_QUERY_ID
    }

    #[test]
    fn a_query_with_it_is_known_by_its_type_and_reads_the_same_for_any_count() {
        let query = |ids: Vec<i64>| tokens::table.filter(AnyOf(tokens::id, ids)).select(tokens::name);
        assert!(is_known_by_its_type(&query(vec![1])));
        assert!(
            !is_known_by_its_type(&tokens::table.filter(tokens::id.eq_any(vec![1_i64]))),
            "no longer needed"
        );
        let text =
            |ids| debug_query::<Pg, _>(&query(ids)).to_string().split(" -- ").next().unwrap().to_owned();
        assert_eq!(text(vec![]), text(vec![1, 2]));
        assert!(text(vec![]).ends_with(r#"WHERE "tokens"."id" = ANY($1)"#), "{}", text(vec![]));
    }
}
