//! What those who run the site do: a leaked secret is pasted and revoked, and somebody is deactivated.

use crate::builder::{press, signed_in_as};
use crate::support::client::whoami;
use crate::support::{House, OWNER, made};
use tokenhouse::models::token::Owner;
use tokenhouse::policy::{Policy, Rights};

const SITE: &str = "site@example.com";

#[actix_web::test]
async fn a_leaked_secret_is_pasted_and_revoked_and_its_owner_reads_why_with_scripting() {
    paste_and_revoke("site", true).await;
}

#[actix_web::test]
async fn a_leaked_secret_is_pasted_and_revoked_and_its_owner_reads_why_without_scripting() {
    paste_and_revoke("site-plain", false).await;
}

async fn paste_and_revoke(called: &'static str, scripting: bool) {
    let house = House::open();
    house.site_admin(SITE);
    let acme = house.account("Acme");
    let (token, secret) = house.signed_in(OWNER).await.make_full_token(acme, "Deploy DNS from CI").await;
    let mut window = signed_in_as(&house, called, scripting, SITE, "/accounts").await;
    window.link("Admin").await.click().await.unwrap();
    window.heading("By a secret that was found").await;
    window.pictures("admin").await;
    window.field("Secret").await.send_keys(&format!("export TOKEN={secret}")).await.unwrap();
    press(&window, "Find its token").await;
    window.says("This secret works.").await;
    window.link("Acme").await;
    assert!(!window.source().await.contains(&secret) && !window.path().await.contains(&secret));
    window.pictures("found").await;
    window.checkbox("Deploy DNS from CI").await.click().await.unwrap();
    press(&window, "Revoke the chosen").await;
    window.heading("Revoke “Deploy DNS from CI”?").await;
    press(&window, "Yes, revoke").await;
    window.says("Say why, in up to 255 characters").await;
    window.pictures("asked").await;
    window.field("Reason").await.send_keys("Seen in a public repository").await.unwrap();
    assert_eq!(whoami(house.address, &secret).await.0, 200);
    press(&window, "Yes, revoke").await;
    window.says("Revoked. Calls with these tokens are refused from now on.").await;
    window.says("“Seen in a public repository”").await;
    window.pictures("revoked").await;
    assert_eq!(whoami(house.address, &secret).await.1["code"], "token_deleted");

    let page = format!("/accounts/{acme}/tokens/{token}");
    let mut owner = signed_in_as(
        &house,
        if scripting { "site-owner" } else { "site-owner-plain" },
        scripting,
        OWNER,
        &page,
    )
    .await;
    owner.says("Deleted by a site admin on 22 Nov 2026, 12:00 UTC: “Seen in a public repository”.").await;
    owner.pictures("reads").await;
}

#[actix_web::test]
async fn a_client_that_runs_meets_the_deactivation_of_its_user_at_its_next_call() {
    let house = House::open();
    house.site_admin(SITE);
    let policy = Policy::unconditional(Rights::Everything);
    let (_, secret) = made::with(&house, Owner::User(house.user(OWNER).id), "Laptop", policy);
    let running = signed_in_as(&house, "site-running", true, OWNER, "/user/tokens").await;
    running.link("Laptop").await;
    let mut window = signed_in_as(&house, "site-users", true, SITE, "/admin/users").await;
    window.pictures("users").await;
    window.link("Olive Owner").await.click().await.unwrap();
    window.pictures("user").await;
    window.link("Deactivate").await.click().await.unwrap();
    window.says("Without an active owner would be:").await;
    window.pictures("deactivate").await;
    assert_eq!(whoami(house.address, &secret).await.0, 200);
    press(&window, "Yes, deactivate").await;
    window.says("User deactivated.").await;
    assert_eq!(whoami(house.address, &secret).await.1["code"], "owner_away");
    running.link("Laptop").await.click().await.unwrap();
    running.heading("Sign in").await;
    window.button("Reactivate").await.click().await.unwrap();
    window.says("User reactivated.").await;
    assert_eq!(whoami(house.address, &secret).await.0, 200);
    window.go("/admin/accounts").await;
    window.pictures("accounts").await;
    window.link("Acme").await.click().await.unwrap();
    window.heading("Acme").await;
    window.pictures("account").await;
}

#[actix_web::test]
async fn an_account_is_suspended_and_resumed_by_keyboard_with_scripting() {
    suspend_and_resume("suspend", true).await;
}

#[actix_web::test]
async fn an_account_is_suspended_and_resumed_by_keyboard_without_scripting() {
    suspend_and_resume("suspend-plain", false).await;
}

async fn suspend_and_resume(called: &'static str, scripting: bool) {
    let house = House::open();
    house.site_admin(SITE);
    let acme = house.account("Acme");
    let (_, secret) =
        made::with(&house, Owner::Account(acme), "Deploy", Policy::unconditional(Rights::Everything));
    let path = format!("/admin/accounts/{acme}");
    let window = signed_in_as(&house, called, scripting, SITE, &path).await;
    window.heading("Acme").await;
    window.follow("link", "Suspend").await;
    window.heading("Suspend Acme?").await;
    // Above the page that led here, or on a page of its own.
    let asked_at = if scripting { path.clone() } else { format!("{path}/suspend") };
    assert_eq!(window.path().await, asked_at);
    assert_eq!(whoami(house.address, &secret).await.0, 200, "asking is not suspending");
    window.follow("button", "Yes, suspend").await;
    window.says("Account suspended.").await;
    assert_eq!(whoami(house.address, &secret).await.1["code"], "owner_away");
    window.follow("button", "Resume").await;
    window.says("Account resumed.").await;
    assert_eq!(whoami(house.address, &secret).await.0, 200);
}
