//! Disabling and enabling.

use super::facts;
use crate::roll::call;
use crate::support::{ADMIN, House, MEMBER, OWNER, made};
use tokenhouse::models::token::Owner;
use tokenhouse::policy::{Policy, Rights};

#[actix_web::test]
async fn a_disabled_token_is_refused_at_the_next_call_until_it_is_enabled() {
    let house = House::open();
    let acme = house.account("Acme");
    let mut owner = house.signed_in(OWNER).await;
    let (token, secret) = owner.make_full_token(acme, "Deploy").await;
    let page = format!("/accounts/{acme}/tokens/{token}");
    let asked = owner.get(&format!("{page}/disable")).await;
    assert_eq!(asked.heading(), "Disable “Deploy”?");
    assert!(
        asked.text().contains("gets an error at once, until it is enabled again. It has never been used.")
    );
    assert_eq!(facts::count(&house, "tokens WHERE disabled_at IS NOT NULL"), 0);

    let disabled = owner.post(&format!("{page}/disable"), &[]).await;
    assert_eq!(disabled.location(), format!("{page}?done=disabled"));
    assert_eq!(call(&house, "/v2/whoami", &secret).await, "401 token_disabled");
    let shown = owner.get(disabled.location()).await;
    assert!(shown.text().contains("Disabled · paused"), "{}", shown.text());
    assert_eq!(shown.attributes(".head form", "action"), [format!("{page}/enable")]);
    assert!(!shown.links().contains(&format!("{page}/disable")));
    // Once more says the same and writes nothing.
    assert_eq!(owner.post(&format!("{page}/disable"), &[]).await.location(), disabled.location());
    assert_eq!(owner.get(&format!("{page}/disable")).await.location(), disabled.location());

    let mut admin = house.signed_in(ADMIN).await;
    let enabled = admin.post(&format!("{page}/enable"), &[]).await;
    assert_eq!(enabled.location(), format!("{page}?done=enabled"));
    assert_eq!(call(&house, "/v2/whoami", &secret).await, "ok");
    assert_eq!(admin.post(&format!("{page}/enable"), &[]).await.location(), page);
    let line = "concat_ws(' ', action, actor_name, after->>'why')";
    let lines = facts::texts(&house, line, "audit_events WHERE action LIKE 'token.%abled' ORDER BY id");
    assert_eq!(lines, ["token.disabled owner@example.com person", "token.enabled admin@example.com"]);
}

#[actix_web::test]
async fn an_ended_token_is_neither_disabled_nor_enabled() {
    let house = House::open();
    let acme = house.account("Acme");
    let mut owner = house.signed_in(OWNER).await;
    let (token, _) = owner.make_full_token(acme, "Deploy").await;
    let page = format!("/accounts/{acme}/tokens/{token}");
    for into in [
        "expires_at = '2026-11-22 12:00Z'",
        "deleted_at = '2026-11-22 12:00Z', deleted_why = 'person'",
        "disabled_at = '2026-11-22 11:00Z'",
    ] {
        facts::change(&house, &format!("UPDATE tokens SET {into}"));
        let before = facts::text(&house, "SELECT t FROM tokens t");
        for end in ["disable", "enable"] {
            let answer = owner.post(&format!("{page}/{end}"), &[]).await;
            assert_eq!(answer.location(), format!("{page}?done=already"), "{end} {into}");
        }
        assert_eq!(facts::text(&house, "SELECT t FROM tokens t"), before, "{into}");
    }
}

#[actix_web::test]
async fn who_may_make_no_token_any_more_can_still_disable_ones_own() {
    let house = House::open();
    let owned = Owner::User(house.user(MEMBER).id);
    let (token, secret) = made::with(&house, owned, "Laptop", Policy::unconditional(Rights::Everything));
    let page = format!("/user/tokens/{token}");
    facts::change(&house, "UPDATE memberships SET role = 'read_only' WHERE role = 'read_write'");
    let mut member = house.signed_in(MEMBER).await;
    let asked = member.get(&format!("{page}/disable")).await;
    assert!(asked.text().contains("Enabling it goes beyond your role."), "{}", asked.text());
    assert_eq!(member.post(&format!("{page}/disable"), &[]).await.status, 303);
    assert_eq!(call(&house, "/v2/whoami", &secret).await, "401 token_disabled");
    let shown = member.get(&page).await;
    assert!(shown.attributes(".head form", "action").is_empty(), "no button that would be refused");
    assert!(!shown.links().contains(&format!("{page}/roll")));
    for end in ["enable", "roll"] {
        let refused = member.post(&format!("{page}/{end}"), &[]).await;
        assert_eq!(refused.status, 403, "{end}");
    }
    assert_eq!(call(&house, "/v2/whoami", &secret).await, "401 token_disabled");
}

#[actix_web::test]
async fn before_a_token_is_deleted_the_softer_ways_are_offered() {
    let house = House::open();
    let acme = house.account("Acme");
    let mut owner = house.signed_in(OWNER).await;
    let (token, _) = owner.make_full_token(acme, "Deploy").await;
    let page = format!("/accounts/{acme}/tokens/{token}");
    let asked = owner.get(&format!("{page}/delete")).await;
    for way in ["disable", "roll"] {
        assert!(asked.links().contains(&format!("{page}/{way}")), "{way}");
    }
    assert_eq!(facts::live_tokens(&house), 1);
}
