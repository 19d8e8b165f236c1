//! Word of tokens by mail: who is told of what, once, and by one mail for many.

use crate::facts::{change, count, text, until};
use crate::support::{ADMIN, House, MEMBER, OWNER, READER, made};
use time::{Duration, OffsetDateTime};
use tokenhouse::db;
use tokenhouse::models::Token;
use tokenhouse::models::notice::tell_of_expiring;
use tokenhouse::models::token::{DeletionReason, Owner};
use tokenhouse::policy::{Policy, Rights, Role, TokenId};

/// What is due, as "recipient: subject", in order.
async fn due(house: &House) -> Vec<String> {
    let mut mails: Vec<String> =
        house.mails().await.into_iter().map(|(to, subject, _)| format!("{to}: {subject}")).collect();
    mails.sort();
    mails
}

fn off(house: &House, email: &str) {
    change(house, &format!("UPDATE users SET notices_off_at = now() WHERE email = '{email}'"));
}

/// A token of a user, made by them; nobody is told any more.
async fn of_user(house: &House, email: &str) -> i64 {
    let owner = Owner::User(house.user(email).id);
    let (id, _) = made::with(house, owner, "Laptop", Policy::unconditional(Rights::Everything));
    house.mails().await;
    id.get()
}

#[actix_web::test]
async fn a_new_token_is_told_to_whoever_made_it_and_to_those_who_manage_them() {
    let house = House::open();
    let acme = house.account("Acme");
    let mut admin = house.signed_in(ADMIN).await;
    let (id, secret) = admin.make_full_token(acme, "Deploy").await;
    let mut mails = house.mails().await;
    mails.sort();
    let told: Vec<&str> = mails.iter().map(|(to, ..)| to.as_str()).collect();
    assert_eq!(told, [ADMIN, OWNER]);
    let (_, subject, said) = &mails[0];
    assert_eq!(subject, "Token “Deploy” was made");
    for part in [
        "The token “Deploy” of Acme was made.",
        "When: 22 November 2026, 12:00 UTC",
        "By: admin@example.com",
        "From: 127.0.0.1",
        &house.url(&format!("/accounts/{acme}/tokens/{id}")),
        "If that was not you nor anybody you know, delete the token on that page",
    ] {
        assert!(said.contains(part), "{part}: {said}");
    }
    assert!(!said.contains(&secret));
    assert_eq!(count(&house, &format!("mails WHERE mails::text LIKE '%{secret}%'")), 0);
    assert_eq!(due(&house).await, Vec::<String>::new(), "once");
}

#[actix_web::test]
async fn what_somebody_did_themselves_they_are_not_told_but_what_gives_access() {
    let house = House::open();
    let acme = house.account("Acme");
    let mut admin = house.signed_in(ADMIN).await;
    let (id, _) = admin.make_full_token(acme, "Deploy").await;
    due(&house).await;
    let token = format!("/accounts/{acme}/tokens/{id}");
    let mut owner = house.signed_in(OWNER).await;
    let nonce = owner.get(&format!("{token}/roll")).await.value_of("nonce");
    assert_eq!(
        owner.post(&format!("{token}/roll"), &[("nonce", &nonce), ("overlap", "leaked")]).await.status,
        200
    );
    assert_eq!(
        due(&house).await,
        [
            "admin@example.com: Token “Deploy” has a new secret",
            "owner@example.com: Token “Deploy” has a new secret",
        ]
    );
    owner.post(&format!("{token}/disable"), &[("why", "Tried out")]).await;
    assert_eq!(due(&house).await, ["admin@example.com: Token “Deploy” was disabled"]);
    owner.delete_token(acme, id).await;
    assert_eq!(due(&house).await, ["admin@example.com: Token “Deploy” was deleted"]);

    let mut member = house.signed_in(MEMBER).await;
    let own = of_user(&house, MEMBER).await;
    member.get(&format!("/user/tokens/{own}/delete")).await;
    member.post(&format!("/user/tokens/{own}/delete"), &[]).await;
    assert_eq!(count(&house, "tokens WHERE deleted_at IS NULL"), 0);
    assert_eq!(due(&house).await, Vec::<String>::new());
}

#[actix_web::test]
async fn whoever_wants_no_mail_gets_none_but_of_what_others_did_to_their_tokens() {
    let house = House::open();
    let acme = house.account("Acme");
    for email in [ADMIN, OWNER, MEMBER] {
        off(&house, email);
    }
    let mut admin = house.signed_in(ADMIN).await;
    let (id, _) = admin.make_full_token(acme, "Deploy").await;
    assert_eq!(due(&house).await, Vec::<String>::new());
    house.signed_in(OWNER).await.delete_token(acme, id).await;
    assert_eq!(due(&house).await, ["admin@example.com: Token “Deploy” was deleted"]);

    let token = of_user(&house, MEMBER).await;
    let path = format!("/accounts/{acme}/members/tokens/{token}/block");
    assert_eq!(admin.post(&path, &[("why", "Tried out")]).await.status, 303);
    assert_eq!(due(&house).await, ["member@example.com: Token “Laptop” was blocked in Acme"]);
}

#[actix_web::test]
async fn no_mail_goes_to_an_address_that_is_not_proved_nor_to_whoever_has_left() {
    let house = House::open();
    let acme = house.account("Acme");
    let mut admin = house.signed_in(ADMIN).await;
    let (id, _) = admin.make_full_token(acme, "Deploy").await;
    due(&house).await;
    change(&house, &format!("UPDATE users SET email_verified_at = NULL WHERE email = '{OWNER}'"));
    change(&house, &format!("DELETE FROM memberships WHERE user_id = {}", house.user(ADMIN).id));
    house.join("Acme", READER, Role::Admin);
    let token = Token::itself(&mut house.conn(), id).unwrap().unwrap();
    db::in_one(&mut house.conn(), |conn| {
        token.delete(conn, DeletionReason::CommandLine, &house.command_line())
    })
    .unwrap();
    let mails = house.mails().await;
    let [(to, subject, said)] = mails.as_slice() else { panic!("{mails:?}") };
    assert_eq!((to.as_str(), subject.as_str()), (READER, "Token “Deploy” was deleted"));
    assert!(said.contains("By: the operator, on the command line\n") && !said.contains("From:"), "{said}");
}

#[actix_web::test]
async fn mail_that_waited_is_not_sent_to_an_address_that_may_no_longer_be_told() {
    let house = House::open();
    let acme = house.account("Acme");
    type Stop = fn(&House);
    let stops: [(&str, Stop); 4] = [
        ("removed", |house| {
            let of = house.user(ADMIN).id;
            change(house, &format!("DELETE FROM memberships WHERE user_id = {of}"));
        }),
        ("deactivated", |house| {
            house.user(ADMIN).deactivate(&mut house.conn(), &house.command_line()).unwrap();
        }),
        ("another address", |house| {
            change(house, &format!("UPDATE users SET email = 'ada@example.net' WHERE email = '{ADMIN}'"));
        }),
        ("not verified", |house| {
            change(house, &format!("UPDATE users SET email_verified_at = NULL WHERE email = '{ADMIN}'"));
        }),
    ];
    for (what, stop) in stops {
        let mut admin = house.signed_in(ADMIN).await;
        let (id, _) = admin.make_full_token(acme, "Deploy").await;
        let token = Token::itself(&mut house.conn(), id).unwrap().unwrap();
        db::in_one(&mut house.conn(), |conn| {
            token.delete(conn, DeletionReason::CommandLine, &house.command_line())
        })
        .unwrap();
        assert_eq!(
            count(
                &house,
                &format!("mails WHERE recipient = '{ADMIN}' AND sent_at IS NULL AND given_up_at IS NULL")
            ),
            2,
            "{what}"
        );
        stop(&house);
        let to: Vec<String> = due(&house).await;
        assert!(!to.is_empty() && to.iter().all(|mail| mail.starts_with(OWNER)), "{what}: {to:?}");
        change(
            &house,
            &format!(
                "UPDATE users SET deactivated_at = NULL, email_verified_at = created_at, email = '{ADMIN}' WHERE name = 'Ada Admin'"
            ),
        );
        house.join("Acme", ADMIN, Role::Admin);
    }
}

#[actix_web::test]
async fn a_thousand_revoked_tokens_are_one_mail_a_person_with_the_count() {
    let house = House::open();
    let acme = house.account("Acme");
    house.join("Acme", MEMBER, Role::Admin);
    let mut member = house.signed_in(MEMBER).await;
    member.make_full_token(acme, "Mine").await;
    member.make_full_token(acme, "Mine, too").await;
    house.join("Acme", MEMBER, Role::ReadWrite);
    change(
        &house,
        &format!(
            "INSERT INTO tokens (kind, account_id, name, search_words, full_access, created_at, updated_at)
             SELECT 'account', {acme}, 'T' || n, '{{}}', true, '2026-11-22', '2026-11-22' FROM generate_series(1, 1000) n"
        ),
    );
    due(&house).await;
    let mut owner = house.signed_in(OWNER).await;
    let path = format!("/accounts/{acme}/tokens/revoke");
    owner.get(&path).await;
    assert_eq!(owner.post(&path, &[]).await.status, 303);
    assert_eq!(
        due(&house).await,
        ["admin@example.com: 1002 tokens were revoked", "member@example.com: 2 tokens were revoked"]
    );
    assert_eq!(count(&house, "tokens WHERE deleted_at IS NULL"), 0);
}

#[actix_web::test]
async fn fifty_people_are_told_at_most() {
    let house = House::open();
    let acme = house.account("Acme");
    change(
        &house,
        &format!(
            "WITH made AS (INSERT INTO users (email, name, email_verified_at, created_at, updated_at)
             SELECT 'a' || n || '@example.com', 'A', '2026-11-22', '2026-11-22', '2026-11-22' FROM generate_series(1, 80) n RETURNING id)
             INSERT INTO memberships (account_id, user_id, role, created_at) SELECT {acme}, id, 'admin', '2026-11-22' FROM made"
        ),
    );
    made::token(&house, acme, None);
    assert_eq!(due(&house).await.len(), 50);
}

/// What the chore does in an hour.
fn chore(house: &House) {
    let now = house.clock.now();
    let mut behind = Some((now, TokenId::from(0)));
    while let Some(from) = behind {
        behind = db::in_one(&mut house.conn(), |conn| tell_of_expiring(conn, from, now)).unwrap();
    }
}

/// A token of the owner's that works for so long, made now.
async fn lasting(house: &House, lives: Duration) -> i64 {
    let end: OffsetDateTime = house.clock.now() + lives;
    let policy = Policy { expires_at: Some(end), ..Policy::unconditional(Rights::Everything) };
    let (id, _) = made::with(house, Owner::User(house.user(OWNER).id), "Laptop", policy);
    house.mails().await;
    id.get()
}

#[actix_web::test]
async fn a_token_that_expires_is_told_of_fourteen_seven_and_one_days_before_each_once() {
    let house = House::open();
    lasting(&house, Duration::days(20)).await;
    let mut told = Vec::new();
    for hour in 0..21 * 24 {
        chore(&house);
        // As another node would, too.
        chore(&house);
        for mail in due(&house).await {
            told.push((hour, mail));
        }
        house.clock.advance(Duration::hours(1));
    }
    let told: Vec<(i64, &str)> = told.iter().map(|(hour, mail)| (*hour, mail.as_str())).collect();
    assert_eq!(
        told,
        [
            (6 * 24, "owner@example.com: Token “Laptop” expires within 14 days"),
            (13 * 24, "owner@example.com: Token “Laptop” expires within 7 days"),
            (19 * 24, "owner@example.com: Token “Laptop” expires within a day"),
        ]
    );
}

#[actix_web::test]
async fn a_short_life_has_fewer_of_them_and_an_outage_leaves_the_most_urgent() {
    let house = House::open();
    lasting(&house, Duration::days(5)).await;
    lasting(&house, Duration::hours(20)).await;
    chore(&house);
    assert_eq!(due(&house).await, Vec::<String>::new());
    house.clock.advance(Duration::days(4) + Duration::hours(1));
    chore(&house);
    assert_eq!(due(&house).await, ["owner@example.com: Token “Laptop” expires within a day"]);

    lasting(&house, Duration::days(30)).await;
    house.clock.advance(Duration::days(24));
    chore(&house);
    assert_eq!(due(&house).await, ["owner@example.com: Token “Laptop” expires within 6 days"]);
    assert_eq!(
        text(&house, "SELECT string_agg(split_part(key, '/', 3), ' ') FROM mails WHERE key LIKE 'expires/%'"),
        "1 7"
    );
}

#[actix_web::test]
async fn nobody_is_told_of_the_end_of_what_does_not_work_or_against_their_wish() {
    let house = House::open();
    let acme = house.account("Acme");
    let disabled = lasting(&house, Duration::days(14)).await;
    change(
        &house,
        &format!("UPDATE tokens SET disabled_at = '2026-11-22', disabled_why = 'x' WHERE id = {disabled}"),
    );
    made::tokens(&house, acme, &[("Paused".to_owned(), house.clock.now())], Some(Duration::days(14)));
    due(&house).await;
    house.clock.advance(Duration::minutes(1));
    change(&house, "UPDATE accounts SET state = 'suspended' WHERE name = 'Acme'");
    chore(&house);
    assert_eq!(due(&house).await, Vec::<String>::new());
    change(&house, "UPDATE accounts SET state = 'active' WHERE name = 'Acme'");
    house.clock.advance(Duration::days(7));
    off(&house, OWNER);
    chore(&house);
    assert_eq!(due(&house).await, ["admin@example.com: Token “Paused” expires within 7 days"]);
}

#[actix_web::test]
async fn a_part_that_cannot_be_told_of_keeps_those_behind_it_from_nothing() {
    let house = House::open();
    house.set_plan("Acme", "enterprise");
    let names: Vec<_> = (0..101).map(|number| (format!("T{number}"), house.clock.now())).collect();
    let ids = made::tokens(&house, house.account("Acme"), &names, Some(Duration::days(20)));
    let (first, last) = (ids[0], ids[100]);
    change(&house, &format!("ALTER TABLE mails ADD CHECK (key NOT LIKE 'expires/{first}/%')"));
    house.clock.advance(Duration::days(7));
    // The chore runs at the start of each node.
    let _second = house.second_node();
    until(|| count(&house, &format!("mails WHERE key LIKE 'expires/{last}/%'")) == 2);
    assert_eq!(count(&house, "mails WHERE key LIKE 'expires/%'"), 2);
}
