//! Several tokens chosen and deleted together; lists narrowed down to a maker and to what nobody uses.

use super::facts;
use crate::support::client::{Answer, Browser, whoami};
use crate::support::{ADMIN, House, MEMBER, OWNER, READER, STRANGER, made};
use time::Duration;
use tokenhouse::models::token::Owner;
use tokenhouse::policy::{Policy, Rights, TokenId};

async fn names(browser: &mut Browser, path: &str) -> Vec<String> {
    let page = browser.get(path).await;
    assert_eq!(page.status, 200, "{path}: {}", page.text());
    page.all("a.token-name")
}

fn boxes(page: &Answer) -> Vec<String> {
    page.attributes("input[type=checkbox][form=chosen]", "value")
}

/// A use of the token's secret so many days ago.
fn used(house: &House, token: TokenId, days: i32) {
    let at = format!("timestamptz '2026-11-22 12:00Z' - interval '{days} days'");
    facts::change(
        house,
        &format!(
            "INSERT INTO token_use (secret_id, account_id, last_used_at, address, client)
             SELECT id, 0, {at}, '203.0.113.7', 'certbot/2.11' FROM token_secrets WHERE token_id = {token}"
        ),
    );
}

#[actix_web::test]
async fn chosen_tokens_are_named_with_their_last_use_and_end_together_each_with_its_line() {
    let house = House::open();
    let acme = house.account("Acme");
    let mut owner = house.signed_in(OWNER).await;
    let (first, one) = owner.make_full_token(acme, "First").await;
    let (second, two) = owner.make_full_token(acme, "Second").await;
    let (kept, three) = owner.make_full_token(acme, "Kept").await;
    used(&house, first, 3);
    let list = format!("/accounts/{acme}/tokens");
    let page = owner.get(&list).await;
    assert_eq!(boxes(&page), [kept, second, first].map(|id| id.to_string()));
    assert_eq!(page.attributes("form#chosen", "action"), [format!("{list}/chosen")]);

    let page = owner.get(&format!("{list}/chosen?id={second}&id={first}")).await;
    assert_eq!(page.heading(), "Delete these 2 tokens?");
    let said = page.all(".recent-uses li");
    assert!(said[0].starts_with("First tkh_a_…"), "{said:?}");
    assert!(said[0].ends_with("Last used 3 days ago from 203.0.113.7 (certbot/2.11)"), "{said:?}");
    assert!(said[1].starts_with("Second") && said[1].ends_with("Never used"), "{said:?}");
    assert_eq!(facts::live_tokens(&house), 3, "asking deletes nothing");
    let fields = page.filled("main form");
    let fields: Vec<(&str, &str)> =
        fields.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect();
    let answer = owner.post(&format!("{list}/chosen"), &fields).await;
    assert_eq!((answer.status.as_u16(), answer.location()), (303, format!("{list}?done=chosen").as_str()));
    for secret in [&one, &two] {
        assert_eq!(whoami(house.address, secret).await.1["code"], "token_deleted");
    }
    assert_eq!(whoami(house.address, &three).await.0, 200);
    let lines = facts::texts(&house, "object_id", "audit_events WHERE action = 'token.deleted' ORDER BY id");
    assert_eq!(lines, [first.to_string(), second.to_string()]);
    assert_eq!(facts::count(&house, "tokens WHERE deleted_why = 'person'"), 2);
}

#[actix_web::test]
async fn what_had_ended_meanwhile_is_said_and_no_fault_and_nobody_elses_token_is_touched() {
    let house = House::open();
    let (acme, rival) = (house.account("Acme"), house.account("Rival"));
    let mut owner = house.signed_in(OWNER).await;
    let (ended, _) = owner.make_full_token(acme, "Ended").await;
    let (live, secret) = owner.make_full_token(acme, "Live").await;
    let (foreign, of_rival) = house.signed_in(STRANGER).await.make_full_token(rival, "Foreign").await;
    let own = Owner::User(house.user(ADMIN).id);
    let (of_admin, laptop) = made::with(&house, own, "Laptop", Policy::unconditional(Rights::Everything));
    let expired = made::token(&house, acme, Some(Duration::hours(1)));
    house.clock.advance(Duration::hours(2));
    owner.delete_token(acme, ended).await;
    let path = format!("/accounts/{acme}/tokens/chosen");
    let ids = [ended, live, foreign, of_admin, expired].map(|id| id.to_string());
    let query: Vec<String> = ids.iter().map(|id| format!("id={id}")).collect();
    let page = owner.get(&format!("{path}?{}", query.join("&"))).await;
    assert_eq!(
        (page.heading().as_str(), page.all(".recent-uses a")),
        ("Delete this token?", vec!["Live".to_owned()])
    );
    assert!(page.text().contains("Ended already, and left as they are: Ended, Made."), "{}", page.text());

    let fields: Vec<(&str, &str)> = ids.iter().map(|id| ("id", id.as_str())).collect();
    let answer = owner.post(&path, &fields).await;
    assert!(answer.location().ends_with("?done=chosen-rest"), "{}", answer.location());
    let flash = owner.get(answer.location()).await.text();
    assert!(flash.contains("Some of those you chose had already ended."), "{flash}");
    let again = owner.post(&path, &fields).await;
    assert!(again.location().ends_with("?done=chosen-already"), "{}", again.location());
    assert_eq!(whoami(house.address, &secret).await.0, 401);
    for secret in [&of_rival, &laptop] {
        assert_eq!(whoami(house.address, secret).await.0, 200);
    }
    assert_eq!(facts::count(&house, "audit_events WHERE action = 'token.deleted'"), 2);
    assert_eq!(facts::count(&house, &format!("tokens WHERE id = {expired} AND deleted_at IS NOT NULL")), 0);

    for (fields, done) in
        [(vec![], "chosen-none"), (vec![("id", "x"), ("id", "99999999999999999999")], "chosen-none")]
    {
        assert!(owner.post(&path, &fields).await.location().ends_with(done), "{fields:?}");
    }
    assert!(owner.get(&path).await.location().ends_with("?done=chosen-none"));
    let many: Vec<String> = (1..=101).map(|id| format!("id={id}")).collect();
    let refused = owner.get(&format!("{path}?{}", many.join("&"))).await;
    assert_eq!(refused.status, 400);
    assert!(refused.text().contains("At most 100 tokens are deleted at once."), "{}", refused.text());
}

#[actix_web::test]
async fn boxes_stand_where_somebody_may_delete_and_on_ones_own_list() {
    let house = House::open();
    let acme = house.account("Acme");
    house.signed_in(OWNER).await.make_full_token(acme, "Deploy").await;
    let everything = || Policy::unconditional(Rights::Everything);
    let (own, secret) = made::with(&house, Owner::User(house.user(READER).id), "Laptop", everything());
    for (email, there) in [(OWNER, 1), (ADMIN, 1), (MEMBER, 0), (READER, 0)] {
        let page = house.signed_in(email).await.get(&format!("/accounts/{acme}/tokens")).await;
        assert_eq!((boxes(&page).len(), page.all("form#chosen").len()), (there, there), "{email}");
    }
    let mut reader = house.signed_in(READER).await;
    assert_eq!(boxes(&reader.get("/user/tokens").await), [own.to_string()]);
    let id = own.to_string();
    let answer = reader.post("/user/tokens/chosen", &[("id", &id)]).await;
    assert_eq!(answer.location(), "/user/tokens?done=chosen");
    assert_eq!(whoami(house.address, &secret).await.0, 401);
}

#[actix_web::test]
async fn a_list_is_narrowed_down_to_a_maker_and_to_what_nobody_has_used_for_ninety_days() {
    let house = House::open();
    let acme = house.account("Acme");
    let (mut owner, mut admin) = (house.signed_in(OWNER).await, house.signed_in(ADMIN).await);
    let (old, _) = owner.make_full_token(acme, "Deploy old").await;
    let (busy, _) = owner.make_full_token(acme, "Deploy busy").await;
    let (stale, _) = admin.make_full_token(acme, "Deploy stale").await;
    let (edge, _) = admin.make_full_token(acme, "Backup edge").await;
    owner.make_full_token(acme, "New").await;
    made::token(&house, acme, None);
    facts::change(
        &house,
        &format!("UPDATE tokens SET created_at = '2026-01-01Z' WHERE id IN ({old}, {busy}, {stale}, {edge})"),
    );
    used(&house, busy, 89);
    used(&house, edge, 90);
    used(&house, stale, 91);
    let list = format!("/accounts/{acme}/tokens");
    let (of_owner, of_admin) = (house.user(OWNER).id, house.user(ADMIN).id);
    for (query, found) in [
        (format!("by={of_admin}"), vec!["Backup edge", "Deploy stale"]),
        ("by=cli".to_owned(), vec!["Made"]),
        ("unused=1".to_owned(), vec!["Backup edge", "Deploy stale", "Deploy old"]),
        (format!("by={of_owner}&unused=1"), vec!["Deploy old"]),
        (format!("q=deploy&unused=1&by={of_admin}"), vec!["Deploy stale"]),
        ("q=deploy&unused=1&sort=used".to_owned(), vec!["Deploy stale", "Deploy old"]),
        (format!("by={of_admin}&sort=name"), vec!["Backup edge", "Deploy stale"]),
        (
            "by=nobody&unused=yes".to_owned(),
            vec!["Made", "New", "Backup edge", "Deploy stale", "Deploy busy", "Deploy old"],
        ),
    ] {
        assert_eq!(names(&mut owner, &format!("{list}?{query}")).await, found, "{query}");
    }
    let page = owner.get(&format!("{list}?q=deploy&by={of_admin}&unused=1")).await;
    assert_eq!(page.all("#by option"), ["anybody", ADMIN, OWNER, "the command line"]);
    assert_eq!(page.all("#by option[selected]"), [ADMIN]);
    assert_eq!(page.attributes("[name=unused]", "checked").len(), 1);
    assert_eq!(page.value_of("q"), "deploy");
    assert_eq!(page.all("nav.tabs a"), ["Active 1", "Ended 0"]);
    for link in page.attributes(".sorts a, nav.tabs a", "href") {
        assert!(link.contains(&format!("q=deploy&by={of_admin}&unused=1")), "{link}");
    }
    let clear = page.links().into_iter().zip(page.all("a")).find(|(_, text)| text == "Show all tokens");
    assert_eq!(names(&mut owner, &clear.unwrap().0).await.len(), 6);
    let nothing = owner.get(&format!("{list}?q=backup&by={of_owner}&unused=1")).await.text();
    let said =
        "No token matches “backup” and was made by owner@example.com and has not been used for 90 days.";
    assert!(nothing.contains(said), "{nothing}");
    // Whoever made none of these is told by number only.
    let foreign = owner.get(&format!("{list}?by={}", house.user(STRANGER).id)).await;
    assert!(foreign.text().contains(&format!("No token was made by user {}.", house.user(STRANGER).id)));
    assert!(!foreign.body.contains(STRANGER));
    // Who sees names only gets no filter, and none works by the address.
    let reader = house.signed_in(READER).await.get(&format!("{list}?by=cli&unused=1")).await;
    assert_eq!((reader.all("a.token-name").len(), reader.all("#by").len()), (6, 0));
}

#[actix_web::test]
async fn beyond_ten_thousand_tokens_the_unused_ones_are_no_choice_and_the_page_says_why() {
    let house = House::open();
    let acme = house.account("Acme");
    house.set_plan("Acme", "enterprise");
    let of_admin = house.user(ADMIN).id;
    facts::change(
        &house,
        &format!(
            "WITH made AS (INSERT INTO tokens (kind, account_id, name, search_words, full_access, created_at, updated_at, created_by)
                SELECT 'account', {acme}, 'T' || n, ARRAY['a{acme}/t' || n], true, timestamptz '2026-01-01', now(),
                       CASE WHEN n <= 3 THEN {of_admin} END
                FROM generate_series(1, 10001) AS n RETURNING id)
             INSERT INTO token_secrets (token_id, digest, hint, form_nonce, created_at)
                SELECT id, sha256(id::text::bytea), 'tkh_a_…0000', gen_random_uuid(), now() FROM made"
        ),
    );
    let (list, mut owner) = (format!("/accounts/{acme}/tokens"), house.signed_in(OWNER).await);
    let page = owner.get(&format!("{list}?unused=1")).await;
    assert_eq!(page.all("a.token-name").len(), 50);
    assert!(page.text().contains("“Not used for 90 days” works for up to 10,000 tokens."), "{}", page.text());
    assert_eq!(page.attributes("[name=unused]", "disabled").len(), 1);
    for (query, count) in [(format!("by={of_admin}"), 3), ("q=t99".to_owned(), 50)] {
        let page = owner.get(&format!("{list}?{query}&unused=1")).await;
        assert_eq!(page.all("a.token-name").len(), count, "{query}");
        assert_eq!(page.attributes("[name=unused]", "checked").len(), 1, "{query}");
    }
}
