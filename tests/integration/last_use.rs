//! When a token was last used: written apart from the calls, and never more often than needed.

use crate::facts;
use crate::support::client::{read, whoami};
use crate::support::{House, OWNER, START};
use time::Duration;
use tokenhouse::db;
use tokenhouse::models::token::usage::{self, Use};
use tokenhouse::policy::ClientAddress;

async fn call(house: &House, secret: &str, client: &str) -> u16 {
    let http = reqwest::Client::builder().no_proxy().user_agent(client).build().unwrap();
    read(http.get(house.url("/v2/whoami")).header("xc-token", secret)).await.status.as_u16()
}

async fn flush(house: &House) {
    house.app.buffers.last_uses.flush(&house.app.db, house.clock.now()).await.unwrap();
}

fn stored(house: &House) -> Vec<String> {
    facts::texts(house, "to_char(last_used_at, 'HH24:MI:SS') || ' ' || client", "token_use")
}

#[actix_web::test]
async fn the_list_shows_a_use_once_it_is_written() {
    let house = House::open();
    let acme = house.account("Acme");
    let mut owner = house.signed_in(OWNER).await;
    let (token, secret) = owner.make_full_token(acme, "Deploy").await;
    assert_eq!(call(&house, &secret, "deploy/1.0").await, 200);
    assert_eq!(stored(&house), Vec::<String>::new());
    let used = |page: crate::support::client::Answer| page.all("td.cell-used").join(" ");
    assert_eq!(used(owner.get(&format!("/accounts/{acme}/tokens")).await), "Last used Never");

    flush(&house).await;
    house.clock.advance(Duration::minutes(2));
    let said = used(owner.get(&format!("/accounts/{acme}/tokens")).await);
    assert_eq!(said, "Last used 2 minutes ago 127.0.0.1");
    let page = owner.get(&format!("/accounts/{acme}/tokens/{token}")).await;
    assert!(page.text().contains("127.0.0.1 · deploy/1.0"), "{}", page.text());
    assert_eq!(stored(&house), ["12:00:00 deploy/1.0"]);
}

#[actix_web::test]
async fn a_secret_is_written_at_most_once_in_thirty_seconds() {
    let house = House::open();
    let acme = house.account("Acme");
    let (_, secret) = house.signed_in(OWNER).await.make_full_token(acme, "Deploy").await;
    call(&house, &secret, "one").await;
    flush(&house).await;
    house.clock.advance(Duration::seconds(20));
    assert_eq!(call(&house, &secret, "two").await, 200);
    flush(&house).await;
    assert_eq!(stored(&house), ["12:00:00 one"]);
    house.clock.advance(Duration::seconds(9));
    flush(&house).await;
    assert_eq!(stored(&house), ["12:00:00 one"]);
    house.clock.advance(Duration::seconds(1));
    flush(&house).await;
    assert_eq!(stored(&house), ["12:00:20 two"]);
}

#[actix_web::test]
async fn a_last_use_never_goes_back_in_time_whichever_node_writes_last() {
    let house = House::open();
    let other = house.second_node();
    let acme = house.account("Acme");
    let (_, secret) = house.signed_in(OWNER).await.make_full_token(acme, "Deploy").await;
    assert_eq!(call(&other, &secret, "earlier").await, 200);
    house.clock.advance(Duration::minutes(1));
    assert_eq!(call(&house, &secret, "later").await, 200);
    flush(&house).await;
    flush(&other).await;
    assert_eq!(stored(&house), ["12:01:00 later"]);

    let number: i64 = facts::texts(&house, "secret_id", "token_use")[0].parse().unwrap();
    let old = Use {
        secret: number.into(),
        account: 0.into(),
        at: START,
        address: ClientAddress::Known([192, 0, 2, 1].into()),
        client: "old".to_owned(),
    };
    db::in_one(&mut house.conn(), |conn| usage::write(conn, &[old])).unwrap();
    assert_eq!(stored(&house), ["12:01:00 later"]);
}

#[actix_web::test]
async fn what_is_not_written_yet_is_written_when_the_server_stops() {
    let house = House::open();
    let other = house.second_node();
    let acme = house.account("Acme");
    let (_, secret) = house.signed_in(OWNER).await.make_full_token(acme, "Deploy").await;
    call(&house, &secret, "one").await;
    flush(&house).await;
    house.clock.advance(Duration::seconds(5));
    assert_eq!(call(&house, &secret, "two").await, 200);
    flush(&house).await;
    assert_eq!(stored(&other), ["12:00:00 one"]);
    house.close();
    assert_eq!(stored(&other), ["12:00:05 two"]);
}

#[actix_web::test]
async fn a_call_that_is_refused_is_no_use() {
    let house = House::open();
    let acme = house.account("Acme");
    let mut owner = house.signed_in(OWNER).await;
    let (token, secret) = owner.make_full_token(acme, "Deploy").await;
    let scoped = [("name", "Scoped"), ("expires", "90"), ("zones.access", "read"), ("zones.where", "all")];
    let (_, frozen) = owner.make_token(acme, &scoped).await;
    owner.delete_token(acme, token).await;
    house.set_plan("Acme", "solo");
    for (secret, code) in [(&secret, "token_deleted"), (&frozen, "token_frozen")] {
        let (status, body) = whoami(house.address, secret).await;
        assert_eq!((status.as_u16(), body["code"].as_str()), (401, Some(code)));
    }
    house.app.buffers.last_uses.flush_all(&house.app.db, house.clock.now()).await.unwrap();
    assert_eq!(facts::count(&house, "token_use"), 0);
}
