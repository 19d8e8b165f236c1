//! Rolling under load, over two nodes.

use super::facts;
use crate::roll::{answered, rolled};
use crate::support::client::{Browser, read};
use crate::support::{House, OWNER};
use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};

const CALLERS: usize = 20;
const CALLS_EACH: usize = 12;
const USE: &str = "/v2/accounts";
const REPLACED: (u16, &str) = (401, "secret_replaced");

/// Two nodes without a budget, the page of a token, its secret, and the owner's browser.
struct Two {
    house: House,
    there: House,
    owner: Browser,
    page: String,
    secret: String,
}

impl Two {
    async fn open() -> Two {
        let house = House::open();
        house.set_plan("Acme", "enterprise");
        let acme = house.account("Acme");
        let mut owner = house.signed_in(OWNER).await;
        let (token, secret) = owner.make_full_token(acme, "Shared").await;
        let there = house.second_node();
        Two { house, there, owner, page: format!("/accounts/{acme}/tokens/{token}"), secret }
    }

    /// The node of this caller.
    fn node(&self, caller: usize) -> SocketAddr {
        if caller.is_multiple_of(2) { self.house.address } else { self.there.address }
    }
}

async fn call(address: SocketAddr, path: &str, secret: &str) -> (u16, String) {
    let answer = read(Browser::new(address).request("GET", path).bearer_auth(secret)).await;
    let body: serde_json::Value = serde_json::from_str(&answer.body).unwrap();
    (answer.status.as_u16(), body["code"].as_str().unwrap_or_default().to_owned())
}

#[actix_web::test]
async fn a_roll_with_an_overlap_refuses_nobody_until_it_is_finished_and_then_each_old_call() {
    let mut two = Two::open().await;
    let new = rolled(&mut two.owner, &two.page, "hour").await;
    let (asked, finished) = (Arc::new(AtomicBool::new(false)), Arc::new(AtomicBool::new(false)));
    let before = Arc::new(AtomicUsize::new(0));
    let callers: Vec<_> = (0..CALLERS)
        .map(|caller| {
            let (old, new, node) = (two.secret.clone(), new.clone(), two.node(caller / 2));
            let (asked, finished, before) = (Arc::clone(&asked), Arc::clone(&finished), Arc::clone(&before));
            actix_web::rt::spawn(async move {
                let mut seen = Vec::new();
                let mut after = 0;
                while after < CALLS_EACH {
                    // Half of them change to the new secret after some calls.
                    let changes = caller.is_multiple_of(2) && seen.len() >= 4;
                    // Whether the answer was there already is asked before the call is begun.
                    let is_after = finished.load(Ordering::SeqCst);
                    let answer = call(node, USE, if changes { &new } else { &old }).await;
                    if !asked.load(Ordering::SeqCst) {
                        assert_eq!(answer, (200, String::new()), "before anybody asked for the end");
                    }
                    if is_after {
                        after += 1
                    } else {
                        before.fetch_add(1, Ordering::SeqCst);
                    }
                    seen.push((changes, is_after, answer));
                }
                seen
            })
        })
        .collect();
    while before.load(Ordering::SeqCst) < CALLERS * 8 {
        actix_web::rt::task::yield_now().await;
    }
    asked.store(true, Ordering::SeqCst);
    let answer = two.owner.form(&format!("{}/roll/finish", two.page), &[]).send().await.unwrap();
    assert_eq!(answer.status(), 303);
    finished.store(true, Ordering::SeqCst);
    let (mut let_in, mut refused) = (0, 0);
    for caller in callers {
        for (changed, is_after, (status, code)) in caller.await.unwrap() {
            match (changed, is_after) {
                (true, _) => assert_eq!(status, 200, "with the new secret: {code}"),
                (false, true) => assert_eq!((status, code.as_str()), REPLACED, "begun after the answer"),
                // One that was begun before the answer may still have been looked up after it.
                (false, false) => {
                    assert!(status == 200 || (status, code.as_str()) == REPLACED, "{status} {code}")
                }
            }
            let_in += usize::from(status == 200);
            refused += usize::from(!changed && is_after);
        }
    }
    assert!(let_in >= CALLERS * 8 / 2 && refused >= CALLERS / 2 * CALLS_EACH, "{let_in} {refused}");
    println!("{let_in} let in, {refused} refused after the end");
}

#[actix_web::test]
async fn while_nobody_finishes_an_overlap_no_call_is_refused() {
    let mut two = Two::open().await;
    let new = rolled(&mut two.owner, &two.page, "hour").await;
    let callers = (0..CALLERS).map(|caller| {
        let (node, old, new) = (two.node(caller / 2), two.secret.clone(), new.clone());
        async move {
            for number in 0..CALLS_EACH {
                let changed = caller.is_multiple_of(2) && number >= CALLS_EACH / 2;
                let answer = call(node, USE, if changed { &new } else { &old }).await;
                assert_eq!(answer, (200, String::new()), "caller {caller}, call {number}");
            }
        }
    });
    futures_util::future::join_all(callers).await;
    assert_eq!(facts::count(&two.house, "token_secrets WHERE first_used_at IS NOT NULL"), 1);
    assert_eq!(facts::count(&two.house, "token_secrets WHERE ended_at IS NOT NULL"), 0);
}

#[actix_web::test]
async fn of_many_first_uses_at_once_each_ends_the_older_before_it_is_answered() {
    let mut two = Two::open().await;
    let new = rolled(&mut two.owner, &two.page, "first_use").await;
    let asking = (0..CALLERS).map(|caller| {
        let path = if caller.is_multiple_of(2) { "/v2/whoami" } else { "/v2/tokens/verify" };
        call(two.node(caller / 2), path, &new)
    });
    for answer in futures_util::future::join_all(asking).await {
        assert_eq!(answer.0, 200);
    }
    assert_eq!(call(two.there.address, USE, &two.secret).await.0, 200, "asking ends nothing");

    let first_uses = (0..CALLERS).map(|caller| {
        let (here, there) = (two.node(caller), two.node(caller + 1));
        let (old, new) = (two.secret.clone(), new.clone());
        async move {
            let (status, code) = call(here, USE, &new).await;
            // Overload is told as such, and never as a wrong secret.
            assert!(matches!(status, 200 | 503), "{status} {code}");
            (status == 200).then_some(call(there, USE, &old).await)
        }
    });
    let after: Vec<_> = futures_util::future::join_all(first_uses).await.into_iter().flatten().collect();
    assert!(after.len() > CALLERS / 2, "{}", after.len());
    for answer in after {
        assert_eq!((answer.0, answer.1.as_str()), REPLACED, "begun after a first use was answered");
    }
    let lines = "audit_events WHERE action = 'token.roll_finished' AND actor_kind = 'token'";
    assert_eq!(facts::count(&two.house, lines), 1);
}

#[actix_web::test]
async fn a_roll_whose_answer_was_lost_is_rolled_again_and_has_cost_nothing() {
    let mut two = Two::open().await;
    let (old, nodes) = (two.secret.clone(), [two.house.address, two.there.address]);
    let done = Arc::new(AtomicBool::new(false));
    let callers: Vec<_> = (0..CALLERS)
        .map(|caller| {
            let (old, node, done) = (old.clone(), nodes[caller % 2], Arc::clone(&done));
            actix_web::rt::spawn(async move {
                let mut calls = 0;
                while !done.load(Ordering::SeqCst) || calls < 4 {
                    assert_eq!(call(node, USE, &old).await, (200, String::new()));
                    calls += 1;
                }
            })
        })
        .collect();
    let nonce = two.owner.get(&format!("{}/roll", two.page)).await.value_of("nonce");
    let fields = [("nonce", nonce.as_str()), ("overlap", "first_use")];
    let path = format!("{}/roll", two.page);
    // Whoever asked has gone before the answer is read; the form then is posted once more.
    let lost = read(two.owner.form(&path, &fields)).await.secret();
    let repeated = two.owner.post(&path, &fields).await;
    assert_eq!(repeated.location(), format!("{}?rolled=1", two.page));
    let again = answered(&mut two.owner, &two.page, "first_use").await;
    let new = again.secret();
    done.store(true, Ordering::SeqCst);
    for caller in callers {
        caller.await.unwrap();
    }
    for node in nodes {
        let answer = call(node, USE, &lost).await;
        assert_eq!((answer.0, answer.1.as_str()), REPLACED);
    }
    assert_eq!(call(nodes[0], USE, &old).await.0, 200, "what was replaced has ended nothing");
    assert_eq!(call(nodes[1], USE, &new).await.0, 200);
    let answer = call(nodes[0], USE, &old).await;
    assert_eq!((answer.0, answer.1.as_str()), REPLACED);
    assert_eq!(facts::count(&two.house, "token_secrets WHERE ended_at IS NULL"), 1);
}
