//! *Would this call work?*: each step that can refuse, in words, and what it leaves untouched.

use crate::support::client::Answer;
use crate::support::{House, OWNER, READER};
use crate::{facts, made};
use time::Duration;
use tokenhouse::dns::models::record::narrowed;
use tokenhouse::dns::models::zone::ZONE;
use tokenhouse::models::token::Owner;
use tokenhouse::models::{Resource, User};
use tokenhouse::policy::{Access, AccountId, Policy, Rights, Selection, TokenId};

/// The question as the form sends it, with the caller's address.
fn question(list: &str, token: TokenId, method: &str, path: &str, address: &str, at: &str) -> String {
    let query = form_urlencoded::Serializer::new(String::new())
        .extend_pairs([("method", method), ("path", path), ("address", address), ("at", at)])
        .finish();
    format!("{list}/{token}/trial?{query}")
}

/// The last step that is shown, and whether it refuses.
fn last(page: &Answer) -> (String, bool) {
    let text = page.all(".trial-steps > li").last().unwrap().clone();
    let refuses = page.all(".trial-steps > [data-passed=false]");
    assert!(refuses.len() <= 1, "{refuses:?}");
    (text, !refuses.is_empty())
}

fn scoped(house: &House, acme: AccountId, access: Access) -> TokenId {
    let zone = Resource::find(&mut house.conn(), acme, ZONE, "example.com").unwrap().unwrap().to_ref();
    let grants = [("zones", access, Selection::Only(vec![zone]))];
    made::granted(house, Owner::Account(acme), "Deploys", &grants).0
}

#[actix_web::test]
async fn each_step_that_refuses_is_named_and_none_after_it() {
    let house = House::open();
    house.set_plan("Acme", "enterprise");
    let (acme, rival) = (house.account("Acme"), house.account("Rival"));
    let list = format!("/accounts/{acme}/tokens");
    let reads = scoped(&house, acme, Access::Read);
    let disabled = scoped(&house, acme, Access::Read);
    facts::change(&house, &format!("UPDATE tokens SET disabled_at = now() WHERE id = {disabled}"));
    let fenced = {
        let networks = vec!["192.0.2.0/24".parse().unwrap()];
        let policy = Policy { allowed_networks: networks, ..Policy::unconditional(Rights::Everything) };
        made::with(&house, Owner::Account(acme), "Fenced", policy).0
    };
    let inside = {
        let zone = Resource::find(&mut house.conn(), acme, ZONE, "example.com").unwrap().unwrap().to_ref();
        let mut grant = made::grant("zones", Access::Full, Selection::Only(vec![zone]));
        grant.parts = narrowed(&["www"], &["A"]);
        made::with(&house, Owner::Account(acme), "Inside", Policy::unconditional(Rights::Grants(vec![grant])))
            .0
    };
    let mut owner = house.signed_in(OWNER).await;
    let zone = format!("/v2/{acme}/zones/example.com");
    let here = "198.51.100.7";
    for (token, method, path, step, refuses, told) in [
        (reads, "GET", zone.clone(), "Access The call reads", false, ""),
        (reads, "GET", "/v2/whoami".to_owned(), "Any token that works", false, ""),
        (disabled, "GET", zone.clone(), "Token The token is disabled", true, "401 token_disabled"),
        (fenced, "GET", zone.clone(), "Network The token doesn't work from", true, "403 address_refused"),
        (reads, "GET", "/v2/nowhere".to_owned(), "No route of the catalogue takes GET", true, "403 no_route"),
        (reads, "GET", format!("/v2/{rival}/zones/example.com"), "Account", true, "404 account_not_found"),
        (reads, "GET", format!("/v2/{acme}/domains"), "It doesn't have", true, "403 permission_denied"),
        (
            reads,
            "GET",
            format!("/v2/{acme}/zones/theburritobot.com"),
            "There's no",
            true,
            "404 resource_not_found",
        ),
        (reads, "POST", format!("{zone}/records"), "change nothing", true, "403 write_denied"),
        (inside, "GET", format!("{zone}/file"), "Access The call is about all", true, "403 narrowed"),
    ] {
        let page = owner.get(&question(&list, token, method, &path, here, "")).await;
        assert_eq!(page.status, 200, "{path}");
        let (text, refused) = last(&page);
        assert!(text.contains(step), "{method} {path}: {text}");
        assert_eq!(refused, refuses, "{method} {path}: {text}");
        assert_eq!(page.all("[data-works]").len(), 1);
        assert!(told.is_empty() || page.text().contains(told), "{path}: {}", page.text());
    }
    // What account rules say, and the moment.
    let at = (house.clock.now() + Duration::days(400)).date();
    let short = {
        let policy = Policy {
            expires_at: Some(house.clock.now() + Duration::days(30)),
            ..Policy::unconditional(Rights::Everything)
        };
        made::with(&house, Owner::Account(acme), "Short", policy).0
    };
    let page = owner.get(&question(&list, short, "GET", &zone, here, &format!("{at}T00:00"))).await;
    assert_eq!(last(&page), ("Refused: Token The token has expired.".to_owned(), true));
    let page = owner.get(&question(&list, short, "GET", &zone, here, "")).await;
    assert!(!last(&page).1);
}

#[actix_web::test]
async fn asking_is_charged_to_nobody_and_is_no_use_of_the_token() {
    let house = House::open();
    house.set_plan("Acme", "enterprise");
    let acme = house.account("Acme");
    let list = format!("/accounts/{acme}/tokens");
    let token = scoped(&house, acme, Access::Read);
    facts::change(&house, "UPDATE token_secrets SET rolled = true");
    let mut owner = house.signed_in(OWNER).await;
    let count = |table: &str| facts::count(&house, table);
    let before = ["token_use", "token_networks", "token_refusals", "budgets", "audit_events"].map(count);
    for path in ["/v2/whoami", "/v2/nowhere", &format!("/v2/{acme}/zones/example.com")] {
        owner.get(&question(&list, token, "GET", path, "198.51.100.7", "")).await;
    }
    let (buffers, db, now) = (&house.app.buffers, &house.app.db, house.clock.now());
    buffers.networks.flush(db, now).await.unwrap();
    buffers.refusals.flush(db, now).await.unwrap();
    buffers.last_uses.flush_all(db, now).await.unwrap();
    house.app.budgets.share(now).await.unwrap();
    assert_eq!(
        ["token_use", "token_networks", "token_refusals", "budgets", "audit_events"].map(count),
        before
    );
    assert_eq!(facts::count(&house, "token_secrets WHERE first_used_at IS NOT NULL"), 0);
}

#[actix_web::test]
async fn what_cannot_be_asked_is_said_beside_its_field_and_nothing_is_lost() {
    let house = House::open();
    let acme = house.account("Acme");
    let token = made::token(&house, acme, None);
    let list = format!("/accounts/{acme}/tokens");
    let mut owner = house.signed_in(OWNER).await;
    let empty = owner.get(&format!("{list}/{token}/trial")).await;
    assert_eq!((empty.status.as_u16(), empty.value_of("address")), (200, "127.0.0.1".to_owned()));
    for (path, address, at, wrong) in [
        ("", "127.0.0.1", "", "path"),
        ("v2/whoami", "127.0.0.1", "", "path"),
        ("/v2/../admin", "127.0.0.1", "", "path"),
        ("/v2/whoami", "", "", "address"),
        ("/v2/whoami", "10.0.0.0/8", "", "address"),
        ("/v2/whoami", "::1", "tomorrow", "at"),
        ("/v2/whoami", "::1", "2026-02-30T10:00", "at"),
    ] {
        let page = owner.get(&question(&list, token, "GET", path, address, at)).await;
        assert_eq!(page.status, 422, "{path} {address} {at}");
        assert_eq!(page.all(".field-error").len(), 1, "{path} {address} {at}");
        assert_eq!(page.all(&format!("#{wrong}-error")).len(), 1, "{path} {address} {at}");
        for (field, value) in [("path", path), ("address", address), ("at", at)] {
            assert_eq!(page.value_of(field), value);
        }
        assert!(page.all(".trial-steps").is_empty());
    }
}

#[actix_web::test]
async fn the_way_out_is_the_form_filled_in_with_what_would_be_enough() {
    let house = House::open();
    house.set_plan("Acme", "enterprise");
    let acme = house.account("Acme");
    let token = scoped(&house, acme, Access::Read);
    let list = format!("/accounts/{acme}/tokens");
    let mut owner = house.signed_in(OWNER).await;
    for (method, path, scope) in [
        ("POST", format!("/v2/{acme}/zones/example.com/records"), "zones%3Aexample.com%3Awrite"),
        ("GET", format!("/v2/{acme}/zones/theburritobot.com"), "zones%3Atheburritobot.com%3Aread"),
        ("GET", format!("/v2/{acme}/domains"), "domains%3A*%3Aread"),
    ] {
        let page = owner.get(&question(&list, token, method, &path, "::1", "")).await;
        let link = format!("{list}/build?name=Deploys&scope={scope}");
        assert!(page.links().contains(&link), "{path}: {:?}", page.links());
        assert_eq!(owner.get(&link).await.status, 200);
    }
    // Nothing to create where it works, and for those who may create none.
    let page = owner.get(&question(&list, token, "GET", "/v2/whoami", "::1", "")).await;
    assert!(!page.links().iter().any(|link| link.contains("/build")));
    // One's own token, and what the role says of it.
    let user = User::find_by_email(&mut house.conn(), READER).unwrap().unwrap().id;
    let own = made::with(&house, Owner::User(user), "Own", Policy::unconditional(Rights::Everything)).0;
    let mut reader = house.signed_in(READER).await;
    let path = format!("/v2/{acme}/zones/example.com/records");
    let page = reader.get(&question("/user/tokens", own, "POST", &path, "::1", "")).await;
    assert!(page.text().contains("403 write_denied"), "{}", page.text());
    assert!(!page.links().iter().any(|link| link.contains("/build")));
}
