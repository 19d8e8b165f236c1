//! Without a mouse.

use crate::builder::signed_in;
use crate::support::{House, OWNER, ledger};
use crate::window::Window;

const ENTER: char = '\u{e007}';
const DOWN: char = '\u{e015}';

#[actix_web::test]
async fn a_token_with_everything_is_made_by_keyboard_alone() {
    let house = House::open();
    let mut window = Window::open(&house, "keyboard", true).await;
    window.go("/sign-in").await;
    window.heading("Sign in").await;
    // The first field has the focus already.
    window.keys(OWNER).await;
    window.press('\u{e004}').await;
    window.keys(&ledger::password()).await;
    window.press(ENTER).await;
    window.heading("Automation").await;
    window.tab_to("link", "Skip to the content").await;
    window.picture("skip").await;
    window.tab_to("link", "New token").await;
    window.press(ENTER).await;
    window.heading("New account token").await;
    window.tab_to("textbox", "Name").await;
    window.keys("Backup server").await;
    window.tab_to("radio", "Choose permissions").await;
    window.press(DOWN).await;
    window.says("This token will be able to do everything in Acme.").await;
    window.tab_to("radio", "90 days").await;
    window.press(DOWN).await;
    window.says("Works through 22 November 2027 (UTC).").await;
    window.pictures("everything").await;
    window.tab_to("button", "Generate token").await;
    window.press(' ').await;
    window.heading("Your token is ready").await;
    let secret = window.field("Token").await.prop("value").await.unwrap().unwrap();
    ledger::put_down(&secret);
    window.tab_to("button", "Copy").await;
    window.picture("focus-on-copy").await;
    window.press(ENTER).await;
    window.button("Copied").await;

    // Loading the answer again posts the form again, which makes nothing and shows nothing.
    window.driver.client.refresh().await.unwrap();
    window.says("The form arrived twice, and this token was made once.").await;
    assert!(!window.source().await.contains(&secret));
    window.picture("repeated").await;
    window.tab_to("link", "Tokens").await;
    window.press(ENTER).await;
    window.link("Active 1").await;
}

#[actix_web::test]
async fn a_token_is_built_row_by_row_and_rolled_by_keyboard_alone() {
    let house = House::open();
    let acme = house.account("Acme");
    let mut window =
        signed_in(&house, "keyboard-builder", true, &format!("/accounts/{acme}/tokens/start")).await;
    window.heading("Custom token").await;
    window.tab_to("link", "Edit zone DNS").await;
    window.press(ENTER).await;
    window.radio("Permission 1: Zones", "Full access").await;
    window.tab_to("searchbox", "Search zones").await;
    window.keys("burrito").await;
    window.checkbox("theburritobot.com").await;
    window.tab_to("checkbox", "theburritobot.com").await;
    window.press(' ').await;
    window.tab_to("button", "Add a permission").await;
    window.picture("focus-on-add").await;
    window.press(ENTER).await;
    // The focus is in the new row: its permission is chosen by its first letter.
    window
        .until("focus in the new row", async || {
            let active = window.driver.client.active_element().await.ok()?;
            (window.described(&active).await?.1 == "Permission 2").then_some(())
        })
        .await;
    window.keys("W").await;
    window.radio("Permission 2: Webhooks", "Read only").await;
    window.tab_to("radio", "Read only").await;
    window.press(' ').await;
    window.tab_to("button", "Continue to summary").await;
    window.press(ENTER).await;
    window.heading("Summary").await;
    window.says("zones:theburritobot.com:write").await;
    window.says("webhooks:*:read").await;
    window.tab_to("button", "Generate token").await;
    window.press(' ').await;
    window.heading("Your token is ready").await;
    ledger::put_down(&window.field("Token").await.prop("value").await.unwrap().unwrap());
    window.tab_to("link", "Look at the token").await;
    window.press(ENTER).await;
    window.tab_to("link", "Roll").await;
    window.press(ENTER).await;
    window.heading("Roll “Edit zone DNS”?").await;
    window.tab_to("radio", "For a day").await;
    window.press(DOWN).await;
    window.picture("roll").await;
    window.tab_to("button", "Roll token").await;
    window.press(' ').await;
    window.heading("The new secret is ready").await;
    ledger::put_down(&window.field("Token").await.prop("value").await.unwrap().unwrap());
}
