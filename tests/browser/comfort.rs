//! What the scripts add to pages that work without them.

use crate::builder::signed_in;
use crate::look::Looked;
use crate::support::{House, OWNER, ledger};
use serde_json::json;

const ESCAPE: char = '\u{e00c}';

#[actix_web::test]
async fn the_page_that_asks_before_deleting_opens_above_the_list_and_gives_the_focus_back() {
    let house = House::open();
    let acme = house.account("Acme");
    let mut owner = house.signed_in(OWNER).await;
    owner.make_full_token(acme, "Deploy").await;
    let list = format!("/accounts/{acme}/tokens");
    let mut window = signed_in(&house, "dialog", true, &list).await;
    window.link("Delete Deploy").await.click().await.unwrap();
    window.heading("Delete “Deploy”?").await;
    assert_eq!(window.path().await, list, "the list is still there");
    let focus = "return document.activeElement.textContent.trim()";
    assert_eq!(window.script(focus).await, json!("Delete “Deploy”?"));
    window.pictures("dialog").await;
    // Not from within.
    window.heading("Delete “Deploy”?").await.click().await.unwrap();
    window.heading("Delete “Deploy”?").await;
    window.press(ESCAPE).await;
    window
        .until("focus back", async || (window.script(focus).await == json!("Delete Deploy")).then_some(()))
        .await;
    // The browser gives the focus back before it tells that the dialog was closed.
    let dialogs = "return document.querySelectorAll('dialog').length";
    window.until("no dialog", async || (window.script(dialogs).await == json!(0)).then_some(())).await;
    window.link("Delete Deploy").await.click().await.unwrap();
    window.link("Cancel").await.click().await.unwrap();
    window
        .until("focus back", async || (window.script(focus).await == json!("Delete Deploy")).then_some(()))
        .await;
    window.link("Delete Deploy").await.click().await.unwrap();
    window.button("Yes, delete").await.click().await.unwrap();
    window.says("Token deleted.").await;
    window.heading("No tokens yet").await;
}

/// Holds up whatever is fetched first, until `release()`; nothing of it is left when `released` says so.
const SLOW: &str = r#"
    const quick = window.fetch;
    const held = new Promise((done) => { window.release = done; });
    window.fetch = async (...asked) => {
      window.fetch = quick;
      await held;
      try {
        return await quick(...asked);
      } finally {
        // Long enough to read the answer and to show it, if that were to happen.
        setTimeout(() => { window.released = true; }, 200);
      }
    };"#;

#[actix_web::test]
async fn of_two_pages_that_ask_the_one_that_was_wanted_last_opens_however_late_the_other_comes() {
    let house = House::open();
    let acme = house.account("Acme");
    let mut owner = house.signed_in(OWNER).await;
    owner.make_full_token(acme, "Deploy").await;
    owner.make_full_token(acme, "Backup").await;
    let list = format!("/accounts/{acme}/tokens");
    let window = signed_in(&house, "two-dialogs", true, &list).await;
    let (first, second) = (window.link("Delete Deploy").await, window.link("Delete Backup").await);
    window.script(SLOW).await;
    first.click().await.unwrap();
    second.click().await.unwrap();
    window.heading("Delete “Backup”?").await;
    window.script("window.release()").await;
    let released = "return window.released === true";
    window.until("answer", async || (window.script(released).await == json!(true)).then_some(())).await;
    let asking =
        "return [...document.querySelectorAll('dialog h1, dialog h2')].map((one) => one.textContent)";
    assert_eq!(window.script(asking).await, json!(["Delete “Backup”?"]));
    assert_eq!(window.path().await, list);
}

#[actix_web::test]
async fn the_bar_to_delete_what_is_chosen_comes_with_the_first_choice() {
    let house = House::open();
    let acme = house.account("Acme");
    let mut owner = house.signed_in(OWNER).await;
    for name in ["Deploy", "Backup"] {
        owner.make_full_token(acme, name).await;
    }
    let mut window = signed_in(&house, "chosen", true, &format!("/accounts/{acme}/tokens")).await;
    window.heading("Automation").await;
    assert!(!window.has_button("Delete selected").await);
    window.checkbox("Choose Deploy").await.click().await.unwrap();
    window.says("1 of 2 on this page chosen").await;
    window.pictures("bar").await;
    let mut looked = Looked::begin();
    looked.here(&mut window, "bar").await;
    looked.end();
    window.button("Choose all on this page").await.click().await.unwrap();
    window.button("Delete selected").await.click().await.unwrap();
    window.heading("Delete these 2 tokens?").await;
}

#[actix_web::test]
async fn a_secret_that_nobody_copied_is_not_left_without_being_asked() {
    const LEAVES_UNASKED: &str =
        "const leaving = new Event('beforeunload', { cancelable: true }); return dispatchEvent(leaving)";
    let house = House::open();
    let acme = house.account("Acme");
    for press in ["Copy", "Copy command"] {
        let window = signed_in(&house, "leaving", true, &format!("/accounts/{acme}/tokens/new")).await;
        window.radio("What it may do", "Everything").await.click().await.unwrap();
        window.field("Name").await.send_keys(press).await.unwrap();
        window.button("Generate token").await.click().await.unwrap();
        window.heading("Your token is ready").await;
        ledger::put_down(&window.field("Token").await.prop("value").await.unwrap().unwrap());
        assert_eq!(window.script(LEAVES_UNASKED).await, json!(false));
        window.button(press).await.click().await.unwrap();
        window
            .until("copy", async || (window.script(LEAVES_UNASKED).await == json!(true)).then_some(()))
            .await;
    }
}

#[actix_web::test]
async fn a_moment_says_the_readers_own_time_once_the_pointer_is_on_it() {
    let house = House::open();
    let acme = house.account("Acme");
    house.signed_in(OWNER).await.make_full_token(acme, "Deploy").await;
    let window = signed_in(&house, "moment", true, &format!("/accounts/{acme}/tokens")).await;
    let zone = json!({ "timezoneId": "Asia/Tokyo" });
    window.driver.devtools("Emulation.setTimezoneOverride", zone).await.unwrap();
    window.link("Deploy").await;
    let made = "const made = document.querySelector('.made time');";
    let title = format!("{made} return made.title");
    assert_eq!(window.script(&title).await, json!("22 Nov 2026, 12:00 UTC"));
    let place =
        format!("{made} const at = made.getBoundingClientRect(); return [at.x + 2, at.y + at.height / 2]");
    let place = window.script(&place).await;
    // There, away, and there again: it is said once.
    for [x, y] in [[&place[0], &place[1]], [&json!(1), &json!(1)], [&place[0], &place[1]]] {
        let moved = json!({ "type": "mouseMoved", "x": x, "y": y });
        window.driver.devtools("Input.dispatchMouseEvent", moved).await.unwrap();
    }
    let said = window.script(&title).await.as_str().unwrap().replace('\u{202f}', " ");
    assert_eq!(said, "Nov 22, 2026, 9:00 PM your time · 22 Nov 2026, 12:00 UTC");
}
