//! The password again: before anything that raises someone's access, when the last time is over 15
//! minutes ago; and never before something that makes someone safer.

use super::facts;
use super::routes::{another_session, assert_same_routes};
use crate::support::client::{Answer, Browser, read};
use crate::support::{ADMIN, House, MEMBER, OWNER, READER, STRANGER, ledger, made, product};
use time::Duration;
use tokenhouse::models::link::LinkSecret;
use tokenhouse::models::password;
use tokenhouse::models::token::Owner;
use tokenhouse::policy::{AccountId, Policy, Rights};

const LATER: Duration = Duration::seconds(15 * 60 + 1);

/// What a form does to someone's access.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Does {
    /// It raises access: the password is asked for, and then it's done.
    Raises,
    /// It lowers access, or leaves it as it is: it's done at once.
    Never,
    /// It needs no session, or asks for the password in its own form.
    Open,
}

type Form = (&'static str, &'static [(&'static str, &'static str)], Does);

/// The fields of a new token.
const NEW_TOKEN: &[(&str, &str)] =
    &[("name", "New"), ("reach", "everything"), ("expires", "30"), ("do", "generate")];
const REVIEW: &[(&str, &str)] =
    &[("name", "New"), ("reach", "everything"), ("expires", "30"), ("do", "review")];
const SUMMARY: &[(&str, &str)] =
    &[("name", "New"), ("reach", "everything"), ("expires", "30"), ("do", "summary")];

/// Every form, as a person sends it who owns Acme and runs the site. One that both raises and lowers
/// access has a row for each.
const FORMS: &[Form] = &[
    ("/accounts/{account}/tokens", NEW_TOKEN, Does::Raises),
    ("/accounts/{account}/tokens", REVIEW, Does::Never),
    ("/accounts/{account}/tokens/build", NEW_TOKEN, Does::Raises),
    ("/accounts/{account}/tokens/build", SUMMARY, Does::Never),
    ("/accounts/{account}/tokens/words", REVIEW, Does::Never),
    ("/accounts/{account}/tokens/revoke", &[("confirm", "Acme")], Does::Never),
    ("/accounts/{account}/tokens/chosen", &[("id", "{token}")], Does::Never),
    ("/accounts/{account}/tokens/{token}/rename", &[("name", "Other")], Does::Never),
    ("/accounts/{account}/tokens/{token}/delete", &[], Does::Never),
    ("/accounts/{account}/tokens/{token}/roll", &[("overlap", "leaked")], Does::Raises),
    ("/accounts/{account}/tokens/{token}/roll/finish", &[], Does::Never),
    ("/accounts/{account}/tokens/{token}/disable", &[], Does::Never),
    ("/accounts/{account}/tokens/{token}/enable", &[], Does::Raises),
    ("/user/tokens/build", NEW_TOKEN, Does::Raises),
    ("/user/tokens/build", SUMMARY, Does::Never),
    ("/user/tokens/words", REVIEW, Does::Never),
    ("/user/tokens/revoke", &[("confirm", OWNER)], Does::Never),
    ("/user/tokens/chosen", &[("id", "{token}")], Does::Never),
    ("/user/tokens/{token}/rename", &[("name", "Other")], Does::Never),
    ("/user/tokens/{token}/delete", &[], Does::Never),
    ("/user/tokens/{token}/roll", &[("overlap", "leaked")], Does::Raises),
    ("/user/tokens/{token}/roll/finish", &[], Does::Never),
    ("/user/tokens/{token}/disable", &[], Does::Never),
    ("/user/tokens/{token}/enable", &[], Does::Raises),
    ("/accounts/{account}/members/{user}/role", &[("role", "admin")], Does::Raises),
    ("/accounts/{account}/members/{user}/role", &[("role", "owner")], Does::Raises),
    ("/accounts/{account}/members/{user}/role", &[("role", "read_only")], Does::Never),
    ("/accounts/{account}/members/{user}/factor", &[("why", "Told me by phone")], Does::Raises),
    ("/accounts/{account}/members/{user}/remove", &[], Does::Never),
    ("/accounts/{account}/members/tokens/{token}/block", &[("why", "Tried out")], Does::Never),
    ("/accounts/{account}/members/tokens/{token}/unblock", &[], Does::Raises),
    (
        "/accounts/{account}/invitations",
        &[("email", "other@example.com"), ("role", "read_only")],
        Does::Raises,
    ),
    ("/accounts/{account}/invitations/{invitation}/again", &[], Does::Raises),
    ("/accounts/{account}/invitations/{invitation}/revoke", &[], Does::Never),
    ("/invitations/{secret}", &[], Does::Raises),
    ("/invitations/{secret}/join", &[], Does::Open),
    ("/accounts/{account}/settings", &[("name", "Acme"), ("email", "a@example.com")], Does::Never),
    ("/accounts/{account}/settings/plan", &[("plan", "enterprise")], Does::Raises),
    ("/accounts/{account}/settings/limits", &[("never", "1"), ("everything", "1")], Does::Raises),
    ("/accounts/{account}/settings/delete", &[("confirm", "Acme")], Does::Never),
    ("/accounts/{account}/settings/restore", &[], Does::Raises),
    ("/user", &[("name", "Olive Owner")], Does::Never),
    ("/user/address", &[("email", "olive@example.com")], Does::Raises),
    ("/user/address/again", &[], Does::Never),
    ("/user/security", &[], Does::Open),
    ("/user/sessions/{session}/end", &[], Does::Never),
    ("/user/sessions/end-others", &[], Does::Never),
    ("/accounts/{account}/settings/limits/people", &[("factor", "none")], Does::Raises),
    ("/admin/users/{user}/factor", &[("why", "Told me by phone")], Does::Raises),
    ("/user/factors/app", &[], Does::Raises),
    ("/user/factors/app/confirm", &[("code", "wrong")], Does::Raises),
    ("/user/factors/passkey/begin", &[], Does::Raises),
    ("/user/factors/passkey", &[("name", "Laptop")], Does::Raises),
    ("/sign-in/passkey/begin", &[], Does::Open),
    ("/sign-in/passkey", &[], Does::Open),
    ("/user/factors/codes", &[], Does::Raises),
    // There is none of this number.
    ("/user/factors/{factor}/remove", &[], Does::Raises),
    ("/factor/{secret}", &[], Does::Open),
    ("/sign-in/second", &[], Does::Open),
    ("/sign-in", &[], Does::Open),
    ("/sign-out", &[], Does::Never),
    ("/forgotten", &[], Does::Open),
    ("/reset/{secret}", &[], Does::Open),
    ("/address/{secret}", &[], Does::Open),
    ("/leaked", &[], Does::Open),
    ("/admin/tokens/secret", &[("secret", "{live}")], Does::Never),
    ("/admin/tokens/revoke", &[("token", "{token}"), ("why", "Tried out")], Does::Never),
    ("/admin/users/{user}/password-link", &[], Does::Raises),
    ("/admin/users/{user}/sign-out", &[], Does::Never),
    ("/admin/users/{user}/deactivate", &[], Does::Never),
    ("/admin/users/{user}/reactivate", &[], Does::Raises),
    ("/admin/accounts/{account}/plan", &[("plan", "solo")], Does::Raises),
    ("/admin/accounts/{account}/plan", &[("plan", "enterprise")], Does::Raises),
    ("/admin/accounts/{account}/suspend", &[], Does::Never),
    ("/admin/accounts/{account}/resume", &[], Does::Raises),
    ("/admin/accounts/{account}/restore", &[], Does::Raises),
];

#[test]
fn every_form_says_whether_it_raises_access() {
    let posts = product().page_table().into_iter().chain(tokenhouse::web::open_route_table());
    assert_same_routes(
        posts.filter(|(method, _)| *method == "POST").collect(),
        FORMS.iter().map(|(path, ..)| ("POST", *path)).collect(),
    );
}

#[actix_web::test]
async fn what_raises_access_asks_who_you_are_and_what_makes_someone_safer_never_does() {
    let house = House::open();
    let (acme, owner) = (house.account("Acme"), house.user(OWNER).id);
    facts::change(&house, &format!("UPDATE users SET site_admin_since = created_at WHERE id = {owner}"));
    let (mut browser, mut wrong) = (house.signed_in(OWNER).await, Vec::new());
    browser.get("/user").await;
    for (path, fields, does) in FORMS {
        let (address, fields) = in_place(&house, acme, path, fields);
        let fields: Vec<(&str, &str)> = fields.iter().map(|(name, value)| (*name, value.as_str())).collect();
        house.clock.advance(LATER);
        let before = facts::everything(&house);
        let answer = browser.post(&address, &fields).await;
        let asks = answer.heading() == "Confirm it's you";
        if asks != (*does == Does::Raises) {
            wrong.push(format!("{path} {fields:?}: {}", answer.status));
            continue;
        }
        let done = |answer: &Answer| matches!(answer.status.as_u16(), 200 | 303);
        match does {
            Does::Raises => {
                assert_eq!((answer.status.as_u16(), facts::everything(&house)), (403, before), "{path}");
                assert_eq!(answer.header("referrer-policy"), "strict-origin", "the address may hold a link");
                let said = say(&mut browser, &answer, &ledger::password()).await;
                let none = path.contains("{factor}") && said.status == 404;
                assert!(none || done(&said), "{path}: {} {}", said.status, said.text());
            }
            Does::Never => assert!(done(&answer), "{path}: {} {}", answer.status, answer.text()),
            Does::Open => {}
        }
        if *path == "/sign-out" {
            browser.sign_in(OWNER, &ledger::password()).await;
        }
        // The form token of a page that isn't for anyone in particular is another one.
        browser.get("/user").await;
    }
    assert_eq!(wrong, Vec::<String>::new());
}

/// The address and the fields of a form, with what they're about in place.
fn in_place(
    house: &House,
    acme: AccountId,
    path: &str,
    fields: &'static [(&str, &str)],
) -> (String, Vec<(&'static str, String)>) {
    let of = |email: &str| house.user(email).id;
    let mut replaced: Vec<(&str, String)> = Vec::new();
    // Without anything that an earlier row left, and at most as many tokens as the plan has.
    let mut sql = "UPDATE tokens SET deleted_at = created_at, deleted_why = 'person' WHERE deleted_at IS NULL;
        UPDATE accounts SET state = 'active'; UPDATE users SET deactivated_at = NULL; DELETE FROM invitations;"
        .to_owned();
    if path.contains("{invitation}") || path.contains("{secret}") {
        let link = LinkSecret::generate().unwrap().expose().to_owned();
        ledger::put_down(&link);
        // Into an account that the person is no member of yet, for them; or into theirs, for someone new.
        let (account, email, by) = match path.contains("{secret}") {
            true => (house.account("Rival"), OWNER, of(STRANGER)),
            false => (acme, "new@example.com", of(OWNER)),
        };
        sql.push_str(&format!(
            "INSERT INTO invitations (id, account_id, email, role, copied_digest, invited_by, created_at, expires_at)
             VALUES (1, {account}, '{email}', 'read_only', sha256('{link}'), {by}, '2026-11-22', '2026-11-29');"
        ));
        replaced.extend([("{invitation}", "1".to_owned()), ("{secret}", link)]);
    }
    facts::change(house, &sql);
    if path.contains("{token}") || fields.iter().any(|(_, value)| ["{token}", "{live}"].contains(value)) {
        let owner = match path {
            _ if path.starts_with("/user/") => Owner::User(of(OWNER)),
            _ if path.contains("/members/") => Owner::User(of(MEMBER)),
            _ => Owner::Account(acme),
        };
        let (token, live) = made::with(house, owner, "Walked", Policy::unconditional(Rights::Everything));
        replaced.extend([("{token}", token.to_string()), ("{live}", live)]);
    }
    // What can only be undone after it was done.
    let undone = match path.rsplit('/').next().unwrap_or_default() {
        "restore" => "UPDATE accounts SET state = 'deleting', state_since = '2026-11-22'",
        "resume" => "UPDATE accounts SET state = 'suspended'",
        "reactivate" => "UPDATE users SET deactivated_at = created_at WHERE email = 'reader@example.com'",
        "factor" => "UPDATE users SET factor_since = created_at WHERE email = 'reader@example.com'",
        "enable" => "UPDATE tokens SET disabled_at = created_at WHERE name = 'Walked'",
        _ => "",
    };
    if !undone.is_empty() {
        facts::change(house, undone);
    }
    replaced.push(("{factor}", "1".to_owned()));
    if path.contains("{session}") {
        replaced.push(("{session}", another_session(house, OWNER)));
    }
    if path.contains("{user}") {
        replaced.push(("{user}", of(READER).to_string()));
    }
    let account = if path.starts_with("/admin/") { house.account("Hobby") } else { acme };
    replaced.push(("{account}", account.to_string()));
    let with =
        |text: &str| replaced.iter().fold(text.to_owned(), |text, (name, value)| text.replace(name, value));
    let mut fields: Vec<(&'static str, String)> =
        fields.iter().map(|(name, value)| (*name, with(value))).collect();
    fields.push(("nonce", uuid::Uuid::new_v4().to_string()));
    (with(path), fields)
}

/// The fields that the page keeps, and where it posts them.
fn kept(answer: &Answer) -> (String, Vec<(String, String)>) {
    assert_eq!(answer.heading(), "Confirm it's you", "{}", answer.text());
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
        assert_eq!(asked.all("#password_again-error"), ["This isn't your password."]);
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
