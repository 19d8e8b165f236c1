//! A forgotten password: a link by mail, or from a site admin.

use super::facts;
use super::own_profile::link;
use crate::support::client::{Answer, Browser, read, whoami};
use crate::support::{House, MEMBER, OWNER, ledger, made};
use std::time::Instant;
use time::Duration;
use tokenhouse::db;
use tokenhouse::models::token::Owner;
use tokenhouse::models::user_link::{self, Purpose};
use tokenhouse::models::{User, password};
use tokenhouse::policy::{Policy, Rights};

fn new_password() -> String {
    let new = password::random().unwrap();
    ledger::put_down(&new);
    new
}

async fn ask(house: &House, email: &str) -> Answer {
    let mut browser = house.anybody();
    browser.get("/forgotten").await;
    browser.post("/forgotten", &[("email", email)]).await
}

async fn set(house: &House, link: &str, new: &str) -> Answer {
    let mut browser = house.anybody();
    // Where the link is over its page has no form.
    browser.get("/forgotten").await;
    browser.get(link).await;
    browser.post(link, &[("new_password", new)]).await
}

async fn signs_in(house: &House, email: &str, password: &str) -> bool {
    let mut browser = house.anybody();
    browser.get("/sign-in").await;
    browser.post("/sign-in", &[("email", email), ("password", password)]).await.status == 303
}

fn said(answer: &Answer) -> (u16, String) {
    (answer.status.as_u16(), answer.location().to_owned())
}

#[actix_web::test]
async fn a_link_by_mail_sets_a_new_password_once_and_ends_every_session() {
    let house = House::open();
    let mut owner = house.signed_in(OWNER).await;
    assert!(house.anybody().get("/sign-in").await.links().contains(&"/forgotten".to_owned()));
    let answer = ask(&house, " Owner@Example.com ").await;
    assert_eq!(said(&answer), (303, "/forgotten?done=sent".to_owned()));
    assert_eq!(house.anybody().get(answer.location()).await.heading(), "Look into your mail");
    // It goes to the address that the user has, and not to the one that was typed.
    let link = link(&house, OWNER).await;
    let page = house.anybody().get(&link).await;
    assert_eq!((page.status.as_u16(), page.heading().as_str()), (200, "A new password"));
    assert_eq!((page.header("cache-control"), page.header("referrer-policy")), ("no-store", "strict-origin"));
    let weak = set(&house, &link, "password").await;
    assert_eq!(weak.status, 422);
    assert!(weak.all("#new_password-error")[0].starts_with("This password was found in a breach"));
    assert_eq!(owner.get("/user").await.status, 200, "nothing was changed so far");
    let new = new_password();
    let answer = set(&house, &link, &new).await;
    assert_eq!(said(&answer), (303, "/sign-in?done=reset".to_owned()));
    let told = house.mails().await;
    assert_eq!((told[0].0.as_str(), told[0].1.as_str()), (OWNER, "Your password was changed"));
    assert_eq!(owner.get("/user").await.status, 303);
    assert_eq!(facts::sessions(&house), 0);
    assert!(signs_in(&house, OWNER, &new).await && !signs_in(&house, OWNER, &ledger::password()).await);
    assert_eq!(set(&house, &link, &new_password()).await.status, 404, "once");
    assert!(signs_in(&house, OWNER, &new).await);
    let lines = facts::texts(&house, "actor_name", "audit_events WHERE action = 'user.password_set'");
    assert_eq!(lines, [OWNER]);
    assert_eq!(facts::count(&house, "user_links"), 0);
}

/// A token of the member, with everything.
fn token(house: &House, name: &str) -> String {
    let member = Owner::User(house.user(MEMBER).id);
    made::with(house, member, name, Policy::unconditional(Rights::Everything)).1
}

#[actix_web::test]
async fn a_mailed_link_verifies_the_address_and_ends_what_was_made_before() {
    let house = House::open();
    facts::change(&house, "UPDATE users SET email_verified_at = NULL WHERE email = 'member@example.com'");
    let before = token(&house, "Before");
    let mut holder = house.signed_in(MEMBER).await;
    let ends = "This address was never verified, so your user tokens end, too";
    ask(&house, MEMBER).await;
    let mail = house.mails().await.remove(0).2;
    assert!(mail.contains(ends), "{mail}");
    let link = mail.split_whitespace().find_map(|word| word.strip_prefix(&house.url(""))).unwrap().to_owned();
    ledger::put_down(link.rsplit('/').next().unwrap());
    let page = house.anybody().get(&link).await.text();
    assert!(page.contains("so your user tokens end") && !page.contains("keep working"), "{page}");
    assert_eq!(whoami(house.address, &before).await.0, 200, "to look changes nothing");
    assert_eq!(set(&house, &link, &new_password()).await.status, 303);
    assert_eq!(whoami(house.address, &before).await.1["code"], "token_deleted");
    assert_eq!(holder.get("/user").await.status, 303);
    assert!(house.user(MEMBER).email_verified_at.is_some());
    let of_member = "audit_events WHERE actor_name = 'member@example.com' ORDER BY id";
    let lines = facts::texts(&house, "action", of_member);
    assert_eq!(lines, ["user.address_verified", "tokens.revoked", "user.password_set"]);
    // Once it is proved, a forgotten password stops no program.
    let after = token(&house, "After");
    ask(&house, MEMBER).await;
    let link = self::link(&house, MEMBER).await;
    let page = house.anybody().get(&link).await.text();
    assert!(page.contains("Your tokens keep working") && !page.contains("tokens end"), "{page}");
    assert_eq!(set(&house, &link, &new_password()).await.status, 303);
    assert_eq!(whoami(house.address, &after).await.0, 200);
}

#[actix_web::test]
async fn it_works_for_half_an_hour_and_only_the_newest_does() {
    let house = House::open();
    ask(&house, OWNER).await;
    let older = link(&house, OWNER).await;
    ask(&house, OWNER).await;
    let newer = link(&house, OWNER).await;
    assert_eq!(house.anybody().get(&older).await.heading(), "This link is over");
    house.clock.advance(Duration::minutes(30) - Duration::seconds(1));
    assert_eq!(house.anybody().get(&newer).await.status, 200);
    house.clock.advance(Duration::seconds(1));
    assert_eq!(set(&house, &newer, &new_password()).await.status, 404);
    assert!(signs_in(&house, OWNER, &ledger::password()).await);
}

#[actix_web::test]
async fn the_answer_is_the_same_for_everybody_and_only_who_may_have_one_gets_a_mail() {
    let house = House::open();
    facts::change(&house, "UPDATE users SET email_verified_at = NULL WHERE email = 'member@example.com'");
    let gone = house.new_user("gone@example.com", "Gus Gone");
    gone.deactivate(&mut house.conn(), &house.command_line()).unwrap();
    let known = ask(&house, OWNER).await;
    for email in ["nobody@example.com", MEMBER, "gone@example.com", "öwner@example.com"] {
        assert_eq!(said(&ask(&house, email).await), said(&known), "{email}");
    }
    let mut to: Vec<_> = house.mails().await.into_iter().map(|(to, ..)| to).collect();
    to.sort();
    assert_eq!(to, [MEMBER, OWNER], "also where the address is not proved");
    assert_eq!(facts::count(&house, "user_links"), 2);
    for nonsense in ["", "nobody", "a@b"] {
        let answer = ask(&house, nonsense).await;
        assert_eq!((answer.status.as_u16(), answer.all("#email-error").len()), (422, 1), "{nonsense}");
    }
}

#[actix_web::test]
async fn no_address_and_no_network_asks_without_end() {
    let house = House::with(|config| config.trusted_proxies = vec!["127.0.0.0/8".parse().unwrap()]);
    let mut browser = house.anybody();
    browser.get("/forgotten").await;
    let from = |browser: &Browser, address: String, email: String| {
        let form = browser.form("/forgotten", &[("email", &email)]);
        read(form.header("x-forwarded-for", address))
    };
    for email in ["owner@example.com", "nobody@example.com"] {
        for n in 1..=5 {
            assert_eq!(from(&browser, format!("192.0.2.{n}"), email.to_owned()).await.status, 303);
        }
        // How often others asked is not told: it is answered like the first, and nothing is sent.
        let answer = from(&browser, "192.0.2.6".to_owned(), email.to_uppercase()).await;
        assert_eq!(said(&answer), (303, "/forgotten?done=sent".to_owned()), "{email}");
        assert_eq!(facts::count(&house, &format!("mails WHERE lower(recipient) = '{email}'")), 5);
    }
    for n in 1..=20 {
        let answer = from(&browser, "198.51.100.1".to_owned(), format!("somebody{n}@example.com")).await;
        assert_eq!(answer.status, 303);
    }
    let answer = from(&browser, "198.51.100.1".to_owned(), MEMBER.to_owned()).await;
    assert_eq!((answer.status.as_u16(), answer.header("retry-after")), (429, "3600"));
    assert_eq!(facts::count(&house, "mails"), 30);
}

/// The path behind a link that a site admin made for a user.
fn handed_over(house: &House, user: &User, admin: &User) -> String {
    let now = house.clock.now();
    let secret = db::in_one(&mut house.conn(), |conn| {
        let id = user_link::ask(conn, user.id, Purpose::Password, &user.email, Some(admin.id), now)?;
        user_link::arm(conn, id, now)
    });
    let secret = secret.unwrap().unwrap();
    ledger::put_down(secret.expose());
    format!("/reset/{}", secret.expose())
}

#[actix_web::test]
async fn a_link_from_a_site_admin_needs_no_mail_and_verifies_nothing() {
    let house = House::open();
    let kept = token(&house, "Laptop");
    house.mails().await;
    let admin = house.site_admin("site@example.com");
    let link = handed_over(&house, &house.user(MEMBER), &admin);
    assert_eq!(house.anybody().get(&link.replace("/reset/", "/address/")).await.status, 404);
    let new = new_password();
    assert_eq!(set(&house, &link, &new).await.status, 303);
    assert!(signs_in(&house, MEMBER, &new).await);
    assert_eq!(whoami(house.address, &kept).await.0, 200, "the address was verified");
    assert_eq!(house.mails().await.len(), 1);
    facts::change(&house, "UPDATE users SET email_verified_at = NULL");
    let link = handed_over(&house, &house.user(MEMBER), &admin);
    let page = house.anybody().get(&link).await.text();
    assert!(page.contains("This address was never verified, so your user tokens end"), "{page}");
    assert_eq!(set(&house, &link, &new_password()).await.status, 303);
    assert!(house.mails().await.is_empty(), "an address that isn't verified gets none");
    assert!(house.user(MEMBER).email_verified_at.is_none());
    assert_eq!(whoami(house.address, &kept).await.1["code"], "token_deleted");
}

#[actix_web::test]
async fn a_link_dies_with_the_authority_of_the_site_admin_who_made_it() {
    let house = House::open();
    type Stop = fn(&House, &User);
    let stops: [(&str, Stop); 6] = [
        ("flag in the database", |house, admin| {
            facts::change(
                house,
                &format!("UPDATE users SET site_admin_since = NULL WHERE id = {}", admin.id),
            );
        }),
        ("deactivated in the database", |house, admin| {
            facts::change(house, &format!("UPDATE users SET deactivated_at = now() WHERE id = {}", admin.id));
        }),
        ("flag, and back", |house, admin| {
            for on in [false, true] {
                assert!(admin.set_site_admin(&mut house.conn(), on, &house.command_line()).unwrap());
            }
        }),
        ("deactivated, and back", |house, admin| {
            assert!(admin.deactivate(&mut house.conn(), &house.command_line()).unwrap());
            assert!(admin.reactivate(&mut house.conn(), &house.command_line()).unwrap());
        }),
        ("signed out", |house, admin| {
            let _ = admin.sign_out(&mut house.conn(), &house.command_line()).unwrap();
        }),
        ("password", |house, admin| {
            let hash = password::hash(&new_password(), password::Cost::CHEAP).unwrap();
            admin.set_password(&mut house.conn(), &hash, &house.command_line()).unwrap();
        }),
    ];
    for (place, (what, stop)) in stops.into_iter().enumerate() {
        let admin = house.site_admin(&format!("site{place}@example.com"));
        let link = handed_over(&house, &house.user(MEMBER), &admin);
        let mut open = house.anybody();
        assert_eq!(open.get(&link).await.status, 200, "{what}");
        stop(&house, &admin);
        assert_eq!(open.post(&link, &[("new_password", &new_password())]).await.status, 404, "{what}");
        assert_eq!(open.get(&link).await.heading(), "This link is over", "{what}");
    }
    assert!(signs_in(&house, MEMBER, &ledger::password()).await);
}

#[actix_web::test]
async fn a_new_password_another_address_the_end_of_all_sessions_and_deactivation_each_end_the_link() {
    let house = House::open();
    type End = fn(&House, User);
    let ends: [(&str, End); 5] = [
        ("password", |house, user| {
            let hash = password::hash(&new_password(), password::Cost::CHEAP).unwrap();
            user.set_password(&mut house.conn(), &hash, &house.command_line()).unwrap();
        }),
        ("address", |house, user| {
            user.prove_address(&mut house.conn(), "other@example.com", &house.command_line()).unwrap();
        }),
        ("renamed", |house, user| {
            let to = "UPDATE users SET email = 'another@example.com' WHERE id";
            facts::change(house, &format!("{to} = {}", user.id));
        }),
        ("sessions", |house, user| {
            let _ = user.sign_out(&mut house.conn(), &house.command_line()).unwrap();
        }),
        ("deactivated", |house, user| {
            user.deactivate(&mut house.conn(), &house.command_line()).unwrap();
        }),
    ];
    for (what, end) in ends {
        let user = house.new_user(&format!("{what}@example.com"), "Una User");
        ask(&house, &user.email).await;
        let link = link(&house, &user.email).await;
        assert_eq!(house.anybody().get(&link).await.status, 200);
        end(&house, user);
        assert_eq!(set(&house, &link, &new_password()).await.status, 404, "{what}");
    }
}

#[actix_web::test]
async fn a_link_that_two_use_at_once_sets_one_password() {
    let house = House::open();
    ask(&house, OWNER).await;
    let link = link(&house, OWNER).await;
    let (one, two) = (new_password(), new_password());
    let answers = futures_util::future::join(set(&house, &link, &one), set(&house, &link, &two)).await;
    let statuses = [answers.0.status.as_u16(), answers.1.status.as_u16()];
    assert!(statuses == [303, 404] || statuses == [404, 303], "{statuses:?}");
    assert_eq!(facts::count(&house, "audit_events WHERE action = 'user.password_set'"), 1);
    assert_eq!(signs_in(&house, OWNER, &one).await, statuses[0] == 303);
}

#[actix_web::test]
async fn the_time_of_the_answer_tells_nothing() {
    let house = House::open();
    let mut browser = house.anybody();
    browser.get("/forgotten").await;
    let mut times = [Vec::new(), Vec::new()];
    for round in 0..60 {
        facts::change(&house, "DELETE FROM throttles");
        for (place, email) in ["owner@example.com", "nobody@example.com"].into_iter().enumerate() {
            let before = Instant::now();
            let answer = browser.post("/forgotten", &[("email", email)]).await;
            assert_eq!(answer.status, 303);
            if round > 5 {
                times[place].push(before.elapsed());
            }
        }
    }
    let median = |times: &mut Vec<std::time::Duration>| {
        times.sort();
        times[times.len() / 2].as_secs_f64()
    };
    let (known, unknown) = (median(&mut times[0]), median(&mut times[1]));
    assert!(known < unknown * 2.0 && unknown < known * 2.0, "{known} {unknown}");
}
