//! A second factor that is demanded: by an account from a day on, and by the operator.

use super::facts;
use crate::support::app::AuthenticatorApp;
use crate::support::client::{Answer, Browser, whoami};
use crate::support::{ADMIN, House, MEMBER, OWNER, READER, STRANGER, made};
use time::Duration;
use tokenhouse::config::SecondFactor;
use tokenhouse::models::factor_demand;
use tokenhouse::models::token::Owner;
use tokenhouse::policy::{Policy, Rights};

fn closed(answer: &Answer, by: &str) {
    assert_eq!(answer.status, 403, "{}", answer.text());
    assert_eq!(answer.heading(), "Set up two-factor authentication first");
    assert!(answer.text().contains(&format!("{by} asks for a second factor")), "{}", answer.text());
    assert_eq!(answer.attributes(".actions a", "href"), ["/user/factors/app"]);
}

/// The owner, with an app; Acme asks for one from this day on.
async fn demand(house: &House, day: &str) -> (Browser, AuthenticatorApp) {
    let acme = house.account("Acme");
    let mut owner = house.signed_in(OWNER).await;
    let (app, _) = AuthenticatorApp::set_up(&mut owner, house.clock.now()).await;
    owner.get("/user/security").await;
    let path = format!("/accounts/{acme}/settings/limits/people");
    let asked = owner.post(&path, &[("factor", "date"), ("factor_from", day)]).await;
    assert_eq!(
        (asked.status.as_u16(), facts::count(house, "accounts WHERE factor_from IS NOT NULL")),
        (200, 0)
    );
    assert!(
        asked.text().contains("3 of 4 members can't open Acme until they set one up"),
        "{}",
        asked.text()
    );
    for name in ["admin@example.com", "member@example.com", "reader@example.com"] {
        assert!(asked.all(".names li").iter().any(|one| one.contains(name)), "{name}: {}", asked.text());
    }
    let fields = asked.filled("main form");
    let fields: Vec<(&str, &str)> =
        fields.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect();
    let done = owner.post(&path, &fields[1..]).await;
    assert_eq!((done.status.as_u16(), done.location().ends_with("?done=factor-demanded")), (303, true));
    (owner, app)
}

#[actix_web::test]
async fn from_the_day_on_pages_are_closed_to_members_without_a_factor_and_open_when_they_have_one() {
    let house = House::open();
    let acme = house.account("Acme");
    let (mut owner, _) = demand(&house, "2026-11-25").await;
    let mut member = house.signed_in(MEMBER).await;
    let pages = ["tokens", "domains", "members", "settings", "resources/zone"]
        .map(|page| format!("/accounts/{acme}/{page}"));
    for page in &pages {
        assert_eq!(member.get(page).await.status, 200, "{page}, before the day");
    }
    house.clock.advance(Duration::hours(60));
    let mut member = house.signed_in(MEMBER).await;
    for page in &pages {
        closed(&member.get(page).await, "Acme");
    }
    closed(&house.signed_in(ADMIN).await.get(&format!("/accounts/{acme}/tokens/new")).await, "Acme");
    assert_eq!(
        house.signed_in(STRANGER).await.get(&pages[0]).await.status,
        404,
        "who is no member learns nothing"
    );
    member.get("/user/security").await;
    AuthenticatorApp::set_up(&mut member, house.clock.now()).await;
    for page in &pages {
        assert_eq!(member.get(page).await.status, 200, "{page}, with a factor");
    }
    owner.get("/user/security").await;
    assert_eq!(
        facts::text(
            &house,
            "SELECT after->>'from' FROM audit_events WHERE action = 'account.factor_demanded'"
        ),
        "2026-11-25"
    );
}

#[actix_web::test]
async fn who_lacks_one_leaves_the_account_and_deletes_their_tokens_and_makes_none_that_reach_it() {
    let house = House::open();
    let (acme, member) = (house.account("Acme"), house.user(MEMBER).id);
    let own =
        |name: &str| made::with(&house, Owner::User(member), name, Policy::unconditional(Rights::Everything));
    let ((token, secret), (other, _)) = (own("Laptop"), own("Phone"));
    demand(&house, "2026-11-22").await;
    assert_eq!(whoami(house.address, &secret).await.0, 200, "a token is no sign-in");
    let mut browser = house.signed_in(MEMBER).await;
    let tokens = browser.get("/user/tokens").await;
    assert_eq!(tokens.status, 200);
    for path in ["/user/tokens/build", "/user/tokens/start"].map(str::to_owned) {
        closed(&browser.get(&path).await, "Acme");
    }
    for path in [format!("/user/tokens/{other}/roll"), format!("/user/tokens/{other}/enable")] {
        browser.get("/user/security").await;
        closed(&browser.post(&path, &[("overlap", "leaked")]).await, "Acme");
    }
    browser.get("/user/security").await;
    assert_eq!(browser.post(&format!("/user/tokens/{token}/disable"), &[]).await.status, 303);
    assert_eq!(browser.post(&format!("/user/tokens/{token}/delete"), &[]).await.status, 303);
    assert_eq!(whoami(house.address, &secret).await.0, 401);
    // Not somebody else: that is a page of the account.
    let reader = house.user(READER).id;
    closed(&browser.post(&format!("/accounts/{acme}/members/{reader}/remove"), &[]).await, "Acme");
    let leave = format!("/accounts/{acme}/members/{member}/remove");
    assert_eq!(browser.get(&leave).await.status, 200);
    assert_eq!(browser.post(&leave, &[]).await.location(), "/accounts");
}

#[actix_web::test]
async fn the_setter_has_one_and_the_day_is_today_or_later() {
    let house = House::open();
    let acme = house.account("Acme");
    let path = format!("/accounts/{acme}/settings/limits/people");
    let mut owner = house.signed_in(OWNER).await;
    owner.get(&format!("/accounts/{acme}/settings/limits")).await;
    let own = owner.post(&path, &[("factor", "date"), ("factor_from", "2026-12-06")]).await;
    assert!(
        own.status == 422 && own.text().contains("Set up a second factor for yourself first"),
        "{}",
        own.text()
    );
    AuthenticatorApp::set_up(&mut owner, house.clock.now()).await;
    for (fields, why) in [
        (vec![("factor", "date"), ("factor_from", "2026-11-21")], ""),
        (vec![("factor", "date"), ("factor_from", "soon")], ""),
        (vec![("factor", "date"), ("factor_from", "")], ""),
        (vec![], "Choose one of the two."),
        (vec![("factor", "perhaps")], "Choose one of the two."),
    ] {
        owner.get("/user/security").await;
        let answer = owner.post(&path, &fields).await;
        assert_eq!(answer.status, 422, "{fields:?}");
        let said = if why.is_empty() {
            answer.all("#factor_from-error").len()
        } else {
            usize::from(answer.text().contains(why))
        };
        assert_eq!(said, 1, "{fields:?}: {}", answer.text());
    }
    assert_eq!(facts::count(&house, "accounts WHERE factor_from IS NOT NULL"), 0);
}

#[actix_web::test]
async fn who_lacks_one_is_told_when_it_is_set_a_week_and_a_day_before_and_never_twice() {
    let house = House::open();
    demand(&house, "2026-12-06").await;
    let told = async |house: &House| {
        for _ in 0..2 {
            let now = house.clock.now();
            house.app.db.transaction(move |conn| factor_demand::remind(conn, now)).await.unwrap();
        }
        let mails = house.mails().await;
        let about =
            mails.iter().filter(|(_, subject, _)| subject == "Acme asks for two-factor authentication");
        about.map(|(to, ..)| to.clone()).collect::<Vec<_>>()
    };
    let all = |mut told: Vec<String>| {
        told.sort_unstable();
        assert_eq!(told, [ADMIN, MEMBER, READER]);
    };
    all(told(&house).await);
    house.clock.advance(Duration::days(6));
    assert_eq!(told(&house).await, Vec::<String>::new());
    house.clock.advance(Duration::days(1));
    all(told(&house).await);
    let mut member = house.signed_in(MEMBER).await;
    AuthenticatorApp::set_up(&mut member, house.clock.now()).await;
    house.clock.advance(Duration::days(6));
    let mut left = told(&house).await;
    left.sort_unstable();
    assert_eq!(left, [ADMIN, READER], "who has one by now is told no more");
    house.clock.advance(Duration::days(1));
    assert_eq!(told(&house).await, Vec::<String>::new());
}

#[actix_web::test]
async fn the_list_of_members_says_who_lacks_one() {
    let house = House::open();
    let acme = house.account("Acme");
    let (mut owner, _) = demand(&house, "2026-12-06").await;
    let page = owner.get(&format!("/accounts/{acme}/members")).await;
    let factors: Vec<String> = page.all("table[data-of='members'] tbody tr td:nth-of-type(2)");
    assert_eq!(factors.iter().filter(|one| one.ends_with("Yes")).count(), 1, "{factors:?}");
    assert_eq!(factors.iter().filter(|one| one.ends_with("No")).count(), 3, "{factors:?}");
    let names = |page: &Answer| page.all("table[data-of='members'] .row-name");
    let link = page.links().into_iter().find(|href| href.contains("factor=none")).unwrap();
    assert!(page.text().contains("4 members · 3 without two-factor authentication"), "{}", page.text());
    let lacking = owner.get(&link).await;
    assert_eq!(names(&lacking).len(), 3, "{:?}", names(&lacking));
    assert!(!names(&lacking).contains(&"Olive Owner".to_owned()), "{:?}", names(&lacking));
    assert!(lacking.text().contains("3 members without two-factor authentication · All members"));
    // A search keeps to them.
    let kept = lacking.filled(".list-search");
    assert!(kept.contains(&("factor".to_owned(), "none".to_owned())), "{kept:?}");
    assert_eq!(names(&owner.get(&format!("{link}&q=olive")).await), [""; 0]);
    let mut member = house.signed_in(MEMBER).await;
    let own = member.get(&link).await;
    assert_eq!(names(&own), [""; 0], "who manages no members sees none");
}

#[actix_web::test]
async fn the_last_factor_stays_where_one_is_demanded() {
    let house = House::open();
    let (mut owner, app) = demand(&house, "2026-12-06").await;
    let factor = facts::number(&house, "SELECT id FROM authenticators");
    let path = format!("/user/factors/{factor}/remove");
    owner.get(&path).await;
    let refused = owner.post(&path, &[]).await;
    assert_eq!((refused.status.as_u16(), facts::count(&house, "authenticators")), (422, 1));
    assert!(
        refused.text().contains("Acme asks for a second factor. Set up another first."),
        "{}",
        refused.text()
    );
    let acme = house.account("Acme");
    let off = owner.post(&format!("/accounts/{acme}/settings/limits/people"), &[("factor", "none")]).await;
    assert_eq!(off.status, 303);
    assert_eq!(owner.post(&path, &[]).await.status, 303);
    assert_eq!(facts::count(&house, "users WHERE factor_since IS NOT NULL"), 0);
    drop(app);
}

#[actix_web::test]
async fn site_admins_need_one_to_run_the_site_unless_the_operator_says_otherwise() {
    for (second_factor, closes) in
        [(SecondFactor::Off, false), (SecondFactor::Admins, true), (SecondFactor::Everyone, true)]
    {
        let house = House::with(move |config| config.second_factor = second_factor);
        house.site_admin("site@example.com");
        let mut admin = house.signed_in("site@example.com").await;
        for page in ["/admin/tokens", "/admin/users", "/admin/accounts"] {
            let answer = admin.get(page).await;
            assert_eq!(answer.status.as_u16(), if closes { 403 } else { 200 }, "{page} {second_factor:?}");
        }
        let mut member = house.signed_in(MEMBER).await;
        let acme = house.account("Acme");
        let open = second_factor != SecondFactor::Everyone;
        let page = member.get(&format!("/accounts/{acme}/tokens")).await;
        assert_eq!(page.status.as_u16(), if open { 200 } else { 403 }, "{second_factor:?}");
        assert_eq!(member.get("/admin/users").await.status.as_u16(), if open { 404 } else { 403 });
        admin.get("/user/security").await;
        AuthenticatorApp::set_up(&mut admin, house.clock.now()).await;
        assert_eq!(admin.get("/admin/users").await.status, 200, "{second_factor:?}");
        if closes {
            let factor = facts::number(&house, "SELECT id FROM authenticators");
            let refused = admin.post(&format!("/user/factors/{factor}/remove"), &[]).await;
            assert!(
                refused.status == 422 && refused.text().contains("this site asks for a second factor"),
                "{}",
                refused.text()
            );
        }
    }
}

#[actix_web::test]
async fn where_everyone_needs_one_only_what_helps_to_have_one_to_leave_and_to_end_things_is_open() {
    let house = House::with(|config| config.second_factor = SecondFactor::Everyone);
    let mut member = house.signed_in(MEMBER).await;
    let site = house.app.support.site_name().to_owned();
    for page in ["/", "/accounts", "/user", "/user/activity", "/user/tokens/build"] {
        closed(&member.get(page).await, &site);
    }
    for page in ["/user/security", "/user/factors/app", "/user/tokens", "/help", "/help/two-factor"] {
        assert_eq!(member.get(page).await.status, 200, "{page}");
    }
    assert_eq!(member.get("/sign-in").await.location(), "/", "who is signed in is not asked again");
    member.get("/user/security").await;
    assert_eq!(member.post("/user/sessions/end-others", &[]).await.status, 303);
    assert_eq!(member.post("/sign-out", &[]).await.status, 303);
}
