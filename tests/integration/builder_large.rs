//! The builder of an account with ten thousand zones.

use crate::builder::{Form, of_account};
use crate::support::client::{Browser, read};
use crate::support::{House, OWNER};
use crate::{facts, support::database};
use std::time::{Duration, Instant};
use tokenhouse::models::Resource;

const ZONES: usize = 10_000;
const ROUNDS: usize = 25;

/// The middle of so many measured openings of a page.
async fn opened(browser: &Browser, path: &str) -> Duration {
    let mut times = Vec::new();
    for _ in 0..ROUNDS {
        let began = Instant::now();
        assert_eq!(read(browser.request("GET", path)).await.status, 200);
        times.push(began.elapsed());
    }
    times.sort_unstable();
    times[ROUNDS / 2]
}

#[actix_web::test]
async fn ten_thousand_zones_are_no_different_from_ten() {
    let house = House::open();
    let acme = house.account("Acme");
    facts::change(&house, "DELETE FROM resources WHERE name LIKE '%-shop.example'");
    let path = format!("{}?template=manage_zone&scope=certificates:*:read", of_account(acme));
    let mut owner = house.signed_in(OWNER).await;
    opened(&owner, &path).await;
    let few = opened(&owner, &path).await;
    let names: Vec<String> = (0..ZONES).map(|number| format!("zone-{number:05}.example")).collect();
    Resource::add_domains(&mut house.conn(), acme, &names, &house.command_line()).unwrap();
    database::run(&database::url(&house.database), "ANALYZE resources");
    opened(&owner, &path).await;
    let many = opened(&owner, &path).await;
    let page = owner.get(&path).await;
    println!("builder: {few:?} with a few zones, {many:?} with {ZONES}; {} bytes", page.body.len());
    assert!(page.body.len() < 60_000, "{} bytes", page.body.len());
    assert!(page.text().contains("0 of 1,000+ zones selected"), "{}", page.text());
    // Generous: other tests share the machine.
    assert!(many < few.mul_f64(1.5) + Duration::from_millis(5), "{many:?} is much longer than {few:?}");

    // Searching and choosing go as they do among ten.
    let mut form = Form::open(&mut owner, &path).await;
    form.set("r1.q", "zone-09999");
    let found = form.press(&mut owner, "search").await;
    assert_eq!(found.all("[data-key='r1'] [data-found] li"), ["zone-09999.example"]);
    assert!(found.body.len() < 60_000, "{} bytes", found.body.len());
    let answer = owner.get(&format!("/accounts/{acme}/tokens/resources?kind=zone&q=zone-")).await;
    assert!(answer.body.starts_with("{\"total\":1001,"), "{}", &answer.body[..60]);
}
