//! The main job from sign-in to the end, with scripting and without: the same walk.

use crate::support::client::whoami;
use crate::support::{House, OWNER, ledger};
use crate::window::Window;

#[actix_web::test]
async fn an_owner_does_the_main_job_with_scripting() {
    walk(true).await;
}

#[actix_web::test]
async fn an_owner_does_the_main_job_without_scripting() {
    walk(false).await;
}

const NAME: &str = "Deploy DNS from CI";

async fn walk(scripting: bool) {
    let house = House::open();
    let mut window = Window::open(&house, if scripting { "script" } else { "plain" }, scripting).await;
    let list = format!("/accounts/{}/tokens", house.account("Acme"));
    sign_in(&mut window, &list).await;
    make(&mut window).await;
    let secret = read_once(&mut window).await;
    use_it(&house, &mut window, &secret).await;
    never_again(&mut window, &list, &secret).await;
    look_at(&mut window).await;
    rename(&mut window).await;
    delete(&mut window).await;
    let (status, body) = whoami(house.address, &secret).await;
    assert_eq!((status.as_u16(), body["code"].as_str()), (401, Some("token_deleted")));
    never_again(&mut window, &format!("{list}/ended"), &secret).await;
    sign_out(&mut window, &list).await;
}

async fn sign_in(window: &mut Window, list: &str) {
    window.go(list).await;
    window.heading("Sign in").await;
    window.pictures("sign-in").await;
    window.field("E-mail").await.send_keys(OWNER).await.unwrap();
    window.field("Password").await.send_keys("not the password").await.unwrap();
    window.button("Sign in").await.click().await.unwrap();
    window.says("Incorrect email or password").await;
    window.picture("sign-in-refused").await;
    window.field("Password").await.send_keys(&ledger::password()).await.unwrap();
    window.button("Sign in").await.click().await.unwrap();
    window.heading("Automation").await;
    assert_eq!(window.path().await, list, "sent on to the page first asked for");
    window.heading("No tokens yet").await;
    window.pictures("empty").await;
}

async fn make(window: &mut Window) {
    window.link("Automation").await.click().await.unwrap();
    window.link("New token").await.click().await.unwrap();
    window.heading("New account token").await;
    window.picture("form").await;
    window.button("Generate token").await.click().await.unwrap();
    window.says("nothing was made").await;
    window.picture("form-refused").await;
    window.field("Name").await.send_keys(NAME).await.unwrap();
    window.radio("Zones", "Full access").await.click().await.unwrap();
    window.radio("Zones: which zones", "Only selected zones").await.click().await.unwrap();
    choose(window, "burr", "theburritobot.com").await;
    choose(window, "example.com", "example.com").await;
    window.radio("Certificates", "Read only").await.click().await.unwrap();
    let all = window.radio("Certificates: which domains", "All domains, including future ones").await;
    all.click().await.unwrap();
    if window.scripting {
        // The words follow each choice.
        window.says("and of no other zone").await;
    }
    window.button("Review").await.click().await.unwrap();
    window.heading("In plain words").await;
    window.says("DNS records of example.com and theburritobot.com, and of no other zone.").await;
    window.says("Can read certificates of all domains: 40 now, and those added later.").await;
    window.says("2 of 40 zones selected").await;
    assert_eq!(window.field("Name").await.prop("value").await.unwrap().unwrap(), NAME);
    for (group, label) in [("Zones", "Full access"), ("Certificates", "Read only"), ("Expires", "90 days")] {
        assert!(window.radio(group, label).await.is_selected().await.unwrap(), "{group}: {label} was lost");
    }
    window.pictures("review").await;
}

/// Finds a zone and checks it.
async fn choose(window: &mut Window, part: &str, zone: &str) {
    let field = window.field("Search zones").await;
    field.clear().await.unwrap();
    field.send_keys(part).await.unwrap();
    if !window.scripting {
        window.button("Search").await.click().await.unwrap();
    }
    window.says("of 40 zones selected").await;
    window.checkbox(zone).await.click().await.unwrap();
    window.pictures(&format!("search-{part}")).await;
}

async fn read_once(window: &mut Window) -> String {
    window.button("Generate token").await.click().await.unwrap();
    window.heading("Your token is ready").await;
    let secret = window.field("Token").await.prop("value").await.unwrap().unwrap();
    ledger::put_down(&secret);
    assert!(secret.len() > 30, "a secret is long");
    window.says("You will not see it again").await;
    window.says(&format!("curl -H \"Authorization: Bearer {secret}\"")).await;
    window.pictures("created").await;
    if window.scripting {
        window.button("Copy").await.click().await.unwrap();
        window.button("Copied").await;
        window.picture("copied").await;
    } else {
        assert!(!window.has_button("Copy").await, "without a script it could do nothing");
    }
    secret
}

async fn use_it(house: &House, window: &mut Window, secret: &str) {
    let (status, body) = whoami(house.address, secret).await;
    assert_eq!((status.as_u16(), &body["data"]["account"]["email"]), (200, &"billing@acme.example".into()));
    house.app.buffers.last_uses.flush(&house.app.db, house.clock.now()).await.unwrap();
    window.link("I have copied it").await.click().await.unwrap();
    window.link(NAME).await;
    window.says("just now 127.0.0.1").await;
    window.link("Active 1").await;
    window.link(&format!("Delete {NAME}")).await;
    window.pictures("list").await;
}

/// Neither going back nor loading again brings the secret back.
async fn never_again(window: &mut Window, to: &str, secret: &str) {
    window.driver.client.back().await.unwrap();
    assert!(!window.source().await.contains(secret), "shown again by going back");
    window.driver.client.refresh().await.unwrap();
    assert!(!window.source().await.contains(secret), "shown again by loading again");
    window.go(to).await;
    window.heading("Automation").await;
    assert!(!window.source().await.contains(secret), "shown in the list");
}

async fn look_at(window: &mut Window) {
    window.link(NAME).await.click().await.unwrap();
    window.heading(NAME).await;
    window.says("DNS records of example.com and theburritobot.com, and of no other zone.").await;
    window.says("127.0.0.1").await;
    window.link("Create another like this").await;
    window.pictures("token").await;
}

async fn rename(window: &mut Window) {
    window.link("Rename").await.click().await.unwrap();
    window.heading(&format!("Rename “{NAME}”")).await;
    window.picture("rename").await;
    let name = window.field("Name").await;
    name.clear().await.unwrap();
    name.send_keys("Nightly DNS").await.unwrap();
    window.button("Rename token").await.click().await.unwrap();
    window.heading("Nightly DNS").await;
    window.says("Token renamed.").await;
    window.picture("renamed").await;
}

async fn delete(window: &mut Window) {
    window.link("Delete").await.click().await.unwrap();
    window.heading("Delete “Nightly DNS”?").await;
    window.says("last used just now from 127.0.0.1").await;
    window.pictures("delete").await;
    window.link("Cancel").await.click().await.unwrap();
    window.heading("Nightly DNS").await;
    window.link("Delete").await.click().await.unwrap();
    window.button("Yes, delete").await.click().await.unwrap();
    window.says("Token deleted.").await;
    window.heading("No tokens yet").await;
    window.link("Ended 1").await.click().await.unwrap();
    window.link("Nightly DNS").await;
    window.says(&format!("Deleted by {OWNER}")).await;
    window.pictures("ended").await;
    window.link("Nightly DNS").await.click().await.unwrap();
    window.says("Deleted · ended").await;
    window.picture("ended-token").await;
}

async fn sign_out(window: &mut Window, list: &str) {
    window.menu(OWNER).await.click().await.unwrap();
    window.button("Sign out").await.click().await.unwrap();
    window.heading("Sign in").await;
    window.picture("signed-out").await;
    window.driver.client.back().await.unwrap();
    assert!(!window.text().await.contains("Nightly DNS"), "going back shows a private page");
    window.go(list).await;
    window.heading("Sign in").await;
}
