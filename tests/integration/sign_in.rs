//! Signing in and out.

use super::facts;
use crate::support::client::{Answer, Browser, read};
use crate::support::{House, MEMBER, OWNER, START, STRANGER, database, ledger, public};
use time::Duration;
use tokenhouse::clock::Clock;
use tokenhouse::models::password::{self, Cost};

#[actix_web::test]
async fn a_wrong_password_and_an_unknown_address_get_the_same_answer_and_no_session() {
    let house = House::open();
    let mut browser = house.anybody();
    browser.get("/sign-in").await;
    assert_eq!(facts::sessions(&house), 0);
    let wrong = wrong_password();
    let known = attempt(&mut browser, OWNER, &wrong).await;
    let unknown = attempt(&mut browser, "nobody@example.com", &ledger::password()).await;
    let too_long = attempt(&mut browser, OWNER, &"x".repeat(100_000)).await;
    for answer in [&known, &unknown, &too_long] {
        assert_eq!(answer.status, 401);
        assert!(answer.text().contains("Incorrect email or password."), "{}", answer.text());
        assert_eq!(answer.text(), known.text());
        assert_eq!(answer.value_of("password"), "");
    }
    assert_eq!(unknown.value_of("email"), "nobody@example.com");
    assert_eq!(facts::sessions(&house), 0);
    let right = attempt(&mut browser, " Owner@Example.COM ", &ledger::password()).await;
    assert_eq!((right.status.as_u16(), right.location()), (303, "/"));
    assert_eq!(facts::sessions(&house), 1);
}

#[actix_web::test]
async fn a_form_cookie_that_holds_what_another_cookie_of_ours_does_counts_as_none() {
    let house = House::open();
    let mut browser = house.anybody();
    browser.get("/sign-in").await;
    let known = attempt(&mut browser, OWNER, &ledger::password()).await.cookie("tokenhouse-known").to_owned();
    let value = known.split_once('=').unwrap().1.split(';').next().unwrap();
    let other = house.anybody();
    let page =
        read(other.request("GET", "/sign-in").header("cookie", format!("tokenhouse-form={value}"))).await;
    assert!(page.cookie("tokenhouse-form").starts_with("tokenhouse-form="), "a new one");
    assert!(!page.value_of("csrf").is_empty());
}

#[actix_web::test]
async fn a_password_is_hashed_again_at_the_first_sign_in_after_the_cost_was_raised() {
    let cost = Cost { memory_kib: 128, passes: 2 };
    let house = House::with(|config| config.password_cost = cost);
    let hash = || facts::text(&house, "SELECT password_hash FROM users WHERE email = 'owner@example.com'");
    let cheap = hash();
    let mut early = house.anybody();
    early.get("/sign-in").await;
    assert_eq!(attempt(&mut early, OWNER, &wrong_password()).await.status, 401);
    assert_eq!(hash(), cheap, "a wrong password changes nothing");
    assert_eq!(attempt(&mut early, OWNER, &ledger::password()).await.status, 303);
    let raised = hash();
    assert!(raised.contains("m=128,t=2,p=1"), "{raised}");
    assert_eq!(early.get("/user").await.status, 200);
    house.signed_in(OWNER).await;
    assert_eq!(hash(), raised, "once");
    assert_eq!(early.get("/user").await.status, 200, "sessions stay");
}

#[actix_web::test]
async fn whoever_signs_in_goes_on_to_the_page_first_asked_for() {
    let house = House::open();
    let acme = house.account("Acme");
    let mut browser = house.anybody();
    let wanted = format!("/accounts/{acme}/tokens?done=renamed&x=%26");
    let sent = browser.get(&wanted).await;
    assert_eq!(sent.status, 303);
    let form = browser.get(sent.location()).await;
    assert_eq!(form.value_of("next"), wanted);
    let fields = [("email", OWNER), ("password", &ledger::password()), ("next", &form.value_of("next"))];
    let answer = browser.post("/sign-in", &fields).await;
    assert_eq!((answer.status.as_u16(), answer.location()), (303, wanted.as_str()));
    assert_eq!(browser.get(&wanted).await.status, 200);
    assert_eq!(facts::sessions(&house), 1);
}

#[actix_web::test]
async fn nobody_is_sent_on_to_a_foreign_place() {
    let house = House::open();
    for next in
        ["//evil.example", "/\\evil.example", "https:evil", "https://evil.example", "/\t/evil", "evil", ""]
    {
        let mut browser = house.anybody();
        browser.get("/sign-in").await;
        let fields = [("email", OWNER), ("password", &ledger::password()), ("next", next)];
        let answer = browser.post("/sign-in", &fields).await;
        assert_eq!((answer.status.as_u16(), answer.location()), (303, "/"), "{next:?}");
        let query = form_urlencoded::Serializer::new(String::new()).append_pair("next", next).finish();
        let answer = browser.get(&format!("/sign-in?{query}")).await;
        assert_eq!((answer.status.as_u16(), answer.location()), (303, "/"), "{next:?}, signed in");
    }
    assert_eq!(facts::sessions(&house), 7);
}

#[actix_web::test]
async fn ten_wrong_tries_close_the_door_for_one_person_from_one_network_known_or_not() {
    let house = House::with(|config| config.trusted_proxies = vec!["127.0.0.0/8".parse().unwrap()]);
    let mut browser = house.anybody();
    browser.get("/sign-in").await;
    for email in [OWNER, "nobody@example.com"] {
        for attempt in 1..=10 {
            let answer = from(&browser, "192.0.2.1", email, &wrong_password()).await;
            assert_eq!(answer.status, 401, "attempt {attempt} for {email}");
        }
        let answer = from(&browser, "192.0.2.1", email, &ledger::password()).await;
        assert_eq!((answer.status.as_u16(), answer.header("retry-after")), (429, "900"), "{email}");
        let said = "Too many attempts from here. Wait 15 min, then try again.";
        assert!(answer.text().contains(said), "{}", answer.text());
        assert_eq!(answer.value_of("email"), email);
    }
    assert_eq!(facts::sessions(&house), 0);
    assert_eq!(from(&browser, "192.0.2.1", MEMBER, &ledger::password()).await.status, 303, "another person");
    assert_eq!(from(&browser, "192.0.2.2", OWNER, &ledger::password()).await.status, 303, "another network");
    house.clock.advance(Duration::minutes(15));
    assert_eq!(from(&browser, "192.0.2.1", OWNER, &ledger::password()).await.status, 303, "later");
    // It is one browser: each sign-in ends the session before.
    assert_eq!(facts::sessions(&house), 1);
}

#[actix_web::test]
async fn a_letter_that_the_database_would_fold_finds_nobody() {
    // Postgres folds İ to i, the program does not: both spellings would have ten tries each.
    let house = House::open();
    let mut browser = house.anybody();
    browser.get("/sign-in").await;
    facts::change(&house, "UPDATE users SET email = 'rita@example.com' WHERE email = 'reader@example.com'");
    let password = ledger::password();
    let answer = browser.post("/sign-in", &[("email", "rİta@example.com"), ("password", &password)]).await;
    assert_eq!((answer.status.as_u16(), facts::sessions(&house)), (401, 0));
}

#[actix_web::test]
async fn a_claimed_address_opens_no_closed_door_without_a_trusted_proxy() {
    let house = House::open();
    let mut browser = house.anybody();
    browser.get("/sign-in").await;
    for attempt in 1..=10 {
        let answer = from(&browser, &format!("192.0.2.{attempt}"), OWNER, &wrong_password()).await;
        assert_eq!(answer.status, 401);
    }
    assert_eq!(from(&browser, "192.0.2.99", OWNER, &ledger::password()).await.status, 429);
    assert_eq!(facts::sessions(&house), 0);
}

#[actix_web::test]
async fn a_hundred_tries_close_the_door_for_a_network_whoever_they_are_for() {
    let house = House::open();
    let mut browser = house.anybody();
    browser.get("/sign-in").await;
    facts::change(&house, "DELETE FROM throttles");
    attempt(&mut browser, "nobody@example.com", &wrong_password()).await;
    facts::change(&house, "UPDATE throttles SET count = 100 WHERE count = 1");
    let answer = attempt(&mut browser, STRANGER, &ledger::password()).await;
    assert_eq!((answer.status.as_u16(), answer.header("retry-after")), (429, "900"));
    assert_eq!(facts::sessions(&house), 0);
}

#[actix_web::test]
async fn signing_in_makes_a_new_session_and_ends_the_one_before() {
    let house = House::open();
    let mut browser = house.anybody();
    browser.get("/sign-in").await;
    let fields = [("email", OWNER), ("password", &ledger::password())];
    let first = cookie(&read(browser.form("/sign-in", &fields)).await);
    let second = cookie(&read(browser.form("/sign-in", &fields)).await);
    assert_ne!(first, second);
    assert_eq!(with_cookie(&house, &first).await, 303, "the older one is dead");
    assert_eq!(with_cookie(&house, &second).await, 200);
    assert_eq!(with_cookie(&house, "tokenhouse=planted").await, 303);
    assert_eq!(facts::sessions(&house), 1);
}

#[actix_web::test]
async fn signing_out_ends_the_session_on_the_server() {
    let house = House::open();
    let mut browser = house.anybody();
    browser.get("/sign-in").await;
    let answer = attempt(&mut browser, OWNER, &ledger::password()).await;
    let cookie = cookie(&answer);
    browser.get("/accounts").await;
    let answer = browser.post("/sign-out", &[]).await;
    assert_eq!((answer.status.as_u16(), answer.location()), (303, "/sign-in"));
    assert_eq!(answer.header("clear-site-data"), "\"cache\", \"storage\"");
    assert_eq!(with_cookie(&house, &cookie).await, 303);
    assert_eq!(facts::sessions(&house), 0);
}

#[actix_web::test]
async fn a_deactivated_person_is_out_at_the_next_request_and_cannot_come_back() {
    let house = House::open();
    let mut browser = house.signed_in(MEMBER).await;
    assert_eq!(browser.get("/accounts").await.status, 200);
    house.user(MEMBER).deactivate(&mut house.conn(), &house.command_line()).unwrap();
    let answer = browser.get("/accounts").await;
    assert_eq!((answer.status.as_u16(), answer.location()), (303, "/sign-in?next=%2Faccounts"));
    browser.get("/sign-in").await;
    let answer = attempt(&mut browser, MEMBER, &ledger::password()).await;
    assert_eq!(answer.status, 401);
    assert!(answer.text().contains("Incorrect email or password."));
    let of_member = format!("SELECT count(*) FROM sessions WHERE user_id = {}", house.user(MEMBER).id);
    assert_eq!(facts::number(&house, &of_member), 0);
}

#[actix_web::test]
async fn an_empty_server_says_how_to_make_the_first_person() {
    let empty = database::empty();
    // One that migrates it by itself.
    let house = House::at(database::url(&empty), empty, Clock::fixed(START), |_| {});
    let answer = house.anybody().get("/sign-in").await;
    assert_eq!(answer.status, 200);
    assert!(answer.text().contains("Nobody can sign in here yet."), "{}", answer.text());
    let line = "tokenhouse user create --email you@example.com --name \"Your Name\"";
    assert_eq!(answer.all("pre code"), [line]);
    assert_eq!(facts::number(&house, "SELECT count(*) FROM users"), 0);
    let full = House::open().anybody().get("/sign-in").await;
    assert!(full.all("pre code").is_empty());
}

#[actix_web::test]
async fn cookies_are_for_this_site_and_for_no_script() {
    let house = House::open();
    let mut browser = house.anybody();
    let form = browser.get("/sign-in").await;
    let answer = attempt(&mut browser, OWNER, &ledger::password()).await;
    for (answer, name) in [(&form, "tokenhouse-form"), (&answer, "tokenhouse")] {
        let set = answer.cookie(name);
        assert_eq!(flags(set), ["HttpOnly", "Path=/", "SameSite=Lax"]);
        assert_eq!(answer.header("strict-transport-security"), "");
    }
    assert_eq!(facts::sessions(&house), 1);
}

#[actix_web::test]
async fn over_tls_cookies_are_bound_to_the_host_and_browsers_keep_to_tls() {
    let house = House::with(|config| config.public = public("https://tokens.example.com"));
    let mut browser = house.anybody();
    let form = browser.get("/sign-in").await;
    let kept = form.header("set-cookie").split(';').next().unwrap().to_owned();
    let fields =
        [("csrf", form.value_of("csrf")), ("email", OWNER.to_owned()), ("password", ledger::password())];
    let post = |origin: String| {
        house
            .anybody()
            .request("POST", "/sign-in")
            .header("origin", origin)
            .header("cookie", &kept)
            .form(&fields)
    };
    // Neither the address that it listens on nor the `Host` header is the public address.
    assert_eq!(read(post(house.url(""))).await.status, 403);
    assert_eq!(facts::sessions(&house), 0);
    let answer = read(post("https://tokens.example.com".to_owned())).await;
    assert_eq!(answer.status, 303);
    for (answer, name) in [(&form, "__Host-tokenhouse-form"), (&answer, "__Host-tokenhouse")] {
        let set = answer.cookie(name);
        assert_eq!(flags(set), ["HttpOnly", "Path=/", "SameSite=Lax", "Secure"]);
        assert!(answer.header("strict-transport-security").starts_with("max-age=63072000"));
    }
    let known = flags(answer.cookie("__Host-tokenhouse-known"));
    assert_eq!(known, ["HttpOnly", "Max-Age=31536000", "Path=/", "SameSite=Lax", "Secure"]);
    let session = answer.cookie("__Host-tokenhouse").split(';').next().unwrap();
    assert_eq!(with_cookie(&house, session).await, 200);
    assert_eq!(facts::sessions(&house), 1);
}

async fn attempt(browser: &mut Browser, email: &str, password: &str) -> Answer {
    browser.post("/sign-in", &[("email", email), ("password", password)]).await
}

async fn from(browser: &Browser, address: &str, email: &str, password: &str) -> Answer {
    let form = browser.form("/sign-in", &[("email", email), ("password", password)]);
    read(form.header("x-forwarded-for", address)).await
}

async fn with_cookie(house: &House, cookie: &str) -> u16 {
    read(house.anybody().request("GET", "/accounts").header("cookie", cookie)).await.status.as_u16()
}

fn cookie(answer: &Answer) -> String {
    answer.cookie("tokenhouse").split(';').next().unwrap().to_owned()
}

fn flags(set: &str) -> Vec<&str> {
    let mut flags: Vec<&str> = set.split("; ").skip(1).collect();
    flags.sort_unstable();
    flags
}

fn wrong_password() -> String {
    let wrong = password::random().unwrap();
    ledger::put_down(&wrong);
    wrong
}
