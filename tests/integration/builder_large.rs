//! The builder of an account with ten thousand zones.

use crate::builder::{Form, of_account};
use crate::support::client::{Browser, read};
use crate::support::{House, OWNER};
use crate::{facts, support::database};
use std::time::{Duration, Instant};
use tokenhouse::models::Resource;

const ZONES: usize = 10_000;
const ROUNDS: usize = 25;

/// How long each of two pages takes to open, in the middle of so many times; by turns, so that
/// whatever else the machine does slows down both.
async fn opened(few: (&Browser, &str), many: (&Browser, &str)) -> [Duration; 2] {
    let mut times = [Vec::new(), Vec::new()];
    for _ in 0..ROUNDS {
        for (times, (browser, path)) in times.iter_mut().zip([few, many]) {
            let began = Instant::now();
            assert_eq!(read(browser.request("GET", path)).await.status, 200);
            times.push(began.elapsed());
        }
    }
    times.map(|mut times| {
        times.sort_unstable();
        times[ROUNDS / 2]
    })
}

#[actix_web::test]
async fn ten_thousand_zones_are_no_different_from_ten() {
    let (small, house) = (House::open(), House::open());
    let acme = house.account("Acme");
    facts::change(&small, "DELETE FROM resources WHERE name LIKE '%-shop.example'");
    facts::change(&small, "DELETE FROM resources WHERE name > 'g' AND name LIKE '%.example'");
    let names: Vec<String> = (0..ZONES).map(|number| format!("zone-{number:05}.example")).collect();
    Resource::add_domains(&mut house.conn(), acme, &names, &house.command_line()).unwrap();
    database::run(&database::url(&house.database), "ANALYZE resources");
    let end = "template=manage_zone&scope=certificates:*:read";
    let path = format!("{}?{end}", of_account(acme));
    let path_of_small = format!("{}?{end}", of_account(small.account("Acme")));
    let (of_small, mut owner) = (small.signed_in(OWNER).await, house.signed_in(OWNER).await);
    let [few, many] = opened((&of_small, &path_of_small), (&owner, &path)).await;
    let page = owner.get(&path).await;
    println!("builder: {few:?} with ten zones, {many:?} with {ZONES}; {} bytes", page.body.len());
    assert!(page.body.len() < 60_000, "{} bytes", page.body.len());
    assert!(page.text().contains("0 of 1,000+ zones selected"), "{}", page.text());
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
