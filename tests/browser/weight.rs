//! What pages weigh over the wire, headers and all, as a browser that takes gzip gets them.

use crate::pages::{PAGES, Places};
use crate::support::{House, OWNER, ledger};
use crate::window::Window;
use crate::wire::{Passed, Wire};
use serde_json::json;
use std::fmt::Write as _;

/// What the first page may weigh with all that belongs to it, in bytes.
const FIRST: usize = 25_000;
/// What any other page may weigh, in bytes.
const FURTHER: usize = 15_000;

#[actix_web::test]
async fn the_first_page_weighs_little_and_each_further_one_is_one_request() {
    let house = House::open();
    let places = Places::make(&house).await;
    let wire = Wire::to(house.address);
    let window = Window::at(format!("http://{}", wire.address), "weight", true).await;
    let list = places.fill("/accounts/{account}/tokens");

    let mut table = String::from("| page | requests | bytes |\n| --- | --- | --- |\n");
    let first = load(&window, &wire, "/sign-in").await;
    row(&mut table, "`/sign-in`, with nothing in the cache", &first);
    assert!(first.len() <= 5 && weight(&first) <= FIRST, "{first:#?}");

    come_back(&house, &window, &wire).await;
    let first = load(&window, &wire, &list).await;
    row(&mut table, "the token list, with nothing in the cache", &first);
    assert!(first.len() <= 5 && weight(&first) <= FIRST, "{first:#?}");

    for pages in PAGES {
        let (_, address) = places.of(pages).swap_remove(0);
        let passed = load(&window, &wire, &address).await;
        row(&mut table, &format!("`{}`", pages.0), &passed);
        let path: Vec<&str> = passed.iter().map(|one| one.path.as_str()).collect();
        assert_eq!(path, [address.as_str()], "one request");
        assert!(weight(&passed) <= FURTHER, "{passed:#?}");
    }
    std::fs::write(ledger::run_folder().join("weight.md"), table).unwrap();
}

/// Signed in, and with nothing in the cache.
async fn come_back(house: &House, window: &Window, wire: &Wire) {
    let mut browser = house.anybody();
    browser.get("/sign-in").await;
    let answer =
        browser.post("/sign-in", &[("email", OWNER), ("password", ledger::password().as_str())]).await;
    let cookie = answer.cookie("tokenhouse");
    let value = cookie.trim_start_matches("tokenhouse=").split(';').next().unwrap();
    ledger::put_down(value);
    let url = format!("http://{}", wire.address);
    let cookie = json!({ "name": "tokenhouse", "value": value, "url": url, "httpOnly": true });
    window.driver.devtools("Network.setCookie", cookie).await.unwrap();
    window.driver.devtools("Network.clearBrowserCache", json!({})).await.unwrap();
}

/// What passes while a page is loaded, and after that until nothing is under way any more.
async fn load(window: &Window, wire: &Wire, path: &str) -> Vec<Passed> {
    wire.passed();
    window.go(path).await;
    // The mark in the browser's tab is asked for after the page is there.
    window.script("return new Promise((done) => requestIdleCallback(() => setTimeout(done)))").await;
    assert_eq!(window.path().await, path);
    wire.passed()
}

fn weight(passed: &[Passed]) -> usize {
    passed.iter().map(|one| one.bytes).sum()
}

fn row(table: &mut String, page: &str, passed: &[Passed]) {
    writeln!(table, "| {page} | {} | {} |", passed.len(), weight(passed)).unwrap();
}
