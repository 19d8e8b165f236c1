//! Codes of authenticator apps (RFC 6238), by totp-rs.

use secrecy::{ExposeSecret, SecretSlice};
use subtle::ConstantTimeEq as _;
use time::{Duration, OffsetDateTime};
use totp_rs::{Algorithm, Builder, Totp};

/// 160 bits, as RFC 4226 recommends and every app reads.
pub const KEY_LENGTH: usize = 20;
/// How long a code is shown, in seconds.
const STEP: i64 = 30;
/// How far an app's clock may be behind.
const BEHIND: Duration = Duration::seconds(10);
/// How far it may be ahead.
const AHEAD: Duration = Duration::seconds(5);

/// The key that an app shares with this server. It prints as nothing.
#[derive(Debug, Clone)]
pub struct AppKey(SecretSlice<u8>);

impl AppKey {
    /// The key with these bytes; `None` if they are too few or too many.
    pub fn new(bytes: Vec<u8>) -> Option<AppKey> {
        (bytes.len() == KEY_LENGTH).then(|| AppKey(SecretSlice::from(bytes)))
    }

    /// The bytes, to be sealed.
    pub fn bytes(&self) -> &[u8] {
        self.0.expose_secret()
    }

    /// The key as people type it: base32 in groups of four.
    pub fn text(&self) -> String {
        let text = totp_rs::Secret::from(self.bytes()).to_base32();
        let groups: Vec<&str> =
            text.as_bytes().chunks(4).filter_map(|part| std::str::from_utf8(part).ok()).collect();
        groups.join(" ")
    }

    /// The address that an app reads, as a link or from a QR code: whose key it is, and of which site.
    pub fn uri(&self, site: &str, email: &str) -> Option<String> {
        // A colon separates the two.
        let (site, email) = (site.replace(':', " "), email.replace(':', " "));
        let site = site.split_whitespace().collect::<Vec<_>>().join(" ");
        self.totp(Some(site.as_str()).filter(|site| !site.is_empty()), &email)?.to_url().ok()
    }

    /// The step whose code this is, if it is the code of now, as far as the app's clock may be off.
    pub fn step_of(&self, code: &str, now: OffsetDateTime) -> Option<i64> {
        let code = digits(code)?;
        let totp = self.totp(None, "")?;
        let mut found = None;
        for at in [now - BEHIND, now, now + AHEAD] {
            let step = at.unix_timestamp().div_euclid(STEP);
            let expected = totp.generate(u64::try_from(step * STEP).ok()?).to_string();
            if bool::from(expected.as_bytes().ct_eq(code.as_bytes())) {
                found = found.max(Some(step));
            }
        }
        found
    }

    fn totp(&self, site: Option<&str>, email: &str) -> Option<Totp> {
        Builder::new()
            .with_algorithm(Algorithm::SHA1)
            .with_digits(6)
            .with_step_duration(30)
            .with_secret(self.bytes())
            .with_issuer(site)
            .with_account_name(email)
            .build()
            .ok()
    }
}

/// The six digits of a code; blanks and hyphens are how people and apps group them.
fn digits(code: &str) -> Option<String> {
    let digits: String = code.chars().filter(|sign| !sign.is_whitespace() && *sign != '-').collect();
    (digits.len() == 6 && digits.bytes().all(|byte| byte.is_ascii_digit())).then_some(digits)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn key() -> AppKey {
        AppKey::new(b"12345678901234567890".to_vec()).unwrap()
    }

    fn at(seconds: i64) -> OffsetDateTime {
        OffsetDateTime::from_unix_timestamp(seconds).unwrap()
    }

    #[test]
    fn the_codes_are_those_of_rfc_6238() {
        // Appendix B has eight digits; the last six are those of a shorter code.
        for (seconds, code) in [
            (59, "287082"),
            (1_111_111_109, "081804"),
            (1_111_111_111, "050471"),
            (1_234_567_890, "005924"),
            (2_000_000_000, "279037"),
            (20_000_000_000, "353130"),
        ] {
            assert_eq!(key().step_of(code, at(seconds)), Some(seconds / 30), "{seconds}");
        }
    }

    #[test]
    fn a_code_is_good_from_5_seconds_before_its_step_to_10_seconds_after_it() {
        let (start, code) = (1_111_111_110, "050471");
        for (offset, good) in [(-6, false), (-5, true), (0, true), (29, true), (39, true), (40, false)] {
            let step = key().step_of(code, at(start + offset));
            assert_eq!(step, good.then_some(start / 30), "{offset}");
        }
    }

    #[test]
    fn digits_are_grouped_as_people_like_and_nothing_else_is_a_code() {
        for code in ["287082", "287 082", " 287-082 ", "2 8 7 0 8 2", "287\u{a0}082"] {
            assert!(key().step_of(code, at(59)).is_some(), "{code}");
        }
        for other in ["", "28708", "2870822", "28708x", "٢٨٧٠٨٢", "287082\0", "+287082"] {
            assert_eq!(key().step_of(other, at(59)), None, "{other:?}");
        }
    }

    #[test]
    fn an_app_is_told_the_site_the_person_and_the_key_and_the_log_nothing() {
        let uri = key().uri("Shop: Tokens", "anna@example.com").unwrap();
        assert!(uri.starts_with("otpauth://totp/Shop%20Tokens:anna%40example.com?"), "{uri}");
        assert!(uri.contains("secret=GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ"), "{uri}");
        assert_eq!(key().text(), "GEZD GNBV GY3T QOJQ GEZD GNBV GY3T QOJQ");
        assert!(!format!("{:?}", key()).contains("49"));
        assert!(AppKey::new(vec![1; 19]).is_none());
    }
}
