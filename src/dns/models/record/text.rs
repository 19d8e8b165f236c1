//! Contents of TXT records.

use super::content::fits;
use super::words::{Word, words};
use hickory_proto::rr::rdata::TXT;

/// Either strings in quotes, as a master file has them, or one text that is cut into strings. One in quotes that is
/// longer than a string can be is cut, too.
pub(super) fn checked(content: &str) -> Result<String, String> {
    let strings: Vec<Vec<u8>> = if content.starts_with('"') {
        let wrong = || {
            "must be strings in quotes, set apart by spaces, or one text without quotes around it".to_owned()
        };
        let found = words(content).filter(|words| words.iter().all(|word| word.quoted)).ok_or_else(wrong)?;
        found.iter().map(octets).collect::<Option<_>>().ok_or_else(wrong)?
    } else {
        strings(content).into_iter().map(|part| part.as_bytes().to_vec()).collect()
    };
    let cut: Vec<&[u8]> = strings.iter().flat_map(|string| pieces(string)).collect();
    if !fits(&TXT::from_bytes(cut.clone())) {
        return Err("is too long".to_owned());
    }
    if content.starts_with('"') && cut.len() > strings.len() {
        return Ok(cut.into_iter().map(quoted).collect::<Vec<_>>().join(" "));
    }
    Ok(content.to_owned())
}

/// At most 255 octets each, and one for none.
fn pieces(string: &[u8]) -> Vec<&[u8]> {
    if string.is_empty() { vec![string] } else { string.chunks(255).collect() }
}

/// A string in quotes, in ASCII: a cut may go through a character.
fn quoted(string: &[u8]) -> String {
    let signs = string.iter().map(|octet| match octet {
        b'"' | b'\\' => format!("\\{}", char::from(*octet)),
        b' '..=b'~' => char::from(*octet).to_string(),
        _ => format!("\\{octet:03}"),
    });
    format!("\"{}\"", signs.collect::<String>())
}

/// A text cut into strings of at most 255 octets, between characters.
pub(super) fn strings(text: &str) -> Vec<&str> {
    let (mut cut, mut rest) = (Vec::new(), text);
    while rest.len() > 255 {
        let (head, tail) = rest.split_at(rest.floor_char_boundary(255));
        cut.push(head);
        rest = tail;
    }
    cut.push(rest);
    cut
}

/// A word without its escapes: `\DDD` is an octet, `\X` is X.
fn octets(word: &Word<'_>) -> Option<Vec<u8>> {
    let (mut found, mut rest) = (Vec::new(), word.text.as_bytes());
    while let [first, tail @ ..] = rest {
        rest = match (first, tail) {
            (b'\\', [digit, ..]) if digit.is_ascii_digit() => {
                let octet = std::str::from_utf8(tail.get(..3)?).ok()?.parse().ok()?;
                found.push(octet);
                &tail[3..]
            }
            (b'\\', [escaped, tail @ ..]) => {
                found.push(*escaped);
                tail
            }
            (octet, tail) => {
                found.push(*octet);
                tail
            }
        };
    }
    Some(found)
}
