//! Passkeys, with Chromium's virtual authenticator. Passkeys need a name, so the server is at localhost.

use crate::builder::press;
use crate::look::Looked;
use crate::support::passkey::{asked, decoded, encoded};
use crate::support::{House, OWNER, database, ledger, soak};
use crate::window::Window;
use diesel::prelude::*;
use serde_json::{Value, json};
use time::Duration;
use tokenhouse::db::schema::begun;
use tokenhouse::models::passkey;
use tokenhouse::proof::webauthn::{Claim, Kept};

/// A window with an authenticator that verifies its holder; its number.
async fn window(house: &House, called: &'static str) -> (Window, Value) {
    let window = Window::at(format!("http://localhost:{}", house.address.port()), called, true).await;
    window.driver.devtools("WebAuthn.enable", json!({})).await.unwrap();
    let options = json!({ "protocol": "ctap2", "transport": "internal", "hasResidentKey": true,
        "hasUserVerification": true, "isUserVerified": true, "automaticPresenceSimulation": true });
    let added =
        window.driver.devtools("WebAuthn.addVirtualAuthenticator", json!({ "options": options })).await;
    (window, added.unwrap()["authenticatorId"].clone())
}

/// Puts the challenge of the page's button down as a secret; the button may have to be waited for.
async fn note(window: &Window, button: &str) {
    window.button(button).await;
    let shown = window.script("return document.querySelector('[data-passkey]').dataset.passkey").await;
    asked(shown.as_str().unwrap());
}

async fn sign_in(window: &Window, page: &str) {
    window.go(page).await;
    window.field("E-mail").await.send_keys(OWNER).await.unwrap();
    window.field("Password").await.send_keys(&ledger::password()).await.unwrap();
    press(window, "Sign in").await;
}

/// Adds a passkey of this algorithm as the person who is signed in.
async fn add(window: &Window, algorithm: i64) {
    window.go("/user/factors/passkey").await;
    press(window, "Continue").await;
    note(window, "Create a passkey").await;
    let only = format!(
        "const button = document.querySelector('[data-passkey]');
         const asked = JSON.parse(button.dataset.passkey);
         asked.publicKey.pubKeyCredParams = asked.publicKey.pubKeyCredParams.slice(0, 1);
         asked.publicKey.pubKeyCredParams[0].alg = {algorithm};
         button.dataset.passkey = JSON.stringify(asked);"
    );
    window.script(&only).await;
    press(window, "Create a passkey").await;
}

async fn sign_in_alone(window: &Window) {
    window.driver.client.delete_all_cookies().await.unwrap();
    window.go("/sign-in").await;
    press(window, "Sign in with a passkey").await;
    note(window, "Use a passkey").await;
    press(window, "Use a passkey").await;
}

fn change(house: &House, sql: &str) {
    database::run(&database::url(&house.database), sql);
}

#[actix_web::test]
async fn a_passkey_signs_in_alone_and_after_the_password_and_confirms_that_its_you() {
    for (called, algorithm) in [("passkey-es256", -7), ("passkey-rs256", -257)] {
        let house = House::open();
        let (window, _) = window(&house, called).await;
        sign_in(&window, "/user/security").await;
        window.heading("Where you are signed in").await;
        add(&window, algorithm).await;
        window.heading("Your recovery codes").await;
        // The same device again.
        add(&window, algorithm).await;
        window.says("This device has a passkey for you already.").await;
        sign_in_alone(&window).await;
        window.heading("Automation").await;
        window.driver.client.delete_all_cookies().await.unwrap();
        sign_in(&window, "/sign-in").await;
        window.heading("Two-factor authentication").await;
        press(&window, "Use a passkey").await;
        window.heading("Sign in with a passkey").await;
        press(&window, "Use a passkey").await;
        window.heading("Automation").await;
        house.clock.advance(Duration::minutes(16));
        window.go("/user/security").await;
        press(&window, "New recovery codes").await;
        window.heading("Confirm it's you").await;
        press(&window, "Use a passkey").await;
        window.heading("Your recovery codes").await;
    }
}

/// Every page is looked at on the way: at each width, in the dark, by axe.
#[actix_web::test]
async fn a_passkey_is_added_signs_in_and_confirms_that_its_you_by_keyboard_alone() {
    let house = House::open();
    let (mut window, _) = window(&house, "passkey-keyboard").await;
    let mut looked = Looked::begin();
    sign_in(&window, "/user/security").await;
    window.heading("Where you are signed in").await;
    window.follow("link", "Add a passkey").await;
    window.heading("Add a passkey").await;
    look(&mut looked, &mut window, "about").await;
    window.follow("button", "Continue").await;
    note(&window, "Create a passkey").await;
    look(&mut looked, &mut window, "add").await;
    window.follow("button", "Create a passkey").await;
    window.heading("Your recovery codes").await;
    put_codes_down(&window).await;
    window.tab_to("checkbox", "I have kept them").await;
    window.press(' ').await;
    window.follow("button", "Continue").await;
    window.says("Signing in takes your password and a second factor").await;
    look(&mut looked, &mut window, "security").await;

    house.clock.advance(Duration::minutes(16));
    window.follow("button", "New recovery codes").await;
    window.heading("Confirm it's you").await;
    note(&window, "Use a passkey").await;
    look(&mut looked, &mut window, "confirm").await;
    window.follow("button", "Use a passkey").await;
    window.heading("Your recovery codes").await;
    put_codes_down(&window).await;

    // Alone.
    window.driver.client.delete_all_cookies().await.unwrap();
    window.go("/sign-in").await;
    window.heading("Sign in").await;
    window.follow("button", "Sign in with a passkey").await;
    window.heading("Sign in with a passkey").await;
    note(&window, "Use a passkey").await;
    look(&mut looked, &mut window, "ask").await;
    window.follow("button", "Use a passkey").await;
    window.heading("Automation").await;

    // After the password.
    window.driver.client.delete_all_cookies().await.unwrap();
    window.go("/sign-in").await;
    window.heading("Sign in").await;
    window.keys(OWNER).await;
    window.tab_to("textbox", "Password").await;
    window.keys(&ledger::password()).await;
    window.press('\u{e007}').await;
    window.heading("Two-factor authentication").await;
    look(&mut looked, &mut window, "second").await;
    window.follow("button", "Use a passkey").await;
    window.heading("Sign in with a passkey").await;
    note(&window, "Use a passkey").await;
    window.follow("button", "Use a passkey").await;
    window.heading("Automation").await;
    looked.end();
}

/// Looks at the page that the window shows, and leaves the focus at its top: where Tab leaves a page at its end,
/// this browser shows no focus any more.
async fn look(looked: &mut Looked, window: &mut Window, name: &str) {
    looked.here(window, name).await;
    window.script("document.querySelector('a[href]').focus()").await;
}

async fn put_codes_down(window: &Window) {
    let codes = window.field("Recovery codes").await.prop("value").await.unwrap().unwrap();
    codes.split_whitespace().for_each(ledger::put_down);
}

#[actix_web::test]
async fn what_is_not_verified_goes_back_is_of_another_host_or_algorithm_is_refused() {
    let house = House::open();
    let (window, authenticator) = window(&house, "passkey-refused").await;
    sign_in(&window, "/user/security").await;
    window.heading("Where you are signed in").await;
    // Nobody asked for this algorithm.
    add(&window, -8).await;
    window.says("Nothing was changed.").await;
    let verified = |verified: bool| json!({ "authenticatorId": authenticator, "isUserVerified": verified });
    let (yes, no) = (verified(true), verified(false));
    window.driver.devtools("WebAuthn.setUserVerified", no.clone()).await.unwrap();
    add(&window, -7).await;
    window.says("Your browser didn’t confirm it.").await;
    window.driver.devtools("WebAuthn.setUserVerified", yes.clone()).await.unwrap();
    press(&window, "Create a passkey").await;
    window.heading("Your recovery codes").await;
    sign_in_alone(&window).await;
    window.heading("Automation").await;

    window.driver.devtools("WebAuthn.setUserVerified", no).await.unwrap();
    sign_in_alone(&window).await;
    window.says("Your browser didn’t confirm it.").await;
    window.driver.devtools("WebAuthn.setUserVerified", yes).await.unwrap();
    // A copy of it was used meanwhile.
    change(&house, "UPDATE authenticators SET passkey = jsonb_set(passkey, '{cred,counter}', '1000')");
    sign_in_alone(&window).await;
    window.says("That passkey wasn't accepted.").await;
    change(&house, "UPDATE authenticators SET passkey = jsonb_set(passkey, '{cred,counter}', '0')");
    sign_in_alone(&window).await;
    window.heading("Automation").await;
    change(&house, "UPDATE authenticators SET rp_id = 'old.example.com'");
    window.go("/user/security").await;
    window.says("Created for old.example.com: it no longer works.").await;
    sign_in_alone(&window).await;
    window.says("That passkey wasn't accepted.").await;
}

/// What the page's script would send, and the question that it answers.
const ANSWER: &str = "const done = arguments[0];
    const button = document.querySelector('[data-passkey]');
    const send = button.form.submit;
    button.form.submit = () => done(button.form.elements.passkey.value);
    button.click();";

#[actix_web::test]
async fn an_answer_with_any_bit_flipped_from_another_origin_or_to_another_question_proves_nothing() {
    let house = House::open();
    let (window, _) = window(&house, "passkey-bits").await;
    sign_in(&window, "/user/security").await;
    window.heading("Where you are signed in").await;
    add(&window, -7).await;
    window.heading("Your recovery codes").await;
    window.driver.client.delete_all_cookies().await.unwrap();
    window.go("/sign-in").await;
    press(&window, "Sign in with a passkey").await;
    window.button("Use a passkey").await;
    let answer = window.driver.client.execute_async(ANSWER, Vec::new()).await.unwrap();
    let answer: Value = serde_json::from_str(answer.as_str().unwrap()).unwrap();
    let party = house.app.relying_party.clone().unwrap();
    let user = house.user(OWNER).id;
    let stored = passkey::known(&mut house.conn(), user, "localhost").unwrap().remove(0);
    let state: Option<Value> =
        begun::table.filter(begun::kind.eq("passkey")).select(begun::state).first(&mut house.conn()).unwrap();
    let state = state.unwrap();
    let shown = window.script("return document.querySelector('[data-passkey]').dataset.passkey").await;
    let question = asked(shown.as_str().unwrap());
    let challenge = question["challenge"].as_str().unwrap();
    let kept = Kept { state: &state, challenge };
    let proves = |answer: &Value, asked: Kept<'_>| {
        Claim::read(&answer.to_string()).is_some_and(|claim| party.proved(&claim, asked, &stored).is_ok())
    };
    assert!(proves(&answer, kept), "as it is");
    let other = party.ask(&[]).unwrap();
    assert!(!proves(&answer, Kept { state: &other.state, challenge: &other.challenge }), "another question");
    let elsewhere =
        tokenhouse::proof::webauthn::RelyingParty::new(&"http://localhost:1".parse().unwrap(), "Other");
    let claim = Claim::read(&answer.to_string()).unwrap();
    assert!(elsewhere.unwrap().proved(&claim, kept, &stored).is_err(), "another origin");

    let every = soak::size(41, 1);
    let mut flipped = 0_u64;
    for part in ["clientDataJSON", "authenticatorData", "signature"] {
        let bytes = decoded(answer["response"][part].as_str().unwrap());
        for bit in (0..bytes.len() * 8).step_by(every) {
            let mut other = bytes.clone();
            other[bit / 8] ^= 1 << (bit % 8);
            let mut forged = answer.clone();
            forged["response"][part] = encoded(&other).into();
            assert!(!proves(&forged, kept), "{part}, bit {bit}");
            flipped += 1;
        }
    }
    assert!(flipped > 30, "{flipped}");
    soak::row("flipped bits of a passkey's answer", flipped);
}
