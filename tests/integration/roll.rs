//! Rolling: a new secret for the same token, and how long the older one goes on.

use super::{facts, made};
use crate::support::client::{Answer, Browser, read};
use crate::support::{ADMIN, House, MEMBER, OWNER, START, database};
use time::Duration;
use tokenhouse::clock::Clock;
use tokenhouse::db;
use tokenhouse::models::token::{Asked, Enabled, Overlap, Owner, Rolled};
use tokenhouse::models::{Account, Actor, Origin, Token};
use tokenhouse::policy::{Access, Policy, Rights, Role, Selection, TokenId};
use uuid::Uuid;

/// Opens the page that asks, and rolls; the page is the token's.
pub async fn answered(browser: &mut Browser, page: &str, overlap: &str) -> Answer {
    let asked = browser.get(&format!("{page}/roll")).await;
    let (nonce, shown) = (asked.value_of("nonce"), asked.value_of("shown"));
    assert!(!shown.is_empty(), "the page says which secrets it is about");
    let fields = [("nonce", nonce.as_str()), ("shown", &shown), ("overlap", overlap)];
    browser.post(&format!("{page}/roll"), &fields).await
}

/// The same, to the new secret.
pub async fn rolled(browser: &mut Browser, page: &str, overlap: &str) -> String {
    let answer = answered(browser, page, overlap).await;
    assert_eq!(answer.status, 200, "{}", answer.text());
    let secret = answer.secret();
    assert!(secret.len() == 42, "no secret on the page");
    secret
}

/// What a call is refused with; `ok` where it is let in.
pub async fn call(house: &House, path: &str, secret: &str) -> String {
    let answer = read(house.anybody().request("GET", path).bearer_auth(secret)).await;
    if answer.status == 200 {
        return "ok".to_owned();
    }
    let body: serde_json::Value = serde_json::from_str(&answer.body).unwrap();
    format!("{} {}", answer.status.as_u16(), body["code"].as_str().unwrap_or_default())
}

const USE: &str = "/v2/accounts";
const REPLACED: &str = "401 secret_replaced";

/// A token of Acme, its page, its secret, and the owner's browser.
async fn with_token(house: &House) -> (Browser, String, String) {
    let acme = house.account("Acme");
    let mut owner = house.signed_in(OWNER).await;
    let (token, secret) = owner.make_full_token(acme, "Deploy").await;
    (owner, format!("/accounts/{acme}/tokens/{token}"), secret)
}

fn secrets(house: &House) -> Vec<String> {
    let line = "concat_ws(' ', rolled, to_char(ends_at, 'DD HH24:MI'), ended_why, first_used_at IS NOT NULL)";
    facts::texts(house, line, "token_secrets ORDER BY id")
}

#[actix_web::test]
async fn the_older_secret_goes_on_for_the_time_that_was_chosen_and_all_else_stays() {
    for (overlap, long) in [("hour", Duration::HOUR), ("day", Duration::DAY), ("week", Duration::WEEK)] {
        let house = House::open();
        let (mut owner, page, old) = with_token(&house).await;
        let before = facts::text(&house, "SELECT t FROM tokens t").replace("2026-11-22", "");
        let new = rolled(&mut owner, &page, overlap).await;
        assert_ne!(new, old);
        assert_eq!(facts::text(&house, "SELECT t FROM tokens t").replace("2026-11-22", ""), before);
        house.clock.advance(long - Duration::microseconds(1));
        for secret in [&old, &new] {
            assert_eq!(call(&house, USE, secret).await, "ok", "{overlap}");
        }
        house.clock.advance(Duration::microseconds(1));
        assert_eq!(call(&house, USE, &old).await, REPLACED, "{overlap}");
        assert_eq!(call(&house, USE, &new).await, "ok", "{overlap}");
        let line = "concat_ws(' ', action, actor_kind, actor_name, object_name, after->>'overlap')";
        let lines = facts::texts(&house, line, "audit_events WHERE action LIKE 'token.roll%'");
        assert_eq!(lines, [format!("token.rolled user owner@example.com Deploy {overlap}")]);
    }
}

#[actix_web::test]
async fn a_leaked_secret_ends_at_once_and_its_refused_calls_are_told() {
    let house = House::open();
    let (mut owner, page, old) = with_token(&house).await;
    let new = rolled(&mut owner, &page, "leaked").await;
    assert_eq!(call(&house, USE, &old).await, REPLACED);
    assert_eq!(call(&house, USE, &new).await, "ok");
    assert_eq!(secrets(&house), ["f leaked f", "t t"]);
    house.app.buffers.refusals.flush(&house.app.db, house.clock.now()).await.unwrap();
    let told = owner.get(&page).await.text();
    assert!(told.contains("Its secret had been replaced"), "{told}");
}

#[actix_web::test]
async fn the_first_use_of_the_new_secret_ends_the_older_and_asking_what_it_is_does_not() {
    let house = House::open();
    let (mut owner, page, old) = with_token(&house).await;
    let new = rolled(&mut owner, &page, "first_use").await;
    for path in ["/v2/whoami", "/v2/tokens/verify", "/client/v4/user/tokens/verify"] {
        assert_eq!(call(&house, path, &new).await, "ok", "{path}");
        assert_eq!(call(&house, USE, &old).await, "ok", "{path}");
    }
    assert_eq!(secrets(&house), ["f f", "t f"]);
    // From a network that it does not work from, it is not used.
    facts::change(&house, "UPDATE tokens SET refused_networks = '{127.0.0.0/8}'");
    assert_eq!(call(&house, USE, &new).await, "403 address_refused");
    facts::change(&house, "UPDATE tokens SET refused_networks = '{}'");
    assert_eq!(call(&house, USE, &old).await, "ok");

    // A call that the token does not reach is a use of it, too.
    assert_eq!(call(&house, "/v2/1/zones", &new).await, "404 account_not_found");
    assert_eq!(call(&house, USE, &old).await, REPLACED);
    assert_eq!(call(&house, USE, &new).await, "ok");
    assert_eq!(secrets(&house), ["f replaced f", "t t"]);
    let line = "concat_ws(' ', actor_kind, actor_name, after->>'why')";
    let lines = facts::texts(&house, line, "audit_events WHERE action = 'token.roll_finished'");
    assert_eq!(lines, ["token Deploy first_use"]);
}

#[actix_web::test]
async fn a_first_use_that_cannot_be_written_is_not_answered() {
    let house = House::open();
    let (mut owner, page, old) = with_token(&house).await;
    let new = rolled(&mut owner, &page, "first_use").await;
    let mut blocker = database::connect(&house.database);
    diesel::connection::SimpleConnection::batch_execute(&mut blocker, "BEGIN; SELECT FROM tokens FOR UPDATE")
        .unwrap();
    assert_eq!(call(&house, "/v2/whoami", &new).await, "ok");
    assert_eq!(call(&house, USE, &new).await, "503 unavailable");
    assert_eq!(call(&house, USE, &old).await, "ok");
    diesel::connection::SimpleConnection::batch_execute(&mut blocker, "COMMIT").unwrap();
    assert_eq!(call(&house, USE, &new).await, "ok");
    assert_eq!(call(&house, USE, &old).await, REPLACED);
}

#[actix_web::test]
async fn rolling_again_replaces_a_newer_secret_that_was_never_used() {
    let house = House::open();
    let (mut owner, page, old) = with_token(&house).await;
    let lost = rolled(&mut owner, &page, "hour").await;
    let asked = owner.get(&format!("{page}/roll")).await.text();
    assert!(asked.contains(&format!("…{} ends now, as it was never used", &lost[38..])), "{asked}");
    assert_eq!(call(&house, "/v2/whoami", &lost).await, "ok");
    let new = rolled(&mut owner, &page, "day").await;
    assert_eq!(call(&house, USE, &lost).await, REPLACED);
    assert_eq!(secrets(&house), ["f 23 12:00 f", "t replaced f", "t f"]);
    house.clock.advance(Duration::hours(2));
    for secret in [&old, &new] {
        assert_eq!(call(&house, USE, secret).await, "ok");
    }
}

#[actix_web::test]
async fn rolling_again_ends_the_older_where_the_newer_was_used() {
    let house = House::open();
    let (mut owner, page, old) = with_token(&house).await;
    let middle = rolled(&mut owner, &page, "week").await;
    assert_eq!(call(&house, USE, &middle).await, "ok");
    let asked = owner.get(&format!("{page}/roll")).await.text();
    assert!(asked.contains(&format!("…{} ends now, as it is the older one", &old[38..])), "{asked}");
    let new = rolled(&mut owner, &page, "first_use").await;
    assert_eq!(call(&house, USE, &old).await, REPLACED);
    assert_eq!(call(&house, USE, &middle).await, "ok");
    // Both of those before it end where it leaked.
    let last = rolled(&mut owner, &page, "leaked").await;
    for ended in [&middle, &new] {
        assert_eq!(call(&house, USE, ended).await, REPLACED);
    }
    assert_eq!(call(&house, USE, &last).await, "ok");
    assert_eq!(facts::count(&house, "token_secrets WHERE ended_at IS NULL"), 1);
}

#[actix_web::test]
async fn a_replaced_secret_that_is_used_late_ends_nothing_any_more() {
    let house = House::open();
    let (mut owner, page, old) = with_token(&house).await;
    let lost = rolled(&mut owner, &page, "first_use").await;
    let number = facts::number(&house, "SELECT max(id) FROM token_secrets");
    let token = facts::number(&house, "SELECT max(id) FROM tokens");
    rolled(&mut owner, &page, "day").await;
    // As of a call that was looked up before the second roll.
    let origin = Origin::command_line(START);
    let late = db::in_one(&mut house.conn(), |conn| {
        tokenhouse::models::token::roll::note_first_use(conn, token.into(), number.into(), &origin)
    });
    late.unwrap();
    assert_eq!(call(&house, USE, &old).await, "ok");
    assert_eq!(call(&house, USE, &lost).await, REPLACED);
}

#[actix_web::test]
async fn the_page_of_the_token_tells_two_secrets_apart_until_the_overlap_is_finished() {
    let house = House::open();
    let (mut owner, page, old) = with_token(&house).await;
    let new = rolled(&mut owner, &page, "day").await;
    let http = reqwest::Client::builder().no_proxy().user_agent("old/1.0").build().unwrap();
    read(http.get(house.url("/v2/whoami")).bearer_auth(&old)).await;
    house.app.buffers.last_uses.flush_all(&house.app.db, house.clock.now()).await.unwrap();
    house.clock.advance(Duration::minutes(3));
    let shown = owner.get(&page).await;
    let rows = shown.all(".secrets li");
    assert_eq!(rows.len(), 2);
    let newer = format!("Newer tkh_a_…{} made 3 minutes ago Never used.", &new[38..]);
    assert!(rows[0].contains(&newer), "{rows:?}");
    let older = format!("Older tkh_a_…{}", &old[38..]);
    assert!(rows[1].contains(&older), "{rows:?}");
    let told = "Last used 3 minutes ago from 127.0.0.1 (old/1.0). Works until 23 Nov 2026, 12:00 UTC.";
    assert!(rows[1].contains(told), "{rows:?}");
    for hint in [&old[38..], &new[38..]] {
        let list = page.rsplit_once('/').unwrap().0;
        let found = owner.get(&format!("{list}?q={hint}")).await;
        assert_eq!(found.all(".token-name"), ["Deploy"], "found by either secret");
    }

    owner.get(&page).await;
    let finished = owner.post(&format!("{page}/roll/finish"), &[]).await;
    assert_eq!(finished.location(), format!("{page}?done=finished"));
    let after = owner.get(finished.location()).await;
    assert!(after.text().contains("The older secret has ended."), "{}", after.text());
    assert!(after.all(".secrets li").is_empty());
    assert_eq!(call(&house, USE, &old).await, REPLACED);
    assert_eq!(call(&house, USE, &new).await, "ok");
    let again = owner.post(&format!("{page}/roll/finish"), &[]).await;
    assert_eq!(again.location(), format!("{page}?done=unfinished"));
    assert_eq!(facts::count(&house, "audit_events WHERE action = 'token.roll_finished'"), 1);
}

#[actix_web::test]
async fn a_node_whose_clock_is_behind_refuses_a_secret_that_was_ended() {
    let house = House::open();
    let behind = House::on(house.database.clone(), Clock::fixed(START - Duration::minutes(5)), |_| {});
    let (mut owner, page, old) = with_token(&house).await;
    let middle = rolled(&mut owner, &page, "day").await;
    assert_eq!(call(&behind, USE, &old).await, "ok");
    owner.post(&format!("{page}/roll/finish"), &[]).await;
    assert_eq!(call(&behind, USE, &old).await, REPLACED);
    let new = rolled(&mut owner, &page, "first_use").await;
    assert_eq!(call(&house, USE, &new).await, "ok");
    assert_eq!(call(&behind, USE, &middle).await, REPLACED);
    let last = rolled(&mut owner, &page, "leaked").await;
    assert_eq!(call(&behind, USE, &new).await, REPLACED);
    assert_eq!(call(&behind, USE, &last).await, "ok");
}

#[actix_web::test]
async fn the_new_secret_is_in_the_answer_to_the_post_and_nowhere_else() {
    let house = House::open();
    let (mut owner, page, _) = with_token(&house).await;
    let answer = answered(&mut owner, &page, "day").await;
    let secret = answer.secret();
    assert_eq!(answer.heading(), "The new secret is ready");
    assert!(answer.text().contains("the one before works until 23 Nov 2026, 12:00 UTC"));
    assert!(answer.header("cache-control").contains("no-store"));
    let random = &secret[6..];
    for (name, value) in &answer.headers {
        assert!(!String::from_utf8_lossy(value.as_bytes()).contains(random), "{name} holds the secret");
    }
    assert_eq!(facts::count(&house, &format!("token_secrets WHERE digest = sha256('{secret}'::bytea)")), 1);
    for table in ["tokens", "token_secrets", "sessions", "audit_events", "throttles"] {
        let holds = format!("{table} AS t WHERE t::text LIKE '%{random}%'");
        assert_eq!(facts::count(&house, &holds), 0, "{table} holds the secret");
    }
    for path in [page.clone(), format!("{page}?rolled=1"), format!("{page}/roll"), format!("{page}/delete")] {
        let shown = owner.get(&path).await;
        assert_eq!(shown.status, 200, "{path}");
        assert!(!shown.body.contains(random), "{path} shows the secret");
    }
}

#[actix_web::test]
async fn the_same_form_posted_again_rolls_nothing_and_offers_to_roll_again() {
    let house = House::open();
    let (mut owner, page, _) = with_token(&house).await;
    let nonce = owner.get(&format!("{page}/roll")).await.value_of("nonce");
    let fields = [("nonce", nonce.as_str()), ("overlap", "hour")];
    let secret = owner.post(&format!("{page}/roll"), &fields).await.secret();
    let again = owner.post(&format!("{page}/roll"), &fields).await;
    assert_eq!((again.status.as_u16(), again.location()), (303, format!("{page}?rolled=1").as_str()));
    assert_eq!(facts::count(&house, "token_secrets"), 2);
    let told = owner.get(again.location()).await;
    assert!(told.text().contains("The form arrived twice, and this token was rolled once."));
    assert!(told.links().contains(&format!("{page}/roll")) && !told.body.contains(&secret[6..]));
    assert_eq!(call(&house, USE, &secret).await, "ok");
}

#[actix_web::test]
async fn a_form_that_did_something_else_does_not_roll_and_that_of_a_roll_makes_no_token() {
    let house = House::open();
    let (mut owner, page, secret) = with_token(&house).await;
    let (_, other, _) = with_token(&house).await;
    let of_roll = owner.get(&format!("{page}/roll")).await.value_of("nonce");
    let fields = [("nonce", of_roll.as_str()), ("overlap", "day")];
    assert_eq!(owner.post(&format!("{page}/roll"), &fields).await.status, 200);
    let of_token = facts::text(&house, "SELECT form_nonce FROM token_secrets ORDER BY id LIMIT 1");
    for (path, nonce) in [(&other, &of_roll), (&page, &of_token)] {
        let fields = [("nonce", nonce.as_str()), ("overlap", "leaked")];
        let refused = owner.post(&format!("{path}/roll"), &fields).await;
        assert_eq!(refused.status, 422);
        assert!(refused.text().contains("This form was used before."), "{}", refused.text());
        assert_eq!(refused.attributes("input[name='overlap'][checked]", "value"), ["leaked"]);
        assert_ne!(&refused.value_of("nonce"), nonce);
    }
    let list = page.rsplit_once('/').unwrap().0;
    let fields = [
        ("nonce", of_roll.as_str()),
        ("name", "Deploy"),
        ("reach", "everything"),
        ("expires", "90"),
        ("do", "generate"),
    ];
    let refused = owner.post(list, &fields).await;
    assert_eq!(refused.status, 422, "{}", refused.location());
    assert!(refused.text().contains("This form was used before."));
    assert_eq!((facts::count(&house, "token_secrets"), facts::count(&house, "tokens")), (3, 2));
    assert_eq!(call(&house, USE, &secret).await, "ok");
}

#[actix_web::test]
async fn without_a_choice_nothing_is_rolled() {
    let house = House::open();
    let (mut owner, page, _) = with_token(&house).await;
    let asked = owner.get(&format!("{page}/roll")).await;
    assert_eq!(asked.attributes("input[name='overlap'][checked]", "value"), ["day"]);
    assert!(asked.text().contains("If several machines share the token, choose a time"));
    let nonce = asked.value_of("nonce");
    for overlap in ["", "year", "0", "Day"] {
        let fields = [("nonce", nonce.as_str()), ("overlap", overlap)];
        let refused = owner.post(&format!("{page}/roll"), &fields).await;
        assert_eq!(refused.status, 422, "{overlap}");
        assert!(refused.text().contains("Choose how long"), "{}", refused.text());
    }
    for nonce in ["", "x", "00000000"] {
        let fields = [("nonce", nonce), ("overlap", "hour")];
        let refused = owner.post(&format!("{page}/roll"), &fields).await;
        assert_eq!(refused.status, 422, "{nonce}");
    }
    assert_eq!(facts::count(&house, "token_secrets"), 1);
}

#[actix_web::test]
async fn an_ended_token_is_not_rolled_and_a_paused_one_is() {
    let house = House::open();
    let (mut owner, page, _) = with_token(&house).await;
    let nonce = Uuid::new_v4().to_string();
    let fields = [("nonce", nonce.as_str()), ("overlap", "leaked")];
    for (into, back) in [
        ("deleted_at = '2026-11-22 12:00Z', deleted_why = 'person'", "deleted_at = NULL, deleted_why = NULL"),
        ("expires_at = '2026-11-22 12:00Z'", "expires_at = '2027-11-22 12:00Z'"),
    ] {
        facts::change(&house, &format!("UPDATE tokens SET {into}"));
        let asked = owner.get(&format!("{page}/roll")).await;
        assert_eq!(asked.location(), format!("{page}?done=already"), "{into}");
        let refused = owner.post(&format!("{page}/roll"), &fields).await;
        assert_eq!(refused.location(), format!("{page}?done=already"), "{into}");
        assert!(!owner.get(&page).await.links().contains(&format!("{page}/roll")), "{into}");
        facts::change(&house, &format!("UPDATE tokens SET {back}"));
    }
    assert_eq!(facts::count(&house, "token_secrets"), 1);
    for (into, back) in [
        ("tokens SET disabled_at = '2026-11-22 12:00Z'", "tokens SET disabled_at = NULL"),
        ("tokens SET not_before = '2026-11-25 12:00Z'", "tokens SET not_before = NULL"),
        ("accounts SET plan = 'solo'", "accounts SET plan = 'teams'"),
    ] {
        facts::change(&house, &format!("UPDATE {into}"));
        let secret = rolled(&mut owner, &page, "leaked").await;
        facts::change(&house, &format!("UPDATE {back}"));
        assert_eq!(call(&house, USE, &secret).await, "ok", "{into}");
    }
}

#[actix_web::test]
async fn nobody_rolls_or_enables_a_token_who_could_not_make_it_now() {
    let house = House::open();
    let acme = house.account("Acme");
    let catalogue = tokenhouse::dns::catalogue().unwrap();
    let everything = || Policy::unconditional(Rights::Everything);
    let (of_account, _) = made::with(&house, Owner::Account(acme), "Of Acme", everything());
    let (of_user, _) = made::with(&house, Owner::User(house.user(MEMBER).id), "Of the member", everything());
    let act = |token: TokenId, email: &str| {
        let user = house.user(email);
        let actor = Actor::User { id: user.id, email: user.email };
        let origin = Origin { actor, now: house.clock.now(), address: None };
        db::in_one(&mut house.conn(), |conn| {
            let token = Token::itself(conn, token)?.unwrap();
            let asked = Asked { overlap: Overlap::Day, nonce: Uuid::new_v4(), shown: None };
            let rolled = token.roll(conn, &catalogue, &asked, "tkh", &origin)?;
            token.disable(conn, "person", &origin)?;
            let enabled = token.enable(conn, &catalogue, &origin)?;
            Ok::<_, tokenhouse::db::DbError>((format!("{rolled:?}"), enabled))
        })
        .unwrap()
    };
    let may = |(rolled, enabled): (String, Enabled)| {
        assert_eq!(rolled.starts_with("Made"), enabled == Enabled::Done, "{rolled} {enabled:?}");
        enabled
    };
    assert_eq!(may(act(of_account, ADMIN)), Enabled::Done);
    assert_eq!(act(of_account, MEMBER), (format!("{:?}", Rolled::NotAllowed), Enabled::NotAllowed));
    assert_eq!(may(act(of_user, OWNER)), Enabled::NotAllowed);
    assert_eq!(may(act(of_user, MEMBER)), Enabled::Done);
    facts::change(&house, "UPDATE memberships SET role = 'read_only' WHERE role = 'read_write'");
    assert_eq!(may(act(of_user, MEMBER)), Enabled::NotAllowed);

    let mut conn = house.conn();
    let account = Account::find(&mut conn, acme).unwrap().unwrap();
    account.suspend(&mut conn, true, &house.command_line()).unwrap();
    assert_eq!(act(of_account, ADMIN), (format!("{:?}", Rolled::OwnerAway), Enabled::OwnerAway));
}

#[actix_web::test]
async fn a_person_rolls_a_token_of_ones_own_and_nobody_else_does() {
    let house = House::open();
    let owned = Owner::User(house.user(MEMBER).id);
    let (token, old) = made::with(&house, owned, "Laptop", Policy::unconditional(Rights::Everything));
    let page = format!("/user/tokens/{token}");
    let mut member = house.signed_in(MEMBER).await;
    let new = rolled(&mut member, &page, "leaked").await;
    assert!(new.starts_with("tkh_u_"));
    assert_eq!(
        (call(&house, USE, &old).await.as_str(), call(&house, USE, &new).await.as_str()),
        (REPLACED, "ok")
    );
    let mut admin = house.signed_in(ADMIN).await;
    let nonce = Uuid::new_v4().to_string();
    for end in ["roll", "roll/finish", "disable", "enable"] {
        let answer = admin.post(&format!("{page}/{end}"), &[("overlap", "leaked"), ("nonce", &nonce)]).await;
        assert_eq!(answer.status, 404, "{end}");
    }
    assert_eq!(call(&house, USE, &new).await, "ok");
}

#[actix_web::test]
async fn many_rolls_of_one_form_at_once_make_one_secret() {
    let house = House::with(|config| config.pool_size = 8);
    let (mut owner, page, _) = with_token(&house).await;
    let nonce = owner.get(&format!("{page}/roll")).await.value_of("nonce");
    let fields = [("nonce", nonce.as_str()), ("overlap", "day")];
    let requests = (0..8).map(|_| read(owner.form(&format!("{page}/roll"), &fields)));
    let answers = futures_util::future::join_all(requests).await;
    let made = answers.iter().filter(|answer| answer.status == 200).count();
    let away = answers.iter().filter(|answer| answer.status == 503).count();
    assert!(made == 1 || away > 0, "{made} secrets");
    assert!(answers.iter().all(|answer| matches!(answer.status.as_u16(), 200 | 303 | 503)));
    assert_eq!(facts::count(&house, "token_secrets"), 2);
}

#[actix_web::test]
async fn a_form_about_other_secrets_than_work_by_now_does_nothing_and_shows_them() {
    let house = House::open();
    let (mut owner, page, older) = with_token(&house).await;
    let path = format!("{page}/roll");
    let (one, other) = (owner.get(&path).await, owner.get(&path).await);
    let post = async |browser: &mut Browser, asked: &Answer| {
        let (nonce, shown) = (asked.value_of("nonce"), asked.value_of("shown"));
        browser.post(&path, &[("nonce", &nonce), ("shown", &shown), ("overlap", "day")]).await
    };
    let first = post(&mut owner, &one).await;
    let secret = first.secret();
    let second = post(&mut owner, &other).await;
    assert_eq!(second.status, 422, "{}", second.text());
    assert!(second.text().contains("have changed since this page was opened"), "{}", second.text());
    assert_eq!(second.attributes("input[name='overlap'][checked]", "value"), ["day"]);
    assert_eq!(
        (call(&house, "/v2/whoami", &secret).await, call(&house, USE, &older).await),
        ("ok".to_owned(), "ok".to_owned())
    );
    // The newer one is used after the page said that it never was.
    let stale = owner.get(&path).await;
    assert_eq!(call(&house, USE, &secret).await, "ok");
    assert_eq!(post(&mut owner, &stale).await.status, 422);
    // An empty text says that no secret was shown, and one works.
    let fields =
        [("nonce", stale.value_of("nonce")), ("shown", String::new()), ("overlap", "day".to_owned())];
    let fields = fields.each_ref().map(|(name, value)| (*name, value.as_str()));
    assert_eq!(owner.post(&path, &fields).await.status, 422);
    // Finish is about the pair that was shown.
    let shown = owner.get(&page).await.value_of("shown");
    let newest = rolled(&mut owner, &page, "day").await;
    let finish = owner.post(&format!("{page}/roll/finish"), &[("shown", &shown)]).await;
    assert_eq!(finish.location(), format!("{page}?done=secrets-changed"));
    for secret in [&secret, &newest] {
        assert_eq!(call(&house, USE, secret).await, "ok");
    }
}

#[actix_web::test]
async fn a_person_who_could_not_make_a_scoped_token_any_more_neither_rolls_nor_enables_it() {
    let house = House::open();
    let (acme, hobby) = (house.account("Acme"), house.account("Hobby"));
    house.join("Hobby", MEMBER, Role::ReadWrite);
    house.join("Acme", MEMBER, Role::Admin);
    let billing = Selection::Account { account: acme, except: Vec::new() };
    let owner = Owner::User(house.user(MEMBER).id);
    let (token, _) = made::granted(&house, owner, "Billing", &[("billing", Access::Read, billing)]);
    let zones = Selection::Account { account: hobby, except: Vec::new() };
    let (other, _) = made::granted(&house, owner, "Zones", &[("zones", Access::Full, zones)]);
    house.join("Acme", MEMBER, Role::ReadOnly);
    let mut member = house.signed_in(MEMBER).await;
    for (token, statuses) in [(token, (403, 403)), (other, (200, 303))] {
        let page = format!("/user/tokens/{token}");
        member.post(&format!("{page}/disable"), &[]).await;
        let enabled = member.post(&format!("{page}/enable"), &[]).await.status.as_u16();
        assert_eq!((answered(&mut member, &page, "day").await.status.as_u16(), enabled), statuses);
    }
}

#[actix_web::test]
async fn a_secret_whose_time_is_up_here_ends_for_nodes_whose_clocks_are_behind_too() {
    let house = House::open();
    let (mut owner, page, older) = with_token(&house).await;
    let behind = House::on(house.database.clone(), Clock::fixed(START), |_| {});
    rolled(&mut owner, &page, "hour").await;
    house.clock.advance(Duration::minutes(61));
    assert_eq!(call(&behind, USE, &older).await, "ok");
    let mut owner = house.signed_in(OWNER).await;
    rolled(&mut owner, &page, "leaked").await;
    assert_eq!(call(&behind, USE, &older).await, REPLACED);
}
