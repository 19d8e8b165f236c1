//! Admin → Users and Accounts, and that nobody else finds anything there.

use super::facts;
use crate::support::client::{Answer, whoami};
use crate::support::{ADMIN, House, MEMBER, OWNER, STRANGER, made, product};
use tokenhouse::models::token::Owner;
use tokenhouse::models::{Account, account_state};
use tokenhouse::policy::{Access, Policy, Rights, Role, Selection};

const SITE: &str = "site@example.com";

/// The page without the number of its request.
fn said(answer: &Answer) -> String {
    format!("{} {}", answer.status, answer.text().split("If you ask for help").next().unwrap())
}

fn state(house: &House, account: &str) -> String {
    facts::text(house, &format!("SELECT state FROM accounts WHERE name = '{account}'"))
}

#[actix_web::test]
async fn nobody_else_can_tell_the_pages_of_site_admins_from_pages_that_do_not_exist() {
    let house = House::open();
    let site = house.site_admin(SITE);
    let acme = house.account("Acme");
    let mut owner = house.signed_in(OWNER).await;
    let nothing = said(&owner.get("/admin/nothing").await);
    for (method, path) in product().page_table() {
        if !path.starts_with("/admin/") {
            continue;
        }
        let path = path.replace("{user}", &site.id.to_string()).replace("{account}", &acme.to_string());
        let answer = if method == "GET" { owner.get(&path).await } else { owner.post(&path, &[]).await };
        assert_eq!(said(&answer), nothing, "{method} {path}");
    }
    assert!(!owner.get("/accounts").await.links().contains(&"/admin/tokens".to_owned()));
    let mut admin = house.signed_in(SITE).await;
    assert!(admin.get("/accounts").await.links().contains(&"/admin/tokens".to_owned()));
    for path in [format!("/accounts/{acme}/tokens"), format!("/accounts/{acme}/members")] {
        assert_eq!(admin.get(&path).await.status, 404, "they are no member: {path}");
    }
    facts::change(&house, "UPDATE users SET site_admin_since = NULL");
    assert_eq!(admin.get("/admin/tokens").await.status, 404, "at the next request");
}

#[actix_web::test]
async fn users_are_found_by_a_part_of_name_or_address_and_signs_mean_themselves() {
    let house = House::open();
    house.site_admin(SITE);
    house.new_user("a_b%c@example.com", "Odd %Name");
    let mut admin = house.signed_in(SITE).await;
    let mut found = async |q: &str| {
        let page = admin.get(&format!("/admin/users?q={q}")).await;
        assert_eq!(page.status, 200, "{q}");
        page.all("[data-of='admin-users'] tbody .row-name")
    };
    assert_eq!(found("OLIVE").await, ["Olive Owner"]);
    assert_eq!(found("member%40").await, ["Milo Member"]);
    assert_eq!(found("%25").await, ["Odd %Name"]);
    assert_eq!(found("_").await, ["Odd %Name"]);
    assert_eq!(found("nobody-like-that").await, Vec::<String>::new());
    assert_eq!(found("").await.len(), 7);
    facts::change(
        &house,
        "INSERT INTO users (email, name, created_at, updated_at)
         SELECT 'many' || n || '@example.com', 'Many ' || n, '2026-11-01Z', '2026-11-01Z' FROM generate_series(1, 60) AS n",
    );
    assert_eq!(found("many").await.len(), 50);
    let older = admin.get("/admin/users?q=many").await.attributes("nav.pager a", "href").remove(0);
    assert_eq!(admin.get(&older).await.all("[data-of='admin-users'] tbody .row-name").len(), 10);
    assert_eq!(admin.get("/admin/users?q=%00").await.status, 400);
    for id in ["0", "x", "99999999999999999999", "987654"] {
        assert_eq!(admin.get(&format!("/admin/users/{id}")).await.status, 404, "{id}");
        assert_eq!(admin.post(&format!("/admin/users/{id}/deactivate"), &[]).await.status, 404, "{id}");
        assert_eq!(admin.get(&format!("/admin/accounts/{id}")).await.status, 404, "{id}");
    }
}

#[actix_web::test]
async fn a_deactivated_user_is_out_at_the_next_call_and_in_again_when_reactivated() {
    let house = House::open();
    let site = house.site_admin(SITE);
    let owner = house.user(OWNER);
    let policy = Policy::unconditional(Rights::Everything);
    let (_, secret) = made::with(&house, Owner::User(owner.id), "Laptop", policy);
    let mut browser = house.signed_in(OWNER).await;
    let mut admin = house.signed_in(SITE).await;
    let path = format!("/admin/users/{}", owner.id);
    let page = admin.get(&path).await;
    assert_eq!(
        (page.heading().as_str(), page.all(".names a")),
        ("Olive Owner", vec!["Acme".to_owned(), "Hobby".to_owned()])
    );
    let asked = admin.get(&format!("{path}/deactivate")).await;
    assert_eq!(asked.all(".names a"), ["Acme", "Hobby"], "without an active owner");
    house.join("Acme", ADMIN, Role::Owner);
    assert_eq!(admin.get(&format!("{path}/deactivate")).await.all(".names a"), ["Hobby"]);
    assert_eq!(whoami(house.address, &secret).await.0, 200);
    let answer = admin.post(&format!("{path}/deactivate"), &[]).await;
    assert_eq!(answer.location(), format!("{path}?done=deactivated"));
    let (status, body) = whoami(house.address, &secret).await;
    assert_eq!((status.as_u16(), body["code"].as_str()), (401, Some("owner_away")));
    assert_eq!(browser.get("/accounts").await.status, 303);
    admin.post(&format!("{path}/deactivate"), &[]).await;
    assert_eq!(facts::count(&house, "audit_events WHERE action = 'user.deactivated'"), 1, "once");
    assert!(admin.get(&path).await.text().contains("Deactivated just now"));
    assert_eq!(admin.post(&format!("{path}/reactivate"), &[]).await.status, 303);
    assert_eq!(whoami(house.address, &secret).await.0, 200);
    browser.sign_in(OWNER, &crate::support::ledger::password()).await;
    let line = format!(
        "audit_events WHERE action LIKE 'user.%activated' AND user_id = {} AND actor_id = {}",
        owner.id, site.id
    );
    assert_eq!(facts::count(&house, &line), 2);
    // Oneself stays.
    let own = format!("/admin/users/{}", site.id);
    assert!(!admin.get(&own).await.links().contains(&format!("{own}/deactivate")));
    let answer = admin.post(&format!("{own}/deactivate"), &[]).await;
    assert_eq!(answer.status, 422);
    assert!(answer.text().contains("You cannot deactivate yourself."), "{}", answer.text());
    assert_eq!(facts::count(&house, "users WHERE deactivated_at IS NOT NULL"), 0);
}

#[actix_web::test]
async fn every_session_of_a_user_is_ended_and_tokens_go_on() {
    let house = House::open();
    house.site_admin(SITE);
    let member = house.user(MEMBER).id;
    let (_, secret) =
        made::with(&house, Owner::User(member), "Laptop", Policy::unconditional(Rights::Everything));
    let (mut one, mut two) = (house.signed_in(MEMBER).await, house.signed_in(MEMBER).await);
    let mut admin = house.signed_in(SITE).await;
    assert_eq!(admin.post(&format!("/admin/users/{member}/sign-out"), &[]).await.status, 303);
    assert_eq!(
        (one.get("/accounts").await.status.as_u16(), two.get("/accounts").await.status.as_u16()),
        (303, 303)
    );
    assert_eq!(whoami(house.address, &secret).await.0, 200);
    assert_eq!(
        facts::count(
            &house,
            &format!("audit_events WHERE action = 'user.signed_out' AND user_id = {member}")
        ),
        1
    );
    assert_eq!(admin.post(&format!("/admin/users/{member}/sign-out"), &[]).await.status, 303);
    assert_eq!(facts::count(&house, "audit_events WHERE action = 'user.signed_out'"), 1, "nothing ended");
}

#[actix_web::test]
async fn a_plan_says_what_it_freezes_and_a_suspended_account_is_resumed() {
    let house = House::open();
    house.site_admin(SITE);
    let acme = house.account("Acme");
    let all = Selection::Account { account: acme, except: Vec::new() };
    let (_, scoped) = made::granted(&house, Owner::Account(acme), "Scoped", &[("zones", Access::Read, all)]);
    let mut admin = house.signed_in(SITE).await;
    let list = admin.get(&format!("/admin/accounts?q={acme}")).await;
    assert_eq!(list.all("[data-of='admin-accounts'] tbody .row-name"), ["Acme"]);
    let path = format!("/admin/accounts/{acme}");
    let page = admin.get(&path).await;
    assert_eq!(page.all("fieldset .choice p"), ["Freezes its scoped tokens at the next call: 1."]);
    let wrong = admin.post(&format!("{path}/plan"), &[("plan", "gold")]).await;
    assert_eq!((wrong.status.as_u16(), wrong.text().contains("Choose a plan.")), (422, true));
    assert_eq!(admin.post(&format!("{path}/plan"), &[("plan", "solo")]).await.status, 303);
    assert_eq!(whoami(house.address, &scoped).await.1["code"], "token_frozen");
    admin.post(&format!("{path}/plan"), &[("plan", "teams")]).await;
    let asked = admin.get(&format!("{path}/suspend")).await;
    assert_eq!(asked.heading(), "Suspend Acme?");
    assert!(asked.text().contains("Live account tokens: 1."), "{}", asked.text());
    assert!(!asked.text().contains("deletion"), "{}", asked.text());
    assert_eq!(whoami(house.address, &scoped).await.0, 200, "asking is not suspending");
    assert_eq!(
        admin.post(&format!("{path}/suspend"), &[]).await.location(),
        format!("{path}?done=suspended")
    );
    assert_eq!(whoami(house.address, &scoped).await.1["code"], "owner_away");
    assert!(admin.get(&path).await.text().contains("Suspended since 22 Nov 2026, 12:00 UTC."));
    assert_eq!(admin.post(&format!("{path}/suspend"), &[]).await.location(), format!("{path}?done=changed"));
    assert_eq!(admin.get(&format!("{path}/suspend")).await.location(), format!("{path}?done=changed"));
    admin.post(&format!("{path}/resume"), &[]).await;
    assert_eq!(
        (state(&house, "Acme").as_str(), whoami(house.address, &scoped).await.0.as_u16()),
        ("active", 200)
    );
    let lines = facts::texts(
        &house,
        "action",
        &format!("audit_events WHERE account_id = {acme} AND actor_name = '{SITE}' ORDER BY id"),
    );
    assert_eq!(
        lines,
        ["account.plan_changed", "account.plan_changed", "account.suspended", "account.resumed"]
    );
}

#[actix_web::test]
async fn an_account_that_is_being_deleted_is_brought_back_while_it_is_kept() {
    let house = House::open();
    house.site_admin(SITE);
    let rival = Account::find_by_name(&mut house.conn(), "Rival").unwrap().unwrap();
    rival.delete(&mut house.conn(), &house.command_line()).unwrap();
    let mut admin = house.signed_in(SITE).await;
    let path = format!("/admin/accounts/{}", rival.id);
    let page = admin.get(&path).await.text();
    assert!(page.contains("Until 22 Dec 2026, 12:00 UTC it can be brought back"), "{page}");
    assert_eq!(admin.post(&format!("{path}/restore"), &[]).await.location(), format!("{path}?done=restored"));
    assert_eq!(state(&house, "Rival"), "active");
    assert_eq!(
        house.signed_in(STRANGER).await.get(&format!("/accounts/{}/tokens", rival.id)).await.status,
        200
    );
}

#[actix_web::test]
async fn an_account_that_is_being_deleted_is_suspended_and_then_no_owner_brings_it_back() {
    let house = House::open();
    house.site_admin(SITE);
    let rival = Account::find_by_name(&mut house.conn(), "Rival").unwrap().unwrap();
    rival.delete(&mut house.conn(), &house.command_line()).unwrap();
    let mut admin = house.signed_in(SITE).await;
    let path = format!("/admin/accounts/{}", rival.id);
    let page = admin.get(&path).await.text();
    assert!(page.contains("Suspending it calls the deletion off"), "{page}");
    let asked = admin.get(&format!("{path}/suspend")).await.text();
    assert!(asked.contains("This calls its deletion off."), "{asked}");
    let answer = admin.post(&format!("{path}/suspend"), &[]).await;
    assert_eq!(answer.location(), format!("{path}?done=suspended"));
    let mut owner = house.signed_in(STRANGER).await;
    let restore = format!("/accounts/{}/settings/restore", rival.id);
    assert!(owner.post(&restore, &[]).await.location().ends_with("?done=changed"));
    assert_eq!(state(&house, "Rival"), "suspended");
    let later = house.clock.now() + time::Duration::days(31);
    assert!(account_state::due(&mut house.conn(), later, &[]).unwrap().is_none());
    admin.post(&format!("{path}/resume"), &[]).await;
    assert_eq!(state(&house, "Rival"), "active");
}

#[actix_web::test]
async fn a_link_for_a_new_password_is_shown_once_and_opens_once() {
    let house = House::open();
    house.site_admin(SITE);
    let member = house.user(MEMBER).id;
    let mut admin = house.signed_in(SITE).await;
    let path = format!("/admin/users/{member}/password-link");
    let link = async |admin: &mut crate::support::client::Browser| {
        let page = admin.post(&path, &[]).await;
        assert_eq!((page.status.as_u16(), page.header("cache-control")), (200, "no-store"));
        page.secret().strip_prefix(&house.url("")).unwrap().to_owned()
    };
    let (older, newer) = (link(&mut admin).await, link(&mut admin).await);
    crate::support::ledger::put_down(newer.rsplit('/').next().unwrap());
    assert!(!admin.get(&format!("/admin/users/{member}")).await.body.contains(&newer));
    assert_ne!(house.anybody().get(&older).await.status, 200, "the newest alone opens something");
    let mut anybody = house.anybody();
    assert_eq!(anybody.get(&newer).await.status, 200);
    let line = format!("audit_events WHERE action = 'user.password_link_made' AND user_id = {member}");
    assert_eq!(facts::count(&house, &line), 2);
    facts::change(&house, &format!("UPDATE users SET deactivated_at = created_at WHERE id = {member}"));
    assert_eq!(admin.post(&path, &[]).await.status, 303, "whoever is deactivated needs none");
}

#[actix_web::test]
async fn nobody_creates_a_link_for_their_own_password() {
    let house = House::open();
    let site = house.site_admin(SITE);
    let mut admin = house.signed_in(SITE).await;
    let path = format!("/admin/users/{}", site.id);
    let forms = admin.get(&path).await.attributes("main form", "action");
    assert!(!forms.contains(&format!("{path}/password-link")), "{forms:?}");
    let answer = admin.post(&format!("{path}/password-link"), &[]).await;
    assert_eq!((answer.status.as_u16(), answer.secret().as_str()), (422, ""), "{}", answer.text());
    let why = "You can't create a link for your own password. Change it under Account Settings, Security.";
    assert!(answer.text().contains(why), "{}", answer.text());
    assert_eq!(facts::count(&house, "user_links"), 0);
    assert_eq!(facts::count(&house, "audit_events WHERE action = 'user.password_link_made'"), 0);
}
