//! The one secret that a call presents.

use crate::models::token::secret::{self, Digest};
use crate::policy::RefusalCode;

const AUTHORIZATION: &str = "authorization";

/// Two credentials that differ, or one header twice.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Conflict;

/// What the call presents in one of these headers, named in lower case: as `Authorization: Bearer …`, as the
/// whole value of another one, or in several if they are the same. `values` are the values of a header.
/// Empty where a header holds something else.
pub fn credential<'a, I: Iterator<Item = &'a [u8]>>(
    headers: &[String],
    values: impl Fn(&str) -> I,
) -> Result<Option<&'a str>, Conflict> {
    let mut presented = None;
    for name in headers {
        let mut values = values(name);
        let (value, None) = (values.next(), values.next()) else { return Err(Conflict) };
        let Some(value) = value.map(readable) else { continue };
        let secret = match (name.as_str(), value.split_once(' ')) {
            (AUTHORIZATION, Some((scheme, secret))) if scheme.eq_ignore_ascii_case("bearer") => secret.trim(),
            (AUTHORIZATION, _) => "",
            _ => value.trim(),
        };
        if presented.is_some_and(|before| before != secret) {
            return Err(Conflict);
        }
        presented = Some(secret);
    }
    Ok(presented)
}

/// No secret has anything but visible ASCII.
fn readable(value: &[u8]) -> &str {
    let is_text = value.iter().all(|byte| matches!(byte, b'\t' | b' '..=b'~'));
    if is_text { std::str::from_utf8(value).unwrap_or_default() } else { "" }
}

/// The digest of the one secret that the call presents.
pub fn digest<'a, I: Iterator<Item = &'a [u8]>>(
    headers: &[String],
    values: impl Fn(&str) -> I,
) -> Result<Digest, RefusalCode> {
    match credential(headers, values) {
        Ok(Some(text)) => secret::presented(text).ok_or(RefusalCode::InvalidToken),
        Ok(None) => Err(RefusalCode::InvalidToken),
        Err(Conflict) => Err(RefusalCode::ConflictingCredentials),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::models::token::secret::{Kind, Secret};

    fn asked(headers: &[(&str, &str)]) -> Result<Digest, RefusalCode> {
        let names = ["authorization", "xc-token"].map(str::to_owned);
        digest(&names, |name| {
            let of_name: Vec<&[u8]> = headers
                .iter()
                .filter(|(known, _)| *known == name)
                .map(|(_, value)| value.as_bytes())
                .collect();
            of_name.into_iter()
        })
    }

    #[test]
    fn a_secret_comes_as_bearer_or_as_xc_token_or_as_both_when_they_are_the_same() {
        let secret = Secret::generate("tkh", Kind::Account).unwrap();
        let (text, digest) = (secret.expose(), Ok(secret.digest()));
        assert_eq!(asked(&[("authorization", &format!("Bearer {text}"))]), digest);
        assert_eq!(asked(&[("authorization", &format!("bearer {text}"))]), digest);
        assert_eq!(asked(&[("xc-token", text)]), digest);
        assert_eq!(asked(&[("authorization", &format!("Bearer {text}")), ("xc-token", text)]), digest);
    }

    #[test]
    fn two_secrets_that_differ_or_one_header_twice_conflict() {
        let (one, two) = (
            Secret::generate("tkh", Kind::Account).unwrap(),
            Secret::generate("tkh", Kind::Account).unwrap(),
        );
        let bearer = format!("Bearer {}", one.expose());
        for headers in [
            vec![("authorization", bearer.as_str()), ("xc-token", two.expose())],
            vec![("authorization", &bearer), ("authorization", &bearer)],
            vec![("xc-token", one.expose()), ("xc-token", one.expose())],
            vec![("authorization", "Basic YTpi"), ("xc-token", one.expose())],
        ] {
            assert_eq!(asked(&headers), Err(RefusalCode::ConflictingCredentials), "{headers:?}");
        }
    }

    #[test]
    fn no_secret_or_one_that_is_none_is_invalid() {
        for headers in [
            vec![],
            vec![("authorization", "Bearer")],
            vec![("authorization", "Bearer x")],
            vec![("xc-token", "")],
            vec![("authorization", "Bearer \u{e9}")],
        ] {
            assert_eq!(asked(&headers), Err(RefusalCode::InvalidToken), "{headers:?}");
        }
    }
}
