//! What comes after a token was made: paused and taken up again, and given a new secret; with
//! scripting and without.

use crate::builder::{call, press, signed_in};
use crate::support::{House, OWNER, ledger, made};
use crate::window::Window;
use tokenhouse::models::token::Owner;
use tokenhouse::policy::{Policy, Rights};

async fn opened(house: &House, called: &'static str, scripting: bool) -> (Window, String) {
    let owner = Owner::User(house.user(OWNER).id);
    let (token, secret) = made::with(house, owner, "Laptop", Policy::unconditional(Rights::Everything));
    let window = signed_in(house, called, scripting, &format!("/user/tokens/{token}")).await;
    window.heading("Laptop").await;
    (window, secret)
}

async fn status(house: &House, secret: &str) -> (u16, String) {
    let zones = format!("/v2/{}/zones", house.account("Acme"));
    let (status, body) = call(house, secret, "GET", &zones, None).await;
    (status.as_u16(), body["code"].as_str().unwrap_or_default().to_owned())
}

#[actix_web::test]
async fn a_token_is_disabled_and_enabled_with_scripting() {
    disable_and_enable("pause", true).await;
}

#[actix_web::test]
async fn a_token_is_disabled_and_enabled_without_scripting() {
    disable_and_enable("pause-plain", false).await;
}

async fn disable_and_enable(called: &'static str, scripting: bool) {
    let house = House::open();
    let (mut window, secret) = opened(&house, called, scripting).await;
    assert_eq!(status(&house, &secret).await.0, 200);
    window.link("Disable").await.click().await.unwrap();
    window.heading("Disable “Laptop”?").await;
    window.pictures("asked").await;
    press(&window, "Disable token").await;
    window.says("Disabled · paused").await;
    assert_eq!(status(&house, &secret).await, (401, "token_disabled".to_owned()));
    window.pictures("disabled").await;
    press(&window, "Enable").await;
    window.says("Active").await;
    window.link("Disable").await;
    assert_eq!(status(&house, &secret).await.0, 200);
}

#[actix_web::test]
async fn a_token_is_rolled_and_the_overlap_finished_with_scripting() {
    roll("roll", true).await;
}

#[actix_web::test]
async fn a_token_is_rolled_and_the_overlap_finished_without_scripting() {
    roll("roll-plain", false).await;
}

async fn roll(called: &'static str, scripting: bool) {
    let house = House::open();
    let (mut window, older) = opened(&house, called, scripting).await;
    window.link("Roll").await.click().await.unwrap();
    window.heading("Roll “Laptop”?").await;
    window.pictures("asked").await;
    press(&window, "Roll token").await;
    window.heading("The new secret is ready").await;
    let newer = window.field("Token").await.prop("value").await.unwrap().unwrap();
    ledger::put_down(&newer);
    assert_ne!(newer, older);
    window.pictures("once").await;
    for secret in [&older, &newer] {
        assert_eq!(status(&house, secret).await.0, 200);
    }
    window.link("Look at the token").await.click().await.unwrap();
    window.says("Two secrets").await;
    assert!(!window.source().await.contains(&newer), "shown once");
    window.pictures("two").await;
    press(&window, "Finish now").await;
    window.until("one secret", async || (!window.text().await.contains("Two secrets")).then_some(())).await;
    assert_eq!(status(&house, &older).await, (401, "secret_replaced".to_owned()));
    assert_eq!(status(&house, &newer).await.0, 200);
}
