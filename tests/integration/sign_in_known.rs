//! A browser that has signed in as somebody before has an allowance of its own.

use super::facts;
use crate::support::client::{Browser, read};
use crate::support::{House, MEMBER, OWNER, ledger};
use tokenhouse::models::password;

fn wrong() -> String {
    let wrong = password::random().unwrap();
    ledger::put_down(&wrong);
    wrong
}

async fn attempt(browser: &mut Browser, email: &str, password: &str) -> u16 {
    let answer = browser.post("/sign-in", &[("email", email), ("password", password)]).await;
    answer.status.as_u16()
}

/// A browser in which this person signed in once, and out again.
async fn known(house: &House, email: &str) -> Browser {
    let mut browser = house.signed_in(email).await;
    browser.post("/sign-out", &[]).await;
    browser.get("/sign-in").await;
    browser
}

async fn stranger(house: &House) -> Browser {
    let mut browser = house.anybody();
    browser.get("/sign-in").await;
    browser
}

/// The form token of a sign-in page, and its cookie.
async fn forger_page(house: &House) -> (String, String) {
    let page = read(house.anybody().request("GET", "/sign-in")).await;
    let cookie = page.cookie("tokenhouse-form").split(';').next().unwrap().to_owned();
    (page.value_of("csrf"), cookie)
}

/// Burns the allowance of this person from this network, and of the network itself.
async fn burn(house: &House, email: &str) {
    let mut stranger = stranger(house).await;
    for _ in 0..10 {
        assert_eq!(attempt(&mut stranger, email, &wrong()).await, 401);
    }
    assert_eq!(attempt(&mut stranger, email, &ledger::password()).await, 429);
    facts::change(house, "UPDATE throttles SET count = 100");
}

#[actix_web::test]
async fn a_stranger_in_the_same_network_locks_out_nobody_whose_browser_is_known() {
    let house = House::open();
    let mut owner = known(&house, OWNER).await;
    burn(&house, OWNER).await;
    assert_eq!(attempt(&mut stranger(&house).await, MEMBER, &ledger::password()).await, 429);
    assert_eq!(attempt(&mut owner, OWNER, &ledger::password()).await, 303);
    assert_eq!(facts::sessions(&house), 1);
}

#[actix_web::test]
async fn its_own_allowance_ends_after_ten_and_takes_nothing_from_anybody_else() {
    let house = House::open();
    let mut owner = known(&house, OWNER).await;
    for attempts in 1..=10 {
        assert_eq!(attempt(&mut owner, OWNER, &wrong()).await, 401, "attempt {attempts}");
    }
    assert_eq!(attempt(&mut owner, OWNER, &ledger::password()).await, 429);
    // Of the network nothing was taken, neither for this person nor for the rest.
    assert_eq!(facts::number(&house, "SELECT count(*) FROM throttles"), 2);
    assert_eq!(attempt(&mut stranger(&house).await, OWNER, &ledger::password()).await, 303);
    house.clock.advance(time::Duration::minutes(15));
    assert_eq!(attempt(&mut owner, OWNER, &ledger::password()).await, 303);
}

#[actix_web::test]
async fn it_is_known_only_as_those_who_signed_in_there_and_a_forged_cookie_as_nobody() {
    let house = House::open();
    let mut member = known(&house, MEMBER).await;
    burn(&house, OWNER).await;
    assert_eq!(attempt(&mut member, OWNER, &ledger::password()).await, 429, "another person");
    let password = ledger::password();
    let form = [("email", OWNER), ("password", &password)];
    let part = "0123456789abcdef0123456789abcdef";
    for forged in [format!("{part}.{part}"), part.to_owned(), String::new()] {
        let (form_page, anybody) = (forger_page(&house).await, house.anybody());
        let cookies = format!("{}; tokenhouse-known={forged}", form_page.1);
        let fields = [("csrf", form_page.0.as_str()), form[0], form[1]];
        let request = anybody.request("POST", "/sign-in").header("origin", house.url("")).form(&fields);
        assert_eq!(read(request.header("cookie", cookies)).await.status, 429, "{forged}");
    }
    assert_eq!(attempt(&mut member, MEMBER, &ledger::password()).await, 303);
}

#[actix_web::test]
async fn several_people_share_a_browser_and_a_new_password_makes_it_unknown() {
    let house = House::open();
    let mut shared = known(&house, OWNER).await;
    assert_eq!(attempt(&mut shared, MEMBER, &ledger::password()).await, 303);
    shared.get("/accounts").await;
    shared.post("/sign-out", &[]).await;
    shared.get("/sign-in").await;
    // Of this person, and of the network for everybody.
    burn(&house, OWNER).await;
    let hash = password::hash(&ledger::password(), password::Cost::CHEAP).unwrap();
    let user = house.user(MEMBER);
    user.set_password(&mut house.conn(), &hash, &house.command_line()).unwrap();
    assert_eq!(attempt(&mut shared, MEMBER, &ledger::password()).await, 429, "the same words, set anew");
    assert_eq!(attempt(&mut shared, OWNER, &ledger::password()).await, 303);
}

#[actix_web::test]
async fn the_cookie_lasts_a_year_names_nobody_and_opens_nothing() {
    let house = House::open();
    let mut browser = stranger(&house).await;
    let refused = browser.post("/sign-in", &[("email", OWNER), ("password", &wrong())]).await;
    assert_eq!(refused.cookie("tokenhouse-known"), "");
    let answer = browser.post("/sign-in", &[("email", OWNER), ("password", &ledger::password())]).await;
    let cookie = answer.cookie("tokenhouse-known");
    for part in ["HttpOnly", "SameSite=Lax", "Path=/", "Max-Age=31536000"] {
        assert!(cookie.contains(part), "{cookie}");
    }
    assert!(!cookie.contains("owner"), "{cookie}");
    let alone =
        house.anybody().request("GET", "/accounts").header("cookie", cookie.split(';').next().unwrap());
    assert_eq!(read(alone).await.status, 303);
}
