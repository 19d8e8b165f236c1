//! Words of a master file (RFC 1035, section 5.1): set apart by white space, in quotes where they hold some.

/// A word, still with its escapes.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Word<'a> {
    /// What it says, without its quotes.
    pub text: &'a str,
    /// Whether it stood in quotes.
    pub quoted: bool,
}

/// White space between words. What Unicode has for the ends of lines and paragraphs is none: a text may hold it.
pub(super) fn is_space(letter: char) -> bool {
    letter.is_whitespace() && !matches!(letter, '\u{2028}' | '\u{2029}')
}

/// The words of one line; none where it would not be one line, or more than a line: comments,
/// parentheses and control characters are for files, not for contents.
pub(super) fn words(line: &str) -> Option<Vec<Word<'_>>> {
    if line.chars().any(char::is_control) {
        return None;
    }
    let (mut found, mut rest) = (Vec::new(), line.trim_start_matches(is_space));
    while !rest.is_empty() {
        let quoted = rest.starts_with('"');
        let start = usize::from(quoted);
        let end = start + end_of(&rest[start..], quoted)?;
        found.push(Word { text: &rest[start..end], quoted });
        let after = &rest[end + start..];
        if !after.is_empty() && !after.starts_with(is_space) {
            return None;
        }
        rest = after.trim_start_matches(is_space);
    }
    Some(found)
}

/// Where a word ends: before its quote, or before the next space.
fn end_of(text: &str, quoted: bool) -> Option<usize> {
    let mut escaped = false;
    for (place, letter) in text.char_indices() {
        match letter {
            _ if escaped => escaped = false,
            '\\' => escaped = true,
            '"' if quoted => return Some(place),
            _ if !quoted && is_space(letter) => return Some(place),
            '"' | ';' | '(' | ')' if !quoted => return None,
            _ => {}
        }
    }
    (!quoted && !escaped).then_some(text.len())
}

/// A text in quotes.
pub(super) fn in_quotes(text: &str) -> String {
    format!("\"{}\"", text.replace('\\', "\\\\").replace('"', "\\\""))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn texts(line: &str) -> Option<Vec<&str>> {
        Some(words(line)?.into_iter().map(|word| word.text).collect())
    }

    #[test]
    fn words_are_set_apart_by_spaces_unless_they_are_in_quotes() {
        assert_eq!(texts(" 0  issue \"ca.example; a=1\" "), Some(vec!["0", "issue", "ca.example; a=1"]));
        assert_eq!(texts(r#""a \" b" c\ d"#), Some(vec![r#"a \" b"#, r"c\ d"]));
        assert_eq!(texts(""), Some(vec![]));
    }

    #[test]
    fn every_kind_of_white_space_sets_words_apart() {
        assert_eq!(texts("192.0.2.1\u{a0}junk\u{2003}more"), Some(vec!["192.0.2.1", "junk", "more"]));
    }

    #[test]
    fn the_ends_of_lines_and_paragraphs_of_unicode_belong_to_a_word() {
        assert_eq!(texts("\u{2028}a\u{2029}b \"c\u{2028}\""), Some(vec!["\u{2028}a\u{2029}b", "c\u{2028}"]));
    }

    #[test]
    fn what_would_be_more_than_a_line_of_words_is_none() {
        for line in ["a ; b", "( a", "a)", "\"a", "a\"b", "\"a\"b", "a\nb", "a\u{0}", "a\\", "\"a\\\""] {
            assert_eq!(texts(line), None, "{line:?}");
        }
    }
}
