//! A second factor: setting one up, signing in with it, and confirming with it that it's you. The codes are
//! oathtool's.

use super::facts;
use crate::support::app::{AuthenticatorApp, recovery_codes};
use crate::support::client::{Answer, Browser, read};
use crate::support::{House, OWNER, ledger};
use time::Duration;
use tokenhouse::config::SealingKey;
use tokenhouse::models::password;

const STEP: Duration = Duration::seconds(30);

/// An owner with an authenticator app, whose codes are new from here on.
async fn with_app(house: &House) -> (Browser, AuthenticatorApp, Vec<String>) {
    let mut owner = house.signed_in(OWNER).await;
    let (app, codes) = AuthenticatorApp::set_up(&mut owner, house.clock.now()).await;
    assert_eq!(codes.len(), 8);
    owner.get("/user/security").await;
    house.clock.advance(STEP);
    (owner, app, codes)
}

/// Signs in with password and code.
async fn signs_in(house: &House, browser: &mut Browser, code: &str) -> Answer {
    let begun = browser.begin_sign_in(OWNER, &ledger::password()).await;
    assert_eq!(facts::count(house, "begun"), 1, "nobody else signs in");
    browser.finish_sign_in(&begun, code).await
}

fn wrong_code(app: &AuthenticatorApp, house: &House) -> String {
    // A code of long ago, unless it happens to be one of now.
    let now = house.clock.now();
    let current: Vec<String> = [-30, 0, 30].map(|by| app.code(now + Duration::seconds(by))).into();
    let wrong = ["000000", "111111", "222222", "333333"]
        .into_iter()
        .find(|code| !current.contains(&(*code).to_owned()));
    wrong.unwrap().to_owned()
}

#[actix_web::test]
async fn a_cookie_of_another_shape_is_replaced_when_a_sign_in_begins() {
    let house = House::open();
    with_app(&house).await;
    for (planted, stays) in
        [("short", false), (&"-".repeat(64), false), (&"a".repeat(65), false), (&"a".repeat(64), true)]
    {
        let browser = house.anybody();
        let page = read(browser.request("GET", "/sign-in")).await;
        let form = page.cookie("tokenhouse-form").split(';').next().unwrap();
        let request = browser.request("POST", "/sign-in").header("origin", house.url(""));
        let request = request.header("cookie", format!("{form}; tokenhouse-begun={planted}"));
        let password = ledger::password();
        let fields = [("csrf", page.value_of("csrf")), ("email", OWNER.to_owned()), ("password", password)];
        let answer = read(request.form(&fields)).await;
        assert_eq!(answer.status, 303, "{}", answer.text());
        ledger::put_down(answer.location().rsplit('=').next().unwrap());
        let cookie = answer.cookie("tokenhouse-begun").split(';').next().unwrap().to_owned();
        let value = cookie.split_once('=').unwrap().1;
        assert_eq!((value == planted, value.len()), (stays, 64), "{planted}");
    }
}

#[actix_web::test]
async fn an_app_is_set_up_by_a_code_and_counts_from_then_on() {
    let house = House::open();
    let mut owner = house.signed_in(OWNER).await;
    let about = owner.get("/user/factors/app").await;
    assert_eq!((about.status.as_u16(), about.heading().as_str()), (200, "Set up an authenticator app"));
    let page = owner.post("/user/factors/app", &[]).await;
    assert_eq!(page.header("cache-control"), "no-store");
    let app = AuthenticatorApp::of(&page);
    assert!(
        page.attributes("a", "href").iter().any(|link| link.starts_with("otpauth://totp/")),
        "a link for this device"
    );
    assert_eq!(page.attributes("svg[role='img'] path.qr-dark", "d").len(), 1, "a QR code");
    // Nothing counts before a code was typed.
    assert!(!house.anybody().begins(OWNER).await);
    let wrong = owner.post("/user/factors/app/confirm", &[("code", &wrong_code(&app, &house))]).await;
    assert_eq!(wrong.status, 422);
    assert!(wrong.all("#code-error")[0].starts_with("This code is wrong."), "{}", wrong.text());
    assert_eq!(
        AuthenticatorApp::of(&wrong).code(house.clock.now()),
        app.code(house.clock.now()),
        "the same key"
    );
    let code = app.code(house.clock.now());
    let done =
        owner.post("/user/factors/app/confirm", &[("code", &format!("{} {}", &code[..3], &code[3..]))]).await;
    assert_eq!((done.status.as_u16(), done.heading().as_str()), (200, "Your recovery codes"));
    let codes = recovery_codes(&done);
    assert_eq!((codes.len(), codes[0].len()), (8, 29));
    let security = owner.get("/user/security").await;
    assert!(
        security.text().contains("On. Signing in takes your password and a second factor"),
        "{}",
        security.text()
    );
    assert!(!security.body.contains(&codes[0]), "shown once");
    assert!(house.anybody().begins(OWNER).await);
    let mails = house.mails().await;
    let subjects: Vec<&str> = mails.iter().map(|(_, subject, _)| subject.as_str()).collect();
    assert_eq!(subjects, ["An authenticator app was added"]);
    assert_eq!(facts::count(&house, "audit_events WHERE action = 'user.factor_added'"), 1);
}

impl Browser {
    /// Whether the password alone leads to a second step.
    async fn begins(mut self, email: &str) -> bool {
        self.get("/sign-in").await;
        let password = ledger::password();
        let answer = self.post("/sign-in", &[("email", email), ("password", &password)]).await;
        answer.location().starts_with("/sign-in/second?")
    }
}

#[actix_web::test]
async fn there_is_no_session_before_the_code_and_a_stolen_password_alone_opens_nothing() {
    let house = House::open();
    let (_, app, _) = with_app(&house).await;
    let before = facts::sessions(&house);
    let mut thief = house.anybody();
    let begun = thief.begin_sign_in(OWNER, &ledger::password()).await;
    assert_eq!(facts::sessions(&house), before);
    for path in ["/accounts", "/user/security", "/user/factors/app"] {
        assert!(thief.get(path).await.location().starts_with("/sign-in?next="), "{path}");
    }
    let wrong = thief.finish_sign_in(&begun, &wrong_code(&app, &house)).await;
    assert_eq!((wrong.status.as_u16(), facts::sessions(&house)), (422, before));
    assert_eq!(wrong.all("#code-error"), ["This code is wrong, or was used already. Wait for the next one."]);
    let empty = thief.finish_sign_in(&begun, "").await;
    assert_eq!((empty.status.as_u16(), empty.all("#code-error")), (422, vec!["Type a code.".to_owned()]));
    let right = thief.finish_sign_in(&begun, &app.code(house.clock.now())).await;
    assert_eq!((right.status.as_u16(), facts::sessions(&house)), (303, before + 1));
    assert_eq!(thief.get("/user/security").await.status, 200);
}

#[actix_web::test]
async fn one_code_posted_twice_at_once_is_one_session_and_later_none() {
    let house = House::open();
    let (_, app, _) = with_app(&house).await;
    let before = facts::sessions(&house);
    let (mut one, mut other) = (house.anybody(), house.anybody());
    let first = one.begin_sign_in(OWNER, &ledger::password()).await;
    let second = other.begin_sign_in(OWNER, &ledger::password()).await;
    let code = app.code(house.clock.now());
    let (a, b) =
        futures_util::future::join(one.finish_sign_in(&first, &code), other.finish_sign_in(&second, &code))
            .await;
    let mut statuses = [a.status.as_u16(), b.status.as_u16()];
    statuses.sort_unstable();
    assert_eq!((statuses, facts::sessions(&house)), ([303, 422], before + 1));
    // Nor the one before it, which the app's clock would allow for ten seconds more.
    let late = if a.status == 303 { (&mut other, &second) } else { (&mut one, &first) };
    let older = late.0.finish_sign_in(late.1, &app.code(house.clock.now() - Duration::seconds(10))).await;
    assert_eq!((older.status.as_u16(), facts::sessions(&house)), (422, before + 1));
    house.clock.advance(STEP);
    assert_eq!(late.0.finish_sign_in(late.1, &app.code(house.clock.now())).await.status, 303);
}

#[actix_web::test]
async fn one_sign_in_posted_twice_at_once_with_two_codes_is_one_session() {
    let house = House::open();
    let (_, app, codes) = with_app(&house).await;
    let before = facts::sessions(&house);
    let mut browser = house.anybody();
    let begun = browser.begin_sign_in(OWNER, &ledger::password()).await;
    let mut same = browser.clone();
    let code = app.code(house.clock.now());
    let recovery = [("begun", begun.as_str()), ("recovery", &codes[0])];
    let (a, b) = futures_util::future::join(
        browser.finish_sign_in(&begun, &code),
        same.post("/sign-in/second", &recovery),
    )
    .await;
    let over = |answer: &Answer| answer.location().starts_with("/sign-in?done=over");
    assert_eq!([over(&a), over(&b)].into_iter().filter(|over| *over).count(), 1, "{a:?} {b:?}");
    assert_eq!(facts::sessions(&house), before + 1);
}

#[actix_web::test]
async fn the_step_between_is_of_no_use_twice_from_another_browser_or_too_late() {
    let house = House::open();
    let (_, app, _) = with_app(&house).await;
    let before = facts::sessions(&house);
    let over = |answer: &Answer| {
        assert_eq!((answer.status.as_u16(), answer.location()), (303, "/sign-in?done=over"));
    };
    let mut browser = house.anybody();
    let begun = browser.begin_sign_in(OWNER, &ledger::password()).await;
    let mut other = house.anybody();
    other.get("/sign-in").await;
    over(&other.get(&format!("/sign-in/second?begun={begun}")).await);
    over(&other.post("/sign-in/second", &[("begun", &begun), ("code", &app.code(house.clock.now()))]).await);
    // With a cookie of its own, too.
    other.begin_sign_in(OWNER, &ledger::password()).await;
    over(&other.post("/sign-in/second", &[("begun", &begun), ("code", &app.code(house.clock.now()))]).await);
    house.clock.advance(Duration::minutes(5));
    over(
        &browser.post("/sign-in/second", &[("begun", &begun), ("code", &app.code(house.clock.now()))]).await,
    );
    assert_eq!(facts::sessions(&house), before);
    let begun = browser.begin_sign_in(OWNER, &ledger::password()).await;
    assert_eq!(browser.finish_sign_in(&begun, &app.code(house.clock.now())).await.status, 303);
    house.clock.advance(STEP);
    let mut signed_out = house.anybody();
    signed_out.get("/sign-in").await;
    over(
        &signed_out
            .post("/sign-in/second", &[("begun", &begun), ("code", &app.code(house.clock.now()))])
            .await,
    );
    assert_eq!(facts::sessions(&house), before + 1);
}

#[actix_web::test]
async fn a_sign_in_that_began_before_all_sessions_ended_or_the_user_left_is_not_finished() {
    let house = House::open();
    let (_, app, _) = with_app(&house).await;
    let user = house.user(OWNER);
    for end in ["sign_out", "password", "deactivate"] {
        let mut browser = house.anybody();
        let begun = browser.begin_sign_in(OWNER, &ledger::password()).await;
        let (mut conn, origin) = (house.conn(), house.command_line());
        match end {
            "sign_out" => drop(user.sign_out(&mut conn, &origin).unwrap()),
            "password" => {
                let hash = password::hash(&ledger::password(), password::Cost::CHEAP).unwrap();
                user.set_password(&mut conn, &hash, &origin).unwrap();
            }
            _ => drop(user.deactivate(&mut conn, &origin).unwrap()),
        }
        let done = browser
            .post("/sign-in/second", &[("begun", &begun), ("code", &app.code(house.clock.now()))])
            .await;
        assert_eq!((done.location(), facts::sessions(&house)), ("/sign-in?done=over", 0), "{end}");
    }
}

#[actix_web::test]
async fn codes_follow_the_one_clock_wherever_it_is() {
    let house = House::open();
    let (_, app, _) = with_app(&house).await;
    for by in [Duration::hours(1), Duration::days(400)] {
        house.clock.advance(by);
        facts::change(&house, "DELETE FROM begun");
        assert_eq!(signs_in(&house, &mut house.anybody(), &app.code(house.clock.now())).await.status, 303);
    }
    facts::change(&house, "DELETE FROM begun");
    let of_a_machine_an_hour_ahead = app.code(house.clock.now() + Duration::hours(1));
    assert_eq!(signs_in(&house, &mut house.anybody(), &of_a_machine_an_hour_ahead).await.status, 422);
}

#[actix_web::test]
async fn a_recovery_code_signs_in_once_and_an_app_is_then_set_up_anew() {
    let house = House::open();
    let (_, _, codes) = with_app(&house).await;
    let mut browser = house.anybody();
    let begun = browser.begin_sign_in(OWNER, &ledger::password()).await;
    let fields = [("begun", begun.as_str()), ("recovery", &codes[2].to_uppercase())];
    assert_eq!(browser.post("/sign-in/second", &fields).await.status, 303);
    assert_eq!(facts::count(&house, "recovery_codes"), 7);
    let mut again = house.anybody();
    let begun = again.begin_sign_in(OWNER, &ledger::password()).await;
    let used = again.post("/sign-in/second", &[("begun", &begun), ("recovery", &codes[2])]).await;
    assert_eq!(used.status, 422);
    assert_eq!(
        used.all("#recovery-error"),
        ["This recovery code is wrong, or was used already. Each works once."]
    );
    browser.get("/accounts").await;
    let (app, none) = AuthenticatorApp::set_up(&mut browser, house.clock.now()).await;
    assert_eq!(none, Vec::<String>::new(), "those that are left stay");
    house.clock.advance(STEP);
    assert_eq!(again.finish_sign_in(&begun, &app.code(house.clock.now())).await.status, 303);
    assert_eq!(facts::count(&house, "authenticators"), 1, "the new one is in the place of the old one");
}

#[actix_web::test]
async fn few_recovery_codes_are_told_and_new_ones_end_the_old_ones() {
    let house = House::open();
    let (mut owner, _, codes) = with_app(&house).await;
    assert!(!owner.get("/user/security").await.text().contains("Make new ones"));
    facts::change(
        &house,
        "DELETE FROM recovery_codes WHERE digest NOT IN (SELECT digest FROM recovery_codes LIMIT 2)",
    );
    let page = owner.get("/user/security").await;
    assert!(page.text().contains("You have 2 recovery codes left. Make new ones."), "{}", page.text());
    let made = recovery_codes(&owner.post("/user/factors/codes", &[]).await);
    assert!(made.len() == 8 && codes.iter().all(|old| !made.contains(old)));
    let mut browser = house.anybody();
    let begun = browser.begin_sign_in(OWNER, &ledger::password()).await;
    for old in &codes {
        let fields = [("begun", begun.as_str()), ("recovery", old)];
        assert_eq!(browser.post("/sign-in/second", &fields).await.status, 422);
    }
    let fields = [("begun", begun.as_str()), ("recovery", &made[7])];
    assert_eq!(browser.post("/sign-in/second", &fields).await.status, 303);
}

#[actix_web::test]
async fn guessed_codes_are_limited_for_the_person_and_after_three_they_are_told() {
    let house = House::open();
    let (mut owner, app, codes) = with_app(&house).await;
    house.mails().await;
    let mut guesser = house.anybody();
    let begun = guesser.begin_sign_in(OWNER, &ledger::password()).await;
    for guess in 1..=10 {
        let answer = guesser.finish_sign_in(&begun, &wrong_code(&app, &house)).await;
        assert_eq!(answer.status, 422, "{guess}");
        let told = house.mails().await;
        let expected = if guess == 3 { vec!["Someone has your password"] } else { vec![] };
        assert_eq!(
            told.iter().map(|(_, subject, _)| subject.as_str()).collect::<Vec<_>>(),
            expected,
            "{guess}"
        );
    }
    let closed = guesser.finish_sign_in(&begun, &app.code(house.clock.now())).await;
    assert_eq!((closed.status.as_u16(), closed.header("retry-after")), (429, "900"));
    let said = "Too many codes. Wait 15 min, then try again, or use a recovery code.";
    assert_eq!(closed.all("#code-error"), [said]);
    // From whichever browser, and where it's confirmed that it's you.
    let mut other = house.anybody();
    let second = other.begin_sign_in(OWNER, &ledger::password()).await;
    assert_eq!(other.finish_sign_in(&second, &app.code(house.clock.now())).await.status, 429);
    house.clock.advance(Duration::minutes(4));
    let fields = [("begun", second.as_str()), ("recovery", &codes[0])];
    assert_eq!(other.post("/sign-in/second", &fields).await.status, 303, "a recovery code is still of use");
    assert_eq!(owner.get("/user/security").await.status, 200, "and nobody is signed out");
    // Three rounds of ten, and the day is over.
    for _ in 0..2 {
        house.clock.advance(Duration::minutes(15));
        let begun = guesser.begin_sign_in(OWNER, &ledger::password()).await;
        for _ in 0..10 {
            assert_eq!(guesser.finish_sign_in(&begun, &wrong_code(&app, &house)).await.status, 422);
        }
    }
    house.clock.advance(Duration::minutes(15));
    let begun = guesser.begin_sign_in(OWNER, &ledger::password()).await;
    assert_eq!(guesser.finish_sign_in(&begun, &app.code(house.clock.now())).await.status, 429);
    assert_eq!(
        house.mails().await.iter().filter(|(_, subject, _)| subject.starts_with("Someone")).count(),
        0
    );
    house.clock.advance(Duration::days(1));
    let begun = guesser.begin_sign_in(OWNER, &ledger::password()).await;
    assert_eq!(guesser.finish_sign_in(&begun, &app.code(house.clock.now())).await.status, 303);
}

/// The fields of the page that asks, and what is typed beside them.
async fn confirms(browser: &mut Browser, asked: &Answer, typed: &[(&str, &str)]) -> Answer {
    assert_eq!(asked.heading(), "Confirm it's you", "{}", asked.text());
    let action = asked.attributes("main form", "action").remove(0);
    let kept = asked.filled("main form");
    let hidden = kept.iter().filter(|(name, _)| name != "csrf" && !name.ends_with("_again"));
    let fields: Vec<(&str, &str)> =
        hidden.map(|(name, value)| (name.as_str(), value.as_str())).chain(typed.iter().copied()).collect();
    browser.post(&action, &fields).await
}

#[actix_web::test]
async fn tokens_take_one_factor_and_what_decides_how_you_sign_in_takes_all() {
    let house = House::open();
    let acme = house.account("Acme");
    let (mut owner, app, _) = with_app(&house).await;
    let password = ledger::password();
    let new = [("name", "New"), ("reach", "everything"), ("expires", "30"), ("do", "generate")];
    let tokens = format!("/accounts/{acme}/tokens");
    for typed in [("code_again", ""), ("password_again", password.as_str())] {
        house.clock.advance(Duration::minutes(16));
        let (nonce, code) = (uuid::Uuid::new_v4().to_string(), app.code(house.clock.now()));
        let fields: Vec<(&str, &str)> = new.into_iter().chain([("nonce", nonce.as_str())]).collect();
        let asked = owner.post(&tokens, &fields).await;
        assert_eq!(asked.status, 403);
        let typed = if typed.0 == "code_again" { ("code_again", code.as_str()) } else { typed };
        let made = confirms(&mut owner, &asked, &[typed]).await;
        assert_eq!(made.status, 200, "{} alone: {}", typed.0, made.text());
        assert!(!made.secret().is_empty());
        // What was one factor is not all of them.
        owner.get("/user/security").await;
        let asked = owner.post("/user/factors/codes", &[]).await;
        assert_eq!(asked.status, 403);
        house.clock.advance(STEP);
        let code = app.code(house.clock.now());
        for short in [vec![("password_again", password.as_str())], vec![("code_again", code.as_str())]] {
            assert_eq!(confirms(&mut owner, &asked, &short).await.status, 403, "{short:?}");
        }
        let both = [("password_again", password.as_str()), ("code_again", code.as_str())];
        let done = confirms(&mut owner, &asked, &both).await;
        assert_eq!(recovery_codes(&done).len(), 8, "a code is not used up by what lacks the password");
        owner.get("/user/security").await;
        house.clock.advance(Duration::minutes(16));
    }
    let address = owner.post("/user/address", &[("email", "olive@example.com")]).await;
    assert!(address.status == 403 && address.body.contains("code_again"), "an address takes all");
    let changes = [("password", password.as_str()), ("new_password", "three unrelated words")];
    owner.get("/user/security").await;
    let asked = owner.post("/user/security", &changes).await;
    assert!(asked.status == 403 && !asked.body.contains(&password), "a password takes all, and isn't kept");
    let code = app.code(house.clock.now());
    let both = [("password_again", password.as_str()), ("code_again", code.as_str())];
    let page = confirms(&mut owner, &asked, &both).await;
    assert!(page.status == 200 && page.text().contains("Type your passwords once more"), "{}", page.text());
    assert_eq!(facts::count(&house, "audit_events WHERE action = 'user.password_set'"), 0);
}

#[actix_web::test]
async fn a_wrong_password_uses_no_code_up() {
    let house = House::open();
    let (mut owner, app, codes) = with_app(&house).await;
    house.clock.advance(Duration::minutes(16));
    let asked = owner.post("/user/factors/codes", &[]).await;
    let wrong = password::random().unwrap();
    ledger::put_down(&wrong);
    let code = app.code(house.clock.now());
    let refused = confirms(&mut owner, &asked, &[("password_again", &wrong), ("code_again", &code)]).await;
    assert_eq!((refused.status.as_u16(), refused.all("#password_again-error").len()), (403, 1));
    let refused =
        confirms(&mut owner, &asked, &[("password_again", &wrong), ("recovery_again", &codes[0])]).await;
    assert_eq!((refused.status.as_u16(), facts::count(&house, "recovery_codes")), (403, 8));
    let password = ledger::password();
    let done = confirms(&mut owner, &asked, &[("password_again", &password), ("code_again", &code)]).await;
    assert_eq!(done.status, 200);
}

#[actix_web::test]
async fn an_old_session_adds_no_factor_and_one_from_before_the_first_is_no_longer_full() {
    let house = House::open();
    let mut old = house.signed_in(OWNER).await;
    house.clock.advance(Duration::minutes(16));
    let asked = old.post("/user/factors/app", &[]).await;
    assert_eq!((asked.status.as_u16(), facts::count(&house, "authenticators")), (403, 0));
    // A session that proved all there was, a minute before there was more.
    let mut before = house.signed_in(OWNER).await;
    let mut owner = house.signed_in(OWNER).await;
    let (app, _) = AuthenticatorApp::set_up(&mut owner, house.clock.now()).await;
    let factor = facts::number(&house, "SELECT id FROM authenticators");
    let asked = before.post(&format!("/user/factors/{factor}/remove"), &[]).await;
    assert_eq!((asked.status.as_u16(), facts::count(&house, "authenticators")), (403, 1));
    let alone = confirms(&mut before, &asked, &[("password_again", &ledger::password())]).await;
    assert_eq!((alone.status.as_u16(), facts::count(&house, "authenticators")), (403, 1));
    house.clock.advance(STEP);
    let code = app.code(house.clock.now());
    let both = [("password_again", ledger::password()), ("code_again", code)];
    let both: Vec<(&str, &str)> = both.iter().map(|(name, value)| (*name, value.as_str())).collect();
    assert_eq!(confirms(&mut before, &asked, &both).await.status, 303);
    assert_eq!((facts::count(&house, "authenticators"), facts::count(&house, "recovery_codes")), (0, 0));
    assert!(!house.anybody().begins(OWNER).await, "the password alone signs in again");
}

#[actix_web::test]
async fn adding_a_factor_ends_all_other_sessions_where_that_is_ticked() {
    let house = House::open();
    let mut owner = house.signed_in(OWNER).await;
    let mut other = house.signed_in(OWNER).await;
    let page = owner.post("/user/factors/app", &[]).await;
    assert_eq!(page.attributes("#end_others[checked]", "value"), ["1"], "ticked at first");
    let code = AuthenticatorApp::of(&page).code(house.clock.now());
    recovery_codes(&owner.post("/user/factors/app/confirm", &[("code", &code), ("end_others", "1")]).await);
    assert_eq!(
        (owner.get("/user").await.status.as_u16(), other.get("/user").await.status.as_u16()),
        (200, 303)
    );
}

#[actix_web::test]
async fn proving_again_gives_the_session_another_key_and_leaves_forms_of_other_tabs_good() {
    let house = House::open();
    let acme = house.account("Acme");
    let mut owner = house.signed_in(OWNER).await;
    house.clock.advance(Duration::minutes(16));
    let tab = owner.clone();
    let (before, began) = (
        facts::text(&house, "SELECT encode(digest, 'hex') FROM sessions"),
        facts::text(&house, "SELECT ends_at FROM sessions"),
    );
    let path = format!("/accounts/{acme}/invitations");
    let fields = [("email", "new@example.com"), ("role", "read_only")];
    let asked = owner.post(&path, &fields).await;
    let done = confirms(&mut owner, &asked, &[("password_again", &ledger::password())]).await;
    assert_eq!(done.status, 200, "{}", done.text());
    assert!(done.cookie("tokenhouse").contains("tokenhouse="), "the browser gets it");
    assert_ne!(facts::text(&house, "SELECT encode(digest, 'hex') FROM sessions"), before);
    assert_eq!(facts::text(&house, "SELECT ends_at FROM sessions"), began, "it ends as before");
    let mut tab = tab;
    let other = tab.post(&path, &[("email", "other@example.com"), ("role", "read_only")]).await;
    assert_eq!(other.status, 200, "{}", other.text());
}

#[actix_web::test]
async fn a_new_password_by_a_link_signs_nobody_in_and_leaves_the_factor() {
    let house = House::open();
    let (_, app, _) = with_app(&house).await;
    let mut browser = house.anybody();
    browser.get("/forgotten").await;
    browser.post("/forgotten", &[("email", OWNER)]).await;
    let mails = house.mails().await;
    let link =
        mails.iter().flat_map(|(_, _, text)| text.split_whitespace()).find(|word| word.contains("/reset/"));
    let path = link.unwrap()[link.unwrap().find("/reset/").unwrap()..].to_owned();
    browser.get(&path).await;
    let password = password::random().unwrap();
    ledger::put_down(&password);
    let done = browser.post(&path, &[("new_password", &password)]).await;
    assert_eq!((done.location(), facts::sessions(&house)), ("/sign-in?done=reset", 0));
    let begun = browser.begin_sign_in(OWNER, &password).await;
    assert_eq!(browser.finish_sign_in(&begun, &app.code(house.clock.now())).await.status, 303);
}

#[actix_web::test]
async fn without_a_key_file_apps_are_off_in_words_and_recovery_codes_still_work() {
    let house = House::open();
    let (_, app, codes) = with_app(&house).await;
    let keyless = House::on(house.database.clone(), house.clock.clone(), |config| {
        config.sealing_key = SealingKey::None;
    });
    let mut browser = keyless.anybody();
    let begun = browser.begin_sign_in(OWNER, &ledger::password()).await;
    let code = browser.finish_sign_in(&begun, &app.code(house.clock.now())).await;
    assert_eq!(code.status, 422);
    assert!(
        code.all("#code-error")[0].starts_with("This server can't read the key of your app."),
        "{}",
        code.text()
    );
    let fields = [("begun", begun.as_str()), ("recovery", &codes[0])];
    assert_eq!(browser.post("/sign-in/second", &fields).await.status, 303);
    let page = browser.get("/user/factors/app").await;
    assert!(
        page.status == 200 && page.text().contains("Authenticator apps are off on this server"),
        "{}",
        page.text()
    );
    assert_eq!(page.attributes("main form", "action"), Vec::<String>::new());
}

#[actix_web::test]
async fn a_sign_in_from_a_new_network_is_told_and_one_from_a_known_one_is_not() {
    let house = House::with(|config| config.trusted_proxies = vec!["127.0.0.0/8".parse().unwrap()]);
    for (from, tells) in [
        ("192.0.2.1", false),
        ("192.0.2.200", false),
        ("198.51.100.7", true),
        ("198.51.100.8", false),
        ("192.0.2.9", false),
    ] {
        let headers = [("x-forwarded-for".parse().unwrap(), from.parse().unwrap())].into_iter().collect();
        let mut browser = Browser::sending(house.address, headers);
        browser.sign_in(OWNER, &ledger::password()).await;
        house.app.buffers.flush_all(&house.app.db, house.clock.now()).await;
        let mails = house.mails().await;
        let told = mails.iter().any(|(_, subject, _)| subject == "A sign-in from a new network");
        assert_eq!(told, tells, "{from}: {mails:?}");
    }
}

#[actix_web::test]
async fn the_database_holds_no_key_code_or_number_of_a_sign_in() {
    let house = House::open();
    let mut owner = house.signed_in(OWNER).await;
    let page = owner.post("/user/factors/app", &[]).await;
    let shown = page.all("#app-key").remove(0).replace(' ', "");
    let app = AuthenticatorApp::of(&page);
    let done = owner.post("/user/factors/app/confirm", &[("code", &app.code(house.clock.now()))]).await;
    let codes = recovery_codes(&done);
    house.clock.advance(STEP);
    let mut browser = house.anybody();
    let begun = browser.begin_sign_in(OWNER, &ledger::password()).await;
    const TABLES: [&str; 7] =
        ["authenticators", "recovery_codes", "begun", "audit_events", "mails", "sessions", "sightings"];
    let everything: String = TABLES
        .into_iter()
        .flat_map(|table| facts::texts(&house, "one::text", &format!("{table} AS one")))
        .collect();
    let secrets = [shown, begun.clone()]
        .into_iter()
        .chain(codes.iter().map(|code| code.replace('-', "")))
        .chain(codes.clone());
    for secret in secrets {
        assert!(!everything.contains(&secret), "{secret}");
    }
    // Six digits are found by chance in a log of all servers, so a code is looked for in the lines of its own
    // requests, and in its own database, as a word.
    let code = app.code(house.clock.now());
    let right = browser.post("/sign-in/second", &[("begun", &begun), ("code", &code)]).await;
    assert_eq!(right.status, 303, "{}", right.text());
    let wrong = house.anybody().post("/sign-in/second", &[("begun", &begun), ("code", &code)]).await;
    let log = std::fs::read_to_string(ledger::run_folder().join("log.txt")).unwrap();
    let is_word = |line: &str| line.split(|sign: char| !sign.is_alphanumeric()).any(|word| word == code);
    for answer in [&right, &wrong] {
        let lines: Vec<&str> =
            log.lines().filter(|line| line.contains(answer.header("x-request-id"))).collect();
        assert!(!lines.is_empty(), "no line of the request");
        assert!(!lines.iter().any(|line| is_word(line)), "{lines:?}");
    }
    let rows: Vec<String> = TABLES
        .into_iter()
        .flat_map(|table| facts::texts(&house, "one::text", &format!("{table} AS one")))
        .collect();
    assert!(!rows.iter().any(|row| is_word(row)), "{rows:?}");
    let sealed = facts::text(&house, "SELECT octet_length(sealed)::text FROM authenticators");
    assert_eq!(sealed, "48", "a nonce, 20 bytes and a tag");
}
