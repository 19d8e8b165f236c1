//! Names in other scripts, as DNS spells them.
#![allow(clippy::disallowed_methods, reason = "only what is short is read")]

/// The longest name that is read, in bytes: the 253 characters of DNS at four bytes each, and a few to
/// spare. Spelling a label in ASCII takes the square of its length: 256 KB of them took 0.1 s.
const LONGEST: usize = 1_024;

/// A name of DNS in ASCII and lower case; `None` if there is no such name.
pub fn name_in_ascii(written: &str) -> Option<String> {
    short(written).and_then(|written| idna::domain_to_ascii(written).ok())
}

/// The same for the name of a host: letters, digits and hyphens only.
pub fn host_in_ascii(written: &str) -> Option<String> {
    short(written).and_then(|written| idna::domain_to_ascii_strict(written).ok())
}

fn short(written: &str) -> Option<&str> {
    Some(written).filter(|written| written.len() <= LONGEST)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_is_spelled_in_ascii_and_one_that_is_longer_than_any_is_not_read() {
        assert_eq!(name_in_ascii("Bücher.example").as_deref(), Some("xn--bcher-kva.example"));
        assert_eq!(host_in_ascii("Bücher.example").as_deref(), Some("xn--bcher-kva.example"));
        assert_eq!(name_in_ascii("_acme.字").as_deref(), Some("_acme.xn--p8s"));
        assert_eq!(host_in_ascii("_acme.example"), None);
        // The longest label in four bytes a letter.
        let longest = "𐀀".repeat(50);
        assert!(name_in_ascii(&longest).is_some_and(|label| label.len() <= 63), "{longest}");
        for read in [name_in_ascii, host_in_ascii] {
            assert_eq!(read(&"ü.".repeat(400)), None);
        }
    }
}
