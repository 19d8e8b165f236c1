//! Several tokens chosen and deleted, and the activity in which that stands: with scripting and
//! without.

use crate::builder::{press, signed_in};
use crate::support::client::{read, whoami};
use crate::support::{House, OWNER, ledger};
use crate::window::Window;

#[actix_web::test]
async fn tokens_are_chosen_deleted_and_found_in_the_activity_with_scripting() {
    choose_and_look("activity", true).await;
}

#[actix_web::test]
async fn tokens_are_chosen_deleted_and_found_in_the_activity_without_scripting() {
    choose_and_look("activity-plain", false).await;
}

async fn choose_and_look(called: &'static str, scripting: bool) {
    let house = House::open();
    let acme = house.account("Acme");
    let mut owner = house.signed_in(OWNER).await;
    let (deploy, secret) = owner.make_full_token(acme, "Old name").await;
    for name in ["Terraform", "Monitoring", "Backup"] {
        owner.make_full_token(acme, name).await;
    }
    owner.post(&format!("/accounts/{acme}/tokens/{deploy}/rename"), &[("name", "Deploy")]).await;
    assert_eq!(whoami(house.address, &secret).await.0, 200);
    house.app.buffers.networks.flush(&house.app.db, house.clock.now()).await.unwrap();

    let mut window = signed_in(&house, called, scripting, &format!("/accounts/{acme}/tokens")).await;
    for name in ["Choose Deploy", "Choose Backup"] {
        window.checkbox(name).await.click().await.unwrap();
    }
    if scripting {
        window.says("2 of 4 on this page").await;
    }
    window.pictures("chosen").await;
    press(&window, "Delete selected").await;
    window.heading("Delete these 2 tokens?").await;
    window.pictures("asked").await;
    press(&window, "Yes, delete").await;
    window.says("Tokens deleted.").await;
    window.says("Active 2").await;
    assert_eq!(whoami(house.address, &secret).await.0, 401);

    window.link("Activity").await.click().await.unwrap();
    window.heading("Activity").await;
    window.says("owner@example.com deleted the token “Backup”").await;
    window.pictures("all").await;
    window.choose("Kind", "Tokens").await;
    window.choose("Person", OWNER).await;
    window.field("Token").await.send_keys("deploy").await.unwrap();
    press(&window, "Show").await;
    window.link("Show everything").await;
    assert!(!window.text().await.contains("“Backup”"));
    open_details(&mut window).await;
    let csv = window.link("CSV").await.attr("href").await.unwrap().unwrap();
    let file = read(owner.request("GET", &csv)).await;
    assert_eq!((file.status.as_u16(), file.body.lines().count()), (200, 4), "{}", file.body);
    assert!(!file.body.contains("Backup"), "{}", file.body);
    ledger::put_down(&secret);
}

/// What was before and is after opens without a script, too.
async fn open_details(window: &mut Window) {
    for summary in window.driver.client.find_all(fantoccini::Locator::Css(".activity summary")).await.unwrap()
    {
        summary.click().await.unwrap();
    }
    window.says("Old name → Deploy").await;
    window.pictures("found").await;
}
