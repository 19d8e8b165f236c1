//! The one spelling of a path that proxy, check and API read alike. What isn't spelled so is refused, never
//! normalized: two ideas of one path are how calls got past checks (CVE-2021-29492, CVE-2021-32779,
//! CVE-2025-66490 and others).

use percent_encoding::percent_decode_str;

/// The longest path and query that is looked at, in bytes.
pub const LONGEST: usize = 4_096;

/// The path of a request target if no normalization that a proxy or framework does would change it; what
/// follows the first `?` is cut off. `None` for everything else.
pub fn normal(target: &str) -> Option<&str> {
    if target.len() > LONGEST {
        return None;
    }
    let path = target.split_once('?').map_or(target, |(path, _)| path);
    let inside = path.strip_prefix('/')?;
    let mut segments = inside.split('/').peekable();
    while let Some(segment) = segments.next() {
        let last = segments.peek().is_none();
        if (segment.is_empty() && !last) || !plain(segment) {
            return None;
        }
    }
    Some(path)
}

/// Whether a segment means itself, however often it's decoded.
fn plain(segment: &str) -> bool {
    if segment == "." || segment == ".." {
        return false;
    }
    let bytes = segment.as_bytes();
    let mut at = 0;
    while let Some(byte) = bytes.get(at) {
        at += if *byte == b'%' {
            let hex = bytes.get(at + 1).zip(bytes.get(at + 2));
            let Some(coded) = hex.and_then(|(high, low)| Some(digit(*high)? * 16 + digit(*low)?)) else {
                return false;
            };
            if unreserved(coded) || b"/\\;?#%".contains(&coded) || coded < b' ' || coded == 0x7f {
                return false;
            }
            3
        } else if unreserved(*byte) || b"!$&'()*+,=:@".contains(byte) {
            1
        } else {
            return false;
        };
    }
    // Overlong and broken forms are no UTF-8. C1 controls are two bytes, so they are looked at here.
    percent_decode_str(segment).decode_utf8().is_ok_and(|text| !text.contains(char::is_control))
}

fn digit(hex: u8) -> Option<u8> {
    char::from(hex).to_digit(16).and_then(|digit| u8::try_from(digit).ok())
}

fn unreserved(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || b"-._~".contains(&byte)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn a_path_that_every_program_reads_alike_is_taken() {
        for (target, path) in [
            ("/", "/"),
            ("/v1/stores/berlin", "/v1/stores/berlin"),
            ("/v1/stores/", "/v1/stores/"),
            ("/v1/stores?q=/../%2f;#", "/v1/stores"),
            ("/a:b@c/~x/!$&'()*+,=", "/a:b@c/~x/!$&'()*+,="),
            ("/k%C3%B6ln/a%20b/%22", "/k%C3%B6ln/a%20b/%22"),
            ("/...", "/..."),
            ("/.well-known/x", "/.well-known/x"),
        ] {
            assert_eq!(normal(target), Some(path), "{target}");
        }
    }

    #[test]
    fn what_some_program_would_read_otherwise_is_refused() {
        for target in [
            "",
            "*",
            "v1",
            "http://evil/abs",
            "//",
            "//v1",
            "/v1//x",
            "/v1/x//",
            "/.",
            "/..",
            "/v1/../x",
            "/v1/./x",
            "/%2e%2e/x",
            "/.%2e/x",
            "/%2E",
            "/a%2Fb",
            "/a%2fb",
            "/a%5Cb",
            "/a\\b",
            "/a;x=1",
            "/a%3Bx",
            "/..;/x",
            "/%62erlin",
            "/%7Ex",
            "/%00",
            "/%0a",
            "/%7f",
            "/%c2%85",
            "/%23",
            "/#x",
            "/a#b",
            "/%3F",
            "/%252F",
            "/%25",
            "/kö",
            "/%c0%ae",
            "/%ff",
            "/%C3",
            "/a b",
            "/a\"b",
            "/{x}",
            "/a|b",
            "/a^b",
            "/a`b",
            "/<x>",
            "/[x]",
            "/%",
            "/%2",
            "/%zz",
            "/%+1",
            "/a\u{0}",
        ] {
            assert_eq!(normal(target), None, "{target:?}");
        }
        assert!(normal(&format!("/{}", "a".repeat(LONGEST))).is_none());
        assert!(normal(&format!("/{}", "a".repeat(LONGEST - 1))).is_some());
        assert!(normal(&format!("/a?{}", "q".repeat(LONGEST))).is_none());
    }

    proptest! {
        #[test]
        fn decoding_what_is_taken_makes_no_segment_of_another_kind(target in "/[a-c./%25?2eEfF;#\\\\ ]{0,24}") {
            if let Some(path) = normal(&target) {
                let once: Vec<String> = path[1..]
                    .split('/')
                    .map(|segment| percent_decode_str(segment).decode_utf8().unwrap().into_owned())
                    .collect();
                for segment in &once {
                    prop_assert!(!segment.contains(['/', '\\', '%', ';', '?', '#']), "{path}");
                    prop_assert!(segment != "." && segment != "..", "{path}");
                }
            }
        }
    }
}
