//! What keeps a processor busy: it's counted first, it runs where it holds nobody up, and there's a
//! bound on it.

use super::facts;
use super::own_profile::link;
use crate::support::client::{Answer, Browser, read, whoami};
use crate::support::{House, OWNER, ledger};
use futures_util::FutureExt;
use std::future::Future;
use std::pin::Pin;
use std::sync::mpsc;
use tokenhouse::http::{Hashing, HashingError};
use tokenhouse::models::password;

/// One of those that are guessed first, so that the old order, which estimated before all else, would
/// answer without a thread.
const COMMON: &str = "password123456";
const SECURITY: &str = "/user/security";

type Job = Pin<Box<dyn Future<Output = Result<(), HashingError>>>>;

/// Every hashing thread is at work and the queue before them full, until this is dropped.
struct Held {
    _latches: Vec<mpsc::Sender<()>>,
    _jobs: Vec<Job>,
}

impl Held {
    async fn all(hashing: &Hashing) -> Held {
        let (mut latches, mut jobs) = (Vec::new(), Vec::new());
        loop {
            let (latch, held) = mpsc::channel::<()>();
            let (began, begun) = tokio::sync::oneshot::channel();
            let hashing = hashing.clone();
            let mut job: Job = Box::pin(async move {
                let wait = move || {
                    let _ = began.send(());
                    let _ = held.recv();
                };
                hashing.run(wait).await
            });
            if let Some(end) = job.as_mut().now_or_never() {
                assert_eq!(end, Err(HashingError::Busy));
                return Held { _latches: latches, _jobs: jobs };
            }
            jobs.push(job);
            latches.push(latch);
            // Only once every thread has its job does the queue fill for good.
            if jobs.len() <= Hashing::threads() {
                begun.await.unwrap();
            }
        }
    }
}

/// The path behind a new invitation into Acme.
async fn invitation(owner: &mut Browser, house: &House) -> String {
    let path = format!("/accounts/{}/invitations", house.account("Acme"));
    owner.get(&format!("{path}/new")).await;
    let answer = owner.post(&path, &[("email", "new@example.com"), ("role", "read_only")]).await;
    let link = answer.all("#link").remove(0);
    let path = link[link.find("/invitations/").unwrap()..].to_owned();
    ledger::put_down(path.rsplit('/').next().unwrap());
    path
}

/// The path behind a link that sets a new password.
async fn reset(house: &House) -> String {
    let mut browser = house.anybody();
    browser.get("/forgotten").await;
    browser.post("/forgotten", &[("email", OWNER)]).await;
    link(house, OWNER).await
}

/// A browser with the form of this page.
async fn at(house: &House, path: &str) -> Browser {
    let mut browser = house.anybody();
    browser.get(path).await;
    browser
}

async fn join(browser: &mut Browser, path: &str, password: &str) -> Answer {
    browser.post(&format!("{path}/join"), &[("name", "Nia New"), ("password", password)]).await
}

async fn change(browser: &mut Browser, new: &str) -> Answer {
    browser.post(SECURITY, &[("password", &ledger::password()), ("new_password", new)]).await
}

#[actix_web::test]
async fn with_every_hashing_thread_held_a_password_is_a_503_and_all_else_answers() {
    let house = House::open();
    let mut owner = house.signed_in(OWNER).await;
    let (_, secret) = owner.make_full_token(house.account("Acme"), "Held").await;
    let (invited, lost) = (invitation(&mut owner, &house).await, reset(&house).await);
    let (mut new, mut forgetful) = (at(&house, &invited).await, at(&house, &lost).await);
    let mut signing_in = at(&house, "/sign-in").await;
    facts::change(&house, "DELETE FROM throttles");

    let held = Held::all(&house.app.hashing).await;
    let password = ledger::password();
    for (what, answer) in [
        ("join", join(&mut new, &invited, COMMON).await),
        ("reset", forgetful.post(&lost, &[("new_password", COMMON)]).await),
        ("security", change(&mut owner, COMMON).await),
        ("sign-in", signing_in.post("/sign-in", &[("email", OWNER), ("password", &password)]).await),
    ] {
        assert_eq!((answer.status.as_u16(), answer.header("retry-after")), (503, "2"), "{what}");
    }
    assert_eq!(read(house.anybody().request("GET", "/healthz")).await.status, 200);
    assert_eq!(whoami(house.address, &secret).await.0, 200);
    assert_eq!(owner.get("/accounts").await.status, 200);
    // What costs nothing is told all the same, and isn't counted.
    let counted = facts::number(&house, "SELECT sum(count) FROM throttles");
    assert!(counted >= 4, "{counted}");
    assert_eq!(join(&mut new, &invited, "short").await.status, 422);
    assert_eq!(forgetful.post(&lost, &[("new_password", "short")]).await.status, 422);
    assert_eq!(change(&mut owner, "short").await.status, 422);
    assert_eq!(facts::number(&house, "SELECT sum(count) FROM throttles"), counted);
    drop(held);
    // Those that waited are gone, and still to be passed over: until then the queue is full.
    while house.app.hashing.run(|| ()).await == Err(HashingError::Busy) {
        tokio::task::yield_now().await;
    }

    let new_password = password::random().unwrap();
    ledger::put_down(&new_password);
    assert_eq!(join(&mut new, &invited, &new_password).await.status, 303);
    assert_eq!(change(&mut owner, &new_password).await.status, 303);
}

#[actix_web::test]
async fn new_passwords_are_counted_before_they_are_estimated() {
    let house = House::open();
    let mut owner = house.signed_in(OWNER).await;
    let (invited, lost) = (invitation(&mut owner, &house).await, reset(&house).await);
    let (mut new, mut forgetful) = (at(&house, &invited).await, at(&house, &lost).await);
    facts::change(&house, "DELETE FROM throttles");
    assert_eq!(join(&mut new, &invited, COMMON).await.all("#password-error").len(), 1);
    assert_eq!(change(&mut owner, COMMON).await.all("#new_password-error").len(), 1);
    facts::change(&house, "UPDATE throttles SET count = 100");
    let refused = join(&mut new, &invited, COMMON).await;
    assert_eq!((refused.status.as_u16(), refused.header("retry-after")), (429, "900"));
    // The link and the person's own page share a count.
    let refused = forgetful.post(&lost, &[("new_password", COMMON)]).await;
    assert_eq!((refused.status.as_u16(), refused.header("retry-after")), (429, "900"));
    let told = "Too many attempts from here. Wait 15 min, then try again.";
    assert_eq!(refused.all("#new_password-error"), [told]);
}

#[actix_web::test]
async fn a_person_who_knows_their_password_is_throttled_by_new_ones_all_the_same() {
    let house = House::open();
    let mut owner = house.signed_in(OWNER).await;
    for attempt in 1..=20 {
        assert_eq!(change(&mut owner, COMMON).await.status, 422, "attempt {attempt}");
    }
    let refused = change(&mut owner, COMMON).await;
    assert_eq!((refused.status.as_u16(), refused.header("retry-after")), (429, "900"));
    assert_eq!(
        refused.all("#new_password-error"),
        ["Too many attempts from here. Wait 15 min, then try again."]
    );
    assert_eq!(refused.all("#password-error"), [""; 0]);
}

#[actix_web::test]
async fn long_contents_of_records_stand_shortened_on_pages_and_whole_at_the_api() {
    let house = House::open();
    let acme = house.account("Acme");
    let zone = facts::zone(&house, acme, "example.com");
    facts::change(
        &house,
        &format!(
            "DELETE FROM records WHERE zone_id = {zone};
             INSERT INTO records (zone_id, name, record_type, content, ttl, regions, created_at, updated_at)
             SELECT {zone}, 'long', 'TXT', repeat('x', 180000), 60, '{{global}}', now(), now()
             FROM generate_series(1, 7);
             INSERT INTO audit_events (at, account_id, actor_kind, actor_name, action, object_kind, object_name, after)
             SELECT '2026-11-22 12:00Z', {acme}, 'command_line', '', 'record.created', 'record', 'long.example.com',
                    jsonb_build_object('content', repeat('x', 180000))
             FROM generate_series(1, 7)"
        ),
    );
    let mut owner = house.signed_in(OWNER).await;
    for path in [format!("/accounts/{acme}/zones/{zone}"), format!("/accounts/{acme}/activity")] {
        let page = owner.get(&path).await;
        assert_eq!(page.status, 200, "{path}");
        assert_eq!(page.body.matches("x… (180000 characters in all)").count(), 7, "{path}");
        assert!(page.body.len() < 100_000, "{path}: {}", page.body.len());
    }
    let export = owner.get(&format!("/accounts/{acme}/activity.jsonl")).await;
    assert!(export.body.len() > 7 * 180_000);

    let (_, secret) = owner.make_full_token(acme, "Reader").await;
    // Compressing more than a megabyte would hold the thread for longer than anything else does.
    for (path, size, is_packed) in
        [("records?per_page=1", 0, true), ("records", 7 * 180_000, false), ("file", 7 * 180_000, false)]
    {
        let path = format!("/v2/{acme}/zones/example.com/{path}");
        let request = || house.anybody().request("GET", &path).bearer_auth(&secret);
        let answer = read(request()).await;
        assert_eq!((answer.status.as_u16(), answer.header("content-type")), (200, "application/json"));
        assert!(answer.body.len() > size, "{path}: {}", answer.body.len());
        let answer = request().header("accept-encoding", "gzip").send().await.unwrap();
        assert_eq!(answer.headers().contains_key("content-encoding"), is_packed, "{path}");
    }
}
