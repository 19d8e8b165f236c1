//! One's own password, changed by whoever knows the present one.

use super::facts;
use crate::support::client::{Answer, Browser};
use crate::support::{House, OWNER, START, database, ledger};
use diesel::connection::SimpleConnection;
use tokenhouse::db;
use tokenhouse::models::{password, session};
use tokenhouse::policy::ClientAddress;

const PAGE: &str = "/user/security";

fn new_password() -> String {
    let new = password::random().unwrap();
    ledger::put_down(&new);
    new
}

async fn change(browser: &mut Browser, present: &str, new: &str) -> Answer {
    browser.post(PAGE, &[("password", present), ("new_password", new)]).await
}

async fn signs_in(house: &House, password: &str) -> bool {
    let mut browser = house.anybody();
    browser.get("/sign-in").await;
    browser.post("/sign-in", &[("email", OWNER), ("password", password)]).await.status == 303
}

#[actix_web::test]
async fn a_new_password_ends_every_other_session_and_gives_this_one_a_new_key() {
    let house = House::open();
    let (mut owner, mut elsewhere) = (house.signed_in(OWNER).await, house.signed_in(OWNER).await);
    let new = new_password();
    let keys = || facts::texts(&house, "encode(digest, 'hex')", "sessions ORDER BY id");
    let before = keys();
    let answer = change(&mut owner, &ledger::password(), &new).await;
    assert_eq!(answer.location(), format!("{PAGE}?done=password"), "{}", answer.text());
    let page = owner.get(answer.location()).await;
    assert_eq!(page.all("[data-flash]"), ["Password changed. You're signed out everywhere else."]);
    assert_eq!(elsewhere.get(PAGE).await.status, 303);
    let after = keys();
    assert!(after.len() == 1 && !before.contains(&after[0]), "{before:?} {after:?}");
    assert!(signs_in(&house, &new).await && !signs_in(&house, &ledger::password()).await);
    let lines = facts::texts(
        &house,
        "concat_ws(' ', actor_name, object_name, before, after)",
        "audit_events WHERE action = 'user.password_set'",
    );
    assert_eq!(lines, ["owner@example.com owner@example.com"]);
}

#[actix_web::test]
async fn a_wrong_present_one_changes_nothing_and_counts_with_the_sign_ins() {
    let house = House::open();
    let mut owner = house.signed_in(OWNER).await;
    let (new, wrong) = (new_password(), new_password());
    for attempt in 1..=10 {
        let answer = change(&mut owner, &wrong, &new).await;
        assert_eq!(answer.status, 422, "attempt {attempt}");
        assert_eq!(answer.all("#password-error"), ["This isn't your password."]);
        assert!(!answer.body.contains(&wrong) && !answer.body.contains(&new), "neither is sent back");
    }
    let answer = change(&mut owner, &ledger::password(), &new).await;
    assert_eq!((answer.status.as_u16(), answer.header("retry-after")), (429, "900"));
    assert_eq!(answer.all("#password-error"), ["Too many attempts from here. Wait 15 min, then try again."]);
    // In this browser one has signed in before, so it is only this browser that waits.
    assert!(signs_in(&house, &ledger::password()).await);
    assert_eq!(facts::count(&house, "audit_events WHERE action = 'user.password_set'"), 0);
}

#[actix_web::test]
async fn a_new_one_of_a_wrong_length_is_refused_before_the_present_one_is_tried_and_a_common_one_after() {
    let house = House::open();
    let mut owner = house.signed_in(OWNER).await;
    facts::change(&house, "DELETE FROM throttles");
    for (new, why) in [("", "Use at least 8 characters."), (&"x9".repeat(65), "Use at most 128 characters.")]
    {
        let answer = change(&mut owner, "whatever", new).await;
        assert_eq!((answer.status.as_u16(), answer.all("#new_password-error")), (422, vec![why.to_owned()]));
    }
    assert_eq!(facts::count(&house, "throttles"), 0);
    let wrong = change(&mut owner, "whatever", "password").await;
    assert_eq!(wrong.all("#password-error"), ["This isn't your password."]);
    facts::change(&house, "UPDATE accounts SET name = 'Ijsselmeer Zeilvaart' WHERE name = 'Acme'");
    for (new, why) in [
        ("password123456", "This password is among those that are guessed first."),
        ("Zeilvaart1", "This password is among those that are guessed first."),
        ("vov13kat11", "This password was found in a breach of another site."),
        (OWNER, "This password is your name, your address or your account's name."),
        ("ijsselmeer zeilvaart", "This password is your name, your address or your account's name."),
    ] {
        let refused = change(&mut owner, &ledger::password(), new).await;
        assert_eq!(refused.status, 422, "{new}");
        assert!(refused.all("#new_password-error")[0].starts_with(why), "{new}: {}", refused.text());
    }
    let same = change(&mut owner, &ledger::password(), &ledger::password()).await;
    assert_eq!(same.all("#new_password-error"), ["This is your password already."]);
    assert!(signs_in(&house, &ledger::password()).await);
}

#[actix_web::test]
async fn of_two_forms_at_once_one_sets_the_password() {
    let house = House::open();
    let (mut one, mut two) = (house.signed_in(OWNER).await, house.signed_in(OWNER).await);
    let (first, second, present) = (new_password(), new_password(), ledger::password());
    let mut other = database::connect(&house.database);
    let lock = format!("BEGIN; SELECT FROM users WHERE email = '{OWNER}' FOR NO KEY UPDATE");
    other.batch_execute(&lock).unwrap();
    let let_go = async {
        facts::until_so_many_wait(&house, 2).await;
        other.batch_execute("COMMIT").unwrap();
    };
    let (one, two, ()) = futures_util::future::join3(
        change(&mut one, &present, &first),
        change(&mut two, &present, &second),
        let_go,
    )
    .await;
    let mut statuses = [one.status.as_u16(), two.status.as_u16()];
    statuses.sort_unstable();
    assert_eq!(statuses, [303, 422]);
    assert_eq!(signs_in(&house, &first).await, one.status == 303);
    assert_eq!(signs_in(&house, &second).await, two.status == 303);
}

#[actix_web::test]
async fn whoever_signs_in_with_the_older_password_at_that_moment_is_left_without_a_session() {
    let house = House::open();
    let owner = house.user(OWNER);
    let hash = facts::text(&house, &format!("SELECT password_hash FROM users WHERE id = {}", owner.id));
    let new = session::NewSession {
        user: owner.id,
        password: session::digest(&hash),
        epoch: 0,
        state: serde_json::json!({}),
        address: ClientAddress::Unknown,
        client: "late".to_owned(),
    };
    let save = || db::in_one(&mut house.conn(), |conn| session::save(conn, "a key", &new, START)).unwrap();
    let set = password::hash(&new_password(), password::Cost::CHEAP).unwrap();
    db::in_one(&mut house.conn(), |conn| owner.set_password(conn, &set, &house.command_line())).unwrap();
    assert!(!save());
    facts::change(&house, &format!("UPDATE users SET password_hash = '{hash}' WHERE id = {}", owner.id));
    assert!(!save(), "every session was ended since it began");
    facts::change(&house, &format!("UPDATE users SET deactivated_at = created_at WHERE id = {}", owner.id));
    assert!(!save());
    assert_eq!(facts::sessions(&house), 0);
    facts::change(
        &house,
        &format!("UPDATE users SET deactivated_at = NULL, epoch = 0 WHERE id = {}", owner.id),
    );
    assert!(save());
    assert_eq!(facts::sessions(&house), 1);
}
