//! Recovery codes: eight that stand in for a lost factor, once each.

use sha2::{Digest as _, Sha256};

/// How many there are in a set.
pub const COUNT: usize = 8;
/// Letters and digits that nobody takes for others, 32 of them.
const LETTERS: &[u8; 32] = b"abcdefghijkmnpqrstuvwxyz23456789";
/// 25 of 32 letters are 125 bits: enough for a plain digest (ASVS 6.5.2 asks for 112).
pub const LENGTH: usize = 25;

/// A code, made from as many random bytes.
pub fn from_bytes(bytes: [u8; LENGTH]) -> String {
    bytes.iter().map(|byte| char::from(LETTERS[usize::from(byte % 32)])).collect()
}

/// The code as it's shown: in groups of five.
pub fn grouped(code: &str) -> String {
    let groups: Vec<&str> =
        code.as_bytes().chunks(5).filter_map(|part| std::str::from_utf8(part).ok()).collect();
    groups.join("-")
}

/// What is stored of a code.
pub fn digest(code: &str) -> [u8; 32] {
    Sha256::digest(code.as_bytes()).into()
}

/// The digest of what someone typed, in whatever case and grouping, if it has the form of a code.
pub fn presented(text: &str) -> Option<[u8; 32]> {
    let code: String = text
        .chars()
        .filter(|sign| !sign.is_whitespace() && *sign != '-')
        .map(|sign| sign.to_ascii_lowercase())
        .collect();
    (code.len() == LENGTH && code.bytes().all(|byte| LETTERS.contains(&byte))).then(|| digest(&code))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_code_is_read_in_any_case_and_grouping_and_nothing_else_is_one() {
        let code = from_bytes(std::array::from_fn(|place| place as u8 * 7));
        assert_eq!((code.len(), grouped(&code).len()), (25, 29));
        for typed in [code.clone(), grouped(&code), grouped(&code).to_uppercase(), format!(" {code} ")] {
            assert_eq!(presented(&typed), Some(digest(&code)), "{typed}");
        }
        for other in ["", "123456", &code[1..], &code.replace(&code[..1], "0"), &format!("{code}a")] {
            assert_eq!(presented(other), None, "{other}");
        }
    }
}
