//! What owners and admins do about people: with scripting, without, and without a mouse.

use crate::builder::{press, signed_in};
use crate::support::{House, READER};
use crate::window::Window;

#[actix_web::test]
async fn a_members_role_is_changed_and_the_member_is_removed_with_scripting() {
    change_and_remove("members", true).await;
}

#[actix_web::test]
async fn a_members_role_is_changed_and_the_member_is_removed_without_scripting() {
    change_and_remove("members-plain", false).await;
}

async fn change_and_remove(called: &'static str, scripting: bool) {
    let house = House::open();
    let acme = house.account("Acme");
    let mut window = signed_in(&house, called, scripting, &format!("/accounts/{acme}/tokens")).await;
    window.link("Members").await.click().await.unwrap();
    window.link("Change Rita Reader").await.click().await.unwrap();
    window.heading("Rita Reader").await;
    window.radio("Role in Acme", "Read-Write").await.click().await.unwrap();
    press(&window, "Change role").await;
    window.heading("Members").await;
    assert_eq!(role(&house, READER), Some("read_write".to_owned()));
    window.picture("changed").await;
    window.link("Change Rita Reader").await.click().await.unwrap();
    window.link("Remove").await.click().await.unwrap();
    window.heading("Remove Rita Reader?").await;
    window.pictures("asked").await;
    press(&window, "Yes, remove").await;
    gone(&house, &window).await;
}

#[actix_web::test]
async fn a_members_role_is_changed_and_the_member_is_removed_by_keyboard_alone() {
    let house = House::open();
    let acme = house.account("Acme");
    let window = signed_in(&house, "members-keys", true, &format!("/accounts/{acme}/tokens")).await;
    window.heading("Automation").await;
    window.follow("link", "Members").await;
    window.heading("Members").await;
    window.follow("link", "Change Rita Reader").await;
    window.heading("Rita Reader").await;
    window.tab_to("radio", "Read only").await;
    // Up: from the lowest role to the one above it.
    window.press('\u{e013}').await;
    window.follow("button", "Change role").await;
    window.heading("Members").await;
    assert_eq!(role(&house, READER), Some("read_write".to_owned()));
    window.follow("link", "Change Rita Reader").await;
    window.heading("Rita Reader").await;
    window.follow("link", "Remove").await;
    window.heading("Remove Rita Reader?").await;
    window.follow("button", "Yes, remove").await;
    gone(&house, &window).await;
}

async fn gone(house: &House, window: &Window) {
    window.says("Members").await;
    window.until("one fewer", async || role(house, READER).is_none().then_some(())).await;
    window.heading("Members").await;
    assert!(!window.text().await.contains("Rita Reader"));
}

fn role(house: &House, email: &str) -> Option<String> {
    let (mut conn, user) = (house.conn(), house.user(email).id);
    let found = tokenhouse::models::membership::find(&mut conn, house.account("Acme"), user).unwrap();
    found.map(|(_, role)| role.key().to_owned())
}
