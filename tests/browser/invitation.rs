//! From an invitation to the first token, with scripting and without.

use crate::builder::{press, signed_in};
use crate::support::client::whoami;
use crate::support::{House, ledger};
use crate::window::Window;

#[actix_web::test]
async fn somebody_who_is_invited_as_read_write_makes_a_user_token_with_scripting() {
    let house = House::open();
    let mut window = join(&house, "invited", true, "Read-Write").await;
    window.go("/user/tokens/build?template=monitor&name=Laptop").await;
    press(&window, "Continue to summary").await;
    window.heading("Summary").await;
    first_token(&house, &mut window, "Generate token").await;
}

#[actix_web::test]
async fn somebody_who_is_invited_as_admin_makes_an_account_token_without_scripting() {
    let house = House::open();
    let mut window = join(&house, "invited-plain", false, "Admin").await;
    window.link("New token").await.click().await.unwrap();
    window.field("Name").await.send_keys("Deploy").await.unwrap();
    window.radio("Zones", "Read only").await.click().await.unwrap();
    window.radio("Zones: which zones", "All zones, including future ones").await.click().await.unwrap();
    first_token(&house, &mut window, "Generate token").await;
}

/// The owner invites, and copies the link; in a window of their own, the person joins.
async fn join(house: &House, called: &'static str, scripting: bool, role: &str) -> Window {
    let acme = house.account("Acme");
    let mut owner = signed_in(house, called, scripting, &format!("/accounts/{acme}/members")).await;
    owner.link("Invite").await.click().await.unwrap();
    owner.heading("Invite somebody").await;
    owner.field("E-mail").await.send_keys("nia@example.com").await.unwrap();
    owner.radio("Role", role).await.click().await.unwrap();
    owner.pictures("invite").await;
    press(&owner, "Invite").await;
    owner.heading("Invitation").await;
    let link = owner.field("Link").await.prop("value").await.unwrap().unwrap();
    let path = link[link.find("/invitations/").unwrap()..].to_owned();
    ledger::put_down(path.rsplit('/').next().unwrap());
    owner.pictures("link").await;
    owner.link("Back to the members").await.click().await.unwrap();
    owner.says("nia@example.com").await;
    owner.pictures("open").await;
    drop(owner);

    let mut window = Window::open(house, called, scripting).await;
    window.go(&path).await;
    window.heading("Join Acme").await;
    window.says("Olive Owner (owner@example.com) invites nia@example.com to Acme").await;
    window.field("Name").await.send_keys("Nia New").await.unwrap();
    window.field("Password").await.send_keys(&ledger::password()).await.unwrap();
    window.pictures("join").await;
    press(&window, "Join").await;
    window.heading("Automation").await;
    assert_eq!(window.path().await, format!("/accounts/{acme}/tokens"));
    window
}

async fn first_token(house: &House, window: &mut Window, button: &str) {
    press(window, button).await;
    window.heading("Your token is ready").await;
    let secret = window.field("Token").await.prop("value").await.unwrap().unwrap();
    ledger::put_down(&secret);
    assert_eq!(whoami(house.address, &secret).await.0, 200);
}
