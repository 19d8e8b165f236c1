//! Passkeys, with an authenticator in software. Those of a real browser are in `tests/browser/passkey.rs`.

use super::facts;
use crate::support::client::Browser;
use crate::support::passkey::{Algorithm, Passkey, asked, question};
use crate::support::{House, OWNER, ledger};
use serde_json::json;
use time::Duration;
use tokenhouse::proof::webauthn::Kept;

/// The server by its name: passkeys work at no address.
fn by_name(house: &House) -> Browser {
    Browser::at_localhost(house.address)
}

async fn with_passkey(house: &House) -> Passkey {
    let mut owner = by_name(house);
    owner.sign_in(OWNER, &ledger::password()).await;
    Passkey::add(&mut owner).await.0
}

#[actix_web::test]
async fn a_challenge_is_stored_as_a_digest_alone_and_is_of_use_once() {
    let house = House::open();
    let mut passkey = with_passkey(&house).await;
    let mut browser = by_name(&house);
    browser.get("/sign-in").await;
    let page = browser.post("/sign-in/passkey/begin", &[]).await;
    let asked = question(&page);
    let challenge = asked["challenge"].as_str().unwrap();
    assert_eq!((challenge, challenge.len()), (&*page.value_of("begun"), 43));
    let rows = facts::texts(&house, "one::text", "begun AS one");
    assert!(rows.len() == 1 && !rows[0].contains(challenge), "{rows:?}");

    let answer = passkey.answer(&asked);
    let other = browser.post("/sign-in/passkey/begin", &[]).await;
    for (begun, done) in [
        // The question of another page.
        (other.value_of("begun"), "passkey-refused"),
        (challenge.to_owned(), ""),
        (challenge.to_owned(), "over"),
    ] {
        let mut again = browser.clone();
        let said = again.post("/sign-in/passkey", &[("begun", &begun), ("passkey", &answer)]).await;
        let expected = if done.is_empty() { "/".to_owned() } else { format!("/sign-in?done={done}") };
        assert_eq!(said.location(), expected);
        if done.is_empty() {
            facts::change(&house, "DELETE FROM sessions");
            browser.get("/sign-in").await;
        }
    }
}

#[actix_web::test]
async fn a_passkey_whose_counter_goes_back_is_refused_and_its_person_is_told_once() {
    let house = House::open();
    let mut passkey = with_passkey(&house).await;
    passkey.counter = 9;
    assert_eq!(passkey.sign_in(&mut by_name(&house)).await, "/");
    house.mails().await;
    for counter in [3, 9, 1] {
        passkey.counter = counter;
        assert_eq!(passkey.sign_in(&mut by_name(&house)).await, "/sign-in?done=passkey-refused", "{counter}");
    }
    let mails = house.mails().await;
    let told: Vec<&str> = mails.iter().map(|(_, subject, _)| subject.as_str()).collect();
    assert_eq!(told, ["A passkey was refused"]);
    assert!(mails[0].2.contains("someone may have used a copy of it, on 22 November 2026"), "{}", mails[0].2);
    // The one that is ahead still works, and the next time that it's overtaken is told again.
    passkey.counter = 20;
    assert_eq!(passkey.sign_in(&mut by_name(&house)).await, "/");
    passkey.counter = 12;
    assert_eq!(passkey.sign_in(&mut by_name(&house)).await, "/sign-in?done=passkey-refused");
    assert_eq!(
        house.mails().await.iter().filter(|(_, subject, _)| subject == "A passkey was refused").count(),
        1
    );
}

/// webauthn-rs reads such a key and can't verify with it. When it can, offer it.
#[actix_web::test]
async fn a_key_for_eddsa_is_refused_by_the_library_even_where_it_was_asked_for() {
    let house = House::open();
    let party = house.app.relying_party.clone().unwrap();
    let create = |algorithm| {
        let new = party.ask_new(uuid::Uuid::new_v4(), OWNER, "Olive", &[]).unwrap();
        let (_, answer) = Passkey::create(&asked(&new.options), by_name(&house).base(), algorithm);
        let mut state = new.state;
        state["rs"]["credential_algorithms"] = json!(["ES256", "EDDSA"]);
        party.create(&answer, Kept { state: &state, challenge: &new.challenge }).is_some()
    };
    assert!(create(Algorithm::Es256));
    assert!(!create(Algorithm::EdDsa));
}

#[actix_web::test]
async fn a_passkey_confirms_that_its_you() {
    let house = House::open();
    let mut owner = by_name(&house);
    owner.sign_in(OWNER, &ledger::password()).await;
    let mut passkey = Passkey::add(&mut owner).await.0;
    house.clock.advance(Duration::minutes(16));
    owner.get("/user/security").await;
    let page = owner.post("/user/factors/codes", &[]).await;
    assert_eq!(page.heading(), "Confirm it's you");
    let rows = facts::texts(&house, "one::text", "begun AS one");
    let asked = question(&page);
    assert!(!rows.join("").contains(asked["challenge"].as_str().unwrap()));
    let answer = passkey.answer(&asked);
    let fields = [("passkey_begun", &*page.value_of("passkey_begun")), ("passkey", &answer)];
    let done = owner.post("/user/factors/codes", &fields).await;
    assert_eq!(
        (done.status.as_u16(), crate::support::app::recovery_codes(&done).len()),
        (200, 8),
        "{}",
        done.text()
    );
}
