//! One's own settings, and the password that is asked for again.

use crate::builder::{press, signed_in};
use crate::support::client::whoami;
use crate::support::{House, ledger};
use crate::window::Window;
use time::Duration;

#[actix_web::test]
async fn the_password_again_keeps_the_built_token_with_scripting() {
    again("again", true).await;
}

#[actix_web::test]
async fn the_password_again_keeps_the_built_token_without_scripting() {
    again("again-plain", false).await;
}

async fn again(called: &'static str, scripting: bool) {
    let house = House::open();
    let acme = house.account("Acme");
    let path = format!("/accounts/{acme}/tokens/build?template=monitor");
    let mut window: Window = signed_in(&house, called, scripting, &path).await;
    let name = window.field("Name").await;
    name.clear().await.unwrap();
    name.send_keys("Zoë's \"monitor\" & more").await.unwrap();
    window.field("Is in").await.send_keys("127.0.0.0/8").await.unwrap();
    house.clock.advance(Duration::minutes(16));
    press(&window, "Continue to summary").await;
    window.heading("Summary").await;
    press(&window, "Generate token").await;
    window.heading("Confirm it's you").await;
    window.says("You're signed in as owner@example.com").await;
    window.pictures("asked").await;
    window.narrow_picture("asked").await;
    let wrong = tokenhouse::models::password::random().unwrap();
    ledger::put_down(&wrong);
    window.field("Password").await.send_keys(&wrong).await.unwrap();
    press(&window, "Continue").await;
    window.says("This isn't your password.").await;
    window.picture("wrong").await;
    window.field("Password").await.send_keys(&ledger::password()).await.unwrap();
    press(&window, "Continue").await;
    window.heading("Your token is ready").await;
    window.says("Zoë's \"monitor\" & more").await;
    let secret = window.field("Token").await.prop("value").await.unwrap().unwrap();
    ledger::put_down(&secret);
    assert_eq!(whoami(house.address, &secret).await.0, 200);
}
