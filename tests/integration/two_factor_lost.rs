//! A second factor that was lost: the narrow ways back in. Each way in of docs/SECURITY.md is walked here as
//! someone who has a factor.

use super::facts;
use crate::commands::Shell;
use crate::support::app::AuthenticatorApp;
use crate::support::client::{Answer, Browser};
use crate::support::passkey::Passkey;
use crate::support::{ADMIN, House, MEMBER, OWNER, READER, ledger};
use time::Duration;
use tokenhouse::policy::Role;

const SITE: &str = "site@example.com";

/// A member of Acme with an app.
async fn member_with_app(house: &House) -> AuthenticatorApp {
    let mut member = house.signed_in(MEMBER).await;
    AuthenticatorApp::set_up(&mut member, house.clock.now()).await.0
}

/// The path of the link in the mail to someone.
async fn mailed(house: &House, to: &str) -> (Option<String>, Vec<String>) {
    let mails = house.mails().await;
    let words =
        mails.iter().filter(|(recipient, ..)| recipient == to).flat_map(|(.., text)| text.split_whitespace());
    let link = words.into_iter().find_map(|word| word.find("/factor/").map(|at| word[at..].to_owned()));
    (link, mails.into_iter().map(|(recipient, subject, _)| format!("{recipient}: {subject}")).collect())
}

/// The link of this kind in the newest mail to someone.
async fn link_in(house: &House, to: &str, kind: &str) -> String {
    let mails = house.mails().await;
    let words =
        mails.iter().filter(|(recipient, ..)| recipient == to).flat_map(|(.., text)| text.split_whitespace());
    let found = words.filter_map(|word| word.find(kind).map(|at| word[at..].to_owned())).last();
    found.unwrap_or_else(|| panic!("no {kind} for {to} in {mails:?}"))
}

async fn ask(browser: &mut Browser, path: &str) -> Answer {
    browser.get("/user/security").await;
    browser.post(path, &[("why", "Called me; her phone was stolen")]).await
}

#[actix_web::test]
async fn a_site_admins_link_goes_to_the_person_and_works_once_with_their_password() {
    let house = House::open();
    member_with_app(&house).await;
    house.site_admin(SITE);
    let mut admin = house.signed_in(SITE).await;
    let member = house.user(MEMBER);
    let path = format!("/admin/users/{}/factor", member.id);
    let page = admin.get(&path).await;
    assert_eq!((page.status.as_u16(), page.heading().as_str()), (200, "Second factor lost"));
    for why in ["", "  ", &"x".repeat(256), "two\nlines"] {
        let answer = admin.post(&path, &[("why", why)]).await;
        assert_eq!((answer.status.as_u16(), answer.all("#why-error").len()), (422, 1), "{why:?}");
    }
    house.mails().await;
    let sent = ask(&mut admin, &path).await;
    assert_eq!(sent.location(), format!("/admin/users/{}?done=factor-link", member.id), "{}", sent.text());
    assert!(!sent.body.contains("/factor/"), "the admin doesn't see it");
    let (link, told) = mailed(&house, MEMBER).await;
    let owners: Vec<&String> = told.iter().filter(|one| one.starts_with(OWNER)).collect();
    assert_eq!(owners, [&format!("{OWNER}: A second factor of {MEMBER} is to be removed")]);
    let (link, before) = (link.unwrap(), facts::sessions(&house));

    let mut person = house.anybody();
    let page = person.get(&link).await;
    assert_eq!((page.status.as_u16(), page.header("referrer-policy")), (200, "strict-origin"));
    let wrong = person.post(&link, &[("password", "not this one")]).await;
    assert_eq!((wrong.status.as_u16(), wrong.all("#password-error").len()), (422, 1));
    assert_eq!(facts::count(&house, "authenticators"), 1);
    let done = person.post(&link, &[("password", &ledger::password())]).await;
    assert_eq!(done.location(), "/sign-in?done=factors-reset");
    assert_eq!((facts::count(&house, "authenticators"), facts::count(&house, "recovery_codes")), (0, 0));
    assert_eq!(facts::sessions(&house), before - 1, "every session of the person ended");
    assert_eq!(person.get(&link).await.status, 404, "it works once");
    let (_, told) = mailed(&house, MEMBER).await;
    assert_eq!(told, [format!("{MEMBER}: Two-factor authentication was removed")]);
    person.sign_in(MEMBER, &ledger::password()).await;
}

#[actix_web::test]
async fn a_link_ends_after_a_day_by_a_newer_one_and_with_the_address_it_went_to() {
    let house = House::open();
    member_with_app(&house).await;
    house.site_admin(SITE);
    let mut admin = house.signed_in(SITE).await;
    let path = format!("/admin/users/{}/factor", house.user(MEMBER).id);
    ask(&mut admin, &path).await;
    let first = mailed(&house, MEMBER).await.0.unwrap();
    ask(&mut admin, &path).await;
    let second = mailed(&house, MEMBER).await.0.unwrap();
    let mut person = house.anybody();
    assert_eq!(
        [person.get(&first).await.status.as_u16(), person.get(&second).await.status.as_u16()],
        [404, 200]
    );
    facts::change(&house, "UPDATE users SET email = 'other@example.com' WHERE email = 'member@example.com'");
    assert_eq!(person.get(&second).await.status, 404, "it was mailed to someone else");
    facts::change(&house, "UPDATE users SET email = 'member@example.com' WHERE email = 'other@example.com'");
    house.clock.advance(Duration::days(1));
    assert_eq!(person.get(&second).await.status, 404, "a day later");
    assert_eq!(facts::count(&house, "authenticators"), 1);
}

#[actix_web::test]
async fn an_owner_of_all_accounts_of_the_person_can_ask_and_nobody_else_in_them() {
    let house = House::open();
    member_with_app(&house).await;
    let (acme, member) = (house.account("Acme"), house.user(MEMBER).id);
    let path = format!("/accounts/{acme}/members/{member}/factor");
    for email in [ADMIN, READER] {
        assert_eq!(ask(&mut house.signed_in(email).await, &path).await.status, 403, "{email}");
    }
    house.join("Rival", MEMBER, Role::ReadOnly);
    let mut owner = house.signed_in(OWNER).await;
    let page = owner.get(&path).await;
    assert!(
        page.text().contains("in accounts that you don't own. Ask the people who run this site."),
        "{}",
        page.text()
    );
    assert_eq!(page.attributes("#why", "name").len(), 0);
    assert_eq!(ask(&mut owner, &path).await.status, 422);
    let rival = house.account("Rival");
    facts::change(
        &house,
        &format!("DELETE FROM memberships WHERE account_id = {rival} AND user_id = {member}"),
    );
    assert_eq!(ask(&mut owner, &path).await.status, 303);
    assert!(mailed(&house, MEMBER).await.0.is_some());
    let own = format!("/accounts/{acme}/members/{}/factor", house.user(OWNER).id);
    AuthenticatorApp::set_up(&mut owner, house.clock.now()).await;
    assert_eq!(ask(&mut owner, &own).await.status, 422, "not for oneself");
}

#[actix_web::test]
async fn without_a_factor_or_a_verified_address_there_is_no_link() {
    let house = House::open();
    house.site_admin(SITE);
    let mut admin = house.signed_in(SITE).await;
    let path = format!("/admin/users/{}/factor", house.user(MEMBER).id);
    let none = ask(&mut admin, &path).await;
    assert!(none.status == 422 && none.text().contains("has no second factor"), "{}", none.text());
    member_with_app(&house).await;
    facts::change(&house, "UPDATE users SET email_verified_at = NULL WHERE email = 'member@example.com'");
    let unverified = ask(&mut admin, &path).await;
    assert!(
        unverified.status == 422 && unverified.text().contains("verified address"),
        "{}",
        unverified.text()
    );
    assert_eq!(facts::count(&house, "user_links"), 0);
}

#[actix_web::test]
async fn the_command_line_removes_lost_factors_and_a_password_set_there_leaves_them() {
    let house = House::open();
    member_with_app(&house).await;
    let shell = Shell { database: house.database.clone() };
    shell.ok(&["user", "password", "--email", MEMBER, "--password", &ledger::password()]);
    assert_eq!(facts::count(&house, "authenticators"), 1);
    house.anybody().begin_sign_in(MEMBER, &ledger::password()).await;
    let said = shell.ok(&["user", "reset-factor", "--email", MEMBER]);
    assert!(said.err.contains("has no second factor now; every session has ended"), "{}", said.err);
    assert_eq!((facts::count(&house, "authenticators"), facts::count(&house, "recovery_codes")), (0, 0));
    shell.refused(&["user", "reset-factor", "--email", MEMBER], &format!("{MEMBER} has no second factor."));
    house.anybody().sign_in(MEMBER, &ledger::password()).await;
}

/// What each way in of the table in docs/SECURITY.md gives to someone who has a second factor, by itself.
#[actix_web::test]
async fn no_way_in_is_weaker_than_the_factor_that_someone_has() {
    let document = include_str!("../../docs/SECURITY.md");
    let table = document.split("| way | ").nth(1).expect("the table of ways").split("\n\n").next().unwrap();
    let ways: Vec<&str> =
        table.lines().skip(2).map(|row| row.trim_start_matches("| ").split(" |").next().unwrap()).collect();
    let house = House::open();
    let app = member_with_app(&house).await;
    house.site_admin(SITE);
    let member = house.user(MEMBER).id;
    let password = ledger::password();
    for way in &ways {
        let sessions = || facts::count(&house, &format!("sessions WHERE user_id = {member}"));
        facts::change(&house, "DELETE FROM sessions");
        house.clock.advance(Duration::minutes(20));
        let mut browser = house.anybody();
        // How many sessions and factors there are after it.
        let (mut signed_in, mut factors) = (0, 1);
        match *way {
            "password, then a code of the app, a passkey or a recovery code" => {
                let begun = browser.begin_sign_in(MEMBER, &password).await;
                assert_eq!(sessions(), 0, "the password alone");
                let done = browser.finish_sign_in(&begun, &app.code(house.clock.now())).await;
                assert_eq!(done.status, 303, "{}", done.text());
                signed_in = 1;
            }
            "password alone, where no factor is set up" => {
                browser.begin_sign_in(MEMBER, &password).await;
            }
            "link for a new password, mailed or from a site admin" => {
                browser.get("/forgotten").await;
                browser.post("/forgotten", &[("email", MEMBER)]).await;
                let mailed = link_in(&house, MEMBER, "/reset/").await;
                let mut admin = house.signed_in(SITE).await;
                admin.get(&format!("/admin/users/{member}")).await;
                let shown = admin.post(&format!("/admin/users/{member}/password-link"), &[]).await;
                let shown = shown.secret();
                let handed_over = shown[shown.find("/reset/").expect("a link")..].to_owned();
                for (link, works) in [(mailed, false), (handed_over, true)] {
                    // The newest link is the only one.
                    assert_eq!(browser.get(&link).await.status, if works { 200 } else { 404 });
                    let set = browser.post(&link, &[("new_password", &password)]).await;
                    assert_eq!(set.status, if works { 303 } else { 404 }, "{}", set.text());
                    assert_eq!(sessions(), 0, "{link} signs nobody in");
                }
                browser.get("/forgotten").await;
                browser.post("/forgotten", &[("email", MEMBER)]).await;
                let mailed = link_in(&house, MEMBER, "/reset/").await;
                browser.get(&mailed).await;
                assert_eq!(browser.post(&mailed, &[("new_password", &password)]).await.status, 303);
                browser.begin_sign_in(MEMBER, &password).await;
            }
            "`tokenhouse user password`" => {
                let shell = Shell { database: house.database.clone() };
                shell.ok(&["user", "password", "--email", MEMBER, "--password", &ledger::password()]);
                browser.begin_sign_in(MEMBER, &ledger::password()).await;
            }
            "invitation" => {
                // It makes users who are new, and who is known signs in first: with the factor.
                house.join("Rival", OWNER, Role::Owner);
                let mut owner = house.signed_in(OWNER).await;
                let rival = house.account("Rival");
                let fields = [("email", MEMBER), ("role", "read_only")];
                owner.post(&format!("/accounts/{rival}/invitations"), &fields).await;
                let mails = house.mails().await;
                let words = mails.iter().flat_map(|(.., text)| text.split_whitespace());
                let link = words
                    .into_iter()
                    .find_map(|word| word.find("/invitations/").map(|at| word[at..].to_owned()));
                let link = link.unwrap();
                assert_eq!(browser.get(&link).await.status, 200);
                browser.get("/sign-in").await;
                let fields = [("name", "Mia"), ("password", "three unrelated words")];
                assert_eq!(browser.post(&format!("{link}/join"), &fields).await.status, 409);
            }
            "link that verifies an address" => {
                facts::change(
                    &house,
                    &format!("UPDATE users SET email_verified_at = NULL WHERE id = {member}"),
                );
                let begun = browser.begin_sign_in(MEMBER, &password).await;
                browser.finish_sign_in(&begun, &app.code(house.clock.now())).await;
                browser.get("/user").await;
                assert_eq!(browser.post("/user/address/again", &[]).await.location(), "/user?done=link");
                facts::change(&house, "DELETE FROM sessions");
                let (mut other, link) = (house.anybody(), link_in(&house, MEMBER, "/address/").await);
                other.get(&link).await;
                assert_eq!(other.post(&link, &[("password", "not this one")]).await.status, 422);
                assert_eq!(
                    other.post(&link, &[("password", &password)]).await.heading(),
                    "Your address is proved"
                );
            }
            "link that removes a lost factor" => {
                let mut admin = house.signed_in(SITE).await;
                ask(&mut admin, &format!("/admin/users/{member}/factor")).await;
                let link = link_in(&house, MEMBER, "/factor/").await;
                browser.get(&link).await;
                assert_eq!(browser.post(&link, &[("password", "not this one")]).await.status, 422);
                assert_eq!(facts::count(&house, "authenticators"), 1, "without the password");
                assert_eq!(browser.post(&link, &[("password", &password)]).await.status, 303);
                factors = 0;
            }
            "passkey alone: it verifies its holder" => {
                let mut named = Browser::at_localhost(house.address);
                let begun = named.begin_sign_in(MEMBER, &password).await;
                named.finish_sign_in(&begun, &app.code(house.clock.now())).await;
                let mut passkey = Passkey::add(&mut named).await.0;
                facts::change(&house, "DELETE FROM sessions");
                assert_eq!(passkey.sign_in(&mut Browser::at_localhost(house.address)).await, "/");
                assert_eq!(sessions(), 1, "both factors at once");
                facts::change(&house, "DELETE FROM sessions");
                facts::change(&house, "DELETE FROM authenticators WHERE kind = 'passkey'");
                browser.get("/sign-in").await;
                let asked = browser.post("/sign-in/passkey/begin", &[]).await;
                let begun = asked.value_of("begun");
                let fields = [("begun", begun.as_str()), ("passkey", "{}")];
                let refused = browser.post("/sign-in/passkey", &fields).await;
                assert_eq!(refused.location(), "/sign-in?done=passkey-refused");
                let again = browser.post("/sign-in/passkey", &fields).await;
                assert_eq!(again.location(), "/sign-in?done=over", "a challenge is of use once");
            }
            "token" => assert!(browser.get("/accounts").await.location().starts_with("/sign-in")),
            other => panic!("{other} is not walked"),
        }
        assert_eq!(sessions(), signed_in, "{way}");
        assert_eq!(facts::count(&house, "authenticators"), factors, "{way}");
        if factors == 0 {
            member_with_app(&house).await;
        }
    }
    assert_eq!(ways.len(), 9, "{ways:?}");
}
