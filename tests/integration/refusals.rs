//! Refused calls of a token: noted apart from the calls, and shown on its page.

use crate::facts;
use crate::made;
use crate::support::client::{read, whoami};
use crate::support::{House, OWNER, READER, START, database};
use time::Duration;
use tokenhouse::db;
use tokenhouse::models::token::refusals::{self, Kind, Span};
use tokenhouse::policy::{Access, RefusalCode};

async fn flush(house: &House) {
    house.app.buffers.refusals.flush(&house.app.db, house.clock.now()).await.unwrap();
}

fn stored(house: &House) -> Vec<String> {
    let line = "concat_ws(' ', permission, access, reason, to_char(first_at, 'HH24:MI'), to_char(last_at, 'HH24:MI'), calls)";
    facts::texts(house, line, "token_refusals ORDER BY reason")
}

fn span(minutes: i64, calls: i64) -> Span {
    Span { first_at: START, last_at: START + Duration::minutes(minutes), calls }
}

async fn refused(house: &House, secret: &str) -> String {
    let (status, body) = whoami(house.address, secret).await;
    assert_ne!(status, 200);
    body["code"].as_str().unwrap().to_owned()
}

#[actix_web::test]
async fn refused_calls_are_counted_by_their_reason() {
    let house = House::open();
    let acme = house.account("Acme");
    let mut owner = house.signed_in(OWNER).await;
    let (token, secret) = owner.make_full_token(acme, "Deploy").await;
    for (into, back, code) in [
        ("disabled_at = '2026-11-22 12:00Z'", "disabled_at = NULL", "token_disabled"),
        ("not_before = '2026-11-23 12:00Z'", "not_before = NULL", "token_not_yet"),
        ("refused_networks = '{127.0.0.0/8}'", "refused_networks = '{}'", "address_refused"),
    ] {
        facts::change(&house, &format!("UPDATE tokens SET {into}"));
        for _ in 0..2 {
            assert_eq!(refused(&house, &secret).await, code);
        }
        facts::change(&house, &format!("UPDATE tokens SET {back}"));
    }
    let spent = format!("INSERT INTO budgets VALUES ('account {acme}', '2026-11-22 12:00Z', 2400)");
    facts::change(&house, &spent);
    assert_eq!(refused(&house, &secret).await, "quota_exceeded");
    assert_eq!(stored(&house), Vec::<String>::new());
    flush(&house).await;
    house.clock.advance(Duration::minutes(5));
    facts::change(&house, "UPDATE tokens SET disabled_at = '2026-11-22 12:00Z'");
    assert_eq!(refused(&house, &secret).await, "token_disabled");
    flush(&house).await;
    flush(&house).await;
    assert_eq!(
        stored(&house),
        [
            "address_refused 12:00 12:00 2",
            "quota_exceeded 12:00 12:00 1",
            "token_disabled 12:00 12:05 3",
            "token_not_yet 12:00 12:00 2",
        ]
        .map(|line| format!("  {line}"))
    );
    house.clock.advance(Duration::minutes(2));
    let page = owner.get(&format!("/accounts/{acme}/tokens/{token}")).await;
    assert_eq!(
        page.all(".refusals tbody tr")[0],
        "Nothing in particular It was disabled 3 calls, 2 minutes ago · first 7 minutes ago"
    );
    assert_eq!(page.all(".refusals tbody tr").len(), 4);
    assert!(page.text().contains("Refused calls"));
}

#[actix_web::test]
async fn an_ended_tokens_page_says_when_it_was_still_tried() {
    let house = House::open();
    let acme = house.account("Acme");
    let mut owner = house.signed_in(OWNER).await;
    let (token, secret) = owner.make_full_token(acme, "Deploy").await;
    let path = format!("/accounts/{acme}/tokens/{token}");
    assert!(!owner.get(&path).await.text().contains("Refused calls"));
    facts::change(&house, "UPDATE tokens SET disabled_at = '2026-11-22 12:00Z'");
    refused(&house, &secret).await;
    flush(&house).await;
    house.clock.advance(Duration::minutes(1));
    owner.delete_token(acme, token).await;
    // What was refused before its end is none of it.
    house.clock.advance(Duration::hours(3));
    assert!(!owner.get(&path).await.text().contains("Still tried"));
    assert_eq!(refused(&house, &secret).await, "token_deleted");
    flush(&house).await;
    house.clock.advance(Duration::minutes(4));
    let page = owner.get(&path).await.text();
    assert!(page.contains("Still tried 4 minutes ago . Some program goes on calling with it"), "{page}");
    let reader = house.signed_in(READER).await.get(&path).await.text();
    assert!(!reader.contains("Still tried") && !reader.contains("Refused calls"), "{reader}");
    assert_eq!(facts::count(&house, "token_refusals WHERE reason = 'token_deleted' AND calls = 1"), 1);
}

#[actix_web::test]
async fn what_no_token_is_behind_is_nobodys_refusal() {
    let house = House::open();
    let acme = house.account("Acme");
    let (_, secret) = house.signed_in(OWNER).await.make_full_token(acme, "Deploy").await;
    let anybody = house.anybody();
    for request in [
        anybody.request("GET", "/v2/whoami"),
        anybody.request("GET", "/v2/whoami").bearer_auth("x"),
        anybody.request("GET", "/v2/somebodys-name").bearer_auth(&secret),
        anybody.request("POST", "/v2/whoami").bearer_auth(&secret),
    ] {
        assert!(read(request).await.status.is_client_error());
    }
    flush(&house).await;
    assert_eq!(stored(&house), Vec::<String>::new());
}

#[actix_web::test]
async fn refusals_that_are_not_written_yet_are_written_when_the_server_stops() {
    let house = House::open();
    let other = house.second_node();
    let acme = house.account("Acme");
    let mut owner = house.signed_in(OWNER).await;
    let (token, secret) = owner.make_full_token(acme, "Deploy").await;
    owner.delete_token(acme, token).await;
    refused(&house, &secret).await;
    house.close();
    assert_eq!(stored(&other), ["  token_deleted 12:00 12:00 1"]);
}

/// Makes the house's database one that only reads, as one that is about to be replaced does.
fn set_read_only(house: &House, on: bool) {
    let (name, elsewhere) = (&house.database, database::url("tokenhouse"));
    database::run(&elsewhere, &format!("ALTER DATABASE {name} SET default_transaction_read_only = {on}"));
    let end =
        format!("SELECT pg_terminate_backend(pid, 5000) FROM pg_stat_activity WHERE datname = '{name}'");
    database::run(&elsewhere, &end);
}

#[actix_web::test]
async fn refusals_wait_while_they_cannot_be_written() {
    let house = House::open();
    let acme = house.account("Acme");
    let mut owner = house.signed_in(OWNER).await;
    let (token, secret) = owner.make_full_token(acme, "Deploy").await;
    owner.delete_token(acme, token).await;
    refused(&house, &secret).await;
    set_read_only(&house, true);
    assert!(house.app.buffers.refusals.flush(&house.app.db, house.clock.now()).await.is_err());
    refused(&house, &secret).await;
    set_read_only(&house, false);
    flush(&house).await;
    assert_eq!(stored(&house), ["  token_deleted 12:00 12:00 2"]);
}

const KEYS: [&str; 30] = [
    "a", "b", "c", "d", "e", "f", "g", "h", "i", "j", "k", "l", "m", "n", "o", "p", "q", "r", "s", "t", "u",
    "v", "w", "x", "y", "z", "aa", "bb", "cc", "dd",
];

#[actix_web::test]
async fn of_a_token_no_more_than_fifty_kinds_are_kept_and_those_that_came_last() {
    let house = House::open();
    let acme = house.account("Acme");
    let token = made::token(&house, acme, None);
    let kind = |key, access| Kind {
        token,
        needs: Some((std::borrow::Cow::Borrowed(key), access)),
        reason: RefusalCode::PermissionDenied,
    };
    let many: Vec<(Kind, Span)> = KEYS
        .iter()
        .enumerate()
        .flat_map(|(minutes, key)| {
            let span = span(minutes as i64, 1);
            [(kind(*key, Access::Read), span), (kind(*key, Access::Full), span)]
        })
        .collect();
    let nodes = [house.conn(), house.conn()];
    std::thread::scope(|scope| {
        for mut conn in nodes {
            let many = &many;
            scope.spawn(move || db::in_one(&mut conn, |conn| refusals::write(conn, many)).unwrap());
        }
    });
    assert_eq!(facts::count(&house, "token_refusals"), 50);
    // Of thirty keys with two kinds each, the five that came longest ago are gone.
    assert_eq!(
        facts::text(&house, "SELECT min(last_at AT TIME ZONE 'UTC') FROM token_refusals"),
        "2026-11-22 12:05:00"
    );
    let ended = Kind { token, needs: None, reason: RefusalCode::TokenDeleted };
    db::in_one(&mut house.conn(), |conn| refusals::write(conn, &[(ended, span(90, 1))])).unwrap();
    assert_eq!(facts::count(&house, "token_refusals"), 50);
    assert_eq!(facts::count(&house, "token_refusals WHERE reason = 'token_deleted'"), 1);
    let page = house.signed_in(OWNER).await.get(&format!("/accounts/{acme}/tokens/{token}")).await;
    assert_eq!(page.all(".refusals tbody tr").len(), 50);
}

#[actix_web::test]
async fn a_token_that_is_gone_does_not_hold_up_the_refusals_of_others() {
    let house = House::open();
    let token = made::token(&house, house.account("Acme"), None);
    let of = |token| (Kind { token, needs: None, reason: RefusalCode::TokenDeleted }, span(1, 3));
    db::in_one(&mut house.conn(), |conn| refusals::write(conn, &[of((token.get() + 100).into()), of(token)]))
        .unwrap();
    assert_eq!(stored(&house), ["  token_deleted 12:00 12:01 3"]);
    db::in_one(&mut house.conn(), |conn| refusals::write(conn, &[of((token.get() + 100).into())])).unwrap();
    assert_eq!(facts::count(&house, "token_refusals"), 1);
}
