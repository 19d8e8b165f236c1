//! The disk of the database is full: tokens end all the same, and nothing else is done by halves.

use super::facts::count_in;
use crate::support::client::{Answer, Browser, read, whoami};
use crate::support::cluster::Cluster;
use crate::support::{House, OWNER, START, database};
use diesel::connection::SimpleConnection;
use secrecy::SecretString;
use tokenhouse::clock::Clock;
use tokenhouse::db::{self, Conn};
use tokenhouse::http::Endings;
use tokenhouse::models::Account;
use tokenhouse::policy::AccountId;

/// Takes all the space that there is.
fn fill(conn: &mut Conn) {
    conn.batch_execute(
        "CREATE TABLE filler (bytes text); ALTER TABLE filler ALTER COLUMN bytes SET STORAGE PLAIN",
    )
    .unwrap();
    for rows in [1_000, 100, 10, 1] {
        let more = format!("INSERT INTO filler SELECT repeat('x', 7000) FROM generate_series(1, {rows})");
        let full = loop {
            if let Err(error) = conn.batch_execute(&more) {
                break error;
            }
        };
        assert!(full.to_string().contains("No space left on device"), "{full}");
    }
}

/// Does this until the last page with some room has none.
async fn until_full(mut ask: impl AsyncFnMut(usize) -> Answer) -> Answer {
    for attempt in 0..300 {
        let answer = ask(attempt).await;
        if answer.status == 503 {
            return answer;
        }
        assert!(answer.status.is_success(), "{}: {}", answer.status, answer.body);
    }
    panic!("there is room for everything");
}

async fn create(owner: &mut Browser, acme: AccountId, name: &str) -> Answer {
    let nonce = owner.new_form(acme).await;
    let fields = [("nonce", nonce.as_str()), ("do", "generate"), ("name", name), ("reach", "everything")];
    let fields: Vec<_> = fields.into_iter().chain([("expires", "90")]).collect();
    owner.post(&format!("/accounts/{acme}/tokens"), &fields).await
}

#[cfg(target_os = "linux")]
#[actix_web::test]
async fn on_a_full_disk_a_thousand_tokens_end_and_everything_else_is_told_so() {
    let cluster = Cluster::on_disk_of(40);
    let url = cluster.url("tokenhouse");
    database::fill(&url);
    let mut conn = db::connect(&SecretString::from(url.clone())).unwrap();
    let acme = Account::find_by_name(&mut conn, "Acme").unwrap().unwrap().id;
    let node = || House::at(url.clone(), String::new(), Clock::fixed(START), |_| {});
    let (here, there) = (node(), node());
    let mut owner = here.signed_in(OWNER).await;
    let mut known = Vec::new();
    for name in ["Alone", "Chosen", "Itself", "Caller", "All"] {
        known.push(owner.make_full_token(acme, name).await);
    }
    let many = format!(
        "INSERT INTO tokens (kind, account_id, name, full_access, created_at, updated_at)
         SELECT 'account', {acme}, 'Many ' || number, true, '{START}', '{START}' FROM generate_series(1, 1100) number"
    );
    conn.batch_execute(&many).unwrap();
    // Whose plan has no limit of tokens.
    conn.batch_execute("UPDATE accounts SET plan = 'enterprise'").unwrap();
    let list = format!("/accounts/{acme}/tokens");
    fill(&mut conn);

    let page = until_full(async |attempt| create(&mut owner, acme, &format!("New {attempt}")).await).await;
    assert_eq!(page.heading(), "The database has no space left");
    assert_eq!(page.header("retry-after"), "2");
    let caller = &known[3].1;
    let refused = until_full(async |attempt| {
        let body = format!("{{\"name\": \"T{attempt}\", \"sid\": \"t{attempt}\"}}");
        let call = reqwest::Client::new().post(here.url(&format!("/v2/{acme}/templates")));
        read(call.bearer_auth(caller).header("content-type", "application/json").body(body)).await
    });
    assert!(refused.await.body.contains("The database has no space left"));
    let half = "tokens WHERE created_by IS NOT NULL
                AND NOT EXISTS (SELECT FROM token_secrets WHERE token_id = tokens.id)";
    assert_eq!(count_in(&mut conn, half), 0, "nothing is half made");

    let live =
        format!("live_tokens JOIN tokens ON id = token_id WHERE account_id = {acme} AND deleted_at IS NULL");
    let before = count_in(&mut conn, &live);
    assert!(before >= 1_100, "{before}");
    let deleted = owner.delete_token(acme, known[0].0).await;
    assert_eq!(deleted.status, 303, "{}", deleted.text());
    let mut ids = super::facts::texts_in(
        &mut conn,
        "id",
        &format!("tokens WHERE account_id = {acme} AND name LIKE 'Many%' ORDER BY id"),
    );
    ids[0] = known[1].0.to_string();
    for part in ids[..500].chunks(100) {
        let chosen: Vec<(&str, &str)> = part.iter().map(|id| ("id", id.as_str())).collect();
        let answer = owner.post(&format!("{list}/chosen"), &chosen).await;
        assert_eq!(
            (answer.status.as_u16(), answer.location()),
            (303, format!("{list}?done=at-once").as_str())
        );
    }
    let end = reqwest::Client::new().delete(here.url("/v2/tokens/current")).bearer_auth(&known[2].1);
    assert_eq!(read(end).await.status, 204);
    let all = owner.post(&format!("{list}/revoke"), &[("confirm", "Acme")]).await;
    assert_eq!((all.status.as_u16(), all.location()), (303, format!("{list}?done=at-once").as_str()));
    assert_eq!(count_in(&mut conn, &live), 0);
    for (_, secret) in &known {
        for house in [&here, &there] {
            let (status, body) = whoami(house.address, secret).await;
            assert_eq!((status.as_u16(), body["code"].as_str()), (401, Some("token_deleted")));
        }
    }
    assert!(owner.get(&format!("{list}?done=at-once")).await.text().contains("They no longer work"));

    conn.batch_execute("DROP TABLE filler").unwrap();
    here.app.endings.write(&here.app.db).await.unwrap();
    let left = format!("tokens WHERE account_id = {acme} AND deleted_at IS NULL");
    assert_eq!(count_in(&mut conn, &left), 0, "the lists know of all of them");
    let of = |what: &str| format!("audit_events WHERE action = '{what}' AND actor_name = '{OWNER}'");
    assert_eq!(count_in(&mut conn, &of("token.deleted")), 501);
    assert_eq!(count_in(&mut conn, &of("tokens.revoked")), 1);
    assert_eq!(create(&mut owner, acme, "Again").await.status, 200);
    // One that a process ended which was killed before there was room.
    conn.batch_execute(&format!(
        "DELETE FROM live_tokens USING tokens WHERE id = token_id AND account_id = {acme} AND deleted_at IS NULL"
    ))
    .unwrap();
    Endings::write_orphaned(&here.app.db, START).await.unwrap();
    assert_eq!(count_in(&mut conn, &left), 0);
    assert_eq!(
        count_in(&mut conn, "audit_events WHERE action = 'token.deleted' AND actor_kind = 'nobody'"),
        1
    );
}
