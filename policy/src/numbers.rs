//! Numbers that mean one thing each, so that an account's can't be taken for a user's.

/// Declares a type for the numbers of one table. It's read and written as digits, in paths, forms and
/// JSON alike; with the feature `diesel` it's also what columns of `bigint` hold.
macro_rules! number {
    ($(#[$about:meta])* $name:ident) => {
        $(#[$about])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, serde::Serialize, serde::Deserialize)]
        #[cfg_attr(
            feature = "diesel",
            derive(diesel::expression::AsExpression, diesel::deserialize::FromSqlRow),
            diesel(sql_type = diesel::sql_types::BigInt)
        )]
        #[serde(transparent)]
        pub struct $name(i64);

        impl $name {
            /// The number as such.
            pub const fn get(self) -> i64 {
                self.0
            }
        }

        impl From<i64> for $name {
            fn from(number: i64) -> $name {
                $name(number)
            }
        }

        impl std::fmt::Display for $name {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                self.0.fmt(f)
            }
        }

        impl std::str::FromStr for $name {
            type Err = NotANumber;

            fn from_str(written: &str) -> Result<$name, NotANumber> {
                let digits = written.bytes().all(|byte| byte.is_ascii_digit());
                written.parse().ok().filter(|_| digits).map($name).ok_or(NotANumber)
            }
        }

        #[cfg(feature = "diesel")]
        impl diesel::serialize::ToSql<diesel::sql_types::BigInt, diesel::pg::Pg> for $name {
            fn to_sql<'b>(
                &'b self,
                out: &mut diesel::serialize::Output<'b, '_, diesel::pg::Pg>,
            ) -> diesel::serialize::Result {
                diesel::serialize::ToSql::<diesel::sql_types::BigInt, diesel::pg::Pg>::to_sql(&self.0, out)
            }
        }

        #[cfg(feature = "diesel")]
        impl diesel::deserialize::FromSql<diesel::sql_types::BigInt, diesel::pg::Pg> for $name {
            fn from_sql(bytes: diesel::pg::PgValue<'_>) -> diesel::deserialize::Result<$name> {
                diesel::deserialize::FromSql::<diesel::sql_types::BigInt, diesel::pg::Pg>::from_sql(bytes)
                    .map($name)
            }
        }
    };
}

/// Something other than digits, or more of them than fit.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("not a number")]
pub struct NotANumber;

number! {
    /// An account's.
    AccountId
}
number! {
    /// A user's.
    UserId
}
number! {
    /// A token's. A token keeps it when it's rolled.
    TokenId
}
number! {
    /// A secret's: a token that is being rolled has two for a while.
    SecretId
}
number! {
    /// A resource's, of any kind.
    ResourceId
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_number_is_read_from_digits_alone() {
        assert_eq!("1010".parse(), Ok(AccountId::from(1010)));
        for written in ["", "+7", "-7", " 7", "7.", "٧", "9223372036854775808"] {
            assert_eq!(written.parse::<AccountId>(), Err(NotANumber), "{written:?}");
        }
    }
}
