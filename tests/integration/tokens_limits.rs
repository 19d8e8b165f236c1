//! Rules 8 and 9 and the plan's limit, over HTTP.

use crate::support::client::{read, whoami};
use crate::support::{ADMIN, House, OWNER};
use crate::{facts, made};
use futures_util::future::join_all;
use reqwest::StatusCode;
use std::cell::Cell;
use std::net::SocketAddr;
use std::rc::Rc;
use time::Duration;
use uuid::Uuid;

#[actix_web::test]
async fn fifty_creations_at_once_at_a_limit_of_ten_make_ten() {
    let house = House::with(|config| config.pool_size = 16);
    let hobby = house.account("Hobby");
    let mut owner = house.signed_in(OWNER).await;
    owner.new_form(hobby).await;
    let nonces: Vec<String> = (0..50).map(|_| Uuid::new_v4().to_string()).collect();
    let posted = |nonce: String| {
        let owner = &owner;
        async move {
            let fields = [("nonce", nonce.as_str()), ("name", "CI"), ("expires", "90"), ("do", "generate")];
            // A busy machine may tell some to come back; the same form, sent again, is harmless.
            loop {
                let answer = read(owner.form(&format!("/accounts/{hobby}/tokens"), &fields)).await;
                if answer.status != 503 {
                    return answer;
                }
            }
        }
    };
    let answers = join_all(nonces.into_iter().map(posted)).await;
    let with = |status: u16| answers.iter().filter(move |answer| answer.status == status);
    // 303: this form's token was made, and the answer that said so came too late.
    assert_eq!((with(200).count() + with(303).count(), with(422).count()), (10, 40));
    for refused in with(422) {
        assert!(refused.text().contains("The plan allows 10 tokens, and there are as many."));
    }
    assert_eq!(facts::count(&house, &format!("tokens WHERE account_id = {hobby}")), 10);
}

#[actix_web::test]
async fn at_a_limit_of_one_for_each_user_fifty_creations_at_once_make_one() {
    let house = House::with(|config| {
        config.pool_size = 16;
        config.user_tokens = Some(1);
    });
    let mut owner = house.signed_in(OWNER).await;
    owner.get("/user/tokens/build").await;
    let nonces: Vec<String> = (0..50).map(|_| Uuid::new_v4().to_string()).collect();
    let posted = |nonce: String| {
        let owner = &owner;
        async move {
            let fields = [
                ("nonce", nonce.as_str()),
                ("name", "Laptop"),
                ("reach", "everything"),
                ("expires", "90"),
                ("do", "generate"),
            ];
            loop {
                let answer = read(owner.form("/user/tokens/build", &fields)).await;
                if answer.status != 503 {
                    return answer;
                }
            }
        }
    };
    let answers = join_all(nonces.into_iter().map(posted)).await;
    let with = |status: u16| answers.iter().filter(move |answer| answer.status == status);
    assert_eq!((with(200).count() + with(303).count(), with(422).count()), (1, 49));
    for refused in with(422) {
        assert!(refused.text().contains("Only one token can be created per user."), "{}", refused.text());
    }
    let own = format!("tokens WHERE user_id = {}", house.user(OWNER).id);
    assert_eq!(facts::count(&house, &own), 1);
    // Nobody else is concerned, nor are the account's tokens.
    let mut admin = house.signed_in(ADMIN).await;
    admin.get("/user/tokens/build").await;
    let fields = [("name", "Hers"), ("reach", "everything"), ("expires", "90"), ("do", "generate")];
    assert_eq!(admin.post("/user/tokens/build", &fields).await.status, 200);
    admin.make_full_token(house.account("Acme"), "Of Acme").await;
}

#[actix_web::test]
async fn the_limit_counts_neither_deleted_nor_expired_tokens() {
    let house = House::open();
    let hobby = house.account("Hobby");
    let first = made::token(&house, hobby, None);
    for _ in 0..8 {
        made::token(&house, hobby, None);
    }
    made::token(&house, hobby, Some(Duration::minutes(1)));
    let mut owner = house.signed_in(OWNER).await;
    let nonce = owner.new_form(hobby).await;
    let fields = [("nonce", nonce.as_str()), ("name", "CI"), ("expires", "90"), ("do", "generate")];
    let path = format!("/accounts/{hobby}/tokens");
    assert_eq!(owner.post(&path, &fields).await.status, 422);
    assert_eq!(facts::count(&house, "tokens"), 10);

    assert_eq!(owner.delete_token(hobby, first).await.status, 303);
    assert_eq!(owner.post(&path, &fields).await.status, 200);
    let nonce = owner.new_form(hobby).await;
    let fields = [("nonce", nonce.as_str()), ("name", "CI"), ("expires", "90"), ("do", "generate")];
    assert_eq!(owner.post(&path, &fields).await.status, 422);
    house.clock.advance(Duration::minutes(1));
    assert_eq!(owner.post(&path, &fields).await.status, 200);
    assert_eq!(facts::count(&house, "tokens"), 12);
}

#[actix_web::test]
async fn a_lower_plan_freezes_scoped_tokens_and_a_higher_one_revives_them() {
    let house = House::open();
    let acme = house.account("Acme");
    let mut owner = house.signed_in(OWNER).await;
    let fields = [("name", "Scoped"), ("expires", "90"), ("zones.access", "read"), ("zones.where", "all")];
    let (token, scoped) = owner.make_token(acme, &fields).await;
    let (_, full) = owner.make_full_token(acme, "Full").await;
    assert_eq!(whoami(house.address, &scoped).await.0, 200);

    house.set_plan("Acme", "solo");
    let (status, body) = whoami(house.address, &scoped).await;
    assert_eq!((status.as_u16(), body["code"].as_str()), (401, Some("token_frozen")));
    assert_eq!(body["message"], "Authentication failed");
    assert_eq!(whoami(house.address, &full).await.0, 200);
    let page = owner.get(&format!("/accounts/{acme}/tokens/{token}")).await;
    assert!(page.text().contains("Frozen by the plan · paused"));
    assert_eq!(facts::texts(&house, "full_access", &format!("tokens WHERE id = {token}")), ["false"]);

    house.set_plan("Acme", "teams");
    assert_eq!(whoami(house.address, &scoped).await.0, 200);
    assert_eq!(facts::count(&house, &format!("token_grants WHERE token_id = {token}")), 1);
}

#[actix_web::test]
async fn no_call_begun_after_the_answer_that_says_deleted_succeeds_on_any_node() {
    const AFTER: usize = 5;
    let house = House::open();
    let other = house.second_node();
    let acme = house.account("Acme");
    let mut owner = house.signed_in(OWNER).await;
    let (token, secret) = owner.make_full_token(acme, "Deploy").await;
    let (deleted, went_on) = (Rc::new(Cell::new(false)), Rc::new(Cell::new(0)));
    let callers = (0..20).map(|caller| {
        let address: SocketAddr = if caller % 2 == 0 { house.address } else { other.address };
        let (deleted, went_on, secret) = (Rc::clone(&deleted), Rc::clone(&went_on), secret.clone());
        actix_web::rt::spawn(async move {
            let http = reqwest::Client::builder().no_proxy().build().unwrap();
            let (mut before, mut after) = (0, Vec::new());
            while after.len() < AFTER {
                let begun_after = deleted.get();
                let answer = read(http.get(format!("http://{address}/v2/whoami")).bearer_auth(&secret)).await;
                if begun_after {
                    after.push(answer.status);
                } else if answer.status == 200 {
                    before += 1;
                    if before == 1 {
                        went_on.set(went_on.get() + 1);
                    }
                }
            }
            after
        })
    });
    let callers: Vec<_> = callers.collect();
    while went_on.get() < 20 {
        actix_web::rt::task::yield_now().await;
    }
    let answer = owner.delete_token(acme, token).await;
    assert_eq!(answer.status, 303);
    deleted.set(true);
    for caller in callers {
        assert_eq!(caller.await.unwrap(), [StatusCode::UNAUTHORIZED; AFTER]);
    }
    assert_eq!(facts::count(&house, "tokens WHERE deleted_at IS NOT NULL"), 1);
}
