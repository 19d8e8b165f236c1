//! What the site is called, and whom people ask for help.

use super::ConfigError;
use lettre::Address;
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};
use std::sync::Arc;
use url::Url;

/// What may stand in the address of a `mailto:` as it is (RFC 6068).
const PLAIN: &AsciiSet =
    &NON_ALPHANUMERIC.remove(b'@').remove(b'.').remove(b'-').remove(b'_').remove(b'+').remove(b'~');

/// What the site is called, at the top of every page, and whom people ask for help, at its foot and on
/// pages of errors. Every request takes a copy of its own, which costs nothing.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Support {
    site_name: Arc<str>,
    ways: Arc<[Way]>,
}

impl Default for Support {
    fn default() -> Support {
        Support { site_name: Arc::from("Tokenhouse"), ways: Arc::from([]) }
    }
}

/// One way to ask: where it leads, and how it is called.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Way {
    /// Address of the link.
    pub href: String,
    /// Text of the link.
    pub text: String,
}

impl Support {
    /// From what was told; empty where nothing was.
    ///
    /// # Errors
    /// When the address is none, or the URL is not one of the web.
    pub fn parse(email: Option<&str>, url: Option<&str>) -> Result<Support, ConfigError> {
        let by_mail = email.map(by_mail).transpose()?;
        let by_page = url.map(by_page).transpose()?;
        Ok(Support { ways: by_mail.into_iter().chain(by_page).collect(), ..Support::default() })
    }

    /// The same, for a site that is called so.
    pub fn of_site(self, name: &str) -> Support {
        Support { site_name: Arc::from(name), ..self }
    }

    /// What the site is called.
    pub fn site_name(&self) -> &str {
        &self.site_name
    }

    /// The ways to ask, mail first.
    pub fn ways(&self) -> &[Way] {
        &self.ways
    }
}

fn by_mail(text: &str) -> Result<Way, ConfigError> {
    let address: Address = text.parse().map_err(|_| {
        ConfigError(format!("the support address {text:?} is none: give one such as help@example.com"))
    })?;
    let text = address.to_string();
    Ok(Way { href: format!("mailto:{}", utf8_percent_encode(&text, PLAIN)), text })
}

fn by_page(text: &str) -> Result<Way, ConfigError> {
    let refused = |why: &str| {
        ConfigError(format!(
            "the support URL {why}: give the address of a page, such as https://example.com/support"
        ))
    };
    let url = Url::parse(text).map_err(|error| refused(&format!("is none ({error})")))?;
    if !matches!(url.scheme(), "http" | "https") {
        return Err(refused("is neither https nor http"));
    }
    if !url.username().is_empty() || url.password().is_some() {
        return Err(refused("contains a user or a password"));
    }
    let text = url.as_str().trim_end_matches('/');
    let (_, text) = text.split_once("://").unwrap_or(("", text));
    Ok(Way { href: url.to_string(), text: text.to_owned() })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ways(email: Option<&str>, url: Option<&str>) -> Vec<(String, String)> {
        let support = Support::parse(email, url).unwrap();
        support.ways().iter().map(|way| (way.href.clone(), way.text.clone())).collect()
    }

    #[test]
    fn an_address_is_mailed_to_and_a_page_is_linked_to_without_its_scheme() {
        let both = ways(Some("help@example.com"), Some("https://chat.example.com/support/"));
        let expected = [
            ("mailto:help@example.com", "help@example.com"),
            ("https://chat.example.com/support/", "chat.example.com/support"),
        ];
        assert_eq!(both, expected.map(|(href, text)| (href.to_owned(), text.to_owned())));
        assert_eq!(ways(Some("q?a&b%c@example.com"), None)[0].0, "mailto:q%3Fa%26b%25c@example.com");
        assert!(ways(None, None).is_empty());
    }

    #[test]
    fn what_is_no_address_and_what_is_no_page_of_the_web_is_refused() {
        for bad in ["help", "help@", "a@example.com, b@example.com", "Help <help@example.com>"] {
            let said = Support::parse(Some(bad), None).unwrap_err().to_string();
            assert!(said.starts_with("the support address") && said.contains("help@example.com"), "{said}");
        }
        for bad in
            ["example.com", "javascript:alert(1)", "mailto:help@example.com", "https://u:p@example.com"]
        {
            let said = Support::parse(None, Some(bad)).unwrap_err().to_string();
            assert!(said.starts_with("the support URL"), "{said}");
            assert!(!said.contains("u:p"), "it may hold a password: {said}");
        }
    }
}
