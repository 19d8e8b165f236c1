//! Where Tab leads: in the order of reading, past the menu where one wants that, into and out of
//! what opens; and where the focus is after an error.

use crate::axe::strings;
use crate::builder::{press, signed_in};
use crate::support::{House, OWNER, made};
use crate::window::Window;
use serde_json::json;
use tokenhouse::models::token::Owner;
use tokenhouse::policy::{Policy, Rights};

const TAB: char = '\u{e004}';
const ENTER: char = '\u{e007}';
const ESCAPE: char = '\u{e00c}';

/// Where the focus went: onto what comes later on the page, and further down or to the right on the
/// screen, or up into the next column; empty at the end.
const NEXT: &str = r#"
    const here = document.activeElement;
    if (here === document.body) return [];
    const box = here.getBoundingClientRect();
    const now = { left: box.left + scrollX, right: box.right + scrollX, top: box.top + scrollY, bottom: box.bottom + scrollY };
    const { element: last, place: before } = window.lastStop ?? {};
    window.lastStop = { element: here, place: now };
    const name = (here.getAttribute("aria-label") || here.textContent.trim() || here.name).slice(0, 40);
    // A day has three stops in one field. The first link is seen only while it has the focus.
    if (!last || last === here || last.matches(".skip")) return ["follows", name];
    if (!(last.compareDocumentPosition(here) & Node.DOCUMENT_POSITION_FOLLOWING)) return ["is earlier on the page", name];
    const above = now.bottom <= before.top + 1 && now.left < before.right - 1;
    const beside = Math.min(now.bottom, before.bottom) - Math.max(now.top, before.top) > 4;
    if (above || (beside && now.right <= before.left + 1)) {
      return [`goes back on the screen, from ${JSON.stringify(before)} to ${JSON.stringify(now)}`, name];
    }
    return ["follows", name];"#;

/// Fields with an error that do not say which, and lines of the summary that lead nowhere.
const UNTOLD: &str = r#"
    const untold = [...document.querySelectorAll("[aria-invalid=true]")].filter((field) => {
      const ids = (field.getAttribute("aria-describedby") ?? "").split(" ").filter(Boolean);
      return !ids.some((id) => document.getElementById(id)?.matches(".field-error") && document.getElementById(id).textContent.trim());
    });
    const lost = [...document.querySelectorAll("[data-error-summary] a")].filter((line) => !document.querySelector(`[id="${line.hash.slice(1)}"]`));
    return [...untold, ...lost].map((one) => one.outerHTML);"#;

async fn focus(window: &Window) -> (String, String) {
    let active = window.driver.client.active_element().await.unwrap();
    window.described(&active).await.unwrap()
}

/// Tab, from the begin of the page to its end; the names of where it stopped.
async fn walked(window: &Window, page: &str) -> Vec<String> {
    let mut stops = Vec::new();
    loop {
        window.press(TAB).await;
        let next = strings(&window.script(NEXT).await);
        let [follows, name] = next.as_slice() else { return stops };
        assert_eq!(follows, "follows", "{page}: {name} after {stops:?}");
        stops.push(name.clone());
        assert!(stops.len() < 160, "{page}: {stops:?}");
    }
}

#[actix_web::test]
async fn tab_goes_through_a_page_in_the_order_of_reading_from_its_begin_to_its_end() {
    let house = House::open();
    let acme = house.account("Acme");
    for name in ["Deploy", "Backup"] {
        made::with(&house, Owner::Account(acme), name, Policy::unconditional(Rights::Everything));
    }
    let list = format!("/accounts/{acme}/tokens");
    let window = signed_in(&house, "stops", true, &list).await;
    window.heading("Automation").await;
    let form = ["Choose a permission", "Add a permission", "Continue to summary", "Cancel"];
    for width in [1280, 390] {
        window.size(width, 800).await;
        for (page, heading, names) in [
            (format!("{list}/build?template=edit_zone_dns"), "New account token", &form[..]),
            (list.clone(), "Automation", &["Revoke all", "New token", "q", "Backup", "Delete Deploy"]),
            (format!("/accounts/{acme}/activity"), "Activity", &["CSV", "Show", "Before and after"]),
            (format!("/accounts/{acme}/members"), "Members", &["Invite", "q", "Change Ada Admin"]),
        ] {
            window.go(&page).await;
            window.heading(heading).await;
            let stops = walked(&window, &format!("{page} at {width}")).await;
            assert_eq!(stops.first().unwrap(), "Skip to the content");
            let menu = if width == 1280 { "Domains" } else { "Menu" };
            assert!(stops.iter().any(|stop| stop == menu), "{page} at {width}: {stops:?}");
            for name in names {
                let seen = stops
                    .iter()
                    .any(|stop| stop.split_whitespace().collect::<Vec<_>>().join(" ").starts_with(name));
                assert!(seen, "{page} at {width}: {name} is not in {stops:?}");
            }
        }
    }
}

#[actix_web::test]
async fn the_menu_is_passed_over_by_the_first_link() {
    let house = House::open();
    let acme = house.account("Acme");
    let window = signed_in(&house, "past", true, &format!("/accounts/{acme}/tokens")).await;
    window.heading("Automation").await;
    window.press(TAB).await;
    assert_eq!(focus(&window).await, ("link".to_owned(), "Skip to the content".to_owned()));
    window.press(ENTER).await;
    assert_eq!(window.script("return document.activeElement.id").await, json!("main"));
    window.press(TAB).await;
    let within = "return document.activeElement.closest('main') !== null";
    assert_eq!(window.script(within).await, json!(true));
}

#[actix_web::test]
async fn menus_open_by_enter_and_close_by_escape_which_gives_the_focus_back() {
    let house = House::open();
    let acme = house.account("Acme");
    let window = signed_in(&house, "menus", true, &format!("/accounts/{acme}/tokens")).await;
    window.heading("Automation").await;
    for (menu, within) in [(".switcher", "Hobby"), (".user", "Account Settings")] {
        let open = format!("return document.querySelector('{menu}').open");
        window.script(&format!("document.querySelector('{menu} summary').focus()")).await;
        window.press(ENTER).await;
        assert_eq!(window.script(&open).await, json!(true), "{menu}");
        for _ in 0..3 {
            window.press(TAB).await;
            if focus(&window).await.1.contains(within) {
                break;
            }
        }
        assert!(focus(&window).await.1.contains(within), "{menu}: {:?}", focus(&window).await);
        window.press(ESCAPE).await;
        assert_eq!(window.script(&open).await, json!(false), "{menu}");
        let given_back = format!("return document.activeElement.matches('{menu} summary')");
        assert_eq!(window.script(&given_back).await, json!(true), "{menu}");
    }
    // On a phone, the menu itself is one.
    window.size(390, 800).await;
    window.script("document.querySelector('.bar-menu summary').focus()").await;
    window.press(ENTER).await;
    window.follow("link", "Members").await;
    window.heading("Members").await;
}

#[actix_web::test]
async fn after_an_error_the_focus_is_on_what_went_wrong_and_each_field_says_its_own() {
    let house = House::open();
    let acme = house.account("Acme");
    let list = format!("/accounts/{acme}/tokens");
    let window = signed_in(&house, "told", true, &list).await;
    window.heading("Automation").await;
    let spent = ["name=", "from=10.0.0.5/8", "starts=2030-01-01"].join("&");
    for (page, button, says) in [
        (format!("{list}/new"), "Generate token", "nothing was made"),
        (format!("{list}/build?template=edit_zone_dns&{spent}"), "Continue to summary", "nothing was made"),
        (format!("/accounts/{acme}/settings/limits"), "Set limits", "whole number"),
    ] {
        window.go(&page).await;
        if let Ok(most) =
            window.driver.client.find(fantoccini::Locator::Css("input[inputmode=numeric]")).await
        {
            most.send_keys("many").await.unwrap();
        }
        press(&window, button).await;
        window.says(says).await;
        let told = "return document.activeElement.matches('[data-error-summary], [aria-invalid=true]')";
        assert_eq!(window.script(told).await, json!(true), "{page}");
        assert_eq!(strings(&window.script(UNTOLD).await), Vec::<String>::new(), "{page}");
        let wrong = "return document.querySelectorAll('[aria-invalid=true]').length > 0";
        assert_eq!(window.script(wrong).await, json!(true), "{page}");
    }
}

#[actix_web::test]
async fn all_tokens_are_revoked_by_keyboard_alone() {
    let house = House::open();
    let acme = house.account("Acme");
    let policy = Policy::unconditional(Rights::Everything);
    let (_, secret) = made::with(&house, Owner::Account(acme), "Deploy", policy);
    crate::support::client::whoami(house.address, &secret).await;
    house.app.buffers.last_uses.flush_all(&house.app.db, house.clock.now()).await.unwrap();
    let window = signed_in(&house, "revoke-keys", true, &format!("/accounts/{acme}/tokens")).await;
    window.heading("Automation").await;
    window.follow("link", "Revoke all").await;
    window.heading("Revoke all tokens of Acme?").await;
    window.follow("button", "Yes, revoke all").await;
    window.says("Type Acme exactly").await;
    let field = "Type Acme to say that you mean all of them";
    window.tab_to("textbox", field).await;
    window.keys("Acme").await;
    window.follow("button", "Yes, revoke all").await;
    window.says("All tokens revoked.").await;
    window.heading("No tokens yet").await;
    assert_eq!(crate::support::client::whoami(house.address, &secret).await.0, 401, "{OWNER}");
}
