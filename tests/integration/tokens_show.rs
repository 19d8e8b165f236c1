//! One token: what it may do, renaming, deleting, and the record of it all.

use crate::facts::{self, zone};
use crate::made;
use crate::support::client::whoami;
use crate::support::{House, OWNER, START};
use time::Duration;
use tokenhouse::models::token::TokenName;
use tokenhouse::models::{Resource, Token};

/// Everything of the token but its name, the words of it, and when it was changed.
fn but_the_name(house: &House) -> Vec<String> {
    let mut rows = facts::texts(
        house,
        "to_jsonb(t) - 'name' - 'search_words' - 'updated_at'",
        "tokens AS t ORDER BY id",
    );
    rows.extend(facts::texts(house, "s", "token_secrets AS s ORDER BY id"));
    rows.extend(facts::texts(house, "g", "token_grants AS g ORDER BY id"));
    rows.extend(facts::texts(house, "r", "token_grant_resources AS r ORDER BY r::text"));
    rows
}

#[actix_web::test]
async fn a_tokens_page_names_its_resources_and_marks_those_deleted_since() {
    let house = House::open();
    let acme = house.account("Acme");
    let (one, two) = (zone(&house, acme, "example.com"), zone(&house, acme, "theburritobot.com"));
    let mut owner = house.signed_in(OWNER).await;
    let fields = [
        ("name", "DNS"),
        ("expires", "90"),
        ("zones.access", "full"),
        ("zones.where", "named"),
        ("zones.id", &one),
        ("zones.id", &two),
    ];
    let (token, secret) = owner.make_token(acme, &fields).await;
    let origin = house.command_line();
    Resource::remove_domain(&mut house.conn(), acme, "theburritobot.com", &origin).unwrap();
    Resource::add_domains(&mut house.conn(), acme, &["theburritobot.com".to_owned()], &origin).unwrap();
    let page = owner.get(&format!("/accounts/{acme}/tokens/{token}")).await;
    assert_eq!(page.status, 200);
    assert_eq!(page.all(".names li"), ["example.com", "theburritobot.com deleted since"]);
    let said = page.all(".sentences li");
    assert_eq!(
        said[0],
        "Can read, create, change and delete DNS records of example.com and theburritobot.com (deleted since), and of no other zone."
    );
    let text = page.text();
    for part in ["Active", "Full access", "owner@example.com", "through 20 February 2027 (UTC)", "Anywhere"] {
        assert!(text.contains(part), "{part} in {text}");
    }
    assert!(text.contains(&format!("tkh_a_…{}", &secret[38..])));
    let stored = facts::texts(&house, "name || ' ' || (resource_id IS NULL)", "token_grant_resources");
    assert!(stored.contains(&"theburritobot.com true".to_owned()), "{stored:?}");

    let like = owner.get(&format!("/accounts/{acme}/tokens/new?like={token}")).await;
    assert_eq!(like.attributes("input[name='zones.id'][checked]", "value"), [one.as_str()]);
    assert_eq!(like.attributes("input[name='zones.access'][checked]", "value"), ["full"]);
}

#[actix_web::test]
async fn renaming_changes_the_name_and_nothing_else() {
    let house = House::open();
    let acme = house.account("Acme");
    let mut owner = house.signed_in(OWNER).await;
    let fields = [("name", "Old"), ("expires", "90"), ("zones.access", "read"), ("zones.where", "all")];
    let (token, secret) = owner.make_token(acme, &fields).await;
    let before = but_the_name(&house);
    house.clock.advance(Duration::minutes(1));
    let path = format!("/accounts/{acme}/tokens/{token}/rename");
    let form = owner.get(&path).await;
    assert_eq!((form.status.as_u16(), form.value_of("name").as_str()), (200, "Old"));
    let posted = [("name", "New"), ("zones.access", "full"), ("reach", "everything"), ("expires", "never")];
    let answer = owner.post(&path, &posted).await;
    assert_eq!(answer.status, 303);
    let page = owner.get(answer.location()).await;
    assert_eq!(page.heading(), "New");
    assert!(page.text().contains("Token renamed."));
    assert_eq!(but_the_name(&house), before);
    assert_eq!(facts::texts(&house, "name", "tokens"), ["New"]);
    assert_eq!(whoami(house.address, &secret).await.0, 200);
}

#[actix_web::test]
async fn a_name_that_is_none_is_refused_beside_the_field_and_kept() {
    let house = House::open();
    let acme = house.account("Acme");
    let mut owner = house.signed_in(OWNER).await;
    let (token, _) = owner.make_full_token(acme, "Old").await;
    let path = format!("/accounts/{acme}/tokens/{token}/rename");
    let long = "x".repeat(256);
    for (name, why) in [("", "Give the token a name."), (&long, "Use at most 255 characters.")] {
        owner.get(&path).await;
        let answer = owner.post(&path, &[("name", name)]).await;
        assert_eq!(answer.status, 422);
        assert_eq!(answer.all("#name-error"), [why]);
        assert_eq!(answer.value_of("name"), name);
    }
    assert_eq!(facts::texts(&house, "name", "tokens"), ["Old"]);
    assert_eq!(facts::count(&house, "audit_events WHERE action = 'token.renamed'"), 0);
}

#[actix_web::test]
async fn a_token_that_has_ended_keeps_its_name() {
    let house = House::open();
    let acme = house.account("Acme");
    let expiring = made::token(&house, acme, Some(Duration::minutes(1)));
    let mut owner = house.signed_in(OWNER).await;
    let (deleted, _) = owner.make_full_token(acme, "Made").await;
    owner.delete_token(acme, deleted).await;
    house.clock.advance(Duration::minutes(1));
    for token in [expiring, deleted] {
        let answer = owner.post(&format!("/accounts/{acme}/tokens/{token}/rename"), &[("name", "New")]).await;
        assert_eq!(answer.status, 303);
        let page = owner.get(answer.location()).await;
        assert_eq!(page.heading(), "Made");
        assert!(page.text().contains("The token had already ended. Nothing was changed."));
        assert!(!page.links().iter().any(|href| href.ends_with("/rename") || href.ends_with("/delete")));
    }
    assert_eq!(facts::count(&house, "tokens WHERE name = 'Made'"), 2);
    assert_eq!(facts::count(&house, "audit_events WHERE action = 'token.renamed'"), 0);
}

#[actix_web::test]
async fn a_token_that_has_ended_is_not_said_to_work() {
    let house = House::open();
    let acme = house.account("Acme");
    let mut owner = house.signed_in(OWNER).await;
    let fields = [("name", "Old"), ("expires", "never"), ("zones.access", "read"), ("zones.where", "all")];
    let (token, _) = owner.make_token(acme, &fields).await;
    let path = format!("/accounts/{acme}/tokens/{token}");
    let past = "It has ended and can do nothing any more. Until then, this held:";
    let until = "It ends when somebody deletes it";
    let alive = owner.get(&path).await.text();
    assert!(alive.contains(until) && !alive.contains(past), "{alive}");
    owner.delete_token(acme, token).await;
    let ended = owner.get(&path).await.text();
    assert!(ended.contains(past) && ended.contains("No end was set"), "{ended}");
    assert!(!ended.contains(until) && !ended.contains("delete this one"), "{ended}");
}

#[actix_web::test]
async fn the_page_that_asks_before_deleting_says_when_and_from_where_it_was_last_used() {
    let house = House::open();
    let acme = house.account("Acme");
    let mut owner = house.signed_in(OWNER).await;
    let (token, secret) = owner.make_full_token(acme, "Deploy").await;
    let path = format!("/accounts/{acme}/tokens/{token}/delete");
    let page = owner.get(&path).await;
    assert_eq!(page.status, 200);
    assert!(page.text().contains("It has never been used."));
    whoami(house.address, &secret).await;
    house.app.buffers.last_uses.flush(&house.app.db, START).await.unwrap();
    house.clock.advance(Duration::minutes(5));
    let page = owner.get(&path).await;
    assert_eq!(page.heading(), "Delete “Deploy”?");
    assert!(page.text().contains("It was last used 5 minutes ago from 127.0.0.1"), "{}", page.text());
    assert!(page.text().contains("Whatever uses it stops working at once."));
    assert!(page.text().contains("22 Nov 2026, 12:00 UTC"), "{}", page.text());
    // Looking is not deleting.
    assert_eq!(facts::count(&house, "tokens WHERE deleted_at IS NULL"), 1);
}

#[actix_web::test]
async fn deleting_twice_is_harmless_and_says_that_it_was_over() {
    let house = House::open();
    let acme = house.account("Acme");
    let mut owner = house.signed_in(OWNER).await;
    let (token, _) = owner.make_full_token(acme, "Deploy").await;
    let first = owner.delete_token(acme, token).await;
    assert_eq!(
        (first.status.as_u16(), first.location()),
        (303, &*format!("/accounts/{acme}/tokens?done=deleted"))
    );
    let list = owner.get(first.location()).await;
    assert!(list.text().contains("Token deleted."));
    let row = facts::texts(&house, "t", "tokens AS t");
    house.clock.advance(Duration::minutes(1));

    let path = format!("/accounts/{acme}/tokens/{token}/delete");
    let ask = owner.get(&path).await;
    let second = owner.post(&path, &[]).await;
    for answer in [ask, second] {
        assert_eq!(answer.status, 303);
        assert_eq!(answer.location(), format!("/accounts/{acme}/tokens/{token}?done=already"));
    }
    assert_eq!(facts::texts(&house, "t", "tokens AS t"), row);
    assert_eq!(facts::count(&house, "audit_events WHERE action = 'token.deleted'"), 1);
}

#[actix_web::test]
async fn making_renaming_and_deleting_are_recorded_with_the_person_and_without_the_secret() {
    let house = House::open();
    let acme = house.account("Acme");
    let mut owner = house.signed_in(OWNER).await;
    let (token, secret) = owner.make_full_token(acme, "Old").await;
    owner.post(&format!("/accounts/{acme}/tokens/{token}/rename"), &[("name", "New")]).await;
    owner.delete_token(acme, token).await;
    let line =
        "concat_ws(' ', action, account_id, actor_kind, actor_name, object_id, object_name, host(address))";
    let stored = facts::texts(&house, line, "audit_events WHERE object_kind = 'token' ORDER BY id");
    let by = |action: &str, name: &str| {
        format!("token.{action} {acme} user owner@example.com {token} {name} 127.0.0.1")
    };
    assert_eq!(stored, [by("created", "Old"), by("renamed", "Old"), by("deleted", "New")]);
    let change = facts::texts(
        &house,
        "before->>'name' || ' → ' || (after->>'name')",
        "audit_events WHERE action = 'token.renamed'",
    );
    assert_eq!(change, ["Old → New"]);
    assert_eq!(
        facts::count(&house, &format!("audit_events AS a WHERE a::text LIKE '%{}%'", &secret[6..])),
        0
    );
}

#[actix_web::test]
async fn a_rename_is_recorded_with_the_name_that_it_replaced_whatever_was_read_before() {
    let house = House::open();
    let id = made::token(&house, house.account("Acme"), None);
    let (mut conn, origin) = (house.conn(), house.command_line());
    let as_read = Token::itself(&mut conn, id).unwrap().unwrap();
    for name in ["Second", "Third", "Third", "Made"] {
        assert!(as_read.rename(&mut conn, &TokenName::parse(name).unwrap(), &origin).unwrap());
    }
    let lines = facts::texts(
        &house,
        "before->>'name' || ' → ' || (after->>'name')",
        "audit_events WHERE action = 'token.renamed' ORDER BY id",
    );
    assert_eq!(lines, ["Made → Second", "Second → Third", "Third → Made"]);
}
