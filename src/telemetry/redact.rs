//! Lines of the log without what opens something: links and the secrets of tokens are known by their
//! shape, wherever in a line they are, percent-encoded or not.

use std::borrow::Cow;
use std::io::{self, Write};
use tracing_subscriber::fmt::MakeWriter;

/// This many letters and digits in a row could be a link (`models::link`: 40, 5 bits each), also one that
/// lost its end: what's left out of 31 is 45 bits, which nobody tries out.
const OF_A_LINK: usize = 32;
/// Behind `_a_`, `_u_` or `_s_` they could be a secret (`models::token::secret`: 36, of which 30 are
/// random).
const OF_A_SECRET: usize = 16;
/// An address is decoded once; one that was encoded more often than this opens nothing for long.
const MOST_DECODED: usize = 4;
/// What stands instead.
const LEFT_OUT: &str = "…";

/// A log whose lines pass through here.
pub(super) struct Redacted<W>(pub(super) W);

impl<'w, W: MakeWriter<'w>> MakeWriter<'w> for Redacted<W> {
    type Writer = Redacted<W::Writer>;

    fn make_writer(&'w self) -> Self::Writer {
        Redacted(self.0.make_writer())
    }

    fn make_writer_for(&'w self, about: &tracing::Metadata<'_>) -> Self::Writer {
        Redacted(self.0.make_writer_for(about))
    }
}

impl<W: Write> Write for Redacted<W> {
    /// The subscriber writes each line in one go.
    fn write(&mut self, line: &[u8]) -> io::Result<usize> {
        self.0.write_all(&redacted(line))?;
        Ok(line.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        self.0.flush()
    }
}

/// A sign, and the bytes of the line that spell it.
#[derive(Clone, Copy)]
struct Sign {
    byte: u8,
    start: usize,
    end: usize,
}

fn redacted(line: &[u8]) -> Cow<'_, [u8]> {
    if is_plain(line) {
        return Cow::Borrowed(line);
    }
    let mut found = Vec::new();
    let mut signs = signs(line);
    for _ in 0..=MOST_DECODED {
        find(&signs, &mut found);
        if !decode(&mut signs) {
            break;
        }
    }
    if found.is_empty() {
        return Cow::Borrowed(line);
    }
    found.sort_unstable();
    let (mut kept, mut copied) = (Vec::with_capacity(line.len()), 0);
    for (start, end) in found {
        if start >= copied {
            kept.extend_from_slice(&line[copied..start]);
            kept.extend_from_slice(LEFT_OUT.as_bytes());
        }
        copied = copied.max(end);
    }
    kept.extend_from_slice(&line[copied..]);
    Cow::Owned(kept)
}

/// Whether nothing in a line is long enough to be left out, nor encoded: almost every line, seen at a glance.
/// What follows a backslash counts as a letter here, so that nothing is taken for shorter than it is.
fn is_plain(line: &[u8]) -> bool {
    let mut run = 0;
    line.iter().all(|byte| {
        run = if byte.is_ascii_alphanumeric() { run + 1 } else { 0 };
        run < OF_A_SECRET && *byte != b'%'
    })
}

/// The signs of a line. An escape of JSON, or of a quoted text, is one: half of it would be none.
fn signs(line: &[u8]) -> Vec<Sign> {
    let (mut signs, mut start) = (Vec::with_capacity(line.len()), 0);
    while let Some(byte) = line.get(start).copied() {
        let width = match (byte, line.get(start + 1)) {
            (b'\\', Some(b'u')) => 6,
            (b'\\', Some(_)) => 2,
            _ => 1,
        };
        let end = line.len().min(start + width);
        signs.push(Sign { byte, start, end });
        start = end;
    }
    signs
}

/// Decodes each `%41` once; says whether there was one.
fn decode(signs: &mut Vec<Sign>) -> bool {
    let hex = |sign: &Sign| char::from(sign.byte).to_digit(16);
    let (mut from, mut to) = (0, 0);
    while from < signs.len() {
        let code = match &signs[from..] {
            [Sign { byte: b'%', .. }, high, low, ..] => hex(high).zip(hex(low)),
            _ => None,
        };
        let code = code.and_then(|(high, low)| u8::try_from(high * 16 + low).ok());
        let width = if code.is_some() { 3 } else { 1 };
        let Sign { byte, start, .. } = signs[from];
        signs[to] = Sign { byte: code.unwrap_or(byte), start, end: signs[from + width - 1].end };
        (from, to) = (from + width, to + 1);
    }
    signs.truncate(to);
    to < from
}

/// Finds what is too long to be a word.
fn find(signs: &[Sign], found: &mut Vec<(usize, usize)>) {
    let mut start = 0;
    while start < signs.len() {
        let run = &signs[start..];
        let length = run.iter().take_while(|sign| sign.byte.is_ascii_alphanumeric()).count();
        let behind_a_prefix = matches!(
            signs[..start],
            [.., Sign { byte: b'_', .. }, Sign { byte: b'a' | b'u' | b's', .. }, Sign { byte: b'_', .. }]
        );
        if length >= OF_A_LINK || behind_a_prefix && length >= OF_A_SECRET {
            found.push((run[0].start, run[length - 1].end));
        }
        start += length.max(1);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::models::link::LinkSecret;
    use crate::models::token::secret::{Kind, Secret};
    use proptest::prelude::*;

    fn of(line: &str) -> String {
        String::from_utf8(redacted(line.as_bytes()).into_owned()).unwrap()
    }

    fn encoded(text: &str) -> String {
        text.bytes().map(|byte| format!("%{byte:02X}")).collect()
    }

    #[test]
    fn a_link_and_a_secret_are_left_out_wherever_they_stand() {
        let (link, secret) =
            (LinkSecret::generate().unwrap(), Secret::generate("tkh", Kind::Account).unwrap());
        let (link, secret) = (link.expose(), secret.expose());
        assert_eq!(of(&format!("path=/reset/{link}}} done")), "path=/reset/…} done");
        assert_eq!(of(&format!("path=/invitations/{link}/join")), "path=/invitations/…/join");
        assert_eq!(of(&format!("{link} and {secret}")), "… and tkh_a_…");
        assert_eq!(of(&format!("https://x/reset/{link}?next={secret}")), "https://x/reset/…?next=tkh_a_…");
        assert_eq!(of(&format!("{{\"path\":\"/reset/{link}\"}}")), "{\"path\":\"/reset/…\"}");
        assert_eq!(of(&format!("“{link}”")), "“…”");
    }

    #[test]
    fn also_percent_encoded_however_often() {
        let (link, secret) = (LinkSecret::generate().unwrap(), Secret::generate("tkh", Kind::User).unwrap());
        let (link, secret) = (link.expose(), secret.expose());
        let (half, other) = link.split_at(20);
        for spelled in [
            encoded(link),
            encoded(link).to_lowercase(),
            encoded(link).replace('%', "%25"),
            encoded(link).replace('%', "%252525"),
            encoded(&encoded(link)),
            format!("{half}{}", encoded(other)),
            format!("{}{other}", encoded(half)),
        ] {
            assert_eq!(of(&format!("/%72eset/{spelled} ")), "/%72eset/… ", "{spelled}");
        }
        assert_eq!(of(&encoded(secret)), encoded("tkh_u_") + "…");
        assert_eq!(of(&secret.replace('_', "%5f")), "tkh%5fu%…", "as sent, 5f belongs to it");
    }

    #[test]
    fn also_where_they_lost_their_end() {
        let (link, secret) =
            (LinkSecret::generate().unwrap(), Secret::generate("acme1", Kind::User).unwrap());
        assert_eq!(of(&link.expose()[..32]), "…");
        assert_eq!(of(&secret.expose()[..8 + 16]), "acme1_u_…");
    }

    #[test]
    fn everything_else_is_left_as_it_is() {
        for line in [
            "",
            "%",
            "%25",
            "%2",
            "100%",
            "\\",
            "\\u",
            "2026-11-22T12:00:00.000000Z  INFO request{id=019a0d5b-6c00-7a3f-8b1e-000000000001 method=GET \
             path=/v2/1010/zones/example.com/records%20x}: tokenhouse::server: answered status=200",
            "tkh_a_…wxyz",
            "database_url_a_b",
            "an account number 1010 and an address 2001:db8:1234:5678:9abc:def0:1234:5678",
            "“Überweisung” für ß",
        ] {
            assert_eq!(of(line), line);
            assert!(matches!(redacted(line.as_bytes()), Cow::Borrowed(_)));
        }
    }

    #[test]
    fn escapes_stay_whole_so_that_json_stays_json() {
        let link = LinkSecret::generate().unwrap();
        for escape in ["\n", "\t", "\"", "\\", "\u{1b}", "\u{7f}"] {
            let line = serde_json::json!({ "cause": format!("{escape}{}", link.expose()) }).to_string();
            let read: serde_json::Value = serde_json::from_str(&of(&line)).unwrap();
            let cause = read["cause"].as_str().unwrap();
            assert!(cause.ends_with('…') && cause.len() <= escape.len() + "…".len() + 1, "{cause:?}");
        }
    }

    proptest! {
        #[test]
        fn a_link_is_left_out_of_any_line(before in ".{0,40}", after in ".{0,40}", depth in 0..3_usize) {
            let link = LinkSecret::generate().unwrap();
            let spelled = (0..depth).fold(link.expose().to_owned(), |text, _| encoded(&text));
            let line = of(&format!("{before}{spelled}{after}"));
            prop_assert!(!line.contains(&spelled[spelled.len() / 4..]), "{}", line);
        }
    }
}
