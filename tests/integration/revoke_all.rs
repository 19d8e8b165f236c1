//! *Revoke all*: every live token of one owner ends at once, or none does.

use super::facts;
use crate::support::client::whoami;
use crate::support::{ADMIN, House, MEMBER, OWNER, database, made};
use time::Duration;
use tokenhouse::db;
use tokenhouse::models::token::Owner;
use tokenhouse::models::token::revoke::revoke_all;
use tokenhouse::policy::{Policy, Rights, TokenId};

fn everything() -> Policy {
    Policy::unconditional(Rights::Everything)
}

/// A use of the token's secret so many hours ago.
fn used(house: &House, token: TokenId, hours: i32) {
    let at = format!("timestamptz '2026-11-22 12:00Z' - interval '{hours} hours'");
    database::run(
        &database::url(&house.database),
        &format!(
            "INSERT INTO token_use (secret_id, account_id, last_used_at, address, client)
             SELECT id, 0, {at}, '203.0.113.7', 'certbot/2.11' FROM token_secrets WHERE token_id = {token}"
        ),
    );
}

#[actix_web::test]
async fn all_live_tokens_of_the_account_end_with_one_line_of_the_record_and_no_other_token_does() {
    let house = House::open();
    let (acme, hobby) = (house.account("Acme"), house.account("Hobby"));
    let mut owner = house.signed_in(OWNER).await;
    let (first, one) = owner.make_full_token(acme, "One").await;
    let (second, two) = owner.make_full_token(acme, "Two").await;
    let (_, elsewhere) = owner.make_full_token(hobby, "Elsewhere").await;
    let (_, own) = made::with(&house, Owner::User(house.user(OWNER).id), "Own", everything());
    let (ended, _) = owner.make_full_token(acme, "Ended before").await;
    owner.delete_token(acme, ended).await;
    let expired = made::token(&house, acme, Some(Duration::hours(1)));
    house.clock.advance(Duration::hours(2));

    let list = format!("/accounts/{acme}/tokens");
    assert!(owner.get(&list).await.links().contains(&format!("{list}/revoke")));
    let page = owner.get(&format!("{list}/revoke")).await;
    assert_eq!(page.heading(), "Revoke all tokens of Acme?");
    assert!(page.text().contains("There are 2 tokens that have not ended."), "{}", page.text());
    let answer = owner.post(&format!("{list}/revoke"), &[]).await;
    assert_eq!((answer.status.as_u16(), answer.location()), (303, format!("{list}?done=revoked").as_str()));

    for secret in [&one, &two] {
        let (status, body) = whoami(house.address, secret).await;
        assert_eq!((status.as_u16(), body["code"].as_str()), (401, Some("token_deleted")));
    }
    for secret in [&elsewhere, &own] {
        assert_eq!(whoami(house.address, secret).await.0, 200);
    }
    let line = facts::number(&house, "SELECT id FROM audit_events WHERE action = 'tokens.revoked'");
    assert_eq!(
        facts::text(&house, "SELECT after::text FROM audit_events WHERE action = 'tokens.revoked'"),
        "{\"tokens\": 2}"
    );
    let pointing =
        facts::texts(&house, "id::text", &format!("tokens WHERE deleted_event = {line} ORDER BY id"));
    assert_eq!(pointing, [first.to_string(), second.to_string()]);
    let untouched = format!("tokens WHERE id IN ({ended}, {expired}) AND deleted_why = 'revoke_all'");
    assert_eq!(facts::count(&house, &untouched), 0);
    let told = owner.get(&format!("{list}/{first}")).await.text();
    assert!(told.contains("Deleted by owner@example.com, with all others on"), "{told}");
}

#[actix_web::test]
async fn where_one_was_used_within_a_day_the_name_of_the_account_has_to_be_typed() {
    let house = House::open();
    let acme = house.account("Acme");
    let mut owner = house.signed_in(OWNER).await;
    let (busy, secret) = owner.make_full_token(acme, "Deploy certificates").await;
    let (quiet, _) = owner.make_full_token(acme, "Quiet").await;
    used(&house, busy, 3);
    used(&house, quiet, 25);
    let path = format!("/accounts/{acme}/tokens/revoke");
    let page = owner.get(&path).await;
    assert_eq!(
        page.all(".recent-uses li"),
        ["Deploy certificates 3 hours ago from 203.0.113.7 (certbot/2.11)"]
    );
    for typed in ["", "acme", "Acme Inc"] {
        let answer = owner.post(&path, &[("confirm", typed)]).await;
        assert_eq!(answer.status.as_u16(), 422, "{typed}");
        assert_eq!(answer.value_of("confirm"), typed);
        assert_eq!(answer.all("#confirm-error"), ["Type Acme exactly, to say that you mean all of them."]);
    }
    assert_eq!(whoami(house.address, &secret).await.0, 200);
    assert_eq!(owner.post(&path, &[("confirm", " Acme ")]).await.status.as_u16(), 303);
    assert_eq!(whoami(house.address, &secret).await.0, 401);
}

#[actix_web::test]
async fn a_person_revokes_all_of_their_own_and_nobody_elses() {
    let house = House::open();
    let own = |email: &str| made::with(&house, Owner::User(house.user(email).id), "Laptop", everything());
    let ((mine, secret), (_, of_admin)) = (own(MEMBER), own(ADMIN));
    used(&house, mine, 1);
    let mut member = house.signed_in(MEMBER).await;
    assert_eq!(member.post("/user/tokens/revoke", &[("confirm", "")]).await.status.as_u16(), 422);
    let answer = member.post("/user/tokens/revoke", &[("confirm", MEMBER)]).await;
    assert_eq!((answer.status.as_u16(), answer.location()), (303, "/user/tokens?done=revoked"));
    assert_eq!(whoami(house.address, &secret).await.0, 401);
    assert_eq!(whoami(house.address, &of_admin).await.0, 200);
}

#[actix_web::test]
async fn where_nothing_is_left_the_button_is_gone_and_the_page_says_so() {
    let house = House::open();
    let list = format!("/accounts/{}/tokens", house.account("Acme"));
    let mut owner = house.signed_in(OWNER).await;
    assert!(!owner.get(&list).await.links().contains(&format!("{list}/revoke")));
    let answer = owner.get(&format!("{list}/revoke")).await;
    assert_eq!(answer.location(), format!("{list}?done=none"));
    let answer = owner.post(&format!("{list}/revoke"), &[]).await;
    assert_eq!(answer.location(), format!("{list}?done=none"));
    assert_eq!(facts::count(&house, "audit_events WHERE action = 'tokens.revoked'"), 0);
}

#[actix_web::test]
async fn tokens_that_are_made_at_the_same_moment_are_revoked_or_made_after_it() {
    let house = House::open();
    let acme = house.account("Acme");
    let mut owner = house.signed_in(OWNER).await;
    owner.make_full_token(acme, "First").await;
    // Twenty are made while all are revoked: each waits for the lock, or is one of them.
    let mut makers = Vec::new();
    for number in 0..20 {
        let browser = house.signed_in(OWNER).await;
        makers.push((number, browser));
    }
    let making = makers.into_iter().map(|(number, mut browser)| async move {
        let form = browser.new_form(acme).await;
        let name = format!("Number {number}");
        let fields = [
            ("name", name.as_str()),
            ("nonce", form.as_str()),
            ("reach", "everything"),
            ("expires", "90"),
            ("do", "generate"),
        ];
        browser.post(&format!("/accounts/{acme}/tokens"), &fields).await
    });
    let path = format!("/accounts/{acme}/tokens/revoke");
    let revoking = owner.post(&path, &[("confirm", "Acme")]);
    let (answers, revoked) =
        futures_util::future::join(futures_util::future::join_all(making), revoking).await;
    assert_eq!(revoked.status.as_u16(), 303);
    let line = facts::number(&house, "SELECT id FROM audit_events WHERE action = 'tokens.revoked'");
    for answer in answers.iter().filter(|answer| answer.status.as_u16() == 200) {
        let secret = answer.secret();
        crate::support::ledger::put_down(&secret);
        let hint_end = &secret[secret.len() - 4..];
        let after = format!(
            "tokens JOIN token_secrets ON token_id = tokens.id WHERE right(hint, 4) = '{hint_end}'
             AND (deleted_event = {line} OR deleted_at IS NULL)"
        );
        assert_eq!(facts::count(&house, &after), 1);
        let works = whoami(house.address, &secret).await.0.as_u16() == 200;
        let lives = format!(
            "tokens JOIN token_secrets ON token_id = tokens.id
             WHERE right(hint, 4) = '{hint_end}' AND deleted_at IS NULL"
        );
        assert_eq!(works, facts::count(&house, &lives) == 1);
    }
    // What the record counts is what points to it.
    assert_eq!(
        facts::number(
            &house,
            "SELECT (after->>'tokens')::bigint FROM audit_events WHERE action = 'tokens.revoked'"
        ),
        facts::count(&house, &format!("tokens WHERE deleted_event = {line}"))
    );
}

#[actix_web::test]
async fn a_hundred_thousand_are_revoked_whole_and_work_that_breaks_off_revokes_none() {
    let house = House::open();
    let acme = house.account("Acme");
    database::run(
        &database::url(&house.database),
        &format!(
            "INSERT INTO tokens (kind, account_id, name, full_access, created_at, updated_at, search_words)
             SELECT 'account', {acme}, 'Load ' || n, true, '2026-11-01Z', '2026-11-01Z', ARRAY['a{acme}/load', 'a{acme}/' || n]
             FROM generate_series(1, 100000) AS n"
        ),
    );
    let origin = house.command_line();
    let broken: Result<(), db::DbError> = db::in_one(&mut house.conn(), |conn| {
        assert_eq!(revoke_all(conn, Owner::Account(acme), &origin)?, 100_000);
        Err(db::DbError::Corrupt("broken off".to_owned()))
    });
    assert!(broken.is_err());
    assert_eq!(facts::live_tokens(&house), 100_000);
    assert_eq!(facts::count(&house, "audit_events WHERE action = 'tokens.revoked'"), 0);
    let mut owner = house.signed_in(OWNER).await;
    let answer = owner.post(&format!("/accounts/{acme}/tokens/revoke"), &[]).await;
    assert_eq!(answer.status.as_u16(), 303, "{}", answer.text());
    assert_eq!(facts::live_tokens(&house), 0);
    assert_eq!(facts::count(&house, "tokens WHERE deleted_event IS NOT NULL"), 100_000);
    assert_eq!(facts::count(&house, "audit_events WHERE action = 'tokens.revoked'"), 1);
}
