//! A second factor from setting it up to losing it, in a real browser, by keyboard: with scripting and without.

use crate::builder::signed_in;
use crate::look::Looked;
use crate::support::app::AuthenticatorApp;
use crate::support::{House, OWNER, ledger};
use crate::window::Window;
use time::Duration;

const ENTER: char = '\u{e007}';

#[actix_web::test]
async fn an_app_is_set_up_used_and_removed_by_keyboard_with_scripting() {
    walk("two-factor", true).await;
}

#[actix_web::test]
async fn an_app_is_set_up_used_and_removed_by_keyboard_without_scripting() {
    walk("two-factor-plain", false).await;
}

async fn walk(called: &'static str, scripting: bool) {
    let house = House::open();
    let mut looked = Looked::begin();
    let mut window: Window = signed_in(&house, called, scripting, "/user/security").await;
    window.heading("Where you are signed in").await;
    window.follow("link", "Set up an authenticator app").await;
    window.heading("Set up an authenticator app").await;
    window.follow("button", "Show the QR code").await;
    window.says("Scan the code with the app").await;
    // Looking at a page loads it no second time.
    look(&mut looked, &mut window, "key").await;
    let key = window.driver.client.find(fantoccini::Locator::Css("#app-key")).await.unwrap();
    let app = AuthenticatorApp::with_key(&key.text().await.unwrap());
    window.tab_to("textbox", "Code").await;
    window.keys(&app.code(house.clock.now())).await;
    window.press(ENTER).await;
    window.heading("Your recovery codes").await;
    look(&mut looked, &mut window, "codes").await;
    let codes = window.field("Recovery codes").await.prop("value").await.unwrap().unwrap();
    let codes: Vec<&str> = codes.split_whitespace().collect();
    codes.iter().for_each(|code| ledger::put_down(code));
    assert_eq!(codes.len(), 8);
    window.tab_to("checkbox", "I have kept them").await;
    window.press(' ').await;
    window.follow("button", "Continue").await;
    window.says("Signing in takes your password and a second factor").await;

    house.clock.advance(Duration::seconds(30));
    let mut other = Window::open(&house, called, scripting).await;
    other.go("/sign-in").await;
    other.heading("Sign in").await;
    other.keys(OWNER).await;
    other.tab_to("textbox", "Password").await;
    other.keys(&ledger::password()).await;
    other.press(ENTER).await;
    other.heading("Two-factor authentication").await;
    look(&mut looked, &mut other, "second").await;
    other.tab_to("textbox", "Code").await;
    other.keys("12 34").await;
    other.press(ENTER).await;
    other.says("This code is wrong, or was used already.").await;
    look(&mut looked, &mut other, "second-wrong").await;
    other.tab_to("textbox", "Code").await;
    other.keys(&app.code(house.clock.now())).await;
    other.press(ENTER).await;
    other.heading("Automation").await;

    house.clock.advance(Duration::minutes(16));
    window.follow("button", "New recovery codes").await;
    window.heading("Confirm it's you").await;
    window.tab_to("textbox", "Password").await;
    window.keys(&ledger::password()).await;
    window.tab_to("textbox", "Code").await;
    window.keys(&app.code(house.clock.now())).await;
    window.press(ENTER).await;
    window.heading("Your recovery codes").await;
    window.go("/user/security").await;
    window.follow("link", "Remove the app").await;
    window.heading("Remove this second factor?").await;
    look(&mut looked, &mut window, "remove").await;
    window.follow("button", "Yes, remove").await;
    window.says("Removed. It no longer signs you in.").await;
    if scripting {
        looked.end();
    }
}

/// Looks at the page that the window shows. Without scripting only its pictures are taken: what looks closer is a
/// script, too.
async fn look(looked: &mut Looked, window: &mut Window, name: &str) {
    if window.scripting {
        looked.here(window, name).await;
    } else {
        window.narrow_picture(name).await;
    }
}
