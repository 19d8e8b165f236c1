//! The pages, with the catalogue of a shop.

use crate::check::ask;
use crate::support::client::whoami;
use crate::support::{House, OWNER, SHOP, database, shop};
use crate::words::lines;
use diesel::connection::SimpleConnection;
use serde_json::json;
use tokenhouse::config::Config;
use tokenhouse::extension::Product;
use tokenhouse::models::{Account, Hooks, OfKind, Resource, membership};
use tokenhouse::policy::{AccountId, Catalogue, KindKey, Role, Unique};

const STORE: KindKey = KindKey::literal("store");
pub const STORES: OfKind<'static> = OfKind { key: STORE, plural: "stores", unique: Unique::Site };

/// A server in front of the shop, with an account that has two stores.
fn open() -> (House, AccountId) {
    open_with(|_| {})
}

/// The same with other settings.
pub fn open_with(change: impl FnOnce(&mut Config)) -> (House, AccountId) {
    open_of(shop(), change)
}

/// The same with another catalogue of the shop.
pub fn open_of(product: Product, change: impl FnOnce(&mut Config)) -> (House, AccountId) {
    let (house, acme) = House::in_front(product, "basic", change);
    let names = ["berlin", "munich"].map(str::to_owned);
    let (mut conn, origin) = (house.conn(), house.command_line());
    let added = Resource::add(&mut conn, acme, STORES, &names, &Hooks::NONE, &origin);
    assert_eq!(added.unwrap().new, 2);
    drop(conn);
    (house, acme)
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
    assert!(created.secret().starts_with("shop_a_"));
    assert!(created.text().contains("https://api.shoply.test/v1/stores/berlin/orders"));
    assert!(created.text().contains("This calls the API of Shoply with it."));
    let (status, body) = whoami(house.address, &created.secret()).await;
    assert_eq!((status.as_u16(), &body["data"]["account"]["id"]), (200, &json!(acme)));

    let menu = owner.get(&format!("/accounts/{acme}/tokens")).await.all("nav[aria-label='Main'] a");
    assert_eq!(menu, ["Stores", "Automation", "Members", "Activity", "Account"]);
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
        if method != "GET" || path.contains('{') || of_user && path.contains(&format!("/{token}")) {
            continue;
        }
        let page = owner.get(&path).await;
        if page.status == 200 && page.header("content-type").starts_with("text/html") {
            assert_eq!(lines(&page.body), Vec::<&str>::new(), "{path}");
            assert!(!page.body.contains("Tokenhouse") && page.body.contains(" · Shoply</title>"), "{path}");
            seen += 1;
        }
    }
    assert!(seen >= 30, "{seen} pages");
}

#[actix_web::test]
async fn the_guide_speaks_of_no_example_and_says_how_the_product_gets_in_front_of_an_api() {
    let (house, _) = open();
    let mut anybody = house.anybody();
    let articles = anybody.get("/help").await.attributes(".guide-links a", "href");
    for path in &articles {
        let article = anybody.get(path).await;
        assert_eq!(article.status, 200, "{path}");
        assert_eq!(lines(&article.body), Vec::<&str>::new(), "{path}");
        for other in ["acme-challenge", "certbot", "theburritobot", "xc-token", "Private key", "<!--"] {
            assert!(!article.body.contains(other), "{other} at {path}");
        }
    }
    // How it got there is for those who run the site, and not for the customers of the API.
    assert_eq!(articles.len(), 20);
    house.site_admin("site@example.com");
    let (mut admin, mut owner) = (house.signed_in("site@example.com").await, house.signed_in(OWNER).await);
    let all = admin.get("/help").await.attributes(".guide-links a", "href");
    assert_eq!(all.len(), 22);
    for own in ["/help/in-front", "/help/headers"] {
        assert!(!articles.contains(&own.to_owned()) && all.contains(&own.to_owned()), "{articles:?}");
        for (browser, status) in [(&mut anybody, 404), (&mut owner, 404), (&mut admin, 200)] {
            assert_eq!(browser.get(own).await.status, status, "{own}");
        }
    }
    assert_eq!(anybody.get("/help/clients").await.status, 404);
}

#[actix_web::test]
async fn a_kind_has_a_page_with_its_resources_and_each_names_the_tokens_that_reach_it() {
    let (house, acme) = open();
    let mut owner = house.signed_in(OWNER).await;
    let list = format!("/accounts/{acme}/resources/store");
    let page = owner.get(&list).await;
    assert_eq!(page.heading(), "Stores");
    assert_eq!(page.all("tbody .row-name"), ["berlin", "munich"]);
    assert_eq!(page.all("nav[aria-label='Main'] a[aria-current]"), ["Stores"]);
    assert!(page.header("cache-control").contains("no-store"));
    let found = owner.get(&format!("{list}?q=MUN")).await;
    assert_eq!(found.all("tbody .row-name"), ["munich"]);
    assert!(owner.get(&format!("{list}?q=hamburg")).await.text().contains("No store matches “hamburg”."));

    let berlin = Resource::find(&mut house.conn(), acme, STORE, "berlin").unwrap().unwrap();
    let fields = [
        ("name", "Till"),
        ("reach", "choose"),
        ("expires", "30"),
        ("orders.access", "full"),
        ("orders.where", "named"),
        ("orders.id", &berlin.id.to_string()),
    ];
    let (token, _) = owner.make_token(acme, &fields).await;
    let page = owner.get(&format!("{list}/{}", berlin.id)).await;
    assert_eq!(page.heading(), "berlin");
    assert_eq!(page.all(".reaching .row-name"), ["Till"]);
    assert_eq!(page.all(".rules li > span:first-child"), ["Orders: only this store"]);
    let munich = Resource::find(&mut house.conn(), acme, STORE, "munich").unwrap().unwrap();
    let other = owner.get(&format!("{list}/{}", munich.id)).await;
    assert!(other.text().contains("No token of Acme reaches this store."), "{}", other.text());

    // What a token names leads to its page.
    let shown = owner.get(&format!("/accounts/{acme}/tokens/{token}")).await;
    assert!(shown.links().contains(&format!("{list}/{}", berlin.id)), "{:?}", shown.links());
    for nothing in [
        format!("{list}/{}0", berlin.id),
        format!("{list}/berlin"),
        format!("/accounts/{acme}/resources/shop"),
    ] {
        assert_eq!(owner.get(&nothing).await.status, 404, "{nothing}");
    }
}

#[actix_web::test]
async fn a_list_of_more_than_a_thousand_says_so_and_leads_on_to_its_end() {
    let (house, acme) = open();
    let owner = house.signed_in(OWNER).await;
    let add = |from: i32, to: i32| {
        let sql = format!(
            "INSERT INTO resources (account_id, kind, name, created_at)
             SELECT {acme}, 'store', 'z' || lpad(n::text, 5, '0'), now() FROM generate_series({from}, {to}) AS n"
        );
        house.conn().batch_execute(&sql).unwrap();
    };
    let list = format!("/accounts/{acme}/resources/store");
    let at = |query: &str| {
        let (mut owner, path) = (owner.clone(), format!("{list}{query}"));
        async move { owner.get(&path).await }
    };
    add(1, 998);
    let full = at("?page=20").await;
    assert!(full.text().contains("1,000 stores") && full.text().contains("Page 20 of 20"), "{}", full.text());
    add(999, 1060);
    let first = at("").await;
    assert_eq!(first.all("tbody .row-name").len(), 50);
    assert!(
        first.text().contains("1,000+ stores") && !first.text().contains("Page 1 of"),
        "{}",
        first.text()
    );
    let before = at("?page=21").await;
    assert_eq!(before.attributes("a[rel='next']", "href"), [format!("{list}?page=22")]);
    assert_eq!(before.all("tbody .row-name").len(), 50);
    let last = at("?page=22").await;
    assert_eq!(last.all("tbody .row-name").len(), 12);
    assert!(last.all("a[rel='next']").is_empty(), "{}", last.text());
    for beyond in ["?page=23", "?page=9223372036854775807"] {
        assert!(at(beyond).await.text().contains("Page 20"), "{beyond}");
    }
    assert!(at("?q=z0106").await.text().contains("1 store found"));
}

/// The shop with other texts in its catalogue.
fn shop_with(changes: &[(&str, &str)]) -> Product {
    let mut text = std::fs::read_to_string(SHOP).unwrap();
    for (that, this) in changes {
        assert!(text.contains(that), "{that}");
        text = text.replace(that, this);
    }
    Product { catalogue: Catalogue::parse("shop.toml", &text, &[]).unwrap(), extension: None }
}

#[actix_web::test]
async fn what_the_catalogue_no_longer_offers_is_shown_by_its_last_title_until_it_returns() {
    let (house, acme) = open();
    let mut owner = house.signed_in(OWNER).await;
    let fields = [
        ("name", "Till"),
        ("reach", "choose"),
        ("expires", "30"),
        ("orders.access", "full"),
        ("orders.where", "all"),
        ("payouts.access", "read"),
    ];
    let (token, secret) = owner.make_token(acme, &fields).await;
    let path = format!("/accounts/{acme}/tokens/{token}");
    let again = |product: Product| {
        let (database, clock) = (house.database.clone(), house.clock.clone());
        let in_front = |config: &mut Config| config.trusted_proxies = vec!["127.0.0.1/32".parse().unwrap()];
        House::of(product, database::serving_url(&database), database, clock, in_front)
    };
    let status = async |house: &House, method: &str| {
        ask(house, Some(&secret), method, "/v1/stores/berlin/orders").await.status
    };

    let without = again(shop_with(&[("\"orders", "\"sales")]));
    let mut owner = without.signed_in(OWNER).await;
    let page = owner.get(&path).await;
    let told = page.all(".sentences li");
    assert!(
        told.contains(&"“Orders” is no longer offered, so the line about it does nothing.".to_owned()),
        "{told:?}"
    );
    assert!(!told.iter().any(|one| one.contains("place, change and cancel")), "{told:?}");
    let rows = page.all(".grants .grant");
    assert!(rows[0].starts_with("Orders No longer offered: this line does nothing."), "{rows:?}");
    let list = owner.get(&format!("/accounts/{acme}/tokens")).await;
    assert!(list.text().contains("Orders (no longer offered); payouts read"), "{}", list.text());
    let like = owner.get(&format!("/accounts/{acme}/tokens/new?like={token}")).await;
    assert!(like.text().contains("Orders is no longer offered."), "{}", like.text());
    assert_eq!(status(&without, "GET").await, 403);

    // Without the level, the next lower one is left.
    let less = again(shop_with(&[
        (
            "levels = [\"read\", \"write\"]\nverbs = { write = \"read, place, change and cancel\" }\nlowest_role = { read = \"read_only\", write = \"read_write\" }",
            "levels = [\"read\"]\nlowest_role = { read = \"read_only\" }",
        ),
        ("orders:write", "stores:write"),
        ("permission = \"orders\", level = \"write\"", "permission = \"orders\", level = \"read\""),
    ]));
    let mut owner = less.signed_in(OWNER).await;
    let page = owner.get(&path).await;
    let told = page.all(".sentences li");
    assert!(told[0].starts_with("Can read orders of all stores"), "{told:?}");
    let text = "“Full access” is no longer offered for orders, so the line about it gives “Read only”.";
    assert!(told.contains(&text.to_owned()), "{told:?}");
    assert_eq!(status(&less, "GET").await, 200);
    assert_eq!(status(&less, "POST").await, 403);

    let back = again(shop());
    let mut owner = back.signed_in(OWNER).await;
    let told = owner.get(&path).await.all(".sentences li");
    assert!(told[0].starts_with("Can read, place, change and cancel orders of all stores"), "{told:?}");
    assert!(!told.iter().any(|one| one.contains("no longer")), "{told:?}");
    assert_eq!(status(&back, "POST").await, 200);
}

#[actix_web::test]
async fn stores_of_another_account_are_on_no_page() {
    let (house, acme) = open();
    let origin = house.command_line();
    let rita = house.new_user("rita@example.com", "Rita Rival");
    let rival = Account::create(&mut house.conn(), "Rival", "rita@example.com", "basic", &origin).unwrap();
    membership::set(&mut house.conn(), &rival, &rita, Role::Owner, &origin).unwrap();
    let berlin = Resource::find(&mut house.conn(), acme, STORE, "berlin").unwrap().unwrap();
    let mut rita = house.signed_in("rita@example.com").await;
    let empty = rita.get(&format!("/accounts/{}/resources/store", rival.id)).await;
    assert!(empty.text().contains("They appear here when Shoply adds them to Rival."), "{}", empty.text());
    for path in [
        format!("/accounts/{}/resources/store/{}", rival.id, berlin.id),
        format!("/accounts/{acme}/resources/store/{}", berlin.id),
        format!("/accounts/{acme}/resources/store"),
    ] {
        assert_eq!(rita.get(&path).await.status, 404, "{path}");
    }
}

#[actix_web::test]
async fn everything_that_people_read_says_the_name_of_the_product() {
    let (house, acme) = open();
    let mut owner = house.signed_in(OWNER).await;
    let mut anybody = house.anybody();
    for path in ["/sign-in", "/forgotten", "/help/api", "/nothing/here"] {
        let page = anybody.get(path).await;
        assert!(page.body.contains(" · Shoply</title>") && !page.body.contains("Tokenhouse"), "{path}");
    }
    let help = anybody.get("/help/api").await;
    assert!(help.text().contains("The API of Shoply is at https://api.shoply.test"), "{}", help.text());
    assert!(help.text().contains("shop_[aus]_[0-9A-Za-z]{36}"));

    let fields = [("email", "new@example.com"), ("role", "read_only")];
    owner.post(&format!("/accounts/{acme}/invitations"), &fields).await;
    anybody.get("/forgotten").await;
    anybody.post("/forgotten", &[("email", OWNER)]).await;
    let mails = house.mails().await;
    assert_eq!(mails.len(), 2, "{mails:?}");
    assert!(mails.iter().any(|(_, subject, _)| subject == "A new password for Shoply"), "{mails:?}");
    for (_, subject, text) in &mails {
        assert!(text.contains("\nShoply\nhttp://") && !text.contains("Tokenhouse"), "{subject} {text}");
    }
}

#[actix_web::test]
async fn activity_tells_of_stores_and_filters_by_them() {
    let (house, acme) = open();
    let mut conn = house.conn();
    let (hooks, origin) = (Hooks::NONE, house.command_line());
    assert!(Resource::remove(&mut conn, acme, STORE, "munich", &hooks, &origin).unwrap());
    assert!(!Resource::remove(&mut conn, acme, STORE, "munich", &hooks, &origin).unwrap());
    let names = ["hamburg".to_owned(), "berlin".to_owned()];
    let added = Resource::add(&mut conn, acme, STORES, &names, &hooks, &origin);
    assert_eq!(added.unwrap().new, 1);
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

#[actix_web::test]
async fn what_can_only_be_written_is_offered_at_full_access_and_nothing_else() {
    let (house, acme) = open();
    let mut owner = house.signed_in(OWNER).await;
    let form = owner.get(&format!("/accounts/{acme}/tokens/new")).await;
    assert_eq!(form.attributes("[name='refunds.access']", "value"), ["none", "full"]);
    assert_eq!(form.attributes("[name='orders.access']", "value"), ["none", "read", "full"]);
    let rows = [("row", "r1"), ("r1.permission", "refunds"), ("do", "update")];
    let built = owner.post(&format!("/accounts/{acme}/tokens/build"), &rows).await;
    assert_eq!(built.attributes("[name='r1.access']", "value"), ["none", "full"], "{}", built.text());
    // The shop's paths don't have the account's number.
    assert!(!owner.get(&format!("/accounts/{acme}/tokens")).await.text().contains("in every API path"));
}
