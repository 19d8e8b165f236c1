//! What programs and people write into fields, as far as it can be stored and shown.

use crate::policy::ascii;
use time::Date;
use time::format_description::FormatItem;
use time::macros::format_description;

/// A day as people and programs write it: `2026-11-22`.
pub const DAY: &[FormatItem<'_>] = format_description!("[year]-[month]-[day]");

/// The day that is written so, of the years 1 to 9999: others, no column and no page can hold.
pub fn day(written: &str) -> Option<Date> {
    Date::parse(written.trim(), DAY).ok().filter(|day| (1..=9_999).contains(&day.year()))
}

/// Control characters, and the invisible ones that make a text read as something else.
pub fn is_hidden(character: char) -> bool {
    character.is_control()
        || matches!(character, '\u{2028}' | '\u{2029}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}' | '\u{feff}')
}

/// Whether nothing of it is seen: white space, fillers, and what Unicode has drawn as nothing
/// (Default_Ignorable_Code_Point). A name of these can't be told from no name, or from another.
pub fn shows_nothing(text: &str) -> bool {
    let draws_nothing = |character| {
        matches!(character,
            '\u{ad}' | '\u{34f}' | '\u{61c}' | '\u{115f}'..='\u{1160}' | '\u{17b4}'..='\u{17b5}'
            | '\u{180b}'..='\u{180f}' | '\u{200b}'..='\u{200f}' | '\u{202a}'..='\u{202e}'
            | '\u{2060}'..='\u{206f}' | '\u{2800}' | '\u{3164}' | '\u{fe00}'..='\u{fe0f}' | '\u{feff}'
            | '\u{ffa0}' | '\u{fff0}'..='\u{fff8}' | '\u{1bca0}'..='\u{1bca3}'
            | '\u{1d173}'..='\u{1d17a}' | '\u{e0000}'..='\u{e0fff}')
    };
    text.chars().all(|character: char| character.is_whitespace() || draws_nothing(character))
}

/// What is wrong with a line of at most so many characters, in words for the API. An empty one is
/// not wrong.
pub fn fault_of_line(text: &str, most: usize) -> Option<String> {
    fault(text, most, is_hidden)
}

/// The same for a text that may have several lines.
pub fn fault_of_lines(text: &str, most: usize) -> Option<String> {
    fault(text, most, |character| !matches!(character, '\n' | '\r' | '\t') && is_hidden(character))
}

fn fault(text: &str, most: usize, is_hidden: impl Fn(char) -> bool) -> Option<String> {
    if text.chars().count() > most {
        Some(format!("is too long (at most {most} characters)"))
    } else if text.chars().any(is_hidden) {
        Some("holds control characters".to_owned())
    } else if !text.trim().is_empty() && shows_nothing(text) {
        Some("has no character that can be seen".to_owned())
    } else {
        None
    }
}

/// A host's name of two labels or more, in lower case and ASCII, without the dot at the end; `None` if
/// it isn't one.
pub fn full_host_name(written: &str) -> Option<String> {
    let name = ascii::host_in_ascii(written.trim().trim_end_matches('.'))?;
    (name.contains('.') && name.len() <= 253).then_some(name)
}

/// Whether it is an email address that mail can be sent to, as the library reads it that sends the mail. Whether
/// it exists, only a message would tell.
pub fn is_email(text: &str) -> bool {
    if text.parse::<lettre::Address>().is_err() {
        return false;
    }
    let host = text.rsplit_once('@').and_then(|(_, host)| full_host_name(host));
    let shown = |sign: char| !sign.is_whitespace() && !is_hidden(sign);
    // RFC 5321, 4.5.3.1: a path has at most 256 octets, with its angle brackets.
    text.len() <= 254 && text.chars().all(shown) && host.is_some()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_day_is_of_the_years_1_to_9999() {
        assert_eq!(day(" 2026-11-22 "), Some(time::macros::date!(2026 - 11 - 22)));
        assert!(day("0001-01-01").is_some() && day("9999-12-31").is_some());
        for none in
            ["", "0000-12-31", "-0001-01-01", "+10000-01-01", "2026-02-29", "22.11.2026", "2026-11-22x"]
        {
            assert_eq!(day(none), None, "{none:?}");
        }
    }

    #[test]
    fn a_line_is_short_and_shows_all_that_it_holds() {
        assert_eq!(fault_of_line("Straße 1", 8), None);
        assert_eq!(fault_of_line("Straße 12", 8).unwrap(), "is too long (at most 8 characters)");
        for hidden in ["a\0", "a\nb", "a\u{202e}b"] {
            assert_eq!(fault_of_line(hidden, 8).unwrap(), "holds control characters", "{hidden:?}");
        }
        for unseen in ["\u{200b}", "\u{3164}", "\u{2800} \u{ad}", "\u{e0041}\u{fe0f}"] {
            assert_eq!(fault_of_line(unseen, 8).unwrap(), "has no character that can be seen", "{unseen:?}");
        }
        // What joins or colors the characters beside it is a part of them.
        for seen in ["👩\u{200d}🚀", "❤\u{fe0f}", "می\u{200c}خواهم"] {
            assert_eq!(fault_of_line(seen, 80), None, "{seen:?}");
        }
        assert_eq!(fault_of_lines("a\r\n\tb", 8), None);
        assert!(fault_of_lines("a\0b", 8).is_some());
    }

    #[test]
    fn an_email_address_has_a_name_and_the_name_of_a_domain() {
        for good in ["a@example.com", "Ada.O'Neill+x@mail.example.com", "ada@bücher.example"] {
            assert!(is_email(good), "{good}");
        }
        for bad in [
            "",
            "a",
            "@example.com",
            "a@",
            "a@com",
            "a b@example.com",
            "a@b@example.com",
            "a@ex ample.com",
            // What the library that sends the mail doesn't take.
            ".a@example.com",
            "a..b@example.com",
            "a(b)@example.com",
            "a,b@example.com",
            "a;b@example.com",
            "<a@example.com>",
            "\"a b\"@example.com",
            "a@[192.0.2.1]",
        ] {
            assert!(!is_email(bad), "{bad}");
        }
        assert!(!is_email(&format!("{}@example.com", "a".repeat(250))));
    }
}
