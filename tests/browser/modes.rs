//! With the colours of the system alone, and on paper.

use crate::axe::strings;
use crate::builder::signed_in;
use crate::support::{House, OWNER, made};
use serde_json::json;
use tokenhouse::models::token::Owner;
use tokenhouse::policy::{Policy, Rights};

/// What is chosen, and where one is in the menu, must differ from the others of its group: their own
/// colours are taken away, and the borders of all are drawn.
const UNMARKED: &str = r#"
    const back = (element) => getComputedStyle(element).backgroundColor;
    const hidden = [...document.querySelectorAll("input[type=radio]:checked")]
      .filter((input) => input.checkVisibility() && getComputedStyle(input).opacity === "0")
      .filter((input) => {
        const others = [...document.getElementsByName(input.name)].filter((one) => one !== input);
        return others.some((one) => back(one.nextElementSibling) === back(input.nextElementSibling));
      });
    const current = [...document.querySelectorAll("li > a[aria-current]")]
      .filter((one) => one.checkVisibility())
      .filter((one) => {
        const others = [...one.closest("ul").querySelectorAll("a:not([aria-current])")];
        return others.some((other) => back(other) === back(one));
      });
    return [...hidden, ...current].map((one) => `${one.name ?? ""} ${one.value ?? one.textContent}`);"#;

/// What nobody can press on paper.
const ON_PAPER: &str = r#"
    return [...document.querySelectorAll("button, .button, summary, nav, .skip, input, select")]
      .filter((one) => one.checkVisibility())
      .map((one) => `${one.localName} ${one.textContent.trim()}`);"#;

#[actix_web::test]
async fn with_the_systems_colours_what_is_chosen_and_what_has_the_focus_is_seen() {
    let house = House::open();
    let acme = house.account("Acme");
    let list = format!("/accounts/{acme}/tokens");
    let mut window = signed_in(&house, "forced", true, &format!("{list}/new")).await;
    window.heading("New account token").await;
    let forced = json!({ "features": [{ "name": "forced-colors", "value": "active" }] });
    let template = format!("{list}/build?template=edit_zone_dns&scope=zones:example.com:write");
    for page in [format!("{list}/new"), template, list, "/user/tokens".to_owned()] {
        window.go(&page).await;
        window.driver.devtools("Emulation.setEmulatedMedia", forced.clone()).await.unwrap();
        for script in [UNMARKED, include_str!("js/focus.js")] {
            let found = strings(&window.script(script).await);
            assert_eq!(found, Vec::<String>::new(), "{page}");
        }
        window
            .picture_as_is(&format!("forced-{}", page.rsplit('/').next().unwrap().split('?').next().unwrap()))
            .await;
    }
    window.scheme("light").await;
    window.picture("light").await;
}

#[actix_web::test]
async fn a_token_on_paper_is_without_menu_and_buttons() {
    let house = House::open();
    let owner = Owner::User(house.user(OWNER).id);
    let (token, _) = made::with(&house, owner, "Laptop", Policy::unconditional(Rights::Everything));
    let page = format!("/user/tokens/{token}");
    let window = signed_in(&house, "paper", true, &page).await;
    window.heading("Laptop").await;
    window.driver.devtools("Emulation.setEmulatedMedia", json!({ "media": "print" })).await.unwrap();
    assert_eq!(strings(&window.script(ON_PAPER).await), Vec::<String>::new());
    assert!(window.text().await.contains("In plain words"));
    window.picture_as_is("paper").await;
}
