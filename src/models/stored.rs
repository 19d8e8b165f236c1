//! Closed lists that columns of text hold.

/// Declares an enum as [`closed_list!`](crate::policy::closed_list) does and stores it as its key. A key
/// that this version doesn't know is an error when it's read, never another member.
macro_rules! stored_list {
    (
        $(#[$about:meta])*
        $vis:vis enum $name:ident { $($members:tt)+ }
    ) => {
        crate::policy::closed_list! {
            $(#[$about])*
            #[derive(diesel::expression::AsExpression, diesel::deserialize::FromSqlRow)]
            #[diesel(sql_type = diesel::sql_types::Text)]
            $vis enum $name { $($members)+ }
        }

        impl diesel::serialize::ToSql<diesel::sql_types::Text, diesel::pg::Pg> for $name {
            fn to_sql<'b>(
                &'b self,
                out: &mut diesel::serialize::Output<'b, '_, diesel::pg::Pg>,
            ) -> diesel::serialize::Result {
                std::io::Write::write_all(out, self.key().as_bytes())?;
                Ok(diesel::serialize::IsNull::No)
            }
        }

        impl diesel::deserialize::FromSql<diesel::sql_types::Text, diesel::pg::Pg> for $name {
            fn from_sql(bytes: diesel::pg::PgValue<'_>) -> diesel::deserialize::Result<$name> {
                let key = std::str::from_utf8(bytes.as_bytes())?;
                $name::from_key(key).ok_or_else(|| format!("{key} is no {}", stringify!($name)).into())
            }
        }
    };
}

pub(crate) use stored_list;
