//! A token's name: any script, trimmed, 1 to 255 characters.

use crate::models::text::{is_hidden, shows_nothing};

/// A name that may be stored.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TokenName(String);

/// Why a name is refused, in a sentence.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum NameRefused {
    /// Nothing but white space.
    #[error("Give the token a name.")]
    Empty,
    /// Over 255 characters.
    #[error("Use at most 255 characters.")]
    TooLong,
    /// Characters that are drawn as nothing, and no other.
    #[error("Use at least one character that can be seen.")]
    Unseen,
    /// A line break, a NUL, a direction override or the like.
    #[error("Leave out line breaks and other control characters.")]
    Control,
}

impl TokenName {
    /// The name that somebody typed.
    pub fn parse(typed: &str) -> Result<TokenName, NameRefused> {
        let name = typed.trim();
        match name.chars().count() {
            0 => Err(NameRefused::Empty),
            256.. => Err(NameRefused::TooLong),
            _ if name.chars().any(is_hidden) => Err(NameRefused::Control),
            _ if shows_nothing(name) => Err(NameRefused::Unseen),
            _ => Ok(TokenName(name.to_owned())),
        }
    }

    /// The name.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn any_script_is_a_name_once_trimmed() {
        for (typed, name) in
            [(" CI ", "CI"), ("Überweisung 部署 🚀", "Überweisung 部署 🚀"), ("<b>&amp;", "<b>&amp;")]
        {
            assert_eq!(TokenName::parse(typed).unwrap().as_str(), name);
        }
        assert!(TokenName::parse(&"字".repeat(255)).is_ok());
    }

    #[test]
    fn no_name_too_long_a_name_and_hidden_characters_are_refused() {
        assert_eq!(TokenName::parse(" \t\u{3000}"), Err(NameRefused::Empty));
        assert_eq!(TokenName::parse(&"字".repeat(256)), Err(NameRefused::TooLong));
        assert_eq!(TokenName::parse("\u{3164}\u{200b}"), Err(NameRefused::Unseen));
        for hidden in ["a\0b", "a\nb", "a\u{202e}b", "a\u{85}b"] {
            assert_eq!(TokenName::parse(hidden), Err(NameRefused::Control), "{hidden:?}");
        }
    }
}
