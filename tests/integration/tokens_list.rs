//! The list: newest first, a page at a time, in two tabs, and who sees what of it.

use crate::support::client::{Answer, whoami};
use crate::support::{ADMIN, House, MEMBER, OWNER, READER, START, STRANGER};
use crate::{facts, made};
use time::{Duration, OffsetDateTime};

fn older(page: &Answer) -> Option<String> {
    let links = page.all("nav.pager a").into_iter().zip(page.attributes("nav.pager a", "href"));
    links.into_iter().find(|(text, _)| text == "Older").map(|(_, href)| href)
}

#[actix_web::test]
async fn the_list_shows_fifty_tokens_a_page_each_once_and_newest_first() {
    let house = House::open();
    let acme = house.account("Acme");
    // Three at each moment, so that pages end between tokens of the same moment.
    let wanted: Vec<(String, OffsetDateTime)> = (0..120)
        .map(|number| (format!("Token {number}"), START - Duration::minutes(i64::from(number * 7 % 120 / 3))))
        .collect();
    made::tokens(&house, acme, &wanted, None);
    let mut owner = house.signed_in(OWNER).await;
    let mut path = Some(format!("/accounts/{acme}/tokens"));
    let (mut seen, mut sizes) = (Vec::new(), Vec::new());
    while let Some(here) = path {
        let page = owner.get(&here).await;
        assert_eq!(page.status, 200);
        let names = page.all("a.token-name");
        sizes.push(names.len());
        seen.extend(names);
        path = older(&page);
        // What is made meanwhile moves nothing.
        made::token(&house, acme, None);
    }
    assert_eq!(sizes, [50, 50, 20]);
    let stored = "tokens WHERE name <> 'Made' ORDER BY created_at DESC, id DESC";
    assert_eq!(seen, facts::texts(&house, "name", stored));
}

#[actix_web::test]
async fn a_row_says_what_the_token_is_and_offers_to_delete_it() {
    let house = House::open();
    let acme = house.account("Acme");
    let mut owner = house.signed_in(OWNER).await;
    let fields = [("name", "DNS"), ("expires", "90"), ("zones.access", "read"), ("zones.where", "all")];
    let (token, secret) = owner.make_token(acme, &fields).await;
    owner.make_token(acme, &[("name", "DNS"), ("reach", "everything"), ("expires", "never")]).await;
    let page = owner.get(&format!("/accounts/{acme}/tokens")).await;
    let rows = page.all("tbody tr");
    assert_eq!(rows.len(), 2, "two tokens may share a name");
    assert!(rows[0].contains("Everything in this account") && rows[0].contains("No expiry"), "{}", rows[0]);
    for part in [
        "DNS",
        &format!("tkh_a_…{}", &secret[38..]),
        "Zones read",
        "Made by owner@example.com",
        "Never",
        "20 Feb 2027",
        "Delete",
    ] {
        assert!(rows[1].contains(part), "{part} in {}", rows[1]);
    }
    assert!(page.links().contains(&format!("/accounts/{acme}/tokens/{token}/delete")));
    assert!(page.text().contains(&format!("This account's number is {acme}")));
    assert_eq!(facts::count(&house, "tokens WHERE name = 'DNS'"), 2);
}

#[actix_web::test]
async fn the_ended_tab_says_why_each_token_ended() {
    let house = House::open();
    let acme = house.account("Acme");
    made::tokens(&house, acme, &[("Short".to_owned(), START)], Some(Duration::minutes(1)));
    let by_command = made::token(&house, acme, None);
    let mut owner = house.signed_in(OWNER).await;
    let (deleted, _) = owner.make_full_token(acme, "Deleted").await;
    owner.make_full_token(acme, "Live").await;
    let mut admin = house.signed_in(ADMIN).await;
    assert_eq!(admin.delete_token(acme, deleted).await.status, 303);
    assert_eq!(owner.delete_token(acme, by_command).await.status, 303);
    house.clock.advance(Duration::minutes(2));

    let live = owner.get(&format!("/accounts/{acme}/tokens")).await;
    assert_eq!(live.all("a.token-name"), ["Live"]);
    assert_eq!(live.all("nav.tabs a"), ["Active 1", "Ended 3"]);
    let ended = owner.get(&format!("/accounts/{acme}/tokens/ended")).await;
    assert_eq!(ended.status, 200);
    let why = |name: &str| {
        let rows = ended.all("tbody tr").into_iter();
        rows.filter(|row| row.starts_with(name)).collect::<Vec<_>>().join("|")
    };
    assert!(why("Deleted").contains("Deleted by admin@example.com"), "{}", why("Deleted"));
    assert!(why("Made").contains("Deleted by owner@example.com"), "{}", why("Made"));
    assert!(why("Short").contains("Expired · ended") && why("Short").contains("1 minute ago"));
    assert!(!ended.links().iter().any(|href| href.ends_with("/delete")));
    assert_eq!(facts::count(&house, "tokens WHERE deleted_at IS NOT NULL"), 2);
}

#[actix_web::test]
async fn a_reader_sees_names_and_states_and_nothing_else() {
    let house = House::open();
    let acme = house.account("Acme");
    let mut owner = house.signed_in(OWNER).await;
    let fields = [("name", "DNS"), ("expires", "90"), ("zones.access", "read"), ("zones.where", "all")];
    let (token, secret) = owner.make_token(acme, &fields).await;
    whoami(house.address, &secret).await;
    house.app.buffers.last_uses.flush(&house.app.db, START).await.unwrap();
    let mut reader = house.signed_in(READER).await;
    let list = reader.get(&format!("/accounts/{acme}/tokens")).await;
    assert_eq!(list.status, 200);
    let rows = list.all("tbody tr");
    assert!(rows.len() == 1 && rows[0].starts_with("DNS") && rows[0].ends_with("Active"), "{rows:?}");
    assert!(list.text().contains("Ask an owner or admin of Acme."));
    let page = reader.get(&format!("/accounts/{acme}/tokens/{token}")).await;
    assert_eq!(page.status, 200);
    assert!(page.text().contains("Your role sees the names and states of tokens."));
    for answer in [list, page] {
        let hint = &secret[38..];
        for hidden in ["Zones", "DNS records", "Last used", "127.0.0.1", "owner@example.com", hint, "Delete"]
        {
            let main = answer.all("main").join(" ");
            assert!(!main.contains(hidden), "{hidden} in {main}");
        }
    }
    let member = house.signed_in(MEMBER).await.get(&format!("/accounts/{acme}/tokens")).await;
    assert!(member.text().contains("Zones read") && member.text().contains("127.0.0.1"));
    assert!(!member.links().iter().any(|href| href.ends_with("/delete")));
    assert_eq!(facts::count(&house, "token_use"), 1);
}

#[actix_web::test]
async fn the_tokens_of_another_account_are_never_shown() {
    let house = House::open();
    let (acme, rival) = (house.account("Acme"), house.account("Rival"));
    let (foreign, _) = house.signed_in(STRANGER).await.make_full_token(rival, "Secret plans").await;
    let mut owner = house.signed_in(OWNER).await;
    let (own, _) = owner.make_full_token(acme, "Own").await;
    let list = owner.get(&format!("/accounts/{acme}/tokens")).await;
    assert_eq!(list.all("a.token-name"), ["Own"]);
    for path in [
        format!("/accounts/{rival}/tokens"),
        format!("/accounts/{rival}/tokens/ended"),
        format!("/accounts/{rival}/tokens/new"),
        format!("/accounts/{rival}/tokens/{foreign}"),
        format!("/accounts/{acme}/tokens/{foreign}"),
        format!("/accounts/{acme}/tokens/{foreign}/delete"),
        format!("/accounts/{acme}/tokens/{foreign}/rename"),
        format!("/accounts/{rival}/tokens/{own}"),
    ] {
        let answer = owner.get(&path).await;
        assert_eq!(answer.status, 404, "{path}");
        assert!(!answer.body.contains("Secret plans"), "{path}");
    }
    let like = owner.get(&format!("/accounts/{acme}/tokens/new?like={foreign}")).await;
    assert_eq!((like.status.as_u16(), like.value_of("name")), (200, String::new()));
    for act in ["delete", "rename"] {
        let path = format!("/accounts/{acme}/tokens/{foreign}/{act}");
        assert_eq!(owner.post(&path, &[("name", "Mine")]).await.status, 404, "{path}");
    }
    assert_eq!(facts::count(&house, "tokens WHERE name = 'Secret plans' AND deleted_at IS NULL"), 1);
}

#[actix_web::test]
async fn an_empty_list_says_what_a_token_is_and_offers_the_first_one() {
    let house = House::open();
    let (acme, hobby) = (house.account("Acme"), house.account("Hobby"));
    let mut owner = house.signed_in(OWNER).await;
    let page = owner.get(&format!("/accounts/{hobby}/tokens")).await;
    assert_eq!(page.status, 200);
    assert!(page.text().contains("No tokens yet") && page.text().contains("A token is a key for a program."));
    assert!(page.all("a").contains(&"Make the first one".to_owned()));
    let ended = owner.get(&format!("/accounts/{hobby}/tokens/ended")).await;
    assert!(ended.text().contains("No token has ended"));
    let page = house.signed_in(MEMBER).await.get(&format!("/accounts/{acme}/tokens")).await;
    assert!(!page.all("a").contains(&"Make the first one".to_owned()));
    assert!(page.text().contains("Ask an owner or admin of Acme."));
    assert_eq!(facts::count(&house, "tokens"), 0);
}
