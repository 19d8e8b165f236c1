//! Every page is looked at once, by whoever sees the most of it; and what forms answer.

use crate::builder::{press, signed_in, signed_in_as};
use crate::look::Looked;
use crate::pages::{PAGES, Places};
use crate::support::client::whoami;
use crate::support::{House, OWNER, READER, ledger, made};
use crate::window::Window;
use time::Duration;
use tokenhouse::models::token::Owner;
use tokenhouse::policy::{AccountId, Policy, Rights};

// In two halves, which take their time side by side.

#[actix_web::test]
async fn every_page_is_for_everybody_first_half() {
    half(0).await;
}

#[actix_web::test]
async fn every_page_is_for_everybody_second_half() {
    half(1).await;
}

async fn half(number: usize) {
    let house = House::open();
    let places = Places::make(&house).await;
    let called = ["pages-1", "pages-2"][number];
    let mut window = signed_in(&house, called, true, &places.fill("/accounts/{account}/tokens")).await;
    window.heading("Automation").await;
    let all: Vec<_> = PAGES.iter().flat_map(|row| places.of(row)).collect();
    let mut looked = Looked::begin();
    for (name, address) in all.chunks(all.len().div_ceil(2)).nth(number).unwrap() {
        looked.visit(&mut window, name, address).await;
    }
    looked.end();
}

#[actix_web::test]
async fn what_strangers_see_is_for_everybody() {
    let house = House::open();
    let places = Places::make(&house).await;
    let mut window = Window::open(&house, "strangers", true).await;
    let mut looked = Looked::begin();
    for page in
        ["/sign-in", "/help/api", "/forgotten", "/forgotten?done=sent", "/nowhere", "/invitations/none"]
    {
        looked.visit(&mut window, page, page).await;
    }
    for behind_a_link in ["/reset/{reset}", "/address/{address}", "/invitations/{invitation}"] {
        looked.visit(&mut window, behind_a_link, &places.fill(behind_a_link)).await;
    }
    fill_in(&window, "Password", "short").await;
    press(&window, "Join").await;
    looked.here(&mut window, "join-refused").await;
    window.go(&places.fill("/reset/{reset}")).await;
    fill_in(&window, "New password", "short").await;
    press(&window, "Set password").await;
    looked.here(&mut window, "reset-refused").await;
    window.go("/sign-in").await;
    fill_in(&window, "E-mail", OWNER).await;
    fill_in(&window, "Password", "not the password").await;
    press(&window, "Sign in").await;
    window.says("Incorrect email or password").await;
    looked.here(&mut window, "sign-in-refused").await;
    looked.end();
}

#[actix_web::test]
async fn every_article_of_the_guide_is_for_everybody() {
    let house = House::open();
    let mut window = Window::open(&house, "guide", true).await;
    let mut looked = Looked::begin();
    for file in std::fs::read_dir(concat!(env!("CARGO_MANIFEST_DIR"), "/docs/guide")).unwrap() {
        let file = file.unwrap().file_name().into_string().unwrap();
        if let Some(article) = file.strip_suffix(".md").filter(|name| *name != "README") {
            looked.visit(&mut window, article, &format!("/help/{article}")).await;
        }
    }
    looked.end();
}

#[actix_web::test]
async fn what_forms_answer_is_for_everybody() {
    let house = House::open();
    let acme = house.account("Acme");
    let list = format!("/accounts/{acme}/tokens");
    let mut window = signed_in(&house, "answers", true, &list).await;
    let mut looked = Looked::begin();
    window.heading("No tokens yet").await;
    looked.here(&mut window, "empty").await;
    for menu in [OWNER, "Acme"] {
        window.menu(menu).await.click().await.unwrap();
        looked.here(&mut window, "menu").await;
    }
    looked.visit(&mut window, "nowhere", "/nowhere").await;
    looked.visit(&mut window, "bad-number", &format!("{list}/new?like=x")).await;

    window.go(&format!("{list}/new")).await;
    press(&window, "Generate token").await;
    window.says("nothing was made").await;
    looked.here(&mut window, "form-refused").await;
    let token = made_and_rolled(&house, &mut window, &mut looked, &list).await;
    window.go(&format!("{list}/{token}/rename")).await;
    fill_in(&window, "Name", " ").await;
    press(&window, "Rename token").await;
    looked.here(&mut window, "rename-refused").await;
    fill_in(&window, "Name", "Nightly").await;
    press(&window, "Rename token").await;
    window.says("Token renamed.").await;
    looked.here(&mut window, "flash").await;
    window.link("Delete").await.click().await.unwrap();
    window.heading("Delete “Nightly”?").await;
    looked.here(&mut window, "dialog").await;
    window.go(&format!("{list}/{token}/disable")).await;
    press(&window, "Disable token").await;
    looked.here(&mut window, "disabled").await;
    let (_, secret) =
        made::with(&house, Owner::Account(acme), "Deploy", Policy::unconditional(Rights::Everything));
    assert_eq!(whoami(house.address, &secret).await.0, 200);
    house.app.buffers.last_uses.flush_all(&house.app.db, house.clock.now()).await.unwrap();
    window.go(&format!("{list}/revoke")).await;
    press(&window, "Yes, revoke all").await;
    window.says("Type Acme exactly").await;
    looked.here(&mut window, "revoke-refused").await;
    people_and_account(&mut window, &mut looked, acme).await;
    looked.end();
}

/// The builder refuses, the summary, the secret once, and a roll.
async fn made_and_rolled(house: &House, window: &mut Window, looked: &mut Looked, list: &str) -> i64 {
    window.go(&format!("{list}/build?template=edit_zone_dns")).await;
    fill_in(window, "Is in", "10.0.0.5/8").await;
    press(window, "Continue to summary").await;
    window.says("has bits beyond its /8").await;
    looked.here(window, "builder-refused").await;
    window.go(&format!("{list}/build?template=monitor&name={}&from=2001:db8::/32", "W".repeat(255))).await;
    press(window, "Continue to summary").await;
    window.heading("Summary").await;
    looked.here(window, "summary").await;
    house.clock.advance(Duration::minutes(16));
    press(window, "Generate token").await;
    window.heading("Confirm it's you").await;
    looked.here(window, "password-again").await;
    fill_in(window, "Password", &ledger::password()).await;
    press(window, "Continue").await;
    once(window, "Your token is ready").await;
    looked.here(window, "once").await;
    window.link("Look at the token").await.click().await.unwrap();
    window.link("Roll").await.click().await.unwrap();
    press(window, "Roll token").await;
    once(window, "The new secret is ready").await;
    looked.here(window, "once-again").await;
    window.link("Look at the token").await.click().await.unwrap();
    window.says("Two secrets").await;
    looked.here(window, "two-secrets").await;
    window.path().await.rsplit('/').next().unwrap().parse().unwrap()
}

async fn people_and_account(window: &mut Window, looked: &mut Looked, acme: AccountId) {
    window.go(&format!("/accounts/{acme}/invitations/new")).await;
    fill_in(window, "E-mail", "owner@example.com").await;
    press(window, "Invite").await;
    looked.here(window, "invite-refused").await;
    fill_in(window, "E-mail", &format!("{}@example.com", "w".repeat(60))).await;
    window.radio("Role", "Read-Write").await.click().await.unwrap();
    press(window, "Invite").await;
    window.heading("Invitation").await;
    let link = window.field("Link").await.prop("value").await.unwrap().unwrap();
    ledger::put_down(link.rsplit('/').next().unwrap());
    looked.here(window, "invited").await;
    window.go(&format!("/accounts/{acme}/settings/delete")).await;
    press(window, "Yes, delete the account").await;
    looked.here(window, "delete-refused").await;
    window.go("/user/security").await;
    fill_in(window, "New password", "short").await;
    fill_in(window, "Current password", "not it").await;
    press(window, "Change password").await;
    looked.here(window, "password-refused").await;
}

/// A page that shows a secret.
async fn once(window: &Window, heading: &str) {
    window.heading(heading).await;
    ledger::put_down(&window.field("Token").await.prop("value").await.unwrap().unwrap());
}

async fn fill_in(window: &Window, label: &str, text: &str) {
    let field = window.field(label).await;
    field.clear().await.unwrap();
    field.send_keys(text).await.unwrap();
}

#[actix_web::test]
async fn what_a_role_may_not_do_is_told_to_everybody() {
    let house = House::open();
    let acme = house.account("Acme");
    made::with(&house, Owner::Account(acme), "Deploy", Policy::unconditional(Rights::Everything));
    let mut window = signed_in_as(&house, "reader", true, READER, &format!("/accounts/{acme}/tokens")).await;
    window.heading("Automation").await;
    let mut looked = Looked::begin();
    looked.here(&mut window, "list").await;
    for page in ["/accounts/{account}/tokens/new", "/user/tokens", "/accounts/{account}/settings"] {
        looked.visit(&mut window, page, &page.replace("{account}", &acme.to_string())).await;
    }
    looked.end();
}
