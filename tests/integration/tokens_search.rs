//! Looking for tokens: by words of the name, by hint; sorted by name and by last use.

use crate::support::client::{Answer, Browser};
use crate::support::{House, MEMBER, OWNER, READER, START, STRANGER};
use crate::{facts, made};
use time::{Duration, OffsetDateTime};

async fn names(browser: &mut Browser, path: &str) -> Vec<String> {
    let page = browser.get(path).await;
    assert_eq!(page.status, 200, "{path}: {}", page.text());
    page.all("a.token-name")
}

fn named(names: &[&str]) -> Vec<(String, OffsetDateTime)> {
    names.iter().map(|name| ((*name).to_owned(), START)).collect()
}

fn further(page: &Answer, label: &str) -> Option<String> {
    let links = page.all("nav.pager a").into_iter().zip(page.attributes("nav.pager a", "href"));
    links.into_iter().find(|(text, _)| text == label).map(|(_, href)| href)
}

#[actix_web::test]
async fn tokens_are_found_by_how_the_words_of_their_names_begin_in_any_script() {
    let house = House::open();
    let acme = house.account("Acme");
    let all = [
        "Deploy DNS (ci)",
        "deploy-certificates",
        "Überweisung 部署",
        "100%_sure",
        "_acme.example.com",
        "Redeploy",
    ];
    made::tokens(&house, acme, &named(&all), None);
    made::tokens(&house, house.account("Rival"), &named(&["Deploy of a rival"]), None);
    let mut owner = house.signed_in(OWNER).await;
    let list = format!("/accounts/{acme}/tokens");
    for (typed, found) in [
        ("deploy", vec!["deploy-certificates", "Deploy DNS (ci)"]),
        ("DEP%20dn", vec!["Deploy DNS (ci)"]),
        ("dns+deploy", vec!["Deploy DNS (ci)"]),
        ("%C3%BCber", vec!["Überweisung 部署"]),
        ("%C3%9CBER+%E9%83%A8", vec!["Überweisung 部署"]),
        ("example.com", vec!["_acme.example.com"]),
        ("sure", vec!["100%_sure"]),
        ("eploy", vec![]),
        ("rival", vec![]),
        ("%25", vec![]),
        ("_", vec![]),
        ("%27%20%7C%20%27zz", vec![]),
        ("deploy%3A*", vec!["deploy-certificates", "Deploy DNS (ci)"]),
    ] {
        assert_eq!(names(&mut owner, &format!("{list}?q={typed}")).await, found, "{typed}");
    }
    let nothing = owner.get(&format!("{list}?q=%3Cb%3Enothing")).await;
    assert!(nothing.text().contains("No token found No token matches “<b>nothing”."), "{}", nothing.text());
    assert_eq!(nothing.all("nav.tabs a"), ["Active 0", "Ended 0"]);
    let clear =
        nothing.links().into_iter().zip(nothing.all("a")).find(|(_, text)| text == "Clear the search");
    assert_eq!(names(&mut owner, &clear.unwrap().0).await.len(), all.len());
    assert_eq!(facts::count(&house, "tokens WHERE search_words <> '{}'"), 7);
}

#[actix_web::test]
async fn a_renamed_token_is_found_by_its_new_name_only_and_an_ended_one_in_its_tab() {
    let house = House::open();
    let acme = house.account("Acme");
    let mut owner = house.signed_in(OWNER).await;
    let (token, _) = owner.make_full_token(acme, "Old name").await;
    let list = format!("/accounts/{acme}/tokens");
    owner.post(&format!("{list}/{token}/rename"), &[("name", "Fresh label")]).await;
    assert_eq!(names(&mut owner, &format!("{list}?q=old")).await, Vec::<String>::new());
    assert_eq!(names(&mut owner, &format!("{list}?q=fresh")).await, ["Fresh label"]);
    owner.delete_token(acme, token).await;
    let page = owner.get(&format!("{list}?q=fresh")).await;
    assert_eq!(page.all("nav.tabs a"), ["Active 0", "Ended 1"]);
    let ended = page.attributes("nav.tabs a", "href").remove(1);
    assert_eq!(names(&mut owner, &ended).await, ["Fresh label"]);
    let stored = facts::texts(&house, "search_words", "tokens");
    assert_eq!(stored, [format!("{{a{acme}/fresh,a{acme}/label}}")]);
}

#[actix_web::test]
async fn tokens_are_found_by_their_whole_hint_or_its_last_four_characters() {
    let house = House::open();
    let (acme, rival) = (house.account("Acme"), house.account("Rival"));
    let mut owner = house.signed_in(OWNER).await;
    let (_, secret) = owner.make_full_token(acme, "Wanted").await;
    let (_, other) = owner.make_full_token(acme, "Other").await;
    let (_, foreign) = house.signed_in(STRANGER).await.make_full_token(rival, "Foreign").await;
    let list = format!("/accounts/{acme}/tokens");
    let end = |secret: &str| secret[38..].to_owned();
    assert_ne!(end(&secret), end(&other));
    for typed in [end(&secret), format!("tkh_a_…{}", end(&secret)), format!("tkh_a_...{}", end(&secret))] {
        assert_eq!(names(&mut owner, &format!("{list}?q={typed}")).await, ["Wanted"], "{typed}");
    }
    for typed in [format!("tkh_u_…{}", end(&secret)), end(&foreign), secret[37..].to_owned()] {
        assert_eq!(names(&mut owner, &format!("{list}?q={typed}")).await, Vec::<String>::new(), "{typed}");
    }
    // Who does not see hints does not find by them either.
    let mut reader = house.signed_in(READER).await;
    assert_eq!(names(&mut reader, &format!("{list}?q={}", end(&secret))).await, Vec::<String>::new());
    assert_eq!(names(&mut reader, &format!("{list}?q=want")).await, ["Wanted"]);
    assert_eq!(facts::count(&house, "token_secrets"), 3);
}

#[actix_web::test]
async fn a_whole_secret_typed_into_the_search_finds_its_token_and_leaves_the_address_at_once() {
    let house = House::open();
    let acme = house.account("Acme");
    let mut owner = house.signed_in(OWNER).await;
    let (_, secret) = owner.make_full_token(acme, "Leaked").await;
    let list = format!("/accounts/{acme}/tokens");
    let answer = owner.get(&format!("{list}?q=+{secret}+&sort=name")).await;
    assert_eq!(answer.status, 303);
    assert_eq!(answer.location(), format!("{list}?q={}&sort=name", &secret[38..]));
    assert_eq!(names(&mut owner, answer.location()).await, ["Leaked"]);
    // Also where it is pasted with the line that it stood in.
    let answer = owner.get(&format!("{list}?q=Authorization:+Bearer+{secret}%22")).await;
    assert_eq!(
        (answer.status.as_u16(), answer.location()),
        (303, format!("{list}?q={}", &secret[38..]).as_str())
    );
    let recorded = format!("audit_events AS a WHERE a::text LIKE '%{}%'", &secret[6..]);
    assert_eq!(facts::count(&house, &recorded), 0);
}

#[actix_web::test]
async fn sorted_by_name_each_token_stands_once_whatever_its_case_and_whatever_is_made_meanwhile() {
    let house = House::open();
    let acme = house.account("Acme");
    // Names that differ in case only, and the same name often, so that pages end between equals.
    let wanted: Vec<(String, OffsetDateTime)> = (0..120)
        .map(|number| (["b & c-d", "B & C-D", "Zebra", "alpha"][number * 7 % 4].to_owned(), START))
        .collect();
    made::tokens(&house, acme, &wanted, None);
    let mut owner = house.signed_in(OWNER).await;
    let mut path = Some(format!("/accounts/{acme}/tokens?sort=name"));
    let (mut seen, mut sizes) = (Vec::new(), Vec::new());
    while let Some(here) = path {
        let page = owner.get(&here).await;
        assert_eq!((page.status.as_u16(), page.all(".sorts [aria-current]")), (200, vec!["Name".to_owned()]));
        let links = page.attributes("a.token-name", "href");
        sizes.push(links.len());
        seen.extend(links);
        path = further(&page, "Next");
        made::tokens(&house, acme, &named(&["aaa"]), None);
    }
    assert_eq!(sizes, [50, 50, 20]);
    let stored = facts::texts(
        &house,
        &format!("'/accounts/{acme}/tokens/' || id"),
        "tokens WHERE name <> 'aaa' ORDER BY lower(name), id",
    );
    assert_eq!(seen, stored);
}

#[actix_web::test]
async fn sorted_by_last_use_the_latest_comes_first_and_those_never_used_come_last() {
    let house = House::open();
    let acme = house.account("Acme");
    let wanted: Vec<(String, OffsetDateTime)> =
        (0..120).map(|number| (format!("T{number}"), START)).collect();
    let ids = made::tokens(&house, acme, &wanted, None);
    // Used in an order of its own, several at the same moment, some in two accounts, some never.
    facts::change(
        &house,
        &format!(
            "INSERT INTO token_use (secret_id, account_id, last_used_at, address, client)
             SELECT s.id, account, timestamptz '2026-11-01' + (s.token_id * 7 % 30 + account % 2) * interval '1 hour', '192.0.2.1', ''
             FROM token_secrets AS s, unnest(ARRAY[0, {acme} * 2 + 1]) AS account WHERE s.token_id % 3 <> 0"
        ),
    );
    let mut owner = house.signed_in(OWNER).await;
    let mut path = Some(format!("/accounts/{acme}/tokens?sort=used"));
    let mut seen = Vec::new();
    while let Some(here) = path {
        let page = owner.get(&here).await;
        assert_eq!(page.status, 200);
        seen.extend(page.all("a.token-name"));
        path = further(&page, "Next");
    }
    let stored = facts::texts(
        &house,
        "name",
        "tokens AS t ORDER BY (SELECT max(last_used_at) FROM token_use JOIN token_secrets AS s ON s.id = secret_id \
         WHERE s.token_id = t.id) DESC NULLS LAST, id DESC",
    );
    assert_eq!(seen, stored);
    assert_eq!(seen.len(), ids.len());
    // Who does not see uses does not sort by them.
    let reader = house.signed_in(READER).await.get(&format!("/accounts/{acme}/tokens?sort=used")).await;
    assert_eq!(reader.all(".sorts a"), ["Newest", "Name"]);
    assert_eq!(reader.all(".sorts [aria-current]"), ["Newest"]);
    assert_eq!(reader.all("a.token-name")[0], "T119");
}

#[actix_web::test]
async fn beyond_ten_thousand_tokens_last_use_is_no_choice_and_the_page_says_why() {
    let house = House::open();
    let acme = house.account("Acme");
    house.set_plan("Acme", "enterprise");
    let rows = |from: i32, to: i32| {
        facts::change(
            &house,
            &format!(
                "WITH made AS (INSERT INTO tokens (kind, account_id, name, search_words, full_access, created_at, updated_at)
                    SELECT 'account', {acme}, 'T' || n, ARRAY['a{acme}/t' || n], true, timestamptz '2026-11-01', now()
                    FROM generate_series({from}, {to}) AS n RETURNING id)
                 INSERT INTO token_secrets (token_id, digest, hint, form_nonce, created_at)
                    SELECT id, sha256(id::text::bytea), 'tkh_a_…0000', gen_random_uuid(), now() FROM made"
            ),
        );
    };
    let (list, mut member) = (format!("/accounts/{acme}/tokens"), house.signed_in(MEMBER).await);
    rows(1, 10_000);
    let page = member.get(&format!("{list}?sort=used")).await;
    assert_eq!(page.all(".sorts [aria-current]"), ["Last used"]);
    assert_eq!(member.get(&list).await.all(".sorts [aria-disabled]"), Vec::<String>::new());
    rows(10_001, 10_001);
    // The choice is refused at once; that it is one is said within a minute.
    let page = member.get(&format!("{list}?sort=used")).await;
    assert_eq!(page.all(".sorts [aria-current]"), ["Newest"]);
    house.clock.advance(Duration::minutes(1));
    for sort in ["", "?sort=used"] {
        let page = member.get(&format!("{list}{sort}")).await;
        assert_eq!(page.all(".sorts [aria-current]"), ["Newest"]);
        assert_eq!(page.all(".sorts [aria-disabled]"), ["Last used"]);
        assert!(
            page.text().contains("Sorting by last use works for up to 10,000 tokens."),
            "{}",
            page.text()
        );
        assert_eq!(page.all("a.token-name").len(), 50);
    }
    let fewer = member.get(&format!("{list}?q=t99&sort=used")).await;
    assert_eq!(fewer.all(".sorts [aria-current]"), ["Last used"]);
    assert_eq!(fewer.all("nav.tabs a")[0], "Active 111");
    assert_eq!(facts::count(&house, "tokens"), 10_001);
}

#[actix_web::test]
async fn a_search_that_makes_no_sense_is_refused_and_an_odd_place_is_the_top() {
    let house = House::open();
    let acme = house.account("Acme");
    made::tokens(&house, acme, &named(&["One"]), None);
    let mut owner = house.signed_in(OWNER).await;
    let list = format!("/accounts/{acme}/tokens");
    for nonsense in ["q=a%00b", "q=%ff%00"] {
        assert_eq!(owner.get(&format!("{list}?{nonsense}")).await.status, 400, "{nonsense}");
    }
    for odd in [
        "sort=nothing",
        "before=99999999999999999999-1",
        "sort=name&before=1%00",
        "sort=used&before=never",
        "sort=used&before=x-1",
        "sort=name&before=99999999999999999999-x",
    ] {
        assert_eq!(names(&mut owner, &format!("{list}?{odd}")).await, ["One"], "{odd}");
    }
    let long = "x+".repeat(2_000);
    assert_eq!(names(&mut owner, &format!("{list}?q={long}")).await, Vec::<String>::new());
    assert_eq!(facts::live_tokens(&house), 1);
}
