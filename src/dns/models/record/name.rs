//! Names of records, and the names that their contents point to.

use crate::policy::ascii;
use hickory_proto::rr::Name;
use std::net::Ipv4Addr;

/// A record's name in lower case and ASCII, relative to its zone; empty at the apex.
pub(super) fn of_record(written: &str, zone: &str) -> Result<String, String> {
    let name = in_ascii(written)?;
    if name.is_empty() {
        return Ok(name);
    }
    if name.ends_with('.') {
        return Err(format!(
            "is relative to the zone: write it without “{zone}” and without a dot at the end"
        ));
    }
    // A star stands for names only as the whole first label (RFC 4592).
    let labels = name.strip_prefix("*.").unwrap_or(if name == "*" { "" } else { &name });
    check_labels(labels)?;
    full(&name, zone).map(|_| name)
}

/// A host or domain name that a content points to, in lower case, without the dot at the end.
pub(super) fn target(written: &str) -> Result<String, String> {
    let name = in_ascii(written)?;
    let name = name.strip_suffix('.').unwrap_or(&name);
    if name.parse::<Ipv4Addr>().is_ok() {
        return Err("must be a name, not an address (RFC 1123, section 2.1)".to_owned());
    }
    if name.is_empty() {
        return Err("must be a name".to_owned());
    }
    check_labels(name)?;
    full(name, "").map(|_| name.to_owned())
}

fn in_ascii(written: &str) -> Result<String, String> {
    if written.is_ascii() {
        return Ok(written.to_ascii_lowercase());
    }
    ascii::name_in_ascii(written).ok_or_else(|| "is not a name that DNS knows".to_owned())
}

fn check_labels(labels: &str) -> Result<(), String> {
    // A slash is in the names of networks smaller than a /24 (RFC 2317), and DNS has no rule about hyphens.
    let fits = |letter: u8| letter.is_ascii_alphanumeric() || matches!(letter, b'-' | b'_' | b'/');
    for label in labels.split('.').filter(|_| !labels.is_empty()) {
        if label.is_empty() {
            return Err("has an empty part between two dots".to_owned());
        }
        if !label.bytes().all(fits) {
            return Err(
                "may hold letters, digits, hyphens, underscores and slashes, and a star as its whole first part"
                    .to_owned(),
            );
        }
        if label.len() > 63 {
            return Err("has a part of more than 63 characters".to_owned());
        }
    }
    Ok(())
}

/// The whole name, which DNS limits to 255 octets on the wire, and so to 253 characters.
fn full(name: &str, zone: &str) -> Result<Name, String> {
    let whole = if zone.is_empty() { format!("{name}.") } else { format!("{name}.{zone}.") };
    if whole.len() > 254 {
        return Err("is longer than 253 characters, its zone included".to_owned());
    }
    let labels = whole.split('.').filter(|label| !label.is_empty()).map(str::as_bytes);
    Name::from_labels(labels).map_err(|_| "is not a name that DNS knows".to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_is_kept_in_lower_case_and_ascii() {
        for (written, kept) in [
            ("", ""),
            ("WWW", "www"),
            ("*", "*"),
            ("*.Dev", "*.dev"),
            ("_dmarc", "_dmarc"),
            ("_sip._tcp", "_sip._tcp"),
            ("a.b.c", "a.b.c"),
            ("bücher", "xn--bcher-kva"),
            ("1", "1"),
            ("0/26", "0/26"),
            ("-a-", "-a-"),
            (&"a".repeat(63), &"a".repeat(63)),
        ] {
            assert_eq!(of_record(written, "example.com").as_deref(), Ok(kept), "{written}");
        }
    }

    #[test]
    fn what_is_not_a_name_is_refused() {
        let long = format!("{0}.{0}.{0}.{1}", "a".repeat(63), "a".repeat(50));
        for wrong in [
            ".",
            "www.",
            ".www",
            "a..b",
            "a b",
            "@",
            "www*",
            "a.*",
            "*a",
            "**",
            "*.*",
            "a\\046b",
            "\u{0}",
            "a\nb",
            "$ORIGIN",
            "a;b",
            "\"a\"",
            "(a)",
            &"a".repeat(64),
            &long,
            "\u{fffd}",
            "a%",
            "a@b",
        ] {
            assert!(of_record(wrong, "example.com").is_err(), "{wrong:?} was taken for a name");
        }
    }

    #[test]
    fn a_name_fills_its_zone_up_to_253_characters() {
        let longest = format!("{0}.{0}.{0}.{1}", "a".repeat(63), "a".repeat(253 - 3 * 64 - 12));
        assert_eq!(of_record(&longest, "example.com").as_deref(), Ok(longest.as_str()));
        assert!(of_record(&format!("{longest}a"), "example.com").is_err());
    }

    #[test]
    fn a_target_is_a_name_and_no_address() {
        assert_eq!(target("Mail.Example.COM.").as_deref(), Ok("mail.example.com"));
        assert_eq!(target("_acme.example.net").as_deref(), Ok("_acme.example.net"));
        for wrong in ["", ".", "192.0.2.1", "2001:db8::1", "a..b", "a b", "*.example.com", "..", "http://a"] {
            assert!(target(wrong).is_err(), "{wrong:?} was taken for a target");
        }
    }
}
