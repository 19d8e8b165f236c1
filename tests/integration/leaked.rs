//! `POST /leaked`: one answer to everything, and what was live is dead within seconds.

use super::facts;
use crate::support::client::{Answer, read, whoami};
use crate::support::{House, MEMBER, OWNER, START, database, ledger, made};
use diesel::connection::SimpleConnection;
use reqwest::{Client, StatusCode};
use serde_json::json;
use std::time::{Duration, Instant};
use time::OffsetDateTime;
use tokenhouse::db::{self, Conn};
use tokenhouse::models::leak;
use tokenhouse::models::token::Owner;
use tokenhouse::models::token::secret::{Kind, Secret};
use tokenhouse::policy::{Policy, Rights, TokenId};

fn everything() -> Policy {
    Policy::unconditional(Rights::Everything)
}

/// A secret that no token ever had.
fn unknown() -> String {
    let secret = Secret::generate("tkh", Kind::Account).unwrap().expose().to_owned();
    ledger::put_down(&secret);
    secret
}

/// Behind a proxy, so that each call can come from a network of its own.
fn behind_a_proxy() -> House {
    House::with(|config| config.trusted_proxies = vec!["127.0.0.0/8".parse().unwrap()])
}

async fn post(house: &House, from: &str, body: impl Into<reqwest::Body>) -> Answer {
    let http = Client::builder().no_proxy().build().unwrap();
    read(http.post(house.url("/leaked")).header("x-forwarded-for", from).body(body)).await
}

async fn report(house: &House, secrets: &[&str]) -> Answer {
    post(house, "192.0.2.1", json!({ "secrets": secrets }).to_string()).await
}

/// Works off each call that waits, as the chore does.
fn work_off(conn: &mut Conn, now: OffsetDateTime) {
    let mut behind = 0;
    while let Some(first) = leak::next(conn, behind).unwrap() {
        db::in_one(conn, |conn| leak::work_off(conn, first, now)).unwrap();
        behind = first;
    }
}

/// Works off what is there, together with the house's own chore.
async fn worked_off(house: &House) {
    while facts::count(house, "leak_reports") > 0 {
        let now = house.clock.now();
        work_off(&mut house.conn(), now);
        tokio::task::yield_now().await;
    }
}

/// All that a caller sees of an answer, but for its time and its number, and whether the connection
/// stays: that tells whether a large body had arrived by then.
fn seen(answer: &Answer) -> String {
    let mut headers: Vec<String> = answer
        .headers
        .iter()
        .filter(|(name, _)| !matches!(name.as_str(), "connection" | "date" | "x-request-id"))
        .map(|(name, value)| format!("{name}: {}", value.to_str().unwrap()))
        .collect();
    headers.sort();
    format!("{}\n{}\n{}", answer.status, headers.join("\n"), answer.body)
}

#[actix_web::test]
async fn whatever_is_sent_the_answer_is_the_same_to_the_byte() {
    let house = behind_a_proxy();
    let acme = house.account("Acme");
    let mut owner = house.signed_in(OWNER).await;
    let (_, live) = owner.make_full_token(acme, "Live").await;
    let (ended, dead) = owner.make_full_token(acme, "Dead").await;
    owner.delete_token(acme, ended).await;
    let typo = format!("{}0", &live[..live.len() - 1]);
    let many: Vec<String> = (0..101).map(|_| unknown()).collect();
    let json = |secrets: &[&str]| json!({ "secrets": secrets }).to_string().into_bytes();
    let bodies: Vec<Vec<u8>> = vec![
        json(&[&live]),
        json(&[&dead]),
        json(&[&unknown()]),
        json(&[&live, &dead, &unknown(), &typo]),
        json(&[&typo]),
        json(&[]),
        json!({ "secrets": many }).to_string().into_bytes(),
        format!("{live}\n{dead}\n").into_bytes(),
        Vec::new(),
        b"{\"secrets\": [1, null]}".to_vec(),
        b"{\"secrets\"".to_vec(),
        "[".repeat(100_000).into_bytes(),
        vec![0xff, 0x00, 0xfe],
        vec![b'x'; 300 * 1024],
    ];
    let first = seen(&post(&house, "192.0.2.1", bodies[0].clone()).await);
    assert!(first.starts_with("202 Accepted") && first.ends_with("{\"message\":\"Received\"}\n"), "{first}");
    assert!(!first.contains("set-cookie") && !first.contains("access-control"), "{first}");
    for (place, body) in bodies.into_iter().enumerate() {
        let answer = post(&house, &format!("192.0.2.{place}"), body).await;
        assert_eq!(seen(&answer), first, "body {place}");
    }
    // Nor does it matter who sends it, and how often.
    let signed_in = owner.request("POST", "/leaked").header("x-forwarded-for", "192.0.2.99");
    assert_eq!(seen(&read(signed_in.body(live.clone())).await), first);
    worked_off(&house).await;
    for _ in 0..60 {
        assert_eq!(seen(&post(&house, "198.51.100.1", unknown()).await), first);
    }
    // Nothing of a further one is put down, and the answer doesn't say that it was.
    let refused = post(&house, "198.51.100.1", unknown()).await;
    assert_eq!((refused.status, refused.header("retry-after")), (StatusCode::TOO_MANY_REQUESTS, "3600"));
    for secret in [&live, &dead] {
        assert_eq!(seen(&post(&house, "198.51.100.1", secret.clone()).await), seen(&refused));
    }
    assert_eq!(whoami(house.address, &live).await.1["code"], "token_deleted");
}

#[actix_web::test]
async fn from_where_somebody_reported_is_told_to_nobody_in_the_account() {
    let house = behind_a_proxy();
    let acme = house.account("Acme");
    let mut owner = house.signed_in(OWNER).await;
    let (_, live) = owner.make_full_token(acme, "Live").await;
    post(&house, "198.51.100.7", live).await;
    worked_off(&house).await;
    let kept = "audit_events WHERE action = 'token.deleted' AND address::text LIKE '198.51.100.%'";
    assert_eq!(facts::count(&house, kept), 1);
    for ending in ["", ".csv", ".jsonl"] {
        let page = owner.get(&format!("/accounts/{acme}/activity{ending}?kind=tokens")).await;
        assert!(page.body.contains("Live") && page.body.contains("127.0.0.1"), "{ending}: {}", page.body);
        assert!(!page.body.contains("198.51.100."), "{ending}: {}", page.body);
    }
}

#[actix_web::test]
async fn of_one_network_sixty_calls_an_hour_are_looked_at_and_typos_are_not_even_counted() {
    let house = behind_a_proxy();
    let acme = house.account("Acme");
    let (_, secret) = house.signed_in(OWNER).await.make_full_token(acme, "Late").await;
    let typo = format!("{}0", &secret[..secret.len() - 1]);
    for _ in 0..70 {
        post(&house, "2001:db8:1:2::1", typo.clone()).await;
    }
    assert_eq!(facts::count(&house, "throttles WHERE count > 10"), 0);
    for number in 0..60 {
        post(&house, &format!("2001:db8:1:2::{number}"), unknown()).await;
    }
    post(&house, "2001:db8:1:2::ffff", secret.clone()).await;
    worked_off(&house).await;
    assert_eq!(whoami(house.address, &secret).await.0, 200, "the sixty-first call is not looked at");
    post(&house, "2001:db8:1:3::1", secret.clone()).await;
    worked_off(&house).await;
    assert_eq!(whoami(house.address, &secret).await.0, 401, "another network's first is");
}

#[actix_web::test]
async fn live_dead_and_unknown_ones_are_not_told_apart_by_time() {
    const TRIES: usize = 200;
    let house = behind_a_proxy();
    house.set_plan("Acme", "enterprise");
    let acme = Owner::Account(house.account("Acme"));
    let made: Vec<(TokenId, String)> =
        (0..TRIES * 2).map(|number| made::with(&house, acme, &format!("T{number}"), everything())).collect();
    facts::change(
        &house,
        "UPDATE tokens SET deleted_at = '2026-11-22 12:00Z', deleted_why = 'person' WHERE id % 2 = 0",
    );
    let (mut live, mut dead) = (Vec::new(), Vec::new());
    for (token, secret) in made {
        if token.get() % 2 == 1 { live.push(secret) } else { dead.push(secret) }
    }
    let unknown: Vec<String> = (0..TRIES).map(|_| unknown()).collect();
    let kinds = live.iter().zip(&dead).zip(&unknown).map(|((live, dead), unknown)| [live, dead, unknown]);
    let http = Client::builder().no_proxy().build().unwrap();
    let mut times = [Vec::new(), Vec::new(), Vec::new()];
    for (one, secrets) in kinds.enumerate() {
        for place in 0..3 {
            // Each kind comes first, second and third equally often.
            let kind = (one + place) % 3;
            let from = format!("10.{kind}.{}.{}", one / 250, one % 250 + 1);
            let request = http.post(house.url("/leaked")).header("x-forwarded-for", from);
            let begun = Instant::now();
            let answer = request.body(secrets[kind].clone()).send().await.unwrap();
            assert_eq!(answer.bytes().await.unwrap().len(), 23);
            times[kind].push(begun.elapsed());
        }
    }
    let middle = |times: &[Duration], part: usize| {
        let mut sorted = times.to_vec();
        sorted.sort_unstable();
        sorted[sorted.len() * part / 100]
    };
    let tries = times[0].len();
    assert!(tries >= 190, "{tries}");
    for (one, other) in [(0, 1), (0, 2), (1, 2)] {
        let slower = (0..tries).filter(|place| times[one][*place] > times[other][*place]).count();
        println!(
            "{one} and {other}: {slower} of {tries} slower, medians {:?} {:?}",
            middle(&times[one], 50),
            middle(&times[other], 50)
        );
        // By chance alone it is beyond these once in a hundred million runs.
        assert!(
            (tries * 3 / 10..=tries * 7 / 10).contains(&slower),
            "{one} and {other}: {slower} of {tries}"
        );
        for part in [50, 75] {
            let (low, high) = (middle(&times[one], part), middle(&times[other], part));
            let apart = low.abs_diff(high);
            assert!(apart < low.min(high) / 2 + Duration::from_millis(2), "{part} %: {low:?} {high:?}");
        }
    }
}

#[actix_web::test]
async fn a_live_one_is_dead_on_every_node_within_five_seconds() {
    let house = House::open();
    let other = house.second_node();
    let (token, secret) = house.signed_in(OWNER).await.make_full_token(house.account("Acme"), "Leaked").await;
    for node in [&house, &other] {
        assert_eq!(whoami(node.address, &secret).await.0, 200);
    }
    assert_eq!(report(&house, &[&secret]).await.status, 202);
    let begun = Instant::now();
    for node in [&house, &other] {
        while whoami(node.address, &secret).await.0 == 200 {
            assert!(begun.elapsed() < Duration::from_secs(5), "still alive");
        }
        assert_eq!(whoami(node.address, &secret).await.1["code"], "token_deleted");
    }
    let why = format!("SELECT deleted_why FROM tokens WHERE id = {token}");
    assert_eq!(facts::text(&house, &why), "leak");
    assert_eq!(facts::count(&house, "leak_reports"), 0);
}

#[actix_web::test]
async fn the_record_says_from_where_it_was_reported_and_the_owner_reads_it_on_the_pages() {
    let house = behind_a_proxy();
    let acme = house.account("Acme");
    let mut owner = house.signed_in(OWNER).await;
    let (token, secret) = owner.make_full_token(acme, "Deploy").await;
    house.clock.advance(time::Duration::hours(1));
    whoami(house.address, &secret).await;
    house.app.buffers.last_uses.flush_all(&house.app.db, house.clock.now()).await.unwrap();
    post(&house, "203.0.113.9", format!("\n  {secret}\r\n")).await;
    worked_off(&house).await;
    let line = facts::text(
        &house,
        "SELECT concat_ws(' ', account_id, actor_kind, actor_id, after->>'why', host(address), object_id)
         FROM audit_events WHERE action = 'token.deleted'",
    );
    assert_eq!(line, format!("{acme} nobody leak 203.0.113.9 {token}"));
    let page = owner.get(&format!("/accounts/{acme}/tokens/{token}")).await.text();
    assert!(page.contains("Reported as leaked on 22 Nov 2026, 13:00 UTC."), "{page}");
    assert!(page.contains("Last used just now"), "{page}");
    let list = owner.get(&format!("/accounts/{acme}/tokens/ended")).await;
    assert_eq!(list.all(".cell-ended"), ["Ended", "Ended Reported as leaked just now"]);
}

#[actix_web::test]
async fn what_is_paused_or_overlaps_is_ended_too_and_a_replaced_secret_ends_nothing() {
    let house = House::open();
    let acme = house.account("Acme");
    let mut owner = house.signed_in(OWNER).await;
    let mut rolled = async |name: &str, overlap: &str| {
        let (token, older) = owner.make_full_token(acme, name).await;
        let path = format!("/accounts/{acme}/tokens/{token}/roll");
        let nonce = owner.get(&path).await.value_of("nonce");
        let answer = owner.post(&path, &[("nonce", &nonce), ("overlap", overlap)]).await;
        (older, answer.secret())
    };
    let (replaced, newest) = rolled("Replaced", "leaked").await;
    let (older, newer) = rolled("Overlapping", "day").await;
    let (paused, disabled) = owner.make_full_token(acme, "Paused").await;
    facts::change(&house, &format!("UPDATE tokens SET disabled_at = created_at WHERE id = {paused}"));
    report(&house, &[&replaced, &older, &disabled]).await;
    worked_off(&house).await;
    assert_eq!(whoami(house.address, &newest).await.0, 200, "its token stays");
    for secret in [&older, &newer, &disabled] {
        assert_eq!(whoami(house.address, secret).await.1["code"], "token_deleted");
    }
    assert_eq!(facts::count(&house, "audit_events WHERE action = 'token.deleted'"), 2);
    assert_eq!(facts::count(&house, "leak_reports"), 0);
}

#[actix_web::test]
async fn two_nodes_that_work_at_once_end_each_token_once() {
    let house = behind_a_proxy();
    let other = house.second_node();
    house.set_plan("Acme", "enterprise");
    let acme = Owner::Account(house.account("Acme"));
    for call in 0..15 {
        let secrets: Vec<String> =
            (0..4).map(|one| made::with(&house, acme, &format!("C{call} {one}"), everything()).1).collect();
        post(&house, &format!("192.0.2.{call}"), secrets.join("\n")).await;
    }
    let works = |house: &House| {
        let (mut conn, now) = (house.conn(), house.clock.now());
        std::thread::spawn(move || work_off(&mut conn, now))
    };
    for thread in [works(&house), works(&other), works(&house), works(&other)] {
        thread.join().unwrap();
    }
    worked_off(&house).await;
    assert_eq!(facts::count(&house, "tokens WHERE deleted_why = 'leak'"), 60);
    assert_eq!(facts::count(&house, "audit_events WHERE action = 'token.deleted'"), 60);
    assert_eq!(
        facts::number(
            &house,
            "SELECT count(DISTINCT object_id) FROM audit_events WHERE action = 'token.deleted'"
        ),
        60
    );
}

#[actix_web::test]
async fn nothing_that_was_sent_is_logged_or_kept() {
    let house = House::open();
    let (_, live) = house.signed_in(OWNER).await.make_full_token(house.account("Acme"), "Logged").await;
    let unknown = unknown();
    report(&house, &[&live, &unknown]).await;
    post(&house, "192.0.2.1", format!("{{\"secrets\": [\"{live}\", {unknown}")).await;
    worked_off(&house).await;
    let log = std::fs::read_to_string(ledger::run_folder().join("log.txt")).unwrap();
    for secret in [&live, &unknown] {
        assert!(!log.contains(secret.as_str()) && !log.contains(&secret[6..]));
    }
    assert_eq!(facts::count(&house, "leak_reports"), 0);
}

#[actix_web::test]
async fn the_guide_names_the_expression_that_finds_tokens_and_where_to_send_them() {
    let house = House::open();
    let acme = house.account("Acme");
    let (_, secret) = house.signed_in(OWNER).await.make_full_token(acme, "Found").await;
    let page = house.anybody().get("/help/api").await;
    let examples = page.all("#leaked pre");
    assert!(examples[2].contains(&house.url("/leaked")), "{}", examples[2]);
    for (expression, finds) in [(&examples[0], [true, false]), (&examples[1], [true, true])] {
        let of_others = secret.replace("tkh_", "other1_");
        for (text, found) in [&secret, &of_others].into_iter().zip(finds) {
            // In halves, so that the log of the database never holds it whole.
            let (one, rest) = text.split_at(20);
            let asked = format!("SELECT 'x: ' || '{one}' || '{rest}' || '\"' ~ '{expression}'");
            assert_eq!(facts::text(&house, &asked), found.to_string(), "{expression}");
        }
        assert_eq!(facts::text(&house, &format!("SELECT 'tkh_a_short' ~ '{expression}'")), "false");
    }
    assert_eq!(house.clock.now(), START);
}

#[actix_web::test]
async fn whoever_answers_for_a_leaked_token_is_told_by_one_mail_a_call() {
    let house = House::open();
    let acme = house.account("Acme");
    let (member, owner) = (Owner::User(house.user(MEMBER).id), Owner::Account(acme));
    let of = |owner, name: &str| made::with(&house, owner, name, everything()).1;
    let secrets = [of(owner, "Deploy"), of(owner, "Backup"), of(member, "Laptop"), of(member, "Second one")];
    // That they were made is told, too.
    house.mails().await;
    facts::change(&house, "UPDATE users SET email_verified_at = NULL WHERE email = 'admin@example.com'");
    facts::change(&house, "UPDATE users SET notices_off_at = created_at WHERE email = 'owner@example.com'");
    report(&house, &[&secrets[0], &secrets[1], &secrets[2], &unknown()]).await;
    worked_off(&house).await;
    let mut mails = house.mails().await;
    mails.sort();
    let whom: Vec<&str> = mails.iter().map(|(to, ..)| to.as_str()).collect();
    assert_eq!(whom, [MEMBER, OWNER], "one each, whatever was switched off, and only to proved addresses");
    assert_eq!(mails[0].1, "Leaked, and deleted: Laptop");
    assert_eq!(mails[1].1, "Leaked, and deleted: Deploy and 1 more");
    assert!(mails[1].2.contains("- Deploy (tkh_a_…") && mails[1].2.contains("), of Acme"), "{}", mails[1].2);
    assert!(
        mails[0].2.contains("- Laptop (tkh_u_…") && mails[0].2.contains("one of your own"),
        "{}",
        mails[0].2
    );
    assert!(!mails.iter().any(|(_, _, text)| secrets.iter().any(|secret| text.contains(secret.as_str()))));
    // Reported again, by another call: nothing is left to be told. Another one is told again.
    report(&house, &[&secrets[0], &secrets[2]]).await;
    report(&house, &[&secrets[3]]).await;
    worked_off(&house).await;
    let mails = house.mails().await;
    assert_eq!(
        mails.iter().map(|(to, subject, _)| format!("{to} {subject}")).collect::<Vec<_>>(),
        ["member@example.com Leaked, and deleted: Second one"]
    );
}

#[actix_web::test]
async fn a_report_that_cannot_be_worked_off_now_holds_up_no_other_and_is_worked_off_later() {
    let house = House::open();
    let acme = Owner::Account(house.account("Acme"));
    let (held, first) = made::with(&house, acme, "Held", everything());
    let (_, second) = made::with(&house, acme, "Free", everything());
    let mut holds = database::connect(&house.database);
    holds.batch_execute(&format!("BEGIN; SELECT FROM tokens WHERE id = {held} FOR NO KEY UPDATE")).unwrap();
    report(&house, &[&first]).await;
    report(&house, &[&second]).await;
    let begun = Instant::now();
    while whoami(house.address, &second).await.0 == 200 {
        assert!(begun.elapsed() < Duration::from_secs(5), "held up");
    }
    assert_eq!(whoami(house.address, &first).await.0, 200);
    holds.batch_execute("ROLLBACK").unwrap();
    let begun = Instant::now();
    while whoami(house.address, &first).await.0 == 200 {
        assert!(begun.elapsed() < Duration::from_secs(5), "never tried again");
    }
    facts::until(|| facts::count(&house, "leak_reports") == 0);
}
