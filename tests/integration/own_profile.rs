//! One's own name, and the address of e-mail, which changes when the link that was mailed is opened.

use super::facts;
use crate::support::client::{Answer, Browser, read};
use crate::support::{House, MEMBER, OWNER, database, ledger};
use diesel::connection::SimpleConnection;
use time::Duration;
use tokenhouse::models::{User, password};

const PAGE: &str = "/user";
const NEW: &str = "olive@example.com";

/// The link of the newest mail to somebody, as a path.
pub async fn link(house: &House, to: &str) -> String {
    let mails = house.mails().await;
    // Mail is sent in no promised order, and some of it holds no link.
    let line = mails
        .iter()
        .rev()
        .filter(|(recipient, ..)| recipient == to)
        .find_map(|(.., text)| text.lines().find(|line| line.starts_with("http") && line.len() > 60))
        .unwrap_or_else(|| panic!("{mails:?}"));
    let path = line.strip_prefix(&house.url("")).unwrap().to_owned();
    ledger::put_down(path.rsplit('/').next().unwrap());
    path
}

async fn ask(browser: &mut Browser, email: &str, password: &str) -> Answer {
    browser.get(PAGE).await;
    browser.post("/user/address", &[("email", email), ("password_again", password)]).await
}

async fn press(house: &House, link: &str) -> Answer {
    press_with(house, link, &ledger::password()).await
}

async fn press_with(house: &House, link: &str, password: &str) -> Answer {
    let mut browser = house.anybody();
    // Where the link is over its page has no form.
    browser.get("/forgotten").await;
    browser.get(link).await;
    browser.post(link, &[("password", password)]).await
}

fn lines(house: &House) -> Vec<String> {
    let line = "concat_ws(' ', actor_name, action, before, after)";
    facts::texts(
        house,
        line,
        "audit_events WHERE action LIKE 'user.%' AND at > '2026-11-22 12:00Z' ORDER BY id",
    )
}

#[actix_web::test]
async fn a_name_is_changed_and_notices_are_switched_off_and_on() {
    let house = House::open();
    house.clock.advance(Duration::minutes(1));
    let mut owner = house.signed_in(OWNER).await;
    let page = owner.get(PAGE).await;
    assert_eq!(
        (page.value_of("name").as_str(), page.heading().as_str()),
        ("Olive Owner", "Account Settings")
    );
    assert!(
        page.text().contains("You sign in with owner@example.com , and mail goes there"),
        "{}",
        page.text()
    );
    let answer = owner.post(PAGE, &[("name", " Olive O'Neill ")]).await;
    assert_eq!(answer.location(), "/user?done=profile");
    let page = owner.get(answer.location()).await;
    assert_eq!(page.all("[data-flash]"), ["Saved."]);
    assert!(page.attributes("#notices", "checked").is_empty());
    owner.post(PAGE, &[("name", "Olive O'Neill"), ("notices", "1")]).await;
    assert_eq!(owner.get(PAGE).await.attributes("#notices", "checked").len(), 1);
    assert_eq!(
        lines(&house),
        [
            r#"owner@example.com user.changed {"name": "Olive Owner", "notices": true} {"name": "Olive O'Neill", "notices": false}"#,
            r#"owner@example.com user.changed {"name": "Olive O'Neill", "notices": false} {"name": "Olive O'Neill", "notices": true}"#,
        ]
    );
    for (name, why) in [
        (" ", "Type your name."),
        (&"x".repeat(256), "The name is too long"),
        ("a\u{202e}b", "The name holds"),
    ] {
        let answer = owner.post(PAGE, &[("name", name)]).await;
        assert_eq!(answer.status, 422);
        assert!(answer.all("#name-error")[0].starts_with(why), "{}", answer.text());
        assert_eq!(answer.value_of("name"), name.trim());
    }
    assert_eq!(lines(&house).len(), 2);
}

#[actix_web::test]
async fn another_address_is_the_users_only_once_its_link_was_opened_and_confirmed() {
    let house = House::open();
    house.clock.advance(Duration::minutes(1));
    let mut owner = house.signed_in(OWNER).await;
    let answer = ask(&mut owner, NEW, &ledger::password()).await;
    assert_eq!(answer.location(), "/user?done=link", "{}", answer.text());
    let page = owner.get(PAGE).await.text();
    assert!(page.contains("A link was mailed to olive@example.com ."), "{page}");
    let mut told = house.mails().await;
    told.sort();
    let subjects: Vec<_> = told.iter().map(|(to, subject, _)| format!("{to}: {subject}")).collect();
    assert_eq!(
        subjects,
        ["olive@example.com: Is this your address?", "owner@example.com: Another address was asked for"]
    );
    assert_eq!(house.user(OWNER).email, OWNER);
    // The mail is sent; asking again makes a newer link, and the older one opens nothing.
    let older = told[0].2.lines().find(|line| line.contains("/address/")).unwrap().to_owned();
    let older = older.strip_prefix(&house.url("")).unwrap();
    ledger::put_down(older.rsplit('/').next().unwrap());
    ask(&mut owner, NEW, &ledger::password()).await;
    let link = link(&house, NEW).await;
    assert_eq!(house.anybody().get(older).await.heading(), "This link is over");
    let page = house.anybody().get(&link).await;
    assert_eq!((page.status.as_u16(), page.heading().as_str()), (200, "Is this your address?"));
    assert_eq!((page.header("cache-control"), page.header("referrer-policy")), ("no-store", "strict-origin"));
    assert_eq!(house.user(OWNER).email, OWNER, "to look changes nothing");
    let answer = press(&house, &link).await;
    assert_eq!((answer.status.as_u16(), answer.heading().as_str()), (200, "Your address is another"));
    assert_eq!(house.user(NEW).name, "Olive Owner");
    assert_eq!(owner.get(PAGE).await.status, 200, "sessions go on");
    let told = house.mails().await;
    assert_eq!((told[0].0.as_str(), told[0].1.as_str()), (OWNER, "Your address was changed"));
    assert_eq!(press(&house, &link).await.status, 404, "once");
    house.signed_in(NEW).await;
    assert_eq!(
        lines(&house),
        [
            r#"owner@example.com user.address_asked {"email": "olive@example.com"}"#,
            r#"owner@example.com user.address_asked {"email": "olive@example.com"}"#,
            r#"owner@example.com user.changed {"email": "owner@example.com"} {"email": "olive@example.com"}"#,
        ]
    );
    let stored = format!(
        "SELECT count(*) FROM mails AS m WHERE m::text LIKE '%{}%'",
        link.rsplit('/').next().unwrap()
    );
    assert_eq!(facts::number(&house, &stored), 0, "no link that works is stored");
}

#[actix_web::test]
async fn an_address_of_somebody_else_gets_the_same_answer_and_only_its_owner_is_told() {
    let house = House::open();
    let mut owner = house.signed_in(OWNER).await;
    let said = |answer: &Answer| (answer.status.as_u16(), answer.location().to_owned());
    let free = ask(&mut owner, NEW, &ledger::password()).await;
    let taken = ask(&mut owner, "Member@Example.com", &ledger::password()).await;
    assert_eq!(said(&free), said(&taken));
    let mails = house.mails().await;
    let to_member: Vec<_> = mails.iter().filter(|(to, ..)| to.eq_ignore_ascii_case(MEMBER)).collect();
    assert_eq!(to_member.len(), 1);
    assert!(
        to_member[0].1 == "Somebody gave your address" && !to_member[0].2.contains("owner@"),
        "{mails:?}"
    );
    assert_eq!(facts::count(&house, "user_links WHERE digest IS NOT NULL"), 0);
}

#[actix_web::test]
async fn an_address_that_somebody_took_meanwhile_stays_theirs() {
    let house = House::open();
    let mut owner = house.signed_in(OWNER).await;
    ask(&mut owner, NEW, &ledger::password()).await;
    let link = link(&house, NEW).await;
    house.new_user(NEW, "Olive Other");
    let answer = press(&house, &link).await;
    assert_eq!((answer.status.as_u16(), answer.heading().as_str()), (422, "Nothing was changed"));
    assert_eq!((house.user(OWNER).name, house.user(NEW).name), ("Olive Owner".into(), "Olive Other".into()));
}

#[actix_web::test]
async fn an_address_that_somebody_takes_at_the_same_moment_stays_theirs_too() {
    let house = House::open();
    let mut owner = house.signed_in(OWNER).await;
    ask(&mut owner, NEW, &ledger::password()).await;
    let link = link(&house, NEW).await;
    let mut other = database::connect(&house.database);
    other
        .batch_execute(&format!(
            "BEGIN; INSERT INTO users (email, name, email_verified_at, created_at, updated_at)
             VALUES ('{NEW}', 'Olive Other', '2026-11-22', '2026-11-22', '2026-11-22')"
        ))
        .unwrap();
    let take = async {
        facts::until_so_many_wait(&house, 1).await;
        other.batch_execute("COMMIT").unwrap();
    };
    let (answer, ()) = futures_util::future::join(press(&house, &link), take).await;
    assert_eq!((answer.status.as_u16(), answer.heading().as_str()), (422, "Nothing was changed"));
    assert_eq!((house.user(OWNER).name, house.user(NEW).name), ("Olive Owner".into(), "Olive Other".into()));
}

#[actix_web::test]
async fn whoever_has_the_link_and_not_the_password_changes_nothing() {
    let house = House::open();
    facts::change(&house, "UPDATE users SET email_verified_at = NULL");
    let mut owner = house.signed_in(OWNER).await;
    for email in [NEW, OWNER] {
        if email == NEW {
            ask(&mut owner, NEW, &ledger::password()).await;
        } else {
            owner.get(PAGE).await;
            owner.post("/user/address/again", &[]).await;
        }
        let link = link(&house, email).await;
        for wrong in ["", "wrong"] {
            let answer = press_with(&house, &link, wrong).await;
            assert_eq!(
                (answer.status.as_u16(), answer.all("#password-error")),
                (422, vec!["This isn't your password.".to_owned()]),
                "{email}"
            );
        }
        assert!(house.user(OWNER).email_verified_at.is_none(), "{email}");
    }
}

#[actix_web::test]
async fn the_password_is_said_each_time_and_nonsense_is_refused_before_that() {
    let house = House::open();
    let mut owner = house.signed_in(OWNER).await;
    for (email, why) in [
        ("nobody", "This is no e-mail address."),
        ("", "This is no e-mail address."),
        ("ölive@example.com", "Use an address without letters beyond ASCII."),
        (OWNER, "This is your address already."),
    ] {
        let answer = ask(&mut owner, email, "").await;
        assert_eq!((answer.status.as_u16(), answer.all("#email-error")), (422, vec![why.to_owned()]));
        assert_eq!(answer.value_of("email"), email);
    }
    for wrong in ["", "wrong"] {
        let answer = ask(&mut owner, NEW, wrong).await;
        assert_eq!((answer.status.as_u16(), answer.heading().as_str()), (403, "Confirm it's you"));
        assert_eq!(answer.value_of("email"), NEW, "what was entered is kept");
    }
    assert_eq!((facts::count(&house, "user_links"), facts::count(&house, "mails")), (0, 0));
}

#[actix_web::test]
async fn an_address_that_is_not_proved_says_so_and_its_link_is_sent_again() {
    let house = House::open();
    house.clock.advance(Duration::minutes(1));
    facts::change(&house, "UPDATE users SET email_verified_at = NULL");
    let mut owner = house.signed_in(OWNER).await;
    assert!(owner.get(PAGE).await.text().contains("This address isn't verified yet."));
    assert_eq!(owner.post("/user/address/again", &[]).await.location(), "/user?done=link");
    let link = link(&house, OWNER).await;
    let answer = press(&house, &link).await;
    assert_eq!((answer.status.as_u16(), answer.heading().as_str()), (200, "Your address is proved"));
    assert!(house.user(OWNER).email_verified_at.is_some() && house.user(MEMBER).email_verified_at.is_none());
    assert!(!owner.get(PAGE).await.text().contains("verified yet"));
    assert_eq!(lines(&house), ["owner@example.com user.address_verified"]);
    facts::change(&house, "UPDATE users SET email_verified_at = NULL");
    for _ in 0..9 {
        owner.get(PAGE).await;
        assert_eq!(owner.post("/user/address/again", &[]).await.status, 303);
    }
    assert_eq!(owner.post("/user/address/again", &[]).await.status, 429, "but not without end");
}

#[actix_web::test]
async fn a_new_password_the_end_of_all_sessions_and_deactivation_each_end_the_link() {
    let house = House::open();
    type End = fn(&House, &User);
    let ends: [(&str, End); 3] = [
        ("password", |house, user| {
            let hash = password::hash(&ledger::password(), password::Cost::CHEAP).unwrap();
            user.set_password(&mut house.conn(), &hash, &house.command_line()).unwrap();
        }),
        ("sessions", |house, user| {
            let _ = user.sign_out(&mut house.conn(), &house.command_line()).unwrap();
        }),
        ("deactivated", |house, user| {
            let _ = user.deactivate(&mut house.conn(), &house.command_line()).unwrap();
        }),
    ];
    for (what, end) in ends {
        let (before, after) = (format!("{what}@example.com"), format!("{what}.now@example.com"));
        let user = house.new_user(&before, "Una User");
        let mut browser = house.signed_in(&before).await;
        ask(&mut browser, &after, &ledger::password()).await;
        let link = link(&house, &after).await;
        assert_eq!(house.anybody().get(&link).await.status, 200, "{what}");
        end(&house, &user);
        assert_eq!(press(&house, &link).await.status, 404, "{what}");
        assert_eq!(house.user(&before).id, user.id, "{what}");
    }
}

#[actix_web::test]
async fn what_a_link_holds_is_not_logged() {
    let house = House::open();
    let secret = "a".repeat(40);
    for path in ["reset", "address"] {
        read(house.anybody().request("GET", &format!("/{path}/{secret}"))).await;
    }
    let log = std::fs::read_to_string(ledger::run_folder().join("log.txt")).unwrap();
    assert!(!log.contains(&secret));
    assert!(log.contains("path=/reset/…}"), "the rest is");
}

#[actix_web::test]
async fn passwords_guessed_behind_a_link_are_limited_and_the_answer_says_how_long_to_wait() {
    let house = House::open();
    let mut owner = house.signed_in(OWNER).await;
    ask(&mut owner, NEW, &ledger::password()).await;
    let link = link(&house, NEW).await;
    let mut other = house.anybody();
    other.get(&link).await;
    let mut last = other.post(&link, &[("password", "not this one")]).await;
    for _ in 0..10 {
        assert_eq!(last.status, 422, "{}", last.text());
        last = other.post(&link, &[("password", "not this one")]).await;
    }
    assert_eq!(
        (last.status.as_u16(), last.header("retry-after").is_empty()),
        (429, false),
        "{}",
        last.text()
    );
    assert_eq!(house.user(OWNER).email, OWNER);
}
