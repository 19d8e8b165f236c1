//! An authenticator app: oathtool, with the key that a page shows.

use super::client::{Answer, Browser};
use super::ledger;
use data_encoding::{BASE32_NOPAD, HEXLOWER};
use std::process::Command;
use time::OffsetDateTime;

/// What someone has on their phone.
pub struct AuthenticatorApp {
    key: String,
}

impl AuthenticatorApp {
    /// The app that has read the key of this page.
    pub fn of(page: &Answer) -> AuthenticatorApp {
        let shown =
            page.all("#app-key").into_iter().next().unwrap_or_else(|| panic!("no key: {}", page.text()));
        AuthenticatorApp::with_key(&shown)
    }

    /// The app into which this key was typed.
    pub fn with_key(shown: &str) -> AuthenticatorApp {
        let key = shown.replace(' ', "");
        // Also as a column of bytes would say it.
        let bytes = BASE32_NOPAD.decode(key.as_bytes()).expect("base32");
        for secret in [shown, &key, &HEXLOWER.encode(&bytes)] {
            ledger::put_down(secret);
        }
        AuthenticatorApp { key }
    }

    /// Sets one up as the person in this browser; also what recovery codes come with it.
    pub async fn set_up(browser: &mut Browser, now: OffsetDateTime) -> (AuthenticatorApp, Vec<String>) {
        let page = browser.post("/user/factors/app", &[]).await;
        let app = AuthenticatorApp::of(&page);
        let done = browser.post("/user/factors/app/confirm", &[("code", &app.code(now))]).await;
        let codes = recovery_codes(&done);
        (app, codes)
    }

    /// What it shows at a moment.
    pub fn code(&self, at: OffsetDateTime) -> String {
        let now = format!("--now=@{}", at.unix_timestamp());
        let shown = Command::new("oathtool").args(["--totp", "--base32", &now, &self.key]).output();
        let shown = shown.expect("oathtool runs");
        assert!(shown.status.success(), "{}", String::from_utf8_lossy(&shown.stderr));
        String::from_utf8(shown.stdout).unwrap().trim().to_owned()
    }
}

/// The recovery codes that a page shows.
pub fn recovery_codes(page: &Answer) -> Vec<String> {
    let codes: Vec<String> = page.secret().split_whitespace().map(str::to_owned).collect();
    for code in &codes {
        ledger::put_down(code);
        ledger::put_down(&code.replace('-', ""));
    }
    codes
}
