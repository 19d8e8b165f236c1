//! The URL of the database, as far as it is read before libpq reads it.

use super::ConfigError;
use secrecy::{ExposeSecret, SecretString};

/// A URL in which no part of the password can be taken for something else: libpq would quote that part,
/// or look it up as a host.
pub(super) fn checked(url: SecretString) -> Result<SecretString, ConfigError> {
    let text = url.expose_secret();
    let Some(rest) = text.strip_prefix("postgres://").or_else(|| text.strip_prefix("postgresql://")) else {
        return Err(ConfigError("the database URL must start with postgres:// or postgresql://".to_owned()));
    };
    let at = rest.find('@');
    let is_before_host = at.is_none_or(|at| !rest[..at].contains('/'));
    if !is_before_host || rest.matches('@').count() > 1 || !is_percent_encoded(rest) {
        return Err(ConfigError(
            "the database URL cannot be read: in the user, the password and what else it holds, write % as %25, @ as %40 and / as %2F"
                .to_owned(),
        ));
    }
    Ok(url)
}

/// Whether each % stands before two digits that say a byte, other than NUL.
fn is_percent_encoded(text: &str) -> bool {
    text.split('%').skip(1).all(|behind| {
        let digits = behind.as_bytes().first_chunk::<2>();
        digits.is_some_and(|digits| digits.iter().all(u8::is_ascii_hexdigit) && digits != b"00")
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn is_good(url: &str) -> bool {
        match checked(SecretString::from(url)) {
            Ok(_) => true,
            Err(error) => {
                let said = error.to_string();
                assert!(!said.contains("Secr") && !said.contains("Pass"), "{said}");
                false
            }
        }
    }

    #[test]
    fn what_a_url_can_hold_is_good_in_all_its_forms() {
        for url in [
            "postgres:///database",
            "postgresql://host",
            "postgres://role@host:5432/database?sslmode=require",
            "postgres://role:Secr%2Fet%40Pass%25@[::1]:5432/database",
            "postgres://role:Secr:et?Pass#@one:1,two:2/database",
            "postgresql://role@%2Frun%2Fpostgresql:5432/database",
            "postgresql:///database?host=/run/postgresql&user=ro%40le",
        ] {
            assert!(is_good(url), "{url}");
        }
    }

    #[test]
    fn a_password_that_would_be_taken_for_something_else_is_refused_and_not_quoted() {
        for url in [
            "postgres://role:Secret%Pass@host/database",
            "postgres://role:Secret%@host/database",
            "postgres://role:Secret%00Pass@host/database",
            "postgres://role:Secr@etPass@host/database",
            "postgres://role:Secr/etPass@host/database",
            "postgres://role:1/2?Secret=Pass@host/database",
            "host=host password=SecretPass",
            "mysql://role:SecretPass@host/database",
        ] {
            assert!(!is_good(url), "{url}");
        }
    }
}
