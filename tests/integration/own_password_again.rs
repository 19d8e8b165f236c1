//! The password again: before a token is made or rolled and before a role is raised, when the last
//! time is over 15 minutes ago; and never before something ends.

use super::facts;
use crate::support::client::{Answer, Browser, read};
use crate::support::{ADMIN, House, MEMBER, OWNER, READER, ledger};
use time::Duration;
use tokenhouse::models::password;

const LATER: Duration = Duration::seconds(15 * 60 + 1);

/// The fields that the page keeps, and where it posts them.
fn kept(answer: &Answer) -> (String, Vec<(String, String)>) {
    assert_eq!(answer.heading(), "Your password, please", "{}", answer.text());
    let action = answer.attributes("main form", "action").remove(0);
    (action, answer.filled("main form"))
}

/// Says the password on the page that asks for it.
async fn say(browser: &mut Browser, asked: &Answer, password: &str) -> Answer {
    let (action, fields) = kept(asked);
    let fields: Vec<(&str, &str)> = fields
        .iter()
        .filter(|(name, _)| name != "csrf" && name != "password_again")
        .map(|(name, value)| (name.as_str(), value.as_str()))
        .chain([("password_again", password)])
        .collect();
    browser.post(&action, &fields).await
}

fn wrong() -> String {
    let wrong = password::random().unwrap();
    ledger::put_down(&wrong);
    wrong
}

fn full<'a>(nonce: &'a str, pressed: &'a str) -> [(&'a str, &'a str); 5] {
    [("nonce", nonce), ("name", "Dep & \"loy\""), ("reach", "everything"), ("expires", "30"), ("do", pressed)]
}

#[actix_web::test]
async fn a_new_token_asks_after_fifteen_minutes_and_keeps_what_was_entered() {
    let house = House::open();
    let acme = house.account("Acme");
    let mut owner = house.signed_in(OWNER).await;
    house.clock.advance(Duration::minutes(15));
    owner.make_full_token(acme, "Within the time").await;
    house.clock.advance(Duration::seconds(1));
    let list = format!("/accounts/{acme}/tokens");
    for (path, button) in [(list.clone(), "review"), (format!("{list}/build"), "summary")] {
        let nonce = owner.new_form(acme).await;
        let looked = owner.post(&path, &full(&nonce, button)).await;
        assert_eq!(looked.status, 200, "{button} does not ask: {}", looked.text());
        let before = facts::live_tokens(&house);
        let asked = owner.post(&path, &full(&nonce, "generate")).await;
        assert_eq!((asked.status.as_u16(), facts::live_tokens(&house)), (403, before));
        assert!(asked.text().contains("signed in as owner@example.com"), "{}", asked.text());
        assert_eq!(asked.header("cache-control"), "no-store");
        let (action, fields) = kept(&asked);
        assert_eq!(action, path);
        let of = |name: &str| fields.iter().find(|(known, _)| known == name).map(|(_, value)| value.as_str());
        assert_eq!((of("nonce"), of("name")), (Some(nonce.as_str()), Some("Dep & \"loy\"")));
        assert_eq!((of("expires"), of("do"), of("password_again")), (Some("30"), Some("generate"), Some("")));
        let made = say(&mut owner, &asked, &ledger::password()).await;
        assert_eq!((made.status.as_u16(), facts::live_tokens(&house)), (200, before + 1), "{}", made.text());
        assert!(!made.secret().is_empty());
        // The same form once more, as a reload sends it.
        let again = say(&mut owner, &asked, &ledger::password()).await;
        assert_eq!((again.status.as_u16(), facts::live_tokens(&house)), (303, before + 1));
        assert!(again.location().ends_with("?repeated=1"));
        house.clock.advance(LATER);
    }
}

#[actix_web::test]
async fn once_said_it_holds_for_fifteen_minutes_in_this_session_only() {
    let house = House::open();
    let acme = house.account("Acme");
    let (mut one, mut other) = (house.signed_in(OWNER).await, house.signed_in(OWNER).await);
    house.clock.advance(LATER);
    let path = format!("/accounts/{acme}/tokens");
    let nonce = one.new_form(acme).await;
    let asked = one.post(&path, &full(&nonce, "generate")).await;
    assert_eq!(say(&mut one, &asked, &ledger::password()).await.status, 200);
    house.clock.advance(Duration::minutes(15));
    one.make_full_token(acme, "Second").await;
    let nonce = other.new_form(acme).await;
    assert_eq!(other.post(&path, &full(&nonce, "generate")).await.status, 403);
    assert_eq!(facts::live_tokens(&house), 2);
    assert_eq!(
        facts::texts(&house, "password_at - created_at", "sessions ORDER BY id"),
        ["00:15:01", "00:00:00"]
    );
}

#[actix_web::test]
async fn rolling_asks_and_raising_a_role_asks() {
    let house = House::open();
    let acme = house.account("Acme");
    let mut owner = house.signed_in(OWNER).await;
    let (token, _) = owner.make_full_token(acme, "Deploy").await;
    let page = format!("/accounts/{acme}/tokens/{token}/roll");
    house.clock.advance(LATER);
    let form = owner.get(&page).await;
    assert_eq!(form.status, 200);
    let (nonce, shown) = (form.value_of("nonce"), form.value_of("shown"));
    let fields = [("nonce", nonce.as_str()), ("shown", &shown), ("overlap", "day")];
    let asked = owner.post(&page, &fields).await;
    assert_eq!((asked.status.as_u16(), facts::count(&house, "token_secrets")), (403, 1));
    let rolled = say(&mut owner, &asked, &ledger::password()).await;
    assert_eq!((rolled.status.as_u16(), facts::count(&house, "token_secrets")), (200, 2));
    house.clock.advance(LATER);
    let member = house.user(MEMBER).id;
    let role = format!("/accounts/{acme}/members/{member}/role");
    let of_member = format!("SELECT role FROM memberships WHERE account_id = {acme} AND user_id = {member}");
    let asked = owner.post(&role, &[("role", "admin")]).await;
    assert_eq!((asked.status.as_u16(), facts::text(&house, &of_member).as_str()), (403, "read_write"));
    assert_eq!(say(&mut owner, &asked, &ledger::password()).await.status, 303);
    assert_eq!(facts::text(&house, &of_member), "admin");
}

#[actix_web::test]
async fn nothing_that_makes_somebody_safer_asks() {
    let house = House::open();
    let acme = house.account("Acme");
    let mut owner = house.signed_in(OWNER).await;
    let (one, _) = owner.make_full_token(acme, "One").await;
    let (two, _) = owner.make_full_token(acme, "Two").await;
    owner.make_full_token(acme, "Three").await;
    house.clock.advance(LATER);
    let (tokens, members) = (format!("/accounts/{acme}/tokens"), format!("/accounts/{acme}/members"));
    let lowered = format!("{members}/{}/role", house.user(ADMIN).id);
    for (path, fields) in [
        (format!("{tokens}/{one}/disable"), vec![]),
        (format!("{tokens}/{one}/delete"), vec![]),
        (format!("{tokens}/{two}/rename"), vec![("name", "Other")]),
        (format!("{tokens}/{two}/roll/finish"), vec![]),
        (format!("{tokens}/revoke"), vec![]),
        (lowered, vec![("role", "read_write")]),
        (format!("{members}/{}/remove", house.user(READER).id), vec![]),
    ] {
        let answer = owner.post(&path, &fields).await;
        assert_eq!(answer.status, 303, "{path}: {}", answer.text());
    }
    assert_eq!(facts::live_tokens(&house), 0);
    assert_eq!(facts::count(&house, &format!("memberships WHERE account_id = {acme}")), 3);
}

#[actix_web::test]
async fn a_wrong_one_is_said_beside_the_field_and_ten_close_the_door() {
    let house = House::open();
    let acme = house.account("Acme");
    let mut owner = house.signed_in(OWNER).await;
    house.clock.advance(LATER);
    let nonce = owner.new_form(acme).await;
    let mut asked = owner.post(&format!("/accounts/{acme}/tokens"), &full(&nonce, "generate")).await;
    let typed = wrong();
    asked = say(&mut owner, &asked, "").await;
    assert_eq!(asked.all("#password_again-error"), ["Type your password."]);
    for attempt in 1..=10 {
        asked = say(&mut owner, &asked, &typed).await;
        assert_eq!(asked.status, 403, "attempt {attempt}");
        assert_eq!(asked.all("#password_again-error"), ["This is not your password."]);
        assert!(!asked.body.contains(&typed), "it is not sent back");
    }
    asked = say(&mut owner, &asked, &ledger::password()).await;
    assert_eq!((asked.status.as_u16(), asked.header("retry-after")), (429, "900"));
    assert_eq!(
        asked.all("#password_again-error"),
        ["Too many attempts from here. Wait 15 min, then try again."]
    );
    assert_eq!(facts::live_tokens(&house), 0);
    house.clock.advance(Duration::minutes(15));
    assert_eq!(say(&mut owner, &asked, &ledger::password()).await.status, 200, "and nothing was lost");
}

#[actix_web::test]
async fn whose_session_was_ended_meanwhile_is_signed_out_and_loses_nothing() {
    let house = House::open();
    let acme = house.account("Acme");
    let mut owner = house.signed_in(OWNER).await;
    house.clock.advance(LATER);
    let nonce = owner.new_form(acme).await;
    let asked = owner.post(&format!("/accounts/{acme}/tokens"), &full(&nonce, "generate")).await;
    facts::change(&house, "DELETE FROM sessions");
    let out = say(&mut owner, &asked, &ledger::password()).await;
    assert_eq!((out.status.as_u16(), out.heading().as_str()), (401, "You are signed out"));
    assert_eq!((out.value_of("nonce"), out.value_of("password_again")), (nonce, String::new()));
    assert!(!out.body.contains(&ledger::password()));
    assert_eq!((facts::sessions(&house), facts::live_tokens(&house)), (0, 0));
}

#[actix_web::test]
async fn a_form_without_its_token_is_stale_before_anybody_asks_for_a_password() {
    let house = House::open();
    let acme = house.account("Acme");
    let mut owner = house.signed_in(OWNER).await;
    let (token, _) = owner.make_full_token(acme, "Deploy").await;
    house.clock.advance(LATER);
    for path in [format!("/accounts/{acme}/tokens"), format!("/accounts/{acme}/tokens/{token}/roll")] {
        let fields = [("do", "generate"), ("password_again", &ledger::password())];
        let request = owner.request("POST", &path).header("origin", house.url("")).form(&fields);
        let answer = read(request).await;
        assert!(answer.status == 403 && answer.text().contains("out of date"), "{}", answer.text());
    }
    assert_eq!(facts::text(&house, "SELECT password_at - created_at FROM sessions"), "00:00:00");
}
