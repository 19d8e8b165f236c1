//! The pages, with the catalogue of a shop.

use crate::support::client::whoami;
use crate::support::{House, OWNER, START, database, shop};
use crate::words::lines;
use diesel::connection::SimpleConnection;
use secrecy::SecretString;
use serde_json::json;
use tokenhouse::clock::Clock;
use tokenhouse::config::Config;
use tokenhouse::db;
use tokenhouse::extension::Product;
use tokenhouse::models::{Account, Hooks, Resource, membership};
use tokenhouse::policy::{KindKey, Role};

const STORE: KindKey = KindKey::literal("store");

/// A server in front of the shop, with an account that has two stores.
fn open() -> (House, i64) {
    open_with(|_| {})
}

/// The same with other settings.
pub fn open_with(change: impl FnOnce(&mut Config)) -> (House, i64) {
    open_of(shop(), change)
}

/// The same with another catalogue of the shop.
pub fn open_of(product: Product, change: impl FnOnce(&mut Config)) -> (House, i64) {
    let database = database::empty();
    let mut conn = db::connect(&SecretString::from(database::url(&database))).unwrap();
    db::migrate(&mut conn).unwrap();
    let url = database::serving_url(&database);
    let house = House::of(product, url, database, Clock::fixed(START), change);
    let (mut conn, origin) = (house.conn(), house.command_line());
    let owner = house.new_user(OWNER, "Olive Owner");
    let acme = Account::create(&mut conn, "Acme", OWNER, "basic", &origin).unwrap();
    membership::set(&mut conn, &acme, &owner, Role::Owner, &origin).unwrap();
    let names = ["berlin", "munich"].map(str::to_owned);
    let added = Resource::add(&mut conn, acme.id, (STORE, "stores"), &names, &Hooks::NONE, &origin);
    assert_eq!(added.unwrap(), 2);
    (house, acme.id)
}

#[actix_web::test]
async fn a_token_for_one_store_says_so_and_works() {
    let (house, acme) = open();
    let berlin = Resource::find(&mut house.conn(), acme, STORE, "berlin").unwrap().unwrap();
    let mut owner = house.signed_in(OWNER).await;
    let form = owner.get(&format!("/accounts/{acme}/tokens/new")).await;
    let permissions = form.all("legend");
    for title in ["Stores", "Orders", "Refunds", "Payouts"] {
        assert!(permissions.iter().any(|one| one.contains(title)), "{permissions:?}");
    }
    let nonce = form.value_of("nonce");
    let fields = [
        ("nonce", nonce.as_str()),
        ("do", "generate"),
        ("name", "Till"),
        ("reach", "choose"),
        ("expires", "30"),
        ("orders.access", "full"),
        ("orders.where", "named"),
        ("orders.id", &berlin.id.to_string()),
    ];
    let created = owner.post(&format!("/accounts/{acme}/tokens"), &fields).await;
    assert_eq!(created.status, 200, "{}", created.text());
    assert_eq!(
        created.all(".sentences li")[0],
        "Can read, place, change and cancel orders of berlin, and of no other store."
    );
    let (status, body) = whoami(house.address, &created.secret()).await;
    assert_eq!((status.as_u16(), &body["data"]["account"]["id"]), (200, &json!(acme)));

    let menu = owner.get(&format!("/accounts/{acme}/tokens")).await.all("nav[aria-label='Main'] a");
    assert_eq!(menu, ["Automation", "Members", "Activity", "Account"]);
}

#[actix_web::test]
async fn no_page_speaks_of_the_example() {
    let (house, acme) = open();
    let mut owner = house.signed_in(OWNER).await;
    house.conn().batch_execute("UPDATE users SET site_admin_since = created_at").unwrap();
    let fields = [("name", "All"), ("reach", "everything"), ("expires", "90")];
    let (token, _) = owner.make_token(acme, &fields).await;
    let mut seen = 0;
    for (method, path) in shop().page_table() {
        let of_user = path.starts_with("/user/tokens");
        let path = path.replace("{account}", &acme.to_string()).replace("{token}", &token.to_string());
        // The guide takes its examples from the DNS example.
        let is_guide = path == "/help";
        if is_guide || method != "GET" || path.contains('{') || of_user && path.contains(&format!("/{token}"))
        {
            continue;
        }
        let page = owner.get(&path).await;
        if page.status == 200 && page.header("content-type").starts_with("text/html") {
            assert_eq!(lines(&page.body), Vec::<&str>::new(), "{path}");
            seen += 1;
        }
    }
    assert!(seen >= 30, "{seen} pages");
}

#[actix_web::test]
async fn activity_tells_of_stores_and_filters_by_them() {
    let (house, acme) = open();
    let mut conn = house.conn();
    let (hooks, origin) = (Hooks::NONE, house.command_line());
    assert!(Resource::remove(&mut conn, acme, STORE, "munich", &hooks, &origin).unwrap());
    assert!(!Resource::remove(&mut conn, acme, STORE, "munich", &hooks, &origin).unwrap());
    let names = ["hamburg".to_owned(), "berlin".to_owned()];
    let added = Resource::add(&mut conn, acme, (STORE, "stores"), &names, &hooks, &origin);
    assert_eq!(added.unwrap(), 1);
    let owner = house.signed_in(OWNER).await;
    let said = |kind: &str| {
        let path = format!("/accounts/{acme}/activity.jsonl?kind={kind}");
        let request = owner.request("GET", &path);
        async move {
            let lines = request.send().await.unwrap().text().await.unwrap();
            let line = |line: &str| serde_json::from_str::<serde_json::Value>(line).unwrap()["said"].clone();
            lines.lines().map(line).collect::<Vec<_>>()
        }
    };
    let expected = [
        "The command line added the store hamburg",
        "The command line removed the store munich",
        "The command line added 2 stores",
    ];
    assert_eq!(said("resources").await, expected);
    assert_eq!(said("other").await, [""; 0]);
}
