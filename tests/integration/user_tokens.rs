//! A person's own tokens: the same pages as an account's, for nobody else.

use super::{facts, made};
use crate::support::client::whoami;
use crate::support::{ADMIN, House, MEMBER, OWNER, READER};
use time::Duration;
use tokenhouse::dns::models::record::narrowed;
use tokenhouse::dns::models::zone::ZONE;
use tokenhouse::models::token::Owner;
use tokenhouse::policy::{Access, Grant, Parts, PermissionKey, Policy, Rights, Selection, TokenId};

fn own(house: &House, email: &str, name: &str, policy: Policy) -> (TokenId, String) {
    made::with(house, Owner::User(house.user(email).id), name, policy)
}

fn everything() -> Policy {
    Policy::unconditional(Rights::Everything)
}

#[actix_web::test]
async fn the_user_menu_leads_to_account_settings_and_their_tokens() {
    let house = House::open();
    own(&house, OWNER, "Laptop", everything());
    let mut owner = house.signed_in(OWNER).await;
    let acme = house.account("Acme");
    let list = owner.get(&format!("/accounts/{acme}/tokens")).await;
    assert!(list.links().contains(&"/user/tokens".to_owned()), "{:?}", list.links());
    let own = owner.get("/user/tokens").await;
    assert_eq!((own.status.as_u16(), own.heading().as_str()), (200, "Account Settings"));
    assert_eq!(own.all(".token-name"), ["Laptop"]);
    assert_eq!(own.all(".section a"), ["Profile", "Security", "Tokens", "Activity"]);
    assert!(own.text().contains("Personal access tokens"), "{}", own.text());
    assert!(own.text().contains("Everything you can reach"), "{}", own.text());
}

#[actix_web::test]
async fn the_list_says_when_an_account_token_is_the_better_choice_and_links_where_one_can_be_made() {
    let house = House::open();
    let acme = house.account("Acme");
    let link = format!("/accounts/{acme}/tokens/new");
    for (email, linked) in [(ADMIN, true), (MEMBER, false)] {
        let page = house.signed_in(email).await.get("/user/tokens").await;
        assert!(page.text().contains("Prefer an account token"), "{email}");
        assert_eq!(page.links().contains(&link), linked, "{email}");
    }
}

#[actix_web::test]
async fn nobody_sees_renames_or_deletes_a_token_of_somebody_else() {
    let house = House::open();
    let (token, secret) = own(&house, OWNER, "Private", everything());
    let mut admin = house.signed_in(ADMIN).await;
    assert!(!admin.get("/user/tokens").await.text().contains("Private"));
    for end in ["", "/rename", "/delete"] {
        let answer = admin.get(&format!("/user/tokens/{token}{end}")).await;
        assert_eq!((answer.status.as_u16(), answer.heading().as_str()), (404, "Nothing here"), "{end}");
    }
    for end in ["rename", "delete"] {
        let answer = admin.post(&format!("/user/tokens/{token}/{end}"), &[("name", "Mine")]).await;
        assert_eq!(answer.status.as_u16(), 404, "{end}");
    }
    // Nor does the page of an account show what is no token of the account.
    let acme = house.account("Acme");
    assert_eq!(admin.get(&format!("/accounts/{acme}/tokens/{token}")).await.status.as_u16(), 404);
    assert_eq!(whoami(house.address, &secret).await.0, 200);
    assert_eq!(facts::text(&house, &format!("SELECT name FROM tokens WHERE id = {token}")), "Private");
}

#[actix_web::test]
async fn an_account_token_is_none_of_the_persons_own() {
    let house = House::open();
    let mut owner = house.signed_in(OWNER).await;
    let (token, _) = owner.make_full_token(house.account("Acme"), "Of Acme").await;
    assert_eq!(owner.get(&format!("/user/tokens/{token}")).await.status.as_u16(), 404);
    assert!(!owner.get("/user/tokens").await.text().contains("Of Acme"));
}

#[actix_web::test]
async fn a_deleted_token_of_ones_own_is_refused_at_the_next_call_and_listed_as_ended() {
    let house = House::open();
    let (token, secret) = own(&house, MEMBER, "Laptop", everything());
    let mut member = house.signed_in(MEMBER).await;
    let asked = member.get(&format!("/user/tokens/{token}/delete")).await;
    assert_eq!(asked.heading(), "Delete “Laptop”?");
    let gone = member.post(&format!("/user/tokens/{token}/delete"), &[]).await;
    assert_eq!((gone.status.as_u16(), gone.location()), (303, "/user/tokens?done=deleted"));
    let (status, body) = whoami(house.address, &secret).await;
    assert_eq!((status.as_u16(), body["code"].as_str()), (401, Some("token_deleted")));
    assert_eq!(member.get("/user/tokens/ended").await.all(".token-name"), ["Laptop"]);
}

#[actix_web::test]
async fn its_page_names_the_account_of_each_resource_and_of_each_rule() {
    let house = House::open();
    let (acme, hobby) = (house.account("Acme"), house.account("Hobby"));
    let zone = facts::number(
        &house,
        &format!(
            "SELECT id FROM resources WHERE account_id = {acme} AND kind = 'zone' AND name = 'example.com'"
        ),
    );
    let named = tokenhouse::policy::ResourceRef {
        account: acme,
        id: Some(zone.into()),
        kind: ZONE,
        name: "example.com".to_owned(),
    };
    let grant = |selection| Grant {
        permission: PermissionKey::try_from("zones".to_owned()).unwrap(),
        access: Access::Read,
        selection,
        parts: Parts::default(),
    };
    let parts = narrowed(&["_acme-challenge*", ""], &["TXT"]);
    let grants = vec![
        Grant { parts, ..grant(Selection::Only(vec![named.clone()])) },
        grant(Selection::Account { account: hobby, except: Vec::new() }),
        grant(Selection::Everywhere { except: vec![named] }),
    ];
    let (token, _) = own(&house, OWNER, "Both", Policy::unconditional(Rights::Grants(grants)));
    let page = house.signed_in(OWNER).await.get(&format!("/user/tokens/{token}")).await;
    let rows = page.all(".grant p");
    assert_eq!(
        rows,
        [
            "Only these zones",
            "Only TXT records named _acme-challenge* or @ (the zone's own name)",
            "All zones of Hobby, including future ones",
            "All zones in all your accounts, including future ones, except these",
        ]
    );
    assert_eq!(page.all(".names small"), ["Acme", "Acme"]);
}

#[actix_web::test]
async fn whoever_may_only_read_everywhere_is_told_who_can_change_that_and_keeps_an_older_token() {
    let house = House::open();
    let (token, secret) = own(&house, READER, "Older", everything());
    let mut reader = house.signed_in(READER).await;
    let list = reader.get("/user/tokens").await;
    assert!(list.text().contains("Ask an owner or admin"), "{}", list.text());
    assert!(!list.links().contains(&"/user/tokens/new".to_owned()));
    assert_eq!(whoami(house.address, &secret).await.0, 200);
    let gone = reader.post(&format!("/user/tokens/{token}/delete"), &[]).await;
    assert_eq!(gone.status.as_u16(), 303);
    assert_eq!(whoami(house.address, &secret).await.0, 401);
}

#[actix_web::test]
async fn a_token_that_ends_within_fourteen_days_is_offered_a_successor() {
    let house = House::open();
    let acme = house.account("Acme");
    let of = |days| Some(Duration::days(days));
    made::token(&house, acme, of(14));
    made::token(&house, acme, of(16));
    let page = house.signed_in(OWNER).await.get(&format!("/accounts/{acme}/tokens")).await;
    let offers = page.all(".successor");
    assert_eq!(offers.len(), 1, "{offers:?}");
    assert!(offers[0].starts_with("Create its successor"), "{offers:?}");
}
