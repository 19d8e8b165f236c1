//! Where somebody is signed in: seen, and ended.

use super::facts;
use crate::support::client::{Browser, read};
use crate::support::{House, MEMBER, OWNER, ledger};
use time::Duration;

const FIREFOX: &str = "Mozilla/5.0 (X11; Linux x86_64; rv:132.0) Gecko/20100101 Firefox/132.0";
const PAGE: &str = "/user/security";

/// Signs in from somewhere with something; the cookie of the session.
async fn signed_in_from(house: &House, email: &str, address: &str, client: &str) -> String {
    let mut browser = house.anybody();
    browser.get("/sign-in").await;
    let form = browser.form("/sign-in", &[("email", email), ("password", &ledger::password())]);
    let answer = read(form.header("x-forwarded-for", address).header("user-agent", client)).await;
    assert_eq!(answer.status, 303);
    answer.cookie("tokenhouse").split(';').next().unwrap().to_owned()
}

async fn works(house: &House, cookie: &str) -> bool {
    read(house.anybody().request("GET", "/accounts").header("cookie", cookie)).await.status == 200
}

fn behind_a_proxy() -> House {
    House::with(|config| config.trusted_proxies = vec!["127.0.0.0/8".parse().unwrap()])
}

fn id(house: &House, client: &str) -> i64 {
    facts::number(house, &format!("SELECT id FROM sessions WHERE client = '{client}'"))
}

async fn end(browser: &mut Browser, id: i64) -> (u16, String) {
    let answer = browser.post(&format!("/user/sessions/{id}/end"), &[]).await;
    (answer.status.as_u16(), answer.location().to_owned())
}

#[actix_web::test]
async fn the_page_says_where_with_what_since_when_and_which_is_this_one() {
    let house = behind_a_proxy();
    let elsewhere = signed_in_from(&house, OWNER, "192.0.2.7", FIREFOX).await;
    signed_in_from(&house, MEMBER, "192.0.2.9", "curl/8.9").await;
    house.clock.advance(Duration::hours(2));
    assert!(works(&house, &elsewhere).await);
    house.clock.advance(Duration::minutes(5));
    let mut owner = house.signed_in(OWNER).await;
    let page = owner.get(PAGE).await;
    assert_eq!((page.status.as_u16(), page.header("cache-control")), (200, "no-store"));
    assert_eq!(
        page.all("tbody tr"),
        [
            "Something that does not say what it is This one Address 127.0.0.1 Signed in just now Last seen just now",
            "Firefox on Linux Address 192.0.2.7 Signed in 2 hours ago Last seen 5 minutes ago End Firefox on Linux at 192.0.2.7",
        ]
    );
    assert_eq!(page.all("nav.section a"), ["Profile", "Security", "Tokens", "Activity"]);
    house.clock.advance(Duration::hours(12) - Duration::minutes(1));
    assert_eq!(owner.get(PAGE).await.all("tbody tr").len(), 1, "what has ended by itself is not shown");
}

#[actix_web::test]
async fn one_session_is_ended_and_the_others_go_on() {
    let house = behind_a_proxy();
    let one = signed_in_from(&house, OWNER, "192.0.2.7", "one").await;
    let two = signed_in_from(&house, OWNER, "192.0.2.8", "two").await;
    let mut owner = house.signed_in(OWNER).await;
    let ended = end(&mut owner, id(&house, "one")).await;
    assert_eq!(ended, (303, format!("{PAGE}?done=session")));
    assert_eq!((works(&house, &one).await, works(&house, &two).await), (false, true));
    assert_eq!(owner.get(&ended.1).await.all("[data-flash]"), ["Session ended. That browser is signed out."]);
    let line =
        "concat_ws(' ', actor_name, object_name, before->>'address', before->>'client', after, address)";
    let lines = facts::texts(&house, line, "audit_events WHERE action = 'user.session_ended'");
    assert_eq!(lines, ["owner@example.com owner@example.com 192.0.2.7 one 127.0.0.1"]);
}

#[actix_web::test]
async fn sessions_of_other_people_are_not_there() {
    let house = behind_a_proxy();
    let of_member = signed_in_from(&house, MEMBER, "192.0.2.7", "theirs").await;
    let mut owner = house.signed_in(OWNER).await;
    let theirs = id(&house, "theirs");
    for other in [theirs.to_string(), "0".to_owned(), "99999999999999999999".to_owned(), "x".to_owned()] {
        let answer = owner.post(&format!("/user/sessions/{other}/end"), &[]).await;
        assert_eq!((answer.status.as_u16(), answer.heading().as_str()), (404, "Nothing here"), "{other}");
    }
    assert!(!owner.get(PAGE).await.text().contains("192.0.2.7"));
    assert_eq!(owner.post("/user/sessions/end-others", &[]).await.location(), format!("{PAGE}?done=alone"));
    assert!(works(&house, &of_member).await);
    assert_eq!(facts::count(&house, "audit_events WHERE action LIKE 'user.session%'"), 0);
}

#[actix_web::test]
async fn all_others_are_ended_with_one_line_of_the_record() {
    let house = behind_a_proxy();
    let of_member = signed_in_from(&house, MEMBER, "192.0.2.7", "theirs").await;
    let one = signed_in_from(&house, OWNER, "192.0.2.7", "one").await;
    let two = signed_in_from(&house, OWNER, "192.0.2.8", "two").await;
    let mut owner = house.signed_in(OWNER).await;
    let answer = owner.post("/user/sessions/end-others", &[]).await;
    assert_eq!(answer.location(), format!("{PAGE}?done=sessions"));
    assert_eq!((works(&house, &one).await, works(&house, &two).await), (false, false));
    assert!(works(&house, &of_member).await && owner.get(PAGE).await.status == 200);
    let lines = facts::texts(&house, "after", "audit_events WHERE action = 'user.sessions_ended'");
    assert_eq!(lines, ["{\"sessions\": 2}"]);
}

#[actix_web::test]
async fn whoever_ends_the_session_of_this_browser_is_signed_out() {
    let house = House::open();
    let mut owner = house.signed_in(OWNER).await;
    let own = facts::number(&house, "SELECT id FROM sessions");
    assert_eq!(end(&mut owner, own).await, (303, "/sign-in".to_owned()));
    assert_eq!((facts::sessions(&house), owner.get(PAGE).await.status.as_u16()), (0, 303));
}

#[actix_web::test]
async fn a_sign_in_stands_in_ones_activity_with_its_browser_in_words() {
    let house = behind_a_proxy();
    let cookie = signed_in_from(&house, OWNER, "192.0.2.7", FIREFOX).await;
    house.app.buffers.sign_ins.flush(&house.app.db, house.clock.now()).await.unwrap();
    let page = read(house.anybody().request("GET", "/user/activity").header("cookie", cookie.as_str())).await;
    let said = page.all(".activity > li");
    assert!(said.iter().any(|line| line.contains("from 192.0.2.7 (Firefox on Linux)")), "{said:?}");
}
