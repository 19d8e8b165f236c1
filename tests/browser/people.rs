//! What people may do and meet: a member who may only read, an admin who stops something, an
//! owner and the account itself; with scripting and without.

use crate::builder::{call, press, signed_in, signed_in_as};
use crate::support::{ADMIN, House, MEMBER, READER, made};
use tokenhouse::models::token::Owner;
use tokenhouse::policy::{Policy, Rights, Role};

async fn zones(house: &House, secret: &str, account: &str) -> (u16, String) {
    let path = format!("/v2/{}/zones", house.account(account));
    let (status, body) = call(house, secret, "GET", &path, None).await;
    (status.as_u16(), body["code"].as_str().unwrap_or_default().to_owned())
}

fn everything() -> Policy {
    Policy::unconditional(Rights::Everything)
}

#[actix_web::test]
async fn a_member_who_may_only_read_is_told_why_and_deletes_an_older_token_with_scripting() {
    reader("reader", true).await;
}

#[actix_web::test]
async fn a_member_who_may_only_read_is_told_why_and_deletes_an_older_token_without_scripting() {
    reader("reader-plain", false).await;
}

async fn reader(called: &'static str, scripting: bool) {
    let house = House::open();
    house.join("Acme", READER, Role::ReadWrite);
    let (_, secret) = made::with(&house, Owner::User(house.user(READER).id), "Laptop", everything());
    house.join("Acme", READER, Role::ReadOnly);
    let mut window = signed_in_as(&house, called, scripting, READER, "/user/tokens").await;
    window.says("Ask an owner or admin of one of your accounts to make your role read_write or more.").await;
    window.pictures("list").await;
    assert_eq!(zones(&house, &secret, "Acme").await.0, 200, "it still reads");
    window.go("/user/tokens/start").await;
    window.heading("Not with your role").await;
    window.says("you need the role read_write in at least one account").await;
    window.go("/user/tokens").await;
    window.link("Laptop").await.click().await.unwrap();
    window.link("Delete").await.click().await.unwrap();
    press(&window, "Yes, delete").await;
    window.says("Token deleted.").await;
    assert_eq!(zones(&house, &secret, "Acme").await, (401, "token_deleted".to_owned()));
}

#[actix_web::test]
async fn all_tokens_are_revoked_when_the_accounts_name_is_typed_with_scripting() {
    revoke_all("revoke", true).await;
}

#[actix_web::test]
async fn all_tokens_are_revoked_when_the_accounts_name_is_typed_without_scripting() {
    revoke_all("revoke-plain", false).await;
}

async fn revoke_all(called: &'static str, scripting: bool) {
    let house = House::open();
    let acme = house.account("Acme");
    let (_, used) = made::with(&house, Owner::Account(acme), "Deploy", everything());
    made::with(&house, Owner::Account(acme), "Backup", everything());
    assert_eq!(zones(&house, &used, "Acme").await.0, 200);
    house.app.buffers.last_uses.flush_all(&house.app.db, house.clock.now()).await.unwrap();
    let mut window = signed_in(&house, called, scripting, &format!("/accounts/{acme}/tokens")).await;
    window.link("Revoke all").await.click().await.unwrap();
    window.heading("Revoke all tokens of Acme?").await;
    window.says("1 of them was used within the last day.").await;
    press(&window, "Yes, revoke all").await;
    window.says("Type Acme exactly").await;
    window.pictures("asked").await;
    assert_eq!(zones(&house, &used, "Acme").await.0, 200, "nothing was revoked yet");
    window.field("Type Acme to say that you mean all of them").await.send_keys("Acme").await.unwrap();
    press(&window, "Yes, revoke all").await;
    window.says("All tokens revoked.").await;
    assert_eq!(zones(&house, &used, "Acme").await, (401, "token_deleted".to_owned()));
}

#[actix_web::test]
async fn an_admin_blocks_a_members_token_here_while_it_works_elsewhere_with_scripting() {
    block("block", true).await;
}

#[actix_web::test]
async fn an_admin_blocks_a_members_token_here_while_it_works_elsewhere_without_scripting() {
    block("block-plain", false).await;
}

async fn block(called: &'static str, scripting: bool) {
    let house = House::open();
    house.join("Hobby", MEMBER, Role::ReadWrite);
    let (token, secret) = made::with(&house, Owner::User(house.user(MEMBER).id), "Laptop", everything());
    let members = format!("/accounts/{}/members", house.account("Acme"));
    let mut window = signed_in_as(&house, called, scripting, ADMIN, &members).await;
    window.link("Tokens").await.click().await.unwrap();
    window.link("Block here Laptop").await.click().await.unwrap();
    window.heading("Block “Laptop” in Acme?").await;
    window.field("Reason").await.send_keys("Not reviewed yet").await.unwrap();
    window.pictures("asked").await;
    press(&window, "Yes, block it here").await;
    window.says("Token blocked in this account. It still works elsewhere.").await;
    window.pictures("blocked").await;
    assert_eq!(zones(&house, &secret, "Acme").await, (403, "blocked_here".to_owned()));
    assert_eq!(zones(&house, &secret, "Hobby").await.0, 200);
    let page = format!("/user/tokens/{token}");
    let called = if scripting { "block-user" } else { "block-user-plain" };
    let user = signed_in_as(&house, called, scripting, MEMBER, &page).await;
    user.says("with the words “Not reviewed yet”").await;
}

#[actix_web::test]
async fn limits_are_set_and_the_account_is_deleted_and_brought_back_with_scripting() {
    account("account", true).await;
}

#[actix_web::test]
async fn limits_are_set_and_the_account_is_deleted_and_brought_back_without_scripting() {
    account("account-plain", false).await;
}

async fn account(called: &'static str, scripting: bool) {
    let house = House::open();
    let acme = house.account("Acme");
    let (_, secret) = made::with(&house, Owner::Account(acme), "Deploy", everything());
    house.clock.advance(time::Duration::minutes(1));
    let mut window = signed_in(&house, called, scripting, &format!("/accounts/{acme}/settings")).await;
    window.heading("Account").await;
    window.pictures("general").await;
    window.link("Limits").await.click().await.unwrap();
    window.checkbox("Tokens with Everything").await.click().await.unwrap();
    window.pictures("limits").await;
    press(&window, "Set limits").await;
    window.heading("1 token is against these limits").await;
    window.pictures("breaking").await;
    window.radio("The limits bind", "New tokens only").await.click().await.unwrap();
    press(&window, "Set limits").await;
    window.says("Limits set.").await;
    assert_eq!(zones(&house, &secret, "Acme").await.0, 200);
    window.link("Delete").await.click().await.unwrap();
    window.heading("Delete Acme").await;
    window.pictures("delete").await;
    window.field("Type Acme to say that you mean it").await.send_keys("Acme").await.unwrap();
    press(&window, "Yes, delete the account").await;
    window.says("Acme is being deleted").await;
    assert_eq!(zones(&house, &secret, "Acme").await, (401, "owner_away".to_owned()));
    window.link("Delete").await.click().await.unwrap();
    window.pictures("going").await;
    press(&window, "Bring it back").await;
    window.says("Account restored.").await;
    assert_eq!(zones(&house, &secret, "Acme").await.0, 200);
}
